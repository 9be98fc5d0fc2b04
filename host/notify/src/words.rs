//! What happened, put into words: a title and a text for a person, a document for a program.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use reforge_base::{Language, Message, message};
use serde_json::{Value, json};

use crate::happening::{Happening, Kind};
use crate::notice::Notice;
use crate::table::{Content, Ping, Urgency};

/// One message for somebody who hears of these workloads. `now` is when it is sent.
pub(crate) fn content(notice: &Notice, workloads: &[String], language: Language, now: Timestamp) -> Content {
    let title = title(notice, workloads);
    let text = sentences(&lines(notice, workloads, now), language);
    let title = title.in_language(language);
    let kind = notice.happening.kind();
    let document = document(notice, workloads, &title, &text);
    let (urgency, ping) = (urgency(kind), ping(&notice.happening, workloads));
    Content { id: notice.id.clone(), title, text, urgency, document, ping }
}

fn urgency(kind: Option<Kind>) -> Urgency {
    match kind {
        Some(Kind::Failed | Kind::Overdue | Kind::Decision | Kind::Drill) => Urgency::High,
        Some(Kind::UndoEnds) => Urgency::Usual,
        _ => Urgency::Low,
    }
}

fn ping(happening: &Happening, workloads: &[String]) -> Option<Ping> {
    match happening {
        Happening::NightBegan { .. } => Some(Ping::Start),
        Happening::NightOver { failed, .. } => {
            let is_of = failed.iter().any(|failed| workloads.contains(&failed.workload));
            Some(if is_of { Ping::Fail } else { Ping::Done })
        }
        Happening::Test { .. } => Some(Ping::Done),
        _ => None,
    }
}

/// The heading, by which a person knows whether to read on.
pub(crate) fn title(notice: &Notice, workloads: &[String]) -> Message {
    let unknown = || "?".to_owned();
    match &notice.happening {
        Happening::SnapshotTaken { workload } => message!("told-recovered", workload),
        Happening::SnapshotFailed { .. } => match (workloads, notice.of_a_night) {
            ([workload], true) => message!("told-no-snapshot-tonight", workload),
            ([workload], false) => message!("told-no-snapshot", workload),
            (several, _) => message!("told-no-snapshots", n = several.len()),
        },
        Happening::Recovered { workload, .. } => message!("told-recovered", workload),
        Happening::Overdue { workload, last, .. } => match last {
            Some(last) => message!("told-overdue", workload, age = since(*last, notice.at)),
            None => message!("told-never", workload),
        },
        Happening::DrillFailed { workload, .. } => message!("told-drill-failed", workload),
        Happening::RestoreFailed { workload, .. } => message!("told-restore-failed", workload),
        Happening::Decision { workload, .. } => {
            message!("told-decision", workload = workload.clone().unwrap_or_else(unknown))
        }
        Happening::Restored { workload, who, taken, .. } => match taken {
            Some(taken) => message!("told-restored", who, workload, at = zoned(*taken)),
            None => message!("told-restored-somehow", who, workload),
        },
        Happening::Undone { workload, who, .. } => message!("told-undone", who, workload),
        Happening::UndoEnds { workload, left_ms, .. } => {
            message!("told-undo-ends", workload, left = Duration::from_millis(*left_ms))
        }
        Happening::Weekly { workloads: all } => {
            let of_these = all.iter().filter(|(workload, _)| workloads.contains(workload));
            let (n, good) = of_these.fold((0_u64, 0_u64), |(n, good), (_, last)| {
                (n + 1, good + u64::from(last.is_some_and(|last| is_of_this_week(last, notice.at))))
            });
            message!("told-weekly", good, n)
        }
        Happening::NightBegan { .. } => message!("told-night-began", n = workloads.len()),
        Happening::NightOver { failed, .. } => {
            let bad = failed.iter().filter(|failed| workloads.contains(&failed.workload)).count();
            match bad {
                0 => message!("told-night-over", n = workloads.len()),
                bad => message!("told-night-failed", bad, n = workloads.len()),
            }
        }
        Happening::Test { .. } => message!("told-test"),
    }
}

/// What there is to say, a line each.
fn lines(notice: &Notice, workloads: &[String], now: Timestamp) -> Vec<Message> {
    let mut lines = Vec::new();
    match &notice.happening {
        Happening::SnapshotTaken { .. } => {}
        Happening::SnapshotFailed { why, last_good, .. } => {
            lines.push(message!("told-why", why));
            if workloads.len() > 1 {
                lines.push(message!("told-apps", names = workloads.join(", ")));
            } else {
                lines.push(last_good_line(*last_good, now));
            }
        }
        Happening::Recovered { failures, since: began, .. } => {
            let time = since(*began, notice.at);
            lines.push(match failures {
                0 => message!("told-after-time", time),
                n => message!("told-after-failures", n, time),
            });
        }
        Happening::Overdue { last, due, why, .. } => {
            lines.push(message!("told-was-due", at = zoned(*due)));
            lines.extend(why.as_ref().map(|why| message!("told-why", why)));
            lines.push(last_good_line(*last, now));
        }
        Happening::DrillFailed { snapshot, why, proven, .. } => {
            lines.push(message!("told-snapshot-and-why", snapshot, why));
            if let Some((proven, at)) = proven {
                lines.push(message!("told-proven", snapshot = proven, at = zoned(*at)));
            }
        }
        Happening::RestoreFailed { restore, who, why, .. } => {
            lines.push(message!("told-restore-and-why", restore, who, why));
        }
        Happening::Decision { restore, why, hint, .. } => {
            lines.push(message!("told-restore-stopped", restore, why));
            lines.push(match hint.is_empty() {
                true => message!("told-resolve", restore),
                false => message!("told-hint", hint),
            });
        }
        Happening::Restored { restore, downtime_ms, undo_until, .. } => {
            lines.extend(downtime_ms.map(|down| message!("told-down", time = Duration::from_millis(down))));
            lines.push(match undo_until {
                Some(until) => message!("told-undo-until", restore, at = zoned(*until)),
                None => message!("told-undo-until-finish", restore),
            });
        }
        Happening::Undone { restore, downtime_ms, .. } => {
            lines.extend(downtime_ms.map(|down| message!("told-down", time = Duration::from_millis(down))));
            lines.push(message!("told-undone-restore", restore));
        }
        Happening::UndoEnds { restore, .. } => lines.push(message!("told-undo-command", restore)),
        Happening::Weekly { workloads: all } => {
            let of_these = all.iter().filter(|(workload, _)| workloads.contains(workload));
            lines.extend(of_these.map(|(workload, last)| match last {
                Some(last) => message!("told-app-and-snapshot", workload, at = zoned(*last)),
                None => message!("told-app-without", workload),
            }));
        }
        Happening::NightBegan { .. } => lines.push(message!("told-apps", names = workloads.join(", "))),
        Happening::NightOver { done, failed } => {
            let of_these = failed.iter().filter(|failed| workloads.contains(&failed.workload));
            lines.extend(of_these.map(|one| message!("told-app-and-why", workload = one.workload, why = one.why)));
            let done: Vec<&str> =
                done.iter().filter(|workload| workloads.contains(workload)).map(String::as_str).collect();
            if !done.is_empty() {
                lines.push(message!("told-done", names = done.join(", ")));
            }
        }
        Happening::Test { who } => lines.push(message!("told-test-text", who, at = zoned(notice.at))),
    }
    if notice.count > 1 && workloads.len() < 2 {
        lines.push(message!("told-again", n = notice.count, at = zoned(notice.first)));
    }
    lines
}

fn last_good_line(last: Option<Timestamp>, now: Timestamp) -> Message {
    match last {
        Some(last) => message!("told-last-good", at = zoned(last), age = since(last, now)),
        None => message!("told-no-good-one"),
    }
}

/// What a program is told. Its fields are never renamed.
fn document(notice: &Notice, workloads: &[String], title: &str, text: &str) -> Value {
    let kind = notice.happening.kind().map_or("", Kind::as_str);
    json!({
        "id": notice.id,
        "kind": kind,
        "host": rustix::system::uname().nodename().to_string_lossy(),
        "at": notice.at,
        "workloads": workloads,
        "count": notice.count,
        "title": title,
        "text": text,
        "details": notice.happening,
    })
}

/// An instant in the host's zone, which is named: `2026-11-30 02:00 CET`.
fn zoned(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

fn since(began: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(began)).unwrap_or_default()
}

fn is_of_this_week(last: Timestamp, now: Timestamp) -> bool {
    since(last, now) <= Duration::from_secs(7 * 24 * 3600)
}

/// As sentences, a line each.
fn sentences(messages: &[Message], language: Language) -> String {
    let said = messages.iter().map(|message| sentence(&message.in_language(language)));
    said.collect::<Vec<_>>().join("\n")
}

/// With a period, unless it ends with a command.
fn sentence(text: &str) -> String {
    let end = if text.ends_with(['.', '!', '?', ':', '`']) || text.is_empty() { "" } else { "." };
    format!("{text}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(happening: Happening, count: u64) -> Notice {
        let at: Timestamp = "2026-11-30T02:00:00Z".parse().unwrap();
        Notice {
            count,
            first: at - jiff::SignedDuration::from_hours(48),
            ..Notice::new("id".to_owned(), happening, at)
        }
    }

    fn said(notice: &Notice, workloads: &[&str], language: Language) -> (String, String) {
        let workloads: Vec<String> = workloads.iter().map(|name| (*name).to_owned()).collect();
        let content = content(notice, &workloads, language, notice.at);
        (content.title, content.text)
    }

    fn failed(last_good: Option<&str>) -> Happening {
        Happening::SnapshotFailed {
            workload: "shop".to_owned(),
            code: "not-down".to_owned(),
            why: Message::from("`db` did not stop within 30 s"),
            last_good: last_good.map(|at| at.parse().unwrap()),
        }
    }

    #[test]
    fn what_is_said_fits_a_phone_and_is_said_in_the_hosts_language() {
        let one = notice(failed(None), 1);
        let (title, text) = said(&one, &["shop"], Language::English);
        assert_eq!(title, "shop: a snapshot failed");
        assert_eq!(text, "`db` did not stop within 30 s.\nThere is no good one.");
        let (title, _) = said(&Notice { of_a_night: true, ..one.clone() }, &["shop"], Language::Russian);
        assert_eq!(title, "shop: этой ночью снимка нет");
        let (title, text) = said(&notice(failed(None), 3), &["chat", "shop", "wiki"], Language::English);
        assert_eq!(title, "3 apps: no snapshot");
        assert!(text.ends_with("Apps: chat, shop, wiki."), "{text}");
        let (_, text) = said(&notice(failed(Some("2026-11-29T02:00:00Z")), 3), &["shop"], Language::English);
        assert!(text.contains("Last good: 2026-11-29 0") && text.contains("(24 h)"), "{text}");
        assert!(text.contains("3 times since 2026-11-28"), "{text}");
    }

    #[test]
    fn a_person_hears_only_of_apps_that_are_theirs() {
        let workloads =
            vec![("shop".to_owned(), Some("2026-11-29T02:00:00Z".parse().unwrap())), ("wiki".to_owned(), None)];
        let weekly = notice(Happening::Weekly { workloads }, 1);
        assert_eq!(
            said(&weekly, &["shop", "wiki"], Language::English).0,
            "Reforge: 1 of 2 apps have a snapshot of this week"
        );
        let (title, text) = said(&weekly, &["wiki"], Language::English);
        assert_eq!(title, "Reforge: 0 of 1 app has a snapshot of this week");
        assert_eq!(text, "wiki: no snapshot.");
        let failed = vec![crate::Failed { workload: "wiki".to_owned(), why: Message::from("it is full") }];
        let night = notice(Happening::NightOver { done: vec!["shop".to_owned()], failed }, 1);
        let ping = |workloads: &[&str]| {
            let workloads: Vec<String> = workloads.iter().map(|name| (*name).to_owned()).collect();
            content(&night, &workloads, Language::English, night.at).ping
        };
        assert_eq!((ping(&["shop"]), ping(&["shop", "wiki"])), (Some(Ping::Done), Some(Ping::Fail)));
    }

    #[test]
    fn a_decision_says_what_to_type() {
        let happening = Happening::Decision {
            workload: Some("shop".to_owned()),
            restore: "20261130T010203Z-aaaa".to_owned(),
            why: Message::from("the app cannot be told to be down"),
            hint: Message::default(),
        };
        let (title, text) = said(&notice(happening, 1), &["shop"], Language::English);
        assert_eq!(title, "shop: a person must decide");
        assert!(text.ends_with("`reforge restore resolve 20261130T010203Z-aaaa`"), "{text}");
    }
}
