//! The isolating process as the host sees it: what it says, what the app says, and its end.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{Message, escape, message, threads};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::app::LAST_LINES;

/// How much of what an app says is kept.
const TAIL_BYTES_MAX: usize = 64 << 10;
/// How long what was killed may take to be gone.
const KILLED_LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(5);

/// What the isolating process says, a line each.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Said {
    /// The first process in the namespaces, as the host counts.
    Process(i32),
    /// All is there; nothing of the app runs.
    Ready,
    /// It could not be isolated.
    NotIsolated(String),
    /// The app could not be started.
    NotStarted(String),
    Ended(End),
}

/// How the app ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum End {
    Status(i32),
    Signal(i32),
}

#[derive(Default)]
struct Known {
    process: Option<i32>,
    is_ready: bool,
    /// It could not be isolated.
    refused: Option<String>,
    ended: Option<Message>,
    /// It says nothing any more.
    is_over: bool,
}

#[derive(Default)]
struct Shared {
    known: Mutex<Known>,
    changed: Condvar,
    tail: Mutex<VecDeque<u8>>,
}

/// The isolating process. Dropping it ends it and all in it.
pub(super) struct Child {
    child: std::process::Child,
    input: Option<ChildStdin>,
    shared: Arc<Shared>,
}

impl Child {
    pub(super) fn start(program: &[OsString], plan: &Path) -> Result<Child> {
        let failed = |error: &std::io::Error| {
            let file = program.first().map(Path::new).unwrap_or(plan);
            Failure::io("run", file, error).with_code(Code::Runtime)
        };
        let mut words = program.iter();
        let mut command = Command::new(words.next().map(OsString::as_os_str).unwrap_or_default());
        command.args(words).arg("start").arg(plan);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = effect("start-drill", || command.spawn()).map_err(|error| failed(&error))?;
        let shared = Arc::new(Shared::default());
        let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let child = Child { child, input, shared };
        if let (Some(output), Some(errors)) = (output, errors) {
            let shared = child.shared.clone();
            threads::spawn("drill-words", move || listen(&shared, BufReader::new(output)))?;
            let shared = child.shared.clone();
            threads::spawn("drill-output", move || keep(&shared, errors))?;
        }
        Ok(child)
    }

    /// Waits until it is isolated, and answers its first process.
    pub(super) fn ready(&self, limit: Duration) -> Result<i32> {
        let deadline = Instant::now() + limit;
        let mut known = self.known();
        loop {
            if let Some(why) = &known.refused {
                let message = message!("drill-cannot-isolate", why = escape::text(why));
                return Err(Failure::new(Code::PolicyRefused, message));
            }
            match known.process {
                Some(process) if known.is_ready => return Ok(process),
                _ => {}
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if known.is_over || left.is_zero() {
                let said = escape::bytes(self.last_lines().trim_ascii());
                return Err(Failure::new(Code::Runtime, message!("drill-isolation-did-not-come", said)));
            }
            known = self.shared.changed.wait_timeout(known, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The app may start.
    pub(super) fn go(&mut self) -> Result<()> {
        let Some(input) = &mut self.input else { return Ok(()) };
        let gone =
            |error: std::io::Error| Failure::new(Code::Runtime, message!("drill-isolation-did-not-come", said = error));
        effect("start-drilled-app", || input.write_all(b"go\n").and_then(|()| input.flush())).map_err(gone)
    }

    /// Its first process.
    pub(super) fn process(&self) -> Result<i32> {
        let known = self.known();
        let process = known.process.filter(|_| !known.is_over);
        process.ok_or_else(|| Failure::new(Code::Runtime, message!("the-drilled-app-is-gone")))
    }

    /// How the app ended, if it has.
    pub(super) fn ended(&self) -> Option<Message> {
        let known = self.known();
        known.ended.clone().or_else(|| known.is_over.then(|| message!("ended")))
    }

    /// What the app said last.
    pub(super) fn last_lines(&self) -> Vec<u8> {
        let tail = self.shared.tail.lock().unwrap_or_else(PoisonError::into_inner);
        last_lines(tail.iter().copied().collect())
    }

    /// Ends all of it.
    pub(super) fn end(&mut self) -> Result<()> {
        self.input = None;
        let process = self.known().process;
        let failed =
            |error: std::io::Error| Failure::new(Code::Runtime, message!("cannot-wait-for-children", errno = error));
        effect("end-drill", || self.child.kill()).map_err(failed)?;
        self.child.wait().map_err(failed)?;
        process.map_or(Ok(()), wait_gone)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.shared.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // What it was is gone already where this is not the first time.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(shared: &Shared, output: impl std::io::BufRead) {
    for line in output.lines() {
        let Ok(line) = line else { break };
        // Whatever else writes there says nothing to us.
        let Ok(said) = serde_json::from_str::<Said>(&line) else { continue };
        let mut known = shared.known.lock().unwrap_or_else(PoisonError::into_inner);
        match said {
            Said::Process(process) => known.process = Some(process),
            Said::Ready => known.is_ready = true,
            Said::NotIsolated(why) => known.refused = Some(why),
            Said::NotStarted(why) => known.ended = Some(message!("could-not-be-run", failure = escape::text(&why))),
            Said::Ended(End::Status(code)) => known.ended = Some(message!("ended-with-status", code)),
            Said::Ended(End::Signal(signal)) => {
                let signal_name = signal.to_string();
                known.ended = Some(message!("was-killed-by", signal_name));
            }
        }
        shared.changed.notify_all();
    }
    shared.known.lock().unwrap_or_else(PoisonError::into_inner).is_over = true;
    shared.changed.notify_all();
}

fn keep(shared: &Shared, mut errors: impl std::io::Read) {
    let mut room = [0; 4096];
    while let Ok(count @ 1..) = errors.read(&mut room) {
        let mut tail = shared.tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.extend(&room[..count]);
        let over = tail.len().saturating_sub(TAIL_BYTES_MAX);
        tail.drain(..over);
    }
}

fn last_lines(tail: Vec<u8>) -> Vec<u8> {
    let lines: Vec<&[u8]> = tail.split_inclusive(|byte| *byte == b'\n').collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].concat()
}

/// Processes one of whose arguments is meant.
pub(super) fn with_argument(is_meant: &dyn Fn(&[u8]) -> bool) -> Result<Vec<i32>> {
    let failed = |error: &std::io::Error| Failure::io("list", Path::new("/proc"), error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").map_err(|error| failed(&error))? {
        let entry = entry.map_err(|error| failed(&error))?;
        let Some(process) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let mut arguments = Vec::new();
        // One that has ended meanwhile is not meant.
        let read =
            std::fs::File::open(entry.path().join("cmdline")).and_then(|mut file| file.read_to_end(&mut arguments));
        if read.is_ok() && arguments.split(|byte| *byte == 0).any(is_meant) {
            found.push(process);
        }
    }
    found.retain(|process| *process != i32::try_from(std::process::id()).unwrap_or_default());
    Ok(found)
}

/// Ends a process and waits until it is gone.
pub(super) fn kill(process: i32) -> Result<()> {
    let Some(pid) = Pid::from_raw(process) else { return Ok(()) };
    match kill_process(pid, Signal::KILL) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => wait_gone(process),
        Err(errno) => Err(Failure::new(Code::Runtime, message!("cannot-end-a-process", process, errno))),
    }
}

fn wait_gone(process: i32) -> Result<()> {
    let path = format!("/proc/{process}/stat");
    let deadline = Instant::now() + KILLED_LIMIT;
    // One whose parent has not asked for its end yet is gone, too.
    let is_there = || std::fs::read(&path).is_ok_and(|stat| !is_zombie(&stat));
    while is_there() {
        if Instant::now() > deadline {
            return Err(Failure::new(Code::Runtime, message!("still-alive-after-sigkill-process", pids = process)));
        }
        std::thread::sleep(POLL);
    }
    Ok(())
}

fn is_zombie(stat: &[u8]) -> bool {
    let behind = stat.iter().rposition(|byte| *byte == b')');
    behind.and_then(|at| stat.get(at + 2)).is_some_and(|state| *state == b'Z')
}
