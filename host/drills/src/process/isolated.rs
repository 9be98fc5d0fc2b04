//! The program that isolates: what the host's own hidden command calls.
//!
//! It is started by the host and ends with it, in whatever way that ends: the kernel is told so at each step. The first process
//! enters new namespaces and starts a second, which is the first in them; that one makes what the app sees, says that it is ready,
//! waits to be told, and starts the app. When it ends, the kernel ends everything that is left in them.

use std::ffi::OsString;
use std::io::{self, BufRead as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use rustix::fs::Mode;
use rustix::process::{Signal, WaitOptions, set_parent_process_death_signal};
use rustix::thread::{UnshareFlags, unshare_unsafe};

use super::child::{End, Said};
use super::launch::{self, lose_capabilities};
use super::plan::Plan;
use super::{enter, view};

/// In the environment of the second process.
const INNER: &str = "REFORGE_IS_ISOLATED";
const APP_UMASK: u32 = 0o022;
/// What a drilled app gives way to: everybody.
const NICE: i32 = 19;
/// The first to be ended where memory runs out.
const OOM_SCORE: &str = "800";
/// `ioprio_set`: this process, in the class of those that get what is left.
const IOPRIO_WHO_PROCESS: libc::c_long = 1;
const IOPRIO_IDLE: libc::c_long = 3 << 13;

/// `start PLAN`, or `enter PROCESS PLAN WORD…`.
pub fn isolated(words: &[OsString]) -> ExitCode {
    match words {
        [verb, plan] if verb == "start" => {
            let is_inner = std::env::var_os(INNER).is_some();
            let done = if is_inner { inner(Path::new(plan)) } else { outer(Path::new(plan)) };
            done.map_or_else(|error| refused(&error), |()| ExitCode::SUCCESS)
        }
        [verb, process, plan, command @ ..] if verb == "enter" => enter::enter(process, Path::new(plan), command),
        _ => ExitCode::FAILURE,
    }
}

fn refused(error: &io::Error) -> ExitCode {
    // Who started it has ended where nobody listens.
    let _ = say(&Said::NotIsolated(error.to_string()));
    ExitCode::FAILURE
}

fn say(said: &Said) -> io::Result<()> {
    let mut line = serde_json::to_vec(said).map_err(io::Error::other)?;
    line.push(b'\n');
    let mut output = io::stdout().lock();
    output.write_all(&line)?;
    output.flush()
}

fn outer(plan: &Path) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let new =
        UnshareFlags::NEWNS | UnshareFlags::NEWNET | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS | UnshareFlags::NEWPID;
    // SAFETY: no descriptor table and no working directory is taken apart, and this process has one thread.
    unsafe { unshare_unsafe(new) }?;
    let mut command = Command::new("/proc/self/exe");
    // As it was called itself, but for what this function needs: nobody else knows the hidden command's name.
    command.args(std::env::args_os().skip(1)).env_clear().env(INNER, plan);
    let mut child = command.spawn()?;
    say(&Said::Process(child.id() as i32))?;
    child.wait().map(drop)
}

fn inner(plan: &Path) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let plan = Plan::read(plan)?;
    rustix::process::umask(Mode::from_raw_mode(APP_UMASK));
    give_way()?;
    view::build(&plan)?;
    loopback_up()?;
    say(&Said::Ready)?;
    let mut word = String::new();
    if io::stdin().lock().read_line(&mut word)? == 0 {
        return Ok(());
    }
    lose_capabilities()?;
    match app(&plan).spawn() {
        Err(error) => say(&Said::NotStarted(error.to_string()))?,
        Ok(child) => say(&Said::Ended(reap(child.id() as i32)?))?,
    }
    // What it has counted is asked until somebody lets go of it.
    io::stdin().lock().read_line(&mut word).map(drop)
}

/// Waits for all that ends here, until the app does.
fn reap(app: i32) -> io::Result<End> {
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid.as_raw_nonzero().get() == app => {
                let signal = status.terminating_signal().map(End::Signal);
                return Ok(signal.unwrap_or(End::Status(status.exit_status().unwrap_or(-1))));
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

fn app(plan: &Plan) -> Command {
    let mut command = launch::command(plan, plan.command.iter().map(OsString::from));
    // What the host said is no business of the app's, and what the app says is one of the host's.
    let output = io::stderr().as_fd().try_clone_to_owned();
    command.stdin(Stdio::null()).stdout(output.map_or_else(|_| Stdio::null(), Stdio::from));
    command
}

fn give_way() -> io::Result<()> {
    std::fs::write("/proc/self/oom_score_adj", OOM_SCORE)?;
    // SAFETY: neither call reads or writes memory. rustix has neither.
    let gave = unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, NICE) == 0
            && libc::syscall(libc::SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0 as libc::c_long, IOPRIO_IDLE) == 0
    };
    if gave { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// A new network has a loopback that is down.
fn loopback_up() -> io::Result<()> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0")?;
    // SAFETY: all zeroes is a request; its name is shorter than its room.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: the request is of the kind that this call reads, and lives until it returns.
    match unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &request) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
