//! `<state_dir>/docker/<workload>.json`: what the engine cannot keep for us. Written durably before what it announces.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use reforge_base::failure::Result;
use reforge_base::record_file;
use reforge_base::spec::Restart;
use reforge_base::spec::definition::Definition;

/// What is written down about one workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Record {
    /// Policies are off. None when they are not.
    pub hold: Option<Hold>,
    /// A container that something else created and that is the workload's all the same.
    pub adopted: Option<Adopted>,
    /// Containers by id that an undo window needs, each with the container that its transaction observed.
    pub kept: BTreeMap<String, String>,
    /// Images that are kept for a rollback although no container may use them, the newest last.
    pub images: Vec<String>,
}

/// What was there when policies were switched off, and what is wanted since.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hold {
    /// The container that stood for the workload.
    pub observed: Option<String>,
    /// The policy of each container by id, as it was.
    pub policies: BTreeMap<String, Restart>,
    /// The container that was started and not stopped since: when it ends, its policy would bring it back.
    pub shall_run: Option<String>,
    /// When each container was started last, by id, as it was when all were down: another time is somebody else's start.
    /// None until then, and from our own start on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<BTreeMap<String, String>>,
    /// Containers that were created since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<String>,
    /// It ended again and again before it was stopped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub looped: bool,
    /// It was paused before it was stopped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
}

impl Hold {
    /// Whether a container came into being after policies were switched off.
    pub(crate) fn is_newer(&self, id: &String) -> bool {
        self.made.contains(id) || !self.policies.contains_key(id)
    }
}

/// Which container was adopted, and which of its mounts are volumes of the workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Adopted {
    pub id: String,
    pub name: String,
    /// Where it sees each volume, by the volume's name.
    pub volumes: BTreeMap<String, PathBuf>,
    /// What it was created with. A version before this one wrote none down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Definition>,
}

impl Record {
    /// Empty if there is none.
    pub(crate) fn read(directory: &Path, workload: &str) -> Result<Record> {
        record_file::read(directory, workload)
    }

    pub(crate) fn write(&self, directory: &Path, workload: &str) -> Result<()> {
        record_file::write(self, directory, workload)
    }
}

/// The workload that a container was adopted as, if it was.
pub(crate) fn adopted_as(directory: &Path, id: &str) -> Result<Option<String>> {
    let is_it = |adopted: &Adopted| adopted.id == id;
    for workload in record_file::workloads(directory)? {
        if Record::read(directory, &workload)?.adopted.as_ref().is_some_and(is_it) {
            return Ok(Some(workload));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_versions_before_wrote_is_read() {
        let adopted = r#"{"hold":{"observed":"a","policies":{"a":"always","b":{"on-failure":{"retries_max":3}}},"shall_run":"a"},
            "adopted":{"id":"a","name":"web","volumes":{"data":"/data"}},"kept":{"b":"a"}}"#;
        let record: Record = serde_json::from_str(adopted).unwrap();
        let hold = record.hold.unwrap();
        assert_eq!((hold.policies.len(), hold.started, hold.looped, hold.paused), (2, None, false, false));
        assert_eq!(record.adopted.unwrap().definition, None);
        assert_eq!(record.images, Vec::<String>::new());
    }
}
