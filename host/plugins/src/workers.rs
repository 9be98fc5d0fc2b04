//! Many sandboxes side by side: one per part of an archive, made from the same component.
//!
//! The first failure wins and keeps the parts that have not begun from beginning; the others are joined before the
//! call returns, so that nothing writes into a staging that is being removed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::bindings::reforge::restore::workers::Part;
use super::host_calls::HostCalls;
use super::imports::handles::{Snapshot, Staging};
use super::policy;
use super::sandbox::{Instance, Prepared, Role};
use reforge_base::failure::{Failure, Result};
use reforge_base::threads;
use reforge_volumes::staging::own_umask;

/// Extracts every part, so many at a time. Half of the workers begin at the end, so that no two write into one file or
/// directory for long: the kernel lets only one at a time.
pub(crate) fn run(
    prepared: &Prepared,
    calls: &Arc<dyn HostCalls>,
    (parts, workers): (&[Part], usize),
    indexes: &[u32],
    into: &[Staging],
) -> Result<()> {
    let waiting: Mutex<VecDeque<&Part>> = Mutex::new(parts.iter().collect());
    let failed: Mutex<Option<Failure>> = Mutex::new(None);
    let work = |from_the_end: bool| {
        own_umask::clear();
        let next = || {
            let mut waiting = locked(&waiting);
            if from_the_end { waiting.pop_back() } else { waiting.pop_front() }
        };
        while let Some(part) = next() {
            if let Err(failure) = extract(prepared, calls, part, indexes, into) {
                locked(&failed).get_or_insert(failure);
                locked(&waiting).clear();
            }
        }
    };
    let work = &work;
    std::thread::scope(|scope| {
        for worker in 0..workers.min(parts.len()) {
            if let Err(failure) = threads::spawn_in(scope, "extract", move || work(worker % 2 == 1)) {
                // Those that there are do all of it; with none it has failed.
                if worker == 0 {
                    locked(&failed).get_or_insert(failure);
                }
                break;
            }
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn extract(
    prepared: &Prepared,
    calls: &Arc<dyn HostCalls>,
    part: &Part,
    indexes: &[u32],
    into: &[Staging],
) -> Result<()> {
    let mut instance = Instance::new(prepared, Role::Worker, calls.clone())?;
    let handles = &mut instance.store.data_mut().handles;
    let snapshot = handles.push(Snapshot)?;
    let stagings = into.iter().map(|staging| handles.push(staging.clone())).collect::<Result<Vec<_>, _>>()?;
    let policy = policy::words(calls.policy());
    let extractor = instance.exports.reforge_restore_extractor();
    let answer = extractor.call_extract(&mut instance.store, snapshot, part, &policy, indexes, &stagings);
    instance.answer(answer)
}
