//! Promise 8: bytes, names that are not UTF-8, owner, group, mode, times to the nanosecond, attributes and ACLs, sparse
//! files, empty directories, the root's own owner and mode; and a person with only `tar` gets the same.

#[path = "what_comes_back_is_what_was_there/any_tree.rs"]
mod any_tree;
#[path = "what_comes_back_is_what_was_there/fidelity.rs"]
mod fidelity;
#[path = "what_comes_back_is_what_was_there/other_archivers.rs"]
mod other_archivers;
#[path = "what_comes_back_is_what_was_there/while_it_changes.rs"]
mod while_it_changes;

use std::ffi::OsStr;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::support::process::run;
use crate::support::signature::{self, assert_same, without_attributes};
use crate::support::{Volume, Workload, World};

const LARGE_BYTES: usize = 33 << 20;

/// One of everything.
fn fill(root: &Path) {
    let mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    let odd = root.join(OsStr::from_bytes(b"not-utf-8-\xff\xfe"));
    std::fs::create_dir(&odd).unwrap();
    std::fs::write(odd.join(OsStr::from_bytes(b"new\nline \x01 \"quotes\" \\")), "odd").unwrap();
    std::fs::write(root.join("n".repeat(255)), "a long name").unwrap();
    let mut deep = root.to_owned();
    for _ in 0..30 {
        deep.push("d".repeat(40));
        std::fs::create_dir(&deep).unwrap();
    }
    std::fs::write(deep.join("bottom"), "deep").unwrap();
    std::fs::write(root.join("empty"), "").unwrap();
    let empty = root.join("empty-directory");
    std::fs::create_dir(&empty).unwrap();
    mode(&empty, 0o1777);
    let owned = root.join("owned");
    std::fs::write(&owned, "owned").unwrap();
    chown(&owned, Some(4711), Some(4712)).unwrap();
    mode(&owned, 0o400);
    let set_id = root.join("set-id");
    std::fs::write(&set_id, "set-id").unwrap();
    mode(&set_id, 0o6755);
    let none = root.join("no-rights");
    std::fs::write(&none, "no rights").unwrap();
    mode(&none, 0);
    let large: Vec<u8> =
        (0..LARGE_BYTES / 8).flat_map(|n| (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes()).collect();
    std::fs::write(root.join("large"), large).unwrap();
    let mut sparse = std::fs::File::create(root.join("sparse")).unwrap();
    for at in [0, 5 << 20, 300 << 20] {
        sparse.seek(SeekFrom::Start(at)).unwrap();
        sparse.write_all(b"data").unwrap();
    }
    sparse.set_len(400 << 20).unwrap();
    std::fs::File::create(root.join("only-a-hole")).unwrap().set_len(64 << 20).unwrap();
    let attributed = root.join("attributed");
    std::fs::write(&attributed, "attributed").unwrap();
    let path = attributed.to_str().unwrap();
    run("setfattr", &["-n", "user.name", "-v", "0x00ff0a", path]);
    run("setfattr", &["-n", "trusted.name", "-v", "trusted", path]);
    run("setfacl", &["-m", "u:4711:rw,g:4712:r", path]);
    run("setfacl", &["-d", "-m", "u:4711:rwx", empty.to_str().unwrap()]);
    std::fs::hard_link(root.join("large"), root.join("large-again")).unwrap();
    std::fs::hard_link(&owned, odd.join("owned-again")).unwrap();
    symlink("owned", root.join("link")).unwrap();
    symlink("/nowhere/../at/all", root.join("dangling")).unwrap();
    std::os::unix::fs::lchown(root.join("dangling"), Some(4711), Some(4712)).unwrap();
    for (name, at) in [("empty", Duration::new(1, 1)), ("owned", Duration::new(4_102_444_800, 999_999_999))] {
        std::fs::File::options()
            .read(true)
            .open(root.join(name))
            .unwrap()
            .set_modified(SystemTime::UNIX_EPOCH + at)
            .unwrap();
    }
    let before_1970 = SystemTime::UNIX_EPOCH - Duration::new(86_400, 500);
    std::fs::File::open(&empty).unwrap().set_modified(before_1970).unwrap();
    chown(root, Some(4711), Some(4712)).unwrap();
    mode(root, 0o2750);
    run("setfattr", &["-n", "user.root", "-v", "itself", root.to_str().unwrap()]);
}

pub(crate) fn deployed() -> (World, PathBuf, String) {
    let mut app = Workload::idle("app", [Volume::project("data")]);
    app.links = true;
    let world = World::deployed([app]);
    let live = world.volume("app", "data");
    fill(&live);
    let snapshot = world.snapshot("app");
    (world, live, snapshot)
}

#[test]
fn one_of_everything_comes_back() {
    let (world, live, snapshot) = deployed();
    let before = signature::of(&live);
    run("find", &[live.to_str().unwrap(), "-mindepth", "1", "-delete"]);
    std::fs::write(live.join("other"), "other").unwrap();
    run("chmod", &["0777", live.to_str().unwrap()]);
    run("chown", &["0:0", live.to_str().unwrap()]);
    world.restore("app", &snapshot, &[]).expect(0);
    assert_same(&signature::of(&live), &before, "restored");
    let blocks = std::fs::metadata(live.join("sparse")).unwrap().blocks() * 512;
    assert!(blocks < 1 << 20, "the sparse file takes {blocks} bytes");
    // And again from the safety snapshot that the undo leaves behind.
    let id = world.receipt()["id"].as_str().unwrap().to_owned();
    world.undo(&id).expect(0);
    let safety = world.receipt()["safety"].as_str().unwrap().to_owned();
    world.restore("app", &safety, &[]).expect(0);
    assert_same(&signature::of(&live), &before, "restored from a safety snapshot");
}

#[test]
fn a_person_with_only_tar_gets_the_same_tree() {
    let (world, live, snapshot) = deployed();
    let before = signature::of(&live);
    let archive = world.snapshot_files("app", &snapshot).0;
    let whole = world.path("whole");
    std::fs::create_dir(&whole).unwrap();
    let (archive, into) = (archive.to_str().unwrap(), whole.to_str().unwrap());
    run("tar", &["--xattrs", "--xattrs-include=*", "--acls", "-C", into, "-xzpf", archive]);
    assert_same(&signature::of(&whole.join("volumes/0")), &before, "extracted with attributes");
    let plain = world.path("plain");
    std::fs::create_dir(&plain).unwrap();
    run("tar", &["-C", plain.to_str().unwrap(), "-xzpf", archive]);
    let found = without_attributes(signature::of(&plain.join("volumes/0")));
    assert_same(&found, &without_attributes(before), "extracted with plain tar, but for attributes");
    let manifest = crate::support::world::read_json(&whole.join("manifest.json"));
    assert_eq!((&manifest["format"], &manifest["workload"]), (&1.into(), &"app".into()));
}

#[test]
fn sockets_and_fifos_are_left_out_and_listed_and_refuse_nothing() {
    let world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    let live = world.volume("app", "data");
    std::fs::write(live.join("file"), "old").unwrap();
    run("mkfifo", &[live.join("fifo").to_str().unwrap()]);
    let socket = std::os::unix::net::UnixListener::bind(live.join("socket")).unwrap();
    drop(socket);
    let snapshot = world.snapshot("app");
    let descriptor = crate::support::world::read_json(&world.snapshot_files("app", &snapshot).1);
    assert_eq!(descriptor["volumes"][0]["special"], 2);
    world.restore("app", &snapshot, &[]).expect(0);
    let names: Vec<Vec<u8>> = signature::of(&live).into_keys().collect();
    assert_eq!(names, [b"".to_vec(), b"file".to_vec()]);
}

#[test]
fn an_exported_snapshot_is_the_archive() {
    let (world, _, snapshot) = deployed();
    let file = world.path("exported.tar.gz");
    world.ok(&["snapshot", "export", "app", &snapshot, file.to_str().unwrap()]);
    assert_eq!(std::fs::read(&file).unwrap(), std::fs::read(world.snapshot_files("app", &snapshot).0).unwrap());
}

#[test]
fn what_could_not_be_removed_is_named_with_what_to_do_and_a_later_finish_removes_it() {
    let world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    let live = world.volume("app", "data");
    std::fs::create_dir(live.join("logs")).unwrap();
    std::fs::write(live.join("logs/audit"), "x").unwrap();
    run("chattr", &["+a", live.join("logs/audit").to_str().unwrap()]);
    let snapshot = world.snapshot("app");
    world.restore("app", &snapshot, &[]).expect(0);
    let finish = ["restore", "finish", &world.transactions()[0], "--yes"];
    let left = world.siblings(&live)[0].join("logs/audit");
    for _ in 0..2 {
        let said = world.reforge(&finish);
        said.expect(0).expect_said(left.to_str().unwrap()).expect_said("chattr -ia").expect_said("tries again");
    }
    run("chattr", &["-a", left.to_str().unwrap()]);
    world.reforge(&finish).expect(0).expect_unsaid("could not be removed");
    assert!(world.siblings(&live).is_empty());
    assert_eq!(world.receipt()["left_behind"].as_array().map_or(0, Vec::len), 0);
    world.reforge(&finish).expect(2).expect_said("keeps no previous data");
}
