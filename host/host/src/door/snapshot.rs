//! A snapshot as whoever embeds the host is shown it.

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
        let Descriptor { id, manifest, archive, volumes, imported, .. } = descriptor;
        let volumes = manifest.volumes.into_iter().zip(volumes);
        Snapshot {
            id,
            workload: manifest.workload,
            created: manifest.created,
            reason: manifest.reason,
            bytes: archive.bytes,
            imported,
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
