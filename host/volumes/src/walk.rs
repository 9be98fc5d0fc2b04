//! The walk through a tree for reading: depth first, siblings in byte order, the order of an archive and of
//! [`tree_digest::path_order`](crate::tree_digest::path_order).
//!
//! It lists and gives out names; what one is, and whether it is entered, its owner decides by opening it below the
//! directory that comes with it. Never opens anything by itself, and never holds more names than the directories between
//! the root and where it stands.

use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::sync::Arc;

use cap_std::fs::Dir;
use rustix::fs::FileType;
use rustix::io::Errno;

use super::beneath::Name;
use super::syscalls;

/// What one call that lists may fill.
const LISTING_BYTES: usize = 64 << 10;

/// A name as its directory lists it.
#[derive(Debug)]
pub struct ListedName {
    pub directory: Arc<Dir>,
    name: CString,
    /// What its directory says of it, which may be nothing, or over.
    pub kind: FileType,
    pub inode: u64,
}

impl ListedName {
    /// To be looked up in the directory.
    pub fn name(&self) -> rustix::io::Result<Name<'_>> {
        Name::listed(&self.name)
    }
}

/// Where a walk came to.
#[derive(Debug)]
pub enum Step<T> {
    Name(ListedName),
    /// Every name of a directory was given out, and of those that were entered.
    End(Arc<Dir>, T),
}

/// A walk. With each directory comes whatever its owner keeps of it until its end.
#[derive(Debug)]
pub struct Walk<T> {
    levels: Vec<Level<T>>,
    path: Vec<u8>,
    listing: Box<[MaybeUninit<u8>]>,
}

#[derive(Debug)]
struct Level<T> {
    directory: Arc<Dir>,
    kept: T,
    names: std::vec::IntoIter<(CString, FileType, u64)>,
    /// How long the path is up to this directory.
    path_bytes: usize,
}

impl<T> Default for Walk<T> {
    fn default() -> Self {
        let listing = vec![MaybeUninit::uninit(); LISTING_BYTES].into_boxed_slice();
        Walk { levels: Vec::new(), path: Vec::new(), listing }
    }
}

impl<T> Walk<T> {
    /// Goes into the directory of the name that was given out last; at first, into the root. `may_go` says that one that
    /// was removed while it is read counts as empty.
    pub fn enter(&mut self, directory: Dir, kept: T, may_go: bool) -> rustix::io::Result<Arc<Dir>> {
        let mut names = Vec::new();
        let mut listing = syscalls::listing(&directory, &mut self.listing);
        while let Some(entry) = listing.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(Errno::NOENT) if may_go => break,
                Err(error) => return Err(error),
            };
            if !is_own(entry.file_name()) {
                names.push((entry.file_name().to_owned(), entry.file_type(), entry.ino()));
            }
        }
        names.sort_unstable_by(|left, right| left.0.cmp(&right.0));
        let directory = Arc::new(directory);
        let level =
            Level { directory: Arc::clone(&directory), kept, names: names.into_iter(), path_bytes: self.path.len() };
        self.levels.push(level);
        Ok(directory)
    }

    /// The next name, or the end of a directory.
    pub fn step(&mut self) -> Option<Step<T>> {
        let level = self.levels.last_mut()?;
        self.path.truncate(level.path_bytes);
        let Some((name, kind, inode)) = level.names.next() else {
            let level = self.levels.pop()?;
            return Some(Step::End(level.directory, level.kept));
        };
        if !self.path.is_empty() {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(name.as_bytes());
        Some(Step::Name(ListedName { directory: Arc::clone(&level.directory), name, kind, inode }))
    }

    /// Where it stands, relative to the root, which is the empty path.
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    /// Directories that it holds open.
    pub fn levels(&self) -> usize {
        self.levels.len()
    }

    /// Ends here: half a walk must not pass for a whole one.
    pub fn stop(&mut self) {
        self.levels.clear();
    }
}

/// Whether a name stands for the directory that lists it, or for the one above.
pub fn is_own(name: &CStr) -> bool {
    matches!(name.to_bytes(), b"." | b"..")
}
