//! Handles that were never given, given twice, dropped, kept or hoarded.

use std::any::Any;
use std::cell::RefCell;

use crate::bindings::exports::reforge::restore::restorer::Job;
use crate::bindings::reforge::restore::lifecycle::{self, Stopped};
use crate::bindings::reforge::restore::snapshots::{self, Snapshot};
use crate::bindings::reforge::restore::transactions::{self, Sealed, Staging};
use crate::bindings::reforge::restore::types::Failure;
use crate::honest;

/// A number that no handle has.
const NEVER_GIVEN: u32 = 4711;

pub(crate) fn forged_seal(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let ready = honest::ready(job)?;
    // SAFETY: none is needed: the number is checked by the engine.
    let forged = unsafe { Sealed::from_handle(NEVER_GIVEN) };
    let sealed = [&ready.sealed[0], &forged];
    let answer = transactions::swap(&ready.begun.transaction, &sealed, &ready.stopped, &ready.safety);
    std::mem::forget(forged);
    answer.map(drop)
}

pub(crate) fn forged_stop(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let begun = honest::begin(job)?;
    let _sealed = honest::seal(&begun)?;
    // The number of a handle that there is, of another kind.
    // SAFETY: as above.
    let forged = unsafe { Stopped::from_handle(begun.lease.handle()) };
    let answer = snapshots::capture_safety(&begun.lease, &forged);
    std::mem::forget(forged);
    answer.map(drop)
}

pub(crate) fn reused_seal(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let ready = honest::ready(job)?;
    let sealed = [&ready.sealed[0], &ready.sealed[0]];
    transactions::swap(&ready.begun.transaction, &sealed, &ready.stopped, &ready.safety).map(drop)
}

pub(crate) fn dropped_handle(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let begun = honest::begin(job)?;
    let staging = begun.transaction.stage(honest::VOLUMES[0])?;
    // SAFETY: as above.
    let again = unsafe { Staging::from_handle(staging.handle()) };
    drop(staging);
    honest::fill(&again)
}

/// A good restore, but for the order in which it lets go.
pub(crate) fn drops_parents_first(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let honest::Begun { lease, transaction } = honest::begin(job)?;
    let stagings = honest::VOLUMES.iter().map(|name| transaction.stage(name)).collect::<Result<Vec<_>, _>>()?;
    drop(transaction);
    drop(lease);
    stagings.iter().try_for_each(honest::fill)?;
    stagings.iter().map(transactions::seal).collect::<Result<Vec<_>, _>>().map(drop)
}

pub(crate) fn drops_everything_at_once(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let ready = honest::ready(job)?;
    drop(ready.safety);
    drop(ready.stopped);
    drop(ready.begun.lease);
    drop(ready.begun.transaction);
    drop(ready.sealed);
    Ok(())
}

/// Lets go of four handles, each made from another one, in the order of that number.
pub(crate) fn drops_in_order(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let honest::Begun { lease, transaction } = honest::begin(job)?;
    let stagings = honest::VOLUMES.iter().map(|name| transaction.stage(name)).collect::<Result<Vec<_>, _>>()?;
    stagings.iter().try_for_each(honest::fill)?;
    let sealed = stagings.iter().map(transactions::seal).collect::<Result<Vec<_>, _>>()?;
    let mut held: Vec<Box<dyn Any>> =
        vec![Box::new(lease), Box::new(transaction), Box::new(stagings), Box::new(sealed)];
    let mut number = crate::order();
    while !held.is_empty() {
        let next = number % held.len();
        number /= held.len();
        drop(held.remove(next));
    }
    Ok(())
}

thread_local! {
    static KEPT: RefCell<Vec<Staging>> = const { RefCell::new(Vec::new()) };
}

/// Keeps handles past the end of its transaction.
pub(crate) fn keeps_handles(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    if let Some(kept) = KEPT.with_borrow_mut(Vec::pop) {
        return honest::fill(&kept);
    }
    let begun = honest::begin(job)?;
    let stagings = honest::stage(&begun)?;
    KEPT.with_borrow_mut(|kept| kept.extend(stagings));
    std::mem::forget(begun);
    Err(Failure { code: "kept".into(), message: "gave up, and kept its handles".into(), hint: String::new() })
}

pub(crate) fn hoards_handles(_: &Snapshot, _: &Job) -> Result<(), Failure> {
    let _lease = lifecycle::lock()?;
    let mut hoard = Vec::new();
    loop {
        hoard.push(honest::volume(honest::VOLUMES[0])?);
    }
}
