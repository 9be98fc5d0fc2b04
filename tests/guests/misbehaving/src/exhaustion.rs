//! Plugins that take without end: time, memory, stack, output, host calls, sandboxes.

use std::hint::black_box;

use crate::bindings::exports::reforge::restore::restorer::Job;
use crate::bindings::reforge::restore::lifecycle;
use crate::bindings::reforge::restore::report;
use crate::bindings::reforge::restore::snapshots::Snapshot;
use crate::bindings::reforge::restore::transactions::Staging;
use crate::bindings::reforge::restore::types::Failure;
use crate::bindings::reforge::restore::workers::{self, Part};
use crate::honest;

fn spin() -> ! {
    let mut turns = 0u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

pub(crate) fn never_returns(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let _begun = honest::begin(job)?;
    spin()
}

pub(crate) fn never_returns_while_the_app_is_down(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let _ready = honest::ready(job)?;
    spin()
}

pub(crate) fn prints_without_end(_: &Snapshot, _: &Job) -> Result<(), Failure> {
    let _lease = lifecycle::lock()?;
    loop {
        println!("still here");
    }
}

pub(crate) fn notes_without_end(_: &Snapshot, _: &Job) -> Result<(), Failure> {
    let _lease = lifecycle::lock()?;
    let mut number = 0u64;
    loop {
        report::note(&"still here ".repeat(1000));
        report::progress(number, u64::MAX);
        report::phase(&format!("phase {number}"));
        number += 1;
    }
}

/// Time goes by in host calls; none of them is progress.
pub(crate) fn asks_without_end(snapshot: &Snapshot, _: &Job) -> Result<(), Failure> {
    let _lease = lifecycle::lock()?;
    loop {
        black_box(snapshot.read_at(0, u32::MAX)?);
        black_box(honest::volume(honest::VOLUMES[0])?.live()?.next(u32::MAX)?);
    }
}

/// Cheap questions, many of them, and an end: what a call to the host costs is measured by it.
pub(crate) fn asks_a_million_times(_: &Snapshot, _: &Job) -> Result<(), Failure> {
    for _ in 0..1_000_000 {
        black_box(report::cancelled());
    }
    Ok(())
}

pub(crate) fn allocates_without_end(_: &Snapshot, _: &Job) -> Result<(), Failure> {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1u8; 1 << 20]));
    }
}

pub(crate) fn recurses(_: &Snapshot, _: &Job) -> Result<(), Failure> {
    #[expect(unconditional_recursion, reason = "that is what is tested")]
    fn deeper(below: &[u8; 256]) -> usize {
        let here = black_box(*below);
        deeper(&here) + usize::from(here[0])
    }
    black_box(deeper(&[0; 256]));
    Ok(())
}

/// One call with more than a call may carry.
pub(crate) fn passes_too_much(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let begun = honest::begin(job)?;
    let staging = begun.transaction.stage(honest::VOLUMES[0])?;
    staging.directory(b"", &honest::metadata(0o755))?;
    staging.file(honest::FILE, &honest::metadata(0o644), &vec![7; 16 << 20])
}

/// Each worker asks for as many again.
pub(crate) fn workers_in_workers(snapshot: &Snapshot, job: &Job) -> Result<(), Failure> {
    let begun = honest::begin(job)?;
    let staging = begun.transaction.stage(honest::VOLUMES[0])?;
    again(snapshot, &Part { offset: 0, length: 1, inside: None }, &[0], &[staging])
}

/// What such a worker does.
pub(crate) fn again(snapshot: &Snapshot, part: &Part, indexes: &[u32], into: &[Staging]) -> Result<(), Failure> {
    let parts = vec![part.clone(); 8];
    workers::run(snapshot, &parts, indexes, &into.iter().collect::<Vec<_>>())
}

pub(crate) fn exits(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let _ready = honest::ready(job)?;
    std::process::exit(0)
}
