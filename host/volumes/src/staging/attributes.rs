//! Owner, extended attributes, mode and times of staged entries (promise 8).
//!
//! Order: owner, since a change of owner takes set-id bits and capabilities away; then attributes, since an ACL changes
//! the mode; then the mode; then times, which everything before moves. A set-id bit or a time that the file system
//! does not keep is an error, never a silent difference.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use cap_std::fs::Dir;
use rustix::fs::{Statx, Timespec, Timestamps, UTIME_OMIT};

use super::entry_path::refused;
use super::quota::Policy;
use crate::beneath::Name;
use crate::syscalls;
use crate::tree_digest::{Metadata, Mtime};
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::limits;
use reforge_base::message;

const MODE_MAX: u32 = 0o7777;
const SET_ID_BITS: u32 = 0o6000;
/// On a directory it says whose group new files get, and gives nobody a right.
const SET_GROUP_ID: u32 = 0o2000;
/// Bits that a file must not have before its owner is final.
const SPECIAL_BITS: u32 = 0o7000;
const NANOSECONDS_END: u32 = 1_000_000_000;

/// Refuses metadata that no file could have or that the policy does not allow; attributes come back sorted.
pub fn check<'a>(path: &[u8], metadata: &'a Metadata, policy: Policy) -> Result<Cow<'a, Metadata>> {
    check_rights(path, metadata, policy, SET_ID_BITS)
}

/// The same of a directory, whose new files may get its group.
pub fn check_directory<'a>(path: &[u8], metadata: &'a Metadata, policy: Policy) -> Result<Cow<'a, Metadata>> {
    check_rights(path, metadata, policy, SET_ID_BITS & !SET_GROUP_ID)
}

fn check_rights<'a>(path: &[u8], metadata: &'a Metadata, policy: Policy, rights: u32) -> Result<Cow<'a, Metadata>> {
    // The largest number means "leave as it is" to chown.
    if metadata.uid == u32::MAX || metadata.gid == u32::MAX {
        return Err(refused(path, message!("has-an-owner-or-group")));
    }
    if metadata.mode > MODE_MAX {
        return Err(refused(path, message!("has-a-mode-out-of-range")));
    }
    if metadata.mtime.nanoseconds >= NANOSECONDS_END {
        return Err(refused(path, message!("has-a-time-out-of-range")));
    }
    if metadata.mode & rights != 0 && !policy.privileged {
        return Err(not_allowed(path, message!("has-set-id-bits")));
    }
    if metadata.xattrs.is_empty() {
        return Ok(Cow::Borrowed(metadata));
    }
    check_xattrs(path, &metadata.xattrs, policy)?;
    if metadata.xattrs.is_sorted_by(|left, right| left.0 < right.0) {
        return Ok(Cow::Borrowed(metadata));
    }
    let mut sorted = metadata.clone();
    sorted.xattrs.sort();
    if sorted.xattrs.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(refused(path, message!("has-an-extended-attribute-twice")));
    }
    Ok(Cow::Owned(sorted))
}

fn check_xattrs(path: &[u8], xattrs: &[(Vec<u8>, Vec<u8>)], policy: Policy) -> Result<()> {
    if let Some(problem) = limits::xattrs_problem(xattrs) {
        return Err(refused(path, &problem));
    }
    for (name, _) in xattrs {
        let namespaced = name.iter().position(|byte| *byte == b'.').is_some_and(|at| at > 0 && at + 1 < name.len());
        if !namespaced || name.contains(&0) {
            return Err(refused(path, message!("has-an-extended-attribute-with")));
        }
        if !policy.privileged && (name.starts_with(b"security.") || name.starts_with(b"trusted.")) {
            return Err(not_allowed(path, message!("has-the-attribute", name = escape::bytes(name))));
        }
    }
    Ok(())
}

/// What new files get by themselves, so that nothing is set that is right already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Creation {
    pub umask: u32,
    pub uid: u32,
    pub gid: u32,
    /// Whether the file system keeps nanoseconds.
    pub exact_times: bool,
}

/// What [`Creation::finish`] finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present {
    pub mode: u32,
}

impl Creation {
    /// The mode to create a file with: its own, unless owner, attributes or special bits must come first.
    pub fn mode_of_new_file(&self, metadata: &Metadata) -> u32 {
        let plain = self.owns(metadata) && metadata.xattrs.is_empty() && metadata.mode & SPECIAL_BITS == 0;
        if plain { metadata.mode } else { 0o600 }
    }

    /// Gives an open entry everything but its content.
    pub fn finish(&self, file: BorrowedFd<'_>, path: &[u8], metadata: &Metadata, present: Present) -> Result<()> {
        let owned = self.owns(metadata);
        if !owned {
            syscalls::set_owner(file, metadata.uid, metadata.gid)
                .map_err(|error| io("set the owner of", path, error))?;
        }
        for (name, value) in &metadata.xattrs {
            syscalls::set_attribute(file, OsStr::from_bytes(name), value)
                .map_err(|error| no_attribute(path, name, error))?;
        }
        if !owned || !metadata.xattrs.is_empty() || present.mode != metadata.mode {
            set_mode(file, path, metadata.mode)?;
        }
        syscalls::set_times(file, &times(metadata.mtime)).map_err(|error| io("set the time of", path, error))?;
        self.refuse_inexact_time(path, metadata.mtime, || syscalls::facts(file))
    }

    /// The same for a symbolic link, which is never opened and has no mode of its own.
    pub fn finish_symlink(&self, above: &Dir, name: Name<'_>, path: &[u8], metadata: &Metadata) -> Result<()> {
        if !self.owns(metadata) {
            syscalls::set_owner_of_symlink(above, name, metadata.uid, metadata.gid)
                .map_err(|error| io("set the owner of", path, error))?;
        }
        for (attribute, value) in &metadata.xattrs {
            syscalls::set_attribute_of_symlink(above, name, attribute, value)
                .map_err(|error| no_attribute(path, attribute, error))?;
        }
        syscalls::set_times_of_symlink(above, name, &times(metadata.mtime))
            .map_err(|error| io("set the time of", path, error))?;
        self.refuse_inexact_time(path, metadata.mtime, || syscalls::facts_of(above, name))
    }

    fn owns(&self, metadata: &Metadata) -> bool {
        (metadata.uid, metadata.gid) == (self.uid, self.gid)
    }

    /// Reads a time back where it could have been cut: file systems clamp without a word.
    fn refuse_inexact_time(
        &self,
        path: &[u8],
        wanted: Mtime,
        read: impl FnOnce() -> rustix::io::Result<Statx>,
    ) -> Result<()> {
        if self.exact_times && i32::try_from(wanted.seconds).is_ok() {
            return Ok(());
        }
        let kept = read().map_err(|error| io("read the time of", path, error))?.stx_mtime;
        if (kept.tv_sec, kept.tv_nsec) == (wanted.seconds, wanted.nanoseconds) {
            return Ok(());
        }
        let message = message!("the-file-system-cannot-keep", path = escape::bytes(path));
        Err(Failure::new(Code::VolumeRefused, message).hint(message!("use-a-file-system-with-64")))
    }
}

fn set_mode(file: BorrowedFd<'_>, path: &[u8], mode: u32) -> Result<()> {
    syscalls::set_mode(file, mode).map_err(|error| io("set the mode of", path, error))?;
    if mode & SET_ID_BITS == 0 {
        return Ok(());
    }
    // The kernel drops a set-group-id bit without a word when the caller is not of that group.
    let facts = syscalls::facts(file).map_err(|error| io("inspect", path, error))?;
    if u32::from(facts.stx_mode) & MODE_MAX == mode {
        return Ok(());
    }
    Err(Failure::new(Code::Io, message!("the-set-id-bits", path = escape::bytes(path)))
        .hint(message!("run-the-host-as-root-alone")))
}

/// Sets the time of modification only.
pub(super) fn times(mtime: Mtime) -> Timestamps {
    Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec { tv_sec: mtime.seconds, tv_nsec: mtime.nanoseconds.into() },
    }
}

/// A failed system call on an entry.
pub(super) fn io(doing: &str, path: &[u8], error: impl Into<std::io::Error>) -> Failure {
    Failure::io(doing, Path::new(OsStr::from_bytes(path)), &error.into())
}

fn no_attribute(path: &[u8], name: &[u8], error: rustix::io::Errno) -> Failure {
    let doing = message!("set-the-attribute-of", name = escape::bytes(name));
    Failure::while_doing(doing, Path::new(OsStr::from_bytes(path)), &error.into())
        .hint(message!("the-file-system-must-support"))
}

fn not_allowed(path: &[u8], what: Message) -> Failure {
    Failure::new(Code::PolicyRefused, message!("entry-which-an-imported-archive", path = escape::bytes(path), what))
        .hint(message!("if-you-trust-the-archive-allow"))
}

/// Whether a directory's file system keeps a time to the nanosecond; tried on the directory itself.
pub(super) fn keeps_nanoseconds(directory: impl AsFd) -> rustix::io::Result<bool> {
    let odd = Mtime { seconds: -1_234_567_891, nanoseconds: 123_456_789 };
    syscalls::set_times(&directory, &times(odd))?;
    let kept = syscalls::facts(&directory)?.stx_mtime;
    Ok((kept.tv_sec, kept.tv_nsec) == (odd.seconds, odd.nanoseconds))
}
