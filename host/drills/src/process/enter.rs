//! A command beside a drilled process: in its namespaces, as its user.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{message, threads};
use rustix::process::{Signal, set_parent_process_death_signal};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::launch;
use super::plan::Plan;
use crate::app::{CommandEnd, OUTPUT_BYTES_MAX};

/// What ends a command that could not be started, as a shell has it.
const NOT_STARTED: u8 = 127;
/// The end of what it says on its standard error.
const ERROR_BYTES_MAX: usize = 4096;
const POLL: Duration = Duration::from_millis(5);

/// Runs it to its end, or to its limit.
pub(super) fn run(
    program: &[OsString],
    (process, plan): (i32, &Path),
    words: &[OsString],
    limit: Duration,
) -> Result<CommandEnd> {
    let failed = |error: std::io::Error| Failure::new(Code::Runtime, message!("cannot-run-in-a-drill", error));
    let mut command = Command::new(program.first().map(OsString::as_os_str).unwrap_or_default());
    command.args(program.get(1..).unwrap_or_default()).arg("enter").arg(process.to_string()).arg(plan).args(words);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let output = output.map(|output| threads::spawn("drill-output", move || first(output))).transpose()?;
    let errors = errors.map(|errors| threads::spawn("drill-errors", move || last(errors))).transpose()?;
    let status = wait(&mut child, limit).map_err(failed)?;
    let joined = |thread: Option<std::thread::JoinHandle<Vec<u8>>>| {
        thread.and_then(|thread| thread.join().ok()).unwrap_or_default()
    };
    let failure = match status.map(|status| status.code()) {
        None => Some(message!("took-longer-than", limit)),
        Some(Some(0)) => None,
        Some(Some(code)) => Some(message!("ended-with-status", code)),
        Some(None) => Some(message!("ended")),
    };
    Ok(CommandEnd { failure, output: joined(output), error_output: joined(errors) })
}

/// None when the limit was over: then it was killed, and all that it started with it.
fn wait(child: &mut Child, limit: Duration) -> std::io::Result<Option<std::process::ExitStatus>> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(POLL);
    }
}

/// What is beyond is read, and lost.
fn first(mut from: impl Read) -> Vec<u8> {
    let (mut kept, mut room) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = from.read(&mut room) {
        let free = OUTPUT_BYTES_MAX.saturating_sub(kept.len()).min(count);
        kept.extend_from_slice(&room[..free]);
    }
    kept
}

fn last(mut from: impl Read) -> Vec<u8> {
    let (mut kept, mut room) = (VecDeque::new(), [0; 4096]);
    while let Ok(count @ 1..) = from.read(&mut room) {
        kept.extend(&room[..count]);
        let over = kept.len().saturating_sub(ERROR_BYTES_MAX);
        kept.drain(..over);
    }
    kept.into()
}

/// In the process that the host starts for it.
pub(super) fn enter(process: &OsStr, plan: &Path, words: &[OsString]) -> ExitCode {
    // Whoever asked may end.
    let entered = set_parent_process_death_signal(Some(Signal::KILL)).map_err(std::io::Error::from).and_then(|()| {
        let plan = Plan::read(plan)?;
        enter_namespaces(process)?;
        launch::lose_capabilities()?;
        launch::command(&plan, words.iter().cloned()).status()
    });
    match entered {
        Ok(status) => ExitCode::from(launch::code_of(status)),
        Err(error) => {
            use std::io::Write as _;
            // Nobody else is there to tell.
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::from(NOT_STARTED)
        }
    }
}

/// The mounts last: with them the paths of the others go.
fn enter_namespaces(process: &OsStr) -> std::io::Result<()> {
    let directory = Path::new("/proc").join(process).join("ns");
    let kinds = [
        ("net", LinkNameSpaceType::Network),
        ("ipc", LinkNameSpaceType::InterProcessCommunication),
        ("uts", LinkNameSpaceType::HostNameAndNISDomainName),
        ("pid", LinkNameSpaceType::ProcessID),
        ("mnt", LinkNameSpaceType::Mount),
    ];
    let open = |(name, kind)| Ok((std::fs::File::open(directory.join(name))?, kind));
    let namespaces: Vec<(std::fs::File, LinkNameSpaceType)> =
        kinds.into_iter().map(open).collect::<std::io::Result<_>>()?;
    for (namespace, kind) in &namespaces {
        move_into_link_name_space(namespace.as_fd(), Some(*kind))?;
    }
    Ok(())
}
