//! Snapshots: one line of a list, and one whole.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use reforge_base::consistency::Taken;
use reforge_base::failure::Failure;
use reforge_base::not_captured::NotCaptured;
use reforge_base::remark::Remark;
use reforge_snapshots::format::{Archive, Descriptor, Image};
use reforge_snapshots::proofs::{Known, Proof};
use reforge_snapshots::store::StoredSnapshot;

/// The newest snapshots of a workload, or all of them, newest first.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct Snapshots {
    pub workload: String,
    pub snapshots: Vec<ListedSnapshot>,
    /// How many older ones there are: `all` lists them.
    pub older: u64,
}

/// Each is read for a list.
const LISTED_MAX: usize = 100;

/// How many are listed.
pub fn most(all: bool) -> usize {
    if all { usize::MAX } else { LISTED_MAX }
}

/// One in a list.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ListedSnapshot {
    Whole(Box<Snapshot>),
    /// Its descriptor does not read.
    Damaged {
        id: String,
        error: Failure,
    },
}

/// What a person chooses by.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct Snapshot {
    pub id: String,
    pub workload: String,
    #[schema(value_type = String, format = DateTime)]
    pub created: jiff::Timestamp,
    pub reason: String,
    pub image: Image,
    /// Its archive comes from elsewhere: nothing vouches for what it holds.
    pub imported: bool,
    pub archive: Archive,
    pub volumes: Vec<SnapshotVolume>,
    /// What the app had and it does not hold.
    #[serde(default)]
    pub not_captured: Vec<NotCaptured>,
    /// What is to be known of its volumes, each with its first ten names.
    #[serde(default)]
    pub remarks: Vec<Remark>,
    /// Whether nothing deletes it.
    #[serde(default)]
    pub pinned: bool,
    /// What was done to the app meanwhile; none if it does not say.
    #[serde(default)]
    pub consistency: Option<Taken>,
    /// What proves it.
    pub proof: Proof,
}

/// What it holds of a volume.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct SnapshotVolume {
    pub name: String,
    pub scope: String,
    pub entries: u64,
    pub bytes: u64,
    /// Symbolic and hard ones.
    pub links: u64,
    /// Sockets and fifos, which are left out.
    pub special: u64,
    /// None if it was imported.
    pub tree_digest: Option<String>,
}

/// Everything that is written down about one.
#[derive(Serialize, ToSchema)]
pub struct WholeSnapshot {
    pub id: String,
    /// Whether nothing deletes it.
    pub pinned: bool,
    /// What proves it.
    pub proof: Proof,
    pub descriptor: Descriptor,
}

/// One whose archive matches its descriptor.
#[derive(Serialize, ToSchema)]
pub struct VerifiedSnapshot {
    pub id: String,
    /// Always true.
    pub verified: bool,
    pub archive: Archive,
}

/// One that is gone.
#[derive(Serialize, ToSchema)]
pub struct DeletedSnapshot {
    pub id: String,
    /// Always true.
    pub deleted: bool,
}

/// Damaged ones as such.
pub fn list(workload: &str, listed: Vec<StoredSnapshot>, older: usize, known: &Known) -> Snapshots {
    let one = |listed: StoredSnapshot| match listed.descriptor {
        Ok(descriptor) => {
            let proof = known.proof(&descriptor);
            ListedSnapshot::Whole(Box::new(Snapshot { pinned: listed.pinned, proof, ..summary(&descriptor) }))
        }
        Err(error) => ListedSnapshot::Damaged { id: listed.id, error },
    };
    let snapshots = listed.into_iter().map(one).collect();
    Snapshots { workload: workload.to_owned(), snapshots, older: older as u64 }
}

pub fn whole(descriptor: Descriptor, pinned: bool, known: &Known) -> WholeSnapshot {
    WholeSnapshot { id: descriptor.id.clone(), pinned, proof: known.proof(&descriptor), descriptor }
}

pub fn verified(descriptor: Descriptor) -> VerifiedSnapshot {
    VerifiedSnapshot { id: descriptor.id, verified: true, archive: descriptor.archive }
}

pub fn deleted(id: &str) -> DeletedSnapshot {
    DeletedSnapshot { id: id.to_owned(), deleted: true }
}

pub fn summary(descriptor: &Descriptor) -> Snapshot {
    let manifest = &descriptor.manifest;
    let volumes = manifest.volumes.iter().zip(&descriptor.volumes).map(|(volume, totals)| SnapshotVolume {
        name: volume.name.clone(),
        scope: volume.scope.clone(),
        entries: totals.entries,
        bytes: totals.bytes,
        links: totals.symlinks + totals.hard_links,
        special: totals.special,
        tree_digest: totals.tree_digest.clone(),
    });
    Snapshot {
        id: descriptor.id.clone(),
        workload: manifest.workload.clone(),
        created: manifest.created,
        reason: manifest.reason.clone(),
        image: manifest.image.clone(),
        imported: descriptor.imported,
        archive: descriptor.archive.clone(),
        volumes: volumes.collect(),
        not_captured: descriptor.not_captured.clone(),
        remarks: descriptor.all_remarks().iter().map(Remark::short).collect(),
        pinned: false,
        consistency: descriptor.consistency.clone(),
        proof: Known::default().proof(descriptor),
    }
}
