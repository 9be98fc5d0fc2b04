//! What was written after a crash, by an app that somebody started by hand or by days of work that a state directory
//! from a copy knows nothing of, is never removed: it stays beside and is named.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use crate::support::process::{eventually, run};
use crate::support::{Volume, Workload, World};

fn restored(fault: &str) -> (World, String) {
    let world = World::deployed([Workload::idle("app", [Volume::project("a"), Volume::project("b")])]);
    say(&world, "snapshot");
    let snapshot = world.snapshot("app");
    say(&world, "before");
    let killed = world.faulty(fault, &["restore", "run", "app", &snapshot, "--yes"]);
    assert_eq!(killed.code, None, "{killed:?}");
    (world, snapshot)
}

fn say(world: &World, what: &str) {
    for name in ["a", "b"] {
        std::fs::write(world.volume("app", name).join("says"), what).unwrap();
    }
}

fn says(world: &World) -> Vec<String> {
    ["a", "b"].map(|name| std::fs::read_to_string(world.volume("app", name).join("says")).unwrap()).into()
}

/// An app that a person started, which goes on writing.
struct ByHand(Child);

impl ByHand {
    fn start(volumes: &[PathBuf]) -> ByHand {
        let orders: Vec<String> = volumes.iter().map(|volume| volume.join("orders").display().to_string()).collect();
        let script = "exec 3>>\"$1\" 4>>\"$2\"; while :; do echo order >&3; echo order >&4; sleep 0.01; done";
        let child = Command::new("/bin/sh").args(["-c", script, "sh"]).args(&orders).spawn().unwrap();
        eventually("it writes", || Path::new(&orders[1]).exists());
        ByHand(child)
    }

    fn end(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn volumes(world: &World) -> Vec<PathBuf> {
    ["a", "b"].map(|name| world.volume("app", name)).into()
}

fn siblings_with_orders(world: &World) -> usize {
    let of =
        |volume: &PathBuf| world.siblings(volume).into_iter().filter(|sibling| sibling.join("orders").exists()).count();
    volumes(world).first().map_or(0, of)
}

#[test]
fn a_finish_removes_nothing_that_it_has_found_itself() {
    let (world, _) = restored("record-commit:before");
    say(&world, "later");
    let id = world.transactions().pop().unwrap();
    world.reforge(&["restore", "finish", &id, "--yes"]).expect(3).expect_said("written to since, and kept");
    let kept = || world.siblings(&world.volume("app", "a"));
    assert_eq!(std::fs::read_to_string(kept()[0].join("says")).unwrap(), "later");
    world.ok(&["restore", "finish", &id, "--yes"]);
    assert_eq!(kept(), Vec::<PathBuf>::new());
}

#[test]
fn a_finish_whose_own_start_ends_the_window_removes_nothing_that_it_finds_then() {
    let mut world = World::new([Workload::idle("app", [Volume::project("a"), Volume::project("b")])]);
    world.host_lines = "undo_window = \"1ms\"".into();
    world.write_config();
    world.ok(&["deploy", "app"]);
    let snapshot = world.snapshot("app");
    world.restore("app", &snapshot, &[]).expect(0);
    let id = world.transactions().pop().unwrap();
    let previous = world.siblings(&world.volume("app", "a")).remove(0);
    for late in ["late", "later"] {
        std::fs::write(previous.join(late), late).unwrap();
        world.reforge(&["restore", "finish", &id, "--yes"]).expect(3).expect_said("written to since, and kept");
        assert!(previous.join(late).exists());
    }
}

#[test]
fn what_an_app_wrote_that_was_started_by_hand_after_a_crash_is_kept_for_a_window() {
    let (mut world, _) = restored("record-commit:before");
    let app = ByHand::start(&volumes(&world));
    app.end();
    let output = world.reforge(&["recover"]);
    output.expect(0);
    assert_eq!(says(&world), ["before", "before"], "{output:?}");
    assert_eq!(siblings_with_orders(&world), 2);
    let receipt = world.receipt();
    assert_eq!(receipt["later_writes"].as_array().unwrap().len(), 2, "{receipt}");
    assert_eq!(world.processes("app").len(), 1, "the app is back on what it had");
    // The workload is not blocked, and a second start changes nothing.
    world.reforge(&["recover"]).expect(0);
    world.ok(&["snapshot", "create", "app"]);
    let id = world.transactions().pop().unwrap();
    world.ok(&["restore", "finish", &id, "--yes"]);
    assert_eq!(siblings_with_orders(&world), 0, "a person who was told has said so");
    world.host_lines = "undo_window = \"1ms\"".into();
    world.write_config();
}

#[test]
fn what_an_app_wrote_on_a_half_swapped_set_is_noticed_also_when_it_is_gone() {
    let (world, _) = restored("exchange#4:before");
    ByHand::start(&volumes(&world)).end();
    let output = world.reforge(&["recover"]);
    output.expect(0).expect_said("something else had started it");
    assert_eq!(says(&world), ["before", "before"]);
    assert!(world.processes("app").is_empty(), "the volumes hold a part of what it wrote: {output:?}");
    assert_eq!(siblings_with_orders(&world), 1);
}

#[test]
fn an_app_that_was_started_by_hand_and_still_runs_keeps_its_trees_and_no_second_one_is_started() {
    for fault in ["record-commit:before", "record-stopped:after", "record-starting-app:after"] {
        let (world, _) = restored(fault);
        let app = ByHand::start(&volumes(&world));
        let before = says(&world);
        world.reforge(&["recover"]).expect(5).expect_said("is in use");
        assert_eq!(says(&world), before, "{fault}: nothing moves below it");
        assert!(world.processes("app").is_empty(), "{fault}");
        app.end();
        world.reforge(&["recover"]).expect(0);
        assert_eq!(world.processes("app").len(), 1, "{fault}");
        let everything = run("grep", &["-rl", "order", world.path("volumes").to_str().unwrap()]);
        assert!(everything.lines().count() >= 2, "{fault}: {everything}");
    }
}

#[test]
fn previous_data_that_somebody_wrote_to_is_kept_until_a_person_who_knows_finishes_twice() {
    let world = World::deployed([Workload::idle("app", [Volume::project("a"), Volume::project("b")])]);
    let snapshot = world.snapshot("app");
    world.restore("app", &snapshot, &[]).expect(0);
    let id = world.transactions().pop().unwrap();
    let previous = world.siblings(&world.volume("app", "a")).remove(0);
    std::fs::write(previous.join("late"), "late").unwrap();
    let shown = previous.to_str().unwrap().to_owned();
    world.reforge(&["restore", "finish", &id, "--yes"]).expect(3).expect_said(&shown);
    assert!(previous.join("late").exists());
    assert_eq!(world.receipt()["later_writes"][0], shown.as_str());
    world.ok(&["restore", "finish", &id, "--yes"]);
    assert!(!previous.exists());
}

#[test]
fn a_finish_that_is_killed_before_it_has_told_of_later_writes_has_told_nobody() {
    for instant in ["record-later-writes:before", "record-later-writes:after"] {
        let world = World::deployed([Workload::idle("app", [Volume::project("a"), Volume::project("b")])]);
        let snapshot = world.snapshot("app");
        world.restore("app", &snapshot, &[]).expect(0);
        let id = world.transactions().pop().unwrap();
        let previous = world.siblings(&world.volume("app", "a")).remove(0);
        std::fs::write(previous.join("late"), "late").unwrap();
        let finish = ["restore", "finish", &id, "--yes"];
        assert_eq!(world.faulty(instant, &finish).code, None);
        let told = world.receipt()["later_writes"].as_array().unwrap().len();
        let again = world.reforge(&finish);
        assert!(told == 1 || again.code == Some(3), "{instant}: {again:?}");
        assert!(told == 1 || previous.join("late").exists(), "{instant}");
    }
}

#[test]
fn a_window_that_ends_by_itself_keeps_what_was_written_since_for_another_one() {
    let mut world = World::new([Workload::idle("app", [Volume::project("a"), Volume::project("b")])]);
    world.host_lines = "undo_window = \"1ms\"".into();
    world.write_config();
    world.ok(&["deploy", "app"]);
    let snapshot = world.snapshot("app");
    world.restore("app", &snapshot, &[]).expect(0);
    let previous = world.siblings(&world.volume("app", "a")).remove(0);
    std::fs::write(previous.join("late"), "late").unwrap();
    world.reforge(&["recover"]).expect(0);
    assert!(previous.join("late").exists(), "kept");
    assert_eq!(world.receipt()["later_writes"].as_array().unwrap().len(), 1);
    world.reforge(&["recover"]).expect(0);
    assert!(!previous.exists(), "nobody came back to it in a whole window");
}

#[test]
fn a_state_directory_that_was_put_back_from_a_copy_needs_an_operator() {
    let world = World::deployed([Workload::idle("app", [Volume::project("a"), Volume::project("b")])]);
    let snapshot = world.snapshot("app");
    let copy = world.path("state-copy");
    let mut running = world.start_pausing("record-commit", &["restore", "run", "app", &snapshot, "--yes"]);
    assert!(running.reaches_its_pause());
    run("cp", &["-a", world.state_dir().to_str().unwrap(), copy.to_str().unwrap()]);
    running.go_on();
    running.wait().expect(0);
    say(&world, "days later");
    world.ok(&["stop", "app"]);
    std::fs::remove_dir_all(world.state_dir()).unwrap();
    std::fs::rename(&copy, world.state_dir()).unwrap();
    world.reforge(&["recover"]).expect(5).expect_said("older than the volumes");
    for command in
        [&["deploy", "app"][..], &["snapshot", "create", "app"], &["restore", "run", "app", &snapshot, "--yes"]]
    {
        world.reforge(command).expect(5);
    }
    assert_eq!(says(&world), ["days later", "days later"]);
    let id = world.transactions().pop().unwrap();
    world.ok(&["restore", "resolve", &id, "--keep", "live", "--yes"]);
    world.ok(&["recover", "--accept", "app"]);
    world.ok(&["deploy", "app"]);
    assert_eq!(says(&world), ["days later", "days later"]);
}

#[test]
fn a_state_directory_from_before_the_first_restore_has_nothing_to_decide_about() {
    let world = World::deployed([Workload::idle("app", [Volume::project("a"), Volume::project("b")])]);
    let (snapshot, copy) = (world.snapshot("app"), world.path("state-copy"));
    world.ok(&["stop", "app"]);
    run("cp", &["-a", world.state_dir().to_str().unwrap(), copy.to_str().unwrap()]);
    world.restore("app", &snapshot, &[]).expect(0);
    let id = world.transactions().pop().unwrap();
    let put_back = || {
        world.ok(&["stop", "app"]);
        std::fs::remove_dir_all(world.state_dir()).unwrap();
        run("cp", &["-a", copy.to_str().unwrap(), world.state_dir().to_str().unwrap()]);
    };
    put_back();
    world.restore("app", &snapshot, &[]).expect(5).expect_said(&id);
    for name in ["a", "b"] {
        let parent = world.volume("app", name).parent().unwrap().to_owned();
        for entry in std::fs::read_dir(&parent).unwrap().flatten() {
            if entry.file_name().to_string_lossy().contains(&id) {
                std::fs::remove_dir_all(entry.path()).unwrap();
            }
        }
    }
    world.restore("app", &snapshot, &[]).expect(0);
}
