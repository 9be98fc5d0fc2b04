//! Whatever tree is within the limits: captured and restored, it is the same.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _, lchown, symlink};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps};

use crate::support::process::run;
use crate::support::signature;
use crate::support::{Volume, Workload, World};

/// Each is a capture and a restore by the real program.
const TREES: u32 = 24;
const NODES_MAX: usize = 60;

#[derive(Clone, Debug)]
enum Kind {
    Directory,
    /// Runs of data, each behind a hole, and a hole at the end.
    File(Vec<(u32, Vec<u8>)>, u32),
    Symlink(Vec<u8>),
    /// To one of the files before it.
    HardLink(Index),
}

#[derive(Clone, Debug)]
struct Node {
    /// One of the directories before it.
    above: Index,
    name: Vec<u8>,
    kind: Kind,
    metadata: Metadata,
}

#[derive(Clone, Debug)]
struct Metadata {
    mode: u32,
    owner: (u32, u32),
    mtime: (i64, u32),
    attributes: Vec<(Vec<u8>, Vec<u8>)>,
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let byte = || prop_oneof![3 => b'a'..=b'c', 1 => (1..=255u8).prop_filter("a slash", |byte| *byte != b'/')];
    let length = prop_oneof![8 => 1..4usize, 1 => 90..120usize, 1 => 250..256usize];
    let any = length.prop_flat_map(move |length| prop::collection::vec(byte(), length));
    any.prop_filter("a name that is none", |name| !matches!(&name[..], b"." | b".."))
}

fn kind() -> impl Strategy<Value = Kind> {
    let data = prop_oneof![9 => 0..2000usize, 1 => 4000..9000usize].prop_flat_map(|length| {
        any::<u8>()
            .prop_map(move |seed| (0..length).map(|at| (at as u8).wrapping_mul(seed).wrapping_add(seed)).collect())
    });
    let gap = || prop_oneof![2 => Just(0u32), 1 => 1..100_000u32, 1 => 1_000_000..9_000_000u32];
    let bytes = |length: std::ops::Range<usize>| prop::collection::vec(1..=255u8, length);
    let target = prop_oneof![9 => bytes(1..60), 1 => bytes(90..4096)];
    prop_oneof![
        3 => Just(Kind::Directory),
        5 => (prop::collection::vec((gap(), data), 0..4), gap()).prop_map(|(runs, end)| Kind::File(runs, end)),
        1 => target.prop_map(Kind::Symlink),
        1 => any::<Index>().prop_map(Kind::HardLink),
    ]
}

fn metadata() -> impl Strategy<Value = Metadata> {
    // What ext4 keeps: 34 bits of seconds, and its attributes beside and in an inode of 256 bytes.
    let seconds = prop_oneof![-(1i64 << 31)..15_032_385_536, Just(-1), Just(0), Just(i64::from(i32::MAX) + 1)];
    let nanoseconds = prop_oneof![0..1_000_000_000u32, Just(0), Just(999_999_999)];
    let id = || prop_oneof![Just(0), 0..u32::MAX, Just(0o7_777_777), Just(0o10_000_000)];
    let attribute = (prop::collection::vec(1..=255u8, 1..30), prop::collection::vec(any::<u8>(), 0..300));
    (0..=0o7777u32, (id(), id()), (seconds, nanoseconds), prop::collection::vec(attribute, 0..4))
        .prop_map(|(mode, owner, mtime, attributes)| Metadata { mode, owner, mtime, attributes })
}

fn tree() -> impl Strategy<Value = (Metadata, Vec<Node>)> {
    let node = (any::<Index>(), name(), kind(), metadata()).prop_map(|(above, name, kind, metadata)| Node {
        above,
        name,
        kind,
        metadata,
    });
    (metadata(), prop::collection::vec(node, 0..NODES_MAX))
}

/// An empty directory without attributes.
fn clear(root: &Path) {
    run("find", &[root.to_str().unwrap(), "-mindepth", "1", "-delete"]);
    let mut names = vec![0; 64 << 10];
    let length = rustix::fs::listxattr(root, &mut names[..]).unwrap();
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        rustix::fs::removexattr(root, OsStr::from_bytes(name)).unwrap();
    }
}

/// Makes the tree, without what would have a name twice or a leader that is none.
fn grow(root: &Path, metadata: &Metadata, nodes: &[Node]) {
    let (mut directories, mut files) = (vec![root.to_owned()], Vec::new());
    let mut made: Vec<(PathBuf, &Metadata)> = vec![(root.to_owned(), metadata)];
    let mut names = BTreeSet::new();
    for node in nodes {
        let path = node.above.get(&directories).join(OsStr::from_bytes(&node.name));
        let too_long = path.as_os_str().len() > 4000;
        if too_long || !names.insert(path.clone()) {
            continue;
        }
        match &node.kind {
            Kind::Directory => {
                std::fs::create_dir(&path).unwrap();
                directories.push(path.clone());
            }
            Kind::File(runs, end) => {
                write(&path, runs, *end);
                files.push(path.clone());
            }
            Kind::Symlink(target) => symlink(OsStr::from_bytes(target), &path).unwrap(),
            Kind::HardLink(_) if files.is_empty() => continue,
            Kind::HardLink(leader) => {
                std::fs::hard_link(leader.get(&files), &path).unwrap();
                continue;
            }
        }
        made.push((path, &node.metadata));
    }
    // What lies in a directory first, since it moves the directory's time.
    made.iter().rev().for_each(|(path, metadata)| describe(path, metadata));
}

fn write(path: &Path, runs: &[(u32, Vec<u8>)], end: u32) {
    let file = std::fs::File::create(path).unwrap();
    let mut at = 0;
    for (gap, data) in runs {
        at += u64::from(*gap);
        file.write_all_at(data, at).unwrap();
        at += data.len() as u64;
    }
    file.set_len(at + u64::from(end)).unwrap();
}

fn describe(path: &Path, metadata: &Metadata) {
    lchown(path, Some(metadata.owner.0), Some(metadata.owner.1)).unwrap();
    if !path.is_symlink() {
        for (name, value) in &metadata.attributes {
            let name = [b"user.", &name[..]].concat();
            rustix::fs::setxattr(path, OsStr::from_bytes(&name), value, rustix::fs::XattrFlags::empty()).unwrap();
        }
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(metadata.mode)).unwrap();
    }
    let time = Timespec { tv_sec: metadata.mtime.0, tv_nsec: metadata.mtime.1.into() };
    let times = Timestamps { last_access: time, last_modification: time };
    rustix::fs::utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

#[test]
fn any_tree_within_the_limits_comes_back() {
    let mut app = Workload::idle("app", [Volume::project("data")]);
    app.links = true;
    let world = World::deployed([app]);
    let live = world.volume("app", "data");
    let config = Config { cases: TREES, max_shrink_iters: 100, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&tree(), |(metadata, nodes)| {
        clear(&live);
        grow(&live, &metadata, &nodes);
        let before = signature::of(&live);
        let snapshot = world.snapshot("app");
        clear(&live);
        std::fs::write(live.join("later"), "later").unwrap();
        let output = world.restore("app", &snapshot, &["--json"]);
        prop_assert_eq!(output.code, Some(0), "{:?}", output);
        signature::assert_same(&signature::of(&live), &before, "restored");
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
