//! Every way in which a journal can come back other than it was written, and what the table then makes of it.

use super::tests::{ID, change, read, to_commit, written};
use super::*;
use crate::event::Moment;
use crate::open_volumes::Live::{self, New, Old};
use crate::state::Milestone;
use crate::table::{self, Row};
use reforge_base::spec::{AppState, Observation};

/// What a transaction went through.
struct History {
    events: Vec<Event>,
    /// The newest record is a direction that was decided against.
    aborted: bool,
}

fn reverted() -> Event {
    Event::Reverted { at: Moment::now() }
}

/// Complete ones and ones that ended at each direction, in either way.
fn histories() -> Vec<History> {
    let with = |more: &[Event]| [&to_commit()[..], more].concat();
    let completed = Event::Completed { at: Moment::now() };
    let all = [
        with(&[Event::StartingApp, Event::Healthy, completed.clone(), Event::Dropping, Event::Closed]),
        with(&[Event::StartingApp, Event::Healthy, completed.clone(), Event::Undone]),
        with(&[Event::StartingApp, Event::Unconfirmed, completed]),
        with(&[Event::StartingApp, Event::Reverting, reverted(), Event::Dropping]),
        with(&[Event::StartingApp, Event::Reverting]),
        with(&[]),
        [&to_commit()[..6], &[reverted(), Event::Closed]].concat(),
        to_commit()[..5].to_vec(),
    ];
    let mut histories: Vec<History> = all.into_iter().map(|events| History { events, aborted: false }).collect();
    histories.push(History { events: with(&[]), aborted: true });
    histories.push(History { events: with(&[Event::StartingApp, Event::Reverting]), aborted: true });
    histories
}

impl History {
    /// The journal on disk.
    fn write(&self) -> (tempfile::TempDir, Journal) {
        let before = self.events.len() - usize::from(self.aborted);
        let (directory, mut journal) = written(&self.events[..before]);
        if self.aborted {
            journal.abort(&self.events[before]).unwrap();
        }
        (directory, journal)
    }

    /// The same up to a record.
    fn until(&self, records: usize) -> History {
        History { events: self.events[..records].to_vec(), aborted: self.aborted && records == self.events.len() }
    }
}

/// What may be live when a transaction of two volumes got so far.
fn lives(state: &State) -> Vec<[Live; 2]> {
    use Milestone::*;
    match state.milestone {
        Begun | Sealed | Stopping | Stopped | Safe | Reverted => vec![[Old, Old]],
        Swapping | Reverting => vec![[Old, Old], [Old, New], [New, Old], [New, New]],
        Committed if state.aborted => vec![[Old, Old], [Old, New], [New, Old], [New, New]],
        Swapped | Committed | Starting | Healthy | Unconfirmed | Completed => vec![[New, New]],
        Dropping | Closed | Undone => vec![[Old, Old], [New, New]],
    }
}

/// Whether it is safe to do `row` when the truth is `state`: no mixture becomes final, no commit that an app may have seen
/// is undone, and what a revert has decided is not.
fn is_safe(state: &State, lives: &[Live], row: Row) -> bool {
    use Milestone::*;
    let truth = table::row(state, lives);
    let is_mixed = lives.contains(&Old) && lives.contains(&New);
    match row {
        _ if row == truth => true,
        Row::NeedsOperator => true,
        // The newest record was never acknowledged, so nobody has started anything because of it.
        Row::GoBack => matches!(state.milestone, Committed | Reverted | Stopping | Stopped | Safe | Swapping | Swapped),
        Row::GoForward => {
            lives == [New, New] && matches!(state.milestone, Healthy | Unconfirmed | Completed | Reverting)
        }
        Row::Forget => !is_mixed && matches!(state.milestone, Sealed | Stopping | Closed),
        Row::FinishGoingBack => !is_mixed && matches!(state.milestone, Closed | Dropping),
        Row::Window => !is_mixed && matches!(state.milestone, Dropping | Undone),
        Row::GoOnDropping => state.milestone == Closed,
        Row::Over => false,
    }
}

/// Reads a damaged journal: it is damage, or what it says is safe. Answers how many records it still has.
fn look(directory: &tempfile::TempDir, history: &History, at: &str) -> Option<usize> {
    let truth = history.write().1.state().clone();
    look_knowing(directory, &truth, at)
}

fn look_knowing(directory: &tempfile::TempDir, truth: &State, at: &str) -> Option<usize> {
    let journal = match Journal::read(&directory.path().join(ID), false).unwrap() {
        Found::Journal(journal, _) => journal,
        Found::Damaged(failure) => {
            assert_eq!(failure.code, Code::NeedsOperator, "{at}");
            return None;
        }
        Found::Nothing => panic!("{at}: the journal is there"),
    };
    for lives in lives(truth) {
        let row = table::row(journal.state(), &lives);
        assert!(is_safe(truth, &lives, row), "{at}: {truth:?} with {lives:?} became {:?}: {row:?}", journal.state());
    }
    Some(journal.records().len())
}

/// Runs `damage` on the file of each history, and puts it back.
fn each(file: impl Fn(&Journal) -> String, mut damage: impl FnMut(&History, &tempfile::TempDir, &Path, &[u8], &State)) {
    for history in histories() {
        let (directory, journal) = history.write();
        let path = directory.path().join(ID).join(file(&journal));
        let Ok(whole) = std::fs::read(&path) else { continue };
        damage(&history, &directory, &path, &whole, journal.state());
        std::fs::write(&path, whole).unwrap();
    }
}

fn journal_file(_: &Journal) -> String {
    FILE.to_owned()
}

fn flip(path: &Path, whole: &[u8], at: usize) {
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&[whole[at] ^ 0x41], at as u64).unwrap();
}

fn unflip(path: &Path, whole: &[u8], at: usize) {
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&whole[at..=at], at as u64).unwrap();
}

#[test]
fn every_flipped_byte_of_the_last_record_is_torn_and_every_other_one_is_damage() {
    each(journal_file, |history, directory, path, whole, truth| {
        let records = history.events.len() + 1;
        // Two sectors behind the last record, too.
        for at in 0..(records + 2) * SECTOR_BYTES {
            flip(path, whole, at);
            let left = look_knowing(directory, truth, &format!("{:?}, byte {at}", truth.milestone));
            let wanted = match at / SECTOR_BYTES {
                sector if sector + 1 == records => Some(records - 1),
                sector if sector == records => Some(records),
                _ => None,
            };
            assert_eq!(left, wanted, "{:?}, byte {at}", truth.milestone);
            unflip(path, whole, at);
        }
    });
}

#[test]
fn a_lost_or_torn_last_sector_is_left_out_and_every_other_one_is_damage() {
    each(journal_file, |history, directory, path, whole, truth| {
        let records = history.events.len() + 1;
        for sector in 0..records {
            for kept in [0, 1, SECTOR_BYTES / 2, SECTOR_BYTES - 1] {
                let mut bytes = whole.to_vec();
                bytes[sector * SECTOR_BYTES + kept..(sector + 1) * SECTOR_BYTES].fill(0);
                if bytes == whole {
                    // The checksum ends in zeros by itself: nothing is lost.
                    continue;
                }
                std::fs::write(path, &bytes).unwrap();
                let left = look_knowing(directory, truth, &format!("{:?}, sector {sector}", truth.milestone));
                let is_last = sector + 1 == records;
                assert_eq!(
                    left,
                    is_last.then_some(records - 1),
                    "{:?}, sector {sector}, {kept} bytes kept",
                    truth.milestone
                );
            }
        }
    });
}

#[test]
fn every_truncation_is_damage() {
    each(journal_file, |history, directory, path, whole, truth| {
        let written = (history.events.len() + 1) * SECTOR_BYTES;
        for length in (0..written).step_by(37).chain((written..whole.len()).step_by(SECTOR_BYTES)) {
            std::fs::write(path, &whole[..length]).unwrap();
            assert_eq!(look_knowing(directory, truth, &format!("{length} bytes")), None, "{length} bytes");
        }
    });
}

#[test]
fn a_start_goes_on_behind_a_torn_record_as_if_it_had_never_been() {
    for history in histories().iter().filter(|history| !history.aborted) {
        let (directory, _) = history.write();
        let last = history.events.len();
        change(&directory, |bytes| bytes[last * SECTOR_BYTES + 100..(last + 1) * SECTOR_BYTES].fill(0));
        let mut again = read(&directory).unwrap();
        assert_eq!(*again.state(), *history.until(last - 1).write().1.state());
        again.append(history.events[last - 1].clone()).unwrap();
        assert_eq!(*read(&directory).unwrap().state(), *history.write().1.state());
    }
}

#[test]
fn every_flipped_byte_and_every_truncation_of_what_begin_names_is_damage() {
    let named = |journal: &Journal| match &journal.records()[0].event {
        Event::Begin { attachment } => attachment_name(attachment),
        other => panic!("the first record is {other:?}"),
    };
    each(named, |_, directory, path, whole, truth| {
        for at in 0..whole.len() {
            flip(path, whole, at);
            assert_eq!(look_knowing(directory, truth, "flipped"), None, "byte {at}");
            unflip(path, whole, at);
        }
        for length in 0..whole.len() {
            std::fs::write(path, &whole[..length]).unwrap();
            assert_eq!(look_knowing(directory, truth, "truncated"), None, "{length} bytes");
        }
        std::fs::remove_file(path).unwrap();
        assert_eq!(look_knowing(directory, truth, "missing"), None);
    });
}

#[test]
fn an_observation_that_is_not_what_was_recorded_is_never_acted_on() {
    let (directory, journal) = written(&to_commit()[..2]);
    let observation = Observation::new(AppState::Running, None);
    let digest = journal.attach(&observation).unwrap();
    let path = directory.path().join(ID).join(attachment_name(&digest));
    let whole = std::fs::read(&path).unwrap();
    assert_eq!(journal.attachment::<Observation>(&digest).unwrap(), observation);
    for at in 0..whole.len() {
        flip(&path, &whole, at);
        assert!(journal.attachment::<Observation>(&digest).is_err(), "byte {at}");
        unflip(&path, &whole, at);
        std::fs::write(&path, &whole[..at]).unwrap();
        assert!(journal.attachment::<Observation>(&digest).is_err(), "{at} bytes");
        std::fs::write(&path, &whole).unwrap();
    }
    std::fs::remove_file(&path).unwrap();
    assert!(journal.attachment::<Observation>(&digest).is_err());
}

#[test]
fn an_abort_that_does_not_check_is_damage_and_one_that_is_missing_never_makes_a_mixture() {
    each(
        |_| ABORT.to_owned(),
        |history, directory, path, whole, truth| {
            assert!(history.aborted);
            for at in 0..whole.len() {
                flip(path, whole, at);
                assert_eq!(look_knowing(directory, truth, "flipped"), None, "byte {at}");
                unflip(path, whole, at);
                std::fs::write(path, &whole[..at]).unwrap();
                assert_eq!(look_knowing(directory, truth, "truncated"), None, "{at} bytes");
                std::fs::write(path, whole).unwrap();
            }
            // The direction that was decided against may have reached the disk or not.
            let last = history.events.len();
            change(directory, |bytes| bytes[last * SECTOR_BYTES..].fill(0));
            assert_eq!(look(directory, history, "the direction is lost"), Some(last));
        },
    );
    let (directory, _) = histories().into_iter().find(|history| history.aborted).unwrap().write();
    std::fs::remove_file(directory.path().join(ID).join(ABORT)).unwrap();
    let journal = read(&directory).unwrap();
    for mixed in [[Old, New], [New, Old]] {
        assert_eq!(table::row(journal.state(), &mixed), Row::NeedsOperator);
    }
}
