//! What is written down of a drill: its journal while it runs, its receipt when it is over. A file per drill.
//!
//! Written before anything is made, so that a start after a crash knows what to remove. Receipts of a workload are kept to a
//! number; those that a snapshot's proof names would say no more than the proof does.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use reforge_base::durable::{self, PRIVATE_DIRECTORY, PRIVATE_FILE};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{clock, message, random};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Receipts that are kept of each workload.
const KEPT: usize = 50;
const ID_TIME: &str = "%Y%m%dT%H%M%SZ";

/// How a drill stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DrillOutcome {
    Running,
    /// The app started on the snapshot and answered as it should.
    Proven,
    /// It started. There is no probe, or none that proves anything.
    Started,
    /// It did not start, or did not answer as it should.
    Failed,
    /// It cannot be started so that it reaches nothing: nothing is said of the snapshot.
    NotPossible,
    Cancelled,
    /// Something else went wrong: nothing is said of the snapshot.
    Broken,
    /// The host ended in it.
    Interrupted,
}

impl DrillOutcome {
    pub fn as_str(self) -> &'static str {
        match self {
            DrillOutcome::Running => "running",
            DrillOutcome::Proven => "proven",
            DrillOutcome::Started => "started",
            DrillOutcome::Failed => "failed",
            DrillOutcome::NotPossible => "not-possible",
            DrillOutcome::Cancelled => "cancelled",
            DrillOutcome::Broken => "broken",
            DrillOutcome::Interrupted => "interrupted",
        }
    }

    pub fn is_good(self) -> bool {
        matches!(self, DrillOutcome::Proven | DrillOutcome::Started)
    }
}

/// Everything that is known of a drill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DrillReceipt {
    pub id: String,
    pub workload: String,
    /// None of one on empty volumes.
    pub snapshot: Option<String>,
    pub who: String,
    #[schema(value_type = String, format = DateTime)]
    pub began: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended: Option<Timestamp>,
    pub outcome: DrillOutcome,
    /// Why it is neither proven nor started.
    pub failure: Option<Failure>,
    /// What was extracted, and is equal to what was captured.
    #[serde(default)]
    pub volumes: Vec<DrilledVolume>,
    /// How long all volumes took to extract.
    #[serde(default)]
    pub extract_ms: Option<u64>,
    /// From the app's start until all of it was healthy.
    #[serde(default)]
    pub healthy_ms: Option<u64>,
    #[serde(default)]
    pub probes: Vec<ProbeAnswer>,
    /// SQLite files that were checked in a copy; none if there is no `sqlite3` here.
    #[serde(default)]
    pub sqlite_files: Option<u64>,
    /// What the app has and the drilled one had not.
    #[serde(default)]
    pub withheld: Vec<Failure>,
    /// How often it has tried to reach something outside. Nothing left.
    #[serde(default)]
    pub attempts: Option<u64>,
    /// The last lines of each part, where it failed.
    #[serde(default)]
    pub last_lines: Vec<LastLines>,
    /// Probes that also pass on empty volumes: they prove nothing of the data.
    #[serde(default)]
    pub worthless: Vec<String>,
    /// Where its volumes are while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub directory: Option<PathBuf>,
    /// What runs the app.
    pub runtime: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DrilledVolume {
    pub name: String,
    pub entries: u64,
    pub bytes: u64,
    /// None of an imported one, which has none.
    pub tree_digest: Option<String>,
    /// Whether the app got it empty.
    #[serde(default)]
    pub empty: bool,
}

/// What a probe was answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProbeAnswer {
    pub name: String,
    pub passed: bool,
    /// The beginning of the answer, escaped.
    pub answer: String,
    /// Where it is a number.
    pub figure: Option<f64>,
    /// What is wrong with it.
    pub failure: Option<Failure>,
    pub took_ms: u64,
}

/// What a part of the app said last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastLines {
    /// Empty of an app that is one.
    pub member: String,
    /// Escaped, at most 40.
    pub lines: Vec<String>,
}

/// The files.
#[derive(Clone, Debug)]
pub struct Receipts {
    directory: PathBuf,
}

impl Receipts {
    /// In this directory, which is made when there is something to write.
    pub fn new(directory: impl Into<PathBuf>) -> Receipts {
        Receipts { directory: directory.into() }
    }

    /// One that begins.
    pub fn begin(&self, workload: &str, snapshot: Option<&str>, who: &str, runtime: &str) -> Result<DrillReceipt> {
        durable::make_directories_durably(&self.directory, PRIVATE_DIRECTORY)?;
        let began = clock::now();
        let chance = random::bytes::<3>()?.map(|byte| format!("{byte:02x}")).concat();
        Ok(DrillReceipt {
            id: format!("{}-{chance}", began.strftime(ID_TIME)),
            workload: workload.to_owned(),
            snapshot: snapshot.map(str::to_owned),
            who: who.to_owned(),
            began,
            ended: None,
            outcome: DrillOutcome::Running,
            failure: None,
            volumes: Vec::new(),
            extract_ms: None,
            healthy_ms: None,
            probes: Vec::new(),
            sqlite_files: None,
            withheld: Vec::new(),
            attempts: None,
            last_lines: Vec::new(),
            worthless: Vec::new(),
            directory: None,
            runtime: runtime.to_owned(),
        })
    }

    pub fn write(&self, receipt: &DrillReceipt) -> Result<()> {
        let text = serde_json::to_vec(receipt)
            .map_err(|error| Failure::new(Code::Io, message!("a-drills-receipt-cannot-be-written", error)))?;
        durable::write_durably(&self.directory, format!("{}.json", receipt.id), &text, PRIVATE_FILE)
    }

    /// All that read, newest first. What does not read says nothing, and stands in no way.
    pub fn list(&self) -> Result<Vec<DrillReceipt>> {
        let mut all: Vec<DrillReceipt> = Vec::new();
        for name in durable::names(&self.directory, ".json")? {
            let path = self.directory.join(format!("{name}.json"));
            let text = std::fs::read(&path).map_err(|error| Failure::io("read", &path, &error))?;
            all.extend(serde_json::from_slice::<DrillReceipt>(&text));
        }
        all.sort_by(|one, other| other.id.cmp(&one.id));
        Ok(all)
    }

    /// Those of a workload, newest first.
    pub fn of(&self, workload: &str) -> Result<Vec<DrillReceipt>> {
        let mut all = self.list()?;
        all.retain(|receipt| receipt.workload == workload);
        Ok(all)
    }

    /// Forgets the oldest ones of a workload that are over.
    pub fn prune(&self, workload: &str) -> Result<()> {
        let over = |receipt: &DrillReceipt| receipt.outcome != DrillOutcome::Running;
        for receipt in self.of(workload)?.into_iter().filter(over).skip(KEPT) {
            remove(&self.directory.join(format!("{}.json", receipt.id)))?;
        }
        Ok(())
    }

    /// Where the lock lies of whoever drills a workload.
    pub(crate) fn lock_of(&self, workload: &str) -> PathBuf {
        self.directory.join(format!("{workload}.lock"))
    }
}

fn remove(path: &Path) -> Result<()> {
    match reforge_base::effects::effect("remove-drill-receipt", || std::fs::remove_file(path)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::io("remove", path, &error)),
        _ => Ok(()),
    }
}
