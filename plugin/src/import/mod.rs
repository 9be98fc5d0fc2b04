//! Makes an archive of ours of a foreign one: [`survey`] says what it holds, [`convert`] writes it anew. [`tree`] counts
//! directories for a person to choose from, [`layout`] knows what other programs make, [`place`] says where an entry goes.
//!
//! What comes of it is judged again like any other archive, so nothing here is relied upon for safety. It must never change
//! a byte of a file, and never leave anything out without a remark.

pub mod convert;
mod layout;
mod place;
pub mod survey;
mod tree;

use crate::archive::harmless;
use crate::archive::reader::Entry;
use crate::host::{Metadata, Timestamp, Xattr};

/// Where the entries of one volume are, and what its directories get that have no entry.
#[derive(Clone, Debug)]
pub struct Source {
    pub index: u32,
    pub prefix: Vec<u8>,
    pub missing: Metadata,
}

/// How an archive is read.
#[derive(Clone, Debug)]
pub struct Rules {
    /// So many leading components are taken off every name.
    pub strip: usize,
    pub earliest: Timestamp,
    pub latest: Timestamp,
    pub attribute_bytes_max: u64,
    /// As in a job.
    pub policy: Vec<String>,
}

impl Rules {
    /// Whether an entry can be restored as it stands, as far as it can be seen without its content.
    fn leave_as_it_is(&self, entry: &Entry) -> bool {
        let fits = |xattr: &Xattr| xattr.value.len() as u64 <= self.attribute_bytes_max;
        entry.left.is_empty()
            && harmless::of_kind(entry.kind).is_none()
            && self.nearest(entry.metadata.mtime) == entry.metadata.mtime
            && entry.metadata.xattrs.iter().all(fits)
    }

    /// The nearest time that can be held.
    fn nearest(&self, time: Timestamp) -> Timestamp {
        time.clamp(self.earliest, self.latest.max(self.earliest))
    }
}

/// Something that was left out or given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    pub class: &'static str,
    pub count: u64,
    /// Escaped.
    pub examples: Vec<String>,
}
