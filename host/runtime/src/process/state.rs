//! What the supervisor writes down and what it answers: enough to tell, stop and hold the app without it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::identity::ProcessId;
use reforge_base::message::{Message, whole};
use reforge_base::spec::AppState;
use reforge_volumes::identity::Identity;

/// Short runs in a row after which an app counts as crash-looping and, while it is waited for, as confirmed bad.
pub(super) const ENDS_MAX: u32 = 3;

/// What the supervisor is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The main process runs.
    Running,
    /// The main process has ended by itself; what it left behind is being ended.
    Clearing,
    /// In back-off before the next start.
    Waiting,
    /// The app has ended and is not started again: restarts are held.
    Ended,
    /// Being stopped.
    Stopping,
    /// Stopped, or never started.
    #[default]
    Stopped,
}

/// `state.json`. Without the fields of a running supervisor it still says what `hold` was told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Restarts are switched off until `release`.
    pub hold: bool,
    pub phase: Phase,
    pub supervisor: Option<ProcessId>,
    pub main: Option<ProcessId>,
    /// What tells the newest run from all others: nanoseconds since the machine was started when the main process was.
    #[serde(default)]
    pub start: u64,
    /// Counted since the app was created.
    pub starts: u64,
    pub ends: u64,
    /// Ends in a row before the settle time was over.
    pub short_ends: u32,
    /// How the main process ended last.
    #[serde(default, with = "whole::optional")]
    pub last_end: Option<Message>,
    /// Size of the log when the main process was started.
    pub log_start_bytes: u64,
    /// Which directory each volume was when the main process was started, by the volume's name.
    #[serde(default)]
    pub given: BTreeMap<String, Identity>,
}

/// What a supervisor answers about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Status {
    pub state: State,
    /// How long the main process has been running.
    pub up_ms: Option<u64>,
    /// Processes alive below the supervisor; while the main process runs, that alone.
    pub alive: usize,
}

impl Status {
    /// What the workload is doing, in the words of every runtime.
    pub(super) fn app_state(&self) -> AppState {
        match self.state.phase {
            Phase::Running if self.state.short_ends >= ENDS_MAX => AppState::CrashLooping,
            Phase::Running | Phase::Stopping => AppState::Running,
            Phase::Clearing | Phase::Waiting => AppState::CrashLooping,
            Phase::Ended | Phase::Stopped => AppState::Stopped,
        }
    }
}
