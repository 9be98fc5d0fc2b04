//! A command that is run around a snapshot as the app's user, with its environment: started by whoever asks, and ended at its
//! limit with all that it started.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};

use super::identity::ProcessId;
use super::launch::Program;
use super::process_tree;
use super::stop::signal_name;
use super::workload_dir::WorkloadDir;
use crate::{HOOK_OUTPUT_BYTES_MAX, HookEnd};
use reforge_base::Message;
use reforge_base::consistency::Hook;
use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::DeploySpec;

const POLL: Duration = Duration::from_millis(10);
/// How long it may take to be gone after it was killed.
const KILLED_LIMIT: Duration = Duration::from_secs(5);

/// Runs it to its end. One that cannot be run has failed.
pub(super) fn run(workload_dir: &WorkloadDir, spec: &DeploySpec, start: u64, hook: &Hook) -> Result<HookEnd> {
    let failed = |error: std::io::Error| Failure::new(Code::Runtime, message!("cannot-read-what-a-hook-says", error));
    let (read, write) = std::io::pipe().map_err(failed)?;
    rustix::io::ioctl_fionbio(read.as_fd(), true).map_err(|errno| failed(errno.into()))?;
    let started = Program::prepare(spec, &hook.command).and_then(|program| {
        let output = File::from(OwnedFd::from(write));
        let started = effect("start-hook", || Ok(program.start(workload_dir, start, Some(output))));
        started.map_err(failed)?
    });
    let pid = match started {
        Ok(pid) => pid,
        Err(failure) => return Ok(HookEnd { failure: Some(failure.message), output: Vec::new() }),
    };
    let mut output = Output { pipe: File::from(OwnedFd::from(read)), tail: VecDeque::new() };
    let mut deadline = Instant::now() + hook.limit;
    let mut killed = false;
    loop {
        output.take();
        if let Some(status) = ended(pid)? {
            output.take();
            let failure =
                if killed { Some(message!("took-longer-than", limit = hook.limit)) } else { in_words(status) };
            return Ok(HookEnd { failure, output: output.tail.into() });
        }
        if Instant::now() >= deadline {
            if killed {
                return Err(Failure::new(Code::Runtime, message!("still-alive-after-sigkill-process", pids = pid)));
            }
            (killed, deadline) = (true, Instant::now() + KILLED_LIMIT);
            kill(pid)?;
        }
        std::thread::sleep(POLL);
    }
}

struct Output {
    pipe: File,
    tail: VecDeque<u8>,
}

impl Output {
    /// What is there by now. Whoever it started may go on writing: nobody waits for that.
    fn take(&mut self) {
        let mut room = [0; HOOK_OUTPUT_BYTES_MAX];
        while let Ok(count @ 1..) = self.pipe.read(&mut room) {
            self.tail.extend(&room[..count]);
            let over = self.tail.len().saturating_sub(HOOK_OUTPUT_BYTES_MAX);
            self.tail.drain(..over);
        }
    }
}

fn ended(pid: i32) -> Result<Option<WaitStatus>> {
    let waited = rustix::process::waitpid(Pid::from_raw(pid), WaitOptions::NOHANG);
    let waited = waited.map_err(|errno| Failure::new(Code::Runtime, message!("cannot-wait-for-children", errno)))?;
    Ok(waited.map(|(_, status)| status))
}

fn kill(pid: i32) -> Result<()> {
    let below = process_tree::descendants(pid)?;
    let own = ProcessId::current(pid)?;
    own.iter().chain(&below).try_for_each(|process| process.signal(Signal::KILL))
}

/// None if it ended well.
fn in_words(status: WaitStatus) -> Option<Message> {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(message!("ended-with-status", code)),
        (None, Some(signal)) => Some(message!("was-killed-by", signal_name = signal_name(signal))),
        (None, None) => Some(message!("ended")),
    }
}
