//! How many descriptors of the host a guest holds open, over all sandboxes of one call: other restores need theirs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::limits::DESCRIPTORS_MAX;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// All that are held.
#[derive(Clone, Debug, Default)]
pub struct Descriptors(Arc<AtomicUsize>);

/// What one handle holds, until it is dropped.
#[derive(Debug)]
pub struct Reserved {
    of: Descriptors,
    count: usize,
}

impl Descriptors {
    /// So many more, or a refusal.
    pub fn reserve(&self, count: usize) -> Result<Reserved> {
        let mut held = Reserved { of: self.clone(), count: 0 };
        held.now(count)?;
        Ok(held)
    }
}

impl Reserved {
    /// The handle holds so many from now on. It keeps what it had when there are no more.
    pub fn now(&mut self, count: usize) -> Result<()> {
        let fits = |all: usize| {
            let all = all - self.count + count;
            (count <= self.count || all <= DESCRIPTORS_MAX).then_some(all)
        };
        match self.of.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits) {
            Ok(_) => {
                self.count = count;
                Ok(())
            }
            Err(_) => {
                let message = message!("the-plugin-holds-files-and-directories", limit = DESCRIPTORS_MAX);
                Err(Failure::new(Code::TooLarge, message).hint(message!("the-restore-plugin-made-a-mistake")))
            }
        }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.of.0.fetch_sub(self.count, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_handles_hold_is_bounded_and_comes_back_with_them() {
        let all = Descriptors::default();
        let mut first = all.reserve(DESCRIPTORS_MAX - 1).unwrap();
        let second = all.reserve(1).unwrap();
        assert_eq!(all.reserve(1).unwrap_err().code, Code::TooLarge);
        assert_eq!(first.now(DESCRIPTORS_MAX).unwrap_err().code, Code::TooLarge);
        first.now(1).unwrap();
        drop(second);
        let third = all.reserve(DESCRIPTORS_MAX - 1).unwrap();
        assert!(all.reserve(1).is_err());
        drop((first, third));
        assert_eq!(all.0.load(Ordering::Relaxed), 0);
    }
}
