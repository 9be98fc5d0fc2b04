//! How a supervisor comes to be: detached from the command that started it, alone with its workload.
//!
//! It is started twice. The first process is a group leader, so that the terminal's signals do not reach it, marks every
//! inherited descriptor close-on-exec (a lock among them would be held for ever) and starts the second, which makes
//! its own session, becomes the child subreaper and stays. The first line on its standard output says how it went. Beside
//! it a third is started, which keeps the log of the app ([`log::keep`]) if the second is killed.

use std::ffi::OsString;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU, SIGXFSZ};

use super::control::{self, Answer};
use super::control_channel::ControlChannel;
use super::log::{self, AppOutput};
use super::supervisor::Supervisor;
use super::workload_dir::{self, Lock, WorkloadDir};
use reforge_base::durable;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// How long to wait for the lock while somebody looks whether there is a supervisor.
const LOCK_LIMIT: Duration = Duration::from_secs(5);
const LOCK_POLL: Duration = Duration::from_millis(5);

/// In the environment of the process that keeps the log.
const KEEPER: &str = "REFORGE_KEEPS_LOG";

/// What a command calls that is a supervisor: supervises the workload in `directory`, which must be absolute.
pub fn supervise(directory: &Path) -> ExitCode {
    if std::env::var_os(KEEPER).is_some() {
        // Nobody listens to it.
        return keep_log().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let is_first = rustix::process::getpgrp() == rustix::process::getpid();
    let done = if is_first { start_others(directory) } else { run(directory) };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody may listen any more; there is nobody else to tell.
            let _ = say(&Answer::Failed(failure));
            ExitCode::FAILURE
        }
    }
}

fn start_others(directory: &Path) -> Result<()> {
    let start = || {
        close_on_exec()?;
        lift_limits();
        let (output, says) = log::pipe()?;
        // Ends when whoever has the other end does.
        let (ended, alive) = std::io::pipe()?;
        // Named by where it stands: what has the directory in its arguments is the workload's supervisor.
        let mut keeper = itself(Path::new("."));
        keeper.current_dir(directory).env(KEEPER, "1").stdin(output).stdout(ended).stderr(Stdio::null()).spawn()?;
        itself(directory).stdin(alive).stderr(says).spawn().map(drop)
    };
    start().map_err(|error: std::io::Error| Failure::io("start", Path::new("/proc/self/exe"), &error))
}

/// This program with its arguments, of which the last is the directory. Through the link: the file may have been replaced
/// since, and this is the program that was started.
fn itself(directory: &Path) -> Command {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    arguments.pop();
    let mut command = Command::new("/proc/self/exe");
    command.arg0(arguments.first().cloned().unwrap_or_default()).args(arguments.get(1..).unwrap_or_default());
    command.arg(directory);
    command
}

/// It stands in the directory.
fn keep_log() -> std::io::Result<()> {
    leave_session()?;
    // It ends when everybody else has, and not before.
    for signal in [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGXCPU, SIGXFSZ] {
        signal_hook::flag::register(signal, Arc::default())?;
    }
    log::keep(&WorkloadDir { directory: PathBuf::from(".") })
}

/// The terminal of the command that started this is none of its business.
fn leave_session() -> std::io::Result<()> {
    rustix::process::umask(Mode::from_raw_mode(0o077));
    rustix::process::setsid()?;
    Ok(())
}

fn run(directory: &Path) -> Result<()> {
    let workload_dir = WorkloadDir { directory: directory.to_owned() };
    let failed = |error: std::io::Error| Failure::io("supervise in", directory, &error);
    std::env::set_current_dir("/").map_err(failed)?;
    leave_session().map_err(failed)?;
    let output = AppOutput::of_standard_error(&workload_dir).map_err(failed)?;
    // A limit of its own is an error of a write: a handler, since what is ignored would be ignored by the app, too.
    signal_hook::flag::register(SIGXFSZ, Arc::default()).map_err(failed)?;
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).map_err(|errno| failed(errno.into()))?;
    let lock = take_lock(&workload_dir)?;
    if !is_awaited().map_err(failed)? {
        return Ok(());
    }
    // Of one that was killed while it wrote. No reason not to run the app if it stays.
    if let Err(failure) = durable::remove_temporaries(&workload_dir.directory, |target| target == workload_dir::STATE) {
        log::say(&failure);
    }
    // All that can fail comes before the app is started.
    let mut control_channel = ControlChannel::open(&workload_dir)?;
    let mut supervisor = Supervisor::new(workload_dir, output)?;
    if let Err(failure) = supervisor.start() {
        control_channel.end();
        return Err(failure);
    }
    // Whoever waited may have died meanwhile; what is started stays supervised, and the next one finds it.
    let _ = say(&Answer::Done);
    leave_output().map_err(failed)?;
    if let Err(failure) = supervise_until_stopped(&mut supervisor, &mut control_channel) {
        log::say(&failure);
    }
    control_channel.end();
    drop(lock);
    Ok(())
}

fn take_lock(workload_dir: &WorkloadDir) -> Result<Lock> {
    let deadline = Instant::now() + LOCK_LIMIT;
    loop {
        match workload_dir.try_lock()? {
            Some(lock) => return Ok(lock),
            None if Instant::now() > deadline => {
                let at = reforge_base::escape::path(&workload_dir.directory);
                return Err(Failure::new(Code::Busy, message!("has-a-supervisor-already", at)));
            }
            None => std::thread::sleep(LOCK_POLL),
        }
    }
}

/// Whether somebody still reads what this one says. Asked under the lock: a command that comes after one that died may
/// have looked before the lock was taken, and starts a supervisor of its own.
fn is_awaited() -> std::io::Result<bool> {
    let output = std::io::stdout();
    let mut polled = [PollFd::new(&output, PollFlags::empty())];
    rustix::event::poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
    Ok(!polled[0].revents().contains(PollFlags::ERR))
}

/// Supervises until the app was stopped.
fn supervise_until_stopped(supervisor: &mut Supervisor, control_channel: &mut ControlChannel) -> Result<()> {
    while !supervisor.is_over() {
        supervisor.reap()?;
        if let Some(outcome) = supervisor.advance() {
            control_channel.stopped(outcome);
        }
        control_channel.hold(supervisor);
        if !supervisor.is_over() {
            control_channel.wait(supervisor.pause(), &supervisor.output)?;
        }
    }
    Ok(())
}

fn say(answer: &Answer) -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    output.write_all(&control::line(answer)?)?;
    output.flush()
}

/// What bounds the command that started this (its files, time and memory) does not bound the app, which outlives it. As far
/// as that may be had: the app runs with what there is.
fn lift_limits() {
    for resource in [Resource::Fsize, Resource::Cpu, Resource::As, Resource::Data] {
        let unlimited = Rlimit { current: None, maximum: None };
        if rustix::process::setrlimit(resource, unlimited).is_err() {
            let known = rustix::process::getrlimit(resource);
            let _ = rustix::process::setrlimit(resource, Rlimit { current: known.maximum, maximum: known.maximum });
        }
    }
}

/// Puts `/dev/null` in the place of the pipe to the command that waits for the first line.
fn leave_output() -> std::io::Result<()> {
    let null = std::fs::File::options().write(true).open("/dev/null")?;
    // SAFETY: nothing in this process owns descriptor 1; it stays open throughout. rustix has the call behind a feature
    // that nothing else here needs.
    match unsafe { libc::dup2(null.as_raw_fd(), libc::STDOUT_FILENO) } {
        -1 => Err(std::io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Every descriptor but the standard ones is closed by the next exec.
fn close_on_exec() -> std::io::Result<()> {
    // SAFETY: the call only sets flags; no descriptor that something in this process owns is closed under it. rustix
    // does not have it.
    let done = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            3 as libc::c_long,
            libc::c_long::from(u32::MAX),
            libc::c_long::from(libc::CLOSE_RANGE_CLOEXEC),
        )
    };
    if done == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}
