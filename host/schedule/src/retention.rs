//! Which snapshots stay: grandfather, father, son, counted as `restic forget` counts.
//!
//! Going from the newest to the oldest, each rule keeps the newest snapshot of every period that has one, until it has kept
//! as many as it says. Periods without a snapshot do not count, several rules may keep the same snapshot, and a rule that
//! has kept fewer than it may keeps the oldest one, too: so a young store is not thinned out before it is old.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// How many snapshots each rule keeps; 0 is no rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    pub last: u32,
    pub hourly: u32,
    pub daily: u32,
    pub weekly: u32,
    pub monthly: u32,
    pub yearly: u32,
}

/// One rule of [`Keep`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    Last,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

impl Rule {
    pub const ALL: [Rule; 6] = [Rule::Last, Rule::Hourly, Rule::Daily, Rule::Weekly, Rule::Monthly, Rule::Yearly];

    pub fn as_str(self) -> &'static str {
        match self {
            Rule::Last => "last",
            Rule::Hourly => "hourly",
            Rule::Daily => "daily",
            Rule::Weekly => "weekly",
            Rule::Monthly => "monthly",
            Rule::Yearly => "yearly",
        }
    }
}

impl Keep {
    pub fn of(&self, rule: Rule) -> u32 {
        match rule {
            Rule::Last => self.last,
            Rule::Hourly => self.hourly,
            Rule::Daily => self.daily,
            Rule::Weekly => self.weekly,
            Rule::Monthly => self.monthly,
            Rule::Yearly => self.yearly,
        }
    }

    /// Whether it says nothing: then nothing goes.
    pub fn is_empty(&self) -> bool {
        Rule::ALL.iter().all(|rule| self.of(*rule) == 0)
    }

    /// Of snapshots taken at these instants, newest first: which rules keep each. None of them keeps what may go.
    pub fn judge(&self, newest_first: &[Timestamp], zone: &TimeZone) -> Vec<Vec<Rule>> {
        let mut kept = vec![Vec::new(); newest_first.len()];
        if self.is_empty() {
            return kept;
        }
        for rule in Rule::ALL {
            let (mut left, mut last) = (self.of(rule), None);
            for (place, taken) in newest_first.iter().enumerate() {
                if left == 0 {
                    break;
                }
                let period = period(rule, place, *taken, zone);
                let is_oldest = place + 1 == newest_first.len();
                if last != Some(period) || is_oldest {
                    last = Some(period);
                    left -= 1;
                    kept[place].push(rule);
                }
            }
        }
        kept
    }
}

/// What is the same for two snapshots of one period.
fn period(rule: Rule, place: usize, taken: Timestamp, zone: &TimeZone) -> [i64; 4] {
    let at = taken.to_zoned(zone.clone());
    let (year, month, day) = (i64::from(at.year()), i64::from(at.month()), i64::from(at.day()));
    match rule {
        Rule::Last => [i64::try_from(place).unwrap_or(i64::MAX), 0, 0, 0],
        Rule::Hourly => [year, month, day, i64::from(at.hour())],
        Rule::Daily => [year, month, day, 0],
        Rule::Weekly => {
            let week = at.date().iso_week_date();
            [i64::from(week.year()), i64::from(week.week()), 0, 0]
        }
        Rule::Monthly => [year, month, 0, 0],
        Rule::Yearly => [year, 0, 0, 0],
    }
}

#[cfg(test)]
mod tests;
