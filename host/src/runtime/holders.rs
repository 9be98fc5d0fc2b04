//! Protocol rule 8: who has anything open, mapped, rooted or standing at or below a live directory.
//!
//! One pass over `/proc`. What a link says is never believed alone: the same text means different files in different
//! mount namespaces, chroots and bind mounts. Each descriptor is followed to its mount id, the mount is looked up in
//! the `mountinfo` of the processes that see it, and the path *within the file system* is compared with live's own.
//! When that cannot be told and the device is live's, it is a holder: a false alarm costs a refusal, a miss costs data.
//!
//! Must never skip a process silently: one that cannot be read is named, and a want of descriptors or memory fails the
//! pass. Not visible here, and said in the README:
//! mount namespaces kept alive without a process, files in flight in a socket, and kernel users such as `nfsd`.

mod live;
mod mounts;
mod namespaces;
mod programs;
mod task;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::proc_stat::{self, ProcStat};
use crate::failure::{Code, Failure, Result};
pub use live::LiveDirectory;
use mounts::MountTable;
use task::Task;

/// How often processes are listed in one pass, at most, until a listing shows no new one.
const LISTINGS_MAX: u32 = 4;

/// How long those who may be there for a moment only are given to go away: an engine that starts containers takes more than
/// two seconds of this where much else has the processors.
const PASSING_MAX: Duration = Duration::from_secs(5);

/// Between two passes meanwhile.
const PASSING_POLL: Duration = Duration::from_millis(20);

/// In which way a process holds a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// A descriptor.
    Open,
    /// A memory mapping or the running program itself.
    Mapped,
    /// Its root directory.
    Root,
    /// Its working directory.
    Cwd,
    /// Its mount namespace holds a read-write mount.
    Mount,
}

/// One process and one way in which it holds a directory, with the first example found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub pid: i32,
    /// What the process calls itself, escaped.
    pub name: String,
    pub how: How,
    /// What it holds, escaped.
    pub detail: String,
    /// Which of the directories that were asked about.
    pub live: usize,
    /// Whether it is known to hold it, or only cannot be told from one that does.
    pub certain: bool,
}

/// Everything found in one pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holders {
    pub held: Vec<Holder>,
    /// Processes that could not be read whole (of other users when the host is not root, or of more privilege than the
    /// host): nobody knows what else they hold. The caller refuses or warns.
    pub unreadable: Vec<Unreadable>,
}

/// A process that could not be read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub pid: i32,
    /// What the process calls itself, escaped; empty if not even that can be read.
    pub name: String,
}

/// Finds the holders of all `live` directories at once. This process does not count.
pub fn holders(live: &[LiveDirectory]) -> Result<Holders> {
    let own = std::process::id() as i32;
    let mut pass = Pass::new(live);
    // A process may start a child that takes over what it holds while others are looked at.
    for _ in 0..LISTINGS_MAX {
        let fresh = pass.fresh_processes()?;
        if fresh.is_empty() {
            break;
        }
        // All mounts first: a descriptor may have been passed over from another namespace.
        fresh.iter().try_for_each(|process| pass.mounts.learn(process))?;
        for process in fresh.iter().filter(|process| process.pid != own) {
            if !pass.scan(process)? {
                let name = crate::escape::bytes(&process.name);
                pass.found.unreadable.push(Unreadable { pid: process.pid, name });
            }
        }
    }
    namespaces::find(&mut pass, own)?;
    Ok(pass.found)
}

/// What refuses a volume that must be down: everybody who holds one of the named directories.
pub fn refusals(live: &[(String, LiveDirectory)]) -> Result<Vec<Failure>> {
    Ok(in_words(live, at_rest(|| Ok(among(live)?.held), has_ended, patience())?))
}

/// Looks again while everybody who is found has ended or cannot be told from a holder, as long as `again` says: an engine
/// starts a process for each container that enters mount namespaces and is gone in a moment. One that has ended may have
/// left what it had to another, so only a whole pass that finds nobody says that nobody is there.
fn at_rest(
    mut look: impl FnMut() -> Result<Vec<Holder>>,
    has_ended: impl Fn(i32) -> bool,
    mut again: impl FnMut() -> bool,
) -> Result<Vec<Holder>> {
    let mut held = look()?;
    while !held.is_empty() && held.iter().all(|holder| !holder.certain || has_ended(holder.pid)) && again() {
        held = look()?;
    }
    Ok(held)
}

/// Waits a little, until it was long enough.
fn patience() -> impl FnMut() -> bool {
    let began = Instant::now();
    move || {
        std::thread::sleep(PASSING_POLL);
        began.elapsed() < PASSING_MAX
    }
}

/// Who is not the app's own and holds a volume, or may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Foreign {
    /// What refuses a volume.
    pub refusals: Vec<Failure>,
    /// Who could not be looked at.
    pub unreadable: Vec<Unreadable>,
}

/// Everybody who holds one of the named directories while the app runs, and is not one of its `members`. They are asked
/// for after each pass: the app may have started a process while it was made. One that has ended by then is nobody's
/// stranger; whether anything is held is asked again once the app is down.
pub fn foreign(live: &[(String, LiveDirectory)], mut members: impl FnMut() -> Result<Vec<i32>>) -> Result<Foreign> {
    let mut unread = Vec::new();
    let look = || {
        let Holders { mut held, mut unreadable } = among(live)?;
        if !held.is_empty() || !unreadable.is_empty() {
            let members = members()?;
            let is_stranger = |pid: i32| !members.contains(&pid) && !has_ended(pid);
            held.retain(|holder| is_stranger(holder.pid));
            unreadable.retain(|process| is_stranger(process.pid));
        }
        unread = unreadable;
        Ok(held)
    };
    let held = at_rest(look, has_ended, patience())?;
    Ok(Foreign { refusals: in_words(live, held), unreadable: unread })
}

fn among(live: &[(String, LiveDirectory)]) -> Result<Holders> {
    let directories: Vec<LiveDirectory> = live.iter().map(|(_, directory)| directory.clone()).collect();
    holders(&directories)
}

/// One that cannot be read is there.
fn has_ended(pid: i32) -> bool {
    ProcStat::read(pid).is_ok_and(|process| process.is_none_or(|process| !process.is_alive()))
}

fn in_words(live: &[(String, LiveDirectory)], held: Vec<Holder>) -> Vec<Failure> {
    held.into_iter()
        .map(|holder| {
            let how = match holder.how {
                How::Open => "has open",
                How::Mapped => "has mapped",
                How::Root => "is rooted in",
                How::Cwd => "stands in",
                How::Mount => "has mounted",
            };
            let volume = live.get(holder.live).map_or("", |(name, _)| name);
            let message = format!(
                "volume `{volume}` is in use: process {} (`{}`) {how} `{}`",
                holder.pid, holder.name, holder.detail
            );
            Failure::new(Code::NotDown, message).hint("end that process, or let it leave the volume, and try again")
        })
        .collect()
}

/// One pass: what is asked, what is known about mounts, what was found.
struct Pass<'a> {
    live: &'a [LiveDirectory],
    mounts: MountTable,
    found: Holders,
    seen: HashSet<(i32, How, usize)>,
    /// Processes that were listed, by pid and start.
    processes: HashSet<(i32, u64)>,
}

impl<'a> Pass<'a> {
    fn new(live: &'a [LiveDirectory]) -> Pass<'a> {
        Pass {
            live,
            mounts: MountTable::default(),
            found: Holders::default(),
            seen: HashSet::new(),
            processes: HashSet::new(),
        }
    }

    /// Processes that were not listed before, without kernel threads and those that have ended.
    fn fresh_processes(&mut self) -> Result<Vec<ProcStat>> {
        let pids = proc_stat::pids().map_err(|error| Failure::io("list", Path::new("/proc"), &error))?;
        let mut fresh = Vec::new();
        for pid in pids {
            match ProcStat::read(pid) {
                Ok(None) => {}
                Ok(Some(process)) => {
                    let known = !self.processes.insert((pid, process.start_ticks));
                    if !known && !process.is_kernel_thread() && process.is_alive() {
                        fresh.push(process);
                    }
                }
                Err(error) => {
                    if !has_gone(pid, error)? && self.processes.insert((pid, 0)) {
                        self.found.unreadable.push(Unreadable { pid, name: String::new() });
                    }
                }
            }
        }
        Ok(fresh)
    }

    /// Looks at a process through one thread for each set of descriptors and directories that its threads use (a file
    /// server gives each thread its own). False if it could not be read whole.
    fn scan(&mut self, process: &ProcStat) -> Result<bool> {
        if let Err(error) = std::fs::read_link(format!("/proc/{}/cwd", process.pid)) {
            let denied = crate::failure::is_denied(&error);
            // Any other error is that of this one link, and what else it has is looked at.
            if !has_gone(process.pid, error)? && denied {
                return Ok(false);
            }
        }
        let mut whole = Task::scan(process.pid, process, self)?;
        if process.threads > 1 {
            let threads = match proc_stat::threads(process.pid) {
                Ok(threads) => threads,
                Err(error) => return has_gone(process.pid, error),
            };
            let mut looked_at = vec![process.pid];
            for thread in threads.into_iter().filter(|thread| *thread != process.pid) {
                if looked_at.iter().any(|known| task::share_everything(*known, thread)) {
                    continue;
                }
                looked_at.push(thread);
                whole &= Task::scan(thread, process, self)?;
            }
        }
        Ok(whole)
    }

    /// Notes that `process` holds `live` unless the same was noted before.
    fn note(&mut self, process: &ProcStat, how: How, live: usize, detail: &[u8], certain: bool) {
        if self.seen.insert((process.pid, how, live)) {
            let name = crate::escape::bytes(&process.name);
            let detail = crate::escape::bytes(detail);
            self.found.held.push(Holder { pid: process.pid, name, how, detail, live, certain });
        }
    }
}

/// Whether an error says that who was looked at is gone and holds nothing, as opposed to being hidden. When this process or
/// the machine lacks something to look with, that says neither, and the whole pass fails: nobody may be called absent
/// for that.
fn has_gone(pid: i32, error: impl Into<io::Error>) -> Result<bool> {
    let error = error.into();
    match Errno::from_io_error(&error) {
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM) => {
            Err(Failure::io("look at", Path::new(&format!("/proc/{pid}")), &error)
                .hint("raise the limit of open files (`ulimit -n`), or free some memory, and try again"))
        }
        _ => Ok(proc_stat::is_gone(&error)),
    }
}
