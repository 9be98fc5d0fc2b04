//! What no restore could bring back fails the capture, is named, and leaves nothing behind.

use super::super::*;
use super::fixture::World;
use reforge_testing::Mounted;

#[track_caller]
fn refused(world: &World, code: Code, named: &str) {
    for storage in [Storage::Compressed, Storage::Stored] {
        let failure = world.capture(storage).unwrap_err();
        assert_eq!(failure.code, code, "{failure}");
        assert!(failure.message.contains(named), "{failure}");
        assert_eq!(world.stored(), Vec::<String>::new());
    }
}

#[test]
fn a_device_node_is_refused() {
    refused(&World::made_by("mkdir d; mknod d/null c 1 3"), Code::PolicyRefused, "`d/null` in volume `v0`");
}

#[test]
fn a_tree_that_is_too_deep_is_refused() {
    let deepest = "a/".repeat(128);
    let world = World::made_by(&format!("mkdir -p {deepest}"));
    world.capture(Storage::Stored).unwrap();
    let world = World::made_by(&format!("mkdir -p {deepest}b"));
    refused(&world, Code::PolicyRefused, "is 129 directories deep");
}

#[test]
fn a_path_that_is_too_long_is_refused() {
    let world = World::made_by("n=$(printf 'x%.0s' {1..250}); for i in $(seq 1 17); do mkdir $n; cd $n; done");
    refused(&world, Code::PolicyRefused, "has a path of 4266 bytes");
}

#[test]
fn another_file_system_inside_is_refused_and_never_read() {
    for (mount, named) in [
        ("mkdir m; mount -t tmpfs tmpfs m; printf x > m/f", "`m` in volume `v0`"),
        ("mkdir m other; printf x > other/f; mount --bind other m", "`m` in volume `v0`"),
        ("printf x > other; : > m; mount --bind other m", "`m` in volume `v0`"),
    ] {
        let world = World::made_by(mount);
        let mounted = Mounted::already(world.live().join("m"));
        let failure = world.capture(Storage::Stored).unwrap_err();
        assert_eq!(failure.code, Code::VolumeRefused, "{failure}");
        assert!(failure.message.contains(named), "{failure}");
        assert_eq!(world.stored(), Vec::<String>::new());
        drop(mounted);
    }
}

#[test]
fn a_live_root_that_is_a_mount_itself_is_captured() {
    let world = World::new();
    let _mounted = Mounted::tmpfs(&world.live(), "");
    world.shell("printf x > f");
    assert_eq!(world.capture(Storage::Stored).unwrap().volumes[0].entries, 2);
}
