//! The tree digest: one value that two volumes share exactly when a restore could not tell them apart.
//!
//! BLAKE3 over the entry digests, entries sorted by path with components compared one by one (that is: by bytes, with
//! `/` below every other byte; the order of a depth-first walk with sorted names, so that capture needs no list in
//! memory). An entry digest is BLAKE3 over the entry's fields, each behind its length. Content is BLAKE3 over the
//! digests of its 1 MiB blocks, holes being zeros, so that blocks may be digested side by side and in any order.

use std::cmp::Ordering;
use std::sync::LazyLock;

/// BLAKE3's output.
pub type Digest = [u8; 32];

/// The unit of content digests and of parallel writing.
pub const BLOCK_BYTES: u64 = 1 << 20;

/// Everything that is compared, but for path and content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Permission bits with set-id and sticky.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub mtime: Mtime,
    /// Name and value, sorted by name, each name once.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Seconds since the epoch and nanoseconds counted forward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mtime {
    pub seconds: i64,
    pub nanoseconds: u32,
}

/// What kind of entry, and what only that kind has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestedKind<'a> {
    Directory,
    File {
        size: u64,
        content: &'a Digest,
    },
    Symlink {
        target: &'a [u8],
    },
    /// A further name of a file; `leader` is the first one in path order.
    HardLink {
        leader: &'a [u8],
    },
}

/// The digest of one entry. `path` is relative to the volume's root, which is the empty path.
pub fn entry(path: &[u8], metadata: &Metadata, kind: DigestedKind<'_>) -> Digest {
    let mut hasher = blake3::Hasher::new();
    let mut field = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    field(b"reforge entry 1");
    field(path);
    field(&metadata.mode.to_le_bytes());
    field(&metadata.uid.to_le_bytes());
    field(&metadata.gid.to_le_bytes());
    field(&metadata.mtime.seconds.to_le_bytes());
    field(&metadata.mtime.nanoseconds.to_le_bytes());
    field(&(metadata.xattrs.len() as u64).to_le_bytes());
    for (name, value) in &metadata.xattrs {
        field(name);
        field(value);
    }
    match kind {
        DigestedKind::Directory => field(b"directory"),
        DigestedKind::File { size, content } => {
            field(b"file");
            field(&size.to_le_bytes());
            field(content);
        }
        DigestedKind::Symlink { target } => {
            field(b"symlink");
            field(target);
        }
        DigestedKind::HardLink { leader } => {
            field(b"hard link");
            field(leader);
        }
    }
    *hasher.finalize().as_bytes()
}

/// The order of entries: components compared one by one, as bytes.
pub fn path_order(left: &[u8], right: &[u8]) -> Ordering {
    let key = |byte: &u8| if *byte == b'/' { 0u8 } else { *byte };
    left.iter().map(key).cmp(right.iter().map(key))
}

/// Takes entry digests in path order.
#[derive(Clone, Default)]
pub struct TreeHasher(blake3::Hasher);

impl TreeHasher {
    pub fn push(&mut self, entry: &Digest) {
        self.0.update(entry);
    }

    /// Hexadecimal, as a descriptor holds it.
    pub fn finish(&self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}

/// The digest of one block; `bytes` is at most [`BLOCK_BYTES`] long, and shorter only at the end of a file.
pub fn block(bytes: &[u8]) -> Digest {
    *blake3::hash(bytes).as_bytes()
}

/// The digest of a whole block that is a hole.
pub fn zero_block() -> &'static Digest {
    static ZERO: LazyLock<Digest> = LazyLock::new(|| block(&vec![0; BLOCK_BYTES as usize]));
    &ZERO
}

/// Takes the digests of a file's blocks in order.
#[derive(Clone, Default)]
pub struct ContentHasher(blake3::Hasher);

impl ContentHasher {
    pub fn push(&mut self, block: &Digest) {
        self.0.update(block);
    }

    /// So many whole blocks that are holes.
    pub fn push_holes(&mut self, blocks: u64) {
        (0..blocks).for_each(|_| self.push(zero_block()));
    }

    pub fn finish(&self) -> Digest {
        *self.0.finalize().as_bytes()
    }
}

/// The digest of content from its blocks' digests in order. An empty file has no block.
pub fn content<'a>(blocks: impl IntoIterator<Item = &'a Digest>) -> Digest {
    let mut hasher = ContentHasher::default();
    blocks.into_iter().for_each(|block| hasher.push(block));
    hasher.finish()
}

/// How many blocks a file of this size has.
pub fn block_count(size: u64) -> u64 {
    size.div_ceil(BLOCK_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_comes_right_before_what_is_in_it() {
        let mut paths: Vec<&[u8]> = vec![b"a-b", b"a/c", b"a", b"", b"a/b/d", b"a/b"];
        paths.sort_by(|left, right| path_order(left, right));
        assert_eq!(paths, vec![&b""[..], b"a", b"a/b", b"a/b/d", b"a/c", b"a-b"]);
    }

    #[test]
    fn every_field_counts() {
        let plain = Metadata::default();
        let digest = block(b"x");
        let file = DigestedKind::File { size: 1, content: &digest };
        let others = [
            entry(b"b", &plain, file),
            entry(b"a", &Metadata { mode: 1, ..plain.clone() }, file),
            entry(b"a", &Metadata { uid: 1, ..plain.clone() }, file),
            entry(b"a", &Metadata { gid: 1, ..plain.clone() }, file),
            entry(b"a", &Metadata { mtime: Mtime { seconds: 0, nanoseconds: 1 }, ..plain.clone() }, file),
            entry(b"a", &Metadata { xattrs: vec![(b"user.a".to_vec(), vec![])], ..plain.clone() }, file),
            entry(b"a", &plain, DigestedKind::File { size: 2, content: &digest }),
            entry(b"a", &plain, DigestedKind::Directory),
            entry(b"a", &plain, DigestedKind::HardLink { leader: b"x" }),
            entry(b"a", &plain, DigestedKind::Symlink { target: b"x" }),
        ];
        assert!(others.iter().all(|other| *other != entry(b"a", &plain, file)));
    }
}
