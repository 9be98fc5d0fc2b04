//! The few effects that snapshots have on disk, each durable when it says so (protocol rule 5).
//!
//! Syncs run on real descriptors, and a sync that fails is never tried again.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::effects::effect;
use crate::failure::{Code, Failure, Result};

/// A directory of the store, open.
pub(super) struct Folder {
    directory: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// Opens a directory; none if it does not exist.
    pub(super) fn open(path: &Path) -> Result<Option<Folder>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match rustix::fs::openat(CWD, path, flags, Mode::empty()) {
            Ok(directory) => Ok(Some(Folder { directory, path: path.to_owned() })),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(Failure::io("open", path, &error.into())),
        }
    }

    /// Makes a directory and its parents as far as they are missing, for this user alone, and syncs from the first
    /// parent that existed.
    pub(super) fn make(path: &Path) -> Result<Folder> {
        if let Some(folder) = Folder::open(path)? {
            return Ok(folder);
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let parent = Folder::make(parent)?;
        match effect("snapshot-mkdir", || Ok(rustix::fs::mkdirat(CWD, path, Mode::RWXU)?)) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(Failure::io("make", path, &error));
            }
            _ => {}
        }
        parent.sync()?;
        let missing = || Failure::io("open", path, &Errno::NOENT.into());
        Folder::open(path)?.ok_or_else(missing)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A new file that only this user can read.
    pub(super) fn create(&self, name: &str) -> Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        effect("snapshot-create", || Ok(File::from(rustix::fs::openat(&self.directory, name, flags, mode)?)))
            .map_err(|error| Failure::io("create", &self.path(name), &error))
    }

    /// An existing regular file, for reading; none if it does not exist.
    pub(super) fn read(&self, name: &str) -> Result<Option<File>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&self.directory, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(Failure::io("open", &self.path(name), &error.into())),
        };
        let metadata = file.metadata().map_err(|error| Failure::io("look at", &self.path(name), &error))?;
        if !metadata.is_file() {
            return Err(Failure::io("read", &self.path(name), &Errno::INVAL.into()));
        }
        Ok(Some(file))
    }

    pub(super) fn exists(&self, name: &str) -> Result<bool> {
        match rustix::fs::statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(Failure::io("look at", &self.path(name), &error.into())),
        }
    }

    /// Renames within the directory; the caller knows that the new name is free. (A rename that refuses to replace is
    /// not known to every file system on which snapshots may be kept.) Not durable before [`Folder::sync`].
    pub(super) fn rename(&self, from: &str, to: &str) -> Result<()> {
        effect("snapshot-rename", || Ok(rustix::fs::renameat(&self.directory, from, &self.directory, to)?))
            .map_err(|error| Failure::io("rename", &self.path(from), &error))
    }

    /// Removes a file, or finds it removed. Not durable before [`Folder::sync`].
    pub(super) fn remove(&self, name: &str) -> Result<()> {
        match effect("snapshot-remove", || Ok(rustix::fs::unlinkat(&self.directory, name, AtFlags::empty())?)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::io("remove", &self.path(name), &error))
            }
            _ => Ok(()),
        }
    }

    /// The names in it that are UTF-8; no other is ours.
    pub(super) fn names(&self) -> Result<Vec<String>> {
        let fail = |error: Errno| Failure::io("list", &self.path, &error.into());
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.directory).map_err(fail)? {
            if let Ok(name) = entry.map_err(fail)?.file_name().to_str() {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// Makes creations, renames and removals in it durable.
    pub(super) fn sync(&self) -> Result<()> {
        effect("snapshot-sync-directory", || Ok(rustix::fs::fsync(&self.directory)?))
            .map_err(|error| sync_failure(&self.path, &error))
    }
}

/// Makes a file's content durable.
pub(super) fn file(file: &File, path: &Path) -> Result<()> {
    effect("snapshot-sync", || file.sync_all()).map_err(|error| sync_failure(path, &error))
}

/// Writes at the end of the archive.
pub(super) fn append(file: &File, bytes: &[u8]) -> Result<()> {
    let mut file = file;
    effect("snapshot-write", || file.write_all(bytes))
        .map_err(|error| Failure::io("write", Path::new("the new archive"), &error))
        .map_err(|failure| match failure.code {
            Code::NoSpace => failure.hint("free some space where snapshots are kept, or delete old snapshots"),
            _ => failure,
        })
}

fn sync_failure(path: &Path, error: &std::io::Error) -> Failure {
    let failure = Failure::io("sync", path, error);
    let code = if failure.code == Code::NoSpace { Code::NoSpace } else { Code::SyncFailed };
    Failure { code, ..failure }.hint("check the disk: what was written may not be there")
}
