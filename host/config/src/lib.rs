//! `reforge.toml`: which workloads there are, where their volumes live, where the host keeps its own things.
//!
//! A key that is not known is an error that names file, line and key, and every problem is reported at once. Reading a
//! configuration touches nothing but the file itself: whether a directory exists is for `deployer::resolve` and
//! `state_dir` to say. Nothing here may guess: a value that is not understood is refused.
//!
//! Internal: `reforge-host` is what others depend on, and this changes from one version to the next.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::scope::Scope;
use reforge_base::Language;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::project::ProjectFiles;
use reforge_base::spec::{ComposeProject, Container, HealthCheck, STOP_SIGNAL, STOP_TIMEOUT};
use reforge_base::state_dir::StateDir;
use reforge_notify::Channel;

mod additions;
pub mod adopted;
mod api;
mod as_toml;
mod capturing;
mod compose;
mod container;
pub mod declared;
pub mod deploy_spec;
mod drill;
pub mod duration;
pub mod engine;
mod engine_volume;
pub mod forgotten;
mod host;
mod in_code;
pub mod matching;
mod names;
mod notify;
mod problems;
mod raw;
mod removals;
mod roots;
mod runtime_name;
mod schedule;
pub mod scope;
mod size;
mod target;
#[cfg(test)]
mod tests;
mod volume;
mod words;
mod workload;
mod written;

pub use capturing::{Capturing, PAUSE_LIMIT};
pub use drill::{Ask, DRILL_LIMIT, Drill, Expect, Probe};
pub use host::PLUGIN_STALL_LIMIT;
pub use names::PREVIEW_SUFFIX;
pub use names::is_name;
pub use reforge_schedule::retention::Keep;
pub use runtime_name::{BUILT_IN, COMPOSE, DOCKER, PROCESS, RuntimeName};
pub use schedule::Schedule;

/// A configuration: read from a file, which checks it, or made in code, which the host checks when it is built.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// The file it was read from, absolute. Empty when it was made in code.
    pub path: PathBuf,
    pub host: Host,
    pub api: Api,
    pub workloads: Vec<Workload>,
    /// Where people elsewhere are told of what happens.
    pub notify: Vec<Channel>,
}

/// `[host]`. Paths are absolute.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Host {
    pub state_dir: PathBuf,
    pub snapshot_dir: PathBuf,
    /// None when no workload has a volume of project or stage scope.
    pub volume_root: Option<PathBuf>,
    /// An absolute source must lie below one of these.
    pub allowed_roots: Vec<PathBuf>,
    /// Where previews get their empty volumes: beside real volumes and not in the state directory, which an app's user
    /// cannot enter and which must never be filled by an app.
    pub preview_dir: PathBuf,
    pub undo_window: Duration,
    /// Bytes that the previous data of restores may take. Over it the oldest windows end early.
    pub previous_max: Option<u64>,
    /// Where the Docker Engine listens.
    pub docker_socket: PathBuf,
    /// The restore plugin, when it is not one that was installed.
    pub plugin: Option<PathBuf>,
    /// Time in a plugin without progress after which it is ended.
    pub plugin_stall_limit: Duration,
    /// Public keys in minisign's format, one of which must have signed a plugin that is installed. None: no signature
    /// is needed.
    pub plugin_keys: Vec<String>,
    /// In which language people elsewhere are told. None: that of the environment.
    pub language: Option<Language>,
    /// How many snapshots that are due are taken at the same time, of several workloads.
    pub snapshots_at_once: u32,
    /// How many entries an archive from elsewhere may have. None: what the plugin takes.
    pub import_entries_max: Option<u64>,
    /// How many times its size it may unpack to. None: what the plugin takes.
    pub import_ratio_max: Option<u64>,
    /// Where drilled apps get their volumes: not in the state directory, which no app may fill.
    pub drill_dir: PathBuf,
    /// Whether a probe may run a program of this machine.
    pub drill_host_commands: bool,
}

/// `[api]`: how `reforge serve` is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Api {
    pub listen: SocketAddr,
    /// Names that the host answers to, besides addresses and `localhost`.
    pub hosts: Vec<String>,
    /// Whose word counts about the address that a request came from.
    pub trusted_proxies: Vec<IpAddr>,
    /// Holds what webhooks are signed with. None: there are no webhooks.
    pub webhook_secret_file: Option<PathBuf>,
}

impl Default for Api {
    fn default() -> Api {
        Api { listen: api::LISTEN, hosts: Vec::new(), trusted_proxies: Vec::new(), webhook_secret_file: None }
    }
}

/// `[[workload]]`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Workload {
    pub id: String,
    pub project: String,
    pub stage: String,
    pub runtime: RuntimeName,
    /// The reference of an image. None for a process, and where nothing else is said: then the image is the command.
    pub image: Option<String>,
    /// May hold `{volume:NAME}`.
    pub command: Vec<String>,
    pub user: Option<String>,
    pub environment: BTreeMap<String, String>,
    pub stop_signal: String,
    pub stop_timeout: Duration,
    pub health: Option<HealthCheck>,
    /// What only a container has.
    pub container: Container,
    /// Which project it is. Only a Compose project has one, and always.
    pub compose: Option<ComposeProject>,
    /// Which of that project's files a snapshot keeps.
    pub project_files: ProjectFiles,
    /// Containers that may have the volumes read-write beside it, by name.
    pub allow_containers: Vec<String>,
    pub links: Links,
    /// Whether set-id bits and security attributes of imported archives are restored.
    pub privileged: bool,
    /// When snapshots are taken by themselves. None: only when somebody asks.
    pub schedule: Option<Schedule>,
    /// Which snapshots stay. One that says nothing keeps all.
    pub keep: Keep,
    /// Bytes that a capture leaves free on the disk of the snapshots.
    pub min_free: Option<u64>,
    /// How snapshots are taken.
    pub capturing: Capturing,
    /// How its snapshots are proven.
    pub drill: Drill,
    pub volumes: Vec<Volume>,
}

impl Workload {
    /// One that says nothing else: no command and no volume yet, and what the configuration takes where nothing is said.
    pub fn new(id: &str, project: &str, stage: &str, runtime: impl Into<RuntimeName>) -> Workload {
        Workload {
            id: id.to_owned(),
            project: project.to_owned(),
            stage: stage.to_owned(),
            runtime: runtime.into(),
            image: None,
            command: Vec::new(),
            user: None,
            environment: BTreeMap::new(),
            stop_signal: STOP_SIGNAL.to_owned(),
            stop_timeout: STOP_TIMEOUT,
            health: None,
            container: Container::default(),
            compose: None,
            project_files: ProjectFiles::default(),
            allow_containers: Vec::new(),
            links: Links::Refuse,
            privileged: false,
            schedule: None,
            keep: Keep::default(),
            min_free: None,
            capturing: Capturing::default(),
            drill: Drill::default(),
            volumes: Vec::new(),
        }
    }
}

/// `[[workload.volume]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Volume {
    pub name: String,
    pub scope: Scope,
    /// As it was written. Always there for a supported scope.
    pub source: Option<String>,
    /// Where the app sees it: `SERVICE:PATH` in a Compose project. None for a process, which sees the live directory.
    pub target: Option<PathBuf>,
    /// What a container engine calls it, whose named volume it is; `source` is the directory that the engine names.
    pub engine_volume: Option<String>,
    /// Whether it is captured and restored. One that is not is mounted and never touched.
    pub capture: bool,
}

/// What a restore does with symbolic and hard links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Links {
    #[default]
    Refuse,
    /// Restored as data, never followed.
    Contained,
}

impl Links {
    pub fn as_str(self) -> &'static str {
        match self {
            Links::Refuse => "refuse",
            Links::Contained => "contained",
        }
    }
}

impl Config {
    /// Reads and checks a file. Several problems become one failure that lists them all.
    pub fn load(path: &Path) -> Result<Config> {
        Config::load_for(path, &BUILT_IN)
    }

    /// The same for a host that has the runtimes of these names.
    pub fn load_for(path: &Path, runtimes: &[&str]) -> Result<Config> {
        let absolute = std::path::absolute(path).map_err(|error| Failure::io("find", path, &error))?;
        let bytes = std::fs::read(&absolute).map_err(|error| {
            Failure::io("read", path, &error)
                .with_code(Code::Usage)
                .hint(message!("name-the-configuration-with-config-file"))
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let line =
                error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            let message = message!("line-not-utf-8", path = escape::path(path), line = line + 1);
            Failure::new(Code::Usage, message).hint(message!("save-the-file-as-utf-8"))
        })?;
        Config::check_for(&text, &absolute, runtimes).map_err(|found| problems::one(Some(path), found))
    }

    /// [`Config::check`] with several problems as one failure.
    pub fn read(text: &str, path: &Path) -> Result<Config> {
        Config::check(text, path).map_err(|found| problems::one(Some(path), found))
    }

    /// Checks a text. `path` says what relative paths in it are relative to, and what failures are about.
    pub fn check(text: &str, path: &Path) -> Result<Config, Vec<Failure>> {
        Config::check_for(text, path, &BUILT_IN)
    }

    /// The same for a host that has the runtimes of these names.
    pub fn check_for(text: &str, path: &Path, runtimes: &[&str]) -> Result<Config, Vec<Failure>> {
        let mut problems = problems::Problems::new(path, text);
        let config = Config::read_with(&mut problems, path.parent().unwrap_or(Path::new("/")), runtimes);
        match (config, problems.finish()) {
            (Some(config), found) if found.is_empty() => Ok(Config { path: path.to_owned(), ..config }),
            (_, found) => Err(found),
        }
    }

    /// What the text of the problems means, as far as there are none.
    fn read_with(problems: &mut problems::Problems<'_>, base: &Path, runtimes: &[&str]) -> Option<Config> {
        let raw = raw::parse(problems)?;
        let workloads = workload::check_all(raw.workloads, runtimes, problems);
        let host = host::check(raw.host, base, &workloads, problems);
        drill::check_host_commands(&host, &workloads, problems);
        let api = api::check(raw.api, base, problems);
        let notify = notify::check(raw.notify, base, &workloads, problems);
        Some(Config { path: PathBuf::new(), host, api, workloads, notify })
    }

    /// Makes the state and snapshot directories, or completes them; see [`StateDir::init`].
    pub fn init_state(&self) -> Result<StateDir> {
        StateDir::init(&self.host.state_dir, &self.host.snapshot_dir)
    }

    /// Opens the state directory that [`Config::init_state`] made.
    pub fn open_state(&self) -> Result<StateDir> {
        StateDir::open(&self.host.state_dir, &self.host.snapshot_dir)
    }

    /// The workload of that name, or `not-found`.
    pub fn workload(&self, id: &str) -> Result<&Workload> {
        self.workloads.iter().find(|workload| workload.id == id).ok_or_else(|| {
            let known: Vec<&str> = self.workloads.iter().map(|workload| workload.id.as_str()).collect();
            let known = known.join(", ");
            let path = escape::path(&self.path);
            let hint = match self.path.as_os_str().is_empty() {
                true => message!("there-are-these", known),
                false if known.is_empty() => message!("has-no-workload-yet", path),
                false => message!("has", path, known),
            };
            Failure::new(Code::NotFound, message!("there-is-no-workload", id = escape::text(id))).hint(hint)
        })
    }
}
