//! Which Compose project a workload is.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// All three together are its identity: two directories of one name make two projects of one name, which take each other's
/// containers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComposeProject {
    pub name: String,
    /// Absolute, as Compose was told.
    pub working_dir: PathBuf,
    /// Absolute, in Compose's order.
    pub config_files: Vec<PathBuf>,
}

impl ComposeProject {
    pub fn new(name: &str, working_dir: impl Into<PathBuf>, config_files: Vec<PathBuf>) -> ComposeProject {
        ComposeProject { name: name.to_owned(), working_dir: working_dir.into(), config_files }
    }

    /// How it is called where an app's image is called by its name.
    pub fn image(&self) -> String {
        format!("compose:{}", self.name)
    }
}
