//! Room for a restore: staging on each volume's file system, the safety snapshot on the snapshots'.

use super::{Choice, RESERVE_BYTES, RESERVE_INODES, Target};
use crate::failure::{Failure, Result};
use crate::host::Host;
use crate::volumes::space::{self, Demand, Need};

/// What each file system must have and has.
pub type SpaceNeed = Demand;

/// What an archive adds per entry: its header with attributes.
const ARCHIVE_ENTRY_BYTES: u64 = 2 << 10;
/// What a directory takes that statistics of files do not show: about a name per entry.
const DIRECTORY_ENTRY_BYTES: u64 = 64;

/// Sums what the restore takes, per file system.
pub fn needs(targets: &[Target], host: &Host, choice: &Choice) -> Result<Vec<Demand>> {
    let mut needs: Vec<Need> = targets
        .iter()
        .map(|target| Need {
            directory: target.resolved.parent.clone(),
            bytes: target.totals.disk_bytes + target.totals.entries * DIRECTORY_ENTRY_BYTES,
            inodes: target.totals.entries,
        })
        .collect();
    if !choice.keep_previous {
        let archive = targets.iter().map(|target| target.live.bytes + target.live.entries * ARCHIVE_ENTRY_BYTES).sum();
        needs.push(Need { directory: existing(&host.config.host.snapshot_dir), bytes: archive, inodes: 4 });
    }
    space::demands(&needs, RESERVE_BYTES, RESERVE_INODES)
}

/// The directory itself or the nearest one above it that is there.
fn existing(directory: &std::path::Path) -> std::path::PathBuf {
    directory.ancestors().find(|ancestor| ancestor.is_dir()).unwrap_or(directory).to_owned()
}

/// Every file system that lacks room or inodes, with the figures.
pub fn refusals(needs: &[Demand]) -> Vec<Failure> {
    needs.iter().filter_map(Demand::shortage).collect()
}
