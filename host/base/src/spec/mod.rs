//! What is deployed, as plain data: what an app is created from, what it was seen doing, and how it does.
//!
//! Configuration, runtimes, journals and the deployment history all speak of it in these words. Nothing here looks at
//! anything or does anything.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::failure::{Code, Failure, Result};
use crate::message;
use crate::message::Message;

pub mod compose;
mod container;
pub mod definition;

pub use compose::ComposeProject;
pub use container::{Container, Port, Restart};

/// How an app is asked to stop that says nothing of it.
pub const STOP_SIGNAL: &str = "SIGTERM";
/// How long it has for that.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Everything needed to create the app again, also after its configuration was changed or deleted. Kept in journals
/// and in the deployment history.
#[non_exhaustive]
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
    /// An app that says nothing of itself but what it is.
    pub fn new(workload: impl Into<String>, image: impl Into<String>) -> DeploySpec {
        DeploySpec {
            workload: workload.into(),
            image: image.into(),
            image_digest: String::new(),
            command: Vec::new(),
            user: None,
            environment: Vec::new(),
            mounts: Vec::new(),
            stop_signal: STOP_SIGNAL.to_owned(),
            stop_timeout: STOP_TIMEOUT,
            health: None,
            container: Container::default(),
        }
    }

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
                let message = message!("in-the-command-names-a-volume", shown);
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
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    pub volume: String,
    pub live: PathBuf,
    pub target: PathBuf,
    /// The engine's own name of it: a named volume, whose directory `live` is. The app gets it by this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_volume: Option<String>,
}

impl Mount {
    pub fn new(volume: impl Into<String>, live: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Mount {
        Mount { volume: volume.into(), live: live.into(), target: target.into(), engine_volume: None }
    }

    /// The same as a volume that the engine knows by a name, if there is one.
    pub fn with_engine_volume(self, name: Option<String>) -> Mount {
        Mount { engine_volume: name, ..self }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// In which part of an app that has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
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
#[non_exhaustive]
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
    pub fn new(state: AppState, spec: Option<DeploySpec>) -> Observation {
        Observation { state, spec, detail: serde_json::Value::Null }
    }

    /// Of a workload that was never deployed.
    pub fn absent() -> Observation {
        Observation::new(AppState::Absent, None)
    }

    /// With the runtime's own words.
    pub fn with_detail(self, detail: serde_json::Value) -> Observation {
        Observation { detail, ..self }
    }

    /// What a runtime needs of it to forget it, and no more: without the values of environment variables, and of the runtime's
    /// own words the plain ones only.
    pub fn without_secrets(mut self) -> Observation {
        if let Some(spec) = &mut self.spec {
            spec.environment.iter_mut().for_each(|(_, value)| value.clear());
            spec.container = Container::default();
        }
        if let Some(detail) = self.detail.as_object_mut() {
            detail.retain(|_, value| !value.is_object() && !value.is_array());
        }
        self
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
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthReport {
    pub health: Health,
    pub reason: Message,
}

impl HealthReport {
    pub fn new(health: Health, reason: impl Into<Message>) -> HealthReport {
        HealthReport { health, reason: reason.into() }
    }
}
