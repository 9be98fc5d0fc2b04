//! THE flow: its order, and what each failure leaves undone.

use super::fake_host::FakeHost;
use super::tarball::{Archive, Tarball};
use crate::host::{Health, Job};
use crate::restore::restore;

const CALLS: [&str; 15] = [
    "lock",
    "resolve v0",
    "resolve v1",
    "begin 2",
    "stage v0",
    "stage v1",
    "extract",
    "seal",
    "seal",
    "stop",
    "safety",
    "swap 2",
    "redeploy",
    "await-healthy",
    "revert",
];

fn archive() -> Archive {
    Tarball::new(2).directory("volumes/0/").file("volumes/0/a", b"x").directory("volumes/1/").end().own()
}

fn job() -> Job {
    Job { workload: "notes".into(), plan_digest: "digest".into(), ..Job::default() }
}

#[test]
fn a_restore_does_every_step_in_the_order_of_the_protocol() {
    let host = FakeHost::default();
    let summary = restore(&host, &archive(), &job()).unwrap();
    assert_eq!(*host.calls.borrow(), CALLS[..14]);
    assert_eq!(summary, "2 volumes of notes restored from 20260101T000000Z-abcdef; the app is healthy");
}

#[test]
fn nothing_follows_a_failed_step_but_the_revert_of_a_failed_redeploy() {
    for (position, step) in CALLS[..14].iter().enumerate() {
        let host = FakeHost { fail: Some(step), ..FakeHost::default() };
        let failure = restore(&host, &archive(), &job()).expect_err(step);
        let mut expected = CALLS[..=position].to_vec();
        match *step {
            // Every refusal is collected before any is told.
            "resolve v0" => expected.push("resolve v1"),
            "redeploy" => expected.push("revert"),
            // The same name twice: the first one fails.
            "seal" => expected.truncate(8),
            _ => {}
        }
        assert_eq!(*host.calls.borrow(), expected, "failed at {step}");
        assert!(failure.message.ends_with(&format!("{step} failed")), "{}", failure.message);
    }
}

#[test]
fn only_an_app_that_is_bad_for_certain_is_reverted() {
    for (health, reverts) in [(Health::Healthy, false), (Health::Unknown, false), (Health::ConfirmedBad, true)] {
        let host = FakeHost::default();
        host.health.set(Some(health));
        let outcome = restore(&host, &archive(), &job());
        assert_eq!(host.calls.borrow().last().map(String::as_str) == Some("revert"), reverts, "{health:?}");
        assert_eq!(outcome.map_err(|failure| failure.code).err(), reverts.then(|| "app-bad".into()));
    }
}

#[test]
fn a_revert_that_fails_is_what_is_told() {
    let host = FakeHost { fail: Some("revert"), ..FakeHost::default() };
    host.health.set(Some(Health::ConfirmedBad));
    let failure = restore(&host, &archive(), &job()).unwrap_err();
    assert_eq!(failure.code, "io");
    assert!(failure.message.contains("health check; going back failed too: revert failed"), "{}", failure.message);
}

#[test]
fn a_volume_that_is_left_is_neither_resolved_nor_staged() {
    let host = FakeHost::default();
    let job = Job { leave: vec!["v0".into()], ..job() };
    restore(&host, &archive(), &job).unwrap();
    assert!(!host.calls.borrow().iter().any(|call| call.ends_with("v0")));
    assert_eq!(host.trees.borrow().keys().collect::<Vec<_>>(), ["v1"]);
    assert!(host.node("v1", "").is_some());
}

#[test]
fn a_restore_of_nothing_is_refused_before_it_begins() {
    let host = FakeHost::default();
    let job = Job { leave: vec!["v0".into(), "v1".into()], ..job() };
    assert_eq!(restore(&host, &archive(), &job).unwrap_err().code, "usage");
    assert_eq!(*host.calls.borrow(), ["lock"]);
}

#[test]
fn an_archive_that_is_refused_stops_nothing() {
    let host = FakeHost::default();
    let archive = Tarball::new(1).directory("volumes/0/").file("volumes/0/../x", b"").end().own();
    let failure = restore(&host, &archive, &job()).unwrap_err();
    assert_eq!(failure.message, "entry `volumes/0/../x` leaves its volume");
    assert_eq!(host.calls.borrow().last().map(String::as_str), Some("extract"));
}
