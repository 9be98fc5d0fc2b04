//! Snapshots: one line of a list, and one whole.

use serde_json::{Value, json};

use crate::snapshots::format::Descriptor;
use crate::snapshots::store::Listed;

/// All snapshots of a workload, damaged ones as such.
pub fn list(workload: &str, listed: &[Listed]) -> Value {
    let documents: Vec<Value> = listed
        .iter()
        .map(|listed| match &listed.descriptor {
            Ok(descriptor) => summary(descriptor),
            Err(failure) => json!({ "id": listed.id, "error": failure }),
        })
        .collect();
    json!({ "workload": workload, "snapshots": documents })
}

/// Everything that is written down about one.
pub fn whole(descriptor: &Descriptor) -> Value {
    json!({ "id": descriptor.id, "descriptor": descriptor })
}

/// Its archive matches its descriptor.
pub fn verified(descriptor: &Descriptor) -> Value {
    json!({ "id": descriptor.id, "verified": true, "archive": descriptor.archive })
}

/// What a person chooses by.
pub fn summary(descriptor: &Descriptor) -> Value {
    let volumes: Vec<Value> = descriptor
        .manifest
        .volumes
        .iter()
        .zip(&descriptor.volumes)
        .map(|(volume, totals)| {
            json!({
                "name": volume.name,
                "scope": volume.scope,
                "entries": totals.entries,
                "bytes": totals.bytes,
                "links": totals.symlinks + totals.hard_links,
                "special": totals.special,
                "tree_digest": totals.tree_digest,
            })
        })
        .collect();
    json!({
        "id": descriptor.id,
        "workload": descriptor.manifest.workload,
        "created": descriptor.manifest.created,
        "reason": descriptor.manifest.reason,
        "image": descriptor.manifest.image,
        "imported": descriptor.imported,
        "archive": descriptor.archive,
        "volumes": volumes,
    })
}
