use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;

use super::*;
use crate::staging::{Expected, Policy, Quota, Sealed, Staging};
use crate::tree_digest::Mtime;

const SIBLING: &str = ".reforge-1-0";

fn open_to_all() -> Metadata {
    let mtime = Mtime { seconds: 1_000_000_000, nanoseconds: 123_456_789 };
    Metadata { mode: 0o755, uid: 1234, gid: 1235, mtime, xattrs: vec![(b"user.a".to_vec(), b"1".to_vec())] }
}

struct Fixture {
    _directory: tempfile::TempDir,
    parent: Parent,
    root: PathBuf,
    sealed: Sealed,
}

/// A sealed tree of one file in one directory.
fn sealed() -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let parent = Parent::open(&directory.path().canonicalize().unwrap()).unwrap();
    parent.make_directory(SIBLING).unwrap();
    let expected = Expected { tree_digest: None, entries: 3, bytes: 1 };
    let policy = Policy { links: true, privileged: true };
    let quota = Quota { expected, policy, ..Quota::default() };
    let staging = Staging::create(&parent, SIBLING, None::<&cap_std::fs::Dir>, quota).unwrap();
    staging.directory(b"", &open_to_all()).unwrap();
    staging.directory(b"in", &open_to_all()).unwrap();
    staging.file(b"in/file", &open_to_all(), b"x").unwrap();
    let sealed = staging.seal().unwrap();
    let root = parent.path().join(SIBLING);
    Fixture { _directory: directory, parent, root, sealed }
}

#[test]
fn a_sealed_root_is_closed_until_it_is_opened_up_and_then_as_it_was_captured() {
    let fixture = sealed();
    let facts = fs::metadata(&fixture.root).unwrap();
    assert_eq!((facts.mode() & 0o7777, facts.uid()), (0o700, rustix::process::geteuid().as_raw()));
    fixture.sealed.tree.check(&fixture.parent, SIBLING, "data").unwrap();
    for _ in 0..2 {
        fixture.sealed.tree.open_up(&fixture.parent, SIBLING).unwrap();
        let facts = fs::metadata(&fixture.root).unwrap();
        assert_eq!((facts.mode() & 0o7777, facts.uid(), facts.gid()), (0o755, 1234, 1235));
        assert_eq!((facts.mtime(), facts.mtime_nsec()), (1_000_000_000, 123_456_789));
    }
}

#[test]
fn whatever_touches_a_sealed_tree_is_noticed() {
    type Deed = fn(&Path);
    let deeds: [(&str, Deed); 7] = [
        ("removed", |root| fs::remove_file(root.join("in/file")).unwrap()),
        ("cut", |root| fs::write(root.join("in/file"), b"").unwrap()),
        ("rewritten in its length", |root| fs::write(root.join("in/file"), b"y").unwrap()),
        ("of another owner", |root| std::os::unix::fs::chown(root.join("in/file"), Some(7), None).unwrap()),
        ("of another mode", |root| fs::set_permissions(root.join("in"), fs::Permissions::from_mode(0o700)).unwrap()),
        ("more than was sealed", |root| fs::write(root.join("more"), b"").unwrap()),
        ("open to all", |root| fs::set_permissions(root, fs::Permissions::from_mode(0o755)).unwrap()),
    ];
    for (what, deed) in deeds {
        let fixture = sealed();
        deed(&fixture.root);
        let failure = fixture.sealed.tree.check(&fixture.parent, SIBLING, "data").expect_err(what);
        assert_eq!(failure.code, Code::Drift, "{what}");
    }
    let fixture = sealed();
    let file = fixture.root.join("in/file");
    let (content, mtime) = (fs::read(&file).unwrap(), fs::metadata(&file).unwrap().modified().unwrap());
    fs::write(&file, content).unwrap();
    fs::File::options().write(true).open(&file).unwrap().set_modified(mtime).unwrap();
    fixture.sealed.tree.check(&fixture.parent, SIBLING, "data").expect_err("written, and its time put back");
}
