//! Files of the state directory that say what the engine cannot keep for us, one for each workload. Written durably before what
//! they announce.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::durable::{self, PRIVATE_DIRECTORY, PRIVATE_FILE};
use crate::escape;
use crate::failure::{Code, Failure, Result};
use crate::message;

/// Empty if there is none.
pub fn read<T: Default + DeserializeOwned>(directory: &Path, workload: &str) -> Result<T> {
    let path = directory.join(name(workload)?);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(T::default()),
        Err(error) => return Err(Failure::io("read", &path, &error)),
    };
    serde_json::from_slice(&bytes).map_err(|error| {
        let message = message!("is-not-understood", path = escape::path(&path), error);
        Failure::new(Code::NeedsOperator, message).hint(message!("it-says-which-restart-policies"))
    })
}

pub fn write(record: &impl Serialize, directory: &Path, workload: &str) -> Result<()> {
    durable::make_directories_durably(directory, PRIVATE_DIRECTORY)?;
    let bytes = serde_json::to_vec_pretty(record)
        .map_err(|error| Failure::new(Code::Io, message!("cannot-write-down-a-container", error)))?;
    durable::write_durably(directory, name(workload)?, &bytes, PRIVATE_FILE)
}

/// Takes a workload's away.
pub fn remove(directory: &Path, workload: &str) -> Result<()> {
    let path = directory.join(name(workload)?);
    match std::fs::remove_file(&path) {
        Ok(()) => durable::sync_directory(directory),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::io("remove", &path, &error)),
    }
}

/// Workloads that have one.
pub fn workloads(directory: &Path) -> Result<Vec<String>> {
    durable::names(directory, ".json")
}

fn name(workload: &str) -> Result<String> {
    if workload.is_empty() || workload.starts_with('.') || workload.contains(['/', '\0']) {
        return Err(Failure::new(Code::Usage, message!("is-no-workloads-name", workload = escape::text(workload))));
    }
    Ok(format!("{workload}.json"))
}
