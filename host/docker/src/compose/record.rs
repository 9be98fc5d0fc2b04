//! `<state_dir>/compose/<workload>.json`: what the engine cannot keep for us. Written durably before what it announces.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::needs::Need;
use reforge_base::durable::{self, PRIVATE_DIRECTORY, PRIVATE_FILE};
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{ComposeProject, Restart};

/// Of one workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct UnitRecord {
    /// What the members were made of when they were looked at last, by their ids.
    pub known: BTreeMap<String, Known>,
    /// Where members see each volume, by its name.
    pub volumes: BTreeMap<String, Vec<String>>,
    /// Policies are off. None when they are not.
    pub hold: Option<UnitHold>,
    /// What a person's stop has stopped, by id.
    pub stopped: Vec<String>,
}

/// What a member was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Known {
    pub name: String,
    pub service: String,
    /// Which of its service.
    pub number: String,
    pub image: String,
    /// A digest of all else that it was made of: no secret can be read off it.
    pub settings: String,
    /// What it sees where: a directory, or a volume's name.
    pub mounts: BTreeMap<String, String>,
}

/// What was there when policies were switched off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitHold {
    pub project: ComposeProject,
    pub members: Vec<Held>,
    /// All were seen down: since then nobody may have started one.
    pub is_down: bool,
}

/// One member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Held {
    pub id: String,
    pub name: String,
    pub service: String,
    pub number: String,
    pub policy: Restart,
    pub ran: Ran,
    /// The engine's word for when it was started last.
    pub started: String,
    pub needs: Vec<Need>,
}

/// What a member was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ran {
    /// It is not started, and not judged.
    No,
    Running,
    Paused,
    /// It ended again and again: it may do so again.
    Looping,
}

impl UnitRecord {
    /// Empty if there is none.
    pub(crate) fn read(directory: &Path, workload: &str) -> Result<UnitRecord> {
        let path = directory.join(file_name(workload)?);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(UnitRecord::default()),
            Err(error) => return Err(Failure::io("read", &path, &error)),
        };
        serde_json::from_slice(&bytes).map_err(|error| {
            let message = message!("is-not-understood", path = escape::path(&path), error);
            Failure::new(Code::NeedsOperator, message).hint(message!("it-says-which-restart-policies"))
        })
    }

    pub(crate) fn write(&self, directory: &Path, workload: &str) -> Result<()> {
        durable::make_directories_durably(directory, PRIVATE_DIRECTORY)?;
        let bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| Failure::new(Code::Io, message!("cannot-write-down-a-container", error)))?;
        durable::write_durably(directory, file_name(workload)?, &bytes, PRIVATE_FILE)
    }

    /// Members of the time at which they were held.
    pub(crate) fn held_ids(&self) -> Vec<String> {
        self.hold.iter().flat_map(|hold| &hold.members).map(|held| held.id.clone()).collect()
    }
}

/// Takes a workload's away.
pub(crate) fn remove(directory: &Path, workload: &str) -> Result<()> {
    let path = directory.join(file_name(workload)?);
    match std::fs::remove_file(&path) {
        Ok(()) => durable::sync_directory(directory),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::io("remove", &path, &error)),
    }
}

/// Workloads whose policies are off.
pub(crate) fn held(directory: &Path) -> Result<Vec<String>> {
    let listed = |error: std::io::Error| Failure::io("list", directory, &error);
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(listed(error)),
    };
    let mut held = Vec::new();
    for entry in entries {
        let name = entry.map_err(listed)?.file_name();
        let Some(workload) = name.to_str().and_then(|name| name.strip_suffix(".json")) else { continue };
        // What a crash left half-written begins with a dot.
        if !workload.starts_with('.') && UnitRecord::read(directory, workload)?.hold.is_some() {
            held.push(workload.to_owned());
        }
    }
    held.sort();
    Ok(held)
}

fn file_name(workload: &str) -> Result<String> {
    if workload.is_empty() || workload.starts_with('.') || workload.contains(['/', '\0']) {
        return Err(Failure::new(Code::Usage, message!("is-no-workloads-name", workload = escape::text(workload))));
    }
    Ok(format!("{workload}.json"))
}
