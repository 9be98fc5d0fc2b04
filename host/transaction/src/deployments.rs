//! What was deployed: a small durable file per workload, written under its lease. A rollback and a promotion go by it;
//! whether an app runs is for its runtime to say, never for this record.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::lease::Lease;
use super::state_files;
use reforge_base::Message;
use reforge_base::durable::{self, PRIVATE_FILE};
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{DeploySpec, Observation};
use reforge_base::state_dir::StateDir;

use reforge_volumes::identity::Identity;

/// The only version this host writes and reads.
const VERSION: u32 = 1;
/// Specs are a few KiB, command lines can be long.
const RECORD_BYTES_MAX: u64 = 16 << 20;

/// The records of all workloads.
#[derive(Clone, Debug)]
pub struct History {
    directory: PathBuf,
}

/// What is known of one workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployments {
    version: u32,
    /// Deployed last.
    pub current: Option<DeploySpec>,
    /// The last one with another image: what a rollback goes back to.
    pub previous: Option<DeploySpec>,
    /// The preview beside it.
    pub preview: Option<DeploySpec>,
    /// The directory that was made for it. A version before this one kept none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_directory: Option<PreviewDirectory>,
    /// What ran when it was stopped last, and was not deployed since. Versions before this one kept none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Observation>,
}

/// The directory that was made for a workload's preview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviewDirectory {
    pub path: PathBuf,
    pub identity: Identity,
}

impl Default for Deployments {
    fn default() -> Self {
        Deployments {
            version: VERSION,
            current: None,
            previous: None,
            preview: None,
            preview_directory: None,
            stopped: None,
        }
    }
}

impl Deployments {
    /// The record after `spec` was deployed. Deploying the same image again does not change what a rollback goes to.
    fn after(mut self, spec: &DeploySpec) -> Deployments {
        let same = |old: &DeploySpec| (&old.image, &old.image_digest) == (&spec.image, &spec.image_digest);
        self.stopped = None;
        let replaced = self.current.replace(spec.clone());
        if let Some(replaced) = replaced.filter(|old| !same(old)) {
            self.previous = Some(replaced);
        }
        self
    }
}

impl History {
    pub fn new(state_dir: &StateDir) -> History {
        History { directory: state_dir.deployments() }
    }

    /// The record of a workload, empty if it was never deployed. May be read without its lease.
    pub fn read(&self, workload: &str) -> Result<Deployments> {
        let path = self.directory.join(name(workload));
        let mut bytes = Vec::new();
        match state_files::open(&path).and_then(|file| file.take(RECORD_BYTES_MAX).read_to_end(&mut bytes)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Deployments::default()),
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
                return Err(damaged(&path, message!("it-is-a-directory")));
            }
            Err(error) => return Err(Failure::io("read", &path, &error)),
        }
        let record: Deployments = serde_json::from_slice(&bytes)
            .map_err(|error| damaged(&path, Message::from(escape::text(&error.to_string()))))?;
        if record.version != VERSION {
            return Err(damaged(&path, message!("it-has-the-version", version = record.version)));
        }
        Ok(record)
    }

    /// Records that `spec` is being deployed. Answers what was recorded before.
    pub fn deploying(&self, lease: &Lease, spec: &DeploySpec) -> Result<Deployments> {
        lease.check(&spec.workload)?;
        let before = self.read_or_move_aside(&spec.workload)?;
        self.write(lease, &before.clone().after(spec))?;
        Ok(before)
    }

    /// Records what is about to be stopped.
    pub fn stopping(&self, lease: &Lease, observed: Observation) -> Result<()> {
        let before = self.read_or_move_aside(lease.workload())?;
        self.write(lease, &Deployments { stopped: Some(observed), ..before })
    }

    /// Puts a record in place of what is there.
    pub fn write(&self, lease: &Lease, record: &Deployments) -> Result<()> {
        let text = serde_json::to_vec_pretty(record)
            .map_err(|error| Failure::new(Code::Io, message!("cannot-write-down-a-deployment", error)))?;
        durable::write_durably(&self.directory, name(lease.workload()), &text, PRIVATE_FILE)
    }

    /// A record that cannot be read must not keep an app from coming back after a restore. It is kept, beside.
    fn read_or_move_aside(&self, workload: &str) -> Result<Deployments> {
        match self.read(workload) {
            Err(failure) if failure.code == Code::NeedsOperator => {
                durable::move_aside(&self.directory.join(name(workload)))?;
                Ok(Deployments::default())
            }
            read => read,
        }
    }
}

/// `workload` is a checked id: the caller holds its lease or found it in the configuration.
fn name(workload: &str) -> String {
    format!("{workload}.json")
}

fn damaged(path: &Path, how: Message) -> Failure {
    let message = message!("the-record-of-deployments-cannot", path = escape::path(path), how);
    Failure::new(Code::NeedsOperator, message).hint(message!("deploy-the-workload-anew-the-file"))
}
