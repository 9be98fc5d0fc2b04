//! The list of everything staged in one volume, for the tree digest: per entry its kind, path and digest.
//!
//! A million entries must fit beside everything else in memory, so records lie back to back in large chunks and
//! nothing is kept per entry but them. Appending holds a lock for a copy of some bytes, never across a system call.

use std::cmp::Ordering;
use std::sync::{Mutex, PoisonError};

use crate::tree_digest::{Digest, path_order};

/// Room in one chunk. A record never crosses chunks.
const CHUNK_BYTES: usize = 1 << 20;

/// Kind, and length of the path.
const HEAD_BYTES: usize = 3;

/// What an entry is, as far as the seal asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum EntryKind {
    Directory = 0,
    File = 1,
    Symlink = 2,
    HardLink = 3,
}

/// One record.
#[derive(Clone, Copy, Debug)]
pub(super) struct StagedEntry<'a> {
    pub kind: EntryKind,
    pub path: &'a [u8],
    pub digest: &'a Digest,
}

/// Grows from several threads.
#[derive(Debug, Default)]
pub(super) struct Entries(Mutex<Vec<Vec<u8>>>);

impl Entries {
    /// Appends one entry. The path was checked: at most 4096 bytes.
    pub(super) fn push(&self, kind: EntryKind, path: &[u8], digest: &Digest) {
        let record_bytes = HEAD_BYTES + path.len() + digest.len();
        let mut chunks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if chunks.last().is_none_or(|chunk| chunk.len() + record_bytes > CHUNK_BYTES) {
            chunks.push(Vec::with_capacity(CHUNK_BYTES));
        }
        if let Some(chunk) = chunks.last_mut() {
            chunk.push(kind as u8);
            chunk.extend((path.len() as u16).to_le_bytes());
            chunk.extend(path);
            chunk.extend(digest);
        }
    }

    /// All entries in path order.
    pub(super) fn into_sorted(self) -> SortedEntries {
        let chunks = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut locations = Vec::new();
        for (chunk, bytes) in chunks.iter().enumerate() {
            let mut at = 0;
            while at < bytes.len() {
                locations.push((chunk as u32, at as u32));
                let entry = read(bytes, at);
                at += HEAD_BYTES + entry.path.len() + entry.digest.len();
            }
        }
        // Archives come in path order, one run a part: a stable sort merges runs.
        locations.sort_by(|left, right| {
            let path = |(chunk, at): (u32, u32)| read(&chunks[chunk as usize], at as usize).path;
            path_order(path(*left), path(*right))
        });
        SortedEntries { chunks, locations }
    }
}

/// The whole list, sorted.
pub(super) struct SortedEntries {
    chunks: Vec<Vec<u8>>,
    locations: Vec<(u32, u32)>,
}

impl SortedEntries {
    pub(super) fn iter(&self) -> impl Iterator<Item = StagedEntry<'_>> {
        self.locations.iter().map(|location| self.at(*location))
    }

    pub(super) fn len(&self) -> u64 {
        self.locations.len() as u64
    }

    /// The entry of this path, if there is one.
    pub(super) fn find(&self, path: &[u8]) -> Option<StagedEntry<'_>> {
        let found = self.locations.binary_search_by(|location| path_order(self.at(*location).path, path));
        found.ok().map(|index| self.at(self.locations[index])).filter(|entry| entry.path.cmp(path) == Ordering::Equal)
    }

    fn at(&self, (chunk, at): (u32, u32)) -> StagedEntry<'_> {
        read(&self.chunks[chunk as usize], at as usize)
    }
}

/// Reads what [`Entries::push`] wrote.
fn read(chunk: &[u8], at: usize) -> StagedEntry<'_> {
    let kind = match chunk[at] {
        0 => EntryKind::Directory,
        1 => EntryKind::File,
        2 => EntryKind::Symlink,
        _ => EntryKind::HardLink,
    };
    let path_bytes = usize::from(u16::from_le_bytes([chunk[at + 1], chunk[at + 2]]));
    let (path, rest) = chunk[at + HEAD_BYTES..].split_at(path_bytes);
    let (digest, _) = rest.split_first_chunk().expect("a record ends with its digest");
    StagedEntry { kind, path, digest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree_digest::block;

    #[test]
    fn a_hundred_bytes_an_entry_are_enough_and_entries_come_back_sorted() {
        let entries = Entries::default();
        let path = |number: u32| format!("some-directory-{:04}/file-{:07}.dat", number % 1000, number).into_bytes();
        (0..100_000).for_each(|number| entries.push(EntryKind::File, &path(number), &[number as u8; 32]));
        let sorted = entries.into_sorted();
        let bytes = sorted.chunks.iter().map(Vec::capacity).sum::<usize>() + sorted.locations.capacity() * 8;
        assert!(bytes < 10 << 20, "{bytes} bytes");
        assert_eq!(sorted.len(), 100_000);
        assert!(sorted.iter().zip(sorted.iter().skip(1)).all(|(a, b)| path_order(a.path, b.path) == Ordering::Less));
        assert_eq!(sorted.find(&path(4711)).unwrap().digest, &[4711u32 as u8; 32]);
        assert!(sorted.find(b"some-directory-0000").is_none());
    }

    #[test]
    fn kinds_and_digests_are_kept() {
        let entries = Entries::default();
        let kinds = [EntryKind::Directory, EntryKind::File, EntryKind::Symlink, EntryKind::HardLink];
        kinds.iter().enumerate().for_each(|(number, kind)| entries.push(*kind, &[b'a' + number as u8], &block(b"x")));
        let sorted = entries.into_sorted();
        assert!(sorted.iter().map(|entry| entry.kind).eq(kinds));
        assert!(sorted.iter().all(|entry| *entry.digest == block(b"x")));
    }
}
