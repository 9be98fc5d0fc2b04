//! Walks a live tree: depth first, siblings in byte order, the root first. That is the order of an archive and of
//! [`tree_digest::path_order`](reforge_volumes::tree_digest::path_order).
//!
//! Everything is reached through open directories, one name at a time, and no link is followed. The walk never crosses
//! a mount or a file system, never opens anything but directories, and never holds more names than the directories
//! between the root and where it stands. What it found may be opened later and on another thread ([`ListedName::open`]): the
//! directory stays open for that long.

use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{CWD, FileType, Mode, OFlags, RawDir};
use rustix::io::Errno;

pub use super::facts::Facts;
pub use super::tree::{Changes, Tree};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::limits;

/// What one `getdents` call may fill.
const LISTING_BYTES: usize = 64 << 10;

/// One entry that the walk came to.
#[derive(Debug)]
pub struct Found {
    /// Relative to the root, which is the empty path.
    pub path: Vec<u8>,
    pub what: What,
}

/// What the walk found.
#[derive(Debug)]
pub enum What {
    /// Everything in it comes next. A real descriptor, not an `O_PATH` one.
    Directory(Arc<OwnedFd>, Facts),
    /// Everything in a directory was found. Where changes are refused, its facts are to be the same once that was read.
    End(Arc<OwnedFd>, Facts),
    File(ListedName),
    Symlink(ListedName),
    /// A fifo, a socket or a device node.
    Special(FileType),
}

/// A name that was listed, to be opened where it was.
#[derive(Debug)]
pub struct ListedName {
    directory: Arc<OwnedFd>,
    name: CString,
    inode: u64,
}

impl ListedName {
    /// Opens the regular file, for reading. None if it has vanished, and that is tolerated.
    pub fn open(&self, tree: &Tree, path: &[u8]) -> Result<Option<(OwnedFd, Facts)>> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        self.open_as(tree, path, flags, FileType::RegularFile)
    }

    /// A handle on the symbolic link itself. None if it has vanished, and that is tolerated.
    pub fn open_symlink(&self, tree: &Tree, path: &[u8]) -> Result<Option<(OwnedFd, Facts)>> {
        self.open_as(tree, path, OFlags::PATH, FileType::Symlink)
    }

    fn open_as(&self, tree: &Tree, path: &[u8], flags: OFlags, kind: FileType) -> Result<Option<(OwnedFd, Facts)>> {
        let file = match open(self.directory.as_fd(), &*self.name, flags) {
            Ok(file) => file,
            Err(Errno::NOENT) => return tree.left_out(path),
            Err(Errno::LOOP) => return Err(tree.replaced(path)),
            Err(error) => return Err(tree.io(path, "open", error)),
        };
        let facts = Facts::of(&file, c"").map_err(|error| tree.io(path, "look at", error))?;
        tree.check_mount(path, &facts)?;
        let is_another = tree.changes == Changes::Refused && facts.inode != self.inode;
        if facts.kind != kind || is_another {
            return Err(tree.replaced(path));
        }
        Ok(Some((file, facts)))
    }
}

/// A name with what its directory says about it.
struct Name {
    name: CString,
    kind: FileType,
    inode: u64,
}

struct Frame {
    directory: Arc<OwnedFd>,
    facts: Facts,
    names: std::vec::IntoIter<Name>,
    path_bytes: usize,
}

/// A walk through one volume.
pub struct Walk {
    tree: Arc<Tree>,
    frames: Vec<Frame>,
    path: Vec<u8>,
    started: bool,
    listing: Box<[MaybeUninit<u8>]>,
}

impl Walk {
    /// Begins at the directory `live`, which may be an `O_PATH` handle. `volume` is for messages.
    pub fn new(volume: &str, live: BorrowedFd<'_>, changes: Changes) -> Result<Walk> {
        let root = Facts::of(live, c"").map_err(|error| Failure::io("look at", Path::new(volume), &error.into()))?;
        let mut walk = Walk {
            tree: Arc::new(Tree { volume: Arc::from(volume), root, changes }),
            frames: Vec::new(),
            path: Vec::new(),
            started: false,
            listing: vec![MaybeUninit::uninit(); LISTING_BYTES].into_boxed_slice(),
        };
        let Some((directory, facts)) = walk.open_directory(live, c".")? else {
            return Err(walk.tree.vanished(b""));
        };
        walk.enter(directory, facts)?;
        Ok(walk)
    }

    /// The tree that is walked, for whoever opens what was found.
    pub fn tree(&self) -> &Arc<Tree> {
        &self.tree
    }

    /// The next entry, or the end of a directory.
    pub fn step(&mut self) -> Result<Option<Found>> {
        if !self.started {
            self.started = true;
            return Ok(self.entered());
        }
        while let Some(frame) = self.frames.last_mut() {
            self.path.truncate(frame.path_bytes);
            let Some(name) = frame.names.next() else {
                let Some(Frame { directory, facts, .. }) = self.frames.pop() else { break };
                return Ok(Some(Found { path: self.path.clone(), what: What::End(directory, facts) }));
            };
            if let Some(found) = self.visit(name)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The directory that was entered last.
    fn entered(&self) -> Option<Found> {
        let frame = self.frames.last()?;
        let what = What::Directory(Arc::clone(&frame.directory), frame.facts);
        Some(Found { path: self.path.clone(), what })
    }

    fn visit(&mut self, name: Name) -> Result<Option<Found>> {
        if !self.path.is_empty() {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(name.name.as_bytes());
        self.check_limits()?;
        let Some(parent) = self.frames.last() else { return Ok(None) };
        let parent = Arc::clone(&parent.directory);
        // What its directory calls a regular file is looked at when it is opened.
        if name.kind == FileType::RegularFile {
            let listed = ListedName { directory: parent, name: name.name, inode: name.inode };
            return Ok(Some(Found { path: self.path.clone(), what: What::File(listed) }));
        }
        let facts = match Facts::of(&parent, &*name.name) {
            Ok(facts) => facts,
            Err(Errno::NOENT) => return self.tree.left_out(&self.path),
            Err(error) => return Err(self.tree.io(&self.path, "look at", error)),
        };
        self.tree.check_mount(&self.path, &facts)?;
        let listed = ListedName { directory: parent, name: name.name, inode: facts.inode };
        let what = match facts.kind {
            FileType::Directory => return self.visit_directory(&listed, &facts),
            FileType::RegularFile => What::File(listed),
            FileType::Symlink => What::Symlink(listed),
            other => What::Special(other),
        };
        Ok(Some(Found { path: self.path.clone(), what }))
    }

    fn visit_directory(&mut self, listed: &ListedName, facts: &Facts) -> Result<Option<Found>> {
        let Some((directory, opened)) = self.open_directory(listed.directory.as_fd(), &listed.name)? else {
            return self.tree.left_out(&self.path);
        };
        if self.tree.changes == Changes::Refused && !facts.same_inode(&opened) {
            return Err(self.tree.replaced(&self.path));
        }
        self.enter(directory, opened)?;
        Ok(self.entered())
    }

    fn open_directory(&self, parent: BorrowedFd<'_>, name: &CStr) -> Result<Option<(OwnedFd, Facts)>> {
        let directory = match open(parent, name, OFlags::RDONLY | OFlags::DIRECTORY) {
            Ok(directory) => directory,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(self.tree.replaced(&self.path)),
            Err(error) => return Err(self.tree.io(&self.path, "open", error)),
        };
        let facts = Facts::of(&directory, c"").map_err(|error| self.tree.io(&self.path, "look at", error))?;
        self.tree.check_mount(&self.path, &facts)?;
        Ok(Some((directory, facts)))
    }

    fn enter(&mut self, directory: OwnedFd, facts: Facts) -> Result<()> {
        let mut names = Vec::new();
        let mut listing = RawDir::new(&directory, &mut self.listing);
        while let Some(entry) = listing.next() {
            let entry = match entry {
                Ok(entry) => entry,
                // A directory that was removed meanwhile lists as missing: it is empty.
                Err(Errno::NOENT) if self.tree.changes == Changes::Tolerated => break,
                Err(error) => return Err(self.tree.io(&self.path, "list", error)),
            };
            let name = entry.file_name();
            if name != c"." && name != c".." {
                names.push(Name { name: name.to_owned(), kind: entry.file_type(), inode: entry.ino() });
            }
        }
        names.sort_unstable_by(|left, right| left.name.cmp(&right.name));
        let names = names.into_iter();
        self.frames.push(Frame { directory: Arc::new(directory), facts, names, path_bytes: self.path.len() });
        Ok(())
    }

    fn check_limits(&self) -> Result<()> {
        let Some(problem) = limits::path_problem(&self.path) else { return Ok(()) };
        Err(self
            .tree
            .problem(&self.path, Code::PolicyRefused, &problem)
            .hint("no restore could bring it back: shorten it or move it away"))
    }
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
