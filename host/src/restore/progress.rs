//! What can be seen of a restore while it runs, and how it is stopped.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Told whenever a new phase begins or the plugin says something. Must return quickly.
pub trait Watcher: Send + Sync {
    fn phase(&self, name: &str);
    /// The phase so far is over and came to this.
    fn ended(&self, _bytes: u64, _entries: u64) {}
    fn note(&self, text: &str);
}

/// Watches nothing.
pub struct Unwatched;

impl Watcher for Unwatched {
    fn phase(&self, _name: &str) {}
    fn note(&self, _text: &str) {}
}

/// Counters of one restore, capture or inspection. Read from any thread.
pub struct Progress {
    watcher: Arc<dyn Watcher>,
    phase: Mutex<String>,
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
    pub fn begin(&self, phase: &str, bytes: u64, entries: u64) {
        self.watcher.ended(self.bytes.swap(0, Ordering::Relaxed), self.entries.swap(0, Ordering::Relaxed));
        self.bytes_total.store(bytes, Ordering::Relaxed);
        self.entries_total.store(entries, Ordering::Relaxed);
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase.to_owned();
        self.watcher.phase(phase);
    }

    pub fn phase(&self) -> String {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn note(&self, text: &str) {
        self.watcher.note(text);
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// A capture under this restore is watched with it.
impl crate::snapshots::Progress for Progress {
    fn advanced(&self, bytes: u64, entries: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.entries.fetch_add(entries, Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        self.is_cancelled()
    }
}

/// Work beside the phase that is shown: it can be cancelled and is not counted.
pub struct Uncounted<'a>(pub &'a Progress);

impl crate::snapshots::Progress for Uncounted<'_> {
    fn advanced(&self, _bytes: u64, _entries: u64) {}

    fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}
