//! Plugins that say one thing and do another, leave something out, or are gone in the middle.

use crate::bindings::exports::reforge::restore::restorer::{Changes, Job, RestorePlan, VolumePlan};
use crate::bindings::reforge::restore::lifecycle;
use crate::bindings::reforge::restore::snapshots::{self, Snapshot};
use crate::bindings::reforge::restore::transactions;
use crate::bindings::reforge::restore::types::Failure;
use crate::honest;

pub(crate) fn swaps_a_part(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let ready = honest::ready(job)?;
    let sealed = [&ready.sealed[0]];
    transactions::swap(&ready.begun.transaction, &sealed, &ready.stopped, &ready.safety).map(drop)
}

pub(crate) fn names_a_neighbour(_: &Snapshot, _: &Job) -> Result<(), Failure> {
    let _lease = lifecycle::lock()?;
    for name in ["../good/data", "..", "", "/etc", "data/../../good", "its", ".reforge-"] {
        if honest::volume(name).is_ok() {
            return Ok(());
        }
    }
    honest::volume("its").map(drop)
}

/// Leaves the app stopped and says that all is well.
pub(crate) fn never_swaps(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    honest::ready(job).map(std::mem::forget)
}

pub(crate) fn claims_success(_: &Snapshot, _: &Job) -> Result<(), Failure> {
    Ok(())
}

pub(crate) fn returns_garbage(_: &Snapshot, _: &Job) -> Result<(), Failure> {
    let garbage = "\u{1b}[2J\u{202e}\u{0}\u{7}\nerror: nothing happened\n".repeat(2000);
    Err(Failure { code: garbage.clone(), message: garbage.clone(), hint: garbage })
}

fn say(code: &str) -> Result<(), Failure> {
    Err(Failure { code: code.into(), message: "so I say".into(), hint: String::new() })
}

pub(crate) fn says_busy(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let _sealed = honest::seal(&honest::begin(job)?)?;
    say("busy")
}

pub(crate) fn says_cancelled(_: &Snapshot, _: &Job) -> Result<(), Failure> {
    say("cancelled")
}

pub(crate) fn says_needs_operator(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let _ready = honest::ready(job)?;
    say("needs-operator")
}

pub(crate) fn reverts_a_good_app(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let swapped = honest::ready(job)?.swap()?;
    swapped.redeploy()?;
    swapped.await_healthy()?;
    swapped.revert()
}

fn trap() -> Result<(), Failure> {
    std::process::abort()
}

pub(crate) fn traps_before_the_lock(_: &Snapshot, _: &Job) -> Result<(), Failure> {
    println!("my last words");
    trap()
}

pub(crate) fn traps_when_locked(_: &Snapshot, _: &Job) -> Result<(), Failure> {
    let _lease = lifecycle::lock()?;
    trap()
}

pub(crate) fn traps_when_begun(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let _begun = honest::begin(job)?;
    trap()
}

pub(crate) fn traps_when_staged(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let _stagings = honest::stage(&honest::begin(job)?)?;
    trap()
}

pub(crate) fn traps_when_sealed(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let _sealed = honest::seal(&honest::begin(job)?)?;
    trap()
}

pub(crate) fn traps_when_stopped(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let begun = honest::begin(job)?;
    let _sealed = honest::seal(&begun)?;
    let _stopped = lifecycle::stop(&begun.lease)?;
    trap()
}

pub(crate) fn traps_when_safe(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let begun = honest::begin(job)?;
    let _sealed = honest::seal(&begun)?;
    let stopped = lifecycle::stop(&begun.lease)?;
    let _safety = snapshots::capture_safety(&begun.lease, &stopped)?;
    trap()
}

pub(crate) fn traps_when_swapped(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let _swapped = honest::ready(job)?.swap()?;
    trap()
}

pub(crate) fn traps_when_started(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    honest::ready(job)?.swap()?.redeploy()?;
    trap()
}

pub(crate) fn traps_when_healthy(snapshot: &Snapshot, job: &Job) -> Result<(), Failure> {
    honest::restore(snapshot, job)?;
    trap()
}

/// Counts of a volume that do not add up, and a volume that nobody asked for.
pub(crate) fn wrong_counts() -> RestorePlan {
    let volume = |name: &str, same| VolumePlan {
        name: name.into(),
        snapshot_entries: 2,
        snapshot_bytes: 8,
        live_entries: 2,
        live_bytes: 5,
        changes: Some(Changes { added: 0, removed: 0, changed: 0, same }),
        newest_live: None,
    };
    let volumes = vec![volume("elsewhere", 2), volume("data", u64::MAX), volume("more", 2)];
    RestorePlan { volumes, warnings: Vec::new(), refusals: Vec::new() }
}
