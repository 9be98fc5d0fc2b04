//! A workload whose supervisor was killed: what is left of it, and how the host ends that by itself.
//!
//! The lock is held by the caller, so that no supervisor starts meanwhile.

use std::time::{Duration, Instant};

use super::family;
use super::identity::ProcessId;
use super::place::Place;
use super::state::{Phase, State};
use super::stop::{self, Progress, StopSequence};
use crate::failure::Result;
use crate::runtime::{AppState, DeploySpec};

/// Between two looks at processes that are ending.
const POLL: Duration = Duration::from_millis(10);
/// For a workload that was held but never deployed.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// What is left alive of a workload.
pub fn left(place: &Place) -> Result<Vec<ProcessId>> {
    family::orphans(&place.directory, place.state()?.main.as_ref(), &[])
}

/// What the workload is doing without a supervisor: running as long as its main process is there.
pub fn app_state(state: &State) -> Result<AppState> {
    let running = match &state.main {
        Some(main) => main.is_alive()?,
        None => false,
    };
    Ok(if running { AppState::Running } else { AppState::Stopped })
}

/// Ends everything that is left and writes that down.
pub fn stop(place: &Place, spec: Option<&DeploySpec>) -> Result<()> {
    let state = place.state()?;
    let signal = spec.map_or(Ok(rustix::process::Signal::TERM), |spec| stop::signal(&spec.stop_signal))?;
    let timeout = spec.map_or(STOP_TIMEOUT, |spec| spec.stop_timeout);
    let mut sequence = StopSequence::new(signal, timeout, Instant::now());
    let mut known = Vec::new();
    loop {
        known = family::orphans(&place.directory, state.main.as_ref(), &known)?;
        let main = known.iter().find(|process| Some(*process) == state.main.as_ref());
        let rest: Vec<ProcessId> = known.iter().filter(|process| Some(*process) != main).cloned().collect();
        match sequence.step(Instant::now(), main, &rest) {
            Progress::Down => break,
            Progress::Waiting => std::thread::sleep(POLL),
            Progress::NotDown(failure) => return Err(failure),
        }
    }
    if state.phase == Phase::Stopped && state.main.is_none() {
        return Ok(());
    }
    place.write_state(&State { phase: Phase::Stopped, main: None, supervisor: None, ..state })
}
