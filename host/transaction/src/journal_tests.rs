use super::*;
use crate::event::{BeginVolume, Moment, TransactionKind};
use crate::state::Milestone;

pub(super) const ID: &str = "20260102T030405.006-abcdef";

pub(crate) fn begin() -> Begin {
    let volume = BeginVolume {
        name: "data".into(),
        parent: "/srv/notes".into(),
        parent_identity: crate::fixture::identity("parent"),
        live: "data".into(),
        live_identity: Some(crate::fixture::identity("old")),
        sibling: ".reforge-x-0".into(),
        entries: 1,
        bytes: 1,
        tree_digest: None,
    };
    Begin {
        id: ID.into(),
        workload: "notes".into(),
        kind: TransactionKind::Restore { snapshot: "s".into() },
        runtime: "process".into(),
        at: Moment::now(),
        who: "test".into(),
        plan_digest: String::new(),
        plugin_digest: None,
        deployed: None,
        volumes: vec![volume],
        left: Vec::new(),
        not_captured: Vec::new(),
        remarks: Vec::new(),
        keep_previous: false,
        undo_window_ms: 1,
    }
}

pub(crate) fn to_commit() -> Vec<Event> {
    vec![
        Event::Sibling { volume: 0, identity: crate::fixture::identity("new") },
        Event::Sealed,
        Event::Stopping { attachment: "x".into() },
        Event::Stopped,
        Event::Safety { snapshot: Some("safe".into()) },
        Event::Swapping,
        Event::Swapped,
        Event::Commit,
    ]
}

/// A journal on disk that has come this far.
pub(crate) fn written(events: &[Event]) -> (tempfile::TempDir, Journal) {
    let directory = tempfile::tempdir().unwrap();
    let mut journal = Journal::create(directory.path(), &begin()).unwrap();
    events.iter().for_each(|event| journal.append(event.clone()).unwrap());
    (directory, journal)
}

pub(super) fn read(directory: &tempfile::TempDir) -> Result<Journal, Failure> {
    match Journal::read(&directory.path().join(ID), true).unwrap() {
        Found::Journal(journal, _) => Ok(*journal),
        Found::Damaged(failure) => Err(failure),
        Found::Nothing => panic!("there is a journal"),
    }
}

pub(super) fn change(directory: &tempfile::TempDir, change: impl FnOnce(&mut Vec<u8>)) {
    let path = directory.path().join(ID).join(FILE);
    let mut bytes = std::fs::read(&path).unwrap();
    change(&mut bytes);
    std::fs::write(&path, bytes).unwrap();
}

#[test]
fn what_was_recorded_is_read_back() {
    let (directory, journal) = written(&to_commit());
    let again = read(&directory).unwrap();
    assert_eq!(again.state(), journal.state());
    assert_eq!(again.records(), journal.records());
    assert_eq!(again.state().safety.as_deref(), Some("safe"));
}

#[test]
fn a_torn_last_record_is_zeroed_and_the_next_takes_its_place() {
    let (directory, _) = written(&to_commit());
    change(&directory, |bytes| bytes[8 * SECTOR_BYTES + 100..9 * SECTOR_BYTES].fill(0));
    let mut journal = read(&directory).unwrap();
    assert_eq!(journal.state().milestone, Milestone::Swapped);
    journal.append(Event::Reverted { at: Moment::now() }).unwrap();
    assert_eq!(read(&directory).unwrap().state().milestone, Milestone::Reverted);
}

#[test]
fn something_far_behind_the_last_record_is_damage() {
    let (directory, _) = written(&to_commit());
    change(&directory, |bytes| bytes[20 * SECTOR_BYTES] = 1);
    let failure = read(&directory).err().unwrap();
    assert_eq!(failure.code, Code::NeedsOperator);
}

#[test]
fn a_journal_of_another_transaction_does_not_check() {
    let (directory, _) = written(&to_commit());
    std::fs::rename(directory.path().join(ID), directory.path().join("other")).unwrap();
    assert!(matches!(Journal::read(&directory.path().join("other"), false).unwrap(), Found::Damaged(_)));
}

#[test]
fn an_abort_outranks_the_direction_whether_or_not_it_reached_the_disk() {
    let events = to_commit();
    let (directory, mut journal) = written(&events[..7]);
    journal.abort(&Event::Commit).unwrap();
    assert!(journal.state().aborted && !journal.state().committed);
    let again = read(&directory).unwrap();
    assert_eq!(again.state(), journal.state());
    // The direction itself is lost: the record before it means the same.
    change(&directory, |bytes| bytes[8 * SECTOR_BYTES..9 * SECTOR_BYTES].fill(0));
    let mut lost = read(&directory).unwrap();
    assert_eq!(lost.state().milestone, Milestone::Swapped);
    lost.append(Event::Reverted { at: Moment::now() }).unwrap();
    assert_eq!(read(&directory).unwrap().state().milestone, Milestone::Reverted);
}

#[test]
fn an_illegal_record_is_refused_and_leaves_the_journal_as_it_was() {
    let (directory, mut journal) = written(&to_commit()[..3]);
    assert_eq!(journal.append(Event::Commit).unwrap_err().code, Code::OutOfOrder);
    assert_eq!(read(&directory).unwrap().state().milestone, Milestone::Stopping);
}

#[test]
fn a_directory_without_a_journal_means_that_nothing_began() {
    let directory = tempfile::tempdir().unwrap();
    assert!(matches!(Journal::read(directory.path(), true).unwrap(), Found::Nothing));
}
