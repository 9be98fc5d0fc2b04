use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;
use reforge_testing::{Disk, Mounted, run};

fn parent() -> (tempfile::TempDir, Parent) {
    let directory = tempfile::tempdir().unwrap();
    let parent = Parent::open(&directory.path().canonicalize().unwrap()).unwrap();
    (directory, parent)
}

#[test]
fn an_exchange_swaps_two_trees_and_nothing_else() {
    let (directory, parent) = parent();
    for name in ["live", ".reforge-1-0"] {
        parent.make_directory(name).unwrap();
        fs::write(directory.path().join(name).join("who"), name).unwrap();
    }
    let before = (parent.identity("live").unwrap(), parent.identity(".reforge-1-0").unwrap());
    parent.exchange("live", ".reforge-1-0").unwrap();
    parent.sync().unwrap();
    assert_eq!((parent.identity(".reforge-1-0").unwrap(), parent.identity("live").unwrap()), before);
    assert_eq!(fs::read(directory.path().join("live/who")).unwrap(), b".reforge-1-0");
    assert_eq!(parent.siblings().unwrap(), [".reforge-1-0"]);
}

#[test]
fn a_live_name_of_255_bytes_works() {
    let (_directory, parent) = parent();
    let long = "n".repeat(255);
    parent.make_directory(&long).unwrap();
    parent.make_directory(".reforge-1-0").unwrap();
    parent.exchange(&long, ".reforge-1-0").unwrap();
}

#[test]
fn an_exchange_that_cannot_be_says_why_and_what_to_do() {
    let (directory, parent) = parent();
    for name in ["a", "b", "mounted", "frozen"] {
        parent.make_directory(name).unwrap();
    }
    let _bind = Mounted::bind(&directory.path().join("b"), &directory.path().join("mounted"));
    let long = "n".repeat(256);
    run("chattr", &["+i", directory.path().join("frozen").to_str().unwrap()]);
    for (other, code, says) in [
        ("mounted", Code::VolumeRefused, "mount point"),
        ("frozen", Code::VolumeRefused, "forbids"),
        (&long, Code::VolumeRefused, "too long"),
        ("absent", Code::VolumeRefused, "gone"),
        ("", Code::Usage, "not a name"),
        (".", Code::Usage, "not a name"),
        ("..", Code::Usage, "not a name"),
        ("a/b", Code::Usage, "not a name"),
        ("a\0b", Code::Usage, "not a name"),
    ] {
        let failure = parent.exchange("a", other).unwrap_err();
        assert!(failure.code == code && failure.message.contains(says), "{other}: {failure:?}");
        assert!(!failure.hint.is_empty(), "{other}");
    }
    run("chattr", &["-i", directory.path().join("frozen").to_str().unwrap()]);
}

#[test]
fn every_refusal_of_an_exchange_has_its_own_words() {
    let mut messages = std::collections::HashSet::new();
    for (errno, code) in [
        (Errno::XDEV, Code::VolumeRefused),
        (Errno::BUSY, Code::VolumeRefused),
        (Errno::ACCESS, Code::VolumeRefused),
        (Errno::PERM, Code::VolumeRefused),
        (Errno::INVAL, Code::VolumeRefused),
        (Errno::NAMETOOLONG, Code::VolumeRefused),
        (Errno::NOSPC, Code::NoSpace),
        (Errno::ROFS, Code::VolumeRefused),
    ] {
        let failure = refused_exchange(Path::new("/a"), Path::new("/b"), &errno.into());
        assert_eq!(failure.code, code);
        assert!(!failure.hint.is_empty() && messages.insert(failure.message));
    }
    let failure = refused_exchange(Path::new("/a"), Path::new("/b"), &Errno::NOSYS.into());
    assert_eq!((failure.code, messages.contains(&failure.message)), (Code::VolumeRefused, true));
    assert_eq!(refused_exchange(Path::new("/a"), Path::new("/b"), &Errno::IO.into()).code, Code::Io);
}

#[test]
fn different_project_ids_refuse_an_exchange() {
    let disk = Disk::xfs();
    let parent = Parent::open(disk.path()).unwrap();
    parent.make_directory("live").unwrap();
    parent.make_directory("new").unwrap();
    // The parent hands its project down, so only what has the same project may be renamed into it.
    run("chattr", &["-p", "7", disk.path().join("live").to_str().unwrap()]);
    run("chattr", &["+P", disk.path().to_str().unwrap()]);
    let failure = parent.exchange("live", "new").unwrap_err();
    assert!(failure.message.contains("project"), "{failure:?}");
}

#[test]
fn a_probe_leaves_nothing_and_a_read_only_parent_is_found_out() {
    let disk = Disk::ext4(16);
    let parent = Parent::open(disk.path()).unwrap();
    parent.probe(".reforge-1-a", ".reforge-1-b").unwrap();
    assert!(parent.siblings().unwrap().is_empty());
    run("mount", &["-o", "remount,ro", disk.path().to_str().unwrap()]);
    assert_eq!(parent.probe(".reforge-1-a", ".reforge-1-b").unwrap_err().code, Code::Io);
}

#[test]
fn only_an_empty_directory_is_removed() {
    let (directory, parent) = parent();
    parent.make_directory("full").unwrap();
    fs::write(directory.path().join("full/file"), b"").unwrap();
    fs::write(directory.path().join("file"), b"").unwrap();
    for name in ["full", "file", "absent"] {
        parent.remove_empty(name).unwrap_err();
    }
    assert!(directory.path().join("full/file").exists() && directory.path().join("file").exists());
    assert_eq!(parent.make_directory("full").unwrap_err().code, Code::Io);
    fs::remove_file(directory.path().join("full/file")).unwrap();
    parent.remove_empty("full").unwrap();
}

#[test]
fn a_path_with_a_link_or_without_a_root_is_refused() {
    let (directory, _parent) = parent();
    let path = directory.path().canonicalize().unwrap();
    fs::create_dir(path.join("real")).unwrap();
    symlink("real", path.join("link")).unwrap();
    fs::write(path.join("file"), b"").unwrap();
    for (name, code) in [
        ("link", Code::VolumeRefused),
        ("file", Code::VolumeRefused),
        ("real/../real", Code::VolumeRefused),
        ("absent", Code::NotFound),
    ] {
        assert_eq!(Parent::open(&path.join(name)).unwrap_err().code, code, "{name}");
    }
    assert_eq!(Parent::open(Path::new("tmp")).unwrap_err().code, Code::VolumeRefused);
}

#[test]
fn a_parent_that_was_moved_or_covered_is_noticed() {
    let (directory, _parent) = parent();
    let path = directory.path().canonicalize().unwrap();
    fs::create_dir(path.join("here")).unwrap();
    fs::create_dir(path.join("other")).unwrap();
    let parent = Parent::open(&path.join("here")).unwrap();
    assert!(parent.still_reached_by_path().unwrap());
    {
        let _cover = Mounted::bind(&path.join("other"), &path.join("here"));
        assert!(!parent.still_reached_by_path().unwrap());
    }
    {
        let _same_directory_other_mount = Mounted::bind(&path.join("here"), &path.join("here"));
        assert!(!parent.still_reached_by_path().unwrap());
    }
    fs::rename(path.join("here"), path.join("away")).unwrap();
    assert!(!parent.still_reached_by_path().unwrap());
    symlink("away", path.join("here")).unwrap();
    assert!(!parent.still_reached_by_path().unwrap());
}

#[test]
fn a_parent_in_which_others_may_write_is_refused() {
    let (directory, parent) = parent();
    let refused = || parent.refuse_untrusted("live").unwrap_err();
    parent.refuse_untrusted("live").unwrap();
    for mode in [0o720, 0o702, 0o1777] {
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(refused().code, Code::VolumeRefused, "{mode:o}");
    }
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::chown(directory.path(), Some(12345), None).unwrap();
    assert_eq!(refused().code, Code::VolumeRefused, "there is no live");
    parent.make_directory("live").unwrap();
    assert_eq!(refused().code, Code::VolumeRefused, "live is root's");
    std::os::unix::fs::chown(directory.path(), Some(0), None).unwrap();
    parent.refuse_untrusted("live").unwrap();
}

#[test]
fn a_parent_of_lives_own_owner_is_accepted_if_nobody_else_could_move_it() {
    let above = tempfile::tempdir().unwrap();
    let (home, path) = (above.path().join("home"), above.path().join("home/docker"));
    fs::create_dir_all(path.join("live")).unwrap();
    let own = |path: &Path, uid| std::os::unix::fs::chown(path, Some(uid), Some(uid)).unwrap();
    [&home, &path, &path.join("live")].into_iter().for_each(|path| own(path, 1000));
    fs::set_permissions(above.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let parent = Parent::open(&path.canonicalize().unwrap()).unwrap();
    let refused = |what: &str| {
        let failure = parent.refuse_untrusted("live").expect_err(what);
        assert_eq!(failure.code, Code::VolumeRefused, "{what}");
        (failure.message.to_string(), failure.hint.to_string())
    };
    parent.refuse_untrusted("live").unwrap();
    own(&path.join("live"), 1001);
    assert!(refused("live is another's").0.contains("belongs to user 1000"));
    own(&path.join("live"), 1000);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o775)).unwrap();
    assert!(refused("a group may write").1.starts_with("chmod go-w"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    own(&home, 1001);
    assert!(refused("another may move it").0.contains("belongs to user 1001"));
    own(&home, 0);
    fs::set_permissions(&home, fs::Permissions::from_mode(0o777)).unwrap();
    assert!(refused("all may move it").1.starts_with("chmod go-w"));
    fs::set_permissions(&home, fs::Permissions::from_mode(0o1777)).unwrap();
    parent.refuse_untrusted("live").unwrap();
    fs::rename(path.join("live"), path.join("away")).unwrap();
    symlink("away", path.join("live")).unwrap();
    std::os::unix::fs::lchown(path.join("live"), Some(1000), Some(1000)).unwrap();
    refused("a link of the owner's");
}

#[test]
fn what_is_opened_as_known_is_that_and_what_was_made_is_ones_own() {
    let (directory, parent) = parent();
    let made = parent.make_own("one").unwrap();
    assert_eq!(parent.identity("one").unwrap().as_ref(), Some(&made));
    parent.open_known("one", &made).unwrap();
    let other = parent.make_own("other").unwrap();
    parent.exchange("one", "other").unwrap();
    assert_eq!(parent.open_known("one", &made).unwrap_err().code, Code::VolumeRefused);
    parent.open_known("one", &other).unwrap();
    fs::remove_dir(directory.path().join("one")).unwrap();
    parent.open_known("one", &other).unwrap_err();
}

#[test]
fn a_live_directory_is_opened_for_real_and_never_through_a_link() {
    let (directory, parent) = parent();
    parent.make_directory("live").unwrap();
    symlink("live", directory.path().join("link")).unwrap();
    let live = parent.open_live("live").unwrap().unwrap();
    durable::sync_open_directory(live.as_fd(), Path::new("live")).unwrap();
    assert!(parent.open_live("absent").unwrap().is_none());
    assert_eq!(parent.open_live("link").unwrap_err().code, Code::VolumeRefused);
}
