//! The check of the archive against its digest, beside the extraction, which reads the same pages. It takes what time the
//! extraction leaves, and is waited for before the app is stopped.

use std::sync::Arc;
use std::thread::JoinHandle;

use crate::failure::{Code, Failure, Result};
use crate::host::Host;
use crate::restore::progress::{Beside, Progress};
use crate::snapshots::store::OpenSnapshot;

/// How much it gives way to everything else.
const NICENESS: i32 = 19;

pub struct ArchiveCheck {
    bytes: u64,
    beside: Arc<Beside>,
    thread: JoinHandle<Result<()>>,
}

impl ArchiveCheck {
    pub fn begin(host: &Arc<Host>, workload: &str, snapshot: &OpenSnapshot, progress: &Arc<Progress>) -> ArchiveCheck {
        let beside = Arc::new(Beside::new(progress.clone()));
        let (host, workload, id) = (host.clone(), workload.to_owned(), snapshot.descriptor.id.clone());
        let counted = beside.clone();
        let thread = std::thread::spawn(move || {
            // Only this thread; a kernel that refuses it makes the check no less true.
            let _ = rustix::process::nice(NICENESS);
            host.store.open(&workload, &id)?.check(&*counted)
        });
        ArchiveCheck { bytes: snapshot.bytes(), beside, thread }
    }

    /// Until it is over: a phase of its own, of which much may be done already.
    pub fn wait(self) -> Result<()> {
        self.beside.show_as("checking the archive", self.bytes);
        self.thread.join().map_err(|_| Failure::new(Code::Io, "the archive could not be checked"))?
    }
}
