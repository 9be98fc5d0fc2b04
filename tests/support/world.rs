//! A throwaway deployment: directories, a configuration, and the real `reforge` to drive them as a person would.
//!
//! Worlds share nothing, so tests run side by side. A world that is dropped, also by a panic, takes every process and
//! mount with it that stood on it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::{Display, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal};
use serde_json::Value;

use super::process::{Output, Running, eventually};
use super::terminal::Terminal;

/// The binary that cargo built for this test.
const REFORGE: &str = env!("CARGO_BIN_EXE_reforge");

/// A user without any privilege, on every Debian.
const NOBODY: u32 = 65534;

/// `[[workload.volume]]`.
#[derive(Clone, Debug)]
pub struct Volume {
    pub name: String,
    pub scope: String,
    pub source: String,
}

impl Volume {
    pub fn project(name: &str) -> Volume {
        Volume { name: name.into(), scope: "project".into(), source: name.into() }
    }

    pub fn absolute(name: &str, source: &Path) -> Volume {
        Volume { name: name.into(), scope: "absolute".into(), source: source.to_str().unwrap().into() }
    }
}

/// `[[workload]]`.
#[derive(Clone, Debug)]
pub struct Workload {
    pub id: String,
    pub project: String,
    pub stage: String,
    pub command: Vec<String>,
    pub user: Option<String>,
    pub environment: BTreeMap<String, String>,
    pub stop_signal: String,
    pub stop_timeout: String,
    /// The check and its limit.
    pub health: Option<(Vec<String>, String)>,
    pub links: bool,
    pub privileged: bool,
    /// What it runs from in a container, if it is one.
    pub image: Option<String>,
    /// Further lines.
    pub lines: String,
    pub volumes: Vec<Volume>,
}

impl Workload {
    /// One that does nothing and is healthy at once, in a project of its own.
    pub fn idle(id: &str, volumes: impl IntoIterator<Item = Volume>) -> Workload {
        Workload {
            id: id.into(),
            project: id.into(),
            stage: "prod".into(),
            command: ["/bin/sleep", "1000000"].map(String::from).into(),
            user: None,
            environment: BTreeMap::new(),
            stop_signal: "SIGTERM".into(),
            stop_timeout: "10s".into(),
            health: Some((vec!["/bin/true".into()], "30s".into())),
            links: false,
            privileged: false,
            image: None,
            lines: String::new(),
            volumes: volumes.into_iter().collect(),
        }
    }

    pub fn command(mut self, words: &[&str]) -> Workload {
        self.command = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    fn write(&self, toml: &mut String) {
        let health = self.health.as_ref().map(|(command, limit)| {
            format!("health = {{ command = {command:?}, interval = \"50ms\", limit = {limit:?} }}\n")
        });
        let user = self.user.as_ref().map(|user| format!("user = {user:?}\n"));
        let links = if self.links { "links = \"contained\"\n" } else { "" };
        let privileged = if self.privileged { "privileged = true\n" } else { "" };
        let runtime = match &self.image {
            Some(image) => format!("runtime = \"docker\"\nimage = {image:?}\n"),
            None => "runtime = \"process\"\n".to_owned(),
        };
        let environment: Vec<String> =
            self.environment.iter().map(|(name, value)| format!("{name} = {value:?}")).collect();
        write!(
            toml,
            "\n[[workload]]\nid = {:?}\nproject = {:?}\nstage = {:?}\n{runtime}command = {:?}\n\
             stop_signal = {:?}\nstop_timeout = {:?}\nenvironment = {{ {} }}\n{}{}{links}{privileged}{}",
            self.id,
            self.project,
            self.stage,
            self.command,
            self.stop_signal,
            self.stop_timeout,
            environment.join(", "),
            health.unwrap_or_default(),
            user.unwrap_or_default(),
            self.lines,
        )
        .unwrap();
        for Volume { name, scope, source } in &self.volumes {
            let target = if self.image.is_some() { format!("target = \"/volumes/{name}\"\n") } else { String::new() };
            write!(toml, "[[workload.volume]]\nname = {name:?}\nscope = {scope:?}\nsource = {source:?}\n{target}")
                .unwrap();
        }
    }
}

/// The deployment.
pub struct World {
    directory: Option<tempfile::TempDir>,
    root: PathBuf,
    pub workloads: Vec<Workload>,
    /// Roots of volumes of absolute scope, besides `data` in the world.
    pub allowed_roots: Vec<PathBuf>,
    /// Where snapshots go, when not into the world.
    pub snapshot_dir: PathBuf,
    state_dir: PathBuf,
    /// Further lines of `[host]`.
    pub host_lines: String,
    /// What a plugin's sandbox may take, if it is less than it usually may.
    pub sandbox_mib: Option<u32>,
    mounts: Vec<PathBuf>,
    /// Who runs `reforge`, if not the test's own user.
    user: Option<u32>,
    program: PathBuf,
}

impl World {
    /// A deployment of these workloads, initialised, nothing deployed yet.
    pub fn new(workloads: impl IntoIterator<Item = Workload>) -> World {
        let world = World::empty(&std::env::temp_dir(), workloads);
        world.ok(&["init"]);
        world.share_compiled_code();
        world
    }

    /// The same for a user without any privilege, who owns everything in it.
    pub fn of_ordinary_user(workloads: impl IntoIterator<Item = Workload>) -> World {
        let mut world = World::empty(&std::env::temp_dir(), workloads);
        world.user = Some(NOBODY);
        // Where cargo built it, that user may not be able to come.
        world.program = world.root.join("bin/reforge");
        std::fs::copy(REFORGE, &world.program).unwrap();
        super::process::run("chown", &["-R", &format!("{NOBODY}:{NOBODY}"), world.root.to_str().unwrap()]);
        world.ok(&["init"]);
        world
    }

    /// One without workloads yet, below a directory of the test's.
    pub fn below(directory: &Path) -> World {
        let world = World::empty(directory, []);
        world.ok(&["init"]);
        world.share_compiled_code();
        world
    }

    fn empty(directory: &Path, workloads: impl IntoIterator<Item = Workload>) -> World {
        let directory = tempfile::Builder::new().prefix("reforge-world-").tempdir_in(directory).unwrap();
        let root = directory.path().canonicalize().unwrap();
        // An app's own user must be able to come to its volumes.
        std::fs::set_permissions(&root, std::fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["volumes", "data", "bin", "run"] {
            std::fs::create_dir(root.join(name)).unwrap();
        }
        let world = World {
            snapshot_dir: root.join("snapshots"),
            state_dir: root.join("state"),
            directory: Some(directory),
            root,
            workloads: workloads.into_iter().collect(),
            allowed_roots: Vec::new(),
            host_lines: String::new(),
            sandbox_mib: None,
            mounts: Vec::new(),
            user: None,
            program: REFORGE.into(),
        };
        world.write_config();
        world
    }

    /// With one workload `app` that runs, its volumes made.
    pub fn deployed(workloads: impl IntoIterator<Item = Workload>) -> World {
        let world = World::new(workloads);
        for workload in &world.workloads {
            world.ok(&["deploy", &workload.id]);
        }
        world
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    pub fn state_dir(&self) -> PathBuf {
        self.state_dir.clone()
    }

    /// Another place for the state directory, and for the snapshots if it is told so, before anything was deployed.
    pub fn keep_state_in(&mut self, directory: &Path, snapshots: &Path) {
        self.state_dir = directory.join("state");
        self.snapshot_dir = snapshots.join("snapshots");
        self.write_config();
        self.ok(&["init"]);
        self.share_compiled_code();
    }

    /// The live directory of a volume of project scope.
    pub fn volume(&self, workload: &str, name: &str) -> PathBuf {
        self.root.join("volumes").join(workload).join(name)
    }

    /// The workload of that id, to be changed; [`World::write_config`] makes it so.
    pub fn workload(&mut self, id: &str) -> &mut Workload {
        self.workloads.iter_mut().find(|workload| workload.id == id).unwrap()
    }

    pub fn write_config(&self) {
        let roots: Vec<&Path> =
            std::iter::once(self.root.as_path()).chain(self.allowed_roots.iter().map(PathBuf::as_path)).collect();
        let mut toml = format!(
            "[host]\nstate_dir = {:?}\nsnapshot_dir = {:?}\nvolume_root = {:?}\nallowed_roots = {roots:?}\n{}",
            self.state_dir(),
            self.snapshot_dir,
            self.root.join("volumes"),
            self.host_lines,
        );
        self.workloads.iter().for_each(|workload| workload.write(&mut toml));
        std::fs::write(self.root.join("reforge.toml"), toml).unwrap();
    }

    /// A script that can be run, in the world's `bin`.
    pub fn script(&self, name: &str, lines: &str) -> String {
        let path = self.root.join("bin").join(name);
        // Into place by rename: one that runs stays what it is.
        let new = path.with_extension("new");
        std::fs::write(&new, format!("#!/bin/sh\n{lines}")).unwrap();
        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::rename(&new, &path).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(self.root.join("reforge.toml")).args(arguments).current_dir("/");
        if let Some(user) = self.user {
            // Supplementary groups go with it.
            command.uid(user).gid(user);
        }
        command.env_remove("REFORGE_FAULT").env_remove("REFORGE_EFFECTS").env("NO_COLOR", "1");
        if let Some(mib) = self.sandbox_mib {
            command.env("REFORGE_SANDBOX_MIB", mib.to_string());
        }
        command
    }

    /// Runs `reforge` to its end.
    pub fn reforge(&self, arguments: &[&str]) -> Output {
        Running::start(&mut self.command(arguments), None).wait()
    }

    /// The same; it must succeed.
    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> Output {
        let output = self.reforge(arguments);
        assert_eq!(output.code, Some(0), "reforge {arguments:?}: {}{}", output.stdout, output.stderr);
        output
    }

    /// Loads a plugin, so that its compiled code is there; a large one takes longer than anybody waits for a command.
    pub fn compile(&self, plugin: &Path) {
        let output = self.command(&["plugin", "show", "--plugin"]).arg(plugin).output().unwrap();
        assert!(output.status.success(), "{}: {output:?}", plugin.display());
    }

    /// Starts `reforge` and goes on.
    pub fn start(&self, arguments: &[&str]) -> Running {
        Running::start(&mut self.command(arguments), None)
    }

    /// Runs `reforge` with something going wrong at one effect (`host/src/effects.rs`).
    pub fn faulty(&self, fault: &str, arguments: &[&str]) -> Output {
        Running::start(self.command(arguments).env("REFORGE_FAULT", fault), None).wait()
    }

    /// The names of the effects of a run that must succeed, the first being number 1.
    #[track_caller]
    pub fn effects_of(&self, arguments: &[&str]) -> Vec<String> {
        let (effects, output) = self.effects_and_output(arguments, "");
        assert_eq!(output.code, Some(0), "reforge {arguments:?}: {}{}", output.stdout, output.stderr);
        effects
    }

    /// Starts `reforge` on a terminal.
    pub fn on_terminal(&self, arguments: &[&str]) -> Terminal {
        Terminal::start(&mut self.command(arguments))
    }

    /// The same, waiting before one effect until the answer's second half is ended.
    pub fn on_terminal_pausing(&self, effect: impl Display, arguments: &[&str]) -> (Terminal, Pause) {
        let (mut command, paused) = self.with_faults(&format!("{effect}:pause"), arguments);
        (Terminal::start(&mut command), Pause(paused))
    }

    /// The same of a run that may end as it likes, with something going wrong in it.
    pub fn effects_and_output(&self, arguments: &[&str], faults: &str) -> (Vec<String>, Output) {
        let list = tempfile::NamedTempFile::new().unwrap();
        std::os::unix::fs::chown(list.path(), self.user, self.user).unwrap();
        let mut command = self.command(arguments);
        command.env("REFORGE_EFFECTS", list.path());
        if !faults.is_empty() {
            command.env("REFORGE_FAULT", faults);
        }
        let output = Running::start(&mut command, None).wait();
        let text = std::fs::read_to_string(list.path()).unwrap();
        let names = text.lines().map(|line| line.split_once(' ').unwrap().1);
        (names.filter(|name| *name != "done").map(str::to_owned).collect(), output)
    }

    /// Starts `reforge`, which waits before one effect, `17` or `exchange#2`, until it is told to go on.
    pub fn start_pausing(&self, effect: impl Display, arguments: &[&str]) -> Running {
        self.start_with(&format!("{effect}:pause"), arguments)
    }

    /// Starts `reforge` with these faults, of which one may be a pause.
    pub fn start_with(&self, faults: &str, arguments: &[&str]) -> Running {
        let (mut command, paused) = self.with_faults(faults, arguments);
        Running::start(&mut command, Some(paused))
    }

    /// A command with these faults, and the file that is there while it pauses.
    fn with_faults(&self, faults: &str, arguments: &[&str]) -> (Command, PathBuf) {
        let mut random = [0; 8];
        rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty()).unwrap();
        let list = self.root.join("run").join(format!("effects-{}", hex::encode(random)));
        let mut paused = OsString::from(&list);
        paused.push(".paused");
        let mut command = self.command(arguments);
        command.env("REFORGE_EFFECTS", &list).env("REFORGE_FAULT", faults);
        (command, paused.into())
    }

    /// Takes a snapshot and answers its id.
    #[track_caller]
    pub fn snapshot(&self, workload: &str) -> String {
        let output = self.ok(&["snapshot", "create", workload, "--json"]);
        output.json()["id"].as_str().unwrap_or_else(|| panic!("no id: {output:?}")).to_owned()
    }

    /// The archive and the descriptor of a snapshot.
    pub fn snapshot_files(&self, workload: &str, id: &str) -> (PathBuf, PathBuf) {
        let directory = self.snapshot_dir.join(workload);
        (directory.join(format!("{id}.tar.gz")), directory.join(format!("{id}.json")))
    }

    /// Files of all snapshots of a workload, to see that a failure left none.
    pub fn stored(&self, workload: &str) -> Vec<PathBuf> {
        names(&self.snapshot_dir.join(workload))
    }

    /// `restore run`, answered with yes.
    pub fn restore(&self, workload: &str, snapshot: &str, more: &[&str]) -> Output {
        self.reforge(&[&["restore", "run", workload, snapshot, "--yes"], more].concat())
    }

    /// `restore plan`: its digest.
    #[track_caller]
    pub fn plan(&self, workload: &str, snapshot: &str) -> String {
        let output = self.ok(&["restore", "plan", workload, snapshot, "--json"]);
        output.json()["digest"].as_str().unwrap_or_else(|| panic!("no digest: {output:?}")).to_owned()
    }

    /// `restore undo`, answered with yes.
    pub fn undo(&self, id: &str) -> Output {
        self.reforge(&["restore", "undo", id, "--yes"])
    }

    /// Every receipt, oldest first.
    pub fn receipts(&self) -> Vec<Value> {
        names(&self.state_dir().join("receipts")).into_iter().map(|path| read_json(&path)).collect()
    }

    /// The newest receipt.
    #[track_caller]
    pub fn receipt(&self) -> Value {
        self.receipts().pop().expect("a receipt was written")
    }

    /// What `restore list` says, newest first.
    pub fn restores(&self) -> Vec<Value> {
        self.ok(&["restore", "list", "--json"]).json()["restores"].as_array().unwrap().clone()
    }

    /// Ids of all transactions that a journal knows of, oldest first.
    pub fn transactions(&self) -> Vec<String> {
        let directories = names(&self.state_dir().join("transactions"));
        directories.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    }

    /// Siblings that lie beside a volume.
    pub fn siblings(&self, live: &Path) -> Vec<PathBuf> {
        let beside = names(live.parent().unwrap());
        beside.into_iter().filter(|path| path.file_name().unwrap().as_bytes().starts_with(b".reforge-")).collect()
    }

    /// Processes of the app, however they came to be its.
    pub fn processes(&self, workload: &str) -> Vec<i32> {
        let mut mark = self.state_dir().join("process").join(workload).as_os_str().as_bytes().to_vec();
        mark.push(0);
        processes_with(&mark, &["environ"])
    }

    /// Processes of this world that are not the app's: its supervisor, and commands that did not end.
    pub fn strangers(&self) -> usize {
        processes_with(self.root.as_os_str().as_bytes(), &["cmdline"]).len()
    }

    pub fn is_running(&self, workload: &str) -> bool {
        !self.processes(workload).is_empty()
    }

    /// What a mount of a test stands on is unmounted with the world.
    pub fn mount(&mut self, arguments: &[&str], target: &Path) {
        super::process::run("mount", &[arguments, &[target.to_str().unwrap()]].concat());
        self.mounts.push(target.to_owned());
    }

    /// A plugin takes seconds to compile without optimisation: worlds share what the first one compiled.
    fn share_compiled_code(&self) {
        let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled-plugins");
        std::fs::create_dir_all(&shared).unwrap();
        let cache = self.state_dir().join("cache");
        if cache.is_symlink() {
            return;
        }
        std::fs::remove_dir(&cache).unwrap();
        std::os::unix::fs::symlink(shared, cache).unwrap();
    }

    /// What a machine that stops does to them: the app and its supervisor, and nothing said to either.
    pub fn kill_processes(&self) {
        let left = || processes_with(self.root.as_os_str().as_bytes(), &["environ", "cmdline"]);
        for pid in left().into_iter().filter_map(Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, Signal::KILL);
        }
        eventually("the processes of the world end", || left().is_empty());
    }

    fn end_processes(&self) {
        for workload in &self.workloads {
            let _ = self.command(&["stop", &workload.id]).output();
        }
        // What would not stop: supervisors and apps of this world, which nothing else names.
        let name = self.root.as_os_str().as_bytes();
        let left = || processes_with(name, &["environ", "cmdline"]);
        for pid in left().into_iter().filter_map(Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, Signal::KILL);
        }
        if !std::thread::panicking() {
            eventually("the processes of the world end", || left().is_empty());
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.end_processes();
        let mut mounted = false;
        for target in self.mounts.iter().rev() {
            mounted |= !Command::new("umount").arg(target).status().is_ok_and(|status| status.success());
        }
        if let Some(directory) = self.directory.take().filter(|_| mounted) {
            // What is mounted must not be emptied with the directory.
            eprintln!("left behind, since it could not be unmounted: {}", directory.keep().display());
        }
    }
}

/// A command that stands before an effect.
pub struct Pause(PathBuf);

impl Pause {
    /// Waits until it stands there, and lets it go on.
    pub fn end(self) {
        eventually("the pause is reached", || self.0.exists());
        std::fs::remove_file(self.0).unwrap();
    }
}

/// Processes in whose environment or arguments something stands, without this one.
fn processes_with(bytes: &[u8], files: &[&str]) -> Vec<i32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let holds = |file: &&str| {
            // One that has just ended has neither.
            std::fs::read(entry.path().join(file)).is_ok_and(|text| text.windows(bytes.len()).any(|part| part == bytes))
        };
        if pid != std::process::id() as i32 && files.iter().any(holds) {
            found.push(pid);
        }
    }
    found
}

/// What a directory holds, sorted.
pub fn names(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

pub fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
