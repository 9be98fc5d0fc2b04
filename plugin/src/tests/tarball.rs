//! Archives in memory, made by the writer of hostile archives that the promises are tested with.

#[allow(dead_code, reason = "the promises are tested with it too, and neither uses all of it")]
#[path = "../../../tests/support/tarball.rs"]
mod writer;

use serde_json::json;

pub(super) use self::writer::{Head, Tarball, records};
use crate::host::ArchiveBytes;
use crate::{Failure, Result};

impl Tarball {
    /// Begins with a manifest of volumes `v0`, `v1` and so on.
    pub(super) fn new(volumes: usize) -> Tarball {
        Tarball::beginning_with(manifest(volumes).to_string().as_bytes(), volumes)
    }

    /// The archive as it was imported: one part, totals that leave room.
    pub(super) fn imported(self) -> Archive {
        self.stored(true)
    }

    /// The archive as one of our own, with its parts.
    pub(super) fn own(self) -> Archive {
        self.stored(false)
    }

    fn stored(self, imported: bool) -> Archive {
        let volumes = self.volumes;
        let (bytes, parts) = self.finish();
        let digest = if imported { json!(null) } else { json!("00") };
        let totals = |index| {
            json!({"index": index, "entries": 1000, "bytes": 1u64 << 40, "disk_bytes": 0, "symlinks": 0,
                "hard_links": 0, "special": 0, "tree_digest": digest})
        };
        let descriptor = json!({
            "id": "20260101T000000Z-abcdef", "manifest": manifest(volumes), "imported": imported,
            "archive": {"bytes": bytes.len(), "sha256": "00"},
            "volumes": (0..volumes).map(totals).collect::<Vec<_>>(),
            "parts": if imported { vec![] } else { parts },
        });
        Archive { descriptor, bytes }
    }
}

pub(super) fn manifest(volumes: usize) -> serde_json::Value {
    let volume = |index| json!({"index": index, "name": format!("v{index}"), "scope": "project", "source": "/etc", "target": "/data"});
    json!({
        "format": 1, "workload": "notes", "created": "2026-01-01T00:00:00Z", "reason": "manual",
        "image": {"reference": "notes:1", "digest": "sha256:00"},
        "volumes": (0..volumes).map(volume).collect::<Vec<_>>(),
    })
}

/// A stored archive in memory.
#[derive(Clone)]
pub(super) struct Archive {
    pub descriptor: serde_json::Value,
    pub bytes: Vec<u8>,
}

impl ArchiveBytes for Archive {
    fn descriptor(&self) -> String {
        self.descriptor.to_string()
    }

    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, max: u32) -> Result<Vec<u8>> {
        let rest = self.bytes.get(offset as usize..).ok_or_else(|| Failure::new("io", "beyond the end"))?;
        Ok(rest[..rest.len().min(max as usize)].to_vec())
    }
}
