//! Directories of transactions that never began: the process ended before there was a journal, so nothing was made.
//!
//! One that is being begun looks the same. So whoever begins one holds a shared lock on the directory above, which the
//! kernel lets go of when the process dies, and nothing is removed while anybody holds it.

use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::journal::Journal;
use super::registry;
use crate::effects::effect;
use crate::failure::{Failure, Result};

/// Somebody begins a transaction for as long as this lives.
pub(super) fn beginning(transactions: &Path) -> Result<File> {
    let directory = open(transactions)?;
    rustix::io::retry_on_intr(|| flock(&directory, FlockOperation::LockShared))
        .map_err(|errno| failed(transactions, errno))?;
    Ok(directory)
}

/// Removes them, unless somebody begins one right now.
pub(crate) fn forget(transactions: &Path) -> Result<()> {
    if find(transactions)?.is_empty() {
        return Ok(());
    }
    let directory = open(transactions)?;
    match flock(&directory, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Ok(()),
        Err(errno) => return Err(failed(transactions, errno)),
    }
    // Looked for again: what was being begun before has a journal now.
    for unbegun in find(transactions)? {
        effect("forget-journal", || std::fs::remove_dir_all(&unbegun))
            .map_err(|error| Failure::io("remove", &unbegun, &error))?;
    }
    Ok(())
}

fn find(transactions: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for name in registry::names(transactions)? {
        let directory = transactions.join(name);
        let is_directory = directory.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
        if is_directory && !Journal::exists(&directory)? {
            found.push(directory);
        }
    }
    Ok(found)
}

fn open(transactions: &Path) -> Result<File> {
    File::open(transactions).map_err(|error| Failure::io("open", transactions, &error))
}

fn failed(transactions: &Path, errno: Errno) -> Failure {
    Failure::io("lock", transactions, &errno.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_began_goes_but_not_while_somebody_begins() {
        let directory = tempfile::tempdir().unwrap();
        let (unbegun, begun) = (directory.path().join("unbegun"), directory.path().join("begun"));
        for made in [&unbegun, &begun] {
            std::fs::create_dir(made).unwrap();
            std::fs::write(made.join("workload"), "notes").unwrap();
        }
        std::fs::write(begun.join("journal"), "anything, damaged or not").unwrap();
        let beginning = beginning(directory.path()).unwrap();
        forget(directory.path()).unwrap();
        assert!(unbegun.exists(), "somebody begins one");
        drop(beginning);
        forget(directory.path()).unwrap();
        assert!(!unbegun.exists() && begun.exists());
    }
}
