//! How restores and undos are found, and how they stand: from journals, receipts and locks, as [`super::restore`] says it.

use std::collections::BTreeSet;
use std::time::Duration;

use super::restore::{HeldBy, RecoveredRestore, Restore};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::message::Message;
use reforge_host::host::Host;
use reforge_transaction::event::{Begin, BeginVolume, Moment, TransactionKind};
use reforge_transaction::journal::Journal;
use reforge_transaction::receipt::{self as receipts, Receipt};
use reforge_transaction::recover::Recovered;
use reforge_transaction::registry::{self, KnownTransaction};
use reforge_transaction::state::Milestone;
use reforge_transaction::{later_writes, outlook, resolve, window};

/// Of those that are over, so many are listed unless all are asked for, the newest: each is read for a list, and receipts
/// are kept for good.
const OVER_LISTED_MAX: usize = 100;
/// How a restore stands whose journal was forgotten.
fn over_by_now() -> Message {
    message!("over")
}

/// One restore in a list.
pub struct Line {
    pub id: String,
    /// Empty if nobody knows.
    pub workload: String,
    /// None if it does not read.
    pub what: Option<(TransactionKind, jiff::Timestamp)>,
    pub outcome: String,
    pub now: Message,
    pub document: Restore,
}

/// What a list shows.
pub struct List {
    /// Newest first.
    pub lines: Vec<Line>,
    /// There are older ones, which are over.
    pub older: bool,
}

/// Of a workload, or of all: whatever is not over, and of the others the newest, or all. Any that is not listed is found by
/// its id.
pub fn list(host: &Host, workload: Option<&str>, all: bool) -> Result<List> {
    if let Some(id) = workload {
        host.config.workload(id)?;
    }
    let transactions = host.state.transactions();
    let is_meant = |line: &Line| workload.is_none_or(|workload| line.workload == workload);
    let entries = open_and_newer(host)?;
    let open: Vec<&KnownTransaction> = entries.iter().filter(|entry| !is_over(entry)).collect();
    let mut lines: Vec<Line> = open.iter().map(|entry| of_entry(host, &entries, entry)).filter(is_meant).collect();
    let mut over = ids(host)?;
    over.retain(|id| open.iter().all(|entry| entry.id() != id));
    let most = if all { usize::MAX } else { OVER_LISTED_MAX };
    let (mut listed, mut older) = (0, false);
    for id in over.iter().rev() {
        let line = match registry::read_one(&transactions.join(id))? {
            Some(entry) => Some(of_entry(host, &entries, &entry)),
            None => of_forgotten(host, id),
        };
        let Some(line) = line.filter(is_meant) else { continue };
        older = listed == most;
        if older {
            break;
        }
        listed += 1;
        lines.push(line);
    }
    lines.sort_by(|left, right| right.id.cmp(&left.id));
    Ok(List { lines, older })
}

fn is_over(entry: &KnownTransaction) -> bool {
    matches!(entry, KnownTransaction::Open(journal, _) if journal.state().is_over())
}

/// What is not over, and what came after any of that: only a workload's newest can be undone.
fn open_and_newer(host: &Host) -> Result<Vec<KnownTransaction>> {
    let transactions = host.state.transactions();
    let mut entries = registry::read_open(&transactions)?;
    let Some(oldest) = entries.iter().find(|entry| !is_over(entry)).map(|entry| entry.id().to_owned()) else {
        return Ok(entries);
    };
    for id in registry::ids_over(&transactions)?.iter().filter(|id| **id > oldest) {
        entries.extend(registry::read_one(&transactions.join(id))?);
    }
    Ok(entries)
}

/// Those that somebody is at right now, in whatever process.
pub fn held(host: &Host, workload: Option<&str>) -> Result<Vec<Restore>> {
    let entries = registry::read_open(&host.state.transactions())?;
    let entries = entries.iter().filter(|entry| workload.is_none_or(|workload| entry.is_of(workload)));
    let held = entries.filter_map(|entry| match entry {
        KnownTransaction::Open(journal, begin) => {
            held_by(host, journal, begin).map(|held| document(journal, begin, true, None, Some(held)))
        }
        KnownTransaction::Damaged { .. } => None,
    });
    Ok(held.collect())
}

fn of_entry(host: &Host, entries: &[KnownTransaction], entry: &KnownTransaction) -> Line {
    match entry {
        KnownTransaction::Open(journal, begin) => {
            let receipt = match told(host, &begin.id) {
                Ok(receipt) => receipt,
                Err(failure) => return damaged(&begin.id, Some(&begin.workload), &failure),
            };
            let newest = is_newest(entries, begin);
            let held = held_by(host, journal, begin);
            let (now, _) = standing(journal, begin, newest, held.as_ref());
            let untold = match held {
                Some(_) => "running",
                None if is_resolved(journal) => "resolved",
                None => "unfinished",
            };
            let outcome = receipt.as_ref().map_or(untold, |receipt| receipt.outcome.as_str());
            Line {
                id: begin.id.clone(),
                workload: begin.workload.clone(),
                what: Some((begin.kind.clone(), begin.at.wall)),
                outcome: outcome.to_owned(),
                now,
                document: document(journal, begin, newest, receipt.as_ref(), held),
            }
        }
        KnownTransaction::Damaged { id, workload, failure } => damaged(id, workload.as_deref(), failure),
    }
}

/// Of one whose journal was forgotten, since it was long over. None if it was forgotten altogether meanwhile.
fn of_forgotten(host: &Host, id: &str) -> Option<Line> {
    let receipt = match told(host, id) {
        Ok(receipt) => receipt?,
        Err(failure) => return Some(damaged(id, None, &failure)),
    };
    Some(Line {
        id: receipt.id.clone(),
        workload: receipt.workload.clone(),
        what: Some((receipt.kind.clone(), receipt.began)),
        outcome: receipt.outcome.as_str().to_owned(),
        now: over_by_now(),
        document: over(&receipt),
    })
}

fn damaged(id: &str, workload: Option<&str>, failure: &Failure) -> Line {
    Line {
        id: id.to_owned(),
        workload: workload.unwrap_or_default().to_owned(),
        what: None,
        outcome: "damaged".to_owned(),
        now: failure.message.clone(),
        document: Restore {
            id: id.to_owned(),
            workload: workload.map(str::to_owned),
            error: Some(failure.clone()),
            ..Restore::default()
        },
    }
}

/// Receipts by id, oldest first, also those whose journal is still there.
fn forgotten(host: &Host) -> Result<Vec<String>> {
    receipts::ids(&host.state.receipts())
}

/// One restore.
pub struct Shown {
    pub receipt: Option<Receipt>,
    /// None when it was forgotten and only its receipt is left.
    pub journal: Option<(Box<Journal>, Box<Begin>)>,
    pub now: Message,
    pub can_undo: bool,
    pub document: Restore,
}

impl Shown {
    /// Whether it runs, wherever that is, or a start has yet to settle it.
    pub fn is_unfinished(&self) -> bool {
        self.journal.as_ref().is_some_and(|(journal, _)| journal.state().blocks() && !is_resolved(journal))
    }
}

/// All that are known, also those of which only the receipt is left.
pub fn ids(host: &Host) -> Result<BTreeSet<String>> {
    let mut ids: BTreeSet<String> = forgotten(host)?.into_iter().collect();
    ids.extend(registry::ids(&host.state.transactions())?);
    Ok(ids)
}

/// One restore, named by its id or by a beginning that no other has.
pub fn show(host: &Host, id: &str) -> Result<Shown> {
    let (journal, begin) = match registry::find(&host.state.transactions(), id) {
        Ok(KnownTransaction::Open(journal, begin)) => (journal, begin),
        Ok(KnownTransaction::Damaged { failure, .. }) => return Err(failure),
        Err(failure) if failure.code == Code::NotFound => return show_forgotten(host, id, failure),
        Err(failure) => return Err(failure),
    };
    let newest = is_newest(&registry::read_all(&host.state.transactions())?, &begin);
    let receipt = told(host, &begin.id)?;
    let held = held_by(host, &journal, &begin);
    let (now, _) = standing(&journal, &begin, newest, held.as_ref());
    let can_undo = can_undo(&journal, newest);
    let document = document(&journal, &begin, newest, receipt.as_ref(), held);
    Ok(Shown { receipt, journal: Some((journal, begin)), now, can_undo, document })
}

fn show_forgotten(host: &Host, id: &str, unknown: Failure) -> Result<Shown> {
    let ids = forgotten(host)?;
    let id = registry::meant(ids.iter().map(String::as_str), id)?;
    let receipt = told(host, id)?.ok_or(unknown)?;
    let document = over(&receipt);
    Ok(Shown { receipt: Some(receipt), journal: None, now: over_by_now(), can_undo: false, document })
}

fn over(receipt: &Receipt) -> Restore {
    Restore {
        id: receipt.id.clone(),
        workload: Some(receipt.workload.clone()),
        kind: Some(receipt.kind.clone()),
        began: Some(receipt.began),
        who: Some(receipt.who.clone()),
        outcome: Some(receipt.outcome),
        now: Some(over_by_now()),
        receipt: Some(receipt.clone()),
        ..Restore::default()
    }
}

fn document(
    journal: &Journal,
    begin: &Begin,
    newest: bool,
    receipt: Option<&Receipt>,
    held_by: Option<HeldBy>,
) -> Restore {
    let (now, undo_left_ms) = standing(journal, begin, newest, held_by.as_ref());
    Restore {
        id: begin.id.clone(),
        workload: Some(begin.workload.clone()),
        kind: Some(begin.kind.clone()),
        began: Some(begin.at.wall),
        who: Some(begin.who.clone()),
        outcome: receipt.map(|receipt| receipt.outcome),
        now: Some(now),
        undo_left_ms,
        can_undo: can_undo(journal, newest),
        keep_previous: begin.keep_previous,
        newest_record: journal.records().last().map(|record| record.event.name().to_owned()),
        resolved: is_resolved(journal),
        receipt: receipt.cloned(),
        running: None,
        held_by,
        error: None,
    }
}

/// Who is at one that is not over. That nobody can tell is as if nobody were: its journal says the rest.
pub fn held_by(host: &Host, journal: &Journal, begin: &Begin) -> Option<HeldBy> {
    if !journal.state().blocks() || is_resolved(journal) {
        return None;
    }
    let held = host.deployer.locks().held(&begin.workload).ok()??;
    let (phase, text) = (journal.state().milestone.goes_on_with(), held.in_words());
    let (what, process, since) = match held.0 {
        Some(holder) => (Some(holder.what), Some(holder.pid), Some(holder.since)),
        None => (None, None, None),
    };
    let text_message = text.source().cloned();
    Some(HeldBy { what, process, since, phase, text, text_message })
}

/// What a start did about one transaction.
pub fn recovered(one: &Recovered) -> RecoveredRestore {
    let (id, workload) = (one.id.clone(), one.workload.clone());
    RecoveredRestore { id, workload, receipt: one.result.clone().ok(), error: one.result.clone().err() }
}

fn is_resolved(journal: &Journal) -> bool {
    resolve::is_resolved(journal.directory())
}

fn told(host: &Host, id: &str) -> Result<Option<Receipt>> {
    receipts::read(&host.state.receipts(), id)
}

/// Only a workload's newest restore can be undone.
fn is_newest(entries: &[KnownTransaction], begin: &Begin) -> bool {
    entries.iter().all(|entry| match entry {
        KnownTransaction::Open(other, newer) => {
            newer.workload != begin.workload || newer.id <= begin.id || !other.state().committed
        }
        KnownTransaction::Damaged { .. } => true,
    })
}

fn can_undo(journal: &Journal, newest_restore: bool) -> bool {
    journal.state().milestone == Milestone::Completed && newest_restore && !resolve::is_resolved(journal.directory())
}

/// What can still be done about a transaction, and for how many milliseconds it can be undone.
fn standing(
    journal: &Journal,
    begin: &Begin,
    newest_restore: bool,
    held_by: Option<&HeldBy>,
) -> (Message, Option<u64>) {
    let state = journal.state();
    if let Some(held) = held_by {
        return (message!("phase-and-holder", phase = held.phase.message(), text = held.text), None);
    }
    let newest = journal.records().last().map_or("nothing", |record| record.event.name());
    if is_resolved(journal) {
        let beside = |volume: &BeginVolume| volume.parent.join(&volume.sibling).symlink_metadata().is_ok();
        let now = match begin.volumes.iter().any(beside) {
            true => message!("resolved-by-a-person-the-other"),
            false => message!("resolved-by-a-person"),
        };
        return (now, None);
    }
    if !state.in_window() {
        let now = match newest {
            "undone" => message!("undone"),
            "closed" if state.committed => message!("previous-data-removed"),
            "closed" => message!("closed"),
            "dropping" => message!("previous-data-is-being-removed"),
            newest if outlook::settles_itself(journal, begin) => {
                message!("got-to-reforge-recover-settles-it", newest)
            }
            newest => message!("got-to-reforge-restore-resolve-shows", newest, id = begin.id),
        };
        return (now, None);
    }
    let began = later_writes::window_began(journal);
    let can_undo = can_undo(journal, newest_restore);
    match began {
        _ if begin.keep_previous => {
            let now = match (can_undo, state.later_writes) {
                (_, true) => message!("later-writes-kept-until-finished"),
                (true, false) => message!("undo-possible-until-finished"),
                (false, false) => message!("previous-data-kept-until-finished"),
            };
            (now, None)
        }
        Some(began) => {
            let left_ms = window::remaining_ms(journal.directory(), began, begin.undo_window_ms, &Moment::now());
            let left = Duration::from_millis(left_ms);
            let now = match (can_undo, state.later_writes) {
                (_, true) => message!("later-writes-kept-left", left),
                (true, false) => message!("undo-possible-for", left),
                (false, false) => message!("previous-data-kept-left", left),
            };
            (now, can_undo.then_some(left_ms))
        }
        None => (message!("got-to", newest), None),
    }
}
