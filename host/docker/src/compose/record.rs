//! `<state_dir>/compose/<workload>.json`: what the engine cannot keep for us. Written durably before what it announces.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::needs::Need;
use reforge_base::failure::Result;
use reforge_base::record_file;
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
        record_file::read(directory, workload)
    }

    pub(crate) fn write(&self, directory: &Path, workload: &str) -> Result<()> {
        record_file::write(self, directory, workload)
    }

    /// Members of the time at which they were held.
    pub(crate) fn held_ids(&self) -> Vec<String> {
        self.hold.iter().flat_map(|hold| &hold.members).map(|held| held.id.clone()).collect()
    }
}

/// Workloads whose policies are off.
pub(crate) fn held(directory: &Path) -> Result<Vec<String>> {
    let mut held = Vec::new();
    for workload in record_file::workloads(directory)? {
        if UnitRecord::read(directory, &workload)?.hold.is_some() {
            held.push(workload);
        }
    }
    Ok(held)
}
