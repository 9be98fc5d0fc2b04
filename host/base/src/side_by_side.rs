//! Many things of one kind, done on all cores. Never leaves one out: whoever cannot get a thread does the work itself.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::failure::Result;

/// More only wait for each other in the kernel.
const THREADS_MAX: usize = 8;

/// Calls `each` for everything, taking so many at once. The first failure ends it.
pub fn side_by_side<T: Sync>(all: &[T], at_once: usize, each: impl Fn(&T) -> Result<()> + Sync) -> Result<()> {
    let (next, failure) = (AtomicUsize::new(0), Mutex::new(Ok(())));
    let work = || {
        while let Some(rest) = all.get(next.fetch_add(at_once, Ordering::Relaxed)..) {
            if rest.is_empty() {
                return;
            }
            if let Err(failed) = rest.iter().take(at_once).try_for_each(&each) {
                next.store(all.len(), Ordering::Relaxed);
                *failure.lock().unwrap_or_else(PoisonError::into_inner) = Err(failed);
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    std::thread::scope(|scope| {
        for _ in 1..cores.min(all.len().div_ceil(at_once)) {
            // Without another thread this one does it all.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    failure.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::{Code, Failure};

    #[test]
    fn everything_is_looked_at_once_and_a_failure_is_told() {
        for count in [0, 1, 16, 17, 1000] {
            let all: Vec<AtomicUsize> = (0..count).map(|_| AtomicUsize::new(0)).collect();
            side_by_side(&all, 16, |one| {
                one.fetch_add(1, Ordering::Relaxed);
                Ok(())
            })
            .unwrap();
            assert!(all.iter().all(|one| one.load(Ordering::Relaxed) == 1));
        }
        let all: Vec<usize> = (0..1000).collect();
        let refuse = |one: &usize| if *one == 700 { Err(Failure::new(Code::Io, "it")) } else { Ok(()) };
        assert_eq!(side_by_side(&all, 7, refuse).unwrap_err().message, "it");
    }
}
