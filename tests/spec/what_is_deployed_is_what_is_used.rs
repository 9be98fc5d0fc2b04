//! Where an app's data is, is asked of what is deployed, by identity: where the configuration says otherwise, nothing is
//! captured, restored or undone, and both paths are named.

use std::path::PathBuf;

use crate::support::process::run;
use crate::support::signature;
use crate::support::{Volume, Workload, World};

/// Two volumes that were captured, changed and are live.
fn deployed() -> (World, String) {
    let world = World::deployed([Workload::idle("app", [Volume::project("a"), Volume::project("b")])]);
    say(&world, "snapshot");
    let snapshot = world.snapshot("app");
    say(&world, "before");
    (world, snapshot)
}

fn say(world: &World, what: &str) {
    for name in ["a", "b"] {
        std::fs::write(world.volume("app", name).join("says"), what).unwrap();
    }
}

fn copied(world: &World, name: &str, to: &str) -> PathBuf {
    let live = world.volume("app", name);
    let copy = live.with_file_name(to);
    run("cp", &["-a", live.to_str().unwrap(), copy.to_str().unwrap()]);
    copy
}

fn volume<'a>(world: &'a mut World, name: &str) -> &'a mut Volume {
    world.workload("app").volumes.iter_mut().find(|volume| volume.name == name).unwrap()
}

fn configure(world: &mut World, name: &str, source: &str) {
    volume(world, name).source = source.into();
    world.write_config();
}

/// Everything that would use the volumes is refused, names both places, and touches nothing.
#[track_caller]
fn is_refused(world: &World, snapshot: &str, says: &[&str]) {
    let before = (signature::of_volumes(&world.path("volumes")), world.processes("app"));
    let undo = world.transactions().pop();
    let mut commands = vec![
        vec!["restore", "plan", "app", snapshot],
        vec!["restore", "run", "app", snapshot, "--yes"],
        vec!["snapshot", "create", "app"],
    ];
    commands.extend(undo.iter().map(|id| vec!["restore", "undo", id, "--yes"]));
    for command in commands {
        let output = world.reforge(&command);
        assert_eq!(output.code, Some(3), "{command:?}: {output:?}");
        for said in says {
            assert!(output.stdout.contains(said) || output.stderr.contains(said), "{command:?}, {said}: {output:?}");
        }
    }
    assert_eq!((signature::of_volumes(&world.path("volumes")), world.processes("app")), before);
}

#[test]
fn a_volume_that_was_configured_elsewhere_and_not_deployed_is_refused_with_both_paths() {
    let (mut world, snapshot) = deployed();
    let copy = copied(&world, "b", "b2");
    let live = world.volume("app", "b");
    configure(&mut world, "b", "b2");
    is_refused(&world, &snapshot, &[live.to_str().unwrap(), copy.to_str().unwrap()]);
    world.ok(&["deploy", "app"]);
    world.restore("app", &snapshot, &[]).expect(0);
}

#[test]
fn an_app_that_runs_on_a_directory_that_was_moved_away_is_stopped_before_its_volume_comes_back_elsewhere() {
    let (mut world, snapshot) = deployed();
    let live = world.volume("app", "b");
    std::fs::rename(&live, live.with_file_name("aside")).unwrap();
    configure(&mut world, "b", "b2");
    world.restore("app", &snapshot, &[]).expect(3).expect_said("stop the workload first");
    assert!(!live.exists() && !live.with_file_name("b2").exists());
    world.ok(&["stop", "app"]);
    world.restore("app", &snapshot, &[]).expect(0);
}

#[test]
fn two_volumes_whose_sources_changed_places_are_refused() {
    let (mut world, snapshot) = deployed();
    configure(&mut world, "a", "b");
    configure(&mut world, "b", "a");
    is_refused(&world, &snapshot, &["volume `a`", "volume `b`"]);
}

#[test]
fn a_directory_that_was_replaced_below_a_running_app_is_refused() {
    let (world, snapshot) = deployed();
    let live = world.volume("app", "b");
    let aside = live.with_file_name("aside");
    std::fs::rename(&live, &aside).unwrap();
    run("cp", &["-a", aside.to_str().unwrap(), live.to_str().unwrap()]);
    is_refused(&world, &snapshot, &["moved away or replaced"]);
    world.ok(&["deploy", "app"]);
    world.restore("app", &snapshot, &[]).expect(0);
}

#[test]
fn a_volume_that_the_app_still_has_and_the_configuration_no_longer_is_refused() {
    let (mut world, snapshot) = deployed();
    let live = world.volume("app", "b");
    world.workload("app").volumes.retain(|volume| volume.name != "b");
    world.write_config();
    is_refused(&world, &snapshot, &[live.to_str().unwrap()]);
}

#[test]
fn an_undo_of_what_is_not_configured_any_more_is_refused_also_when_the_app_is_stopped() {
    let (mut world, snapshot) = deployed();
    world.restore("app", &snapshot, &[]).expect(0);
    say(&world, "after");
    world.ok(&["stop", "app"]);
    copied(&world, "b", "b2");
    configure(&mut world, "b", "b2");
    let id = world.transactions().pop().unwrap();
    let before = signature::of_volumes(&world.path("volumes"));
    world.undo(&id).expect(3).expect_said("configured at");
    world.ok(&["deploy", "app"]);
    world.undo(&id).expect(3).expect_said("configured at");
    assert_eq!(signature::of_volumes(&world.path("volumes")), before);
}

#[test]
fn an_undo_after_a_volume_was_renamed_saves_what_it_takes_out() {
    let (mut world, snapshot) = deployed();
    world.restore("app", &snapshot, &[]).expect(0);
    say(&world, "after");
    let live = world.volume("app", "b");
    volume(&mut world, "b").name = "database".into();
    world.write_config();
    world.undo(&world.transactions().pop().unwrap()).expect(0);
    assert_eq!(std::fs::read_to_string(live.join("says")).unwrap(), "before");
    let safety = world.receipt()["safety"].as_str().unwrap().to_owned();
    // It is as good as any: the ordinary restore takes it.
    world.ok(&["deploy", "app"]);
    world.restore("app", &safety, &[]).expect(0);
    assert_eq!(std::fs::read_to_string(live.join("says")).unwrap(), "after");
}

#[test]
fn a_workload_that_got_another_name_waits_for_its_directories_too() {
    let (mut world, snapshot) = deployed();
    world.faulty("exchange#4:before", &["restore", "run", "app", &snapshot, "--yes"]);
    copied(&world, "b", "b.copy");
    let live = world.volume("app", "b");
    std::fs::rename(&live, live.with_file_name("b.x")).unwrap();
    std::fs::rename(live.with_file_name("b.copy"), &live).unwrap();
    world.reforge(&["recover"]).expect(5);
    world.workload("app").id = "renamed".into();
    world.write_config();
    for command in
        [&["deploy", "renamed"][..], &["snapshot", "create", "renamed"], &["preview", "renamed", "/bin/true"]]
    {
        world.reforge(command).expect(5).expect_said("resolve");
    }
}

#[test]
fn a_swap_by_hand_right_before_the_commit_takes_everything_back() {
    let (world, snapshot) = deployed();
    let live = world.volume("app", "a");
    let before = signature::of(&live.with_file_name("b"));
    let mut running = world.start_pausing("record-swapped", &["restore", "run", "app", &snapshot, "--yes"]);
    assert!(running.reaches_its_pause());
    std::fs::rename(&live, live.with_file_name("by-hand")).unwrap();
    running.go_on();
    running.wait().expect(4).expect_said("every volume holds what it held before again");
    assert_eq!(std::fs::read_to_string(live.join("says")).unwrap(), "before");
    assert_eq!(signature::of(&live.with_file_name("b")), before);
    assert_eq!(std::fs::read_to_string(live.with_file_name("by-hand").join("says")).unwrap(), "snapshot", "it stays");
    assert_eq!(world.processes("app").len(), 1, "the app is back");
}

#[test]
fn a_swap_by_hand_after_the_commit_needs_an_operator_and_no_app_is_started_on_it() {
    let (world, snapshot) = deployed();
    let live = world.volume("app", "a");
    let mut running = world.start_pausing("sync-commit", &["restore", "run", "app", &snapshot, "--yes"]);
    assert!(running.reaches_its_pause());
    std::fs::rename(&live, live.with_file_name("by-hand")).unwrap();
    running.go_on();
    running.wait().expect(5);
    assert!(world.processes("app").is_empty());
    world.reforge(&["recover"]).expect(5);
    std::fs::rename(live.with_file_name("by-hand"), &live).unwrap();
    world.reforge(&["recover"]).expect(0);
    assert_eq!(std::fs::read_to_string(live.join("says")).unwrap(), "snapshot");
    assert_eq!(world.processes("app").len(), 1);
}

#[test]
fn a_workload_that_got_another_name_is_not_started_beside_itself() {
    let (mut world, snapshot) = deployed();
    world.workload("app").volumes.push(Volume::project("new"));
    world.workload("app").id = "renamed".into();
    world.write_config();
    world.workload("renamed").volumes.pop();
    let before = signature::of_volumes(&world.path("volumes"));
    world.reforge(&["deploy", "renamed"]).expect(3).expect_said("workload `app`, which runs");
    assert_eq!(signature::of_volumes(&world.path("volumes")), before, "a deploy that is refused made a directory");
    world.write_config();
    world.reforge(&["snapshot", "create", "renamed"]).expect(3);
    assert!(world.processes("renamed").is_empty());
    world.ok(&["stop", "app"]);
    assert!(world.processes("app").is_empty());
    world.ok(&["deploy", "renamed"]);
    world.reforge(&["restore", "run", "renamed", &snapshot, "--yes"]).expect(2);
}
