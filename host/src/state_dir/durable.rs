//! Files and directories of the host's own that survive a power cut once a call has returned.
//!
//! A file appears whole or not at all: temp, sync, rename, directory sync. A sync that fails is never tried again: the
//! second one would say that all is well. Not for volumes.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::effects::effect;
use crate::escape;
use crate::failure::{Code, Failure, Result};

/// Nobody but the host.
const PRIVATE_DIRECTORY: u32 = 0o700;
const PRIVATE_FILE: u32 = 0o600;

/// Replaces `directory/name`. Two calls for one name must not run at once: the caller holds a lock.
pub(crate) fn replace_file(directory: &Path, name: &str, content: &[u8]) -> Result<()> {
    let (path, temp) = (directory.join(name), directory.join(format!("{name}.new")));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(PRIVATE_FILE).custom_flags(libc::O_NOFOLLOW);
    let file = effect("state-write", || {
        let mut file = options.open(&temp)?;
        file.write_all(content)?;
        Ok(file)
    })
    .map_err(|error| Failure::io("write", &temp, &error))?;
    sync(&file, &temp)?;
    effect("state-rename", || std::fs::rename(&temp, &path)).map_err(|error| Failure::io("replace", &path, &error))?;
    sync_directory(directory)
}

/// Makes a directory that only the host can enter, and whatever is missing above it; durable up to the first parent
/// that was there.
pub(crate) fn make_directories(path: &Path) -> Result<()> {
    match DirBuilder::new().mode(PRIVATE_DIRECTORY).create(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let parent = path.parent().ok_or_else(|| Failure::io("make", path, &error))?;
            make_directories(parent)?;
            DirBuilder::new()
                .mode(PRIVATE_DIRECTORY)
                .create(path)
                .map_err(|error| Failure::io("make", path, &error))?;
        }
        Err(error) => return Err(Failure::io("make", path, &error)),
    }
    sync_directory(path)?;
    path.parent().map_or(Ok(()), sync_directory)
}

pub(crate) fn sync_directory(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_DIRECTORY);
    let directory = options.open(path).map_err(|error| Failure::io("open", path, &error))?;
    sync(&directory, path)
}

pub(crate) fn sync(file: &File, path: &Path) -> Result<()> {
    effect("state-sync", || file.sync_all()).map_err(|error| {
        let failure = Failure::io("sync", path, &error);
        let hint = format!("look at the disk that holds `{}` before you go on", escape::path(path));
        Failure { code: Code::SyncFailed, ..failure }.hint(hint)
    })
}
