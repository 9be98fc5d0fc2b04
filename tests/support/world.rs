//! A throwaway deployment: directories, a configuration, and the real `reforge` to drive them as a person would.
//!
//! Worlds share nothing, so tests run side by side. A world that is dropped, also by a panic, takes every process and
//! mount with it that stood on it.

mod commands;
mod config;
mod found;

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal};
use serde_json::Value;

use super::process::eventually;
pub(crate) use config::{Volume, Workload};

/// The binary that cargo built for this test.
const REFORGE: &str = env!("CARGO_BIN_EXE_reforge");

/// A user without any privilege, on every Debian.
const NOBODY: u32 = 65534;

/// The deployment.
pub(crate) struct World {
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
    /// How long is waited for writes in flight, if it is less than usual.
    pub landing_ms: Option<u32>,
    /// How long is waited before a notification is tried again, if it is less than usual.
    pub notify_pause_ms: Option<u32>,
    /// How many files `reforge` may have open, if that is less than usual.
    pub open_files_max: Option<u32>,
    /// What `reforge` is started with, if not the test's own.
    pub umask: Option<u32>,
    mounts: Vec<PathBuf>,
    /// Who runs `reforge`, if not the test's own user.
    user: Option<u32>,
    program: PathBuf,
}

impl World {
    /// A deployment of these workloads, initialised, nothing deployed yet.
    pub(crate) fn new(workloads: impl IntoIterator<Item = Workload>) -> World {
        let world = World::empty(&std::env::temp_dir(), workloads);
        world.ok(&["init"]);
        world.share_compiled_code();
        world
    }

    /// The same for a user without any privilege, who owns everything in it.
    pub(crate) fn of_ordinary_user(workloads: impl IntoIterator<Item = Workload>) -> World {
        let mut world = World::empty(&std::env::temp_dir(), workloads);
        world.user = Some(NOBODY);
        // Where cargo built it, that user may not be able to come.
        world.program = world.root.join("bin/reforge");
        std::fs::copy(REFORGE, &world.program).unwrap();
        super::process::until_runnable(&world.program);
        super::process::run("chown", &["-R", &format!("{NOBODY}:{NOBODY}"), world.root.to_str().unwrap()]);
        world.ok(&["init"]);
        world
    }

    /// One without workloads yet, below a directory of the test's.
    pub(crate) fn below(directory: &Path) -> World {
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
            landing_ms: None,
            notify_pause_ms: None,
            open_files_max: None,
            umask: None,
            mounts: Vec::new(),
            user: None,
            program: REFORGE.into(),
        };
        world.write_config();
        world
    }

    /// The same with every workload deployed, its volumes made.
    pub(crate) fn deployed(workloads: impl IntoIterator<Item = Workload>) -> World {
        let world = World::new(workloads);
        for workload in &world.workloads {
            world.ok(&["deploy", &workload.id]);
        }
        world
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    pub(crate) fn state_dir(&self) -> PathBuf {
        self.state_dir.clone()
    }

    /// Another place for the state directory, and for the snapshots if it is told so, before anything was deployed.
    pub(crate) fn keep_state_in(&mut self, directory: &Path, snapshots: &Path) {
        self.state_dir = directory.join("state");
        self.snapshot_dir = snapshots.join("snapshots");
        self.write_config();
        self.ok(&["init"]);
        self.share_compiled_code();
    }

    /// From here on it is that instant for the schedule and for new snapshots, also for a server that runs since it was
    /// set for the first time.
    pub(crate) fn set_clock(&self, instant: &str) {
        // By rename: whoever reads it reads all of it.
        let new = self.root.join("run/clock.new");
        std::fs::write(&new, instant).unwrap();
        std::fs::rename(&new, self.clock()).unwrap();
    }

    fn clock(&self) -> PathBuf {
        self.root.join("run/clock")
    }

    /// The live directory of a volume of project scope.
    pub(crate) fn volume(&self, workload: &str, name: &str) -> PathBuf {
        self.root.join("volumes").join(workload).join(name)
    }

    /// The workload of that id, to be changed; [`World::write_config`] makes it so.
    pub(crate) fn workload(&mut self, id: &str) -> &mut Workload {
        self.workloads.iter_mut().find(|workload| workload.id == id).unwrap()
    }

    pub(crate) fn write_config(&self) {
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
    pub(crate) fn script(&self, name: &str, lines: &str) -> String {
        let path = self.root.join("bin").join(name);
        // Into place by rename: one that runs stays what it is.
        let new = path.with_extension("new");
        std::fs::write(&new, format!("#!/bin/sh\n{lines}")).unwrap();
        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o755)).unwrap();
        super::process::until_runnable(&new);
        std::fs::rename(&new, &path).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What a mount of a test stands on is unmounted with the world.
    pub(crate) fn mount(&mut self, arguments: &[&str], target: &Path) {
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
    pub(crate) fn kill_processes(&self) {
        self.kill_what_is_left();
        eventually("the processes of the world end", || self.left().is_empty());
    }

    fn end_processes(&self) {
        for workload in &self.workloads {
            let _ = self.command(&["stop", &workload.id]).output();
        }
        // What would not stop: supervisors and apps of this world, which nothing else names.
        self.kill_what_is_left();
        if !std::thread::panicking() {
            eventually("the processes of the world end", || self.left().is_empty());
        }
    }

    fn kill_what_is_left(&self) {
        for pid in self.left().into_iter().filter_map(Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, Signal::KILL);
        }
    }

    fn left(&self) -> Vec<i32> {
        found::processes_with(self.root.as_os_str().as_bytes(), &["environ", "cmdline"])
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

/// What a directory holds, sorted.
pub(crate) fn names(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

pub(crate) fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
