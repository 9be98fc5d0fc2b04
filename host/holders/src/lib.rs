//! Protocol rule 8: who has anything open, mapped, rooted or standing at or below a live directory.
//!
//! One pass over `/proc`. What a link says is never believed alone: the same text means different files in different
//! mount namespaces, chroots and bind mounts. Each descriptor is followed to its mount id, the mount is looked up in
//! the `mountinfo` of the processes that see it, and the path *within the file system* is compared with live's own.
//! When that cannot be told and the device is live's, it is a holder: a false alarm costs a refusal, a miss costs data.
//!
//! Must never skip a process silently: one that cannot be read is named, and a want of descriptors or memory fails the
//! pass. Not visible here, and said in `docs/limits.md`:
//! mount namespaces kept alive without a process, files in flight in a socket, and kernel users such as `nfsd`.
//! What such a one has open for writing is found by [`in_flight`] and by a safety snapshot, which look at files.
//!
//! Internal: `reforge-host` is what others depend on, and this changes from one version to the next.

mod idle;
pub mod in_flight;
mod live;
mod maps;
mod mounts;
mod namespaces;
mod nowhere;
mod outlets;
pub mod proc_stat;
mod programs;
mod task;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use rustix::io::Errno;

use idle::Fingerprint;
pub use idle::Idle;
use in_flight::Written;
pub use live::LiveDirectory;
use mounts::MountTable;
pub use outlets::{Outlet, OutletKind};
use proc_stat::ProcStat;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::mounts::Device;
use reforge_base::side_by_side::side_by_side;
use task::{Elsewhere, Seen, Task};

/// How often processes are listed in one pass, at most, until a listing shows no new one.
const LISTINGS_MAX: u32 = 4;

/// How many processes a thread takes at once.
const AT_ONCE: usize = 16;

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
    pub detail: Message,
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
    /// What holds without being a process.
    pub outlets: Vec<Outlet>,
}

/// A process that could not be read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub pid: i32,
    /// What the process calls itself, escaped; empty if not even that can be read.
    pub name: String,
}

/// A process as a listing of `/proc` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    pub pid: i32,
    /// The inode number of its directory: made anew for whoever gets the same pid.
    directory: u64,
}

impl Process {
    /// What it calls itself, escaped; empty if it does not say.
    fn name(&self) -> String {
        let stat = ProcStat::read(self.pid).ok().flatten();
        stat.map_or(String::new(), |stat| reforge_base::escape::bytes(&stat.name))
    }
}

/// Finds the holders of all `live` directories at once. This process does not count.
pub fn holders(live: &[LiveDirectory]) -> Result<Holders> {
    Pass::new(live, Wanted::Holders).run().map(|found| found.holders)
}

/// What refuses a volume that must be down: everybody who holds one of the named directories.
pub fn refusals(live: &[(String, LiveDirectory)]) -> Result<Vec<Failure>> {
    refusals_again(live, &[], &mut Idle::default())
}

/// The same for whoever asks several times within a moment: who is known to be idle is not looked at whole again. `beside`
/// are the trees that the directories are exchanged with, so that the next question is about no others.
pub fn refusals_again(
    live: &[(String, LiveDirectory)],
    beside: &[LiveDirectory],
    idle: &mut Idle,
) -> Result<Vec<Failure>> {
    let all: Vec<LiveDirectory> = live.iter().map(|(_, live)| live).chain(beside).cloned().collect();
    let mut last = Vec::new();
    let look = || {
        let found = Pass::new(&all, Wanted::Holders).after(std::mem::take(idle)).run()?;
        *idle = found.idle;
        let Holders { mut held, mut outlets, .. } = found.holders;
        held.retain(|holder| holder.live < live.len());
        outlets.retain(|outlet| outlet.live < live.len());
        last = outlets;
        Ok(held)
    };
    let held = at_rest(look, has_ended, patience())?;
    Ok([in_words(live, held), outlets::in_words(live, &last)].concat())
}

/// What refuses to start an app beside others: everybody who has something of a volume open or mapped. Who only stands
/// there writes nothing.
pub fn users(live: &[(String, LiveDirectory)]) -> Result<Vec<Failure>> {
    let held = at_rest(|| Ok(among(live)?.held), has_ended, patience())?;
    Ok(in_words(live, held.into_iter().filter(|holder| matches!(holder.how, How::Open | How::Mapped)).collect()))
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
/// stranger; whether anything is held is asked again once the app is down. `own_mounts` are mount points that go with the app.
pub fn foreign(
    live: &[(String, LiveDirectory)],
    own_mounts: &[PathBuf],
    mut members: impl FnMut() -> Result<Vec<i32>>,
) -> Result<Foreign> {
    let goes_with_it = |outlet: &Outlet| {
        let mut own = own_mounts.iter().map(|own| reforge_base::escape::path(own));
        outlet.kind == OutletKind::Mount && own.any(|own| own == outlet.at)
    };
    let (mut unreadable_now, mut last) = (Vec::new(), Vec::new());
    let look = || {
        let Holders { mut held, mut unreadable, outlets } = among(live)?;
        if !held.is_empty() || !unreadable.is_empty() {
            let members = members()?;
            let is_stranger = |pid: i32| !members.contains(&pid) && !has_ended(pid);
            held.retain(|holder| is_stranger(holder.pid));
            unreadable.retain(|process| is_stranger(process.pid));
        }
        (unreadable_now, last) = (unreadable, outlets);
        last.retain(|outlet| !goes_with_it(outlet));
        Ok(held)
    };
    let held = at_rest(look, has_ended, patience())?;
    let refusals = [in_words(live, held), outlets::in_words(live, &last)].concat();
    Ok(Foreign { refusals, unreadable: unreadable_now })
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
                How::Open => message!("has-open"),
                How::Mapped => message!("has-mapped"),
                How::Root => message!("is-rooted-in"),
                How::Cwd => message!("stands-in"),
                How::Mount => message!("has-mounted"),
            };
            let volume = live.get(holder.live).map_or("", |(name, _)| name);
            let message = message!(
                "volume-is-in-use-process",
                volume,
                pid = holder.pid,
                name = holder.name,
                how,
                detail = holder.detail
            );
            Failure::new(Code::NotDown, message).hint(message!("end-that-process-or-let"))
        })
        .collect()
}

/// What a pass is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Holders,
    /// The files that they may write to, too.
    WrittenFiles,
}

/// One pass: what is asked, what is known about mounts, what was found.
struct Pass<'a> {
    live: &'a [LiveDirectory],
    wanted: Wanted,
    mounts: MountTable,
    /// Devices of what is in no directory.
    nowhere: Vec<Device>,
    elsewhere: RwLock<HashSet<Elsewhere>>,
    /// Who was idle in the pass before this one.
    idle: Idle,
    found: Mutex<Found>,
}

#[derive(Debug, Default)]
struct Found {
    holders: Holders,
    seen: HashSet<(i32, How, usize)>,
    written: Vec<Written>,
    idle: Idle,
}

impl<'a> Pass<'a> {
    fn new(live: &'a [LiveDirectory], wanted: Wanted) -> Pass<'a> {
        Pass {
            live,
            wanted,
            mounts: MountTable::default(),
            nowhere: nowhere::devices(),
            elsewhere: RwLock::default(),
            idle: Idle::default(),
            found: Mutex::new(Found { idle: Idle::about(live), ..Found::default() }),
        }
    }

    /// With what a pass about the same directories has found.
    fn after(self, idle: Idle) -> Pass<'a> {
        let idle = if idle.covers(self.live) { idle } else { Idle::default() };
        Pass { idle, ..self }
    }

    fn is_elsewhere(&self, spot: &Elsewhere) -> bool {
        self.elsewhere.read().unwrap_or_else(PoisonError::into_inner).contains(spot)
    }

    fn note_elsewhere(&self, spot: Elsewhere) {
        self.elsewhere.write().unwrap_or_else(PoisonError::into_inner).insert(spot);
    }

    fn run(mut self) -> Result<Found> {
        let own = std::process::id() as i32;
        let mut listed = HashSet::new();
        // A process may start a child that takes over what it holds while others are looked at.
        for _ in 0..LISTINGS_MAX {
            let mut fresh = proc_stat::listed().map_err(|error| Failure::io("list", Path::new("/proc"), &error))?;
            fresh.retain(|(pid, directory)| listed.insert((*pid, *directory)));
            if fresh.is_empty() {
                break;
            }
            let fresh: Vec<Process> = fresh.into_iter().map(|(pid, directory)| Process { pid, directory }).collect();
            // All mounts first: a descriptor may have been passed over from another namespace.
            side_by_side(&fresh, AT_ONCE, |process| self.mounts.learn(process))?;
            side_by_side(&fresh, AT_ONCE, |process| match process.pid == own || self.scan(process)? {
                true => Ok(()),
                false => {
                    let unreadable = Unreadable { pid: process.pid, name: process.name() };
                    self.found().holders.unreadable.push(unreadable);
                    Ok(())
                }
            })?;
        }
        if self.wanted == Wanted::Holders {
            outlets::find(&self, own)?;
        }
        namespaces::find(&mut self, own)?;
        Ok(self.found.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at a process through one thread for each set of descriptors and directories that its threads use (a file
    /// server gives each thread its own). False if it could not be read whole.
    fn scan(&self, process: &Process) -> Result<bool> {
        let main = match Task::open(process.pid, process) {
            Ok(main) => main,
            Err(errno) => return has_gone(process.pid, errno),
        };
        let program = main.program()?;
        // Kernel threads and those that have ended run no program.
        if matches!(program, Seen::Gone) && !main.can_hold_something() {
            return Ok(true);
        }
        let is_alone = main.is_the_only_thread();
        let fingerprint = if is_alone { Fingerprint::of(&main, &program)? } else { None };
        if let Some((now, since)) = fingerprint.as_ref().and_then(|now| Some((now, self.idle.since(process, now)?))) {
            self.found().idle.note(*process, now.clone(), since);
            return Ok(true);
        }
        let began = Instant::now();
        let mut whole = main.scan(self, program)?;
        if !is_alone {
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
                whole &= match Task::open(thread, process) {
                    Ok(task) => task.scan(self, task.program()?)?,
                    Err(errno) => has_gone(thread, errno)?,
                };
            }
        }
        if let Some(fingerprint) = fingerprint.filter(|_| whole) {
            let mut found = self.found();
            if found.seen.iter().all(|(pid, ..)| *pid != process.pid) {
                found.idle.note(*process, fingerprint, began);
            }
        }
        Ok(whole)
    }

    /// Notes that `process` holds `live` unless the same was noted before.
    fn note(&self, process: &Process, how: How, live: usize, detail: Message, certain: bool) {
        let mut found = self.found();
        if found.seen.insert((process.pid, how, live)) {
            found.holders.held.push(Holder { pid: process.pid, name: process.name(), how, detail, live, certain });
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
                .hint(message!("raise-the-limit-of-open-files")))
        }
        _ => Ok(proc_stat::is_gone(&error)),
    }
}
