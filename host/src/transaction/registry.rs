//! All transactions of this host: which are unfinished, which block a workload, what they name.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use super::event::{Begin, Event, Kind};
use super::journal::{Found, Journal, workload_of};
use super::resolve;
use super::state::Phase;
use crate::effects::effect;
use crate::failure::{Code, Failure, Result};

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

/// What the directory of all transactions holds, sorted: oldest first.
pub(super) fn names(transactions: &Path) -> Result<Vec<OsString>> {
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
    let matching: Vec<usize> = (0..entries.len()).filter(|index| entries[*index].id().starts_with(id)).collect();
    let exact = (0..entries.len()).find(|index| entries[*index].id() == id);
    match (exact, matching.as_slice()) {
        (Some(index), _) => Ok(entries.swap_remove(index)),
        (None, [index]) if !id.is_empty() => Ok(entries.swap_remove(*index)),
        (None, []) => Err(Failure::new(Code::NotFound, format!("there is no restore `{}`", crate::escape::text(id)))
            .hint("`reforge restore list` shows them")),
        _ => Err(Failure::new(Code::Usage, format!("more than one restore begins with `{}`", crate::escape::text(id)))),
    }
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
    let directory = journal.directory();
    effect("forget-journal", || std::fs::remove_dir_all(directory))
        .map_err(|error| Failure::io("remove", directory, &error))
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
