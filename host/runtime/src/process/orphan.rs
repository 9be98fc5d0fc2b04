//! A workload whose supervisor was killed: what is left of it, and how the host ends that by itself.
//!
//! The lock is held by the caller, so that no supervisor starts meanwhile.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::identity::ProcessId;
use super::process_tree;
use super::state::{Phase, State};
use super::stop::{self, Progress, StopSequence};
use super::workload_dir::WorkloadDir;
use reforge_base::failure::{Failure, Result};
use reforge_base::spec::{AppState, DeploySpec, STOP_TIMEOUT};

/// Between two looks at processes of which none ends.
const POLL: Duration = Duration::from_millis(20);

/// Of which workloads nobody is left, so that not all processes are asked again: whoever is left comes from somebody who
/// is left, or from a supervisor, and each supervisor makes its socket in the workload's directory.
#[derive(Clone, Debug, Default)]
pub(super) struct Nobody(Arc<Mutex<HashMap<PathBuf, Look>>>);

/// How a directory looked: which it is, and when names in it changed.
type Look = (u64, u64, i64, i64);

impl Nobody {
    /// What is left alive of a workload.
    pub(super) fn left(&self, workload_dir: &WorkloadDir) -> Result<Vec<ProcessId>> {
        if self.is_left(workload_dir)? {
            return Ok(Vec::new());
        }
        let look = look(workload_dir)?;
        let left = process_tree::orphans(&workload_dir.directory, workload_dir.state()?.main.as_ref(), &[])?;
        if left.is_empty() {
            self.known().insert(workload_dir.directory.clone(), look);
        }
        Ok(left)
    }

    /// That is known of one whose supervisor has just gone. The caller holds its lock.
    pub(super) fn note(&self, workload_dir: &WorkloadDir) -> Result<()> {
        let look = look(workload_dir)?;
        self.known().insert(workload_dir.directory.clone(), look);
        Ok(())
    }

    /// Whether that was seen before, and no supervisor came since.
    pub(super) fn is_left(&self, workload_dir: &WorkloadDir) -> Result<bool> {
        Ok(self.known().get(&workload_dir.directory) == Some(&look(workload_dir)?))
    }

    fn known(&self) -> MutexGuard<'_, HashMap<PathBuf, Look>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn look(workload_dir: &WorkloadDir) -> Result<Look> {
    let look = std::fs::metadata(&workload_dir.directory);
    let look = look.map_err(|error| Failure::io("look at", &workload_dir.directory, &error))?;
    Ok((look.dev(), look.ino(), look.ctime(), look.ctime_nsec()))
}

/// What the workload is doing without a supervisor: running as long as its main process is there, or anything of a run
/// that could not be written down.
pub(super) fn app_state(left: &[ProcessId], state: &State) -> AppState {
    let is_running = |process: &ProcessId| {
        state.main.as_ref() == Some(process)
            || process_tree::start_of(process).is_some_and(|start| start != state.start)
    };
    if left.iter().any(is_running) { AppState::Running } else { AppState::Stopped }
}

/// Ends everything that is left and writes that down.
pub(super) fn stop(workload_dir: &WorkloadDir, spec: Option<&DeploySpec>) -> Result<()> {
    let state = workload_dir.state()?;
    let signal = spec.map_or(Ok(rustix::process::Signal::TERM), |spec| stop::signal(&spec.stop_signal))?;
    let timeout = spec.map_or(STOP_TIMEOUT, |spec| spec.stop_timeout);
    let mut sequence = StopSequence::new(signal, timeout, Instant::now());
    let mut known = Vec::new();
    loop {
        known = process_tree::orphans(&workload_dir.directory, state.main.as_ref(), &known)?;
        let main = known.iter().find(|process| Some(*process) == state.main.as_ref());
        let rest: Vec<ProcessId> = known.iter().filter(|process| Some(*process) != main).cloned().collect();
        match sequence.step(Instant::now(), main, &rest) {
            Progress::Down => break,
            Progress::Waiting => ProcessId::wait_for_an_end(&known, POLL)?,
            Progress::NotDown(failure) => return Err(failure),
        }
    }
    write_stopped(workload_dir, state)
}

/// Writes down that nobody is left.
pub(super) fn write_stopped(workload_dir: &WorkloadDir, state: State) -> Result<()> {
    if state.phase == Phase::Stopped && state.main.is_none() {
        return Ok(());
    }
    workload_dir.write_state(&State { phase: Phase::Stopped, main: None, supervisor: None, ..state })
}
