//! What is written down of an app that is about to be stopped or frozen for a snapshot: `<state_dir>/captures/<workload>.json`,
//! durably, before anything is done to the app. It goes when the app is as it was and every hook has run.

use std::path::Path;

use serde::{Deserialize, Serialize};

use reforge_base::consistency::Hook;
use reforge_base::durable::{self, PRIVATE_DIRECTORY, PRIVATE_FILE};
use reforge_base::effects::effect;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::Observation;
use reforge_base::state_dir::StateDir;
use reforge_runtime::Freezable;

const ENDING: &str = ".json";

/// Of one workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct CaptureRecord {
    pub workload: String,
    /// The name of what runs it.
    pub runtime: String,
    pub began: jiff::Timestamp,
    pub interrupts: Interrupts,
    /// What the app was doing, and what brings exactly that back.
    pub before: Observation,
    /// Hooks that are to run when it is back.
    pub after: Vec<Hook>,
}

/// What is done to the app.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Interrupts {
    /// Nothing, or nothing any more.
    Nothing,
    Stop,
    Pause(Freezable),
}

impl CaptureRecord {
    pub(super) fn write(&self, directory: &Path) -> Result<()> {
        durable::make_directories_durably(directory, PRIVATE_DIRECTORY)?;
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| Failure::new(Code::Io, message!("cannot-write-down-a-capture", error)))?;
        durable::write_durably(directory, name(&self.workload), &text, PRIVATE_FILE)
    }
}

/// None if nothing is being done to the workload's app.
pub(super) fn read(directory: &Path, workload: &str) -> Result<Option<CaptureRecord>> {
    let path = directory.join(name(workload));
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::io("read", &path, &error)),
    };
    serde_json::from_slice(&text).map(Some).map_err(|error| {
        let message = message!("is-not-understood", path = escape::path(&path), error);
        Failure::new(Code::NeedsOperator, message).hint(message!("it-says-how-an-app-was"))
    })
}

pub(super) fn remove(directory: &Path, workload: &str) -> Result<()> {
    let path = directory.join(name(workload));
    match path.try_exists() {
        Ok(false) => return Ok(()),
        Ok(true) => {}
        Err(error) => return Err(Failure::io("look for", &path, &error)),
    }
    effect("remove-capture-record", || std::fs::remove_file(&path))
        .map_err(|error| Failure::io("remove", &path, &error))?;
    durable::sync_directory(directory)
}

/// Workloads that have one.
pub(super) fn workloads(directory: &Path) -> Result<Vec<String>> {
    durable::names(directory, ENDING)
}

/// Why a workload may not be touched: a snapshot was cut short, and its app may be stopped or frozen for it.
pub(in crate::host) fn blocked(state: &StateDir, workload: &str) -> Result<Option<Failure>> {
    let path = state.captures().join(name(workload));
    let is_there = path.try_exists().map_err(|error| Failure::io("look for", &path, &error))?;
    Ok(is_there.then(|| {
        let message = message!("a-snapshot-was-cut-short", workload = escape::text(workload));
        Failure::new(Code::Unfinished, message).hint(message!("reforge-recover-brings-it-back"))
    }))
}

fn name(workload: &str) -> String {
    format!("{workload}{ENDING}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_and_gone_when_it_is_removed() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("captures");
        assert_eq!(workloads(&directory).unwrap(), Vec::<String>::new());
        let record = CaptureRecord {
            workload: "notes".to_owned(),
            runtime: "process".to_owned(),
            began: jiff::Timestamp::now(),
            interrupts: Interrupts::Pause(Freezable::new(serde_json::json!({"ids": ["a"]}))),
            before: Observation::absent(),
            after: vec![Hook {
                member: None,
                command: vec!["/bin/true".to_owned()],
                limit: std::time::Duration::from_secs(1),
            }],
        };
        record.write(&directory).unwrap();
        assert_eq!(read(&directory, "notes").unwrap(), Some(record));
        assert_eq!(workloads(&directory).unwrap(), ["notes"]);
        remove(&directory, "notes").unwrap();
        remove(&directory, "notes").unwrap();
        assert_eq!(read(&directory, "notes").unwrap(), None);
    }
}
