//! What a plugin says while it runs, over all sandboxes of a call, and how much of it is heard.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use reforge_plugins::limits::NOTES_BYTES_MAX;

/// How many different phases of a plugin count as progress.
const PHASES_MAX: usize = 32;

#[derive(Default)]
pub(super) struct Messages {
    phases: Mutex<Vec<String>>,
    note_bytes: AtomicUsize,
}

impl Messages {
    pub(super) fn phase(&self, name: &str) {
        let mut phases = self.phases.lock().unwrap_or_else(PoisonError::into_inner);
        if phases.len() < PHASES_MAX && !phases.iter().any(|known| known == name) {
            phases.push(name.to_owned());
        }
    }

    /// How many there were, as far as they count.
    pub(super) fn phases(&self) -> u64 {
        self.phases.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    /// Whether a note is still heard.
    pub(super) fn note(&self, text: &str) -> bool {
        self.note_bytes.fetch_add(text.len(), Ordering::Relaxed) + text.len() <= NOTES_BYTES_MAX
    }
}
