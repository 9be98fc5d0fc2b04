//! What can be found of a world from outside: snapshots, receipts, journals, siblings, processes.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{World, names, read_json};

impl World {
    /// The archive and the descriptor of a snapshot.
    pub(crate) fn snapshot_files(&self, workload: &str, id: &str) -> (PathBuf, PathBuf) {
        let directory = self.snapshot_dir.join(workload);
        (directory.join(format!("{id}.tar.gz")), directory.join(format!("{id}.json")))
    }

    /// Files of all snapshots of a workload, to see that a failure left none.
    pub(crate) fn stored(&self, workload: &str) -> Vec<PathBuf> {
        names(&self.snapshot_dir.join(workload))
    }

    /// Every receipt, oldest first.
    pub(crate) fn receipts(&self) -> Vec<Value> {
        names(&self.state_dir().join("receipts")).into_iter().map(|path| read_json(&path)).collect()
    }

    /// The newest receipt.
    #[track_caller]
    pub(crate) fn receipt(&self) -> Value {
        self.receipts().pop().expect("a receipt was written")
    }

    /// What `restore list` says, newest first.
    pub(crate) fn restores(&self) -> Vec<Value> {
        self.ok(&["restore", "list", "--json"]).json()["restores"].as_array().unwrap().clone()
    }

    /// Ids of all transactions that a journal knows of, oldest first.
    pub(crate) fn transactions(&self) -> Vec<String> {
        let directories = names(&self.state_dir().join("transactions"));
        directories.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    }

    /// Siblings that lie beside a volume.
    pub(crate) fn siblings(&self, live: &Path) -> Vec<PathBuf> {
        let beside = names(live.parent().unwrap());
        beside.into_iter().filter(|path| path.file_name().unwrap().as_bytes().starts_with(b".reforge-")).collect()
    }

    /// Processes of the app, however they came to be its.
    pub(crate) fn processes(&self, workload: &str) -> Vec<i32> {
        let mut mark = self.state_dir().join("process").join(workload).as_os_str().as_bytes().to_vec();
        mark.push(0);
        processes_with(&mark, &["environ"])
    }

    /// Processes of this world that are not the app's: its supervisor, and commands that did not end.
    pub(crate) fn strangers(&self) -> usize {
        processes_with(self.root.as_os_str().as_bytes(), &["cmdline"]).len()
    }

    pub(crate) fn is_running(&self, workload: &str) -> bool {
        !self.processes(workload).is_empty()
    }
}

/// Processes in whose environment or arguments something stands, without this one.
pub(super) fn processes_with(bytes: &[u8], files: &[&str]) -> Vec<i32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let holds = |file: &&str| {
            // One that has just ended has neither.
            std::fs::read(entry.path().join(file)).is_ok_and(|text| text.windows(bytes.len()).any(|part| part == bytes))
        };
        if pid != std::process::id() as i32 && files.iter().any(holds) {
            found.push(pid);
        }
    }
    found
}
