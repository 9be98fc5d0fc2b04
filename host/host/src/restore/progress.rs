//! What can be seen of a restore while it runs, and how it is stopped.

use reforge_base::{Message, Phase};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Told whenever a new phase begins, and whatever the plugin or the host says meanwhile. Must return quickly.
pub trait Watcher: Send + Sync {
    fn phase(&self, phase: Phase);
    /// The phase so far is over and came to this.
    fn ended(&self, _bytes: u64, _entries: u64) {}
    /// From here on it cannot be stopped any more.
    fn committed(&self) {}
    fn note(&self, text: &Message);
}

/// Watches nothing.
pub struct Unwatched;

impl Watcher for Unwatched {
    fn phase(&self, _phase: Phase) {}
    fn note(&self, _text: &Message) {}
}

/// Counters of one restore, capture or inspection. Read from any thread.
pub struct Progress {
    watcher: Arc<dyn Watcher>,
    phase: Mutex<Phase>,
    pub bytes: AtomicU64,
    pub bytes_total: AtomicU64,
    pub entries: AtomicU64,
    pub entries_total: AtomicU64,
    /// Set once by whoever wants it to stop. Before the commit that means: the swap never happened.
    pub cancelled: Arc<AtomicBool>,
}

impl Progress {
    pub fn new(watcher: Arc<dyn Watcher>, cancelled: Arc<AtomicBool>) -> Progress {
        Progress {
            watcher,
            phase: Mutex::default(),
            bytes: AtomicU64::new(0),
            bytes_total: AtomicU64::new(0),
            entries: AtomicU64::new(0),
            entries_total: AtomicU64::new(0),
            cancelled,
        }
    }

    /// Nobody watches and nobody stops it.
    pub fn unwatched() -> Progress {
        Progress::new(Arc::new(Unwatched), Arc::default())
    }

    /// A new phase with so much to do; zero when nobody knows.
    pub fn begin(&self, phase: Phase, bytes: u64, entries: u64) {
        self.watcher.ended(self.bytes.swap(0, Ordering::Relaxed), self.entries.swap(0, Ordering::Relaxed));
        self.bytes_total.store(bytes, Ordering::Relaxed);
        self.entries_total.store(entries, Ordering::Relaxed);
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
        self.watcher.phase(phase);
    }

    pub fn phase(&self) -> Phase {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn committed(&self) {
        self.watcher.committed();
    }

    pub fn note(&self, text: impl Into<Message>) {
        self.watcher.note(&text.into());
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// A capture under this restore is watched with it.
impl reforge_snapshots::Progress for Progress {
    fn advanced(&self, bytes: u64, entries: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.entries.fetch_add(entries, Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        self.is_cancelled()
    }
}

/// Work beside the phase that is shown. It can be cancelled, and is counted aside until it is what is waited for.
pub struct Beside {
    progress: Arc<Progress>,
    bytes: AtomicU64,
    is_shown: AtomicBool,
}

impl Beside {
    pub fn new(progress: Arc<Progress>) -> Beside {
        Beside { progress, bytes: AtomicU64::new(0), is_shown: AtomicBool::new(false) }
    }

    /// From now on this is the phase, with what is done of it already.
    pub fn show_as(&self, phase: Phase, bytes: u64) {
        self.progress.begin(phase, bytes, 0);
        self.is_shown.store(true, Ordering::SeqCst);
        self.progress.bytes.fetch_max(self.bytes.load(Ordering::SeqCst), Ordering::Relaxed);
    }
}

impl reforge_snapshots::Progress for Beside {
    fn advanced(&self, bytes: u64, _entries: u64) {
        let done = self.bytes.fetch_add(bytes, Ordering::SeqCst) + bytes;
        if self.is_shown.load(Ordering::SeqCst) {
            self.progress.bytes.fetch_max(done, Ordering::Relaxed);
        }
    }

    fn cancelled(&self) -> bool {
        self.progress.is_cancelled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reforge_snapshots::Progress as _;

    #[test]
    fn what_goes_on_beside_is_counted_once_it_is_waited_for_with_what_was_done_before() {
        let progress = Arc::new(Progress::unwatched());
        let beside = Beside::new(progress.clone());
        progress.begin(Phase::Extracting, 100, 10);
        beside.advanced(30, 0);
        progress.advanced(50, 5);
        let bytes = || (progress.bytes.load(Ordering::Relaxed), progress.bytes_total.load(Ordering::Relaxed));
        assert_eq!(bytes(), (50, 100));
        beside.show_as(Phase::CheckingTheArchive, 70);
        assert_eq!((progress.phase(), bytes()), (Phase::CheckingTheArchive, (30, 70)));
        beside.advanced(40, 0);
        assert_eq!(bytes(), (70, 70));
    }
}
