//! Locks on open files and directories, for what they are or stand beside. A lock file is never written, and stays when the
//! lock is given back: whoever removed one would let two hold it.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::{Errno, retry_on_intr};

use crate::durable::PRIVATE_FILE;
use crate::effects::effect;
use crate::failure::{Failure, Result};

/// An open file or directory whose lock is held until this is dropped.
///
/// Closing it would release the lock, too, unless a forked child that has not yet called exec still has it open: so it is
/// released in words.
#[derive(Debug)]
pub struct Locked(File);

impl Locked {
    /// The lock of an open file at once, for this one alone; none if somebody has it.
    pub fn try_alone(file: File) -> rustix::io::Result<Option<Locked>> {
        match retry_on_intr(|| flock(&file, FlockOperation::NonBlockingLockExclusive)) {
            Ok(()) => Ok(Some(Locked(file))),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// The same, waiting for whoever has it.
    pub fn alone(file: File) -> rustix::io::Result<Locked> {
        retry_on_intr(|| flock(&file, FlockOperation::LockExclusive))?;
        Ok(Locked(file))
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // For the next one's sake only.
        let _ = flock(&self.0, FlockOperation::Unlock);
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
