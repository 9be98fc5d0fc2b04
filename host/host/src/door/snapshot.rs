//! A snapshot as whoever embeds the host is shown it.

use reforge_base::not_captured::NotCaptured;
use reforge_base::remark::Remark;
use reforge_snapshots::format::Descriptor;

/// A snapshot of every volume of a workload.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    pub id: String,
    pub workload: String,
    pub created: jiff::Timestamp,
    /// Why it was taken.
    pub reason: String,
    /// Bytes of its archive.
    pub bytes: u64,
    /// Nothing vouches for what it holds.
    pub imported: bool,
    pub volumes: Vec<SnapshotVolume>,
    /// What the app had and this does not hold.
    pub not_captured: Vec<NotCaptured>,
    /// What is to be known of its volumes: what changed while it was taken, what a restore would refuse or not bring back.
    pub remarks: Vec<Remark>,
}

/// What a snapshot holds of one volume.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotVolume {
    pub name: String,
    pub entries: u64,
    pub bytes: u64,
}

impl Snapshot {
    pub(super) fn of(descriptor: Descriptor) -> Snapshot {
        let remarks = descriptor.all_remarks();
        let Descriptor { id, manifest, archive, volumes, imported, not_captured, .. } = descriptor;
        let volumes = manifest.volumes.into_iter().zip(volumes);
        Snapshot {
            id,
            workload: manifest.workload,
            created: manifest.created,
            reason: manifest.reason,
            bytes: archive.bytes,
            imported,
            not_captured,
            remarks,
            volumes: volumes
                .map(|(volume, totals)| SnapshotVolume {
                    name: volume.name,
                    entries: totals.entries,
                    bytes: totals.bytes,
                })
                .collect(),
        }
    }
}
