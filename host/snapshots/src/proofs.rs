//! What proves a snapshot: that it was read back, that an app started on it, that it answered what it was asked.
//!
//! A file per workload in the state directory, beside what drills and verifications write of themselves. What it lacks is not known.
//! A file that does not read is as good as none: proofs come again by themselves, and nothing is deleted for the want of one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use reforge_base::durable::{self, PRIVATE_DIRECTORY};
use reforge_base::failure::{Code, Result};
use reforge_base::lock_file;
use reforge_base::message;
use reforge_base::record_file;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::format::Descriptor;

/// What is known of a snapshot, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// The newest drill of it failed.
    Failed,
    /// Files of different instants may stand beside each other in it, and nobody has tried it.
    TakenWhileRunning,
    NotTried,
    /// `verify` has read all of it since.
    ReadBack,
    /// The app started on it. It was asked nothing.
    Started,
    /// The app answered as it should.
    Proven,
}

impl Proof {
    pub fn as_str(self) -> &'static str {
        match self {
            Proof::Failed => "failed",
            Proof::TakenWhileRunning => "taken-while-running",
            Proof::NotTried => "not-tried",
            Proof::ReadBack => "read-back",
            Proof::Started => "started",
            Proof::Proven => "proven",
        }
    }
}

/// How a drill of a snapshot ended that says something of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Failed,
    Started,
    Proven,
}

/// What was done to one snapshot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// When all of it was read last, and was whole.
    #[serde(default)]
    pub read_back: Option<Timestamp>,
    #[serde(default)]
    pub drilled: Option<Drilled>,
}

/// The newest drill of a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drilled {
    /// Its id.
    pub drill: String,
    pub at: Timestamp,
    pub verdict: Verdict,
}

/// What is known of a workload's snapshots.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Known {
    #[serde(default)]
    pub snapshots: BTreeMap<String, Tried>,
    /// What each probe answered in the last drill that proved a snapshot, where that was a number.
    #[serde(default)]
    pub figures: BTreeMap<String, f64>,
    /// Which probes were asked on empty volumes, and what came of it.
    #[serde(default)]
    pub on_empty: Option<OnEmpty>,
    /// The snapshot that is drilled right now, or was when a host ended.
    #[serde(default)]
    pub drilling: Option<String>,
    /// How far the workload is with drills by themselves.
    #[serde(default)]
    pub due: Option<DueRecord>,
}

/// How far a workload is with what is due.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DueRecord {
    /// Which calendar this is of: another one begins anew.
    pub calendar: String,
    /// When it was seen first.
    pub since: Timestamp,
    /// The newest instant that was dealt with.
    #[serde(default)]
    pub last: Option<Timestamp>,
}

/// What the probes answered on empty volumes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnEmpty {
    /// Of the probes as they were asked: others are asked anew.
    pub fingerprint: String,
    /// Those that pass there prove nothing.
    pub worthless: Vec<String>,
}

impl Known {
    /// What proves this snapshot. Of drill and verification the later counts, but for one that only repeats what is known.
    pub fn proof(&self, descriptor: &Descriptor) -> Proof {
        let tried = self.snapshots.get(&descriptor.id).cloned().unwrap_or_default();
        match tried.drilled.map(|drilled| drilled.verdict) {
            Some(Verdict::Failed) => Proof::Failed,
            Some(Verdict::Started) => Proof::Started,
            Some(Verdict::Proven) => Proof::Proven,
            None if tried.read_back.is_some() => Proof::ReadBack,
            None if descriptor.consistency.as_ref().is_some_and(|taken| taken.is_mixed()) => Proof::TakenWhileRunning,
            None => Proof::NotTried,
        }
    }

    /// The newest of these that is proven, by its id.
    pub fn newest_proven<'a>(&self, newest_first: impl Iterator<Item = &'a Descriptor>) -> Option<&'a str> {
        let mut proven = newest_first.filter(|descriptor| self.proof(descriptor) == Proof::Proven);
        proven.next().map(|descriptor| descriptor.id.as_str())
    }
}

/// The files.
#[derive(Clone, Debug)]
pub struct Proofs {
    directory: PathBuf,
}

impl Proofs {
    /// In this directory, which is made when there is something to write.
    pub fn new(directory: impl Into<PathBuf>) -> Proofs {
        Proofs { directory: directory.into() }
    }

    /// What is known of a workload's snapshots.
    pub fn read(&self, workload: &str) -> Result<Known> {
        match record_file::read(&self.directory, workload) {
            Err(failure) if failure.code == Code::NeedsOperator => Ok(Known::default()),
            known => known,
        }
    }

    /// Changes what is known.
    pub fn change(&self, workload: &str, change: impl FnOnce(&mut Known)) -> Result<()> {
        durable::make_directories_durably(&self.directory, PRIVATE_DIRECTORY)?;
        let _alone = lock_file::lock(&self.directory.join(".lock"))?;
        let mut known = self.read(workload)?;
        change(&mut known);
        record_file::write(&known, &self.directory, workload).map_err(|failure| {
            let message = message!("proofs-cannot-be-written", error = failure.message.clone());
            failure.with_message(message)
        })
    }

    /// All of a snapshot was read, and was whole.
    pub fn note_read_back(&self, workload: &str, snapshot: &str, at: Timestamp) -> Result<()> {
        self.change(workload, |known| known.snapshots.entry(snapshot.to_owned()).or_default().read_back = Some(at))
    }
}
