//! The whole of it by a user without any privilege, who owns the volumes. Tests run as root, so these run the program as
//! somebody else, in a world of their own.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::process::run;
use crate::support::signature;
use crate::support::{Volume, Workload, World};

fn world() -> World {
    let world = World::of_ordinary_user([Workload::idle("app", [Volume::project("data")])]);
    world.ok(&["deploy", "app"]);
    world
}

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Makes it as the world's user would.
fn own(path: &Path) {
    run("chown", &["-R", "65534:65534", path.to_str().unwrap()]);
}

/// A tree that even its owner cannot write to without changing modes first.
fn fill(live: &Path, say: &str) {
    let closed = live.join("closed");
    std::fs::create_dir_all(closed.join("below")).unwrap();
    for file in ["closed/file", "closed/below/file", "file"] {
        std::fs::write(live.join(file), say).unwrap();
        chmod(&live.join(file), 0o400);
    }
    own(live);
    chmod(&closed.join("below"), 0o500);
    chmod(&closed, 0o500);
}

fn empty(live: &Path) {
    for path in crate::support::world::names(live) {
        run("rm", &["-r", path.to_str().unwrap()]);
    }
}

#[test]
fn a_restore_its_undo_and_the_removal_of_trees_that_nobody_may_write_to() {
    let world = world();
    let live = world.volume("app", "data");
    fill(&live, "old");
    let old = signature::of(&live);
    let snapshot = world.snapshot("app");
    empty(&live);
    fill(&live, "new");
    let new = signature::of(&live);
    world.restore("app", &snapshot, &[]).expect(0);
    assert_eq!(signature::of(&live), old);
    let restore = world.transactions().pop().unwrap();
    world.undo(&restore).expect(0);
    assert_eq!(signature::of(&live), new);
    let undo = world.transactions().pop().unwrap();
    world.ok(&["restore", "finish", &undo, "--yes"]).expect_unsaid("could not be removed");
    assert_eq!(world.siblings(&live), Vec::<std::path::PathBuf>::new());
    assert!(world.is_running("app"));
    // One that is cancelled by a fault takes its own staging away, too.
    let effects = world.effects_of(&["restore", "run", "app", &snapshot, "--yes"]);
    world.ok(&["restore", "finish", &world.transactions().pop().unwrap(), "--yes"]);
    let sealed = effects.iter().position(|name| name == "record-sealed").unwrap() + 1;
    world.faulty(&format!("{sealed}:EIO"), &["restore", "run", "app", &snapshot, "--yes"]).expect(1);
    assert_eq!(signature::of(&live), old);
    assert_eq!(world.siblings(&live), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_directory_or_file_that_cannot_be_read_is_refused_while_the_app_runs() {
    let world = world();
    let live = world.volume("app", "data");
    fill(&live, "old");
    let snapshot = world.snapshot("app");
    let processes = world.processes("app");
    for (path, mode) in [("closed/below", 0o000), ("closed/file", 0o000)] {
        let path = live.join(path);
        let before = std::fs::metadata(&path).unwrap().permissions();
        chmod(&path, mode);
        let tree = signature::of(&live);
        let name = path.strip_prefix(&live).unwrap().to_str().unwrap().to_owned();
        world.reforge(&["snapshot", "create", "app"]).expect(3).expect_said(&name).expect_clear();
        let run = world.restore("app", &snapshot, &[]);
        run.expect(3).expect_said(&name).expect_clear();
        assert_eq!(signature::of(&live), tree);
        assert_eq!(world.processes("app"), processes, "the app was left alone");
        assert_eq!(world.siblings(&live), Vec::<std::path::PathBuf>::new());
        std::fs::set_permissions(&path, before).unwrap();
    }
    world.restore("app", &snapshot, &[]).expect(0);
}

#[test]
fn what_belongs_to_somebody_else_is_refused_while_the_app_runs() {
    let world = world();
    let live = world.volume("app", "data");
    fill(&live, "old");
    let snapshot = world.snapshot("app");
    std::fs::write(live.join("of-root"), "root").unwrap();
    let tree = signature::of(&live);
    let processes = world.processes("app");
    world.reforge(&["snapshot", "create", "app"]).expect(3).expect_said("of-root").expect_clear();
    world.restore("app", &snapshot, &[]).expect(3).expect_said("of-root").expect_clear();
    assert_eq!(signature::of(&live), tree);
    assert_eq!(world.processes("app"), processes);
}

#[test]
fn what_cannot_be_read_is_replaced_where_the_previous_data_are_the_way_back() {
    let world = world();
    let live = world.volume("app", "data");
    fill(&live, "old");
    let old = signature::of(&live);
    let snapshot = world.snapshot("app");
    chmod(&live.join("closed/file"), 0o000);
    let closed = signature::of(&live);
    world.restore("app", &snapshot, &["--keep-previous"]).expect(0);
    assert_eq!(signature::of(&live), old);
    world.undo(&world.transactions().pop().unwrap()).expect(0);
    assert_eq!(signature::of(&live), closed);
}
