//! Plugins that stage what was not captured, or where they must not.

use crate::bindings::exports::reforge::restore::restorer::Job;
use crate::bindings::reforge::restore::snapshots::Snapshot;
use crate::bindings::reforge::restore::transactions::{self, Staging};
use crate::bindings::reforge::restore::types::{Failure, Metadata};
use crate::honest::{self, CONTENT, FILE, VOLUMES, metadata};

/// A restore whose second volume is filled by `fill`; it must not get past its seal.
fn with_second(job: &Job, fill: impl FnOnce(&Staging) -> Result<(), Failure>) -> Result<(), Failure> {
    let begun = honest::begin(job)?;
    let (first, second) = (begun.transaction.stage(VOLUMES[0])?, begun.transaction.stage(VOLUMES[1])?);
    honest::fill(&first)?;
    fill(&second)?;
    transactions::seal(&first)?;
    transactions::seal(&second).map(drop)
}

pub(crate) fn other_bytes(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    with_second(job, |staging| {
        staging.directory(b"", &metadata(0o755))?;
        staging.file(FILE, &metadata(0o644), b"CAPTURED")
    })
}

pub(crate) fn other_owner(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    with_second(job, |staging| {
        staging.directory(b"", &metadata(0o755))?;
        staging.file(FILE, &Metadata { uid: 1000, ..metadata(0o644) }, CONTENT)
    })
}

pub(crate) fn one_file_too_many(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    with_second(job, |staging| {
        honest::fill(staging)?;
        staging.file(b"another", &metadata(0o644), b"")
    })
}

pub(crate) fn one_file_too_few(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    with_second(job, |staging| staging.directory(b"", &metadata(0o755)))
}

/// Every way out that a path could have; the first that is taken ends in a claim of success.
pub(crate) fn outside(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let begun = honest::begin(job)?;
    let mut refused = None;
    let names: [&[u8]; 10] =
        [b"../evil", b"/tmp/evil", b"a/../../evil", b"..", b".", b"a//b", b"a/", b"./a", b"a\0b", &[b'n'; 256]];
    for (number, name) in names.into_iter().enumerate() {
        // A staging that refused once refuses all that follows: each volume is one try, the rest are skipped.
        let Some(volume) = VOLUMES.get(number) else { break };
        let staging = begun.transaction.stage(volume)?;
        match staging.file(name, &metadata(0o644), b"evil") {
            Ok(()) => return Ok(()),
            Err(failure) => refused = Some(failure),
        }
    }
    refused.map_or(Ok(()), Err)
}

/// More than the snapshot has, without an end: what is expected bounds it.
pub(crate) fn too_much(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    with_second(job, |staging| {
        let file = staging.large_file(FILE, &metadata(0o644), 1 << 40)?;
        let piece = vec![7; 1 << 20];
        let mut offset = 0;
        loop {
            file.write(offset, &piece)?;
            offset += piece.len() as u64;
        }
    })
}

pub(crate) fn after_the_seal(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let begun = honest::begin(job)?;
    let stagings = honest::stage(&begun)?;
    let _sealed = stagings.iter().map(transactions::seal).collect::<Result<Vec<_>, _>>()?;
    stagings[0].file(b"late", &metadata(0o644), b"late")
}
