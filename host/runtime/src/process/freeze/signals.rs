//! Stops processes by SIGSTOP until nothing of them runs, and wakes them.
//!
//! Whoever is stopped starts nobody. So once all that is found twice in a row stands still, there is nobody else.

use std::time::Instant;

use rustix::process::Signal;

use super::super::identity::ProcessId;
use super::{FREEZE_LIMIT, Living, POLL, not_frozen};
use reforge_base::failure::Result;
use reforge_base::message;
use reforge_holders::proc_stat::ProcStat;

/// Returns when every thread of every process is stopped.
pub(super) fn freeze(living: Living<'_>) -> Result<()> {
    let deadline = Instant::now() + FREEZE_LIMIT;
    let mut was_still = false;
    loop {
        let running: Vec<ProcessId> = living()?.into_iter().filter(|process| !is_stopped(process)).collect();
        if running.is_empty() {
            if was_still {
                return Ok(());
            }
            was_still = true;
            continue;
        }
        was_still = false;
        if Instant::now() >= deadline {
            let pids: Vec<String> = running.iter().map(|process| process.pid.to_string()).collect();
            return Err(not_frozen(message!("processes-run-on", pids = pids.join(", "), limit = FREEZE_LIMIT)));
        }
        running.iter().try_for_each(|process| process.signal(Signal::STOP))?;
        std::thread::sleep(POLL);
    }
}

/// All that is stopped goes on, but for those that somebody else had stopped before.
pub(super) fn wake(living: Living<'_>, stopped: &[ProcessId]) -> Result<()> {
    let ours = living()?.into_iter().filter(|process| is_stopped(process) && !stopped.contains(process));
    ours.into_iter().try_for_each(|process| process.signal(Signal::CONT))
}

/// Whether each of its threads is stopped or over.
pub(super) fn is_stopped(process: &ProcessId) -> bool {
    let stands = |thread: i32| match ProcStat::read(thread) {
        Ok(Some(stat)) => matches!(stat.state, b'T' | b't' | b'Z' | b'X' | b'x'),
        Ok(None) => true,
        Err(_) => false,
    };
    let Ok(threads) = std::fs::read_dir(format!("/proc/{}/task", process.pid)) else {
        return ProcStat::read(process.pid).is_ok_and(|stat| stat.is_none());
    };
    threads.flatten().filter_map(|thread| thread.file_name().to_str()?.parse().ok()).all(stands)
}
