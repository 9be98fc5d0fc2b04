//! When a snapshot is due: every day at a time, by a cron line, or every so often.
//!
//! A time of day that a change to summer time leaves out is due right after the change, and one that comes twice is due at
//! its first: once a day in any case. `every` counts hours that pass, so changes of the clock do not matter to it.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::str::FromStr as _;
use std::time::Duration;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

use reforge_base::Message;
use reforge_base::message;

/// Two snapshots are never due sooner after each other.
pub const EVERY_MIN: Duration = Duration::from_secs(60);
/// How much later than due a snapshot may begin by chance, at most.
pub const JITTER_MAX: Duration = Duration::from_secs(12 * 3600);
/// How long a due snapshot may be missing before it is overdue, at most; a quarter of the time to the next one, at least of
/// what is due often.
const PATIENCE_MAX: SignedDuration = SignedDuration::from_hours(2);
/// From where the newest due instant is looked for, one after the other: a line that is due each minute is never counted
/// through for a year.
const LOOK_BACK_HOURS: [i64; 5] = [1, 24, 8 * 24, 32 * 24, 367 * 24];

/// When, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Each day at this time.
    At(Time),
    /// A cron line of five fields.
    Cron(String),
    Every(Duration),
}

/// When the snapshots of a workload are due.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    rule: Rule,
    /// What the two rules of the wall clock are read as. None for [`Rule::Every`].
    cron: Option<Cron>,
    zone: TimeZone,
    jitter: Duration,
}

/// How far a workload is with its calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// When the calendar was seen first: nothing before was due.
    pub since: Timestamp,
    /// The newest instant that was dealt with.
    pub last: Option<Timestamp>,
}

/// One instant of a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// As the calendar says.
    pub due: Timestamp,
    /// With the jitter that this workload has at this instant.
    pub starts: Timestamp,
}

impl Rule {
    /// A time of day: `03:00`.
    pub fn at(text: &str) -> Result<Rule, Message> {
        let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_one = text.split_once(':').is_some_and(|(hour, minute)| digits(hour) && digits(minute));
        let time = Time::from_str(text).ok().filter(|_| is_one);
        time.map(Rule::At).ok_or_else(|| message!("is-not-a-time-of-day"))
    }

    /// A line as cron has them.
    pub fn cron(text: &str) -> Result<Rule, Message> {
        parse(text).map_err(|why| message!("is-no-cron-line", why))?;
        Ok(Rule::Cron(text.to_owned()))
    }

    pub fn every(period: Duration) -> Result<Rule, Message> {
        match period < EVERY_MIN {
            true => Err(message!("is-shorter-than-a-minute")),
            false => Ok(Rule::Every(period)),
        }
    }
}

/// Seconds and years are no fields of a line: what is due each second is no snapshot.
fn parse(text: &str) -> Result<Cron, String> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let cron = parser.parse(text).map_err(|error| error.to_string())?;
    // One that is never due, such as the 30th of February, would be found out by nobody.
    let from = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    cron.find_next_occurrence(&from, false).map_err(|error| error.to_string())?;
    Ok(cron)
}

impl Calendar {
    /// The rule was read by one of its constructors.
    pub fn new(rule: Rule, zone: TimeZone, jitter: Duration) -> Calendar {
        let line = match &rule {
            Rule::At(time) => Some(format!("{} {} * * *", time.minute(), time.hour())),
            Rule::Cron(line) => Some(line.clone()),
            Rule::Every(_) => None,
        };
        let cron = line.and_then(|line| parse(&line).ok());
        Calendar { rule, cron, zone, jitter }
    }

    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Where days begin.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    pub fn jitter(&self) -> Duration {
        self.jitter
    }

    /// What tells two calendars apart, for whoever wrote down how far it is with one.
    pub fn mark(&self) -> String {
        let zone = self.zone.iana_name().unwrap_or("-");
        match &self.rule {
            Rule::At(time) => format!("at {time} {zone}"),
            Rule::Cron(line) => format!("cron {line} {zone}"),
            Rule::Every(period) => format!("every {}s", period.as_secs()),
        }
    }

    /// What is due next after what was dealt with. It may be long over.
    pub fn next(&self, workload: &str, progress: Progress) -> Option<Slot> {
        self.after(progress.since, self.dealt_with(progress)).map(|due| self.slot(workload, due))
    }

    /// What is due by now and was not dealt with, the newest alone: whoever was away for a week takes one snapshot.
    pub fn due(&self, workload: &str, progress: Progress, now: Timestamp) -> Option<Slot> {
        let dealt_with = self.dealt_with(progress);
        self.after(progress.since, dealt_with).filter(|due| *due <= now)?;
        let back = LOOK_BACK_HOURS.iter().filter_map(|hours| now.checked_sub(SignedDuration::from_hours(*hours)).ok());
        let starts = back.filter(|start| *start > dealt_with).chain([dealt_with]);
        starts.into_iter().find_map(|start| {
            let all = std::iter::successors(self.after(progress.since, start), |due| self.after(progress.since, *due));
            let slots = all.take_while(|due| *due <= now).map(|due| self.slot(workload, due));
            slots.filter(|slot| slot.starts <= now).last()
        })
    }

    /// What should have been taken by now and was not, if there is something: the first that came after the last `success`,
    /// given some patience. `took` is how long the last one took.
    pub fn overdue(
        &self,
        workload: &str,
        progress: Progress,
        success: Option<Timestamp>,
        took: Duration,
        now: Timestamp,
    ) -> Option<Slot> {
        let from = success.map_or(progress.since, |success| success.max(progress.since));
        // What is due as the calendar is first seen is due at that instant.
        let from = if success.is_none() { self.before_all(progress) } else { from };
        let first = self.slot(workload, self.after(progress.since, from)?);
        let period = self.after(progress.since, first.due).map_or(PATIENCE_MAX, |next| next.duration_since(first.due));
        let took = SignedDuration::try_from(took).unwrap_or(PATIENCE_MAX);
        let patience = (period / 4).min(PATIENCE_MAX).max(took * 2);
        (now.duration_since(first.starts) > patience).then_some(first)
    }

    fn dealt_with(&self, progress: Progress) -> Timestamp {
        progress.last.unwrap_or_else(|| self.before_all(progress))
    }

    /// The newest instant after which everything that was ever due comes.
    fn before_all(&self, progress: Progress) -> Timestamp {
        match &self.rule {
            // The first of them is due at once.
            Rule::Every(_) => progress.since.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(progress.since),
            _ => progress.since,
        }
    }

    /// The first instant of the calendar after another one.
    fn after(&self, since: Timestamp, instant: Timestamp) -> Option<Timestamp> {
        match (&self.rule, &self.cron) {
            (Rule::Every(period), _) => {
                let period = i128::try_from(period.as_nanos()).ok()?;
                let passed = instant.as_nanosecond() - since.as_nanosecond();
                let periods = if passed < 0 { 0 } else { passed / period + 1 };
                Timestamp::from_nanosecond(since.as_nanosecond() + periods * period).ok()
            }
            (_, cron) => {
                let from = instant.to_zoned(self.zone.clone());
                let next = cron.as_ref()?.find_next_occurrence(&from, false).ok()?.timestamp();
                // Whatever a library answers: time goes on.
                (next > instant).then_some(next)
            }
        }
    }

    /// The jitter is chance that is the same at every look, so that what is shown is what is done.
    fn slot(&self, workload: &str, due: Timestamp) -> Slot {
        let digest = blake3::hash(format!("{workload}\n{due}").as_bytes());
        let mut chance = [0; 8];
        chance.copy_from_slice(&digest.as_bytes()[..8]);
        let jitter_s = self.jitter.as_secs();
        let later = if jitter_s == 0 { 0 } else { u64::from_le_bytes(chance) % (jitter_s + 1) };
        let later = SignedDuration::from_secs(i64::try_from(later).unwrap_or(0));
        Slot { due, starts: due.checked_add(later).unwrap_or(due) }
    }
}

#[cfg(test)]
mod tests;
