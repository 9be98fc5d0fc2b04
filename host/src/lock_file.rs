//! Files that are locked for what they stand beside, and never written. They stay when the lock is given back: whoever
//! removed one would let two hold it.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::{Errno, retry_on_intr};

use crate::durable::PRIVATE_FILE;
use crate::effects::effect;
use crate::failure::{Failure, Result};

/// Waits until nobody else has it. Held until the file is dropped.
pub fn hold(path: &Path) -> Result<File> {
    let file = open(path)?;
    retry_on_intr(|| flock(&file, FlockOperation::LockExclusive)).map_err(|errno| failed(path, errno))?;
    Ok(file)
}

/// The same at once; none if somebody else has it.
pub fn try_hold(path: &Path) -> Result<Option<File>> {
    let file = open(path)?;
    match retry_on_intr(|| flock(&file, FlockOperation::NonBlockingLockExclusive)) {
        Ok(()) => Ok(Some(file)),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(errno) => Err(failed(path, errno)),
    }
}

fn open(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(PRIVATE_FILE);
    effect("open-lock", || options.open(path)).map_err(|error| Failure::io("open", path, &error))
}

fn failed(path: &Path, errno: Errno) -> Failure {
    Failure::io("lock", path, &errno.into())
}
