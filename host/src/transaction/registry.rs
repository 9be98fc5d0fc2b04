//! All transactions of this host: which are unfinished, which block a workload, what they name.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::event::{Begin, Event, Kind};
use super::journal::{Found, Journal, workload_of};
use super::resolve;
use super::state::Phase;
use crate::durable;
use crate::effects::effect;
use crate::failure::{Code, Failure, Result};

/// What a transaction is called while it is being forgotten, before its id.
const FORGOTTEN: &str = ".forgotten-";
/// How long the journal of a finished transaction is kept.
const FORGET_AFTER_DAYS: i64 = 30;

/// One transaction as its journal left it.
pub enum Entry {
    Open(Box<Journal>, Box<Begin>),
    /// It does not read. Without a workload it blocks all of them.
    Damaged {
        id: String,
        workload: Option<String>,
        failure: Failure,
    },
}

/// Reads every transaction, oldest first. Changes nothing: not even a torn record is mended.
pub fn read_all(transactions: &Path) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for name in names(transactions)? {
        let directory = transactions.join(&name);
        match Journal::read(&directory, false)? {
            Found::Nothing => {}
            Found::Journal(journal, begin) => entries.push(Entry::Open(journal, begin)),
            Found::Damaged(_) if resolve::is_resolved(&directory) => {}
            Found::Damaged(failure) => {
                let id = name.to_string_lossy().into_owned();
                entries.push(Entry::Damaged { id, workload: workload_of(&directory), failure });
            }
        }
    }
    Ok(entries)
}

/// What the directory of all transactions holds, sorted: oldest first. What is being forgotten is not among it.
pub(super) fn names(transactions: &Path) -> Result<Vec<OsString>> {
    let mut names = listed(transactions)?;
    names.retain(|name| !is_forgotten(name));
    Ok(names)
}

fn is_forgotten(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(FORGOTTEN.as_bytes())
}

fn listed(transactions: &Path) -> Result<Vec<OsString>> {
    let mut names = match std::fs::read_dir(transactions) {
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Failure::io("list", transactions, &error))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Failure::io("list", transactions, &error)),
    };
    names.sort();
    Ok(names)
}

impl Entry {
    pub fn id(&self) -> &str {
        match self {
            Entry::Open(_, begin) => &begin.id,
            Entry::Damaged { id, .. } => id,
        }
    }

    /// Whether the transaction concerns a workload; a damaged one without a name concerns all.
    pub fn is_of(&self, workload: &str) -> bool {
        match self {
            Entry::Open(_, begin) => begin.workload == workload,
            Entry::Damaged { workload: of, .. } => of.as_deref().is_none_or(|of| of == workload),
        }
    }

    /// Why nothing may be deployed, captured or restored before recovery has dealt with this one.
    pub fn blocks(&self) -> Option<Failure> {
        match self {
            Entry::Open(journal, begin) => (journal.state().blocks() && !resolve::is_resolved(journal.directory()))
                .then(|| {
                    let newest = journal.records().last().map_or("nothing", |record| record.event.name());
                    let message =
                        format!("restore `{}` of `{}` is unfinished (it got to `{newest}`)", begin.id, begin.workload);
                    Failure::new(Code::NeedsOperator, message).hint(format!(
                        "run `reforge recover`; if that does not settle it: `reforge restore resolve {}`",
                        begin.id
                    ))
                }),
            Entry::Damaged { failure, .. } => Some(failure.clone()),
        }
    }
}

/// Why a workload is blocked, if it is.
pub fn blocking(entries: &[Entry], workload: &str) -> Option<Failure> {
    entries.iter().filter(|entry| entry.is_of(workload)).find_map(Entry::blocks)
}

/// Snapshots that a transaction that is not over may still need: what it restores from and its way back.
pub fn named_snapshots(entries: &[Entry]) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for entry in entries {
        let Entry::Open(journal, begin) = entry else { continue };
        if !journal.state().is_over() {
            named.extend(journal.state().safety.clone());
            if let Kind::Restore { snapshot } = &begin.kind {
                named.insert(snapshot.clone());
            }
        }
    }
    named
}

/// Names of siblings that some journal knows, finished ones included.
pub fn known_siblings(entries: &[Entry]) -> BTreeSet<String> {
    let open = entries.iter().filter_map(|entry| match entry {
        Entry::Open(_, begin) => Some(begin),
        Entry::Damaged { .. } => None,
    });
    open.flat_map(|begin| begin.volumes.iter().map(|volume| volume.sibling.clone())).collect()
}

/// Reads one transaction by id or by a prefix that only one has.
pub fn find(transactions: &Path, id: &str) -> Result<Entry> {
    let mut entries = read_all(transactions)?;
    let id = meant(entries.iter().map(Entry::id), id)?.to_owned();
    let index = entries.iter().position(|entry| entry.id() == id);
    index.map(|index| entries.swap_remove(index)).ok_or_else(|| unknown(&id))
}

/// Which of these a person means: the one of that id, or the only one that begins so.
pub fn meant<'a>(ids: impl IntoIterator<Item = &'a str>, wanted: &str) -> Result<&'a str> {
    let beginning: Vec<&str> = ids.into_iter().filter(|id| id.starts_with(wanted)).collect();
    let exact = beginning.iter().find(|id| **id == wanted);
    match (exact, beginning.as_slice()) {
        (Some(id), _) => Ok(id),
        (None, [id]) if !wanted.is_empty() => Ok(id),
        (None, []) => Err(unknown(wanted)),
        _ => {
            let message = format!("more than one restore begins with `{}`", crate::escape::text(wanted));
            Err(Failure::new(Code::Usage, message))
        }
    }
}

fn unknown(id: &str) -> Failure {
    Failure::new(Code::NotFound, format!("there is no restore `{}`", crate::escape::text(id)))
        .hint("`reforge restore list` shows them")
}

/// Forgets a journal that has been over for long and whose siblings are gone: its receipt tells what happened. One whose
/// siblings could not be removed stays, so that they are known.
pub(super) fn forget_old(journal: &Journal, begin: &Begin) -> Result<()> {
    let age = jiff::Timestamp::now().duration_since(begin.at.wall);
    if !journal.state().is_over() || age < jiff::SignedDuration::from_hours(24 * FORGET_AFTER_DAYS) {
        return Ok(());
    }
    for volume in &begin.volumes {
        if volume.parent.join(&volume.sibling).symlink_metadata().is_ok() {
            return Ok(());
        }
    }
    // Its name first: half of a journal would read as a damaged one, and block.
    let directory = journal.directory();
    let forgotten = directory.with_file_name(format!("{FORGOTTEN}{}", begin.id));
    unless_gone(effect("forget-journal", || std::fs::rename(directory, &forgotten)))
        .map_err(|error| Failure::io("rename", directory, &error))?;
    let transactions = directory.parent().unwrap_or_else(|| Path::new("/"));
    durable::sync_directory(transactions)?;
    remove_forgotten(transactions)
}

/// Removes what was to be forgotten. May be repeated, and by several at once.
pub(crate) fn remove_forgotten(transactions: &Path) -> Result<()> {
    for name in listed(transactions)?.iter().filter(|name| is_forgotten(name)) {
        let directory = transactions.join(name);
        unless_gone(effect("remove-journal", || std::fs::remove_dir_all(&directory)))
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

/// Whether a person has decided about an undo of this restore: its trees are then that person's to end.
pub(super) fn is_of_decided_undo(entries: &[Entry], id: &str) -> bool {
    entries.iter().any(|entry| match entry {
        Entry::Open(journal, begin) => {
            matches!(&begin.kind, Kind::Undo { of } if of == id)
                && !journal.state().is_over()
                && resolve::is_resolved(journal.directory())
        }
        Entry::Damaged { .. } => false,
    })
}

/// Closes a restore whose previous trees a committed undo took over. May be repeated.
pub(super) fn close_undone(transactions: &Path, id: &str) -> Result<()> {
    match Journal::read(&transactions.join(id), true)? {
        Found::Journal(mut journal, _) => match journal.state().phase {
            Phase::Undone => Ok(()),
            _ => journal.append(Event::Undone),
        },
        // Only a journal that is over is ever forgotten.
        Found::Nothing => Ok(()),
        Found::Damaged(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::Moment;
    use super::super::journal::tests::begin;
    use super::*;

    /// One that is over, begun this many days ago. Its parent is not there, so no sibling is.
    fn over(transactions: &Path, days: i64) -> (Journal, Begin) {
        let mut begin = begin();
        begin.at.wall -= jiff::SignedDuration::from_hours(24 * days);
        let mut journal = Journal::create(transactions, &begin).unwrap();
        journal.append(Event::Closed).unwrap();
        (journal, begin)
    }

    #[test]
    fn what_is_over_for_long_is_forgotten_and_nothing_else() {
        let transactions = tempfile::tempdir().unwrap();
        let (journal, begin) = over(transactions.path(), FORGET_AFTER_DAYS - 1);
        forget_old(&journal, &begin).unwrap();
        assert_eq!(listed(transactions.path()).unwrap().len(), 1, "it is too young");
        let transactions = tempfile::tempdir().unwrap();
        let (journal, begin) = over(transactions.path(), FORGET_AFTER_DAYS + 1);
        forget_old(&journal, &begin).unwrap();
        assert_eq!(listed(transactions.path()).unwrap().len(), 0);
        forget_old(&journal, &begin).expect("somebody else has done it meanwhile");
    }

    #[test]
    fn one_that_was_half_forgotten_blocks_nothing_and_goes() {
        let transactions = tempfile::tempdir().unwrap();
        let (journal, begin) = over(transactions.path(), FORGET_AFTER_DAYS + 1);
        // Killed after the first of its files.
        let attachment = std::fs::read_dir(journal.directory()).unwrap().map(|entry| entry.unwrap().path());
        let attachment = attachment.into_iter().find(|path| path.extension().is_some()).unwrap();
        let half = transactions.path().join(format!("{FORGOTTEN}{}", begin.id));
        std::fs::rename(journal.directory(), &half).unwrap();
        std::fs::remove_file(half.join(attachment.file_name().unwrap())).unwrap();
        assert!(read_all(transactions.path()).unwrap().is_empty(), "it is read as a damaged one, which blocks");
        remove_forgotten(transactions.path()).unwrap();
        assert_eq!(listed(transactions.path()).unwrap().len(), 0);
    }

    #[test]
    fn an_undo_about_which_a_person_decided_keeps_what_it_borrowed() {
        let transactions = tempfile::tempdir().unwrap();
        let of = begin().id;
        let undo = Begin { id: "undo".into(), kind: Kind::Undo { of: of.clone() }, at: Moment::now(), ..begin() };
        let journal = Journal::create(transactions.path(), &undo).unwrap();
        let is_kept = || is_of_decided_undo(&read_all(transactions.path()).unwrap(), &of);
        assert!(!is_kept(), "nobody has decided");
        resolve::mark_for_test(journal.directory());
        assert!(is_kept());
        assert!(!is_of_decided_undo(&read_all(transactions.path()).unwrap(), "another"));
    }
}
