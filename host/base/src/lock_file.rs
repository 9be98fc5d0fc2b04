//! Locks on open files and directories, for what they are or stand beside. A lock file is never written, and stays when the
//! lock is given back: whoever removed one would let two hold it.

use std::fs::{File, OpenOptions};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::{Errno, retry_on_intr};

use crate::durable::PRIVATE_FILE;
use crate::effects::effect;
use crate::failure::{Failure, Result};

/// How a lock is had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Alone,
    /// Beside whoever else shares it.
    Shared,
}

/// Takes the lock of what is open, at once. Whether it could be taken. What has it already changes how. It is had until
/// [`release`], or until nobody has the file open any more that was opened then.
pub fn try_take(opened: impl AsFd, how: How) -> rustix::io::Result<bool> {
    let operation = match how {
        How::Alone => FlockOperation::NonBlockingLockExclusive,
        How::Shared => FlockOperation::NonBlockingLockShared,
    };
    match retry_on_intr(|| flock(&opened, operation)) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// The same, waiting for whoever has it.
pub fn take(opened: impl AsFd, how: How) -> rustix::io::Result<()> {
    let operation = match how {
        How::Alone => FlockOperation::LockExclusive,
        How::Shared => FlockOperation::LockShared,
    };
    retry_on_intr(|| flock(&opened, operation))
}

/// Gives it back in words: closing the file would, too, unless a forked child that has not yet called exec still has it
/// open. For the next one's sake only, so that no failure matters.
pub fn release(opened: impl AsFd) {
    let _ = flock(opened, FlockOperation::Unlock);
}

/// An open file or directory whose lock is held until this is dropped.
#[derive(Debug)]
pub struct Locked(File);

impl Locked {
    /// The lock of an open file at once, for this one alone; none if somebody has it.
    pub fn try_alone(file: File) -> rustix::io::Result<Option<Locked>> {
        let taken = try_take(&file, How::Alone)?;
        Ok(taken.then(|| Locked(file)))
    }

    /// The same, waiting for whoever has it.
    pub fn alone(file: File) -> rustix::io::Result<Locked> {
        take(&file, How::Alone)?;
        Ok(Locked(file))
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        release(&self.0);
    }
}

/// Waits until nobody else has the lock file.
pub fn lock(path: &Path) -> Result<Locked> {
    Locked::alone(open(path)?).map_err(|errno| failed(path, errno))
}

/// The same at once; none if somebody else has it.
pub fn try_lock(path: &Path) -> Result<Option<Locked>> {
    Locked::try_alone(open(path)?).map_err(|errno| failed(path, errno))
}

fn open(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(PRIVATE_FILE);
    effect("open-lock", || options.open(path)).map_err(|error| Failure::io("open", path, &error))
}

fn failed(path: &Path, errno: Errno) -> Failure {
    Failure::io("lock", path, &errno.into())
}
