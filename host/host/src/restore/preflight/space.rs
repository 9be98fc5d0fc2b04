//! Room for a restore: staging on each volume's file system, the safety snapshot on the snapshots'.

use super::{Choice, RESERVE_BYTES, RESERVE_INODES, Target};
use crate::host::Host;
use reforge_base::failure::{Failure, Result};
use reforge_volumes::live_tree::Totals;
use reforge_volumes::space::{self, Demand, Need};

/// What each file system must have and has.
pub type SpaceNeed = Demand;

/// What an archive adds per entry: its header with attributes.
const ARCHIVE_ENTRY_BYTES: u64 = 2 << 10;
/// Archive, descriptor and what they are called while they are written.
const ARCHIVE_INODES: u64 = 4;
/// What a directory takes that statistics of files do not show: about a name per entry.
const DIRECTORY_ENTRY_BYTES: u64 = 64;

/// Sums what the restore takes, per file system.
pub(super) fn needs(targets: &[Target], host: &Host, choice: &Choice) -> Result<Vec<Demand>> {
    let mut needs: Vec<Need> = targets
        .iter()
        .map(|target| Need {
            directory: target.resolved.parent.clone(),
            bytes: target.totals.disk_bytes + target.totals.entries * DIRECTORY_ENTRY_BYTES,
            inodes: target.totals.entries,
        })
        .collect();
    if !choice.keep_previous {
        needs.push(safety(targets.iter().map(|target| &target.live), host));
    }
    space::demands(&needs, RESERVE_BYTES, RESERVE_INODES)
}

/// The same for an undo, which stages nothing.
pub(super) fn safety_alone(live: &[Totals], host: &Host) -> Result<Vec<Demand>> {
    space::demands(&[safety(live.iter(), host)], RESERVE_BYTES, RESERVE_INODES)
}

/// The same for a capture, which leaves so much free.
pub(super) fn of_capture(live: &[Totals], host: &Host, min_free: Option<u64>) -> Result<Vec<Demand>> {
    let reserve_bytes = min_free.unwrap_or(0).max(RESERVE_BYTES);
    space::demands(&[safety(live.iter(), host)], reserve_bytes, RESERVE_INODES)
}

/// What the safety snapshot takes at worst: everything that is live, stored, without the holes.
fn safety<'a>(live: impl Iterator<Item = &'a Totals>, host: &Host) -> Need {
    let bytes = live.map(|live| live.bytes.min(live.disk_bytes) + live.entries * ARCHIVE_ENTRY_BYTES).sum();
    Need { directory: existing(&host.config.host.snapshot_dir), bytes, inodes: ARCHIVE_INODES }
}

/// The directory itself or the nearest one above it that is there.
fn existing(directory: &std::path::Path) -> std::path::PathBuf {
    directory.ancestors().find(|ancestor| ancestor.is_dir()).unwrap_or(directory).to_owned()
}

/// Every file system that lacks room or inodes, with the figures.
pub(super) fn refusals(needs: &[Demand]) -> Vec<Failure> {
    needs.iter().filter_map(Demand::shortage).collect()
}
