//! Starting a supervisor from the host: detached, with nothing inherited, and its first word awaited.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};

use super::control::Answer;
use super::workload_dir::WorkloadDir;
use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::open_files;

/// How long a supervisor may take to say whether the app was started.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Returns when the supervisor says that the exec of the app succeeded.
pub(super) fn start_supervisor(command: &[OsString], workload_dir: &WorkloadDir) -> Result<()> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Failure::new(Code::Usage, message!("the-runtime-was-given-no-command")));
    };
    let log_path = workload_dir.file("log");
    // For what is said before there is a supervisor. Nothing is, if there is no room for it: the app comes first.
    let log = effect("make-log", || OpenOptions::new().append(true).create(true).mode(0o600).open(&log_path));
    let log = log.map_or_else(|_| Stdio::null(), Stdio::from);
    let mut supervisor = Command::new(program);
    supervisor.args(arguments).arg(&workload_dir.directory).env_clear().current_dir("/");
    // A group of its own: the terminal's interrupt does not reach it even before it has a session.
    supervisor.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).process_group(0);
    open_files::with_limit_of_before(&mut supervisor);
    let failed = |error: std::io::Error| Failure::io("start the supervisor", Path::new(program), &error);
    let mut first = effect("start-supervisor", || supervisor.spawn()).map_err(failed)?;
    let said = first.stdout.take().map(first_line).transpose();
    // It ends as soon as it has started the process that stays.
    first.wait().map_err(failed)?;
    let said = said.map_err(failed)?.unwrap_or_default();
    match serde_json::from_slice(&said) {
        Ok(Answer::Done) => Ok(()),
        Ok(Answer::Failed(failure)) => Err(failure),
        _ => {
            let name = reforge_base::escape::path(Path::new(program));
            let log = reforge_base::escape::path(&log_path);
            Err(Failure::new(Code::Runtime, message!("the-supervisor-ended-without-a-word", name))
                .hint(message!("may-say-why", log)))
        }
    }
}

/// What was said up to the end of the first line, of the output, or of the patience.
fn first_line(mut output: std::process::ChildStdout) -> std::io::Result<Vec<u8>> {
    let deadline = Instant::now() + START_LIMIT;
    let mut said = Vec::new();
    while !said.contains(&b'\n') {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        let ready = rustix::event::poll(&mut [PollFd::new(&output, PollFlags::IN)], Some(&left))?;
        if ready == 0 {
            return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, message!("it-did-not-say-anything")));
        }
        let mut bytes = [0; 4096];
        match output.read(&mut bytes)? {
            0 => break,
            count => said.extend_from_slice(&bytes[..count]),
        }
    }
    Ok(said)
}
