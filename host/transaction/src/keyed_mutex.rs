//! One mutex per key inside this process. Across processes the file lock of [`super::lease`] does the same.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a waiter asks whether it was cancelled.
pub(super) const CANCEL_POLL: Duration = Duration::from_millis(20);

/// Keys that are held. Clones share them.
#[derive(Clone, Default)]
pub(super) struct KeyedMutex {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    held: Mutex<BTreeSet<String>>,
    released: Condvar,
}

/// A held key; dropping it releases.
pub(super) struct KeyGuard {
    shared: Arc<Shared>,
    key: String,
}

impl KeyedMutex {
    /// The key, or none if it is held.
    pub(crate) fn try_lock(&self, key: &str) -> Option<KeyGuard> {
        self.shared.lock().insert(key.to_owned()).then(|| self.guard(key))
    }

    /// Waits for the key. None when `cancelled` says so.
    pub(crate) fn lock(&self, key: &str, cancelled: &dyn Fn() -> bool) -> Option<KeyGuard> {
        let mut held = self.shared.lock();
        while !held.insert(key.to_owned()) {
            let waited = self.shared.released.wait_timeout(held, CANCEL_POLL);
            held = waited.unwrap_or_else(PoisonError::into_inner).0;
            if cancelled() {
                return None;
            }
        }
        drop(held);
        Some(self.guard(key))
    }

    fn guard(&self, key: &str) -> KeyGuard {
        KeyGuard { shared: self.shared.clone(), key: key.to_owned() }
    }
}

impl Shared {
    /// No code runs between the halves of a change to the set, so a poisoned one is whole.
    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for KeyGuard {
    fn drop(&mut self) {
        self.shared.lock().remove(&self.key);
        self.shared.released.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn one_key_is_held_once_and_different_keys_side_by_side() {
        let keys = KeyedMutex::default();
        let first = keys.try_lock("a").unwrap();
        assert!(keys.try_lock("a").is_none());
        assert!(keys.try_lock("b").is_some());
        drop(first);
        assert!(keys.try_lock("a").is_some());
    }

    #[test]
    fn many_waiters_get_the_key_one_after_the_other() {
        let (keys, inside, most) = (KeyedMutex::default(), AtomicU32::new(0), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let _guard = keys.lock("a", &|| false).unwrap();
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_waiter_that_is_cancelled_goes_away_without_the_key() {
        let keys = KeyedMutex::default();
        let _held = keys.try_lock("a").unwrap();
        assert!(keys.lock("a", &|| true).is_none());
    }
}
