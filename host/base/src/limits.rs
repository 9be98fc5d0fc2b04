//! What one entry of a volume may be at most: the same for what is captured, planned and staged (promise 3: whatever is
//! in a safety snapshot can be restored). And how much of one passes at once.
//!
//! The default plugin has limits of its own, `plugin/src/archive/limits.rs`, on purpose: it shares no code with the host,
//! and neither relies on the other's check. Whatever fits here must fit there: change both. `tests/structure/limits.rs` compares them.

use crate::message;
use crate::message::Message;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of one name: `NAME_MAX`, the limit of every Linux file system.
pub const NAME_BYTES_MAX: usize = 255;

/// Bytes of a path inside a volume: `PATH_MAX`. An app could not open anything longer by its path.
pub const PATH_BYTES_MAX: usize = 4096;

/// Components of a path inside a volume. A walk holds one open directory per level, and deeper trees make every tool
/// that walks them misbehave.
pub const DEPTH_MAX: usize = 128;

/// Bytes of one file: 16 TiB, the largest of ext4. A hole costs nothing to announce and time to digest, so that there
/// must be a bound.
pub const FILE_BYTES_MAX: u64 = 16 << 40;

/// Bytes of one piece: of an archive that is read, copied or given to a plugin, and of a file that is written. Large
/// enough that a call costs nothing beside what it moves, small enough for a buffer on every thread.
pub const PIECE_BYTES_MAX: usize = 1 << 20;

/// Bytes of a symbolic link's target: `PATH_MAX` without its end.
pub const TARGET_BYTES_MAX: usize = 4095;

/// Bytes of an extended attribute's name and value: `XATTR_NAME_MAX`, `XATTR_SIZE_MAX`.
pub const XATTR_NAME_BYTES_MAX: usize = 255;
pub const XATTR_VALUE_BYTES_MAX: usize = 64 << 10;

/// What an entry with content occupies on a disk at least: no file system gives out less.
pub const DISK_UNIT_BYTES: u64 = 4 << 10;

/// Extended attributes of one entry, and the bytes of their names and values together. All of them stand in one extended
/// header, encoded and with the text of ACLs beside, of which the plugin reads 1 MiB; and with a whole small file and
/// what lists cost they cross in one host call of 2 MiB.
pub const XATTRS_MAX: usize = 1024;
pub const XATTRS_BYTES_MAX: usize = 512 << 10;

/// Bytes of what is held of all entries of one volume until it is sealed: every path, and the attributes and targets of
/// directories, links and files in pieces. Ten million files with paths of a hundred bytes; an archive of a few megabytes
/// can unpack to as many as it likes.
pub const LISTED_BYTES_MAX: u64 = 1 << 30;

/// How much of one volume is held, against what may be.
#[derive(Debug, Default)]
pub struct ListingBudget(AtomicU64);

impl ListingBudget {
    /// One more entry with such a path; of what else it has, only what waits for the seal.
    pub fn add(&self, path: &[u8], target: &[u8], waiting: &[(Vec<u8>, Vec<u8>)]) -> Option<Message> {
        let attributes: usize = waiting.iter().map(|(name, value)| name.len() + value.len()).sum();
        let bytes = (path.len() + target.len() + attributes) as u64;
        let listed = self.0.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        (listed > LISTED_BYTES_MAX).then(|| message!("is-one-of-too-many-names", n = LISTED_BYTES_MAX))
    }
}

/// Why no restore could bring an entry back under this path, as the end of a sentence about it.
pub fn path_problem(path: &[u8]) -> Option<Message> {
    let names = path.split(|byte| *byte == b'/');
    let longest = names.clone().map(<[u8]>::len).max().unwrap_or_default();
    let depth = if path.is_empty() { 0 } else { names.count() };
    if longest > NAME_BYTES_MAX {
        Some(message!("has-a-name-of-bytes", longest, limit = NAME_BYTES_MAX))
    } else if path.len() > PATH_BYTES_MAX {
        Some(message!("has-a-path-of-bytes", n = path.len(), limit = PATH_BYTES_MAX))
    } else if depth > DEPTH_MAX {
        Some(message!("is-directories-deep-the-limit-is", depth, limit = DEPTH_MAX))
    } else {
        None
    }
}

/// The same of a file of this size.
pub fn size_problem(bytes: u64) -> Option<Message> {
    (bytes > FILE_BYTES_MAX).then(|| message!("is-a-file-of-bytes", bytes, limit = FILE_BYTES_MAX))
}

/// The same of a link to this target.
pub fn target_problem(target: &[u8]) -> Option<Message> {
    let impossible = target.is_empty() || target.len() > TARGET_BYTES_MAX || target.contains(&0);
    impossible.then(|| message!("is-a-symbolic-link", n = target.len()))
}

/// The same of an entry with these attributes.
pub fn xattrs_problem(xattrs: &[(Vec<u8>, Vec<u8>)]) -> Option<Message> {
    let bytes: usize = xattrs.iter().map(|(name, value)| name.len() + value.len()).sum();
    let too_long =
        |(name, value): &(Vec<u8>, Vec<u8>)| name.len() > XATTR_NAME_BYTES_MAX || value.len() > XATTR_VALUE_BYTES_MAX;
    if xattrs.len() > XATTRS_MAX {
        Some(message!("has-extended-attributes-the-limit-is", n = xattrs.len(), limit = XATTRS_MAX))
    } else if bytes > XATTRS_BYTES_MAX {
        Some(message!("has-bytes-of-extended-attributes", bytes, limit = XATTRS_BYTES_MAX))
    } else if xattrs.iter().any(too_long) {
        Some(message!("has-an-extended-attribute"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_can_be_reached_and_not_passed() {
        let deep = |depth: usize| vec!["d"; depth].join("/").into_bytes();
        let long = |bytes: usize| [vec![b'a'; 200], vec![b'/'; 1]].concat().repeat(21)[..bytes].to_vec();
        let attribute = |name: usize, value: usize| (vec![b'n'; name], vec![0; value]);
        for (passes, over) in [
            (path_problem(b""), path_problem(&[b'n'; NAME_BYTES_MAX + 1])),
            (path_problem(&[b'n'; NAME_BYTES_MAX]), path_problem(&[&b"d/"[..], &[b'n'; NAME_BYTES_MAX + 1]].concat())),
            (path_problem(&deep(DEPTH_MAX)), path_problem(&deep(DEPTH_MAX + 1))),
            (path_problem(&long(PATH_BYTES_MAX)), path_problem(&long(PATH_BYTES_MAX + 1))),
            (size_problem(FILE_BYTES_MAX), size_problem(FILE_BYTES_MAX + 1)),
            (target_problem(&[b't'; TARGET_BYTES_MAX]), target_problem(&[b't'; TARGET_BYTES_MAX + 1])),
            (target_problem(b"../.."), target_problem(b"")),
            (xattrs_problem(&[attribute(255, 64 << 10)]), xattrs_problem(&[attribute(256, 1)])),
            (xattrs_problem(&[]), xattrs_problem(&[attribute(255, (64 << 10) + 1)])),
            (
                xattrs_problem(&vec![attribute(6, 0); XATTRS_MAX]),
                xattrs_problem(&vec![attribute(6, 0); XATTRS_MAX + 1]),
            ),
            (xattrs_problem(&vec![attribute(6, 65_530); 8]), xattrs_problem(&vec![attribute(7, 65_530); 8])),
        ] {
            assert_eq!(passes, None);
            assert!(over.is_some());
        }
    }

    #[test]
    fn what_is_held_of_a_volume_is_bounded_and_counts_names_targets_and_attributes() {
        let listed = ListingBudget(AtomicU64::new(LISTED_BYTES_MAX - 6));
        assert_eq!(listed.add(b"a", b"b", &[]), None);
        assert_eq!(listed.add(b"", b"", &[(b"cc".to_vec(), b"dd".to_vec())]), None);
        assert!(listed.add(b"e", b"", &[]).unwrap().contains("more than 1073741824 bytes"));
    }
}
