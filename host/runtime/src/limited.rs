//! A program of somebody else's, run to its end within a limit. One that hangs is ended with all that it started.

use std::io::Read;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use reforge_base::Message;
use reforge_base::escape;
use reforge_base::message;
use reforge_base::threads;
use rustix::process::{Pid, Signal, kill_process_group};

const POLL: Duration = Duration::from_millis(10);

/// Why there is no answer.
#[derive(Debug)]
pub enum Missed {
    /// It could not be run, or not be waited for.
    NotRun(Message),
    /// It was ended at its limit.
    Hung(Message),
}

/// Runs it to its end, or ends it and all that it started.
pub fn output(mut command: Command, limit: Duration) -> Result<Output, Missed> {
    let not_run = |error: &dyn std::fmt::Display| Missed::NotRun(error.to_string().into());
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(|error| not_run(&error))?;
    let deadline = Instant::now() + limit;
    let read = [read(child.stdout.take()), read(child.stderr.take())];
    let [stdout, stderr] = read.map(|heard| {
        let left = deadline.saturating_duration_since(Instant::now());
        heard.and_then(|heard| heard.recv_timeout(left).ok())
    });
    let ended = ended(&mut child, deadline).map_err(|error| not_run(&error))?;
    if ended.is_none() {
        end(&mut child);
    }
    match (ended, stdout, stderr) {
        (Some(status), Some(stdout), Some(stderr)) => Ok(Output { status, stdout, stderr }),
        _ => Err(Missed::Hung(message!("compose-took-longer-than", program = escape::text(&program), limit))),
    }
}

/// All that it says there.
fn read(from: Option<impl Read + Send + 'static>) -> Option<Receiver<Vec<u8>>> {
    let mut from = from?;
    let (said, heard) = channel();
    let reader = move || {
        let mut bytes = Vec::new();
        if from.read_to_end(&mut bytes).is_ok() {
            // Nobody waits any longer after the limit.
            let _ = said.send(bytes);
        }
    };
    threads::spawn("compose-output", reader).ok().map(|_| heard)
}

fn ended(child: &mut Child, deadline: Instant) -> std::io::Result<Option<ExitStatus>> {
    loop {
        match child.try_wait()? {
            None if Instant::now() < deadline => std::thread::sleep(POLL),
            ended => return Ok(ended),
        }
    }
}

/// One that was not waited for yet, so that the group is still its own.
fn end(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // They may have ended by themselves.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}
