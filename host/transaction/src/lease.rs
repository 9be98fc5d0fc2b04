//! The lease: one workload's exclusive lock, held. Promise 5, "one at a time", stands on it.
//!
//! Locks in this order: one of whoever embeds the host, if there is one; a mutex keyed by workload inside the process;
//! `flock` on `locks/<workload>.lock` across processes. They are given back in the other order. The first comes in addition
//! and replaces none: only the last protects from other processes. The kernel lets go of the second when a process dies, so a lock that is held means somebody is
//! alive. The file is never deleted: two processes could then hold locks on two files of one name. What stands in the
//! file is for people only, and nothing is decided by it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::keyed_mutex::{CANCEL_POLL, KeyGuard, KeyedMutex};
use super::state_files;
use reforge_base::effects::effect;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result, reason};
use reforge_base::lock_file::{self, How};
use reforge_base::message;
use reforge_base::message::{Message, whole};
use reforge_base::state_dir::StateDir;

/// How often a lock is tried again before it counts as held, and how long that waits each time.
const TRIES_MAX: u32 = 4;
const TRY_PAUSE: std::time::Duration = std::time::Duration::from_millis(2);

/// How much of a lock file is read to say who holds it.
const HOLDER_BYTES_MAX: usize = 4096;

/// A lock per workload of whoever embeds the host: so that what they do to a workload by themselves and what the host does
/// never meet. The host takes it before its own and gives it back after it. It must not be held by whoever calls the host.
pub trait OuterLock: Send + Sync {
    /// The workload's lock at once, or a failure with the code `busy` that says who has it. `what` is what it is for, in a
    /// few words. Dropping what is answered gives it back, on whatever thread that is.
    fn try_lock(&self, workload: &str, what: &str) -> Result<Box<dyn Send + Sync>>;
}

/// Every workload's lock. Clones share them; there should be one per process.
#[derive(Clone)]
pub struct Locks {
    directory: PathBuf,
    keys: KeyedMutex,
    outer: Option<Arc<dyn OuterLock>>,
}

/// One workload's lock, held until this is dropped.
pub struct Lease {
    workload: String,
    // Dropped in this order: the file's lock goes first, so that whoever gets the key finds the file free.
    file: LockedFile,
    _key: KeyGuard,
    _outer: Option<Box<dyn Send + Sync>>,
}

/// A lock file whose lock is held, and which says who has it.
struct LockedFile(File);

/// One JSON line in the lock file: what the lock is held for, by which process, and since when.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Holder {
    #[serde(with = "whole")]
    pub what: Message,
    pub pid: u32,
    pub since: jiff::Timestamp,
}

/// That a lock is held, and by whom as far as its file says.
#[derive(Clone, Debug)]
pub struct Held(pub Option<Holder>);

impl Locks {
    pub fn new(state_dir: &StateDir) -> Locks {
        Locks { directory: state_dir.locks(), keys: KeyedMutex::default(), outer: None }
    }

    /// The same with a lock that is taken before each of these.
    pub fn within(self, outer: Arc<dyn OuterLock>) -> Locks {
        Locks { outer: Some(outer), ..self }
    }

    /// The lock at once, or `busy` with who holds it. `what` is what the lease is for, in a few words.
    pub fn try_lease(&self, workload: &str, what: impl Into<Message>) -> Result<Lease> {
        let what = what.into();
        let file = self.open(workload)?;
        let outer = self.outer.as_ref().map(|outer| outer.try_lock(workload, &what)).transpose()?;
        let Some(key) = self.keys.try_lock(workload) else { return Err(busy(workload, &file)) };
        if !try_lock(&file, workload)? {
            return Err(busy(workload, &file));
        }
        Ok(Lease::new(workload, what, file, key, outer))
    }

    /// Waits for the lock, or fails with `cancelled`.
    pub fn wait_lease(&self, workload: &str, what: impl Into<Message>, cancelled: &dyn Fn() -> bool) -> Result<Lease> {
        let what = what.into();
        let file = self.open(workload)?;
        let gave_up = || {
            let message = message!("cancelled-while-waiting-for", workload = escape::text(workload));
            Failure::new(Code::Cancelled, message).hint(message!("it-is", held = Held(holder(&file)).in_words()))
        };
        let outer = self.wait_outer(workload, &what, cancelled)?;
        let key = self.keys.lock(workload, cancelled).ok_or_else(gave_up)?;
        while !try_lock(&file, workload)? {
            if cancelled() {
                return Err(gave_up());
            }
            std::thread::sleep(CANCEL_POLL);
        }
        Ok(Lease::new(workload, what, file, key, outer))
    }

    /// Whoever holds it says so as long as they do; anything else that is wrong with it does not pass by waiting.
    fn wait_outer(
        &self,
        workload: &str,
        what: &str,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Box<dyn Send + Sync>>> {
        let Some(outer) = &self.outer else { return Ok(None) };
        loop {
            match outer.try_lock(workload, what) {
                Err(busy) if busy.code == Code::Busy && cancelled() => {
                    let message = message!("cancelled-while-waiting-for", workload = escape::text(workload));
                    return Err(Failure::new(Code::Cancelled, message).hint(busy.message));
                }
                Err(busy) if busy.code == Code::Busy => std::thread::sleep(CANCEL_POLL),
                taken => return taken.map(Some),
            }
        }
    }

    /// Who has the lock right now, if anybody has. For people who look: what it answers may be over a moment later. It
    /// shares the lock for an instant, and whoever comes for it then tries again.
    pub fn held(&self, workload: &str) -> Result<Option<Held>> {
        let path = self.path(workload)?;
        let file = match state_files::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::io("open", &path, &error)),
        };
        match lock_file::try_take(&file, How::Shared) {
            Ok(true) => Ok(None),
            Ok(false) => Ok(Some(Held(holder(&file)))),
            Err(errno) => Err(Failure::io("look at", &path, &errno.into())),
        }
    }

    /// `workload` is an id of the configuration or of a journal. Both were checked, and this checks again, since it
    /// becomes a file name.
    fn open(&self, workload: &str) -> Result<File> {
        let path = self.path(workload)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(libc::O_NOFOLLOW);
        effect("lock-file", || state_files::open_with(&path, &options))
            .map_err(|error| Failure::io("open", &path, &error))
    }

    fn path(&self, workload: &str) -> Result<PathBuf> {
        if workload.is_empty() || workload.starts_with('.') || workload.contains(['/', '\0']) {
            let message = message!("is-no-workloads-name", workload = escape::text(workload));
            return Err(Failure::new(Code::Usage, message));
        }
        Ok(self.directory.join(format!("{workload}.lock")))
    }
}

impl Lease {
    fn new(
        workload: &str,
        what: impl Into<Message>,
        file: File,
        key: KeyGuard,
        outer: Option<Box<dyn Send + Sync>>,
    ) -> Lease {
        let lease = Lease { workload: workload.to_owned(), file: LockedFile(file), _key: key, _outer: outer };

        lease.hold(what);
        lease
    }

    pub fn workload(&self) -> &str {
        &self.workload
    }

    /// Says what the lease is held for (`restore 20260102T030405Z`), to whoever finds the workload busy.
    pub fn hold(&self, what: impl Into<Message>) {
        let holder = Holder { what: what.into(), pid: std::process::id(), since: jiff::Timestamp::now() };
        let write = || -> io::Result<()> {
            let line = serde_json::to_string(&holder)? + "\n";
            self.file.0.write_all_at(line.as_bytes(), 0)?;
            self.file.0.set_len(line.len() as u64)
        };
        // Not an error: a full disk must not keep a revert from its lock, and a refused caller then reads that
        // "another process" holds it.
        let _ = effect("lock-holder", write);
    }

    /// Fails unless this is the lease of `workload`.
    pub fn check(&self, workload: &str) -> Result<()> {
        if self.workload == workload {
            return Ok(());
        }
        let message = message!(
            "the-lease-of-was-used-for",
            workload = escape::text(&self.workload),
            workload_2 = escape::text(workload)
        );
        Err(Failure::new(Code::OutOfOrder, message))
    }
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        // For the next one's sake only, like the release.
        let _ = effect("lock-holder", || self.0.set_len(0));
        lock_file::release(&self.0);
    }
}

/// Whether the lock could be taken. Somebody who only looks has it for less than all the tries take.
fn try_lock(file: &File, workload: &str) -> Result<bool> {
    let failed = |errno: rustix::io::Errno| {
        let message = message!("cannot-lock", workload = escape::text(workload), reason = reason(&errno.into()));
        Failure::new(Code::Io, message).hint(message!("the-state-directory"))
    };
    for _ in 0..TRIES_MAX {
        if lock_file::try_take(file, How::Alone).map_err(failed)? {
            return Ok(true);
        }
        std::thread::sleep(TRY_PAUSE);
    }
    lock_file::try_take(file, How::Alone).map_err(failed)
}

fn busy(workload: &str, file: &File) -> Failure {
    Held(holder(file)).failure(workload)
}

impl Held {
    /// `held by restore 2026… (process 12, since …)`.
    pub fn in_words(&self) -> Message {
        match &self.0 {
            Some(holder) => {
                message!("held-by-process-since", what = holder.what, pid = holder.pid, since = holder.since)
            }
            None => message!("held-by-another-process"),
        }
    }

    /// Why nothing else can be done to the workload.
    pub fn failure(&self, workload: &str) -> Failure {
        Failure::new(
            Code::Busy,
            message!("workload-is-held", workload = escape::text(workload), in_words = self.in_words()),
        )
        .hint(message!("try-again-when-it-is-done-or"))
    }
}

/// What the lock file says, as far as it can be read.
fn holder(file: &File) -> Option<Holder> {
    let mut bytes = [0; HOLDER_BYTES_MAX];
    let line = file.read_at(&mut bytes, 0).map_or(&[][..], |read| &bytes[..read]);
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let holder: Holder = serde_json::from_slice(line).ok()?;
    // Text alone is of an older host, or of nobody's.
    let is_text = holder.what.source().is_none();
    Some(if is_text { Holder { what: escape::text(&holder.what).into(), ..holder } } else { holder })
}

#[cfg(test)]
#[path = "lease_tests.rs"]
mod tests;
