//! What stays of a transaction that is over and told: a summary beside the journal, in place of its attachments.
//!
//! That it is there says that the transaction waits for nothing, so a gate reads none of them and a list reads only those
//! that it shows. The attachments go: they hold the values of environment variables, which nobody needs any more. One
//! that does not check is as if it could not be read, and never makes an unfinished transaction of one that is over. Must
//! never be written for a transaction that is not over.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::event::{Aborted, Begin, Record};
use super::sector;
use super::state_files;

pub(super) const FILE: &str = "summary";
/// What it is called until the attachments are gone.
pub(super) const NEW: &str = "summary-new";

/// See the module. A line of JSON, and a line with its checksum.
#[derive(Serialize, Deserialize)]
pub(super) struct Summary {
    /// Without how the app was deployed.
    pub begin: Begin,
    pub records: Vec<Record>,
    pub aborted: Option<Aborted>,
    /// Digest of what is left of the observation.
    pub observation: Option<String>,
}

/// Whether a transaction is over and told. Does not look into the summary: nothing else ever has this name.
pub(super) fn exists(directory: &Path) -> bool {
    state_files::is_named(&directory.join(FILE))
}

/// None if there is none, or if it does not check.
pub(super) fn read(directory: &Path, id: &str) -> Option<Summary> {
    [FILE, NEW].iter().find_map(|name| {
        let text = state_files::read_to_string(&directory.join(name)).ok()?;
        let (line, sum) = text.split_once('\n')?;
        let stands = sum.trim_end() == hex::encode(sector::checksum(id, line.as_bytes()));
        stands.then(|| serde_json::from_str(line).ok()).flatten()
    })
}
