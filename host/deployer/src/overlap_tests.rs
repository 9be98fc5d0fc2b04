use std::os::unix::fs::symlink;

use super::*;
use reforge_config::scope::Scope;
use reforge_testing::Mounted;
use reforge_testing::world::{WithVolume as _, World, workload};

/// What is said of the workload `a`, the world's directory cut from it.
fn messages(world: &World) -> Vec<String> {
    let mounts = MountTable::read().unwrap();
    let found = refusals(&world.config, world.config.workload("a").unwrap(), &mounts);
    let shorten = |failure: Failure| {
        assert!(!failure.hint.is_empty());
        failure.message.replace(world.root.to_str().unwrap(), "")
    };
    found.into_iter().map(shorten).collect()
}

/// `x` of `a` and `y` of `b`, both absolute.
fn two(world: World, x: &str, y: &str) -> World {
    let (x, y) = (world.root.join(x), world.root.join(y));
    world.with([
        workload("a", "one", "prod").volume("x", Scope::Absolute, x),
        workload("b", "two", "prod").volume("y", Scope::Absolute, y),
    ])
}

fn check(world: &World, relation: &str, x: &str, y: &str) {
    let expected = format!("volume `x` of `a` at `/{x}` {relation} volume `y` of `b` at `/{y}`");
    assert_eq!(messages(world), [expected]);
}

#[test]
fn equal_and_nested_directories_are_refused_existing_or_not() {
    for exists in [true, false] {
        for (x, y, relation) in [
            ("allowed/d", "allowed/d", "is the same directory as"),
            ("allowed/d/e/f", "allowed/d", "lies inside"),
            ("allowed/d", "allowed/d/e/f", "contains"),
        ] {
            let world = two(World::new(), x, y);
            if exists {
                world.live(x);
                world.live(y);
            }
            check(&world, relation, x, y);
        }
        let world = two(World::new(), "allowed/data", "allowed/data2");
        assert_eq!(messages(&world), [] as [&str; 0], "names that start the same");
    }
}

#[test]
fn nesting_behind_a_link_is_found() {
    let world = two(World::new(), "allowed/d", "link/d");
    world.live("allowed");
    symlink(world.root.join("allowed"), world.root.join("link")).unwrap();
    check(&world, "is the same directory as", "allowed/d", "link/d");
    world.live("allowed/d");
    check(&world, "is the same directory as", "allowed/d", "link/d");
    let world = two(World::new(), "allowed/d", "allowed/link");
    world.live("allowed/d/inner");
    symlink(world.root.join("allowed/d/inner"), world.root.join("allowed/link")).unwrap();
    check(&world, "contains", "allowed/d", "allowed/link");
}

#[test]
fn nesting_behind_a_bind_mount_is_found_in_both_directions() {
    let world = two(World::new(), "allowed/d", "bound/sub");
    world.live("allowed/d/inner/sub");
    let bound = world.live("bound");
    let _mount = Mounted::bind(&world.root.join("allowed/d/inner"), &bound);
    check(&world, "contains", "allowed/d", "bound/sub");

    let world = two(World::new(), "bound/not/there/yet", "allowed/d");
    world.live("allowed/d/inner");
    let bound = world.live("bound");
    let _mount = Mounted::bind(&world.root.join("allowed/d/inner"), &bound);
    check(&world, "lies inside", "bound/not/there/yet", "allowed/d");

    let world = two(World::new(), "allowed/d", "bound");
    world.live("allowed/d");
    let bound = world.live("bound");
    let _mount = Mounted::bind(&world.root.join("allowed/d"), &bound);
    check(&world, "is the same directory as", "allowed/d", "bound");
}

#[test]
fn the_ancestors_identity_finds_nesting_without_any_mount_table() {
    let world = two(World::new(), "allowed/d", "bound/sub");
    world.live("allowed/d/sub");
    let bound = world.live("bound");
    let _mount = Mounted::bind(&world.root.join("allowed/d"), &bound);
    let nothing = MountTable::parse(b"").unwrap();
    let found = refusals(&world.config, world.config.workload("a").unwrap(), &nothing);
    assert_eq!(found.len(), 1);
}

#[test]
fn volumes_of_one_workload_are_told_once_a_pair() {
    let world = World::new();
    let app = workload("a", "one", "prod").volume("x", Scope::Project, "d").volume("y", Scope::Project, "d/e");
    let world = world.with([app]);
    let expected = "volume `x` of `a` at `/volumes/one/d` contains volume `y` of `a` at `/volumes/one/d/e`";
    assert_eq!(messages(&world), [expected]);
}

#[test]
fn stages_of_one_project_share_its_project_volume_only_in_the_configuration_of_one() {
    let app = |id: &str, stage: &str| {
        workload(id, "one", stage).volume("own", Scope::Stage, "data").volume("shared", Scope::Project, "shared")
    };
    let world = World::new().with([app("a", "prod"), app("b", "test")]);
    let expected = "volume `shared` of `a` at `/volumes/one/shared` is the same directory as volume `shared` of `b` at \
                    `/volumes/one/shared`";
    assert_eq!(messages(&world), [expected]);
    let app = workload("a", "one", "prod").volume("x", Scope::Project, "test");
    let world = World::new().with([app, workload("b", "one", "test").volume("y", Scope::Stage, "data")]);
    assert_eq!(messages(&world).len(), 1, "a project volume named as a stage");
}

#[test]
fn a_volume_that_cannot_be_compared_is_refused() {
    let world = two(World::new(), "allowed/d", "allowed/link/d");
    symlink("nowhere", world.root.join("allowed/link")).unwrap();
    let expected = "volume `x` of `a` at `/allowed/d` cannot be compared with volume `y` of `b` at `/allowed/link/d`: \
                    cannot follow `/allowed/link`: no such file or directory";
    assert_eq!(messages(&world), [expected]);
}

#[test]
fn the_hosts_own_directories_are_kept_apart() {
    for (x, relation, own) in [
        ("state", "contains", "state/transactions"),
        ("state/locks", "is the same directory as", "state/locks"),
        ("state/snapshots/data", "lies inside", "state/snapshots"),
        ("volumes", "contains", "volumes/.previews"),
    ] {
        let world = World::new();
        let source = world.root.join(x);
        let world = world.with([workload("a", "one", "prod").volume("x", Scope::Absolute, source)]);
        let expected = format!("volume `x` of `a` at `/{x}` {relation} the host's own directory `/{own}`");
        assert_eq!(messages(&world), [expected]);
    }
}
