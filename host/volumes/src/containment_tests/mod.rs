//! Nothing that the host is told, and nothing that somebody puts in its way, leads it out of a volume's parent.
//!
//! What is tried here is tried on the host's own handles, with no plugin and no archive in front: every name that is
//! more than one (`names`), a link in every position (`links`), and somebody who puts a link in a directory's place
//! while the host works there (`races`). Whatever it answers, nothing outside may have been touched, down to the times
//! of change.

mod links;
mod names;
mod races;

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::parent::Parent;
use crate::remove::remove_tree;
use crate::staging::{Expected, LargeFile, Policy, Quota, Staging};
use crate::tree_digest::Metadata;
use reforge_base::failure::Result;

const SIBLING: &str = ".reforge-1-0";
const SECRET: &[u8] = b"what nobody may read, write or remove";

/// A parent with a live and an empty sibling, beside something that is none of its business.
struct World {
    _root: tempfile::TempDir,
    parent: Parent,
    outside: PathBuf,
    before: Vec<Facts>,
}

/// What would show that something was touched.
type Facts = (PathBuf, [u64; 5], [i64; 4], Vec<u8>);

impl World {
    fn new() -> World {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().canonicalize().unwrap();
        let outside = path.join("outside");
        fs::create_dir_all(outside.join("below")).unwrap();
        fs::write(outside.join("secret"), SECRET).unwrap();
        fs::write(outside.join("below/secret"), SECRET).unwrap();
        fs::create_dir_all(path.join("parent/live/a")).unwrap();
        let parent = Parent::open(&path.join("parent")).unwrap();
        let before = facts(&outside);
        World { _root: root, parent, outside, before }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.parent.path().join(below)
    }

    /// A new staging in a new sibling.
    fn staging(&self) -> Staging {
        self.remove_whole(SIBLING);
        self.parent.make_directory(SIBLING).unwrap();
        let expected = Expected { tree_digest: None, entries: 1 << 20, bytes: 1 << 30 };
        let quota = Quota { policy: Policy { links: true, privileged: true }, expected, ..Quota::default() };
        Staging::create(&self.parent, SIBLING, None::<&cap_std::fs::Dir>, quota).unwrap()
    }

    /// What somebody exchanges meanwhile is kept by one removal, and goes with a later one.
    fn remove_whole(&self, name: &str) {
        while !remove_tree(&self.parent, name).unwrap().is_complete() {}
    }

    /// Nothing outside was touched.
    #[track_caller]
    fn check(&self, tried: &str) {
        assert_eq!(facts(&self.outside), self.before, "{tried}");
    }
}

fn facts(path: &Path) -> Vec<Facts> {
    let found = fs::symlink_metadata(path).unwrap();
    let numbers = [found.ino(), found.mode().into(), found.nlink(), found.uid().into(), found.size()];
    let times = [found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()];
    let content = if found.is_file() { fs::read(path).unwrap() } else { Vec::new() };
    let mut all = vec![(path.to_owned(), numbers, times, content)];
    if found.is_dir() {
        let mut names: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        all.extend(names.iter().flat_map(|name| facts(name)));
    }
    all
}

fn metadata() -> Metadata {
    Metadata { mode: 0o755, ..Metadata::default() }
}

/// A way to stage something under a path.
type Way = (&'static str, fn(&Staging, &[u8]) -> Result<()>);

const WAYS: [Way; 7] = [
    ("a file", |staging, path| staging.file(path, &metadata(), b"content")),
    ("a directory", |staging, path| staging.directory(path, &metadata())),
    ("a large file", |staging, path| written(staging.large_file(path, &metadata(), 7)?)),
    ("a part of one", |staging, path| written(staging.large_file_part(path, 7)?)),
    ("a symbolic link", |staging, path| staging.symlink(path, &metadata(), b"content")),
    ("a hard link", |staging, path| staging.hard_link(path, &metadata(), b"file")),
    ("a hard link to", |staging, path| staging.hard_link(b"further", &metadata(), path)),
];

fn written(mut file: LargeFile) -> Result<()> {
    file.write(0, b"content")?;
    file.finish()
}
