//! An app that is only a script: what it was asked is counted, what it answers is set beforehand.

use std::sync::{Mutex, MutexGuard, PoisonError};

use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{AppState, DeploySpec, Health, HealthReport, Observation};
use reforge_runtime::Runtime;

/// What happens the next times.
#[derive(Clone, Debug)]
pub struct Script {
    /// A stop that is asked for fails, and the app goes on.
    pub stop_fails: bool,
    /// So many instances cannot be started.
    pub bad_starts: u32,
    /// How the app is found after a start.
    pub health: Health,
}

impl Default for Script {
    fn default() -> Script {
        Script { stop_fails: false, bad_starts: 0, health: Health::Healthy }
    }
}

#[derive(Debug, Default)]
struct State {
    script: Script,
    running: bool,
    spec: Option<DeploySpec>,
    stops: u32,
}

/// The runtime of the one workload of a scene.
#[derive(Debug, Default)]
pub struct App(Mutex<State>);

impl App {
    pub fn follow(&self, script: Script) {
        self.state().script = script;
    }

    pub fn is_running(&self) -> bool {
        self.state().running
    }

    /// How often it was stopped.
    pub fn stops(&self) -> u32 {
        self.state().stops
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runtime for App {
    fn observe(&self, _workload: &str) -> Result<Observation> {
        let state = self.state();
        let seen = match (&state.spec, state.running) {
            (None, _) => AppState::Absent,
            (Some(_), true) => AppState::Running,
            (Some(_), false) => AppState::Stopped,
        };
        Ok(Observation::new(seen, state.spec.clone()))
    }

    fn create(&self, spec: &DeploySpec) -> Result<()> {
        let mut state = self.state();
        state.running = false;
        if state.script.bad_starts > 0 {
            state.script.bad_starts -= 1;
            return Err(Failure::new(Code::AppBad, message!("the-script-says-that-this-instance")));
        }
        state.spec = Some(spec.clone());
        state.running = true;
        Ok(())
    }

    fn bring_back(&self, observation: &Observation) -> Result<()> {
        let mut state = self.state();
        state.spec.clone_from(&observation.spec);
        state.running = observation.state.should_run();
        Ok(())
    }

    fn hold(&self, _workload: &str) -> Result<()> {
        Ok(())
    }

    fn release(&self, _workload: &str) -> Result<()> {
        Ok(())
    }

    fn stop(&self, _workload: &str) -> Result<()> {
        let mut state = self.state();
        if state.script.stop_fails {
            return Err(Failure::new(Code::NotDown, message!("the-script-says-that-the-app")));
        }
        state.stops += u32::from(state.running);
        state.running = false;
        Ok(())
    }

    fn members(&self, _workload: &str) -> Result<Vec<i32>> {
        Ok(Vec::new())
    }

    fn is_down(&self, _workload: &str) -> Result<bool> {
        Ok(!self.is_running())
    }

    fn await_healthy(&self, _workload: &str, _cancelled: &dyn Fn() -> bool) -> Result<HealthReport> {
        let state = self.state();
        let health = if state.running { state.script.health } else { Health::ConfirmedBad };
        Ok(HealthReport::new(health, message!("as-the-script-says")))
    }

    fn resolve_image(&self, _spec: &DeploySpec) -> Result<String> {
        Ok("as the script says".to_owned())
    }
}
