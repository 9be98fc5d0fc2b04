//! Drilled apps that are plain processes: in network, mount, process and IPC namespaces of their own.
//!
//! In reading order: `plan` is what is to run, written for the host's own hidden command [`isolated`], which enters new
//! namespaces, makes with `view` what the app sees, waits to be told, and starts it; `enter` runs a command beside it. When the host
//! ends, in whatever way, the kernel ends all of it.

mod child;
mod enter;
mod isolated;
mod launch;
mod limits;
mod plan;
mod sockets;
mod view;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reforge_base::account::Account;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::spec::{DeploySpec, Health, HealthReport};
use reforge_base::{Message, escape, message};

pub use self::isolated::isolated;

use self::child::Child;
use self::limits::Cgroup;
use self::plan::{Numbers, Plan};
use super::app::{CommandEnd, DrillSpec, DrilledApp, Drills};
use super::network;

/// The plan's name in the drill's directory.
const PLAN: &str = "isolated.json";
/// What an app without a check must have run.
const SETTLE: Duration = Duration::from_secs(1);
/// How long one run of a health check may take.
const CHECK_LIMIT: Duration = Duration::from_secs(10);
/// How long namespaces may take to be made.
const READY_LIMIT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);

/// Makes them. `program` is the command that calls [`isolated`] with the words that follow it (`reforge isolated`).
pub struct ProcessDrills {
    program: Vec<OsString>,
}

impl ProcessDrills {
    pub fn new(program: Vec<OsString>) -> ProcessDrills {
        ProcessDrills { program }
    }
}

impl Drills for ProcessDrills {
    fn make(&self, spec: &DrillSpec) -> Result<Box<dyn DrilledApp>> {
        let Some(app) = &spec.observed.spec else {
            let workload = escape::text(&spec.workload);
            return Err(Failure::new(Code::NotFound, message!("was-never-deployed", workload)));
        };
        let plan = plan_of(spec, app)?;
        let file = spec.directory.join(PLAN);
        plan.write(&file)?;
        let (cgroup, unlimited) = Cgroup::make(&spec.drill, &spec.limits)?;
        let withheld = withheld(&plan).into_iter().chain(unlimited).collect();
        let child = Child::start(&self.program, &file)?;
        let (baseline, last) = (0, 0);
        Ok(Box::new(ProcessApp {
            program: self.program.clone(),
            spec: app.clone(),
            file,
            child,
            cgroup,
            withheld,
            baseline,
            last,
        }))
    }

    fn sweep(&self, drill: &str) -> Result<()> {
        let file = format!("/{drill}/{PLAN}");
        for process in child::with_argument(&|argument| argument.ends_with(file.as_bytes()))? {
            child::kill(process)?;
        }
        limits::remove(drill)
    }

    fn left(&self) -> Result<Vec<String>> {
        limits::left()
    }
}

/// What runs: the app's own command, with what the drill sets on top.
fn plan_of(spec: &DrillSpec, app: &DeploySpec) -> Result<Plan> {
    let fill = |word: &String| {
        let filled = app.fill(word, |mount| &mount.live)?;
        Ok(filled.to_string_lossy().into_owned())
    };
    let command: Vec<String> = app.command.iter().map(fill).collect::<Result<_>>()?;
    let mut environment = app.environment.clone();
    environment.retain(|(name, _)| spec.environment.iter().all(|(other, _)| other != name));
    environment.extend(spec.environment.iter().cloned());
    let account = app.user.as_deref().map(Account::of).transpose()?.flatten();
    let account = account.map(|account| Numbers { uid: account.uid, gid: account.gid, groups: account.groups });
    let mut bound = Vec::new();
    for mount in &app.mounts {
        let Some(volume) = spec.volumes.iter().find(|volume| volume.name == mount.volume) else { continue };
        bound.push((volume.directory.clone(), mount.live.clone()));
    }
    let hidden = spec.live.iter().filter(|live| bound.iter().all(|(_, over)| over != *live)).cloned().collect();
    let mut shown = spec.read_only.clone();
    // The program itself, where it lies in what the drill has of its own.
    shown.extend(command.first().map(PathBuf::from).filter(|program| view::is_private(program)));
    Ok(Plan { command, environment, account, bound, hidden, shown, sockets: sockets::bound()? })
}

fn withheld(plan: &Plan) -> Vec<Message> {
    let mut withheld = vec![message!("drill-has-no-network"), message!("drill-has-private-directories")];
    withheld.extend(plan.shown.iter().map(|path| message!("drill-sees-read-only", path = escape::path(path))));
    withheld
}

/// One that was made.
struct ProcessApp {
    program: Vec<OsString>,
    spec: DeploySpec,
    file: PathBuf,
    child: Child,
    cgroup: Option<Cgroup>,
    withheld: Vec<Message>,
    /// What our own tries were counted as.
    baseline: u64,
    last: u64,
}

impl DrilledApp for ProcessApp {
    fn withheld(&self) -> Vec<Message> {
        self.withheld.clone()
    }

    fn members(&self) -> Vec<String> {
        Vec::new()
    }

    fn start(&mut self) -> Result<()> {
        let process = self.child.ready(READY_LIMIT)?;
        let reached = network::reachable(process, &[])?;
        if !reached.is_empty() {
            let addresses = reached.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(Failure::new(Code::PolicyRefused, message!("drill-is-not-isolated", addresses)));
        }
        self.baseline = network::out_no_routes(process)?;
        if let Some(cgroup) = &self.cgroup {
            cgroup.take(process)?;
        }
        self.child.go()
    }

    fn await_healthy(&mut self, limit: Duration, cancelled: &AtomicBool) -> Result<HealthReport> {
        let began = Instant::now();
        let mut next_check = began;
        let mut last = None;
        loop {
            self.attempts()?;
            if let Some(how) = self.child.ended() {
                return Ok(HealthReport::new(Health::ConfirmedBad, message!("the-app", how)));
            }
            if cancelled.load(Ordering::Relaxed) {
                return Ok(HealthReport::new(Health::Unknown, message!("cancelled-before-the-app-was-known")));
            }
            match &self.spec.health {
                None if began.elapsed() >= SETTLE => {
                    return Ok(HealthReport::new(Health::Healthy, message!("ran-for", settle = SETTLE)));
                }
                Some(check) if Instant::now() >= next_check => {
                    let end = self.run(None, &check.command, CHECK_LIMIT)?;
                    match end.failure {
                        None if self.child.ended().is_none() => {
                            return Ok(HealthReport::new(Health::Healthy, message!("the-health-check-passed")));
                        }
                        None => {}
                        Some(why) => last = Some(message!("the-health-check", why)),
                    }
                    next_check = Instant::now() + check.interval;
                }
                _ => {}
            }
            if began.elapsed() >= limit {
                let why = last.unwrap_or_else(|| message!("the-app-did-not-settle"));
                return Ok(HealthReport::new(Health::Unknown, message!("until-the-limit-of", why, limit)));
            }
            std::thread::sleep(POLL);
        }
    }

    fn run(&self, member: Option<&str>, command: &[String], limit: Duration) -> Result<CommandEnd> {
        if let Some(member) = member {
            return Err(Failure::new(Code::Usage, message!("a-process-has-no-members", member = escape::text(member))));
        }
        let words = command.iter().map(|word| self.spec.fill(word, |mount| &mount.live)).collect::<Result<Vec<_>>>()?;
        let process = self.child.process()?;
        enter::run(&self.program, (process, &self.file), &words, limit)
    }

    fn network_of(&self, member: Option<&str>) -> Result<i32> {
        match member {
            None => self.child.process(),
            Some(member) => {
                Err(Failure::new(Code::Usage, message!("a-process-has-no-members", member = escape::text(member))))
            }
        }
    }

    fn attempts(&mut self) -> Result<u64> {
        // Its namespaces stay until it is removed, also when the app has ended.
        if let Ok(process) = self.child.process() {
            self.last = self.last.max(network::out_no_routes(process)?.saturating_sub(self.baseline));
        }
        Ok(self.last)
    }

    fn last_lines(&self) -> Vec<(String, Vec<u8>)> {
        vec![(String::new(), self.child.last_lines())]
    }

    fn remove(mut self: Box<Self>) -> Result<()> {
        self.child.end()?;
        if let Some(cgroup) = self.cgroup.take() {
            cgroup.remove()?;
        }
        remove_plan(&self.file)
    }
}

fn remove_plan(file: &Path) -> Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::io("remove", file, &error)),
        _ => Ok(()),
    }
}
