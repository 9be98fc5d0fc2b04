use std::fs;
use std::os::unix::fs::symlink;

use super::*;
use reforge_testing::{Disk, Mounted, run};

fn parent() -> (tempfile::TempDir, Parent) {
    let directory = tempfile::tempdir().unwrap();
    let parent = Parent::open(&directory.path().canonicalize().unwrap()).unwrap();
    (directory, parent)
}

#[test]
fn a_tree_goes_and_what_its_links_point_to_stays() {
    let (directory, parent) = parent();
    let path = directory.path();
    fs::create_dir_all(path.join("tree/a/b")).unwrap();
    fs::write(path.join("tree/a/file"), b"x").unwrap();
    fs::write(path.join("outside"), b"x").unwrap();
    fs::create_dir(path.join("elsewhere")).unwrap();
    fs::write(path.join("elsewhere/file"), b"x").unwrap();
    symlink("../elsewhere", path.join("tree/link")).unwrap();
    fs::hard_link(path.join("outside"), path.join("tree/hard")).unwrap();
    let removal = remove_tree(&parent, "tree").unwrap();
    assert_eq!((removal.is_complete(), removal.removed), (true, 6));
    assert!(!path.join("tree").exists() && path.join("elsewhere/file").exists() && path.join("outside").exists());
    assert_eq!(remove_tree(&parent, "tree").unwrap(), Removal::default());
}

#[test]
fn what_is_not_a_directory_is_not_removed() {
    let (directory, parent) = parent();
    fs::create_dir(directory.path().join("real")).unwrap();
    symlink("real", directory.path().join("link")).unwrap();
    fs::write(directory.path().join("file"), b"x").unwrap();
    for name in ["link", "file", "real/..", "..", ""] {
        remove_tree(&parent, name).unwrap_err();
    }
    assert!(directory.path().join("real").exists() && directory.path().join("file").exists());
}

#[test]
fn a_removal_never_crosses_a_mount() {
    let (directory, parent) = parent();
    let path = directory.path();
    fs::create_dir_all(path.join("tree/deep/mounted")).unwrap();
    fs::create_dir(path.join("precious")).unwrap();
    fs::write(path.join("precious/data"), b"x").unwrap();
    {
        let _bind = Mounted::bind(&path.join("precious"), &path.join("tree/deep/mounted"));
        let removal = remove_tree(&parent, "tree").unwrap();
        assert!(removal.stopped && !removal.is_complete());
        assert_eq!(removal.unremoved_names[0].path, Path::new("tree/deep/mounted"));
    }
    assert_eq!(fs::read(path.join("precious/data")).unwrap(), b"x");
    {
        let _bind = Mounted::bind(&path.join("precious"), &path.join("tree"));
        assert!(remove_tree(&parent, "tree").unwrap().stopped);
    }
    {
        fs::write(path.join("tree/file"), b"").unwrap();
        let _bind = Mounted::bind(&path.join("precious/data"), &path.join("tree/file"));
        assert!(remove_tree(&parent, "tree").unwrap().stopped);
    }
    assert_eq!(fs::read(path.join("precious/data")).unwrap(), b"x");
    assert!(remove_tree(&parent, "tree").unwrap().is_complete());
}

#[test]
fn a_mount_of_another_file_system_is_left_alone() {
    let disk = Disk::ext4(16);
    fs::write(disk.path().join("data"), b"x").unwrap();
    let (directory, parent) = parent();
    fs::create_dir_all(directory.path().join("tree/mounted")).unwrap();
    {
        let _bind = Mounted::bind(disk.path(), &directory.path().join("tree/mounted"));
        assert!(remove_tree(&parent, "tree").unwrap().stopped);
    }
    assert!(disk.path().join("data").exists());
}

#[test]
fn what_is_immutable_is_named_and_left_and_all_else_goes() {
    let (directory, parent) = parent();
    let path = directory.path();
    fs::create_dir_all(path.join("tree/a/b")).unwrap();
    fs::create_dir_all(path.join("tree/z")).unwrap();
    for name in ["tree/a/frozen", "tree/a/b/file", "tree/z/file", "tree/file"] {
        fs::write(path.join(name), b"x").unwrap();
    }
    let frozen = path.join("tree/a/frozen");
    run("chattr", &["+i", frozen.to_str().unwrap()]);
    let removal = remove_tree(&parent, "tree").unwrap();
    run("chattr", &["-i", frozen.to_str().unwrap()]);
    assert_eq!(removal.unremoved_names.len(), 1);
    assert_eq!(removal.unremoved_names[0].path, Path::new("tree/a/frozen"));
    assert!(removal.unremoved_names[0].reason.contains("immutable"));
    assert_eq!((removal.unremoved, removal.stopped), (3, false));
    let left: Vec<_> = fs::read_dir(path.join("tree")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["a"]);
    assert_eq!(fs::read_dir(path.join("tree/a")).unwrap().count(), 1);
    assert!(remove_tree(&parent, "tree").unwrap().is_complete());
}

#[test]
fn a_read_only_subvolume_is_named_and_left() {
    let disk = Disk::btrfs();
    let parent = Parent::open(disk.path()).unwrap();
    let text = |name: &str| disk.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir(disk.path().join("tree")).unwrap();
    fs::write(disk.path().join("tree/file"), b"x").unwrap();
    run("btrfs", &["subvolume", "create", &text("source")]);
    fs::write(disk.path().join("source/data"), b"x").unwrap();
    run("btrfs", &["subvolume", "snapshot", "-r", &text("source"), &text("tree/snapshot")]);
    let removal = remove_tree(&parent, "tree").unwrap();
    assert_eq!(removal.unremoved_names.len(), 1);
    assert_eq!(removal.unremoved_names[0].path, Path::new("tree/snapshot"));
    assert!(disk.path().join("tree/snapshot/data").exists() && !disk.path().join("tree/file").exists());
    assert!(remove_tree(&parent, "source").unwrap().is_complete(), "a subvolume that is the tree itself goes");
}

#[test]
fn a_tree_deeper_than_any_path_goes() {
    let (_directory, parent) = parent();
    parent.make_directory("tree").unwrap();
    let mut deepest = parent.open_live("tree").unwrap().unwrap();
    for _ in 0..3000 {
        deepest.create_dir("deeper").unwrap();
        deepest = deepest.open_dir("deeper").unwrap();
    }
    drop(deepest);
    let removal = remove_tree(&parent, "tree").unwrap();
    assert_eq!((removal.removed, removal.unremoved), (3001, 0), "{removal:?}");
}

#[test]
fn a_directory_with_many_names_goes_whole() {
    let (directory, parent) = parent();
    fs::create_dir(directory.path().join("tree")).unwrap();
    (0..5000).for_each(|number| fs::write(directory.path().join(format!("tree/file-{number}")), b"").unwrap());
    assert_eq!(remove_tree(&parent, "tree").unwrap().removed, 5001);
}
