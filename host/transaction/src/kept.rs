//! Previous data of earlier restores that lies beside the volumes.
//!
//! Only a workload's newest restore can be undone. Yet what an earlier one keeps was promised for its window, so a new
//! restore does not take it away: the plan says what it takes, what becomes of it, and how to be rid of it.

use std::path::Path;

use super::event::Begin;
use super::journal::Journal;
use super::open_volumes::OpenVolume;
use super::registry::{self, KnownTransaction};
use reforge_base::escape;
use reforge_base::failure::{Failure, Result};
use reforge_base::message;
use reforge_base::message::Bytes;
use reforge_volumes::live_tree;

/// One warning for each restore or undo of the workload that keeps previous data.
pub fn warnings(transactions: &Path, workload: &str) -> Result<Vec<Failure>> {
    let entries = registry::read_open(transactions)?;
    let kept = entries.iter().filter_map(|entry| match entry {
        KnownTransaction::Open(journal, begin) if begin.workload == workload && journal.state().in_window() => {
            Some((journal, begin))
        }
        _ => None,
    });
    // That it cannot be looked at is no reason against a restore, and worth knowing.
    Ok(kept.map(|(journal, begin)| warning(journal, begin).unwrap_or_else(|failure| failure)).collect())
}

fn warning(journal: &Journal, begin: &Begin) -> Result<Failure> {
    let id = escape::text(&begin.id);
    let bytes = Bytes(bytes(begin)?);
    let message = message!("of-previous-data-that-restore-keeps", bytes, id);
    // None was taken where the previous data are the way back.
    let hint = match &journal.state().safety {
        Some(safety) => {
            message!("reforge-restore-finish-removes-them-snapshot-holds", id, safety = escape::text(safety))
        }
        None => message!("reforge-restore-finish-removes-them", id),
    };
    Ok(Failure::warning("previous-data", message).hint(hint))
}

/// What its trees take on their disks.
pub(super) fn bytes(begin: &Begin) -> Result<u64> {
    begin.volumes.iter().try_fold(0, |sum, volume| {
        let tree = OpenVolume::open(volume)?.parent.open_live(&volume.sibling)?;
        let bytes = tree.map_or(Ok(0), |tree| live_tree::totals(&tree).map(|totals| totals.disk_bytes));
        bytes.map(|bytes| sum + bytes)
    })
}
