use std::fs::{self, File};
use std::os::unix::fs::symlink;

use super::*;
use crate::tree_digest::path_order;
use reforge_testing::{Disk, Mounted, run};

fn opened(path: &Path) -> Dir {
    crate::ambient::follow(path).unwrap()
}

fn paths(tree: LiveTree) -> Vec<String> {
    tree.map(|entry| String::from_utf8(entry.unwrap().path).unwrap()).collect()
}

#[test]
fn a_walk_is_depth_first_with_siblings_in_byte_order() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("a/b/d")).unwrap();
    for name in ["a-b", "a/c", "a/b/d/x", "Z"] {
        fs::write(directory.path().join(name), b"1").unwrap();
    }
    let walked = paths(LiveTree::open(opened(directory.path())).unwrap());
    assert_eq!(walked, ["", "Z", "a", "a/b", "a/b/d", "a/b/d/x", "a/c", "a-b"]);
    assert!(walked.is_sorted_by(|left, right| path_order(left.as_bytes(), right.as_bytes()).is_lt()));
}

#[test]
fn links_are_not_followed_and_each_inode_counts_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    fs::write(path.join("a"), vec![1; 5000]).unwrap();
    fs::hard_link(path.join("a"), path.join("b")).unwrap();
    symlink("/", path.join("root")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(path.join("socket")).unwrap();
    let newest = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1 << 33);
    File::open(path.join("a")).unwrap().set_modified(newest).unwrap();
    let totals = totals(opened(path)).unwrap();
    assert_eq!((totals.entries, totals.bytes, totals.inodes, totals.special), (4, 5000, 3, 1));
    assert_eq!(totals.disk_bytes, 8192 + 4096 + 4096);
    assert_eq!(totals.newest.unwrap().seconds, 1 << 33);
}

#[test]
fn holes_occupy_nothing() {
    let directory = tempfile::tempdir().unwrap();
    File::create(directory.path().join("sparse")).unwrap().set_len(1 << 30).unwrap();
    let totals = totals(opened(directory.path())).unwrap();
    assert_eq!((totals.bytes, totals.disk_bytes), (1 << 30, 8192));
}

#[test]
fn what_vanishes_during_the_walk_is_left_out() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["a", "gone", "gone-file", "z"] {
        fs::create_dir(directory.path().join(name)).unwrap();
    }
    let mut tree = LiveTree::open(opened(directory.path())).unwrap();
    assert_eq!(tree.next().unwrap().unwrap().path, b"");
    fs::remove_dir(directory.path().join("gone")).unwrap();
    fs::remove_dir(directory.path().join("gone-file")).unwrap();
    assert_eq!(paths(tree), ["a", "z"]);
}

#[test]
fn a_mount_is_reported_and_not_entered() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["inside", "mounted"] {
        fs::create_dir(directory.path().join(name)).unwrap();
        fs::write(directory.path().join(name).join("file"), b"1").unwrap();
    }
    let _bind = Mounted::bind(&directory.path().join("inside"), &directory.path().join("mounted"));
    let totals = totals(opened(directory.path())).unwrap();
    assert_eq!(totals.boundaries, [b"mounted".to_vec()]);
    assert_eq!(totals.entries, 4);
}

#[test]
fn a_nested_subvolume_is_reported_and_not_entered() {
    let disk = Disk::btrfs();
    let nested = disk.path().join("nested");
    run("btrfs", &["subvolume", "create", nested.to_str().unwrap()]);
    fs::write(nested.join("file"), b"1").unwrap();
    let totals = totals(opened(disk.path())).unwrap();
    assert_eq!((totals.boundaries, totals.entries), (vec![b"nested".to_vec()], 2));
}

#[test]
fn a_tree_too_deep_to_restore_is_refused_and_ends_the_walk() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join(vec!["d"; 129].join("/"))).unwrap();
    let mut tree = LiveTree::open(opened(directory.path())).unwrap();
    let failure = tree.find_map(Result::err).unwrap();
    assert_eq!(failure.code, Code::PolicyRefused);
    assert!(failure.message.ends_with("is 129 directories deep; the limit is 128"), "{failure}");
    assert!(tree.next().is_none());
    fs::remove_dir(directory.path().join(vec!["d"; 129].join("/"))).unwrap();
    assert_eq!(totals(opened(directory.path())).unwrap().entries, 129);
}

#[test]
fn an_entry_that_no_restore_could_bring_back_is_refused_by_name() {
    let disk = Disk::tmpfs();
    let deepest = disk.path().join(vec!["d"; 128].join("/"));
    fs::create_dir_all(&deepest).unwrap();
    let refused = || totals(opened(disk.path())).unwrap_err();
    fs::write(deepest.join("file"), b"1").unwrap();
    assert_eq!(refused().code, Code::PolicyRefused);
    assert!(refused().message.ends_with("/d/file` is 129 directories deep; the limit is 128"), "{}", refused());
    fs::remove_file(deepest.join("file")).unwrap();
    let large = File::create(disk.path().join("large")).unwrap();
    large.set_len(16 << 40).unwrap();
    assert_eq!(totals(opened(disk.path())).unwrap().bytes, 16 << 40);
    large.set_len((16 << 40) + 1).unwrap();
    assert_eq!(refused().message, "`large` is a file of 17592186044417 bytes; the limit is 17592186044416 (16 TiB)");
}
