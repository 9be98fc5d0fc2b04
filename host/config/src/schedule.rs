//! `[workload.schedule]`, `keep` and `min_free`: when snapshots are taken by themselves, and which of them stay.

use std::time::Duration;

use jiff::tz::TimeZone;
use toml::{Spanned, Table};

use super::host::duration_or;
use super::problems::Problems;
use super::raw::{RawKeep, RawSchedule};
use reforge_base::escape;
use reforge_base::message;
use reforge_schedule::calendar::{Calendar, JITTER_MAX, Rule};
use reforge_schedule::retention::Keep;

/// How long a due snapshot waits for a restore or a deploy when nothing else is said.
pub(super) const WAIT: Duration = Duration::from_secs(3600);

/// `[workload.schedule]`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Schedule {
    pub calendar: Calendar,
    /// As it was written. None: the machine's.
    pub zone: Option<String>,
    /// Whether one that was missed, since nothing ran that would have taken it, is taken later.
    pub catch_up: bool,
    /// How long one that is due waits while the workload is busy.
    pub wait: Duration,
}

pub(super) fn check(raw: Spanned<RawSchedule>, problems: &mut Problems<'_>) -> Option<Schedule> {
    let at = raw.span();
    let raw = raw.into_inner();
    let zone = raw.zone.as_ref().map(|zone| zone.get_ref().clone());
    let rules = [("at", raw.at), ("cron", raw.cron), ("every", raw.every)];
    let mut said = rules.into_iter().filter_map(|(key, value)| Some((key, value?)));
    let (Some((key, value)), None) = (said.next(), said.next()) else {
        problems.say(at, message!("schedule-says-not-one-when"), message!("write-one-of-at-cron-every"));
        return None;
    };
    let rule = rule(key, &value, problems);
    let jitter_at = raw.jitter.as_ref().map(Spanned::span);
    let jitter = duration_or("jitter", raw.jitter, Duration::ZERO, problems);
    let longest = match &rule {
        Some(Rule::Every(period)) => JITTER_MAX.min(*period / 2),
        _ => JITTER_MAX,
    };
    if let Some(at) = jitter_at.filter(|_| jitter > longest) {
        problems.say(at, message!("jitter-is-longer-than", longest), message!("jitter-spreads-what-is-due"));
    }
    let found = match raw.zone {
        None => Some(TimeZone::system()),
        Some(zone) => zone_of(&zone, problems),
    };
    let wait = duration_or("wait", raw.wait, WAIT, problems);
    let calendar = Calendar::new(rule?, found?, jitter);
    Some(Schedule { calendar, zone, catch_up: raw.catch_up.unwrap_or(true), wait })
}

fn rule(key: &str, value: &Spanned<String>, problems: &mut Problems<'_>) -> Option<Rule> {
    let text = value.get_ref();
    let (rule, hint) = match key {
        "at" => (Rule::at(text), message!("write-for-example-03-00")),
        "cron" => (Rule::cron(text), message!("write-for-example-0-3")),
        _ => {
            let period = super::duration::parse(text).and_then(Rule::every);
            (period, message!("write-for-example-6h"))
        }
    };
    rule.map_err(|clause| {
        let message = message!("is-which", key, get_ref = escape::text(text), clause);
        problems.say(value.span(), message, hint);
    })
    .ok()
}

fn zone_of(zone: &Spanned<String>, problems: &mut Problems<'_>) -> Option<TimeZone> {
    let name = zone.get_ref();
    TimeZone::get(name)
        .map_err(|_| {
            let message = message!("zone-is-which-is-none", name = escape::text(name));
            problems.say(zone.span(), message, message!("write-for-example-europe-berlin"));
        })
        .ok()
}

/// The keys of a schedule.
pub(super) fn keys(schedule: &Schedule) -> Table {
    let (key, value) = match schedule.calendar.rule() {
        Rule::At(time) => ("at", time.strftime("%H:%M").to_string()),
        Rule::Cron(line) => ("cron", line.clone()),
        Rule::Every(period) => ("every", super::duration::text(*period)),
    };
    let mut keys = Table::new();
    keys.insert(key.to_owned(), value.into());
    keys.extend(schedule.zone.clone().map(|zone| ("zone".to_owned(), zone.into())));
    keys.insert("jitter".to_owned(), super::duration::text(schedule.calendar.jitter()).into());
    keys.insert("catch_up".to_owned(), schedule.catch_up.into());
    keys.insert("wait".to_owned(), super::duration::text(schedule.wait).into());
    keys
}

/// Rules of which none keeps anything would drop everything but the newest: that is never meant.
pub(super) fn check_keep(raw: Option<Spanned<RawKeep>>, problems: &mut Problems<'_>) -> Keep {
    let Some(raw) = raw else { return Keep::default() };
    let at = raw.span();
    let RawKeep { last, hourly, daily, weekly, monthly, yearly } = raw.into_inner();
    let keep = Keep { last, hourly, daily, weekly, monthly, yearly };
    if keep.is_empty() {
        problems.say(at, message!("keep-keeps-nothing"), message!("write-for-example-keep"));
    }
    keep
}
