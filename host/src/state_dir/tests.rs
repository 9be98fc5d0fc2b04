use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::deployer::fixture::{World, chmod};
use crate::test_support::Mounted;

fn refused(config: &Config) -> String {
    let failure = StateDir::open(config).unwrap_err();
    assert_eq!(failure.code, Code::StateRefused, "{failure}");
    assert!(!failure.hint.is_empty(), "{failure}");
    failure.message
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn what_init_makes_is_private_and_can_be_opened_and_made_again() {
    let world = World::new();
    let root: &Path = world.state.root();
    for directory in [root.to_path_buf(), world.state.transactions(), world.state.locks(), world.state.cache()] {
        assert_eq!(mode(&directory), 0o700, "{}", directory.display());
    }
    for file in ["host-id", "environment-key", "snapshots/.reforge-host"] {
        assert_eq!(mode(&root.join(file)), 0o600, "{file}");
    }
    let key = world.state.environment_key().unwrap();
    assert_eq!(StateDir::init(&world.config).unwrap().host_id(), world.state.host_id());
    assert_eq!(StateDir::open(&world.config).unwrap().environment_key().unwrap(), key);
    assert_ne!(World::new().state.host_id(), world.state.host_id());
    let left: Vec<_> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("probe")), "{left:?}");
}

#[test]
fn a_state_directory_that_is_missing_is_not_made_by_opening_it() {
    let world = World::new();
    let root: &Path = world.state.root();
    std::fs::rename(root, world.root.join("away")).unwrap();
    assert_eq!(refused(&world.config), format!("`{}` does not exist", root.display()));
    assert!(!root.exists());
    std::fs::create_dir(root).unwrap();
    assert_eq!(refused(&world.config), format!("the state directory `{}` has no host id", root.display()));
}

#[test]
fn a_state_directory_that_is_not_whole_is_refused() {
    let world = World::new();
    let root = world.state.root().to_owned();
    std::fs::remove_dir(world.state.transactions()).unwrap();
    assert_eq!(refused(&world.config), format!("the state directory `{}` lacks `transactions`", root.display()));
    StateDir::init(&world.config).unwrap();
    std::fs::write(root.join("host-id"), "not an id").unwrap();
    assert_eq!(refused(&world.config), format!("`{}` is damaged", root.join("host-id").display()));
    assert_eq!(StateDir::init(&world.config).unwrap_err().code, Code::StateRefused);
}

#[test]
fn a_state_directory_that_others_can_write_is_refused() {
    let world = World::new();
    chmod(world.state.root(), 0o770);
    assert_eq!(refused(&world.config), format!("`{}` can be written by others", world.state.root().display()));
}

#[test]
fn a_snapshot_directory_of_another_host_is_refused_by_open_and_by_init() {
    let (mut world, other) = (World::new(), World::new());
    world.config.host.snapshot_dir = other.config.host.snapshot_dir.clone();
    assert!(refused(&world.config).contains("is not the one this host used before"));
    assert!(StateDir::init(&world.config).unwrap_err().message.contains("different hosts"));
}

#[test]
fn a_snapshot_directory_that_was_not_mounted_is_refused() {
    let world = World::new();
    let snapshots = &world.config.host.snapshot_dir;
    std::fs::remove_file(snapshots.join(".reforge-host")).unwrap();
    assert_eq!(
        refused(&world.config),
        format!(
            "the snapshot directory `{}` has no host id, so it is not the one this host used before",
            snapshots.display()
        )
    );
}

#[test]
fn a_host_that_lost_its_state_takes_up_its_snapshots_when_told_init() {
    let mut world = World::new();
    let moved = world.root.join("snapshots");
    std::fs::rename(&world.config.host.snapshot_dir, &moved).unwrap();
    world.config.host.snapshot_dir = moved;
    world.config.host.state_dir = world.root.join("new/state");
    assert_eq!(StateDir::init(&world.config).unwrap().host_id(), world.state.host_id());
}

#[test]
fn a_state_directory_on_a_disk_that_turned_read_only_or_full_is_refused() {
    for full in [false, true] {
        let world = World::new();
        let disk = world.root.join("disk");
        std::fs::create_dir(&disk).unwrap();
        let mount = Mounted::tmpfs(&disk, "mode=700,size=256k");
        let mut config = world.config.clone();
        config.host.state_dir = disk.join("state");
        config.host.snapshot_dir = disk.join("state/snapshots");
        StateDir::init(&config).unwrap();
        if full {
            std::fs::write(disk.join("filler"), vec![1; 1 << 20]).unwrap_err();
        } else {
            mount.remount("ro");
        }
        assert!(refused(&config).starts_with("the state directory is not writable: "), "full: {full}");
    }
}
