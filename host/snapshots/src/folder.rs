//! One directory of the store, held open: its files are made, renamed and removed through the handle, and nothing of
//! that is durable before [`Folder::sync`].

use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use rustix::io::Errno;

use reforge_base::durable::{self, PRIVATE_DIRECTORY, PRIVATE_FILE};
use reforge_base::effects::effect;
use reforge_base::failure::{Failure, Result};
use reforge_volumes::ambient;
use reforge_volumes::beneath::{self, Name, errno};

/// A directory of the store, open.
pub(super) struct Folder {
    directory: Dir,
    path: PathBuf,
}

impl Folder {
    /// Opens a directory; none if it does not exist.
    pub(super) fn open(path: &Path) -> Result<Option<Folder>> {
        match ambient::follow(path).map_err(errno).and_then(|found| beneath::again(&found)) {
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
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(PRIVATE_FILE).follow(FollowSymlinks::No);
        effect("create-file", || Ok(self.directory.open_with(name, &options)?.into_std()))
            .map_err(|error| Failure::io("create", &self.path(name), &error))
    }

    /// An existing regular file, for reading; none if it does not exist.
    pub(super) fn read(&self, name: &str) -> Result<Option<File>> {
        let opened = Name::from_bytes(name.as_bytes()).and_then(|name| beneath::file_unmoved(&self.directory, name));
        let file = match opened {
            Ok(file) => file.into_std(),
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
        match self.directory.symlink_metadata(name) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Failure::io("look at", &self.path(name), &error)),
        }
    }

    /// Bytes of a file; none if it is not there.
    pub(super) fn size(&self, name: &str) -> u64 {
        self.directory.symlink_metadata(name).map_or(0, |metadata| metadata.len())
    }

    /// Renames within the directory; the caller knows that the new name is free. (A rename that refuses to replace is
    /// not known to every file system on which snapshots may be kept.) Not durable before [`Folder::sync`].
    pub(super) fn rename(&self, from: &str, to: &str) -> Result<()> {
        effect("rename-file", || self.directory.rename(from, &self.directory, to))
            .map_err(|error| Failure::io("rename", &self.path(from), &error))
    }

    /// Removes a file, or finds it removed. Not durable before [`Folder::sync`].
    pub(super) fn remove(&self, name: &str) -> Result<()> {
        match effect("remove-file", || self.directory.remove_file(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::io("remove", &self.path(name), &error)),
            _ => Ok(()),
        }
    }

    /// The names in it that are UTF-8; no other is ours.
    pub(super) fn names(&self) -> Result<Vec<String>> {
        let fail = |error: std::io::Error| Failure::io("list", &self.path, &error);
        let mut names = Vec::new();
        for entry in self.directory.entries().map_err(fail)? {
            names.extend(entry.map_err(fail)?.file_name().into_string().ok());
        }
        Ok(names)
    }

    /// Makes creations, renames and removals in it durable.
    pub(super) fn sync(&self) -> Result<()> {
        durable::sync_open_directory(self.directory.as_fd(), &self.path)
    }
}
