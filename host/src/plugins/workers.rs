//! Many sandboxes side by side: one per part of an archive, made from the same component.
//!
//! The first failure wins and keeps the parts that have not begun from beginning; the others are joined before the
//! call returns, so that nothing writes into a staging that is being removed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::bindings::reforge::restore::workers::Part;
use super::imports::handles::{Snapshot, Staging};
use super::limits;
use super::plugin::Plugin;
use super::sandbox::{Instance, Role};
use crate::failure::{Failure, Result};
use crate::restore::monitor::Monitor;

/// Extracts every part, at most [`limits::workers_max`] at a time. Half of the workers begin at the end, so that no two
/// write into one file or directory for long: the kernel lets only one at a time.
pub fn run(plugin: &Plugin, monitor: &Arc<Monitor>, parts: &[Part], indexes: &[u32], into: &[Staging]) -> Result<()> {
    let waiting: Mutex<VecDeque<&Part>> = Mutex::new(parts.iter().collect());
    let failed: Mutex<Option<Failure>> = Mutex::new(None);
    let work = |from_the_end: bool| {
        let next = || {
            let mut waiting = locked(&waiting);
            if from_the_end { waiting.pop_back() } else { waiting.pop_front() }
        };
        while let Some(part) = next() {
            if let Err(failure) = extract(plugin, monitor, part, indexes, into) {
                locked(&failed).get_or_insert(failure);
                locked(&waiting).clear();
            }
        }
    };
    let work = &work;
    std::thread::scope(|scope| {
        for worker in 0..limits::workers_max().min(parts.len()) {
            scope.spawn(move || work(worker % 2 == 1));
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn extract(plugin: &Plugin, monitor: &Arc<Monitor>, part: &Part, indexes: &[u32], into: &[Staging]) -> Result<()> {
    let mut instance = Instance::new(plugin, Role::Worker, monitor.clone())?;
    let table = &mut instance.store.data_mut().table;
    let snapshot = table.push(Snapshot)?;
    let stagings = into.iter().map(|staging| table.push(staging.clone())).collect::<Result<Vec<_>, _>>()?;
    let policy = monitor.policy();
    let extractor = instance.exports.reforge_restore_extractor();
    let answer = extractor.call_extract(&mut instance.store, snapshot, part, &policy, indexes, &stagings);
    instance.answer(answer)
}
