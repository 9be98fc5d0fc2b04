//! The archive of a call: read by the guest, and for a restore checked against its digest beside the extraction, which
//! reads the same pages. The check takes what time the extraction leaves, and is waited for before the app is stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use crate::host::Host;
use crate::restore::progress::{Beside, Progress};
use reforge_base::Phase;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::threads;
use reforge_snapshots::store::OpenSnapshot;

/// How much it gives way to everything else.
const NICENESS: i32 = 19;

/// Reads the archive for the guest.
pub(super) struct ArchiveReader {
    pub snapshot: Arc<OpenSnapshot>,
    /// The furthest byte that was read: progress for what stages nothing.
    furthest: AtomicU64,
}

impl ArchiveReader {
    pub(super) fn new(snapshot: Arc<OpenSnapshot>) -> ArchiveReader {
        ArchiveReader { snapshot, furthest: AtomicU64::new(0) }
    }

    pub(super) fn read(&self, offset: u64, max: usize) -> Result<Vec<u8>> {
        let bytes = self.snapshot.read_shown(offset, max)?;
        self.furthest.fetch_max(offset + bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes)
    }

    pub(super) fn furthest(&self) -> u64 {
        self.furthest.load(Ordering::Relaxed)
    }
}

/// The whole archive against its digest, in a thread of its own.
pub(crate) struct ArchiveCheck {
    bytes: u64,
    beside: Arc<Beside>,
    thread: JoinHandle<Result<()>>,
}

impl ArchiveCheck {
    pub(crate) fn begin(
        host: &Arc<Host>,
        workload: &str,
        snapshot: &OpenSnapshot,
        progress: &Arc<Progress>,
    ) -> Result<ArchiveCheck> {
        let beside = Arc::new(Beside::new(progress.clone()));
        let (host, workload, id) = (host.clone(), workload.to_owned(), snapshot.descriptor.id.clone());
        let counted = beside.clone();
        let check = move || {
            // Only this thread; a kernel that refuses it makes the check no less true.
            let _ = rustix::process::nice(NICENESS);
            host.store.open(&workload, &id)?.check(&*counted)
        };
        Ok(ArchiveCheck { bytes: snapshot.bytes(), beside, thread: threads::spawn("archive-check", check)? })
    }

    /// Until it is over: a phase of its own, of which much may be done already.
    pub(crate) fn wait(self) -> Result<()> {
        self.beside.show_as(Phase::CheckingTheArchive, self.bytes);
        self.thread.join().map_err(|_| Failure::new(Code::Io, message!("the-archive-could-not-be-checked")))?
    }
}
