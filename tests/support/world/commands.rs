//! Commands of a world: run to their end, started, on a terminal, with something going wrong in them.

use std::ffi::OsString;
use std::fmt::Display;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::World;
use crate::support::process::{Output, Running, eventually};
use crate::support::terminal::Terminal;
use crate::support::trace;

impl World {
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = match self.open_files_max {
            None => Command::new(&self.program),
            Some(most) => {
                // It becomes the program.
                let mut command = Command::new("prlimit");
                command.arg(format!("--nofile={most}:{most}")).arg(&self.program);
                command
            }
        };
        command.arg("--config").arg(self.root.join("reforge.toml")).args(arguments).current_dir("/");
        if let Some(user) = self.user {
            // Supplementary groups go with it.
            command.uid(user).gid(user);
        }
        if let Some(umask) = self.umask {
            let set = move || {
                rustix::process::umask(rustix::fs::Mode::from_raw_mode(umask));
                Ok(())
            };
            // SAFETY: between fork and exec the closure makes one system call.
            unsafe { command.pre_exec(set) };
        }
        command.env_remove("REFORGE_FAULT").env_remove("REFORGE_EFFECTS").env("NO_COLOR", "1");
        // Whoever runs the tests may read another language, and mean an engine of their own.
        ["LC_ALL", "LC_MESSAGES", "LANG", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "REFORGE_CONFIG"]
            .iter()
            .for_each(|name| _ = command.env_remove(name));
        if self.clock().exists() {
            command.env("REFORGE_CLOCK", self.clock());
        }
        if let Some(mib) = self.sandbox_mib {
            command.env("REFORGE_SANDBOX_MIB", mib.to_string());
        }
        if let Some(milliseconds) = self.landing_ms {
            command.env("REFORGE_LANDING_MS", milliseconds.to_string());
        }
        if let Some(milliseconds) = self.notify_pause_ms {
            command.env("REFORGE_NOTIFY_PAUSE_MS", milliseconds.to_string());
        }
        command
    }

    /// Runs `reforge` to its end.
    pub(crate) fn reforge(&self, arguments: &[&str]) -> Output {
        Running::start(&mut self.command(arguments), None).wait()
    }

    /// The same; it must succeed.
    #[track_caller]
    pub(crate) fn ok(&self, arguments: &[&str]) -> Output {
        let output = self.reforge(arguments);
        assert_eq!(output.code, Some(0), "reforge {arguments:?}: {}{}", output.stdout, output.stderr);
        output
    }

    /// Loads a plugin, so that its compiled code is there; a large one takes longer than anybody waits for a command.
    pub(crate) fn compile(&self, plugin: &Path) {
        let output = self.command(&["plugin", "show", "--plugin"]).arg(plugin).output().unwrap();
        assert!(output.status.success(), "{}: {output:?}", plugin.display());
    }

    /// Starts `reforge` and goes on.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(&mut self.command(arguments), None)
    }

    /// Runs `reforge` with something going wrong at one effect (`host/src/effects.rs`).
    pub(crate) fn faulty(&self, fault: &str, arguments: &[&str]) -> Output {
        Running::start(self.command(arguments).env("REFORGE_FAULT", fault), None).wait()
    }

    /// The names of the effects of a run that must succeed, the first being number 1.
    #[track_caller]
    pub(crate) fn effects_of(&self, arguments: &[&str]) -> Vec<String> {
        let (effects, output) = self.effects_and_output(arguments, "");
        assert_eq!(output.code, Some(0), "reforge {arguments:?}: {}{}", output.stdout, output.stderr);
        effects
    }

    /// The same of a run that may end as it likes, with something going wrong in it.
    pub(crate) fn effects_and_output(&self, arguments: &[&str], faults: &str) -> (Vec<String>, Output) {
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

    /// A run under `strace` that may end as it likes: every call that changes a file, and the list of effects that is
    /// written in between.
    pub(crate) fn traced(&self, arguments: &[&str], faults: &str) -> (String, PathBuf) {
        let (list, trace) = (self.root.join("run/traced-effects"), self.root.join("run/trace"));
        let plain = self.command(arguments);
        let mut command = Command::new("strace");
        command.args(["-f", "-b", "execve", "-y", "-qq", "-s", "64", "-e", &format!("trace={}", trace::CALLS), "-o"]);
        command.arg(&trace).arg(plain.get_program()).args(plain.get_args()).current_dir("/");
        command.env("NO_COLOR", "1").env("REFORGE_EFFECTS", &list).env_remove("REFORGE_FAULT");
        if !faults.is_empty() {
            command.env("REFORGE_FAULT", faults);
        }
        let output = Running::start(&mut command, None).wait();
        assert!(!output.said().contains("strace"), "{output:?}");
        (std::fs::read_to_string(&trace).unwrap(), list)
    }

    /// Starts `reforge`, which waits before one effect, `17` or `exchange#2`, until it is told to go on.
    pub(crate) fn start_pausing(&self, effect: impl Display, arguments: &[&str]) -> Running {
        self.start_with(&format!("{effect}:pause"), arguments)
    }

    /// Starts `reforge` with these faults, of which one may be a pause.
    pub(crate) fn start_with(&self, faults: &str, arguments: &[&str]) -> Running {
        let (mut command, paused) = self.with_faults(faults, arguments);
        Running::start(&mut command, Some(paused))
    }

    /// Starts `reforge` on a terminal.
    pub(crate) fn on_terminal(&self, arguments: &[&str]) -> Terminal {
        Terminal::start(&mut self.command(arguments))
    }

    /// The same, waiting before one effect until the answer's second half is ended.
    pub(crate) fn on_terminal_pausing(&self, effect: impl Display, arguments: &[&str]) -> (Terminal, Pause) {
        let (mut command, paused) = self.with_faults(&format!("{effect}:pause"), arguments);
        (Terminal::start(&mut command), Pause(paused))
    }

    /// A command that waits before one effect, and the file that is there while it does.
    pub(crate) fn paused_command(&self, effect: impl Display, arguments: &[&str]) -> (Command, PathBuf) {
        self.with_faults(&format!("{effect}:pause"), arguments)
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
    pub(crate) fn snapshot(&self, workload: &str) -> String {
        let output = self.ok(&["snapshot", "create", workload, "--json"]);
        output.json()["id"].as_str().unwrap_or_else(|| panic!("no id: {output:?}")).to_owned()
    }

    /// The same while the app runs: of data from which it could not be started again.
    #[track_caller]
    pub(crate) fn live_snapshot(&self, workload: &str) -> String {
        let output = self.ok(&["snapshot", "create", workload, "--consistency", "live", "--json"]);
        output.json()["id"].as_str().unwrap_or_else(|| panic!("no id: {output:?}")).to_owned()
    }

    /// `restore run`, answered with yes.
    pub(crate) fn restore(&self, workload: &str, snapshot: &str, more: &[&str]) -> Output {
        self.reforge(&[&["restore", "run", workload, snapshot, "--yes"], more].concat())
    }

    /// `restore plan`: its digest.
    #[track_caller]
    pub(crate) fn plan(&self, workload: &str, snapshot: &str) -> String {
        let output = self.ok(&["restore", "plan", workload, snapshot, "--json"]);
        output.json()["digest"].as_str().unwrap_or_else(|| panic!("no digest: {output:?}")).to_owned()
    }

    /// `restore undo`, answered with yes.
    pub(crate) fn undo(&self, id: &str) -> Output {
        self.reforge(&["restore", "undo", id, "--yes"])
    }
}

/// A command that stands before an effect.
pub(crate) struct Pause(PathBuf);

impl Pause {
    /// Waits until it stands there, and lets it go on.
    pub(crate) fn end(self) {
        eventually("the pause is reached", || self.0.exists());
        std::fs::remove_file(self.0).unwrap();
    }
}
