//! Staged bytes are written out while more are staged, so that the sync at the seal finds little left to do.
//!
//! Only a matter of speed: what is durable is decided by the seal, through the descriptor that was opened before the
//! first byte. The descriptor here is another one, and an error that it sees is seen by the seal's, too.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use reforge_base::durable::FileSystem;
use reforge_base::limits::DISK_UNIT_BYTES;
use reforge_base::threads;

/// Bytes and entries after which the disk is given something to do: enough for it to write in long runs, and far below
/// what the kernel lets pile up by itself.
const STEP_BYTES: u64 = 48 << 20;

/// Writes one file system out in the background.
#[derive(Debug)]
pub(super) struct WriteOut {
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl WriteOut {
    /// `file_system` must not be the one that the seal syncs.
    pub(super) fn start(file_system: FileSystem) -> WriteOut {
        let (wake, woken) = channel();
        // Without it the seal has more to wait for, and no less is synced.
        let thread = threads::spawn("write-out", move || run(&file_system, &woken)).ok();
        WriteOut { wake: thread.is_some().then_some(wake), thread }
    }

    /// Told of every staged entry: so many bytes and entries were staged before and are now.
    pub(super) fn advanced(&self, before: (u64, u64), now: (u64, u64)) {
        let step = |(bytes, entries): (u64, u64)| (bytes + entries * DISK_UNIT_BYTES) / STEP_BYTES;
        if let (Some(wake), true) = (&self.wake, step(before) != step(now)) {
            // The thread ends only with this value.
            let _ = wake.send(());
        }
    }
}

fn run(file_system: &FileSystem, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        // Whoever asked while the disk was busy is served by the same run.
        while woken.try_recv().is_ok() {}
        file_system.start_writing();
    }
}

impl Drop for WriteOut {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has harmed nothing: the seal syncs by itself.
            let _ = thread.join();
        }
    }
}
