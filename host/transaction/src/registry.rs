//! All transactions of this host: which are unfinished, which block a workload, what they name.
//!
//! Each is read and let go, never all held open, and what is over is not read unless somebody asks for it. One that does
//! not read harms its own workload and hides no other.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::event::{Begin, BeginVolume, Event, TransactionKind};
use super::journal::{self, Found, Journal, workload_of};
use super::listing::names;
use super::names::transaction_of;
use super::open_volumes::{Live, OpenVolume};
use super::state::{Milestone, State};
use super::{outlook, resolved, summary};
use reforge_base::Phase;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_volumes::identity::Identity;

/// One transaction as its journal left it.
pub enum KnownTransaction {
    Open(Box<Journal>, Box<Begin>),
    /// It does not read. One without a workload is nobody's: it blocks those beside whose volumes its trees lie.
    Damaged {
        id: String,
        workload: Option<String>,
        failure: Failure,
    },
}

/// Reads every transaction, oldest first. Changes nothing: not even a torn record is mended.
pub fn read_all(transactions: &Path) -> Result<Vec<KnownTransaction>> {
    read(transactions, names(transactions)?)
}

/// Reads those that are not known to be over, which is all that blocks, names a snapshot or keeps trees.
pub fn read_open(transactions: &Path) -> Result<Vec<KnownTransaction>> {
    let mut names = names(transactions)?;
    names.retain(|name| !summary::exists(&transactions.join(name)));
    read(transactions, names)
}

/// The ids of those that are known to be over, oldest first.
pub fn ids_over(transactions: &Path) -> Result<Vec<String>> {
    let mut ids = ids(transactions)?;
    ids.retain(|id| summary::exists(&transactions.join(id)));
    Ok(ids)
}

/// The ids of all transactions, oldest first.
pub fn ids(transactions: &Path) -> Result<Vec<String>> {
    Ok(names(transactions)?.into_iter().filter_map(|name| name.into_string().ok()).collect())
}

fn read(transactions: &Path, names: Vec<OsString>) -> Result<Vec<KnownTransaction>> {
    let entries = names.iter().filter_map(|name| read_one(&transactions.join(name)).transpose());
    entries.collect()
}

/// One transaction; none if it never began, or waits for nothing and cannot be told any more.
pub fn read_one(directory: &Path) -> Result<Option<KnownTransaction>> {
    let failure = match Journal::read(directory, false)? {
        Found::Nothing => return Ok(None),
        Found::Journal(journal, begin) => return Ok(Some(KnownTransaction::Open(journal, begin))),
        Found::Damaged(failure) => failure,
    };
    if summary::exists(directory) || journal::is_over(directory) || resolved::is_resolved(directory) {
        return Ok(None);
    }
    let id = directory.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Some(KnownTransaction::Damaged { id, workload: workload_of(directory), failure }))
}

impl KnownTransaction {
    pub fn id(&self) -> &str {
        match self {
            KnownTransaction::Open(_, begin) => &begin.id,
            KnownTransaction::Damaged { id, .. } => id,
        }
    }

    /// Whether the transaction concerns a workload. Of a damaged one without a name nobody knows.
    pub fn is_of(&self, workload: &str) -> bool {
        self.workload() == Some(workload)
    }

    fn workload(&self) -> Option<&str> {
        match self {
            KnownTransaction::Open(_, begin) => Some(&begin.workload),
            KnownTransaction::Damaged { workload, .. } => workload.as_deref(),
        }
    }

    /// Why nothing may be deployed, captured or restored before recovery has dealt with this one.
    pub fn blocks(&self) -> Option<Failure> {
        match self {
            KnownTransaction::Open(journal, begin) => {
                (journal.state().blocks() && !resolved::is_resolved(journal.directory())).then(|| {
                    let newest = journal.records().last().map_or("nothing", |record| record.event.name());
                    let message =
                        message!("restore-of-is-unfinished-it-got", id = begin.id, workload = begin.workload, newest);
                    match outlook::settles_itself(journal, begin) {
                        true => Failure::new(Code::Unfinished, message),
                        false => Failure::new(Code::NeedsOperator, message)
                            .hint(message!("reforge-restore-resolve-shows-each-tree", id = begin.id)),
                    }
                })
            }
            KnownTransaction::Damaged { failure, .. } => Some(failure.clone()),
        }
    }
}

/// Why a workload is blocked, if it is.
pub fn blocking(entries: &[KnownTransaction], workload: &str) -> Option<Failure> {
    let own = entries.iter().filter(|entry| entry.is_of(workload)).find_map(KnownTransaction::blocks);
    own.or_else(|| blocking_of_nobody(entries, workload))
}

/// What the unfinished transaction of a workload goes on with, if it has one.
pub fn phase_of_unfinished(entries: &[KnownTransaction], workload: &str) -> Option<Phase> {
    entries.iter().find_map(|entry| match entry {
        KnownTransaction::Open(journal, begin) if begin.workload == workload && journal.state().blocks() => {
            Some(journal.state().milestone.goes_on_with())
        }
        _ => None,
    })
}

/// Why a directory is blocked by a transaction that began under another workload's name, if it is: that one's live or sibling
/// is this very directory, or stood in its place.
pub fn blocking_directory(
    entries: &[KnownTransaction],
    workload: &str,
    parent: &Path,
    live: &OsStr,
) -> Result<Option<Failure>> {
    for entry in entries.iter().filter(|entry| !entry.is_of(workload)) {
        let (Some(failure), KnownTransaction::Open(journal, begin)) = (entry.blocks(), entry) else { continue };
        let now = Identity::at(&parent.join(live))?;
        let state = journal.state();
        let is_this = |(index, volume): (usize, &BeginVolume)| {
            let known = [&volume.live_identity, &state.siblings[index], &state.made[index]];
            (volume.parent == parent && OsStr::new(&volume.live) == live)
                || (now.is_some() && known.into_iter().any(|known| *known == now))
        };
        if begin.volumes.iter().enumerate().any(is_this) {
            return Ok(Some(failure));
        }
    }
    Ok(None)
}

/// Snapshots that a transaction that is not over may still need: what it restores from and its way back.
pub fn named_snapshots(entries: &[KnownTransaction]) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for entry in entries {
        let KnownTransaction::Open(journal, begin) = entry else { continue };
        if !journal.state().is_over() {
            named.extend(journal.state().safety.clone());
            if let TransactionKind::Restore { snapshot } = &begin.kind {
                named.insert(snapshot.clone());
            }
        }
    }
    named
}

/// Whose a sibling is that was found beside a volume.
pub enum Owner {
    /// Of a transaction that knows it, whatever its state: that one says what it stands in the way of.
    Transaction,
    /// Of one that does not read, whose workload this is, if anybody knows.
    Damaged(Option<String>, Failure),
    /// No journal knows of it. Its workload, if anything still says which that was.
    Nobody(Option<String>),
}

/// Asked after the sibling was seen: a transaction is there before its siblings, and goes after them.
pub fn owner(transactions: &Path, sibling: &str) -> Result<Owner> {
    let Some(id) = transaction_of(sibling) else { return Ok(Owner::Nobody(None)) };
    let name = sibling.trim_end_matches("-a").trim_end_matches("-b");
    let directory = transactions.join(id);
    Ok(match read_one(&directory)? {
        Some(KnownTransaction::Open(_, begin)) if begin.volumes.iter().any(|volume| volume.sibling == name) => {
            Owner::Transaction
        }
        Some(KnownTransaction::Damaged { workload, failure, .. }) => Owner::Damaged(workload, failure),
        _ => Owner::Nobody(workload_of(&directory)),
    })
}

/// What blocks a workload though nobody knows that it is its: a journal that does not say whose it is, while not every
/// volume holds what the newest restore put there. That may be an undo in the middle, which has no siblings of its own.
fn blocking_of_nobody(entries: &[KnownTransaction], workload: &str) -> Option<Failure> {
    let nobodys = entries.iter().find_map(|entry| match entry {
        KnownTransaction::Damaged { workload: None, failure, .. } => Some(failure),
        _ => None,
    })?;
    let is_going_back = entries.iter().any(|entry| match entry {
        KnownTransaction::Open(journal, begin)
            if begin.workload == workload && journal.state().milestone == Milestone::Completed =>
        {
            begin.volumes.iter().enumerate().any(|(index, volume)| {
                let live = OpenVolume::open(volume).and_then(|place| place.classify(journal.state(), index));
                // One that cannot be looked at may be one of them.
                !matches!(live, Ok(Live::New | Live::Neither))
            })
        }
        _ => false,
    });
    is_going_back.then(|| nobodys.clone())
}

/// Reads one transaction by id or by a prefix that only one has.
pub fn find(transactions: &Path, id: &str) -> Result<KnownTransaction> {
    let ids = ids(transactions)?;
    let id = meant(ids.iter().map(String::as_str), id)?;
    read_one(&transactions.join(id))?.ok_or_else(|| unknown(id))
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
            let message = message!("more-than-one-restore-begins-with", wanted = reforge_base::escape::text(wanted));
            Err(Failure::new(Code::Usage, message))
        }
    }
}

fn unknown(id: &str) -> Failure {
    Failure::new(Code::NotFound, message!("there-is-no-restore", id = reforge_base::escape::text(id)))
        .hint(message!("reforge-restore-list-shows-them"))
}

/// Whether a person has decided about an undo of this restore: its trees are then that person's to end.
pub(super) fn is_of_decided_undo(entries: &[KnownTransaction], id: &str) -> bool {
    entries.iter().any(|entry| match entry {
        KnownTransaction::Open(journal, begin) => {
            matches!(&begin.kind, TransactionKind::Undo { of } if of == id)
                && !journal.state().is_over()
                && resolved::is_resolved(journal.directory())
        }
        KnownTransaction::Damaged { .. } => false,
    })
}

/// Whether a later transaction of its workload is completed, which makes its undo impossible for good.
pub(super) fn is_superseded(entries: &[KnownTransaction], begin: &Begin) -> bool {
    entries.iter().any(|entry| match entry {
        KnownTransaction::Open(journal, later) => {
            later.workload == begin.workload && later.id > begin.id && has_completed(journal.state())
        }
        KnownTransaction::Damaged { .. } => false,
    })
}

/// Whether what it keeps goes by itself when it is superseded.
pub(super) fn goes_when_superseded(state: &State, begin: &Begin) -> bool {
    state.milestone == Milestone::Completed && !state.later_writes && !begin.keep_previous
}

fn has_completed(state: &State) -> bool {
    let ended =
        matches!(state.milestone, Milestone::Completed | Milestone::Dropping | Milestone::Closed | Milestone::Undone);
    ended && state.committed
}

/// Closes a restore whose previous trees a committed undo took over. May be repeated.
pub(super) fn close_undone(transactions: &Path, id: &str) -> Result<()> {
    let directory = transactions.join(id);
    match Journal::read(&directory, true)? {
        Found::Journal(mut journal, _) => match journal.state().milestone {
            Milestone::Undone => Ok(()),
            _ => journal.append(Event::Undone),
        },
        // Only a journal that is over is ever forgotten.
        Found::Nothing => Ok(()),
        Found::Damaged(_) if journal::is_over(&directory) => Ok(()),
        Found::Damaged(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::Moment;

    use super::super::journal::tests::{begin, to_commit, written};
    use super::*;

    #[test]
    fn what_is_no_transaction_is_none_and_one_that_does_not_read_harms_its_own_workload() {
        let (directory, _) = written(&to_commit());
        let transactions = directory.path();
        for stray in [".DS_Store", "20260102T030405.006-abcdef~", "20260102T030405.006-abcdef.swp", "journal"] {
            std::fs::write(transactions.join(stray), "an editor's").unwrap();
        }
        std::fs::create_dir(transactions.join("20260102T030405.006-abcdef.bak")).unwrap();
        std::fs::write(transactions.join("20260102T030405.006-abcdef.bak/journal"), "another's").unwrap();
        assert_eq!(read_all(transactions).unwrap().len(), 1);
        let journal = transactions.join("20260102T030405.006-abcdef/journal");
        std::fs::remove_file(&journal).unwrap();
        std::fs::create_dir(&journal).unwrap();
        for workload_file in [Some("notes"), Some(""), Some("n\u{f6}tes"), None] {
            let path = transactions.join("20260102T030405.006-abcdef/workload");
            match workload_file {
                Some(text) => std::fs::write(&path, text).unwrap(),
                None => std::fs::remove_file(&path).unwrap(),
            }
            let entries = read_all(transactions).unwrap();
            assert!(blocking(&entries, "notes").is_some(), "what it began with says whose it is: {workload_file:?}");
            assert!(blocking(&entries, "others").is_none());
        }
    }

    #[test]
    fn an_undo_about_which_a_person_decided_keeps_what_it_borrowed() {
        let transactions = tempfile::tempdir().unwrap();
        let of = begin().id;
        let undo = Begin {
            id: "20260102T030405.007-abcdef".into(),
            kind: TransactionKind::Undo { of: of.clone() },
            at: Moment::now(),
            ..begin()
        };
        let journal = Journal::create(transactions.path(), &undo).unwrap();
        let is_kept = || is_of_decided_undo(&read_all(transactions.path()).unwrap(), &of);
        assert!(!is_kept(), "nobody has decided");
        resolved::mark_for_test(journal.directory());
        assert!(is_kept());
        assert!(!is_of_decided_undo(&read_all(transactions.path()).unwrap(), "another"));
    }
}
