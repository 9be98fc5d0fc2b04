//! The built-in runtime: plain processes, each workload under a small supervisor of its own.
//!
//! In reading order: `workload_dir` is what lies on disk, `identity` and `process_tree` say which processes are meant,
//! `launch` starts and `stop` ends them, `supervise` and `supervisor` are the process that stays,
//! `control` is what the host says to it, `orphan` is what the host does when it is gone. `freeze` and `hook` are for snapshots.
//!
//! The supervisor outlives the command that started it, and the app outlives a supervisor that is killed: nothing here
//! remembers, everything is asked of the supervisor, of `state.json` and of `/proc`.

mod control;
mod control_channel;
mod freeze;
mod health;
mod hook;
mod identity;
mod launch;
mod log;
mod orphan;
mod probe;
mod process_tree;
mod start;
mod state;
mod stop;
mod supervise;
mod supervisor;
pub mod workload_dir;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use self::control::{Answer, ControlRequest, Reached};
pub use self::identity::ProcessId;
use self::orphan::Nobody;
pub use self::process_tree::descendants;
use self::state::{Phase, State};
use self::workload_dir::WorkloadDir;
use super::{DeployedMount, Freezable, HookEnd, Runtime};
use reforge_base::consistency::Hook;
use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{AppState, DeploySpec, HealthReport, Mount, Observation};
pub use supervise::supervise;

/// How long a supervisor may take for anything but a stop or a probe.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// What a supervisor may take for a stop beyond the stop timeout and the time that each SIGKILL gets.
const STOP_MARGIN: Duration = Duration::from_secs(10);

/// Runs workloads as processes.
#[derive(Clone, Debug)]
pub struct ProcessRuntime {
    process_dir: PathBuf,
    supervisor: Vec<OsString>,
    nobody: Nobody,
}

impl ProcessRuntime {
    /// Keeps its state in `<state_dir>/process`. `supervisor` is the command that calls [`supervise`] with the
    /// directory that it gets as its last argument (`reforge supervise`).
    pub fn new(state_dir: PathBuf, supervisor: Vec<OsString>) -> ProcessRuntime {
        // Supervisors work in `/`. A path that cannot be made absolute is refused when it is used.
        let absolute = std::path::absolute(&state_dir).unwrap_or(state_dir);
        ProcessRuntime { process_dir: absolute.join("process"), supervisor, nobody: Nobody::default() }
    }

    /// Stops a workload and forgets it: spec, state and log. Its volumes are not touched.
    pub fn remove(&self, workload: &str) -> Result<()> {
        self.stop(workload)?;
        let workload_dir = self.workload_dir(workload)?;
        if !workload_dir.exists()? {
            return Ok(());
        }
        let lock = control::wait_gone(&workload_dir)?;
        let removed = effect("remove-process-directory", || std::fs::remove_dir_all(&workload_dir.directory));
        drop(lock);
        removed.map_err(|error| Failure::io("remove", &workload_dir.directory, &error))
    }

    fn workload_dir(&self, workload: &str) -> Result<WorkloadDir> {
        WorkloadDir::of(&self.process_dir, workload)
    }

    /// What was deployed last, what it is doing, and what its supervisor says or wrote; none if nothing ever was.
    fn look(&self, workload: &str) -> Result<Option<(DeploySpec, AppState, State)>> {
        let workload_dir = self.workload_dir(workload)?;
        let Some(spec) = workload_dir.exists()?.then(|| workload_dir.spec()).transpose()?.flatten() else {
            return Ok(None);
        };
        match control::ask(&workload_dir, &ControlRequest::Status, ANSWER_LIMIT)? {
            Reached::Supervisor(Answer::Status(status)) => Ok(Some((spec, status.app_state(), status.state))),
            Reached::Supervisor(Answer::Failed(failure)) => Err(failure),
            Reached::Supervisor(other) => Err(health::unexpected(&other)),
            Reached::Nobody(_lock) => {
                let state = workload_dir.state()?;
                let app = orphan::app_state(&self.nobody.left(&workload_dir)?, &state);
                Ok(Some((spec, app, State { supervisor: None, ..state })))
            }
        }
    }

    /// Everything alive of the app, without its supervisor, and that.
    fn alive(&self, workload_dir: &WorkloadDir) -> Result<(Option<ProcessId>, Vec<ProcessId>)> {
        match control::ask(workload_dir, &ControlRequest::Status, ANSWER_LIMIT)? {
            Reached::Supervisor(Answer::Status(status)) => match status.state.supervisor {
                Some(supervisor) => {
                    let alive = process_tree::descendants(supervisor.pid)?;
                    Ok((Some(supervisor), alive))
                }
                None => Ok((None, Vec::new())),
            },
            Reached::Supervisor(Answer::Failed(failure)) => Err(failure),
            Reached::Supervisor(other) => Err(health::unexpected(&other)),
            Reached::Nobody(_lock) => Ok((None, self.nobody.left(workload_dir)?)),
        }
    }

    /// The same of a workload that may never have been deployed.
    fn living(&self, workload: &str) -> Result<Vec<ProcessId>> {
        let workload_dir = self.workload_dir(workload)?;
        if !workload_dir.exists()? {
            return Ok(Vec::new());
        }
        Ok(self.alive(&workload_dir)?.1)
    }

    /// Sets the hold flag, through the supervisor if there is one.
    fn set_hold(&self, workload_dir: &WorkloadDir, request: &ControlRequest, hold: bool) -> Result<()> {
        match control::ask(workload_dir, request, ANSWER_LIMIT)? {
            Reached::Supervisor(answer) => done(answer),
            Reached::Nobody(_lock) => match workload_dir.state()? {
                // Said already: a full disk must not keep a revert from its stop.
                state if state.hold == hold => Ok(()),
                state => workload_dir.write_state(&State { hold, ..state }),
            },
        }
    }
}

impl Runtime for ProcessRuntime {
    fn observe(&self, workload: &str) -> Result<Observation> {
        let Some((spec, state, detail)) = self.look(workload)? else { return Ok(Observation::absent()) };
        let detail = serde_json::to_value(detail).unwrap_or_default();
        Ok(Observation::new(state, Some(spec)).with_detail(detail))
    }

    fn deployed(&self) -> Result<Vec<String>> {
        let failed = |error: std::io::Error| Failure::io("list", &self.process_dir, &error);
        let mut deployed = Vec::new();
        for entry in std::fs::read_dir(&self.process_dir).map_err(failed)? {
            deployed.extend(entry.map_err(failed)?.file_name().into_string());
        }
        Ok(deployed)
    }

    fn deployed_mounts(&self, workload: &str) -> Result<Vec<DeployedMount>> {
        let Some((spec, state, detail)) = self.look(workload)? else { return Ok(Vec::new()) };
        let given = if state.should_run() { detail.given } else { BTreeMap::new() };
        let deployed = |mount: Mount| DeployedMount {
            given: given.get(&mount.volume).cloned(),
            volume: mount.volume,
            live: mount.live,
        };
        Ok(spec.mounts.into_iter().map(deployed).collect())
    }

    fn create(&self, spec: &DeploySpec) -> Result<()> {
        let workload_dir = self.workload_dir(&spec.workload)?;
        stop::signal(&spec.stop_signal)?;
        self.stop(&spec.workload)?;
        workload_dir.make()?;
        workload_dir.write_spec(spec)?;
        start::start_supervisor(&self.supervisor, &workload_dir)
    }

    fn bring_back(&self, observation: &Observation) -> Result<()> {
        let Some(spec) = observation.spec.as_ref().filter(|_| observation.state.should_run()) else { return Ok(()) };
        match self.observe(&spec.workload)?.state.should_run() {
            true => Ok(()),
            false => self.create(spec),
        }
    }

    fn hold(&self, workload: &str) -> Result<()> {
        let workload_dir = self.workload_dir(workload)?;
        workload_dir.make()?;
        self.set_hold(&workload_dir, &ControlRequest::Hold, true)
    }

    fn release(&self, workload: &str) -> Result<()> {
        let workload_dir = self.workload_dir(workload)?;
        if !workload_dir.exists()? {
            return Ok(());
        }
        self.set_hold(&workload_dir, &ControlRequest::Release, false)
    }

    fn stop(&self, workload: &str) -> Result<()> {
        let workload_dir = self.workload_dir(workload)?;
        if !workload_dir.exists()? {
            return Ok(());
        }
        let spec = workload_dir.spec()?;
        let timeout = spec.as_ref().map_or(Duration::ZERO, |spec| spec.stop_timeout);
        match control::ask(&workload_dir, &ControlRequest::Stop, timeout + 2 * stop::KILL_LIMIT + STOP_MARGIN)? {
            Reached::Supervisor(answer) => {
                done(answer)?;
                let _lock = control::wait_gone(&workload_dir)?;
                // It goes when the kernel says that it has no child left, and whoever lost its parent was its child.
                self.nobody.note(&workload_dir)
            }
            Reached::Nobody(_lock) if self.nobody.is_left(&workload_dir)? => {
                orphan::write_stopped(&workload_dir, workload_dir.state()?)
            }
            Reached::Nobody(_lock) => orphan::stop(&workload_dir, spec.as_ref()),
        }
    }

    fn members(&self, workload: &str) -> Result<Vec<i32>> {
        let workload_dir = self.workload_dir(workload)?;
        if !workload_dir.exists()? {
            return Ok(Vec::new());
        }
        let (supervisor, mut alive) = self.alive(&workload_dir)?;
        alive.extend(supervisor);
        Ok(alive.into_iter().map(|process| process.pid).collect())
    }

    fn is_down(&self, workload: &str) -> Result<bool> {
        let workload_dir = self.workload_dir(workload)?;
        if !workload_dir.exists()? {
            return Ok(true);
        }
        match control::ask(&workload_dir, &ControlRequest::Status, ANSWER_LIMIT)? {
            // One that waits starts the app any moment.
            Reached::Supervisor(Answer::Status(status)) => {
                Ok(status.alive == 0 && matches!(status.state.phase, Phase::Ended | Phase::Stopped))
            }
            Reached::Supervisor(Answer::Failed(failure)) => Err(failure),
            Reached::Supervisor(other) => Err(health::unexpected(&other)),
            Reached::Nobody(_lock) => Ok(self.nobody.left(&workload_dir)?.is_empty()),
        }
    }

    fn freezable(&self, workload: &str) -> Result<Option<Freezable>> {
        let plan = freeze::Plan::make(&|| self.living(workload))?;
        Ok(Some(Freezable::new(serde_json::to_value(plan).map_err(not_understood)?)))
    }

    fn freeze(&self, workload: &str, freezable: &Freezable) -> Result<()> {
        planned(freezable)?.freeze(&|| self.living(workload))
    }

    fn is_frozen(&self, workload: &str, freezable: &Freezable) -> Result<bool> {
        planned(freezable)?.is_frozen(&|| self.living(workload))
    }

    fn thaw(&self, workload: &str, freezable: &Freezable) -> Result<()> {
        planned(freezable)?.thaw(&|| self.living(workload))
    }

    fn run_hook(&self, workload: &str, hook: &Hook) -> Result<HookEnd> {
        let workload_dir = self.workload_dir(workload)?;
        match workload_dir.exists()?.then(|| workload_dir.spec()).transpose()?.flatten() {
            Some(spec) => hook::run(&workload_dir, &spec, workload_dir.state()?.start, hook),
            None => Err(never_deployed(workload)),
        }
    }

    fn await_healthy(&self, workload: &str, cancelled: &dyn Fn() -> bool) -> Result<HealthReport> {
        let workload_dir = self.workload_dir(workload)?;
        match workload_dir.exists()?.then(|| workload_dir.spec()).transpose()?.flatten() {
            Some(spec) => health::wait(&workload_dir, &spec, cancelled),
            None => Err(never_deployed(workload)),
        }
    }

    fn resolve_image(&self, spec: &DeploySpec) -> Result<String> {
        let path = launch::program_file(spec, &spec.command)?;
        digest(&path).map_err(|error| Failure::io("read", &path, &error))
    }
}

fn never_deployed(workload: &str) -> Failure {
    Failure::new(Code::NotFound, message!("was-never-deployed", workload = reforge_base::escape::text(workload)))
}

fn planned(freezable: &Freezable) -> Result<freeze::Plan> {
    serde_json::from_value(freezable.detail.clone()).map_err(not_understood)
}

fn not_understood(error: serde_json::Error) -> Failure {
    Failure::new(Code::Runtime, message!("what-is-frozen-is-not-understood", error))
}

fn done(answer: Answer) -> Result<()> {
    match answer {
        Answer::Done => Ok(()),
        Answer::Failed(failure) => Err(failure),
        other => Err(health::unexpected(&other)),
    }
}

/// `blake3:` and the digest of a file.
fn digest(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(format!("blake3:{}", hasher.finalize().to_hex())),
            count => hasher.update(&buffer[..count]),
        };
    }
}
