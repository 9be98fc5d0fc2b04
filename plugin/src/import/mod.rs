//! Makes an archive of ours of a foreign one: [`survey`] says what it holds, [`convert`] writes it anew. [`tree`] counts
//! directories for a person to choose from, [`layout`] knows what other programs make, [`place`] says where an entry goes, [`owners`] whose it is.
//!
//! What comes of it is judged again like any other archive, so nothing here is relied upon for safety. It must never change
//! a byte of a file, and never leave anything out without a remark.

pub mod convert;
mod layout;
mod owners;
mod place;
pub mod survey;
mod tree;

use crate::archive::harmless;
use crate::archive::limits::{ATTRIBUTE_HEAD_BYTES, ATTRIBUTES, NO_ACCESS_LISTS, TIME_UNIT, bound};
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
            && !self.are_too_many(&entry.metadata.xattrs)
            && !self.lacks_access_lists(entry)
            && !(entry.named.lacks_uid || entry.named.lacks_gid || owners::is_by_name(&self.policy))
    }

    /// The nearest time that can be held.
    fn nearest(&self, time: Timestamp) -> Timestamp {
        let nearest = time.clamp(self.earliest, self.latest.max(self.earliest));
        let unit = bound(&self.policy, TIME_UNIT, 1).clamp(1, 1_000_000_000) as u32;
        Timestamp { nanoseconds: nearest.nanoseconds - nearest.nanoseconds % unit, ..nearest }
    }

    /// Whether the attributes of one entry do not fit together.
    fn are_too_many(&self, xattrs: &[Xattr]) -> bool {
        let size = |xattr: &Xattr| (xattr.name.len() + xattr.value.len()) as u64 + ATTRIBUTE_HEAD_BYTES;
        !xattrs.is_empty() && xattrs.iter().map(size).sum::<u64>() > bound(&self.policy, ATTRIBUTES, u64::MAX)
    }

    /// Whether it has an access list, and the file system takes none.
    fn lacks_access_lists(&self, entry: &Entry) -> bool {
        let has = || entry.metadata.xattrs.iter().any(|xattr| xattr.name.starts_with(b"system.posix_acl_"));
        self.policy.iter().any(|word| word == NO_ACCESS_LISTS) && has()
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
