//! Undo: the previous trees of a restore swapped back in, asked for by a person (protocol rule 13).
//!
//! It is a transaction of its own that extracts nothing: it borrows the siblings of the transaction it undoes. Going
//! back from it never drops them; once it has committed they are its own.

use std::path::Path;

use super::Transaction;
use super::app::App;
use super::event::{Begin, BeginVolume, Moment, TransactionKind};
use super::open_volumes::{Live, OpenVolume};
use super::registry::{self, KnownTransaction};
use super::state::Milestone;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_volumes::live_tree::{self, Totals};

/// Who undoes what, and for how long what it replaces is kept.
pub struct Request {
    pub id: String,
    pub of: String,
    pub who: String,
    pub undo_window_ms: u64,
}

/// What an undo would begin with; refuses when there is nothing to undo. Changes nothing.
pub fn plan(transactions: &Path, request: &Request) -> Result<Begin> {
    let KnownTransaction::Open(journal, restore) = registry::find(transactions, &request.of)? else {
        return Err(Failure::new(Code::NeedsOperator, message!("the-journal-of-restore-is-damaged", of = request.of)));
    };
    match journal.state().milestone {
        Milestone::Completed => {}
        // Whatever it was: nothing of the kind was live, and all is as it was before.
        Milestone::Closed if !journal.state().committed => {
            return Err(refused(&restore, message!("it-never-came-to-be")).hint(look()));
        }
        Milestone::Dropping | Milestone::Closed => {
            return Err(refused(&restore, message!("its-window-has-ended")).hint(look()));
        }
        Milestone::Undone => return Err(refused(&restore, message!("it-was-undone-already")).hint(look())),
        Milestone::Reverted => return Err(refused(&restore, message!("it-was-reverted-by-itself")).hint(look())),
        _ => return Err(refused(&restore, message!("it-is-unfinished")).hint(Code::Unfinished.usual_hint())),
    }
    let newer = registry::read_all(transactions)?.into_iter().find(|entry| {
        let KnownTransaction::Open(other, begin) = entry else { return false };
        begin.workload == restore.workload && begin.id > restore.id && other.state().committed
    });
    if let Some(newer) = newer {
        return Err(refused(&restore, message!("came-after-it", id = newer.id()))
            .hint(message!("only-the-newest-can-be-undone")));
    }
    let mut volumes = Vec::new();
    for (index, volume) in restore.volumes.iter().enumerate() {
        let place = OpenVolume::open(volume)?;
        let sight = place.look()?;
        let live_is_new = place.classify(journal.state(), index)? == Live::New;
        if !live_is_new || sight.sibling.is_none() {
            let message = message!("what-is-live-as-volume-is", name = volume.name);
            return Err(refused(&restore, message));
        }
        let totals = previous_totals(&place)?;
        volumes.push(BeginVolume {
            live_identity: sight.live,
            tree_digest: None,
            entries: totals.entries,
            bytes: totals.bytes,
            ..volume.clone()
        });
    }
    Ok(Begin {
        id: request.id.clone(),
        workload: restore.workload.clone(),
        kind: TransactionKind::Undo { of: restore.id.clone() },
        runtime: restore.runtime.clone(),
        at: Moment::now(),
        who: request.who.clone(),
        plan_digest: String::new(),
        plugin_digest: None,
        deployed: restore.deployed.clone(),
        volumes,
        left: restore.left.clone(),
        not_captured: restore.not_captured.clone(),
        remarks: Vec::new(),
        keep_previous: false,
        undo_window_ms: request.undo_window_ms,
    })
}

impl Transaction {
    /// Begins an undo and borrows every sibling; the next step is the stop.
    pub fn begin_undo(transactions: &Path, app: App, begin: Begin) -> Result<Transaction> {
        let mut transaction = Transaction::begin(transactions, app, begin)?;
        let borrowed = (0..transaction.open_volumes.len())
            .try_for_each(|index| transaction.adopt_sibling(index))
            .and_then(|()| transaction.record_sealed());
        match borrowed {
            Ok(()) => Ok(transaction),
            Err(failure) => {
                transaction.revert()?;
                Err(failure)
            }
        }
    }
}

/// What the previous tree holds, for the receipt: the restore's own figures are those of its snapshot.
fn previous_totals(place: &OpenVolume) -> Result<Totals> {
    let previous = place.parent.open_live(&place.volume.sibling)?;
    previous.map_or_else(|| Ok(Totals::default()), live_tree::totals)
}

fn look() -> Message {
    message!("reforge-restore-list-shows-what")
}

fn refused(restore: &Begin, reason: Message) -> Failure {
    Failure::new(Code::VolumeRefused, message!("restore-cannot-be-undone", id = restore.id, reason))
}
