//! A parent with an empty sibling, and the digest of what is put into it, made by hand.

use std::path::{Path, PathBuf};

use crate::parent::Parent;
use crate::staging::{Expected, Policy, Quota, Staging};
use crate::tree_digest::{self, DigestedKind, Metadata, Mtime, TreeHasher, path_order};

pub(super) const SIBLING: &str = ".reforge-1-0";

pub(super) struct Fixture {
    _directory: Option<tempfile::TempDir>,
    pub parent: Parent,
}

impl Fixture {
    pub(super) fn new() -> Fixture {
        let directory = tempfile::tempdir().unwrap();
        let parent = Parent::open(&directory.path().canonicalize().unwrap()).unwrap();
        Fixture { _directory: Some(directory), parent }
    }

    pub(super) fn on(path: &Path) -> Fixture {
        Fixture { _directory: None, parent: Parent::open(path).unwrap() }
    }

    pub(super) fn stage(&self, quota: Quota) -> Staging {
        self.parent.make_directory(SIBLING).unwrap();
        Staging::create(&self.parent, SIBLING, None::<&cap_std::fs::Dir>, quota).unwrap()
    }

    pub(super) fn root(&self) -> PathBuf {
        self.parent.path().join(SIBLING)
    }
}

/// Terms that bound little and allow everything.
pub(super) fn generous() -> Quota {
    let policy = Policy { links: true, privileged: true };
    Quota { policy, expected: Expected { tree_digest: None, entries: 1 << 20, bytes: 1 << 40 }, ..Quota::default() }
}

/// Terms that name exactly this.
pub(super) fn exactly(tree: &HandMade) -> Quota {
    Quota { expected: tree.expected(), ..generous() }
}

pub(super) fn metadata(mode: u32) -> Metadata {
    Metadata { mode, mtime: Mtime { seconds: 1_000_000_000, nanoseconds: 123_456_789 }, ..Metadata::default() }
}

/// The digests of a tree, entry by entry.
#[derive(Default)]
pub(super) struct HandMade {
    entries: Vec<(Vec<u8>, tree_digest::Digest)>,
    bytes: u64,
}

impl HandMade {
    pub(super) fn with_root(metadata: &Metadata) -> HandMade {
        let mut tree = HandMade::default();
        tree.add("", metadata, DigestedKind::Directory);
        tree
    }

    pub(super) fn add(&mut self, path: &str, metadata: &Metadata, kind: DigestedKind<'_>) {
        if let DigestedKind::File { size, .. } = kind {
            self.bytes += size;
        }
        self.entries.push((path.into(), tree_digest::entry(path.as_bytes(), metadata, kind)));
    }

    pub(super) fn add_file(&mut self, path: &str, metadata: &Metadata, content: &[u8]) {
        let blocks: Vec<_> = content.chunks(1 << 20).map(tree_digest::block).collect();
        let digest = tree_digest::content(&blocks);
        self.add(path, metadata, DigestedKind::File { size: content.len() as u64, content: &digest });
    }

    pub(super) fn expected(&self) -> Expected {
        let mut entries = self.entries.clone();
        entries.sort_by(|left, right| path_order(&left.0, &right.0));
        let mut hasher = TreeHasher::default();
        entries.iter().for_each(|(_, digest)| hasher.push(digest));
        Expected { tree_digest: Some(hasher.finish()), entries: entries.len() as u64, bytes: self.bytes }
    }
}
