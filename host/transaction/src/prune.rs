//! The end of transactions that are over: a summary in place of what only going on or back needed, and after a month nothing.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;

use super::event::{Begin, BeginVolume};
use super::journal::Journal;
use super::listing::listed;
use super::registry::{KnownTransaction, ids_over, read_one};
use super::state_files;
use super::{receipt, summarise, summary};
use reforge_base::durable;
use reforge_base::effects::effect;
use reforge_base::failure::{Failure, Result};
use reforge_volumes::ambient;

/// What a transaction is called while it is being forgotten, before its id.
const PRUNED: &str = ".forgotten-";
/// How long the journal of a finished transaction is kept.
const PRUNE_AFTER_DAYS: i64 = 30;

/// Puts a summary in place of what only going on or back needed, once a transaction is over and told. The caller holds
/// the workload's lease.
pub fn summarise(transactions: &Path, receipts: &Path, id: &str) -> Result<()> {
    let directory = transactions.join(id);
    if summary::exists(&directory) {
        return Ok(());
    }
    match read_one(&directory)? {
        Some(KnownTransaction::Open(journal, begin)) if journal.state().is_over() && receipt::is_told(receipts, id) => {
            summarise::write(&journal, &begin)
        }
        _ => Ok(()),
    }
}

/// Of those that were read and are over: id and workload.
pub fn over(entries: &[KnownTransaction]) -> Vec<(String, String)> {
    let is_over = |journal: &Journal| journal.state().is_over();
    let over = entries.iter().filter_map(|entry| match entry {
        KnownTransaction::Open(journal, begin) if is_over(journal) => Some((begin.id.clone(), begin.workload.clone())),
        _ => None,
    });
    over.collect()
}

/// Forgets every journal that has been over for long. `done` is told of each: one that cannot be removed keeps no other.
pub fn prune_old(transactions: &Path, done: &dyn Fn(Result<()>)) -> Result<()> {
    let long_ago = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * PRUNE_AFTER_DAYS);
    // Ids begin with a time.
    let before = long_ago.strftime("%Y%m%dT%H%M%S").to_string();
    for id in ids_over(transactions)?.iter().filter(|id| **id < before) {
        done(read_one(&transactions.join(id)).and_then(|entry| match entry {
            Some(KnownTransaction::Open(journal, begin)) => prune(&journal, &begin),
            _ => Ok(()),
        }));
    }
    Ok(())
}

/// Forgets a journal whose siblings are gone: its receipt tells what happened. One whose siblings could not be removed
/// stays, so that they are known.
fn prune(journal: &Journal, begin: &Begin) -> Result<()> {
    if !journal.state().is_over() {
        return Ok(());
    }
    for volume in &begin.volumes {
        if has_sibling(volume)? {
            return Ok(());
        }
    }
    // Its name first: half of a journal would read as a damaged one, and block.
    let directory = journal.directory();
    let pruned = directory.with_file_name(format!("{PRUNED}{}", begin.id));
    unless_gone(effect("forget-journal", || state_files::rename(directory, &pruned)))
        .map_err(|error| Failure::io("rename", directory, &error))?;
    let transactions = directory.parent().unwrap_or_else(|| Path::new("/"));
    durable::sync_directory(transactions)?;
    remove_forgotten(transactions)
}

/// Whether anything has the name of a volume's sibling. Where its parent is not, no sibling is.
fn has_sibling(volume: &BeginVolume) -> Result<bool> {
    let sibling = volume.parent.join(&volume.sibling);
    match ambient::look(&sibling) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(Failure::io("look at", &sibling, &error)),
    }
}

/// Removes what was to be forgotten. May be repeated, and by several at once.
pub fn remove_forgotten(transactions: &Path) -> Result<()> {
    for name in listed(transactions)?.iter().filter(|name| is_forgotten(name)) {
        let directory = transactions.join(name);
        unless_gone(effect("remove-journal", || state_files::remove_whole(&directory)))
            .map_err(|error| Failure::io("remove", &directory, &error))?;
    }
    Ok(())
}

/// What somebody else has removed meanwhile is as it should be.
fn unless_gone(done: std::io::Result<()>) -> std::io::Result<()> {
    match done {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn is_forgotten(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(PRUNED.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::event::{Event, Moment};
    use super::super::id::new_id;
    use super::super::journal;
    use super::super::journal::tests::{begin, to_commit};
    use super::super::registry::{read_all, read_open};
    use super::*;
    use reforge_base::spec::{AppState, Observation};
    use reforge_testing::spec;

    /// One that is over and told, begun this many days ago. Its parent is not there, so no sibling is.
    fn over_since(root: &Path, days: i64) -> (Journal, Begin) {
        let mut begin = begin();
        begin.at.wall -= jiff::SignedDuration::from_hours(24 * days);
        begin.id = format!("{}.006-abcdef", begin.at.wall.strftime("%Y%m%dT%H%M%S"));
        let mut journal = Journal::create(&root.join("transactions"), &begin).unwrap();
        journal.append(Event::Closed).unwrap();
        (journal, begin)
    }

    fn tell(root: &Path, journal: &Journal, begin: &Begin) {
        let (outcome, app) = (receipt::Outcome::Failed, String::new().into());
        let ending = receipt::Ending { outcome, failure: None, app, left_behind: Vec::new(), later_writes: Vec::new() };
        receipt::write(&root.join("receipts"), &receipt::draw_up(journal, begin, ending)).unwrap();
    }

    fn summarise_in(root: &Path, id: &str) {
        summarise(&root.join("transactions"), &root.join("receipts"), id).unwrap();
    }

    fn named(root: &Path) -> usize {
        listed(&root.join("transactions")).unwrap().len()
    }

    #[test]
    fn what_is_over_for_long_is_forgotten_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let transactions = root.path().join("transactions");
        for days in [PRUNE_AFTER_DAYS - 1, PRUNE_AFTER_DAYS + 1] {
            let (journal, begin) = over_since(root.path(), days);
            tell(root.path(), &journal, &begin);
            summarise_in(root.path(), &begin.id);
        }
        assert_eq!(listed(&transactions).unwrap().len(), 2);
        prune_old(&transactions, &Result::unwrap).unwrap();
        assert_eq!(listed(&transactions).unwrap().len(), 1, "the other one is too young");
        prune_old(&transactions, &Result::unwrap).expect("somebody else has done it meanwhile");
    }

    #[test]
    fn one_that_was_half_forgotten_blocks_nothing_and_goes() {
        let root = tempfile::tempdir().unwrap();
        let transactions = root.path().join("transactions");
        let (journal, begin) = over_since(root.path(), PRUNE_AFTER_DAYS + 1);
        // Killed after the first of its files.
        let attachment = journal::attachments(journal.directory()).unwrap().remove(0);
        let half = transactions.join(format!("{PRUNED}{}", begin.id));
        std::fs::rename(journal.directory(), &half).unwrap();
        std::fs::remove_file(half.join(attachment)).unwrap();
        assert!(read_all(&transactions).unwrap().is_empty(), "it is read as a damaged one, which blocks");
        remove_forgotten(&transactions).unwrap();
        assert_eq!(named(root.path()), 0);
    }

    #[test]
    fn a_summary_says_what_the_journal_said_and_no_value_of_the_environment_stays() {
        const SECRET: &str = "hunter2";
        let root = tempfile::tempdir().unwrap();
        let transactions = root.path().join("transactions");
        for last in [Event::Undone, Event::Dropping] {
            let mut spec = spec("notes", "one");
            spec.environment = vec![("PASSWORD".into(), SECRET.into())];
            let mut begin = Begin { deployed: Some(spec.clone()), ..begin() };
            begin.id = new_id(&transactions, &transactions).unwrap();
            let mut journal = Journal::create(&transactions, &begin).unwrap();
            let detail = serde_json::json!({ "id": "c0ffee", "request": { "Env": [SECRET] } });
            let seen = Observation::new(AppState::Running, Some(spec)).with_detail(detail);
            let attachment = journal.attach(&seen).unwrap();
            let mut events = to_commit();
            events[2] = Event::Stopping { attachment };
            let at = Moment::now();
            events.extend([Event::StartingApp, Event::Healthy, Event::Completed { at }, last.clone()]);
            events.extend((last == Event::Dropping).then_some(Event::Closed));
            events.into_iter().for_each(|event| journal.append(event).unwrap());
            summarise_in(root.path(), &begin.id);
            assert!(!summary::exists(journal.directory()), "it was not told");
            tell(root.path(), &journal, &begin);
            summarise_in(root.path(), &begin.id);
            assert!(read_open(&transactions).unwrap().is_empty());
            // Ended in the middle of it, and begun again.
            std::fs::rename(journal.directory().join("summary"), journal.directory().join("summary-new")).unwrap();
            std::fs::write(journal.directory().join(format!("{}.json", "0".repeat(64))), SECRET).unwrap();
            assert_eq!(read_open(&transactions).unwrap().len(), 1);
            summarise_in(root.path(), &begin.id);
            assert!(read_open(&transactions).unwrap().is_empty());
            let Some(KnownTransaction::Open(again, told)) = read_one(journal.directory()).unwrap() else {
                panic!("it reads")
            };
            assert_eq!(again.records(), journal.records());
            assert_eq!(again.state().milestone, journal.state().milestone);
            assert_eq!(*told, Begin { deployed: None, ..begin.clone() });
            let kept =
                again.state().observation.as_ref().map(|digest| again.attachment::<Observation>(digest).unwrap());
            assert_eq!(
                kept.map(|kept| kept.detail),
                (last == Event::Undone).then(|| serde_json::json!({"id": "c0ffee"}))
            );
            for entry in std::fs::read_dir(journal.directory()).unwrap() {
                let bytes = std::fs::read(entry.unwrap().path()).unwrap();
                assert!(!bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()), "{last:?}");
            }
        }
    }

    #[test]
    fn one_that_is_over_waits_for_nothing_whichever_of_its_files_is_damaged() {
        for summarised in [false, true] {
            let root = tempfile::tempdir().unwrap();
            let transactions = root.path().join("transactions");
            let (journal, begin) = over_since(root.path(), 0);
            tell(root.path(), &journal, &begin);
            if summarised {
                summarise_in(root.path(), &begin.id);
            }
            let files: Vec<_> =
                std::fs::read_dir(journal.directory()).unwrap().map(|entry| entry.unwrap().path()).collect();
            for path in files.iter().filter(|path| summarised || !path.ends_with("journal")) {
                let whole = std::fs::read(path).unwrap();
                let mut flipped = whole.clone();
                flipped[whole.len() / 2] ^= 0x20;
                for damaged in [Some(&whole[..0]), Some(&whole[..whole.len() / 2]), Some(&flipped), None] {
                    std::fs::remove_file(path).unwrap();
                    match damaged {
                        Some(bytes) => std::fs::write(path, bytes).unwrap(),
                        None => std::fs::create_dir(path).unwrap(),
                    }
                    let blocks = |entries: Vec<KnownTransaction>| entries.iter().any(|entry| entry.blocks().is_some());
                    assert!(!blocks(read_all(&transactions).unwrap()), "{}", path.display());
                    assert!(!blocks(read_open(&transactions).unwrap()), "{}", path.display());
                    std::fs::remove_file(path).or_else(|_| std::fs::remove_dir(path)).unwrap();
                    std::fs::write(path, &whole).unwrap();
                }
            }
        }
    }
}
