//! The newest capture of each workload that went well: when it was, how long it took and how large it came out.
//!
//! A file per workload, written under one lock, so that whatever a writer that died left there is nobody's. It is for figures
//! and for what is overdue; no capture fails for it, and no decision about data is made by it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Host;
use reforge_base::durable::{self, PRIVATE_DIRECTORY, PRIVATE_FILE};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::lock_file;
use reforge_snapshots::format::Descriptor;

const LOCK: &str = ".lock";

/// One that went well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    pub snapshot: String,
    /// When it began.
    pub at: jiff::Timestamp,
    pub took_ms: u64,
    /// Of the archive.
    pub bytes: u64,
}

impl Captured {
    pub fn took(&self) -> Duration {
        Duration::from_millis(self.took_ms)
    }
}

impl Host {
    /// The newest capture of a workload that went well; none before the first since this is written down.
    pub fn captured(&self, workload: &str) -> Result<Option<Captured>> {
        let path = self.state.captured().join(file(workload));
        match std::fs::read(&path) {
            // One that does not read says nothing; the next capture writes it anew.
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::io("read", &path, &error)),
        }
    }

    /// Writes down a capture that went well, unless a newer one is written down already.
    pub(super) fn note_captured(&self, descriptor: &Descriptor, took: Duration) -> Result<()> {
        let workload = &descriptor.manifest.workload;
        let directory = self.state.captured();
        durable::make_directories_durably(&directory, PRIVATE_DIRECTORY)?;
        let _alone = lock_file::lock(&directory.join(LOCK))?;
        durable::remove_temporaries(&directory, |_| true)?;
        let captured = Captured {
            snapshot: descriptor.id.clone(),
            at: descriptor.manifest.created,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            bytes: descriptor.archive.bytes,
        };
        if self.captured(workload)?.is_some_and(|known| known.snapshot > captured.snapshot) {
            return Ok(());
        }
        let bytes = serde_json::to_vec(&captured).map_err(|error| Failure::new(Code::Io, error.to_string()))?;
        durable::write_durably(&directory, file(workload), &bytes, PRIVATE_FILE)
    }
}

fn file(workload: &str) -> String {
    format!("{workload}.json")
}
