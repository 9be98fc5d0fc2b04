//! Plugins that wait instead of working: for a time that never comes, again and again, and for what has no time.

use std::hint::black_box;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::bindings::exports::reforge::restore::restorer::Job;
use crate::bindings::reforge::restore::report;
use crate::bindings::reforge::restore::snapshots::Snapshot;
use crate::bindings::reforge::restore::types::Failure;
use crate::bindings::reforge::restore::workers::{self, Part};
use crate::honest;

/// The length of a part that tells its worker to wait.
pub(crate) const A_MOMENT: u64 = 7;

/// Says so first, for whoever wants to end it then.
pub(crate) fn forever() -> ! {
    report::note("waiting");
    loop {
        sleep(Duration::from_secs(100_000));
    }
}

pub(crate) fn before_the_lock(_: &Snapshot, _: &Job) -> Result<(), Failure> {
    forever()
}

pub(crate) fn when_begun(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let _begun = honest::begin(job)?;
    forever()
}

pub(crate) fn when_staged(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let begun = honest::begin(job)?;
    let _stagings = honest::stage(&begun)?;
    forever()
}

pub(crate) fn when_stopped(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let _ready = honest::ready(job)?;
    forever()
}

pub(crate) fn when_swapped(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let ready = honest::ready(job)?;
    let _swapped = ready.swap()?;
    forever()
}

/// A moment at a time, far below any limit, and without end.
pub(crate) fn in_naps(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let _begun = honest::begin(job)?;
    loop {
        sleep(Duration::from_millis(1));
    }
}

/// A new phase just before each limit, while the app is down after the commit.
pub(crate) fn behind_phases(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let ready = honest::ready(job)?;
    let _swapped = ready.swap()?;
    for number in 0.. {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(1500) {
            black_box(number);
        }
        report::phase(&format!("phase {number}"));
    }
    Ok(())
}

/// In very many workers, none of which goes on for long.
pub(crate) fn in_workers(snapshot: &Snapshot, job: &Job) -> Result<(), Failure> {
    let begun = honest::begin(job)?;
    let stagings = honest::stage(&begun)?;
    let parts: Vec<Part> = (0..10_000).map(|offset| Part { offset, length: A_MOMENT, inside: None }).collect();
    workers::run(snapshot, &parts, &[0, 1], &stagings.iter().collect::<Vec<_>>())
}

/// What such a worker does.
pub(crate) fn a_moment() {
    sleep(Duration::from_millis(100));
}

/// A good one, which rests between its steps, and whose clock goes.
pub(crate) fn good_with_naps(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let begun = Instant::now();
    let ready = honest::ready(job)?;
    sleep(Duration::from_millis(20));
    let swapped = ready.swap()?;
    sleep(Duration::from_millis(20));
    if begun.elapsed() < Duration::from_millis(40) {
        return Err(Failure { code: "own".into(), message: "the clock stands still".into(), hint: String::new() });
    }
    swapped.redeploy()?;
    swapped.await_healthy().map(drop)
}
