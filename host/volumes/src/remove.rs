//! Removes a tree below a parent's name (protocol, rules 9 and 13).
//!
//! The walk goes by descriptors, follows no link and never crosses a mount, a file system or a subvolume: plain
//! recursive removal empties whatever was mounted there. A mount stops it at once. What cannot be removed (immutable, a
//! read-only subvolume) is named and left; all else goes. Safe to repeat. The caller decides whether a tree may go;
//! nothing here looks at names or phases.
//!
//! Subtrees are emptied on all cores first. What is left of them, and why, is found by the one walk through everything
//! that follows.

use std::collections::HashSet;
use std::ffi::{CStr, CString, OsStr};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use cap_std::fs::Dir;
use rustix::fs::FileType;
use rustix::io::Errno;

use super::beneath::{self, Name, errno};
use super::identity::Identity;
use super::parent::{FileLocation, Parent};
use super::walk::is_own;
use super::{ambient, syscalls};
use reforge_base::Message;
use reforge_base::effects::effect;
use reforge_base::failure::{Failure, Result, reason};
use reforge_base::message;
use reforge_base::side_by_side::side_by_side;

/// Directories that are held open at once. Above that, the way back up is `..`, checked.
const OPEN_LEVELS_MAX: usize = 64;

/// Names that are listed in a report; the rest is counted.
const KEPT_MAX: usize = 100;

/// How often one directory is listed again because it was not empty after all.
const LISTINGS_MAX: u8 = 16;

/// So many subtrees keep every core busy; more levels than these are not looked through for them.
const SUBTREES_MIN: usize = 32;
const SPLIT_LEVELS_MAX: usize = 3;

/// The mode of a directory that is about to go, as far as its own was in the way.
const OPENED_UP: u32 = 0o700;

/// Room for one read of a directory.
const LISTING_BYTES: usize = 64 << 10;

/// How a removal went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// Names that are gone.
    pub removed: u64,
    /// Names that are still there.
    pub unremoved: u64,
    /// The first of them, with the reason.
    pub unremoved_names: Vec<Unremoved>,
    /// A mount or another file system was in the way: the removal stopped there.
    pub stopped: bool,
}

/// What could not be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unremoved {
    /// Below the parent.
    pub path: PathBuf,
    pub reason: Message,
}

impl Removal {
    /// Whether nothing is left.
    pub fn is_complete(&self) -> bool {
        self.unremoved == 0 && !self.stopped
    }
}

/// Removes the directory `name` in `parent` with everything in it. A name that is free is removed already.
pub fn remove_tree(parent: &Parent, name: impl AsRef<OsStr>) -> Result<Removal> {
    remove_if(parent, name.as_ref(), |_| Ok(true))
}

/// The same of a tree that IS one of these. Another that was put in its place since the caller looked stays.
pub fn remove_known(parent: &Parent, name: impl AsRef<OsStr>, known: &[&Identity]) -> Result<Removal> {
    let name = name.as_ref();
    remove_if(parent, name, |root| Ok(known.contains(&&Identity::of_open(root.as_fd(), &parent.path().join(name))?)))
}

/// The tree is asked about once it is open, and what is open is what is emptied.
fn remove_if(parent: &Parent, name: &OsStr, may_go: impl FnOnce(&Dir) -> Result<bool>) -> Result<Removal> {
    let mut removal = Removal::default();
    let Some(root) = parent.open_live(name)? else { return Ok(removal) };
    if !may_go(&root)? {
        removal.stop(Path::new(name), message!("something-moved-it-meanwhile"));
        return Ok(removal);
    }
    let failed = |error: std::io::Error| Failure::io("inspect", &parent.path().join(name), &error);
    let location = FileLocation::of(&root).map_err(failed)?;
    if location.mount != FileLocation::of(parent.directory()).map_err(failed)?.mount {
        removal.stop(Path::new(name), message!("it-is-a-mount-point"));

        return Ok(removal);
    }
    let name = CString::new(name.as_bytes()).map_err(|_| failed(Errno::INVAL.into()))?;
    let again = beneath::again(&root).map_err(|errno| failed(errno.into()))?;
    removal.removed = empty_subtrees(again, &location)?;
    let mut walk = Walk::new(location, removal);
    walk.levels.push(Level::new(name, root, location));
    walk.run(parent.directory())?;
    Ok(walk.removal)
}

/// Removes what is below the first levels of directories, as far as it goes. Answers how many names are gone.
fn empty_subtrees(root: Dir, location: &FileLocation) -> Result<u64> {
    let mut subtrees: Vec<Subtree> = vec![(Arc::new(root), None)];
    for _ in 0..SPLIT_LEVELS_MAX {
        if subtrees.is_empty() || subtrees.len() >= SUBTREES_MIN {
            break;
        }
        let below = subtrees.iter().flat_map(|(above, name)| subdirectories(above, name.as_deref(), location));
        subtrees = below.collect();
    }
    let (removed, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    side_by_side(&subtrees, 1, |(above, name)| {
        let Some(name) = name.as_ref().filter(|_| !stop.load(Ordering::Relaxed)) else { return Ok(()) };
        let Some((directory, location)) = below(above, name, location) else { return Ok(()) };
        let mut walk = Walk::new(location, Removal::default());
        walk.levels.push(Level::new(name.clone(), directory, location));
        walk.run(above)?;
        removed.fetch_add(walk.removal.removed, Ordering::Relaxed);
        stop.fetch_or(walk.removal.stopped, Ordering::Relaxed);
        Ok(())
    })?;
    Ok(removed.into_inner())
}

/// A directory and the name of one in it; the directory itself without a name.
type Subtree = (Arc<Dir>, Option<CString>);

/// The directories in a subtree's, or itself if there are none. One that cannot be listed has none here: the walk through everything says why.
fn subdirectories(above: &Arc<Dir>, name: Option<&CStr>, root: &FileLocation) -> Vec<Subtree> {
    let directory = match name {
        None => Arc::clone(above),
        Some(name) => match below(above, name, root) {
            Some((directory, _)) => Arc::new(directory),
            None => return Vec::new(),
        },
    };
    let mut listing = vec![std::mem::MaybeUninit::uninit(); LISTING_BYTES];
    let mut entries = syscalls::listing(&directory, &mut listing);
    let mut names = Vec::new();
    while let Some(Ok(entry)) = entries.next() {
        let is_below = entry.file_type() == FileType::Directory && !is_own(entry.file_name());
        names.extend(is_below.then(|| entry.file_name().to_owned()));
    }
    if names.is_empty() {
        return name.map(|name| (Arc::clone(above), Some(name.to_owned()))).into_iter().collect();
    }
    names.into_iter().map(|name| (Arc::clone(&directory), Some(name))).collect()
}

/// A directory of the same tree, open.
fn below(above: &Dir, name: &CStr, root: &FileLocation) -> Option<(Dir, FileLocation)> {
    let directory = open(above, name).ok()?;
    let location = FileLocation::of(&directory).ok().filter(|location| location.same_tree(root))?;
    Some((directory, location))
}

struct Walk {
    root: FileLocation,
    levels: Vec<Level>,
    removal: Removal,
    listing: Vec<std::mem::MaybeUninit<u8>>,
}

/// One directory on the way down.
struct Level {
    name: CString,
    /// None while it is more than [`OPEN_LEVELS_MAX`] above.
    directory: Option<Dir>,
    location: FileLocation,
    /// Directories in it that are still to be removed.
    below: Vec<CString>,
    listed: bool,
    /// Names in it that stay.
    unremoved: HashSet<CString>,
    /// Whether the last listing removed or found anything, so that another one may too.
    progressed: bool,
    listings: u8,
}

impl Level {
    fn new(name: CString, directory: Dir, location: FileLocation) -> Level {
        let (below, unremoved) = (Vec::new(), HashSet::new());
        Level {
            name,
            directory: Some(directory),
            location,
            below,
            listed: false,
            unremoved,
            progressed: false,
            listings: 0,
        }
    }
}

impl Walk {
    fn new(root: FileLocation, removal: Removal) -> Walk {
        let listing = vec![std::mem::MaybeUninit::uninit(); LISTING_BYTES];
        Walk { root, levels: Vec::new(), removal, listing }
    }

    /// `parent` is the directory that the first level is in.
    fn run(&mut self, parent: &Dir) -> Result<()> {
        while let Some(level) = self.levels.last_mut() {
            if self.removal.stopped {
                return Ok(());
            }
            if !level.listed {
                self.empty_of_files()?;
            } else if let Some(name) = level.below.pop() {
                self.descend(name);
            } else {
                self.leave(parent)?;
            }
        }
        Ok(())
    }

    /// Removes everything in the deepest directory that is no directory, and notes those that are.
    fn empty_of_files(&mut self) -> Result<()> {
        let path = self.path(None);
        let Some(level) = self.levels.last_mut() else { return Ok(()) };
        let Some(directory) = &level.directory else { return Ok(()) };
        level.listed = true;
        level.listings += 1;
        level.progressed = false;
        let mut refused = Vec::new();
        if let Err(error) = syscalls::rewind(directory) {
            refused.push((CString::default(), error));
        }
        let mut listing = syscalls::listing(directory, &mut self.listing);
        while let Some(entry) = listing.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    refused.push((CString::default(), error));
                    break;
                }
            };
            let name = entry.file_name();
            if is_own(name) || level.unremoved.contains(name) {
                continue;
            }
            if entry.file_type() == FileType::Directory {
                level.below.push(name.to_owned());
                level.progressed = true;
                continue;
            }
            match unlink(directory, name, beneath::remove_file) {
                Ok(()) => {
                    self.removal.removed += 1;
                    level.progressed = true;
                }
                Err(Errno::NOENT) => {}
                // The file system does not say in a listing what is a directory.
                Err(Errno::ISDIR) => level.below.push(name.to_owned()),
                Err(error) => refused.push((name.to_owned(), error)),
            }
        }
        for (name, error) in refused {
            self.keep(&path, name, error);
        }
        Ok(())
    }

    fn descend(&mut self, name: CString) {
        let Some(level) = self.levels.last() else { return };
        let Some(directory) = &level.directory else { return };
        match open(directory, &name) {
            Ok(opened) => match FileLocation::of(&opened) {
                Ok(location) if location.same_tree(&self.root) => {
                    let hidden = self.levels.len().checked_sub(OPEN_LEVELS_MAX);
                    self.levels.push(Level::new(name, opened, location));
                    if let Some(level) = hidden.and_then(|at| self.levels.get_mut(at)) {
                        level.directory = None;
                    }
                }
                Ok(location) if location.mount == self.root.mount => self.keep_subvolume(name),
                Ok(_) => self.removal.stop(&self.path(Some(&name)), message!("it-is-a-mount-point")),
                Err(error) => self.keep(&self.path(None), name, Errno::from_io_error(&error).unwrap_or(Errno::IO)),
            },
            Err(Errno::NOENT) => {}
            Err(error) => self.keep(&self.path(None), name, error),
        }
    }

    /// Removes the deepest directory itself, which holds only what is kept.
    fn leave(&mut self, parent: &Dir) -> Result<()> {
        let path = self.path(None);
        let Some(level) = self.levels.pop() else { return Ok(()) };
        self.reopen_above(&level, &path);
        if self.removal.stopped {
            return Ok(());
        }
        if !level.unremoved.is_empty() {
            // The reason was given for what is in it.
            self.removal.unremoved += 1;
            if let Some(above) = self.levels.last_mut() {
                above.unremoved.insert(level.name);
            }
            return Ok(());
        }
        let removed = match self.levels.last() {
            Some(Level { directory: Some(above), .. }) => unlink(above, &level.name, beneath::remove_directory),
            Some(_) => return Ok(()),
            None => remove_name(parent, &level.name, beneath::remove_directory),
        };
        match removed {
            Ok(()) | Err(Errno::NOENT) => self.removal.removed += 1,
            // Some file systems skip names while others are removed.
            Err(Errno::NOTEMPTY | Errno::EXIST) if level.progressed && level.listings < LISTINGS_MAX => {
                self.levels.push(Level { listed: false, ..level });
            }
            Err(error) => {
                let above = path.parent().unwrap_or(Path::new("")).to_owned();
                self.keep(&above, level.name, error);
            }
        }
        Ok(())
    }

    /// The directory above is opened again from below if it was closed, and must be the one it was.
    fn reopen_above(&mut self, below: &Level, path: &Path) {
        let Some(above) = self.levels.last_mut() else { return };
        if above.directory.is_some() {
            return;
        }
        let Some(directory) = &below.directory else { return };
        let opened = ambient::above(directory);
        let same =
            opened.ok().filter(|opened| FileLocation::of(opened).is_ok_and(|location| location == above.location));
        match same {
            Some(opened) => above.directory = Some(opened),
            None => self.removal.stop(path, message!("something-moved-it-meanwhile")),
        }
    }

    fn keep(&mut self, above: &Path, name: CString, error: Errno) {
        let path = if name.is_empty() { above.to_owned() } else { above.join(OsStr::from_bytes(name.to_bytes())) };
        if error == Errno::BUSY {
            self.removal.stop(&path, message!("it-is-a-mount-point-or"));
            return;
        }
        let why = match error {
            Errno::PERM => message!("it-is-immutable-or-append-only"),
            Errno::ROFS => message!("it-is-read-only-file-system"),
            other => reason(&other.into()),
        };
        self.removal.note(&path, why);
        if let Some(level) = self.levels.last_mut() {
            level.unremoved.insert(name);
        }
    }

    fn keep_subvolume(&mut self, name: CString) {
        self.removal.note(&self.path(Some(&name)), message!("it-is-a-subvolume"));
        if let Some(level) = self.levels.last_mut() {
            level.unremoved.insert(name);
        }
    }

    /// The deepest directory's path below the parent, or that of a name in it.
    fn path(&self, name: Option<&CStr>) -> PathBuf {
        let names = self.levels.iter().map(|level| &*level.name).chain(name);
        let mut path = Vec::new();
        for name in names {
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend(name.to_bytes());
        }
        std::ffi::OsString::from_vec(path).into()
    }
}

impl Removal {
    fn note(&mut self, path: &Path, reason: Message) {
        self.unremoved += 1;
        if self.unremoved_names.len() < KEPT_MAX {
            self.unremoved_names.push(Unremoved { path: path.to_owned(), reason });
        }
    }

    fn stop(&mut self, path: &Path, reason: Message) {
        self.stopped = true;
        self.note(path, reason);
    }
}

/// How a name goes: as a directory, or as anything else.
type Remove = fn(&Dir, Name<'_>) -> rustix::io::Result<()>;

/// Removes one name from a directory of the tree, which is made writable first if its owner may do so.
fn unlink(directory: &Dir, name: &CStr, remove: Remove) -> rustix::io::Result<()> {
    match remove_name(directory, name, remove) {
        Err(Errno::ACCESS) => {
            changed("make-writable", || syscalls::set_mode(directory, OPENED_UP))?;
            remove_name(directory, name, remove)
        }
        removed => removed,
    }
}

/// Removes one name and changes nothing else.
fn remove_name(directory: &Dir, name: &CStr, remove: Remove) -> rustix::io::Result<()> {
    let name = Name::listed(name)?;
    changed("unlink", || remove(directory, name))
}

/// One effect of a removal.
fn changed(name: &str, run: impl FnOnce() -> rustix::io::Result<()>) -> rustix::io::Result<()> {
    effect(name, || Ok(run()?)).map_err(errno)
}

/// Opens a directory to list it; one that may not be read is made readable first, as its owner may.
fn open(above: &Dir, name: &CStr) -> rustix::io::Result<Dir> {
    let name = Name::listed(name)?;
    match beneath::directory(above, name) {
        Err(Errno::ACCESS) => {
            let held = beneath::directory_handle(above, name)?;
            changed("make-readable", || syscalls::set_mode_of_handle(&held, OPENED_UP))?;
            beneath::directory(above, name)
        }
        opened => opened,
    }
}

#[cfg(test)]
mod tests;
