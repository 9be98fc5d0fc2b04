//! What a host that ended in a drill has left: found by what was written down before anything was made, and by what each runtime's
//! things are labelled with. A drill that runs is nobody's to sweep: it holds its workload's lock.

use reforge_base::clock;
use reforge_base::failure::Result;
use reforge_base::lock_file;
use reforge_host::host::Host;
use reforge_snapshots::proofs::Proofs;

use crate::drill::{Makers, remove_directory};
use crate::receipt::{DrillOutcome, DrillReceipt, Receipts};

/// Removes it. Answers the drills that were interrupted. What cannot be removed is told, and tried again by the next start.
pub fn sweep(host: &Host, makers: &Makers) -> Result<Vec<DrillReceipt>> {
    let receipts = Receipts::new(host.state.drills());
    let mut interrupted = Vec::new();
    for mut receipt in receipts.list()?.into_iter().filter(|receipt| receipt.directory.is_some()) {
        let Some(_alone) = lock_file::try_lock(&receipts.lock_of(&receipt.workload))? else { continue };
        let swept = remove(&receipt, makers);
        let is_swept = swept.is_ok();
        host.or_tell(swept);
        if !is_swept {
            continue;
        }
        receipt.directory = None;
        let was_running = receipt.outcome == DrillOutcome::Running;
        Proofs::new(host.state.proofs()).change(&receipt.workload, |known| known.drilling = None)?;
        if was_running {
            receipt.outcome = DrillOutcome::Interrupted;
            receipt.ended = Some(clock::now());
        }
        receipts.write(&receipt)?;
        if was_running {
            interrupted.push(receipt);
        }
    }
    Ok(interrupted)
}

fn remove(receipt: &DrillReceipt, makers: &Makers) -> Result<()> {
    if let Some(maker) = makers.get(&receipt.runtime) {
        maker.sweep(&receipt.id)?;
    }
    // Whatever else a record names is not a drill's own.
    let own =
        receipt.directory.as_deref().filter(|directory| directory.ends_with(&receipt.id) && !receipt.id.is_empty());
    own.map_or(Ok(()), remove_directory)
}
