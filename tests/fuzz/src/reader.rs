//! The reader: whatever the bytes are, they are refused, or what an inspection finds in them is what an extraction
//! stages, below its own volume.

use crate::archive::Archive;
use crate::staging::{Unwatched, Volume};
use reforge_plugin::extract::extract;
use reforge_plugin::host::{Job, Part};
use reforge_plugin::inspect::{Inspection, inspect};
use serde_json::{Value, json};

pub fn run(input: &[u8]) {
    let Some(mut archive) = Archive::of(input) else { return };
    let policy = vec!["links".to_owned(), "privileged".to_owned()];
    let job = Job { imported: true, policy: policy.clone(), ..Job::default() };
    let Ok(inspection) = inspect(&Unwatched, &archive, &job) else { return };
    archive.descriptor = descriptor(&inspection, archive.bytes.len());
    let volumes: Vec<Volume> = inspection.volumes.iter().map(|_| Volume::default()).collect();
    let indexes: Vec<u32> = inspection.volumes.iter().map(|volume| volume.index).collect();
    let part = Part { offset: 0, length: archive.bytes.len() as u64, inside: None };
    extract(&archive, &part, &policy, &indexes, &volumes.iter().collect::<Vec<_>>())
        .unwrap_or_else(|failure| panic!("inspected and not extracted: {failure}"));
    volumes.iter().for_each(Volume::assert_is_a_tree);
}

fn descriptor(inspection: &Inspection, bytes: usize) -> Value {
    let manifest: Value = serde_json::from_str(&inspection.manifest).expect("it was parsed");
    let totals = inspection.volumes.iter().map(|volume| {
        json!({
            "index": volume.index, "entries": volume.entries, "bytes": volume.bytes, "disk_bytes": volume.disk_bytes,
            "symlinks": volume.symlinks, "hard_links": volume.hard_links, "special": 0, "tree_digest": null,
        })
    });
    json!({
        "id": "x", "manifest": manifest, "imported": true, "parts": [],
        "archive": {"bytes": bytes, "sha256": ""}, "volumes": totals.collect::<Vec<_>>(),
    })
}
