//! Protocol rule 15: a process is its pid with its start time and the boot it started in, and is signalled through a
//! pidfd. A bare pid is never signalled: it may have been given to another process since.

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal};
use serde::{Deserialize, Serialize};

use reforge_base::boot;
use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_holders::proc_stat::ProcStat;

/// How many processes are watched at once: each takes a descriptor.
const WATCHED_MAX: usize = 64;

/// One process for good: no other process ever equals it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ProcessId {
    pub pid: i32,
    pub start_ticks: u64,
    pub boot: String,
}

impl ProcessId {
    /// The process that `stat` was read from.
    pub fn of(stat: &ProcStat, boot: &str) -> ProcessId {
        ProcessId { pid: stat.pid, start_ticks: stat.start_ticks, boot: boot.to_owned() }
    }

    /// The process that has this pid now; none if there is none.
    pub fn current(pid: i32) -> Result<Option<ProcessId>> {
        let boot = boot::id()?;
        Ok(read(pid)?.map(|stat| ProcessId::of(&stat, &boot)))
    }

    /// Whether it is still alive. A process of an earlier boot is not.
    pub fn is_alive(&self) -> Result<bool> {
        Ok(self.open()?.is_some())
    }

    /// Sends a signal; nothing happens if the process has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let Some(handle) = self.open()? else { return Ok(()) };
        match effect("signal", || Ok(rustix::process::pidfd_send_signal(&handle, signal)?)) {
            Err(error) if Errno::from_io_error(&error) != Some(Errno::SRCH) => {
                Err(Failure::new(Code::Runtime, message!("cannot-signal-process", pid = self.pid, error)))
            }
            _ => Ok(()),
        }
    }

    /// Waits until one of `processes` has ended, or time is up.
    pub fn wait_for_an_end(processes: &[ProcessId], limit: Duration) -> Result<()> {
        let mut handles = Vec::new();
        for process in processes.iter().take(WATCHED_MAX) {
            match process.open()? {
                Some(handle) => handles.push(handle),
                None => return Ok(()),
            }
        }
        let mut watched: Vec<PollFd<'_>> = handles.iter().map(|handle| PollFd::new(handle, PollFlags::IN)).collect();
        let limit = Timespec { tv_sec: limit.as_secs() as i64, tv_nsec: i64::from(limit.subsec_nanos()) };
        match rustix::event::poll(&mut watched, Some(&limit)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(errno) => Err(Failure::new(Code::Runtime, message!("cannot-wait", errno))),
        }
    }

    /// A handle on it: opened first and compared afterwards, so that it cannot stand for another process.
    fn open(&self) -> Result<Option<OwnedFd>> {
        let Some(pid) = Pid::from_raw(self.pid) else { return Ok(None) };
        let handle = match rustix::process::pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => handle,
            Err(Errno::SRCH) => return Ok(None),
            Err(errno) => return Err(cannot_look(self.pid, &errno.into())),
        };
        let same = read(self.pid)?.is_some_and(|stat| stat.is_alive() && stat.start_ticks == self.start_ticks);
        Ok((same && self.boot == boot::id()?).then_some(handle))
    }
}

fn read(pid: i32) -> Result<Option<ProcStat>> {
    ProcStat::read(pid).map_err(|error| cannot_look(pid, &error))
}

fn cannot_look(pid: i32, error: &std::io::Error) -> Failure {
    Failure::new(Code::Runtime, message!("cannot-look-at-process", pid, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_pid_with_another_start_or_boot_is_another_process() {
        let own = ProcessId::current(std::process::id() as i32).expect("read").expect("alive");
        assert!(own.is_alive().expect("told"));
        for other in [
            ProcessId { start_ticks: own.start_ticks + 1, ..own.clone() },
            ProcessId { boot: "another".to_owned(), ..own.clone() },
        ] {
            assert!(!other.is_alive().expect("told"));
            other.signal(Signal::KILL).expect("nothing to do");
        }
    }
}
