//! What runs workloads. A deployer that embeds the host implements [`Runtime`] for its own engine.
//!
//! A runtime never touches volumes and never takes locks: [`crate::deployer`] calls it with the lease held.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::Workload;
use crate::failure::{Code, Failure, Result};

pub mod container;
pub mod docker;
pub mod holders;
pub mod proc_stat;
pub mod process;

pub use container::Container;

/// Everything needed to create the app again, also after its configuration was changed or deleted. Kept in journals
/// and in the deployment history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploySpec {
    pub workload: String,
    /// What was asked for: an image reference, or the command line.
    pub image: String,
    /// What that was when it was deployed: an image id, or the digest of the command's file.
    pub image_digest: String,
    pub command: Vec<String>,
    pub user: Option<String>,
    pub environment: Vec<(String, String)>,
    pub mounts: Vec<Mount>,
    /// Name of a signal, `SIGTERM` unless said otherwise.
    pub stop_signal: String,
    pub stop_timeout: Duration,
    pub health: Option<HealthCheck>,
    /// What only a container has.
    #[serde(default, skip_serializing_if = "Container::is_plain")]
    pub container: Container,
}

impl DeploySpec {
    /// A word of the command with each `{volume:NAME}` replaced by where `place` says that the app sees the volume.
    /// What a path holds is not looked at again.
    pub fn fill(&self, word: &str, place: impl Fn(&Mount) -> &Path) -> Result<OsString> {
        const OPEN: &str = "{volume:";
        let mut out = OsString::new();
        let mut rest = word;
        while let Some((before, behind)) = rest.split_once(OPEN) {
            let named = behind.split_once('}');
            let mount = named.and_then(|(name, _)| self.mounts.iter().find(|mount| mount.volume == name));
            let (Some((_, after)), Some(mount)) = (named, mount) else {
                let shown = crate::escape::text(word);
                let message = format!("`{shown}` in the command names a volume that the workload lacks");
                return Err(Failure::new(Code::AppBad, message));
            };
            out.push(before);
            out.push(place(mount));
            rest = after;
        }
        out.push(rest);
        Ok(out)
    }
}

/// A live volume directory and where the app sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    pub volume: String,
    pub live: PathBuf,
    pub target: PathBuf,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// Exit status 0 is healthy.
    pub command: Vec<String>,
    pub interval: Duration,
    /// How long to wait for the first success after a start.
    pub limit: Duration,
}

/// What a workload is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppState {
    /// Never deployed, or removed.
    Absent,
    Stopped,
    Running,
    /// Starts and ends again and again, or waits to be started once more.
    CrashLooping,
}

impl AppState {
    /// Whether the app is brought back after a restore.
    pub fn should_run(self) -> bool {
        matches!(self, AppState::Running | AppState::CrashLooping)
    }
}

/// What was there before the stop: enough to bring exactly it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    pub state: AppState,
    /// The deployment that was observed; none if the workload was never deployed.
    pub spec: Option<DeploySpec>,
    /// The runtime's own words (a container id and its create request), opaque to the host.
    #[serde(default)]
    pub detail: serde_json::Value,
}

impl Observation {
    /// Of a workload that was never deployed.
    pub fn absent() -> Observation {
        Observation { state: AppState::Absent, spec: None, detail: serde_json::Value::Null }
    }
}

/// How the app does after a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    Healthy,
    /// Running, but nobody knows: the new data stays.
    Unknown,
    /// Cannot be started, or has failed for certain.
    ConfirmedBad,
}

/// Health with the reason in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthReport {
    pub health: Health,
    pub reason: String,
}

/// Whether exactly the image that was deployed can be started again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageAtHand {
    /// What its reference means right now; none if it means nothing any more.
    pub now: Option<String>,
    /// Whether the app would be started with what it ran, as opposed to what the reference means now.
    pub pinned: bool,
}

/// What a runtime sees around a workload that a plan has to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    pub refusals: Vec<Failure>,
    pub warnings: Vec<Failure>,
}

/// Runs workloads. Every method is called with the workload's lease held, may be called again after a crash, and
/// answers what it sees, not what it remembers.
pub trait Runtime: Send + Sync {
    /// What the workload is doing. Changes nothing.
    fn observe(&self, workload: &str) -> Result<Observation>;

    /// Replaces whatever runs by a new instance of `spec` and starts it. Never starts an old one again. Returns when
    /// the instance was started; an instance that cannot be started at all is an error with the code `app-bad`.
    fn create(&self, spec: &DeploySpec) -> Result<()>;

    /// Brings back what [`Runtime::observe`] saw: the old instance if it is still there, else a new one from its spec.
    /// An app that was stopped stays stopped. Does nothing if it is up already.
    fn bring_back(&self, observation: &Observation) -> Result<()>;

    /// Switches every restart policy off, first, so that nothing but the host starts the app. Durable.
    fn hold(&self, workload: &str) -> Result<()>;

    /// Puts restart policies back as the spec says.
    fn release(&self, workload: &str) -> Result<()>;

    /// Stops every instance, asks nicely first, and returns when the runtime says that nothing of it is alive; an
    /// instance that is still alive after the limits is an error with the code `not-down`. Works on an app that is
    /// stopped or absent.
    fn stop(&self, workload: &str) -> Result<()>;

    /// Process ids of everything that belongs to the workload right now, as the host sees them: who may hold its volumes
    /// without being a stranger. Changes nothing.
    fn members(&self, workload: &str) -> Result<Vec<i32>>;

    /// Whether the runtime sees nothing of the workload alive. An engine that does not answer is an error, not `true`.
    fn is_down(&self, workload: &str) -> Result<bool>;

    /// Waits for the instance that was started last, up to the limit of its health check; without a check, until it
    /// has run for the settle time. `cancelled` is asked between probes.
    fn await_healthy(&self, workload: &str, cancelled: &dyn Fn() -> bool) -> Result<HealthReport>;

    /// What an image reference means right now: its digest. Changes nothing.
    fn resolve_image(&self, spec: &DeploySpec) -> Result<String>;

    /// Fetches the image of a spec if it is not there, and says how far that is. Given up as soon as `cancelled` says so.
    fn fetch_image(&self, _spec: &DeploySpec, _tell: &dyn Fn(&str), _cancelled: &dyn Fn() -> bool) -> Result<()> {
        Ok(())
    }

    /// Whether the image that was deployed can be started again; a failure says that nothing can. Changes nothing.
    fn image_at_hand(&self, spec: &DeploySpec) -> Result<ImageAtHand> {
        let now = self.resolve_image(spec)?;
        Ok(ImageAtHand { pinned: now == spec.image_digest, now: Some(now) })
    }

    /// Who else this runtime has on the volumes, and what bringing the app back would lose. `live` are the volumes by
    /// name and path. Changes nothing.
    fn survey(&self, _workload: &Workload, _live: &[(String, PathBuf)]) -> Result<Survey> {
        Ok(Survey::default())
    }

    /// The undo window of the transaction that observed this is over: what was kept for going back may go.
    fn forget(&self, _observation: &Observation) -> Result<()> {
        Ok(())
    }
}
