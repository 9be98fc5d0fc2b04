//! Inode flags of what is staged: set on what is still empty, since one of them can be set on nothing else, and since
//! what is made in a directory inherits them. An entry that cannot have them goes without, and is named.

use std::collections::BTreeSet;
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};

use super::attributes;
use crate::inode_flags::Wanted;
use reforge_base::escape;
use reforge_base::failure::Result;
use reforge_base::remark::Gathered;

/// What is wanted, and what could not be had.
#[derive(Debug, Default)]
pub(super) struct Flags {
    wanted: Wanted,
    missing: Mutex<BTreeSet<Box<[u8]>>>,
}

impl Flags {
    pub(super) fn new(wanted: Wanted) -> Flags {
        Flags { wanted, missing: Mutex::default() }
    }

    pub(super) fn are_wanted(&self, path: &[u8]) -> bool {
        self.wanted.has(path)
    }

    /// Gives an entry that holds nothing yet what it is to have. The same twice does no harm.
    pub(super) fn set(&self, opened: impl AsFd, path: &[u8]) -> Result<()> {
        if !self.wanted.has(path) {
            return Ok(());
        }
        let set =
            self.wanted.set(opened, path).map_err(|error| attributes::io("set the inode flags of", path, error))?;
        if !set {
            self.missing.lock().unwrap_or_else(PoisonError::into_inner).insert(path.into());
        }
        Ok(())
    }

    /// Entries that go without.
    pub(super) fn missing(&self) -> Gathered {
        let mut gathered = Gathered::default();
        let missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        missing.iter().for_each(|path| gathered.add(|| escape::bytes(path)));
        gathered
    }
}
