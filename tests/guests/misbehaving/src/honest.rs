//! The good way, step by step, over a snapshot of known content: two volumes, each with a root and one file.

use crate::bindings::exports::reforge::restore::restorer::Job;
use crate::bindings::reforge::restore::lifecycle::{self, Lease, Stopped};
use crate::bindings::reforge::restore::snapshots::{self, Safety, Snapshot};
use crate::bindings::reforge::restore::transactions::{self, Sealed, Staging, Swapped, Transaction};
use crate::bindings::reforge::restore::types::{Failure, Metadata, Timestamp};
use crate::bindings::reforge::restore::volumes::{self, Volume, VolumeReference};

/// What the tests capture, to be kept equal with `tests/support/guests.rs`.
pub(crate) const VOLUMES: [&str; 2] = ["data", "more"];
pub(crate) const FILE: &[u8] = b"file";
pub(crate) const CONTENT: &[u8] = b"captured";
pub(crate) const SECONDS: i64 = 1_000_000_000;

pub(crate) fn metadata(mode: u32) -> Metadata {
    let mtime = Timestamp { seconds: SECONDS, nanoseconds: 0 };
    Metadata { mode, uid: 0, gid: 0, mtime, xattrs: Vec::new() }
}

pub(crate) fn volume(name: &str) -> Result<Volume, Failure> {
    volumes::resolve(&VolumeReference { name: name.into(), scope: "project".into() })
}

pub(crate) struct Begun {
    pub lease: Lease,
    pub transaction: Transaction,
}

pub(crate) fn begin(job: &Job) -> Result<Begun, Failure> {
    let lease = lifecycle::lock()?;
    let volumes = VOLUMES.iter().map(|name| volume(name)).collect::<Result<Vec<_>, _>>()?;
    let transaction = transactions::begin(&lease, &job.plan_digest, &volumes.iter().collect::<Vec<_>>())?;
    Ok(Begun { lease, transaction })
}

pub(crate) fn fill(staging: &Staging) -> Result<(), Failure> {
    staging.directory(b"", &metadata(0o755))?;
    staging.file(FILE, &metadata(0o644), CONTENT)
}

pub(crate) fn stage(begun: &Begun) -> Result<Vec<Staging>, Failure> {
    let stagings = VOLUMES.iter().map(|name| begun.transaction.stage(name)).collect::<Result<Vec<_>, _>>()?;
    stagings.iter().try_for_each(fill)?;
    Ok(stagings)
}

pub(crate) fn seal(begun: &Begun) -> Result<Vec<Sealed>, Failure> {
    stage(begun)?.iter().map(transactions::seal).collect()
}

pub(crate) struct Ready {
    pub begun: Begun,
    pub sealed: Vec<Sealed>,
    pub stopped: Stopped,
    pub safety: Safety,
}

pub(crate) fn ready(job: &Job) -> Result<Ready, Failure> {
    let begun = begin(job)?;
    let sealed = seal(&begun)?;
    let stopped = lifecycle::stop(&begun.lease)?;
    let safety = snapshots::capture_safety(&begun.lease, &stopped)?;
    Ok(Ready { begun, sealed, stopped, safety })
}

impl Ready {
    pub(crate) fn swap(&self) -> Result<Swapped, Failure> {
        let sealed = self.sealed.iter().collect::<Vec<_>>();
        transactions::swap(&self.begun.transaction, &sealed, &self.stopped, &self.safety)
    }
}

pub(crate) fn restore(_: &Snapshot, job: &Job) -> Result<(), Failure> {
    let swapped = ready(job)?.swap()?;
    swapped.redeploy()?;
    swapped.await_healthy().map(drop)
}
