//! Pins: a mark beside a snapshot, `<id>.pin`, with which nothing deletes it until the mark is gone.
//!
//! The mark is durable before a pin is said to be there, and gone for certain before one is said to be gone. Whoever pins or
//! unpins holds the workload's lock.

use std::collections::BTreeSet;
use std::io::Write as _;

use serde::{Deserialize, Serialize};

use super::super::folder::Folder;
use super::names::NEW;
use super::{Store, check, names, remove};
use reforge_base::durable;
use reforge_base::effects::effect;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

const PIN: &str = ".pin";

/// What a mark says. That it is there is what counts.
#[derive(Serialize, Deserialize)]
struct Pin {
    by: String,
    at: jiff::Timestamp,
}

impl Store {
    /// Pins a snapshot, named as in [`Store::resolve`]; one that is pinned stays so. Answers its id.
    pub fn pin(&self, workload: &str, name: &str, by: &str, at: jiff::Timestamp) -> Result<String> {
        let id = self.resolve(workload, name)?;
        let folder = self.folder(workload)?.ok_or_else(|| check::gone(&id))?;
        if folder.exists(&pin_name(&id))? {
            return Ok(id);
        }
        remove::leftovers(&folder)?;
        let new = format!("{NEW}{}", pin_name(&id));
        let text = serde_json::to_vec(&Pin { by: by.to_owned(), at })
            .map_err(|error| Failure::new(Code::Io, error.to_string()))?;
        let mut file = folder.create(&new)?;
        effect("write-file", || file.write_all(&text))
            .map_err(|error| Failure::io("write", &folder.path(&new), &error))?;
        durable::sync_file(&file)?;
        folder.rename(&new, &pin_name(&id))?;
        folder.sync()?;
        Ok(id)
    }

    /// Takes the pin of a snapshot away, if it has one. Answers its id.
    pub fn unpin(&self, workload: &str, name: &str) -> Result<String> {
        let id = self.resolve(workload, name)?;
        let folder = self.folder(workload)?.ok_or_else(|| check::gone(&id))?;
        folder.remove(&pin_name(&id))?;
        folder.sync()?;
        Ok(id)
    }

    /// The ids of a workload's pinned snapshots.
    pub fn pinned(&self, workload: &str) -> Result<BTreeSet<String>> {
        self.folder(workload)?.map_or_else(|| Ok(BTreeSet::new()), |folder| pinned(&folder))
    }
}

/// The ids that have a mark.
pub(super) fn pinned(folder: &Folder) -> Result<BTreeSet<String>> {
    let names = folder.names()?;
    let ids = names.iter().filter_map(|name| name.strip_suffix(PIN)).filter(|id| names::check_snapshot(id).is_ok());
    Ok(ids.map(str::to_owned).collect())
}

/// Refuses a deletion of what is pinned.
pub(super) fn refuse_pinned(folder: &Folder, id: &str) -> Result<()> {
    if !folder.exists(&pin_name(id))? {
        return Ok(());
    }
    let id = escape::text(id);
    Err(Failure::new(Code::PolicyRefused, message!("snapshot-is-pinned", id)).hint(message!("unpin-it-first")))
}

fn pin_name(id: &str) -> String {
    format!("{id}{PIN}")
}
