//! Open directories of one staging: every entry is made one level below a descriptor that is held here.
//!
//! No component is ever looked up twice in a row, no link is followed, and a bounded number of descriptors is open
//! however many directories there are. A slot's lock is never held across a system call. A directory has its inode flags
//! before anything is made in it, whoever makes it.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::sync::{Arc, Mutex, PoisonError};

use cap_std::fs::Dir;
use rustix::io::Errno;

use super::entry_path::{refused, split};
use super::flags::Flags;
use crate::beneath::{self, Name};
use reforge_base::failure::Result;
use reforge_base::message;

/// Descriptors that one staging keeps open besides its root. Many stagings must fit under the usual limit of 1024.
const OPEN_DIRECTORIES_MAX: usize = 64;

type Slot = Mutex<Option<(Box<[u8]>, Arc<Dir>)>>;

/// The root of a staging and the directories that were used last.
#[derive(Debug)]
pub(super) struct Directories {
    root: Arc<Dir>,
    flags: Arc<Flags>,
    slots: Vec<Slot>,
}

impl Directories {
    pub(super) fn new(root: Dir, flags: Arc<Flags>) -> Directories {
        let slots = (0..OPEN_DIRECTORIES_MAX).map(|_| Slot::default()).collect();
        Directories { root: Arc::new(root), flags, slots }
    }

    pub(super) fn root(&self) -> &Arc<Dir> {
        &self.root
    }

    /// The open directory of a checked path; missing ones are made with mode 0700.
    pub(super) fn open(&self, path: &[u8]) -> Result<Arc<Dir>> {
        let mut known = path;
        let mut reached = loop {
            if known.is_empty() {
                break Arc::clone(&self.root);
            }
            if let Some(directory) = self.cached(known) {
                break directory;
            }
            known = split(known).0;
        };
        while known.len() < path.len() {
            let start = if known.is_empty() { 0 } else { known.len() + 1 };
            let end = path[start..].iter().position(|byte| *byte == b'/').map_or(path.len(), |at| start + at);
            let opened = open_or_make(&reached, &path[start..end]);
            reached = Arc::new(opened.map_err(|error| not_a_directory(&path[..end], error))?);
            known = &path[..end];
            // Not only by whoever made it: others come to it at once.
            self.flags.set(&reached, known)?;
            self.keep(known, &reached);
        }
        Ok(reached)
    }

    /// Makes the directory of a checked path unless it is there already as someone's missing parent.
    pub(super) fn make(&self, path: &[u8]) -> Result<()> {
        if path.is_empty() {
            return Ok(());
        }
        let (above, name) = split(path);
        let above = self.open(above)?;
        match Name::from_bytes(name).and_then(|name| beneath::make_directory(&above, name)) {
            Ok(()) if !self.flags.are_wanted(path) => Ok(()),
            Ok(()) | Err(Errno::EXIST) => self.open(path).map(drop),
            Err(error) => Err(not_a_directory(path, error)),
        }
    }

    fn cached(&self, path: &[u8]) -> Option<Arc<Dir>> {
        let slot = self.slot(path).lock().unwrap_or_else(PoisonError::into_inner);
        slot.as_ref().filter(|(kept, _)| **kept == *path).map(|(_, directory)| Arc::clone(directory))
    }

    fn keep(&self, path: &[u8], directory: &Arc<Dir>) {
        let kept = Some((Box::from(path), Arc::clone(directory)));
        let evicted = std::mem::replace(&mut *self.slot(path).lock().unwrap_or_else(PoisonError::into_inner), kept);
        // Closed here, with the lock released.
        drop(evicted);
    }

    fn slot(&self, path: &[u8]) -> &Slot {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(path);
        &self.slots[hash as usize % OPEN_DIRECTORIES_MAX]
    }
}

fn open_or_make(above: &Dir, name: &[u8]) -> rustix::io::Result<Dir> {
    let name = Name::from_bytes(name)?;
    match beneath::directory(above, name) {
        Err(Errno::NOENT) => match beneath::make_directory(above, name) {
            // Another thread may have made it meanwhile.
            Ok(()) | Err(Errno::EXIST) => beneath::directory(above, name),
            Err(error) => Err(error),
        },
        opened => opened,
    }
}

fn not_a_directory(path: &[u8], error: Errno) -> reforge_base::Failure {
    match error {
        Errno::NOTDIR | Errno::LOOP => refused(path, message!("is-a-directory-and-something-else")),
        Errno::NAMETOOLONG => refused(path, message!("has-a-name-too-long")),
        other => super::attributes::io("make directory", path, other),
    }
}
