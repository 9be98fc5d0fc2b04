//! The engine of this deployer, and what the host asks of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use reforge_host::runtime::{AppState, DeploySpec, Health, HealthReport, Observation};
use reforge_host::{Code, Failure, Result, Runtime};
use rustix::process::{Pid, Signal, kill_process};

/// An engine that runs plain processes. What belongs to a workload says so in its environment, so that it is found by
/// whoever looks: also after a restart of the deployer, and whatever the app started itself.
pub(crate) struct Engine {
    /// Holds what was deployed, a file per workload.
    pub directory: PathBuf,
}

/// In the environment of everything that belongs to a workload.
const MARK: &str = "MINE_WORKLOAD";
/// An app that has run for so long has started.
const SETTLE: Duration = Duration::from_millis(300);

impl Engine {
    fn file(&self, workload: &str) -> PathBuf {
        self.directory.join(workload)
    }

    fn deployed(&self, workload: &str) -> Result<Option<DeploySpec>> {
        let file = self.file(workload);
        if !file.exists() {
            return Ok(None);
        }
        let text = fs::read(&file).map_err(|error| Failure::io("read", &file, &error))?;
        let spec = serde_json::from_slice(&text);
        spec.map(Some).map_err(|error| Failure::new(Code::Runtime, format!("`{workload}` does not read: {error}")))
    }

    fn start(&self, spec: &DeploySpec) -> Result<()> {
        // `{volume:NAME}` in the command is where the app finds the volume: here the directory itself.
        let words = spec.command.iter().map(|word| spec.fill(word, |mount| &mount.live)).collect::<Result<Vec<_>>>()?;
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).envs(spec.environment.clone()).env(MARK, &spec.workload).current_dir("/");
        let started = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        started.map(drop).map_err(|error| Failure::new(Code::AppBad, format!("cannot start the app: {error}")))
    }

    fn signal(&self, workload: &str, signal: Signal, patience: Duration) -> Result<bool> {
        let deadline = Instant::now() + patience;
        while !self.is_down(workload)? && Instant::now() < deadline {
            for pid in self.members(workload)?.into_iter().filter_map(Pid::from_raw) {
                // It may have ended by itself.
                let _ = kill_process(pid, signal);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.is_down(workload)
    }
}

impl Runtime for Engine {
    fn observe(&self, workload: &str) -> Result<Observation> {
        let Some(spec) = self.deployed(workload)? else { return Ok(Observation::absent()) };
        let state = if self.is_down(workload)? { AppState::Stopped } else { AppState::Running };
        Ok(Observation::new(state, Some(spec)))
    }

    fn create(&self, spec: &DeploySpec) -> Result<()> {
        self.stop(&spec.workload)?;
        let file = self.file(&spec.workload);
        let text = serde_json::to_vec(spec).map_err(|error| Failure::new(Code::Runtime, error.to_string()))?;
        fs::write(&file, text).map_err(|error| Failure::io("write", &file, &error))?;
        self.start(spec)
    }

    fn bring_back(&self, observation: &Observation) -> Result<()> {
        match &observation.spec {
            Some(spec) if observation.state.should_run() && self.is_down(&spec.workload)? => self.create(spec),
            _ => Ok(()),
        }
    }

    // This engine never starts an app by itself: there is no policy to switch off and on.
    fn hold(&self, _workload: &str) -> Result<()> {
        Ok(())
    }

    fn release(&self, _workload: &str) -> Result<()> {
        Ok(())
    }

    fn stop(&self, workload: &str) -> Result<()> {
        let patience = self.deployed(workload)?.map_or(Duration::ZERO, |spec| spec.stop_timeout);
        if self.signal(workload, Signal::TERM, patience)? || self.signal(workload, Signal::KILL, SETTLE)? {
            return Ok(());
        }
        Err(Failure::new(Code::NotDown, format!("`{workload}` does not end")))
    }

    fn members(&self, workload: &str) -> Result<Vec<i32>> {
        let mark = format!("{MARK}={workload}");
        let proc = Path::new("/proc");
        let entries = fs::read_dir(proc).map_err(|error| Failure::io("list", proc, &error))?;
        let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let is_one = |pid: &i32| {
            // Of what has ended meanwhile there is none.
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
        };
        Ok(pids.filter(is_one).collect())
    }

    fn is_down(&self, workload: &str) -> Result<bool> {
        Ok(self.members(workload)?.is_empty())
    }

    fn await_healthy(&self, workload: &str, _cancelled: &dyn Fn() -> bool) -> Result<HealthReport> {
        std::thread::sleep(SETTLE);
        let (health, reason) = match self.is_down(workload)? {
            true => (Health::ConfirmedBad, "it has ended"),
            false => (Health::Healthy, "it runs"),
        };
        Ok(HealthReport::new(health, reason))
    }

    fn resolve_image(&self, spec: &DeploySpec) -> Result<String> {
        let program = Path::new(&spec.command[0]);
        let bytes = fs::read(program).map_err(|error| Failure::io("read", program, &error))?;
        Ok(blake3::hash(&bytes).to_hex().to_string())
    }
}
