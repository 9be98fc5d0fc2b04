//! The words between the host and a supervisor: one JSON line each way over a socket that only the host's user reaches.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};

use super::identity::ProcessId;
use super::state::Status;
use super::workload_dir::{Lock, WorkloadDir};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::message::{Message, whole};

/// A request longer than this is not one of ours.
pub(super) const REQUEST_BYTES_MAX: usize = 4096;
/// How long a supervisor may take to open its socket after it took the lock, or to go after it closed it.
const SETTLE_LIMIT: Duration = Duration::from_secs(10);
/// Between two looks at a supervisor that is coming or going.
const SETTLE_POLL: Duration = Duration::from_millis(5);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ControlRequest {
    Status,
    /// Answered when nothing is alive, or given up.
    Stop,
    /// Answered when it is durable.
    Hold,
    Release,
    /// Runs the health check once.
    Probe {
        limit_ms: u64,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    Done,
    Status(Box<Status>),
    /// None is a success, else the reason.
    Probed(#[serde(with = "whole::optional")] Option<Message>),
    Failed(Failure),
}

/// Who was there to be asked.
#[derive(Debug)]
pub(super) enum Reached {
    Supervisor(Answer),
    /// Nobody: there is no supervisor, and none can start while the lock is held.
    Nobody(Lock),
}

/// Asks the supervisor, or finds out for certain that there is none. Every request may be repeated.
pub(super) fn ask(workload_dir: &WorkloadDir, request: &ControlRequest, limit: Duration) -> Result<Reached> {
    let deadline = Instant::now() + SETTLE_LIMIT;
    loop {
        if let Some(lock) = workload_dir.try_lock()? {
            return Ok(Reached::Nobody(lock));
        }
        // It may be starting or ending: not listening yet, or gone before it answered.
        let error = match connect(workload_dir).and_then(|stream| exchange(stream, request, limit)) {
            Ok(answer) => return Ok(Reached::Supervisor(answer)),
            Err(error) => error,
        };
        let timed_out = matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut);
        if timed_out || Instant::now() > deadline {
            let at = reforge_base::escape::path(&workload_dir.directory);
            return Err(Failure::new(Code::Runtime, message!("the-supervisor-in-does-not-answer", at, error))
                .hint(message!("see-what-its-process-named")));
        }
        std::thread::sleep(SETTLE_POLL);
    }
}

/// Waits until a supervisor that said that it ends has ended.
pub(super) fn wait_gone(workload_dir: &WorkloadDir) -> Result<Lock> {
    let deadline = Instant::now() + SETTLE_LIMIT;
    if let Some(supervisor) = workload_dir.state()?.supervisor {
        ProcessId::wait_for_an_end(&[supervisor], SETTLE_LIMIT)?;
    }
    loop {
        if let Some(lock) = workload_dir.try_lock()? {
            return Ok(lock);
        }
        if Instant::now() > deadline {
            let at = reforge_base::escape::path(&workload_dir.directory);
            return Err(Failure::new(Code::Runtime, message!("the-supervisor-in-does-not-end", at)));
        }
        std::thread::sleep(SETTLE_POLL);
    }
}

fn exchange(mut stream: UnixStream, request: &ControlRequest, limit: Duration) -> std::io::Result<Answer> {
    stream.set_read_timeout(Some(limit))?;
    stream.write_all(&line(request)?)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}

/// One line of JSON.
pub(super) fn line<T: Serialize>(value: &T) -> std::io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

/// Opens the supervisor's end. The caller holds the lock, so that whatever is there is left over.
pub(super) fn listen(workload_dir: &WorkloadDir) -> Result<UnixListener> {
    let path = workload_dir.file("control.sock");
    let bound = || -> std::io::Result<UnixListener> {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let (short, _directory) = short_path(workload_dir)?;
        let listener = UnixListener::bind(short)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    bound().map_err(|error| Failure::io("listen on", &path, &error))
}

fn connect(workload_dir: &WorkloadDir) -> std::io::Result<UnixStream> {
    let (short, _directory) = short_path(workload_dir)?;
    UnixStream::connect(short)
}

/// A socket's address holds 107 bytes and a path may be longer: the way leads through an open directory.
fn short_path(workload_dir: &WorkloadDir) -> std::io::Result<(PathBuf, OwnedFd)> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = rustix::fs::open(&workload_dir.directory, flags, Mode::empty())?;
    Ok((PathBuf::from(format!("/proc/self/fd/{}/control.sock", directory.as_raw_fd())), directory))
}
