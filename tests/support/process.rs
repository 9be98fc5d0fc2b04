//! Commands that are run and looked at while they run.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

/// How long anything may take before a test gives it up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(5);

/// Waits until a condition holds.
#[track_caller]
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain: {what}");
        std::thread::sleep(POLL);
    }
}

/// Waits until a program that this test wrote can be run. While other tests start processes, one of those may have it
/// open for writing for an instant, and then it is busy. A read lease is granted only once nobody has (`fcntl(2)`).
#[track_caller]
pub(crate) fn until_runnable(program: &Path) {
    let file = File::open(program).unwrap();
    eventually("nobody has the program open for writing", || {
        // SAFETY: system calls on a descriptor that is open.
        unsafe {
            let is_ours = libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, libc::F_RDLCK) == 0;
            is_ours && libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, libc::F_UNLCK) == 0
        }
    });
}

/// Runs a test in a process of its own, and answers whether this is that one. What tests beside it start would hold for an
/// instant what a host in this process has open: a child has everything until it runs its program.
#[track_caller]
pub(crate) fn is_alone(test: &str) -> bool {
    const ALONE: &str = "REFORGE_TEST_ALONE";
    if std::env::var_os(ALONE).is_some_and(|alone| alone == test) {
        return true;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--exact", test]).env(ALONE, test).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    false
}

/// A command that ended.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    /// None if a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Output {
    /// The last line of standard output, or all of it, as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        let whole = serde_json::from_str(&self.stdout);
        let last = || serde_json::from_str(self.stdout.trim().lines().last().unwrap_or_default());
        whole.or_else(|_| last()).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }

    /// Everything that was said.
    pub(crate) fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    #[track_caller]
    pub(crate) fn expect(&self, code: i32) -> &Output {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Said on either output.
    #[track_caller]
    pub(crate) fn expect_said(&self, text: &str) -> &Output {
        assert!(self.said().contains(text), "`{text}` was not said\nstdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn expect_unsaid(&self, text: &str) -> &Output {
        assert!(!self.said().contains(text), "`{text}` was said\nstdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Refused for one reason in one clear sentence: what a person needs, and nothing that only its author understands.
    #[track_caller]
    pub(crate) fn expect_clear(&self) -> &Output {
        self.expect_said("hint")
            .expect_unsaid("panicked")
            .expect_unsaid("RUST_BACKTRACE")
            .expect_unsaid("stack backtrace")
    }
}

/// A command that runs. Dropping it kills it.
pub(crate) struct Running {
    child: Child,
    said: tempfile::TempDir,
    began: Instant,
    /// Made by a pause of the effects seam.
    paused: Option<PathBuf>,
}

impl Running {
    pub(crate) fn start(command: &mut Command, paused: Option<PathBuf>) -> Running {
        let said = tempfile::tempdir().unwrap();
        let file = |name: &str| File::create(said.path().join(name)).unwrap();
        command.stdin(Stdio::null()).stdout(file("stdout")).stderr(file("stderr"));
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
        Running { child, said, began: Instant::now(), paused }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        // The child is not waited for yet, so its id is nobody else's.
        rustix::process::kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// What it has said so far on standard error.
    pub(crate) fn complaints(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.said.path().join("stderr")).unwrap()).into_owned()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has answered so far on standard output.
    pub(crate) fn answered(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.said.path().join("stdout")).unwrap()).into_owned()
    }

    /// Asks it to stop as Ctrl-C does, and waits until it says that it will.
    pub(crate) fn interrupt(&self) {
        self.signal(Signal::INT);
        eventually("it says that it stops", || self.complaints().contains("stopping safely"));
    }

    /// Whether it has ended.
    pub(crate) fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits until it stands at the effect that it was told to pause at. False if it ended before.
    pub(crate) fn reaches_its_pause(&mut self) -> bool {
        let mut over = false;
        eventually("the pause is reached", || {
            over = self.is_over();
            over || self.paused.as_deref().is_some_and(Path::exists)
        });
        !over
    }

    /// Lets it go on.
    pub(crate) fn go_on(&self) {
        if let Some(paused) = &self.paused {
            let _ = std::fs::remove_file(paused);
        }
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Output {
        self.end()
    }

    fn end(&mut self) -> Output {
        let mut status = None;
        eventually("the command ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let read =
            |name: &str| String::from_utf8_lossy(&std::fs::read(self.said.path().join(name)).unwrap()).into_owned();
        Output {
            code: status.unwrap().code(),
            stdout: read("stdout"),
            stderr: read("stderr"),
            took: self.began.elapsed(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Runs a program that must succeed.
#[track_caller]
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("cannot run `{program}`: {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
