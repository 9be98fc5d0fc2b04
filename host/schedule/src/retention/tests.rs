//! The rules, each case as `restic forget` decides it.

use super::*;

/// Taken at noon of these days, or at the hours that are given; newest first.
fn taken(days: &[&str]) -> Vec<Timestamp> {
    let instant = |day: &&str| match day.len() {
        10 => format!("{day}T12:00:00Z"),
        _ => format!("{day}:00Z"),
    };
    days.iter().map(|day| instant(day).parse().unwrap()).collect()
}

/// What is kept, as days with the rules' first letters.
fn kept(keep: Keep, days: &[&str]) -> Vec<String> {
    let judged = keep.judge(&taken(days), &TimeZone::UTC);
    let letters = |rules: &Vec<Rule>| rules.iter().map(|rule| &rule.as_str()[..1]).collect::<String>();
    let named = days.iter().zip(&judged).filter(|(_, rules)| !rules.is_empty());
    named.map(|(day, rules)| format!("{day} {}", letters(rules))).collect()
}

const NONE: Keep = Keep { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };

#[test]
fn each_rule_keeps_the_newest_of_its_periods_and_counts_those_that_have_one() {
    let days = &[
        "2026-11-30T18:00",
        "2026-11-30T06:00",
        "2026-11-29",
        "2026-11-27",
        "2026-11-22",
        "2026-11-20",
        "2026-10-31",
        "2026-10-02",
        "2026-09-15",
        "2025-12-31",
        "2025-01-01",
        "2024-06-06",
    ];
    for (keep, stay) in [
        (Keep { last: 3, ..NONE }, vec!["2026-11-30T18:00 l", "2026-11-30T06:00 l", "2026-11-29 l"]),
        // The day between has none and does not count.
        (Keep { daily: 3, ..NONE }, vec!["2026-11-30T18:00 d", "2026-11-29 d", "2026-11-27 d"]),
        (Keep { hourly: 2, ..NONE }, vec!["2026-11-30T18:00 h", "2026-11-30T06:00 h"]),
        // Monday 30 is a week of its own; the 29th and 27th are of the one before; the 22nd and 20th of another.
        (Keep { weekly: 3, ..NONE }, vec!["2026-11-30T18:00 w", "2026-11-29 w", "2026-11-22 w"]),
        (Keep { monthly: 3, ..NONE }, vec!["2026-11-30T18:00 m", "2026-10-31 m", "2026-09-15 m"]),
        (Keep { yearly: 2, ..NONE }, vec!["2026-11-30T18:00 y", "2025-12-31 y"]),
        // Several rules keep the same ones.
        (
            Keep { last: 1, daily: 2, monthly: 2, yearly: 1, ..NONE },
            vec!["2026-11-30T18:00 ldmy", "2026-11-29 d", "2026-10-31 m"],
        ),
        // Four years may stay and there are three: the oldest of all stays, too, and is its year's newest here.
        (Keep { yearly: 4, ..NONE }, vec!["2026-11-30T18:00 y", "2025-12-31 y", "2024-06-06 y"]),
    ] {
        assert_eq!(kept(keep, days), stay, "{keep:?}");
    }
}

#[test]
fn a_rule_that_may_keep_more_keeps_the_oldest_too() {
    let week = &["2026-11-27", "2026-11-26", "2026-11-25", "2026-11-24"];
    assert_eq!(kept(Keep { weekly: 5, ..NONE }, week), ["2026-11-27 w", "2026-11-24 w"]);
    assert_eq!(kept(Keep { weekly: 1, ..NONE }, week), ["2026-11-27 w"], "it has kept as many as it may");
    assert_eq!(kept(Keep { yearly: 2, ..NONE }, &week[..1]), ["2026-11-27 y"], "once, not twice");
}

#[test]
fn weeks_are_those_of_the_calendar_also_across_a_year() {
    let days = &["2027-01-03", "2026-12-31", "2026-12-28", "2026-12-27", "2026-12-20"];
    // Monday 28 December to Sunday 3 January are one week, the 53rd of 2026.
    assert_eq!(kept(Keep { weekly: 2, ..NONE }, days), ["2027-01-03 w", "2026-12-27 w"]);
}

#[test]
fn days_are_those_of_the_zone() {
    let instants = taken(&["2026-11-30T00:30", "2026-11-29T23:30"]);
    let keep = Keep { daily: 2, ..NONE };
    let count = |zone: &str| {
        let keep = Keep { daily: 1, ..keep };
        let judged = keep.judge(&instants, &TimeZone::get(zone).unwrap());
        judged.iter().filter(|rules| !rules.is_empty()).count()
    };
    assert_eq!(count("UTC"), 1);
    let both = keep.judge(&instants, &TimeZone::get("Europe/Berlin").unwrap());
    assert_eq!(both, [vec![Rule::Daily], vec![Rule::Daily]], "one day in Berlin, and the oldest");
    let two_days = keep.judge(&instants, &TimeZone::UTC);
    assert_eq!(two_days, [vec![Rule::Daily], vec![Rule::Daily]]);
}

#[test]
fn without_a_rule_nothing_is_judged_and_none_is_needed() {
    assert!(NONE.is_empty() && NONE.judge(&taken(&["2026-11-30"]), &TimeZone::UTC) == [Vec::new()]);
    assert!(Keep { yearly: 1, ..NONE }.judge(&[], &TimeZone::UTC).is_empty());
}

#[test]
fn a_year_of_nights_is_thinned_out_to_what_a_person_expects_and_never_the_newest() {
    let keep = Keep { last: 3, daily: 7, weekly: 5, monthly: 12, yearly: 2, ..NONE };
    let mut stored: Vec<Timestamp> = Vec::new();
    let start: Timestamp = "2024-01-01T03:00:00Z".parse().unwrap();
    for night in 0..800 {
        stored.insert(0, start + jiff::SignedDuration::from_hours(24 * night));
        let judged = keep.judge(&stored, &TimeZone::UTC);
        assert!(!judged[0].is_empty());
        stored = stored.iter().zip(&judged).filter(|(_, rules)| !rules.is_empty()).map(|(taken, _)| *taken).collect();
    }
    assert!((20..=27).contains(&stored.len()), "{}", stored.len());
    // 10 March 2026 is the last night: twelve months reach to April, and two years are this one and the last.
    assert_eq!(stored[0].to_string(), "2026-03-10T03:00:00Z");
    assert_eq!(stored.last().unwrap().to_string(), "2025-04-30T03:00:00Z");
}
