//! What whoever embeds the host hears of it while it works: phases, how far they are, notes, and the audit log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use crate::audit;
use crate::restore::progress::{Progress, Watcher};
use reforge_base::threads;
use reforge_base::{Message, Phase};

/// How often it is told how far a phase is.
const INTERVAL: Duration = Duration::from_millis(250);

/// Something that happened. `workload` is what it happened to.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A restore, an undo or a snapshot begins with this.
    #[non_exhaustive]
    Phase { workload: &'a str, phase: Phase },
    /// How far the phase is; a total is zero when nobody knows it.
    #[non_exhaustive]
    Progress { workload: &'a str, bytes: u64, bytes_total: u64, entries: u64, entries_total: u64 },
    /// From here on it cannot be cancelled any more.
    #[non_exhaustive]
    Committed { workload: &'a str },
    /// The restore plugin says something about it, or the host does.
    #[non_exhaustive]
    Note { workload: &'a str, message: &'a Message },
    /// What takes long, such as an image that is pulled, and what was found on the way.
    #[non_exhaustive]
    Told { message: &'a Message },
    /// A line of the audit log, which is on disk by now.
    Audit(&'a audit::Event),
}

/// Hears every event. It is called by the thread that does the work, which waits for it: it must return quickly, and must
/// not call the host. A closure is one.
pub trait EventSink: Send + Sync {
    fn take(&self, event: &Event<'_>);
}

impl<F: Fn(&Event<'_>) + Send + Sync> EventSink for F {
    fn take(&self, event: &Event<'_>) {
        self(event);
    }
}

/// Tells a sink what happens to one workload, beside whoever else watches.
pub(crate) struct Watched {
    pub(crate) sink: Arc<dyn EventSink>,
    pub(crate) workload: String,
    pub(crate) beside: Arc<dyn Watcher>,
}

impl Watcher for Watched {
    fn phase(&self, phase: Phase) {
        self.sink.take(&Event::Phase { workload: &self.workload, phase });
        self.beside.phase(phase);
    }

    fn ended(&self, bytes: u64, entries: u64) {
        self.beside.ended(bytes, entries);
    }

    fn committed(&self) {
        self.sink.take(&Event::Committed { workload: &self.workload });
        self.beside.committed();
    }

    fn note(&self, message: &Message) {
        self.sink.take(&Event::Note { workload: &self.workload, message });
        self.beside.note(message);
    }
}

/// Does something of which the sink hears how far it is. Without a thread for that it is done all the same.
pub(crate) fn counted<T>(sink: &dyn EventSink, workload: &str, progress: &Progress, act: impl FnOnce() -> T) -> T {
    std::thread::scope(|scope| {
        let (working, over) = mpsc::channel::<()>();
        let tell = move || {
            let mut told = (0, 0, 0, 0);
            while over.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
                let (bytes, bytes_total) = (read(&progress.bytes), read(&progress.bytes_total));
                let (entries, entries_total) = (read(&progress.entries), read(&progress.entries_total));
                let now = (bytes, bytes_total, entries, entries_total);
                if now != std::mem::replace(&mut told, now) {
                    sink.take(&Event::Progress { workload, bytes, bytes_total, entries, entries_total });
                }
            }
        };
        let telling = threads::spawn_in(scope, "progress", tell);
        let done = act();
        // What it waits for: gone also when the work panicked.
        drop((working, telling));
        done
    })
}
