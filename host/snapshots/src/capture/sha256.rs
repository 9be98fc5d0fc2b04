//! The archive's SHA-256, on a thread of its own: on the writer's it would wait for the disk, and the disk for it.

use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use sha2::{Digest as _, Sha256};

use super::ordered::died;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// Members that wait to be digested, some 2 MiB each.
const WAITING_MAX: usize = 4;

/// Takes what was written, in its order.
pub(super) struct Digester {
    members: SyncSender<Vec<u8>>,
    /// Memory of what was digested.
    spare: Receiver<Vec<u8>>,
    thread: JoinHandle<Sha256>,
}

impl Digester {
    pub(super) fn start() -> Result<Digester> {
        let (members, queue) = sync_channel::<Vec<u8>>(WAITING_MAX);
        let (done, spare) = channel();
        let digest = move || {
            let mut sha256 = Sha256::new();
            for member in queue {
                sha256.update(&member);
                // Whoever has no use for the memory any more has what it wants.
                let _ = done.send(member);
            }
            sha256
        };
        let thread = std::thread::Builder::new()
            .spawn(digest)
            .map_err(|error| Failure::new(Code::Io, message!("cannot-start-a-thread", error)))?;
        Ok(Digester { members, spare, thread })
    }

    /// Takes the next bytes, and gives back memory that is free again, if there is any.
    pub(super) fn take(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        self.members.send(bytes).map_err(|_| died())?;
        Ok(self.spare.try_recv().unwrap_or_default())
    }

    /// The digest of all that was taken.
    pub(super) fn finish(self) -> Result<String> {
        drop(self.members);
        let sha256 = self.thread.join().map_err(|_| died())?;
        Ok(hex::encode(sha256.finalize()))
    }
}
