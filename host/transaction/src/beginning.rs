//! The lock of whoever begins a transaction: a shared one on the directory above, which the kernel lets go of when the
//! process dies. Until there is a journal, nothing else tells a beginning from what a crash left.

use std::fs::File;
use std::path::Path;

use rustix::io::Errno;

use super::state_files;
use reforge_base::failure::{Failure, Result};
use reforge_base::lock_file::{self, How};

/// Somebody begins a transaction for as long as this lives.
pub(crate) fn beginning(transactions: &Path) -> Result<File> {
    let directory = open(transactions)?;
    lock_file::take(&directory, How::Shared).map_err(|errno| failed(transactions, errno))?;
    Ok(directory)
}

pub(crate) fn open(transactions: &Path) -> Result<File> {
    state_files::open(transactions).map_err(|error| Failure::io("open", transactions, &error))
}

pub(crate) fn failed(transactions: &Path, errno: Errno) -> Failure {
    Failure::io("lock", transactions, &errno.into())
}
