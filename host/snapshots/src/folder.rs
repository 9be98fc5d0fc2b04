//! One directory of the store, held open: its files are made, renamed and removed through the handle, and nothing of
//! that is durable before [`Folder::sync`].

use std::fs::File;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use reforge_base::durable::{self, PRIVATE_DIRECTORY};
use reforge_base::effects::effect;
use reforge_base::failure::{Failure, Result};

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

    /// Makes a directory and its parents as far as they are missing, for this user alone, and opens it.
    pub(super) fn make(path: &Path) -> Result<Folder> {
        durable::make_directories_durably(path, PRIVATE_DIRECTORY)?;
        Folder::open(path)?.ok_or_else(|| Failure::io("open", path, &Errno::NOENT.into()))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A new file that only this user can read.
    pub(super) fn create(&self, name: &str) -> Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        effect("create-file", || Ok(File::from(rustix::fs::openat(&self.directory, name, flags, mode)?)))
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
        effect("rename-file", || Ok(rustix::fs::renameat(&self.directory, from, &self.directory, to)?))
            .map_err(|error| Failure::io("rename", &self.path(from), &error))
    }

    /// Removes a file, or finds it removed. Not durable before [`Folder::sync`].
    pub(super) fn remove(&self, name: &str) -> Result<()> {
        match effect("remove-file", || Ok(rustix::fs::unlinkat(&self.directory, name, AtFlags::empty())?)) {
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
        durable::sync_open_directory(self.directory.as_fd(), &self.path)
    }
}
