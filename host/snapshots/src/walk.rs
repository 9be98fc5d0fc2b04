//! Walks a live tree for a capture, in the order of the archive ([`reforge_volumes::walk`]).
//!
//! Everything is reached through open directories, one name at a time, and no link is followed. The walk never crosses
//! a mount or a file system and never opens anything but directories. What it found may be opened later and on another
//! thread ([`ListedName::open`]): the directory stays open for that long. A name that means something else by then is looked
//! at again, a few times, where changes are tolerated.

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
use reforge_volumes::beneath;
use reforge_volumes::walk::{self, Step};

/// How often a name is looked at that is something else each time.
const LOOKS_MAX: usize = 3;

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

impl ListedName {
    /// Opens what was listed as a regular file, to read it, or as a symbolic link, as a handle. What it is by now, the facts
    /// say: one of the two. None if it has vanished or is neither, and that is tolerated.
    pub fn open(&self, tree: &Tree, path: &[u8], listed_as: FileType) -> Result<Option<(File, Facts)>> {
        let mut kind = listed_as;
        for _ in 0..LOOKS_MAX {
            let found = match self.open_as(kind) {
                Ok((file, facts)) if facts.kind == kind => {
                    tree.check_mount(path, &facts)?;
                    if tree.changes == Changes::Refused && facts.inode != self.inode {
                        return Err(tree.replaced(path));
                    }
                    if kind != listed_as {
                        tree.note_changed(path);
                    }
                    return Ok(Some((file, facts)));
                }
                Ok((_, facts)) => facts.kind,
                Err(Errno::NOENT) => return tree.left_out(path),
                Err(Errno::LOOP) => FileType::Symlink,
                Err(Errno::NXIO) => FileType::Socket,
                Err(error) => return Err(tree.io(path, "open", error)),
            };
            if tree.changes == Changes::Refused {
                return Err(tree.replaced(path));
            }
            if !matches!(found, FileType::RegularFile | FileType::Symlink) {
                break;
            }
            kind = found;
        }
        tree.left_out(path)
    }

    fn open_as(&self, kind: FileType) -> rustix::io::Result<(File, Facts)> {
        let open = if kind == FileType::Symlink { beneath::symlink_handle } else { beneath::file_unmoved };
        let file = open(&self.listed.directory, self.listed.name()?)?;
        let facts = Facts::of(&file)?;
        Ok((file, facts))
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
        let tree = Arc::new(Tree::new(volume, root, changes));
        let mut walk = Walk { tree, walk: walk::Walk::default(), first: None };
        let Ok((directory, facts)) = walk.opened(beneath::again_unmoved(live))? else {
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
        for _ in 0..LOOKS_MAX {
            let path = self.walk.path();
            let facts = match listed.name().and_then(|name| Facts::of_name(&listed.directory, name)) {
                Ok(facts) => facts,
                Err(Errno::NOENT) => return self.tree.left_out(path),
                Err(error) => return Err(self.tree.io(path, "look at", error)),
            };
            self.tree.check_mount(path, &facts)?;
            let inode = facts.inode;
            let what = match facts.kind {
                FileType::Directory => match self.visit_directory(&listed, &facts)? {
                    Ok(found) => return Ok(Some(found)),
                    Err(Errno::NOENT) => return self.tree.left_out(self.walk.path()),
                    // Something else by now.
                    Err(_) if self.tree.changes == Changes::Tolerated => continue,
                    Err(_) => return Err(self.tree.replaced(self.walk.path())),
                },
                FileType::RegularFile => What::File(ListedName { listed, inode }),
                FileType::Symlink => What::Symlink(ListedName { listed, inode }),
                other => What::Special(other),
            };
            return Ok(Some(self.found(what)));
        }
        self.tree.left_out(self.walk.path())
    }

    /// Goes into a directory, unless its name means nothing any more, or something else.
    fn visit_directory(&mut self, listed: &walk::ListedName, facts: &Facts) -> Result<Result<Found, Errno>> {
        let opened = listed.name().and_then(|name| beneath::directory_unmoved(&listed.directory, name));
        let (directory, opened) = match self.opened(opened)? {
            Ok(opened) => opened,
            Err(errno) => return Ok(Err(errno)),
        };
        if self.tree.changes == Changes::Refused && !facts.same_inode(&opened) {
            return Err(self.tree.replaced(self.walk.path()));
        }
        self.enter(directory, opened).map(Ok)
    }

    /// That there is no such directory is answered, and every other failure is one.
    fn opened(&self, opened: rustix::io::Result<Dir>) -> Result<Result<(Dir, Facts), Errno>> {
        let path = self.walk.path();
        let directory = match opened {
            Ok(directory) => directory,
            Err(errno @ (Errno::NOENT | Errno::NOTDIR | Errno::LOOP)) => return Ok(Err(errno)),
            Err(error) => return Err(self.tree.io(path, "open", error)),
        };
        let facts = Facts::of(&directory).map_err(|error| self.tree.io(path, "look at", error))?;
        self.tree.check_mount(path, &facts)?;
        Ok(Ok((directory, facts)))
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
