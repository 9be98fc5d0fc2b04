//! Files of the state directory: journals and their attachments, summaries, receipts, locks, generations.
//!
//! They are the host's own, under paths that nobody else gives it, and this is the only door of this crate to anything by
//! its path. No volume, no staging and no previous tree is reached through here: that is `reforge_volumes`.

#![expect(clippy::disallowed_methods, reason = "the state directory is no volume, and its paths are the host's own")]

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::Result;
use std::path::Path;

pub(crate) fn exists(path: &Path) -> bool {
    path.exists()
}

/// The same where not to know is no answer.
pub(crate) fn try_exists(path: &Path) -> Result<bool> {
    path.try_exists()
}

/// Whether anything has this name, also a link to nowhere.
pub(crate) fn is_named(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Whether it is a directory, links followed.
pub(crate) fn is_directory(path: &Path) -> bool {
    path.is_dir()
}

/// Whether it is a directory itself.
pub(crate) fn is_real_directory(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// Whether it is a regular file itself.
pub(crate) fn is_real_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
}

pub(crate) fn open(path: &Path) -> Result<File> {
    File::open(path)
}

pub(crate) fn open_with(path: &Path, options: &OpenOptions) -> Result<File> {
    options.open(path)
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path)
}

pub(crate) fn read_to_string(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
}

/// The names in a directory.
pub(crate) fn list(directory: &Path) -> Result<Vec<OsString>> {
    std::fs::read_dir(directory)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
}

pub(crate) fn rename(from: &Path, to: &Path) -> Result<()> {
    std::fs::rename(from, to)
}

pub(crate) fn remove_file(path: &Path) -> Result<()> {
    std::fs::remove_file(path)
}

pub(crate) fn remove_directory(path: &Path) -> Result<()> {
    std::fs::remove_dir(path)
}

pub(crate) fn remove_whole(directory: &Path) -> Result<()> {
    std::fs::remove_dir_all(directory)
}
