use std::os::unix::fs::PermissionsExt as _;

use super::*;
use reforge_testing::Mounted;

/// A state directory that was made, and where it is looked for.
struct World {
    state: StateDir,
    state_dir: PathBuf,
    snapshot_dir: PathBuf,
    root: PathBuf,
    // Dropped last.
    _directory: tempfile::TempDir,
}

impl World {
    fn new() -> World {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        let (state_dir, snapshot_dir) = (root.join("state"), root.join("state/snapshots"));
        let state = StateDir::init(&state_dir, &snapshot_dir).unwrap();
        World { state, state_dir, snapshot_dir, root, _directory: directory }
    }

    fn init(&self) -> Result<StateDir> {
        StateDir::init(&self.state_dir, &self.snapshot_dir)
    }

    fn open(&self) -> Result<StateDir> {
        StateDir::open(&self.state_dir, &self.snapshot_dir)
    }
}

fn refused(world: &World) -> String {
    let failure = world.open().unwrap_err();
    assert_eq!(failure.code, Code::StateRefused, "{failure}");
    assert!(!failure.hint.is_empty(), "{failure}");
    failure.message.into()
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
    let key = world.state.environment_key().unwrap().secret;
    assert_eq!(world.init().unwrap().host_id(), world.state.host_id());
    assert_eq!(world.open().unwrap().environment_key().unwrap().secret, key);
    assert_ne!(World::new().state.host_id(), world.state.host_id());
    let left: Vec<_> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("probe")), "{left:?}");
}

#[test]
fn a_key_that_does_not_read_is_made_anew_and_one_that_reads_never() {
    let world = World::new();
    let path = world.state.root().join("environment-key");
    let first = world.state.environment_key().unwrap();
    assert!(first.since.is_some_and(|since| since <= jiff::Timestamp::now()));
    assert_eq!(world.state.renew_environment_key().unwrap(), None);
    // As hosts before wrote it.
    std::fs::write(&path, hex::encode(first.secret)).unwrap();
    assert_eq!(world.state.renew_environment_key().unwrap(), None);
    assert_eq!(world.state.environment_key().unwrap().since, None);
    let mut secrets = vec![first.secret];
    for damage in ["", "half", "\u{1}", "gone", "directory"] {
        std::fs::remove_file(&path).unwrap();
        match damage {
            "gone" => {}
            "directory" => std::fs::create_dir(&path).unwrap(),
            text => std::fs::write(&path, text).unwrap(),
        }
        assert!(world.state.renew_environment_key().unwrap().is_some(), "{damage}");
        secrets.push(world.state.environment_key().unwrap().secret);
        assert_eq!(mode(&path), 0o600);
    }
    secrets.dedup();
    assert_eq!(secrets.len(), 6, "each is another one");
}

#[test]
fn a_cache_that_somebody_deleted_is_no_other_state_directory() {
    let world = World::new();
    std::fs::remove_dir(world.state.cache()).unwrap();
    world.open().unwrap();
}

#[test]
fn a_state_directory_that_is_missing_is_not_made_by_opening_it() {
    let world = World::new();
    let root: &Path = world.state.root();
    std::fs::rename(root, world.root.join("away")).unwrap();
    assert_eq!(refused(&world), format!("`{}` does not exist", root.display()));
    assert!(!root.exists());
    std::fs::create_dir(root).unwrap();
    assert_eq!(refused(&world), format!("the state directory `{}` has no host id", root.display()));
}

#[test]
fn a_state_directory_that_is_not_whole_is_refused() {
    let world = World::new();
    let root = world.state.root().to_owned();
    std::fs::remove_dir(world.state.transactions()).unwrap();
    assert_eq!(refused(&world), format!("the state directory `{}` lacks `transactions`", root.display()));
    world.init().unwrap();
    std::fs::write(root.join("host-id"), "not an id").unwrap();
    assert_eq!(refused(&world), format!("`{}` is damaged", root.join("host-id").display()));
    assert_eq!(world.init().unwrap_err().code, Code::StateRefused);
}

#[test]
fn a_state_directory_that_others_can_write_is_refused() {
    let world = World::new();
    std::fs::set_permissions(world.state.root(), std::fs::Permissions::from_mode(0o770)).unwrap();
    assert_eq!(refused(&world), format!("`{}` can be written by others", world.state.root().display()));
}

#[test]
fn a_snapshot_directory_of_another_host_is_refused_by_open_and_by_init() {
    let (mut world, other) = (World::new(), World::new());
    world.snapshot_dir = other.snapshot_dir.clone();
    assert!(refused(&world).contains("is not the one this host used before"));
    assert!(world.init().unwrap_err().message.contains("different hosts"));
}

#[test]
fn a_snapshot_directory_that_was_not_mounted_is_refused() {
    let world = World::new();
    let snapshots = &world.snapshot_dir;
    std::fs::remove_file(snapshots.join(".reforge-host")).unwrap();
    assert_eq!(
        refused(&world),
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
    std::fs::rename(&world.snapshot_dir, &moved).unwrap();
    world.snapshot_dir = moved;
    world.state_dir = world.root.join("new/state");
    assert_eq!(world.init().unwrap().host_id(), world.state.host_id());
}

#[test]
fn a_state_directory_on_a_disk_that_turned_read_only_or_full_is_refused() {
    for full in [false, true] {
        let mut world = World::new();
        let disk = world.root.join("disk");
        std::fs::create_dir(&disk).unwrap();
        let mount = Mounted::tmpfs(&disk, "mode=700,size=256k");
        world.state_dir = disk.join("state");
        world.snapshot_dir = disk.join("state/snapshots");
        world.init().unwrap();
        if full {
            std::fs::write(disk.join("filler"), vec![1; 1 << 20]).unwrap_err();
        } else {
            mount.remount("ro");
        }
        assert!(refused(&world).starts_with("the state directory is not writable: "), "full: {full}");
    }
}

#[test]
fn a_snapshot_directory_whose_disk_keeps_no_modes_is_refused_with_what_works_there() {
    let world = World::new();
    std::fs::set_permissions(&world.snapshot_dir, std::fs::Permissions::from_mode(0o777)).unwrap();
    let failure = world.open().unwrap_err();
    assert!(failure.message.contains("can be written by others"), "{failure}");
    let uid = rustix::process::geteuid().as_raw();
    assert!(failure.hint.contains(&format!("mounted with `uid={uid},umask=077`")), "{}", failure.hint);
}
