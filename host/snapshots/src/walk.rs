//! Walks a live tree for a capture, in the order of the archive ([`reforge_volumes::walk`]).
//!
//! Everything is reached through open directories, one name at a time, and no link is followed. The walk never crosses
//! a mount or a file system and never opens anything but directories. What it found may be opened later and on another
//! thread ([`ListedName::open`]): the directory stays open for that long.

use std::path::Path;
use std::sync::Arc;

use cap_std::fs::{Dir, File};
use rustix::fs::FileType;
use rustix::io::Errno;

pub use super::facts::Facts;
pub use super::tree::{Changes, Tree};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::limits;
use reforge_base::message;
use reforge_volumes::beneath::{self, Name};
use reforge_volumes::walk::{self, Step};

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
    Directory(Arc<Dir>, Facts),
    /// Everything in a directory was found. Where changes are refused, its facts are to be the same once that was read.
    End(Arc<Dir>, Facts),
    File(ListedName),
    Symlink(ListedName),
    /// A fifo, a socket or a device node.
    Special(FileType),
}

/// A name that was listed, to be opened where it was.
#[derive(Debug)]
pub struct ListedName {
    listed: walk::ListedName,
    inode: u64,
}

/// How a name is opened below its directory.
type Open<T> = fn(&Dir, Name<'_>) -> rustix::io::Result<T>;

impl ListedName {
    /// Opens the regular file, for reading. None if it has vanished, and that is tolerated.
    pub fn open(&self, tree: &Tree, path: &[u8]) -> Result<Option<(File, Facts)>> {
        self.open_as(tree, path, beneath::file_unmoved, FileType::RegularFile)
    }

    /// A handle on the symbolic link itself. None if it has vanished, and that is tolerated.
    pub fn open_symlink(&self, tree: &Tree, path: &[u8]) -> Result<Option<(File, Facts)>> {
        self.open_as(tree, path, beneath::symlink_handle, FileType::Symlink)
    }

    fn open_as(&self, tree: &Tree, path: &[u8], open: Open<File>, kind: FileType) -> Result<Option<(File, Facts)>> {
        let file = match self.listed.name().and_then(|name| open(&self.listed.directory, name)) {
            Ok(file) => file,
            Err(Errno::NOENT) => return tree.left_out(path),
            Err(Errno::LOOP) => return Err(tree.replaced(path)),
            Err(error) => return Err(tree.io(path, "open", error)),
        };
        let facts = Facts::of(&file).map_err(|error| tree.io(path, "look at", error))?;
        tree.check_mount(path, &facts)?;
        let is_another = tree.changes == Changes::Refused && facts.inode != self.inode;
        if facts.kind != kind || is_another {
            return Err(tree.replaced(path));
        }
        Ok(Some((file, facts)))
    }
}

/// A walk through one volume.
pub struct Walk {
    tree: Arc<Tree>,
    walk: walk::Walk<Facts>,
    /// Given out first: the root, which was entered.
    first: Option<Found>,
}

impl Walk {
    /// Begins at the directory `live`, which may be a mere handle. `volume` is for messages.
    pub fn new(volume: &str, live: &Dir, changes: Changes) -> Result<Walk> {
        let root = Facts::of(live).map_err(|error| Failure::io("look at", Path::new(volume), &error.into()))?;
        let tree = Arc::new(Tree { volume: Arc::from(volume), root, changes });
        let mut walk = Walk { tree, walk: walk::Walk::default(), first: None };
        let Some((directory, facts)) = walk.opened(beneath::again_unmoved(live))? else {
            return Err(walk.tree.vanished(b""));
        };
        walk.first = Some(walk.enter(directory, facts)?);
        Ok(walk)
    }

    /// The tree that is walked, for whoever opens what was found.
    pub fn tree(&self) -> &Arc<Tree> {
        &self.tree
    }

    /// The next entry, or the end of a directory.
    pub fn step(&mut self) -> Result<Option<Found>> {
        if let Some(root) = self.first.take() {
            return Ok(Some(root));
        }
        while let Some(step) = self.walk.step() {
            let listed = match step {
                Step::Name(listed) => listed,
                Step::End(directory, facts) => return Ok(Some(self.found(What::End(directory, facts)))),
            };
            if let Some(found) = self.visit(listed)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn visit(&mut self, listed: walk::ListedName) -> Result<Option<Found>> {
        self.check_limits()?;
        // What its directory calls a regular file is looked at when it is opened.
        if listed.kind == FileType::RegularFile {
            let inode = listed.inode;
            return Ok(Some(self.found(What::File(ListedName { listed, inode }))));
        }
        let path = self.walk.path();
        let facts = match listed.name().and_then(|name| Facts::of_name(&listed.directory, name)) {
            Ok(facts) => facts,
            Err(Errno::NOENT) => return self.tree.left_out(path),
            Err(error) => return Err(self.tree.io(path, "look at", error)),
        };
        self.tree.check_mount(path, &facts)?;
        let inode = facts.inode;
        let what = match facts.kind {
            FileType::Directory => return self.visit_directory(&listed, &facts),
            FileType::RegularFile => What::File(ListedName { listed, inode }),
            FileType::Symlink => What::Symlink(ListedName { listed, inode }),
            other => What::Special(other),
        };
        Ok(Some(self.found(what)))
    }

    fn visit_directory(&mut self, listed: &walk::ListedName, facts: &Facts) -> Result<Option<Found>> {
        let opened = listed.name().and_then(|name| beneath::directory_unmoved(&listed.directory, name));
        let Some((directory, opened)) = self.opened(opened)? else {
            return self.tree.left_out(self.walk.path());
        };
        if self.tree.changes == Changes::Refused && !facts.same_inode(&opened) {
            return Err(self.tree.replaced(self.walk.path()));
        }
        self.enter(directory, opened).map(Some)
    }

    fn opened(&self, opened: rustix::io::Result<Dir>) -> Result<Option<(Dir, Facts)>> {
        let path = self.walk.path();
        let directory = match opened {
            Ok(directory) => directory,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(self.tree.replaced(path)),
            Err(error) => return Err(self.tree.io(path, "open", error)),
        };
        let facts = Facts::of(&directory).map_err(|error| self.tree.io(path, "look at", error))?;
        self.tree.check_mount(path, &facts)?;
        Ok(Some((directory, facts)))
    }

    fn enter(&mut self, directory: Dir, facts: Facts) -> Result<Found> {
        let may_go = self.tree.changes == Changes::Tolerated;
        match self.walk.enter(directory, facts, may_go) {
            Ok(directory) => Ok(self.found(What::Directory(directory, facts))),
            Err(error) => Err(self.tree.io(self.walk.path(), "list", error)),
        }
    }

    fn found(&self, what: What) -> Found {
        Found { path: self.walk.path().to_owned(), what }
    }

    fn check_limits(&self) -> Result<()> {
        let path = self.walk.path();
        let Some(problem) = limits::path_problem(path) else { return Ok(()) };
        Err(self
            .tree
            .problem(path, Code::PolicyRefused, &problem)
            .hint(message!("no-restore-could-bring-it-back-shorten")))
    }
}
