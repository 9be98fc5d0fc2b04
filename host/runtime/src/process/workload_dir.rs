//! The directory of one supervised workload: what lies there and how it is written.
//!
//! `spec.json` and `state.json` are never rewritten in place, and only the host's user looks in here: specs hold
//! environments, and environments hold secrets.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::state::State;
use reforge_base::durable::{self, PRIVATE_DIRECTORY, PRIVATE_FILE};
use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::lock_file::{self, How};
use reforge_base::message;
use reforge_base::spec::DeploySpec;

/// Written by whoever holds the lock: the supervisor, or the host when there is none.
pub const STATE: &str = "state.json";

/// `<state_dir>/process/<workload>/`.
#[derive(Clone, Debug)]
pub struct WorkloadDir {
    pub directory: PathBuf,
}

/// Held by the supervisor while it lives; whoever else holds it knows that there is none.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl WorkloadDir {
    /// The place of a workload, which need not exist yet.
    pub fn of(process_dir: &Path, workload: &str) -> Result<WorkloadDir> {
        let is_name = !workload.is_empty() && workload != "." && workload != ".." && !workload.contains(['/', '\0']);
        if !is_name {
            let name = reforge_base::escape::text(workload);
            return Err(Failure::new(Code::Usage, message!("cannot-be-the-name", name)));
        }
        Ok(WorkloadDir { directory: process_dir.join(workload) })
    }

    /// Whether anything was ever deployed or held here. A directory that cannot be looked into is an error: "nothing
    /// runs" must never be said for want of knowing.
    pub fn exists(&self) -> Result<bool> {
        let lock = self.file("lock");
        lock.try_exists().map_err(|error| Failure::io("look for", &lock, &error))
    }

    /// Makes the directory, durably, if it is not there.
    pub fn make(&self) -> Result<()> {
        durable::make_directories_durably(&self.directory, PRIVATE_DIRECTORY)?;
        let lock = self.file("lock");
        let made = effect("lock-file", || OpenOptions::new().append(true).create(true).mode(PRIVATE_FILE).open(&lock));
        made.map_err(|error| Failure::io("make", &lock, &error))?;
        durable::sync_directory(&self.directory)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// None if the workload was never deployed.
    pub fn spec(&self) -> Result<Option<DeploySpec>> {
        self.read("spec.json")
    }

    /// One that says so already is left alone: a full disk must not keep an app from coming back.
    pub fn write_spec(&self, spec: &DeploySpec) -> Result<()> {
        match self.spec() {
            Ok(Some(written)) if written == *spec => Ok(()),
            _ => self.write("spec.json", spec),
        }
    }

    /// The default if nothing was written yet.
    pub fn state(&self) -> Result<State> {
        Ok(self.read(STATE)?.unwrap_or_default())
    }

    pub fn write_state(&self, state: &State) -> Result<()> {
        self.write(STATE, state)
    }

    /// The lock, if nobody has it.
    pub fn try_lock(&self) -> Result<Option<Lock>> {
        let path = self.file("lock");
        let file = File::open(&path).map_err(|error| Failure::io("open", &path, &error))?;
        let taken = lock_file::try_take(&file, How::Alone);
        let taken = taken.map_err(|errno| Failure::io("lock", &path, &errno.into()))?;
        Ok(taken.then(|| Lock { _file: file }))
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let path = self.file(name);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::io("read", &path, &error)),
        };
        serde_json::from_slice(&text).map(Some).map_err(|error| {
            let name = reforge_base::escape::path(&path);
            Failure::new(Code::Runtime, message!("is-damaged-so", name, error)).hint(message!("make-sure-that-nothing"))
        })
    }

    fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        let text = serde_json::to_vec_pretty(value)
            .map_err(|error| Failure::new(Code::Runtime, message!("cannot-write-down", name, error)))?;
        durable::write_durably(&self.directory, name, &text, PRIVATE_FILE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_elsewhere_is_no_workload() {
        for name in ["", ".", "..", "a/b", "/etc", "a\0b"] {
            let refused = WorkloadDir::of(Path::new("/var"), name).expect_err("refused");
            assert_eq!(refused.code, Code::Usage, "{name:?}");
        }
    }

    #[test]
    fn the_lock_is_had_once() {
        let root = tempfile::tempdir().expect("temporary directory");
        let workload_dir = WorkloadDir::of(root.path(), "notes").expect("a name");
        workload_dir.make().expect("made");
        let first = workload_dir.try_lock().expect("no error").expect("free");
        assert!(workload_dir.try_lock().expect("no error").is_none());
        drop(first);
        assert!(workload_dir.try_lock().expect("no error").is_some());
    }

    #[test]
    fn a_damaged_state_is_an_error_and_not_a_guess() {
        let root = tempfile::tempdir().expect("temporary directory");
        let workload_dir = WorkloadDir::of(root.path(), "notes").expect("a name");
        workload_dir.make().expect("made");
        assert_eq!(workload_dir.state().expect("none yet"), State::default());
        std::fs::write(workload_dir.file("state.json"), b"{\"hold\": tr").expect("written");
        assert_eq!(workload_dir.state().expect_err("damaged").code, Code::Runtime);
    }
}
