//! What is worth a word, when it is said, and what stays on disk.

use reforge_base::{Language, Message};

use super::*;
use crate::delivery::{TRY_TIME, Which};
use crate::outbox::{OUTBOX, STANDING};
use crate::{Failed, Way, address};

fn channel(name: &str, address_text: &str) -> Channel {
    Channel::new(name, Way::Address(address(address_text).unwrap()))
}

fn notifier(channels: Vec<Channel>) -> (tempfile::TempDir, Notifier) {
    let directory = tempfile::tempdir().unwrap();
    let notifier = Notifier::new(directory.path().join("notify"), channels, Language::English);
    (directory, notifier)
}

fn at(text: &str) -> Timestamp {
    format!("2026-11-{text}:00Z").parse().unwrap()
}

fn failed(workload: &str, why: &str) -> Happening {
    Happening::SnapshotFailed {
        workload: workload.to_owned(),
        code: "io".to_owned(),
        why: Message::from(why),
        last_good: None,
    }
}

fn taken(workload: &str) -> Happening {
    Happening::SnapshotTaken { workload: workload.to_owned() }
}

/// What is in the outbox: titles and counts, and when each is due.
fn waiting(notifier: &Notifier) -> Vec<(String, u64, Timestamp)> {
    let shown = notifier.overview().unwrap().notices.into_iter();
    shown.map(|shown| (shown.title.to_string(), shown.notice.count, shown.notice.deliveries[0].next)).collect()
}

fn empty(notifier: &Notifier) {
    notifier.outbox.notices().unwrap().iter().for_each(|notice| notifier.outbox.remove(&notice.id).unwrap());
}

#[test]
fn there_is_no_word_after_good_nights_and_one_when_bad_ones_are_over() {
    let (_directory, notifier) = notifier(vec![channel("a", "ntfy://a.example/t")]);
    for night in ["01T02:00", "02T02:00"] {
        assert!(!notifier.tell_at(&taken("shop"), at(night)).unwrap());
    }
    assert!(notifier.tell_at(&failed("shop", "gone"), at("03T02:00")).unwrap());
    assert!(notifier.tell_at(&failed("shop", "gone"), at("04T02:00")).unwrap());
    empty(&notifier);
    assert!(notifier.tell_at(&taken("shop"), at("05T04:00")).unwrap());
    assert_eq!(waiting(&notifier)[0].0, "shop: snapshots work again");
    let recovered = &notifier.outbox.notices().unwrap()[0].happening;
    let (workload, since) = ("shop".to_owned(), at("03T02:00"));
    assert_eq!(*recovered, Happening::Recovered { workload, failures: 2, since });
    assert!(!notifier.tell_at(&taken("shop"), at("06T02:00")).unwrap(), "once");
}

#[test]
fn one_cause_is_one_message_with_a_count_and_said_again_once_a_day() {
    let (_directory, notifier) = notifier(vec![channel("a", "ntfy://a.example/t")]);
    notifier.tell_at(&failed("shop", "gone"), at("03T00:00")).unwrap();
    empty(&notifier);
    for hour in 1..20 {
        let told = notifier.tell_at(&failed("shop", "gone"), at(&format!("03T{hour:02}:00"))).unwrap();
        assert!(!told, "{hour}");
    }
    assert!(notifier.tell_at(&failed("shop", "gone"), at("03T20:00")).unwrap());
    assert_eq!(waiting(&notifier)[0].1, 20);
    empty(&notifier);
    assert!(notifier.tell_at(&failed("shop", "another cause"), at("03T21:00")).unwrap(), "that is news");
}

#[test]
fn what_a_night_brings_is_said_at_its_end_once_for_all_that_failed_alike() {
    let (_directory, notifier) = notifier(vec![channel("a", "ntfy://a.example/t")]);
    let all = ["chat", "shop", "wiki"].map(str::to_owned).to_vec();
    notifier.tell_at(&Happening::NightBegan { workloads: all }, at("03T02:00")).unwrap();
    for workload in ["shop", "chat"] {
        notifier.tell_at(&failed(workload, "no space"), at("03T02:10")).unwrap();
    }
    notifier.tell_at(&failed("wiki", "gone"), at("03T02:20")).unwrap();
    let before = waiting(&notifier);
    assert!(before.iter().all(|(_, _, due)| *due > at("03T12:00")), "{before:?}");
    notifier.tell_at(&Happening::NightOver { done: Vec::new(), failed: Vec::new() }, at("03T03:00")).unwrap();
    let told = waiting(&notifier);
    let said: Vec<(&str, u64)> = told.iter().map(|(title, count, _)| (title.as_str(), *count)).collect();
    assert_eq!(said, [("2 apps: no snapshot", 2), ("wiki: no snapshot tonight", 1)]);
    assert!(told.iter().all(|(_, _, due)| *due == at("03T03:00")), "{told:?}");
}

#[test]
fn who_is_pinged_hears_of_nights_alone_and_of_the_newest_word_of_one() {
    let (_directory, notifier) =
        notifier(vec![channel("a", "ntfy://a.example/t"), channel("b", "healthchecks://b.example/uuid")]);
    notifier.tell_at(&Happening::NightBegan { workloads: vec!["shop".to_owned()] }, at("03T02:00")).unwrap();
    let failing = vec![Failed { workload: "shop".to_owned(), why: Message::from("gone") }];
    notifier.tell_at(&Happening::NightOver { done: Vec::new(), failed: failing }, at("03T03:00")).unwrap();
    let notices = notifier.outbox.notices().unwrap();
    assert_eq!(notices.len(), 1, "a start that is late would be wrong");
    assert!(matches!(notices[0].happening, Happening::NightOver { .. }));
    assert_eq!(notices[0].deliveries.iter().map(|one| one.channel.as_str()).collect::<Vec<_>>(), ["b"]);
    notifier.tell_at(&failed("shop", "gone"), at("03T04:00")).unwrap();
    let last = notifier.outbox.notices().unwrap().pop().unwrap();
    assert_eq!(last.deliveries.iter().map(|one| one.channel.as_str()).collect::<Vec<_>>(), ["a"]);
}

#[test]
fn a_channel_hears_of_its_own_workloads_and_of_what_it_asked_for() {
    let mine = Channel { workloads: vec!["shop".to_owned()], ..channel("mine", "ntfy://a.example/t") };
    let curious = Channel { on: vec![Kind::Restored], ..channel("curious", "ntfy://a.example/u") };
    let (_directory, notifier) = notifier(vec![mine, curious]);
    notifier.tell_at(&failed("wiki", "gone"), at("03T02:00")).unwrap();
    assert!(notifier.outbox.notices().unwrap().is_empty(), "nobody hears of it");
    notifier.tell_at(&failed("shop", "gone"), at("03T02:00")).unwrap();
    let undone = Happening::Undone {
        workload: "wiki".to_owned(),
        restore: "1".to_owned(),
        who: "anna".to_owned(),
        downtime_ms: None,
    };
    notifier.tell_at(&undone, at("03T02:01")).unwrap();
    let heard: Vec<_> =
        notifier.outbox.notices().unwrap().iter().map(|one| one.deliveries[0].channel.clone()).collect();
    assert_eq!(heard, ["mine", "curious"]);
}

#[test]
fn what_only_a_person_can_decide_and_what_is_overdue_is_said_once() {
    let (_directory, notifier) = notifier(vec![channel("a", "ntfy://a.example/t")]);
    let decision = Happening::Decision {
        workload: None,
        restore: "20261103T000000Z-aaaa".to_owned(),
        why: Message::from("its journal is damaged"),
        hint: Message::default(),
    };
    let overdue = Happening::Overdue { workload: "shop".to_owned(), last: None, due: Timestamp::UNIX_EPOCH, why: None };
    for minute in 0..3 {
        let at = at(&format!("03T02:0{minute}"));
        assert_eq!(notifier.tell_at(&decision, at).unwrap(), minute == 0);
        assert_eq!(notifier.tell_at(&overdue, at).unwrap(), minute == 0);
    }
    empty(&notifier);
    assert!(notifier.tell_at(&taken("shop"), at("03T03:00")).unwrap());
    assert_eq!(waiting(&notifier)[0].0, "shop: snapshots work again");
    assert!(notifier.tell_at(&overdue, at("10T03:00")).unwrap(), "it is so again");
}

#[test]
fn without_a_channel_nothing_is_touched() {
    let (directory, notifier) = notifier(Vec::new());
    assert!(!notifier.tell(&failed("shop", "gone")).unwrap());
    assert_eq!(notifier.send(Which::Due, TRY_TIME).unwrap(), None);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn a_file_that_does_not_read_costs_a_word_and_nothing_else() {
    let (directory, notifier) = notifier(vec![channel("a", "ntfy://a.example/t")]);
    notifier.tell_at(&failed("shop", "gone"), at("03T02:00")).unwrap();
    let place = directory.path().join("notify");
    std::fs::write(place.join(STANDING), "{").unwrap();
    std::fs::write(place.join(OUTBOX).join("half.json"), "{\"id\":").unwrap();
    assert_eq!(notifier.outbox.notices().unwrap().len(), 1);
    notifier.tell_at(&failed("shop", "gone"), at("03T02:01")).unwrap();
    assert_eq!(waiting(&notifier)[0].1, 2);
}
