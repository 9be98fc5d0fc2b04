//! The calendar: each rule, both changes of the clock, what was missed, what is overdue.

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn berlin(rule: Rule) -> Calendar {
    Calendar::new(rule, TimeZone::get("Europe/Berlin").unwrap(), Duration::ZERO)
}

fn since(text: &str) -> Progress {
    Progress { since: at(text), last: None }
}

/// Every instant that is due in between, as a host sees them that looks every ten minutes.
fn due_between(calendar: &Calendar, from: &str, until: &str) -> Vec<String> {
    let (mut progress, mut now, mut seen) = (since(from), at(from), Vec::new());
    while now < at(until) {
        if let Some(slot) = calendar.due("notes", progress, now) {
            progress.last = Some(slot.due);
            seen.push(slot.due.to_string());
        }
        now += SignedDuration::from_mins(10);
    }
    seen
}

#[test]
fn a_time_that_a_change_of_the_clock_leaves_out_is_due_right_after_it_and_one_that_comes_twice_is_due_once() {
    // Berlin goes from 02:00 to 03:00 on 29 March and from 03:00 to 02:00 on 25 October 2026, both at 01:00 UTC.
    for (rule, from, until, due) in [
        (
            Rule::at("02:30"),
            "2026-03-27T12:00:00Z",
            "2026-03-30T12:00:00Z",
            vec!["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
        ),
        (
            Rule::at("02:30"),
            "2026-10-23T12:00:00Z",
            "2026-10-26T12:00:00Z",
            vec!["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
        ),
        (
            Rule::at("03:00"),
            "2026-03-27T12:00:00Z",
            "2026-03-30T12:00:00Z",
            vec!["2026-03-28T02:00:00Z", "2026-03-29T01:00:00Z", "2026-03-30T01:00:00Z"],
        ),
        (
            Rule::cron("30 2 * * *"),
            "2026-03-28T12:00:00Z",
            "2026-03-30T12:00:00Z",
            vec!["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
        ),
        (
            Rule::cron("30 2 * * sun"),
            "2026-10-20T12:00:00Z",
            "2026-11-02T12:00:00Z",
            vec!["2026-10-25T00:30:00Z", "2026-11-01T01:30:00Z"],
        ),
        (
            Rule::every(Duration::from_secs(6 * 3600)),
            "2026-03-28T18:00:00Z",
            "2026-03-29T13:00:00Z",
            vec!["2026-03-28T18:00:00Z", "2026-03-29T00:00:00Z", "2026-03-29T06:00:00Z", "2026-03-29T12:00:00Z"],
        ),
    ] {
        let calendar = berlin(rule.unwrap());
        assert_eq!(due_between(&calendar, from, until), due, "{:?}", calendar.rule());
    }
}

#[test]
fn each_hour_of_both_hours_that_come_twice_is_due() {
    let hourly = berlin(Rule::cron("0 * * * *").unwrap());
    let due = due_between(&hourly, "2026-10-24T22:30:00Z", "2026-10-25T03:30:00Z");
    assert_eq!(due.len(), 5, "{due:?}");
    let due = due_between(&hourly, "2026-03-28T23:30:00Z", "2026-03-29T03:30:00Z");
    assert_eq!(due.len(), 4, "{due:?}");
}

#[test]
fn whoever_was_away_for_days_takes_one_snapshot_and_goes_on_as_before() {
    let daily = berlin(Rule::at("03:00").unwrap());
    let progress = Progress { since: at("2026-11-01T00:00:00Z"), last: Some(at("2026-11-10T02:00:00Z")) };
    assert_eq!(daily.due("notes", progress, at("2026-11-10T23:00:00Z")), None);
    let slot = daily.due("notes", progress, at("2026-11-13T11:00:00Z")).unwrap();
    assert_eq!(slot.due, at("2026-11-13T02:00:00Z"));
    let progress = Progress { last: Some(slot.due), ..progress };
    assert_eq!(daily.due("notes", progress, at("2026-11-13T11:00:01Z")), None);
    assert_eq!(daily.next("notes", progress).unwrap().due, at("2026-11-14T02:00:00Z"));
    let every = berlin(Rule::every(Duration::from_secs(6 * 3600)).unwrap());
    let progress = Progress { since: at("2026-11-01T00:00:00Z"), last: Some(at("2026-11-01T06:00:00Z")) };
    let slot = every.due("notes", progress, at("2027-11-01T07:00:00Z")).unwrap();
    assert_eq!(slot.due, at("2027-11-01T06:00:00Z"), "a year of them is not counted through one by one");
    let minutely = berlin(Rule::cron("* * * * *").unwrap());
    let progress = Progress { since: at("2025-11-01T00:00:00Z"), last: None };
    let slot = minutely.due("notes", progress, at("2026-11-01T07:00:30Z")).unwrap();
    assert_eq!(slot.due, at("2026-11-01T07:00:00Z"));
    let rare = berlin(Rule::cron("0 3 29 2 *").unwrap());
    let progress = Progress { since: at("2024-01-01T00:00:00Z"), last: None };
    assert_eq!(rare.due("notes", progress, at("2026-11-01T07:00:00Z")).unwrap().due, at("2024-02-29T02:00:00Z"));
}

#[test]
fn jitter_is_the_same_at_every_look_within_its_bounds_and_another_for_each_workload_and_day() {
    let jitter = Duration::from_secs(1800);
    let calendar = Calendar::new(Rule::at("03:00").unwrap(), TimeZone::UTC, jitter);
    let mut seen = std::collections::BTreeSet::new();
    for day in 1..=20 {
        for workload in ["notes", "shop"] {
            let progress = since(&format!("2026-11-{day:02}T00:00:00Z"));
            let slot = calendar.next(workload, progress).unwrap();
            assert_eq!(calendar.next(workload, progress), Some(slot));
            let later = slot.starts.duration_since(slot.due).as_secs();
            assert!((0..=1800).contains(&later), "{later}");
            seen.insert(later);
            let before = slot.starts - SignedDuration::from_secs(1);
            assert_eq!(calendar.due(workload, progress, before), None, "not before it starts");
            assert_eq!(calendar.due(workload, progress, slot.starts), Some(slot));
        }
    }
    assert!(seen.len() > 20, "{seen:?}");
}

#[test]
fn a_snapshot_is_overdue_when_one_that_was_due_is_missing_for_longer_than_it_may_take() {
    let daily = berlin(Rule::at("03:00").unwrap());
    let progress = since("2026-11-01T00:00:00Z");
    let success = Some(at("2026-11-10T02:00:05Z"));
    let overdue = |now: &str, took| daily.overdue("notes", progress, success, Duration::from_secs(took), at(now));
    assert_eq!(overdue("2026-11-11T01:59:59Z", 5), None);
    assert_eq!(overdue("2026-11-11T03:59:59Z", 5), None, "two hours are given");
    assert_eq!(overdue("2026-11-11T04:00:01Z", 5).unwrap().due, at("2026-11-11T02:00:00Z"));
    assert_eq!(overdue("2026-11-11T04:00:01Z", 3 * 3600), None, "one that takes three hours is not done yet");
    assert_eq!(
        overdue("2026-11-14T00:00:00Z", 5).unwrap().due,
        at("2026-11-11T02:00:00Z"),
        "the first that is missing"
    );
    let never = daily.overdue("notes", progress, None, Duration::ZERO, at("2026-11-01T05:00:00Z"));
    assert_eq!(never.unwrap().due, at("2026-11-01T02:00:00Z"), "none was ever taken");
    let hourly = berlin(Rule::every(Duration::from_secs(3600)).unwrap());
    let overdue = |now: &str| hourly.overdue("notes", progress, None, Duration::ZERO, at(now)).is_some();
    assert!(!overdue("2026-11-01T00:15:00Z") && overdue("2026-11-01T00:15:01Z"), "a quarter of an hour");
}

#[test]
fn what_is_no_time_no_line_and_no_period_is_refused() {
    for text in ["", "3:00", "24:00", "03:00:30", "03.00", "0300", "3 o'clock", "03:60"] {
        assert!(Rule::at(text).is_err(), "{text}");
    }
    for text in ["", "* * * *", "0 0 3 * * *", "61 * * * *", "0 3 30 2 *", "every day"] {
        assert!(Rule::cron(text).is_err(), "{text}");
    }
    assert!(Rule::every(Duration::from_secs(59)).is_err() && Rule::every(EVERY_MIN).is_ok());
    assert_eq!(Rule::at("03:05").unwrap(), Rule::At(jiff::civil::time(3, 5, 0, 0)));
}

#[test]
fn another_calendar_has_another_mark() {
    let one = |rule: &str, zone: &str| {
        Calendar::new(Rule::at(rule).unwrap(), TimeZone::get(zone).unwrap(), Duration::ZERO).mark()
    };
    assert_eq!(one("03:00", "Europe/Berlin"), "at 03:00:00 Europe/Berlin");
    assert_ne!(one("03:00", "Europe/Berlin"), one("03:00", "Europe/Paris"));
    assert_ne!(one("03:00", "UTC"), one("04:00", "UTC"));
}
