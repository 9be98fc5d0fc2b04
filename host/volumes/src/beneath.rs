//! Opens and makes what lies in an open directory: one name at a time, through cap-std, never following a link.
//!
//! cap-std asks the kernel to stay beneath the directory (`openat2`), or looks at each component itself where the kernel
//! cannot. That a [`Name`] is one component is a second wall before the same thing. What is given out is a real
//! descriptor where it may be listed, locked or synced; nothing blocks on a fifo that somebody put there.

#![expect(clippy::disallowed_methods, reason = "directories are made of what cap-std opened, here and nowhere else")]

use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, DirBuilder, DirBuilderExt as _, File, OpenOptions, OpenOptionsExt as _};
use rustix::fs::OFlags;
use rustix::io::Errno;

/// Nobody but its owner enters a new directory until its mode is set.
const NEW_DIRECTORY: u32 = 0o700;

/// To a regular file it means nothing; anything else that somebody put there must not hold the host up.
const UNBLOCKED: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY);

/// One component of a path: nothing that could lead out of the directory in which it is looked up.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a>(&'a OsStr);

impl<'a> Name<'a> {
    /// None if it is something else.
    pub fn new(name: &'a OsStr) -> Option<Name<'a>> {
        let bytes = name.as_bytes();
        let is_plain = !matches!(bytes, b"" | b"." | b"..") && !bytes.iter().any(|byte| matches!(byte, b'/' | 0));
        is_plain.then_some(Name(name))
    }

    /// As a directory listed it. What no name can be is what no directory holds.
    pub fn listed(name: &'a CStr) -> rustix::io::Result<Name<'a>> {
        Name::from_bytes(name.to_bytes())
    }

    /// As it came out of an archive. What no name can be is refused as the kernel would.
    pub fn from_bytes(name: &'a [u8]) -> rustix::io::Result<Name<'a>> {
        Name::new(OsStr::from_bytes(name)).ok_or(Errno::INVAL)
    }

    pub fn as_os_str(self) -> &'a OsStr {
        self.0
    }
}

impl AsRef<OsStr> for Name<'_> {
    fn as_ref(&self) -> &OsStr {
        self.0
    }
}

impl AsRef<Path> for Name<'_> {
    fn as_ref(&self) -> &Path {
        Path::new(self.0)
    }
}

/// A directory, on a real descriptor.
pub fn directory(above: &Dir, name: Name<'_>) -> rustix::io::Result<Dir> {
    open_directory(above, name, OFlags::empty())
}

/// The same to be read only, and without moving its access time where the kernel lets us.
pub fn directory_unmoved(above: &Dir, name: Name<'_>) -> rustix::io::Result<Dir> {
    unmoved(|flags| open_directory(above, name, flags))
}

/// The same directory on a real descriptor of its own, which may be locked or moved through by itself.
pub fn again(directory: &Dir) -> rustix::io::Result<Dir> {
    open_directory(directory, ".", OFlags::empty())
}

/// The same to be read only, and without moving its access time where the kernel lets us.
pub fn again_unmoved(directory: &Dir) -> rustix::io::Result<Dir> {
    unmoved(|flags| open_directory(directory, ".", flags))
}

/// A directory as a mere handle: it takes no right to read, and can be neither listed nor synced.
pub fn directory_handle(above: &Dir, name: Name<'_>) -> rustix::io::Result<Dir> {
    above.open_dir_nofollow(name).map_err(errno)
}

/// A symbolic link itself, as a mere handle. Whoever opens it sees whether it is one.
pub fn symlink_handle(above: &Dir, name: Name<'_>) -> rustix::io::Result<File> {
    open(above, name, OpenOptions::new().read(true), OFlags::PATH)
}

/// What is expected to be a regular file, to be read, without moving its access time where the kernel lets us. Whoever
/// opens it sees whether it is one.
pub fn file_unmoved(above: &Dir, name: Name<'_>) -> rustix::io::Result<File> {
    unmoved(|flags| open(above, name, OpenOptions::new().read(true), flags | UNBLOCKED))
}

/// A new file, to be written. Nothing has its name yet.
pub fn new_file(above: &Dir, name: Name<'_>, mode: u32) -> rustix::io::Result<File> {
    let mut options = OpenOptions::new();
    open(above, name, options.write(true).create_new(true).mode(mode), OFlags::empty())
}

/// A regular file that is there already, to be written or to be given its attributes.
pub fn made_file(above: &Dir, name: Name<'_>) -> rustix::io::Result<File> {
    let file = open(above, name, OpenOptions::new().write(true), UNBLOCKED)?;
    let is_file = file.metadata().map_err(errno)?.is_file();
    if is_file { Ok(file) } else { Err(Errno::INVAL) }
}

/// A new directory that nobody else may enter.
pub fn make_directory(above: &Dir, name: Name<'_>) -> rustix::io::Result<()> {
    above.create_dir_with(name, DirBuilder::new().mode(NEW_DIRECTORY)).map_err(errno)
}

/// Removes an empty directory.
pub fn remove_directory(above: &Dir, name: Name<'_>) -> rustix::io::Result<()> {
    above.remove_dir(name).map_err(errno)
}

/// Removes the name of anything but a directory.
pub fn remove_file(above: &Dir, name: Name<'_>) -> rustix::io::Result<()> {
    above.remove_file(name).map_err(errno)
}

/// A symbolic link. Wherever it leads is data here, and is never followed.
pub fn make_symlink(above: &Dir, name: Name<'_>, target: &[u8]) -> rustix::io::Result<()> {
    above.symlink_contents(OsStr::from_bytes(target), name).map_err(errno)
}

/// A further name of a file.
pub fn make_hard_link(leader: (&Dir, Name<'_>), above: &Dir, name: Name<'_>) -> rustix::io::Result<()> {
    leader.0.hard_link(leader.1, above, name).map_err(errno)
}

/// What the kernel said. The one failure that is cap-std's own is that something led out of the directory.
pub fn errno(error: std::io::Error) -> Errno {
    Errno::from_io_error(&error).unwrap_or(Errno::XDEV)
}

/// Only an owner or root may leave the access time alone.
fn unmoved<T>(open: impl Fn(OFlags) -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    match open(OFlags::NOATIME) {
        Err(Errno::PERM) => open(OFlags::empty()),
        opened => opened,
    }
}

fn open_directory(above: &Dir, name: impl AsRef<Path>, flags: OFlags) -> rustix::io::Result<Dir> {
    let opened = open(above, name, OpenOptions::new().read(true), flags | OFlags::DIRECTORY)?;
    Ok(Dir::from_std_file(opened.into_std()))
}

fn open(above: &Dir, name: impl AsRef<Path>, options: &mut OpenOptions, flags: OFlags) -> rustix::io::Result<File> {
    let options = options.follow(FollowSymlinks::No).custom_flags(flags.bits().cast_signed());
    above.open_with(name, options).map_err(errno)
}
