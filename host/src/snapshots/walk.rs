//! Walks a live tree: depth first, siblings in byte order, the root first. That is the order of an archive and of
//! [`tree_digest::path_order`](super::tree_digest::path_order).
//!
//! Everything is reached through open directories, one name at a time, and no link is followed. The walk never crosses
//! a mount or a file system, never opens anything but directories, and never holds more names than the directories
//! between the root and where it stands.

use std::ffi::CString;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags, RawDir};
use rustix::io::Errno;

pub use super::facts::Facts;
use crate::escape;
use crate::failure::{Code, Failure, Result};
use crate::limits;

/// What one `getdents` call may fill.
const LISTING_BYTES: usize = 64 << 10;

/// What a walk does about a tree that changes under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// The app is running: what vanishes is left out, what appears may be missed.
    Tolerated,
    /// Nothing may be writing: any change is a failure.
    Refused,
}

/// One entry that the walk came to.
#[derive(Clone, Debug)]
pub struct Found {
    /// Relative to the root, which is the empty path.
    pub path: Vec<u8>,
    pub facts: Facts,
}

impl Found {
    /// The last component.
    pub fn name(&self) -> &[u8] {
        self.path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
    }
}

struct Frame {
    directory: OwnedFd,
    facts: Facts,
    names: std::vec::IntoIter<CString>,
    path_bytes: usize,
}

/// A walk through one volume.
pub struct Walk {
    volume: String,
    changes: Changes,
    root: Facts,
    frames: Vec<Frame>,
    path: Vec<u8>,
    started: bool,
    listing: Box<[MaybeUninit<u8>]>,
}

impl Walk {
    /// Begins at the directory `live`, which may be an `O_PATH` handle. `volume` is for messages.
    pub fn new(volume: &str, live: BorrowedFd<'_>, changes: Changes) -> Result<Walk> {
        let mut walk = Walk {
            volume: volume.to_owned(),
            changes,
            root: Facts::of(live, c"").map_err(|error| Failure::io("look at", Path::new(volume), &error.into()))?,
            frames: Vec::new(),
            path: Vec::new(),
            started: false,
            listing: vec![MaybeUninit::uninit(); LISTING_BYTES].into_boxed_slice(),
        };
        let Some((directory, facts)) = walk.open_directory(live, c".")? else {
            return Err(walk.vanished());
        };
        walk.root = facts;
        walk.enter(directory, facts)?;
        Ok(walk)
    }

    /// The next entry. After a directory, [`Walk::directory`] is that directory; after anything else, its parent.
    pub fn step(&mut self) -> Result<Option<Found>> {
        if !self.started {
            self.started = true;
            return Ok(Some(Found { path: Vec::new(), facts: self.root }));
        }
        while let Some(frame) = self.frames.last_mut() {
            self.path.truncate(frame.path_bytes);
            match frame.names.next() {
                None => self.leave()?,
                Some(name) => {
                    if let Some(facts) = self.visit(&name)? {
                        return Ok(Some(Found { path: self.path.clone(), facts }));
                    }
                }
            }
        }
        Ok(None)
    }

    /// See [`Walk::step`]. A real descriptor, not an `O_PATH` one.
    pub fn directory(&self) -> Result<BorrowedFd<'_>> {
        let frame = self.frames.last();
        frame.map(|frame| frame.directory.as_fd()).ok_or_else(|| self.problem(Code::OutOfOrder, "is past the end"))
    }

    /// Opens the regular file just found, for reading. What it is and was is then for the answer's facts to say, not
    /// for the earlier ones. None if it has vanished.
    pub fn open_file(&self, found: &Found) -> Result<Option<(OwnedFd, Facts)>> {
        self.open_as_found(found, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY, FileType::RegularFile)
    }

    /// A handle on the symbolic link just found itself. None if it has vanished.
    pub fn open_symlink(&self, found: &Found) -> Result<Option<(OwnedFd, Facts)>> {
        self.open_as_found(found, OFlags::PATH, FileType::Symlink)
    }

    /// A failure about the entry where the walk stands.
    pub fn problem(&self, code: Code, what: &str) -> Failure {
        Failure::new(code, format!("{} {what}", entry_name(&self.volume, &self.path)))
    }

    fn visit(&mut self, name: &CString) -> Result<Option<Facts>> {
        if !self.path.is_empty() {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(name.as_bytes());
        self.check_limits()?;
        let Some(parent) = self.frames.last() else { return Ok(None) };
        let facts = match Facts::of(&parent.directory, name) {
            Ok(facts) => facts,
            Err(Errno::NOENT) => return self.left_out(),
            Err(error) => return Err(self.io("look at", error)),
        };
        self.check_mount(&facts)?;
        if !facts.is_directory() {
            return Ok(Some(facts));
        }
        let Some((directory, opened)) = self.open_directory(parent.directory.as_fd(), name)? else {
            return self.left_out();
        };
        if self.changes == Changes::Refused && !facts.same_inode(&opened) {
            return Err(self.changed("was replaced while it was read"));
        }
        self.enter(directory, opened)?;
        Ok(Some(opened))
    }

    fn open_directory(&self, parent: BorrowedFd<'_>, name: &std::ffi::CStr) -> Result<Option<(OwnedFd, Facts)>> {
        let directory = match open(parent, name, OFlags::RDONLY | OFlags::DIRECTORY) {
            Ok(directory) => directory,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(self.changed("was replaced while it was read")),
            Err(error) => return Err(self.io("open", error)),
        };
        let facts = Facts::of(&directory, c"").map_err(|error| self.io("look at", error))?;
        self.check_mount(&facts)?;
        Ok(Some((directory, facts)))
    }

    fn open_as_found(&self, found: &Found, flags: OFlags, kind: FileType) -> Result<Option<(OwnedFd, Facts)>> {
        let file = match open(self.directory()?, found.name(), flags) {
            Ok(file) => file,
            Err(Errno::NOENT) if self.changes == Changes::Tolerated => return Ok(None),
            Err(Errno::NOENT) => return Err(self.vanished()),
            Err(Errno::LOOP) => return Err(self.changed("was replaced while it was read")),
            Err(error) => return Err(self.io("open", error)),
        };
        let facts = Facts::of(&file, c"").map_err(|error| self.io("look at", error))?;
        self.check_mount(&facts)?;
        let replaced = facts.kind != kind || !found.facts.same_inode(&facts);
        if facts.kind != kind || (replaced && self.changes == Changes::Refused) {
            return Err(self.changed("was replaced while it was read"));
        }
        Ok(Some((file, facts)))
    }

    fn enter(&mut self, directory: OwnedFd, facts: Facts) -> Result<()> {
        let mut names = Vec::new();
        let mut listing = RawDir::new(&directory, &mut self.listing);
        while let Some(entry) = listing.next() {
            let name = match entry {
                Ok(entry) => entry.file_name().to_owned(),
                // A directory that was removed meanwhile lists as missing: it is empty.
                Err(Errno::NOENT) if self.changes == Changes::Tolerated => break,
                Err(error) => return Err(self.io("list", error)),
            };
            if name.as_bytes() != b"." && name.as_bytes() != b".." {
                names.push(name);
            }
        }
        names.sort_unstable();
        self.frames.push(Frame { directory, facts, names: names.into_iter(), path_bytes: self.path.len() });
        Ok(())
    }

    fn leave(&mut self) -> Result<()> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        if self.changes == Changes::Refused {
            let now = Facts::of(&frame.directory, c"").map_err(|error| self.io("look at", error))?;
            if !frame.facts.unchanged(&now) {
                return Err(self.changed("changed while it was read"));
            }
        }
        Ok(())
    }

    fn left_out<T>(&self) -> Result<Option<T>> {
        match self.changes {
            Changes::Tolerated => Ok(None),
            Changes::Refused => Err(self.vanished()),
        }
    }

    fn check_limits(&self) -> Result<()> {
        let Some(problem) = limits::path_problem(&self.path) else { return Ok(()) };
        Err(self
            .problem(Code::PolicyRefused, &problem)
            .hint("no restore could bring it back: shorten it or move it away"))
    }

    fn check_mount(&self, facts: &Facts) -> Result<()> {
        if facts.same_mount(&self.root) {
            return Ok(());
        }
        let what = "is on another mount or file system than its volume";
        Err(self.problem(Code::VolumeRefused, what).hint("unmount it, or move it out of the volume"))
    }

    fn vanished(&self) -> Failure {
        self.changed("vanished while it was read")
    }

    /// The tree was changed by something else.
    pub fn changed(&self, what: &str) -> Failure {
        changed(&self.volume, &self.path, what, self.changes)
    }

    /// The operating system said no about the entry where the walk stands.
    pub fn io(&self, doing: &str, error: Errno) -> Failure {
        io(&self.volume, &self.path, doing, &error.into())
    }
}

/// Something else changed the entry while it was read.
pub(super) fn changed(volume: &str, path: &[u8], what: &str, changes: Changes) -> Failure {
    let name = entry_name(volume, path);
    match changes {
        Changes::Refused => Failure::new(Code::NotDown, format!("{name} {what}"))
            .hint("something still writes to the volume: find it (`fuser -vm`, `lsof +D`) and stop it"),
        Changes::Tolerated => Failure::new(Code::Io, format!("{name} {what}"))
            .hint("the app is writing: try again, or stop the app first"),
    }
}

/// The operating system said no about an entry.
pub(super) fn io(volume: &str, path: &[u8], doing: &str, error: &std::io::Error) -> Failure {
    use std::os::unix::ffi::OsStrExt as _;
    let shown = if path.is_empty() { b"." } else { path };
    Failure::io(doing, Path::new(std::ffi::OsStr::from_bytes(shown)), error)
        .context(format_args!("volume `{}`", escape::text(volume)))
}

fn entry_name(volume: &str, path: &[u8]) -> String {
    let volume = escape::text(volume);
    if path.is_empty() {
        return format!("the root of volume `{volume}`");
    }
    format!("`{}` in volume `{volume}`", escape::bytes(path))
}

/// Opens without following a link and, where the kernel lets us, without touching the access time.
fn open(parent: BorrowedFd<'_>, name: impl rustix::path::Arg + Copy, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    if flags.contains(OFlags::PATH) {
        return rustix::fs::openat(parent, name, flags, Mode::empty());
    }
    match rustix::fs::openat(parent, name, flags | OFlags::NOATIME, Mode::empty()) {
        // Only an owner or root may leave the access time alone.
        Err(Errno::PERM) => rustix::fs::openat(parent, name, flags, Mode::empty()),
        opened => opened,
    }
}

/// Opens a directory by path for a walk, the last component not followed.
pub fn open_root(path: &Path) -> Result<OwnedFd> {
    open(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY).map_err(|error| Failure::io("open", path, &error.into()))
}
