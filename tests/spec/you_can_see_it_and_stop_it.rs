//! Promise 10: a cancel before the commit means that the swap never happened; a failure says what went wrong, what
//! state things are in now, and what to do.

use rustix::process::Signal;

use crate::support::archives;
use crate::support::bench::{Bench, fill, signatures};
use crate::support::eventually;
use crate::support::process::run;
use crate::support::signature;
use crate::support::{Volume, Workload, World};

/// How many instants of the time before the swap are interrupted; of the swap itself all are.
const INTERRUPTS: usize = 16;

#[test]
fn a_restore_that_is_interrupted_before_its_commit_never_happened() {
    let bench = Bench::new();
    let world = &bench.world;
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let effects = world.effects_of(&bench.restore());
    bench.tidy();
    let position = |record: &str| effects.iter().position(|name| name == record).expect(record);
    let (swapping, commit) = (position("record-swapping"), position("record-commit"));
    let step = (swapping / INTERRUPTS).max(1);
    let mut instants: Vec<usize> = (0..swapping).step_by(step).collect();
    // And at the record of each step, and at all of the swap.
    instants.extend((0..swapping).filter(|index| effects[*index].starts_with("record-")));
    instants.extend(swapping..commit);
    instants.sort_unstable();
    instants.dedup();
    for index in instants {
        let at = format!("interrupted at effect {} ({})", index + 1, effects[index]);
        bench.lives.iter().for_each(|live| fill(live, "new"));
        let new = signatures(&bench.lives);
        let mut restore = world.start_pausing(index + 1, &bench.restore());
        assert!(restore.reaches_its_pause(), "{at}: it ended before");
        restore.interrupt();
        restore.go_on();
        let output = restore.wait();
        assert_eq!(output.code, Some(130), "{at}: {output:?}");
        assert_eq!(signatures(&bench.lives), new, "{at}");
        assert!(world.is_running("app"), "{at}: the app ran and does not");
        for live in &bench.lives {
            assert!(world.siblings(live).is_empty(), "{at}: staging was left beside {}", live.display());
        }
        world.ok(&["recover"]).expect_said("nothing was unfinished");
    }
}

#[test]
fn an_undo_that_is_interrupted_before_its_commit_never_happened_and_can_be_asked_for_again() {
    let bench = Bench::new();
    let world = &bench.world;
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let new = signatures(&bench.lives);
    let restored = || {
        world.ok(&bench.restore());
        world.transactions().pop().unwrap()
    };
    let undoing = world.effects_of(&["restore", "undo", &restored(), "--yes"]);
    bench.tidy();
    let id = restored();
    let undo = ["restore", "undo", &id, "--yes"];
    let position = |record: &str| undoing.iter().position(|name| name == record).expect(record);
    let (stopping, commit) = (position("record-stopping"), position("record-commit"));
    for index in (0..stopping).step_by(stopping / 4).chain(stopping..commit) {
        let at = format!("interrupted at effect {} ({})", index + 1, undoing[index]);
        let mut undone = world.start_pausing(index + 1, &undo);
        assert!(undone.reaches_its_pause(), "{at}: it ended before");
        undone.interrupt();
        undone.go_on();
        let output = undone.wait();
        assert_eq!(output.code, Some(130), "{at}: {output:?}");
        assert_eq!(signatures(&bench.lives), bench.old, "{at}");
        assert!(world.is_running("app"), "{at}: the app ran and does not");
        for live in &bench.lives {
            assert_eq!(world.siblings(live).len(), 1, "{at}: the previous tree of {}", live.display());
        }
    }
    world.ok(&undo);
    assert_eq!(signatures(&bench.lives), new);
}

#[test]
fn after_the_commit_an_interrupt_stops_nothing() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let effects = bench.world.effects_of(&bench.restore());
    bench.tidy();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let starting =
        effects.iter().position(|name| name == "record-starting-app").expect("the record before the start") + 1;
    let mut restore = bench.world.start_pausing(starting, &bench.restore());
    assert!(restore.reaches_its_pause());
    restore.signal(Signal::INT);
    eventually("it is heard", || restore.complaints().contains("already committed: finishing"));
    restore.go_on();
    restore.wait().expect(0);
    assert_eq!(signatures(&bench.lives), bench.old);
    assert!(bench.world.is_running("app"));
}

#[test]
fn a_capture_that_is_interrupted_leaves_no_snapshot() {
    let bench = Bench::new();
    let files = || crate::support::world::names(&bench.world.snapshot_dir.join("app"));
    let before = files();
    let effects = bench.world.effects_of(&["snapshot", "create", "app"]);
    let made: Vec<_> = files().into_iter().filter(|path| !before.contains(path)).collect();
    let write = effects.iter().position(|name| name == "create-file").unwrap() + 1;
    let mut capture = bench.world.start_pausing(write, &["snapshot", "create", "app"]);
    assert!(capture.reaches_its_pause());
    capture.interrupt();
    capture.go_on();
    capture.wait().expect(130);
    let left: Vec<_> = files().into_iter().filter(|path| !before.contains(path) && !made.contains(path)).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// What is wrong, the exit code, and what must be said. The change is undone by throwing the world away.
type Row = (&'static str, fn(&mut World, &str), fn(&str) -> Vec<String>, i32, &'static [&'static str]);

fn words(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|word| (*word).to_owned()).collect()
}

fn restore(snapshot: &str) -> Vec<String> {
    words(&["restore", "run", "app", snapshot, "--yes"])
}

fn append(world: &World, text: &str) {
    let path = world.path("reforge.toml");
    let old = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, old + text).unwrap();
}

const BAD: &[Row] = &[
    ("an unknown key", |world, _| append(world, "vulume = 3\n"), restore, 2, &["reforge.toml", "line", "vulume"]),
    ("an unknown table", |world, _| append(world, "[hots]\n"), restore, 2, &["hots", "line"]),
    ("broken TOML", |world, _| append(world, "id = \n"), restore, 2, &["reforge.toml", "line"]),
    (
        "no configuration",
        |world, _| std::fs::remove_file(world.path("reforge.toml")).unwrap(),
        restore,
        2,
        &["reforge.toml"],
    ),
    (
        "a workload that does not exist",
        |_, _| {},
        |id| words(&["restore", "run", "nobody", id, "--yes"]),
        2,
        &["nobody", "app"],
    ),
    (
        "a snapshot that does not exist",
        |_, _| {},
        |_| words(&["restore", "run", "app", "19990101", "--yes"]),
        2,
        &["19990101"],
    ),
    (
        "a snapshot that is a path",
        |_, _| {},
        |_| words(&["restore", "run", "app", "../other/x", "--yes"]),
        2,
        &["../other/x"],
    ),
    (
        "a restore that does not exist",
        |_, _| {},
        |_| words(&["restore", "undo", "19990101", "--yes"]),
        2,
        &["19990101"],
    ),
    (
        "a missing descriptor",
        |world, id| std::fs::remove_file(world.snapshot_files("app", id).1).unwrap(),
        restore,
        3,
        &["descriptor is missing"],
    ),
    (
        "a truncated descriptor",
        |world, id| truncate(&world.snapshot_files("app", id).1, 3),
        restore,
        3,
        &["descriptor"],
    ),
    (
        "a descriptor with an unknown key",
        |world, id| {
            archives::edit_descriptor(&world.snapshot_files("app", id).1, |descriptor| {
                descriptor["surprise"] = 1.into()
            });
        },
        restore,
        3,
        &["descriptor", "surprise"],
    ),
    (
        "a descriptor of a later format",
        |world, id| {
            archives::edit_descriptor(&world.snapshot_files("app", id).1, |descriptor| {
                descriptor["manifest"]["format"] = 2.into()
            });
        },
        restore,
        3,
        &["format"],
    ),
    (
        "a missing archive",
        |world, id| std::fs::remove_file(world.snapshot_files("app", id).0).unwrap(),
        restore,
        3,
        &["archive is missing"],
    ),
    ("a truncated archive", |world, id| truncate(&world.snapshot_files("app", id).0, 2), restore, 3, &["damaged"]),
    (
        "a wrong digest",
        |world, id| {
            archives::edit_descriptor(&world.snapshot_files("app", id).1, |descriptor| {
                descriptor["archive"]["sha256"] = "0".repeat(64).into();
            });
        },
        restore,
        3,
        &["does not match its digest"],
    ),
    (
        "a state directory of another host",
        |world, _| {
            std::fs::write(world.state_dir().join("host-id"), "0123456789abcdef0123456789abcdef\n").unwrap();
        },
        restore,
        2,
        &["different hosts"],
    ),
    (
        "a state directory whose disk is not mounted",
        |world, _| {
            let state = world.state_dir();
            world.mount(&["-t", "tmpfs", "-o", "mode=0700", "none"], &state);
        },
        restore,
        2,
        &["has no host id"],
    ),
    (
        "a state directory that is gone",
        |world, _| std::fs::rename(world.state_dir(), world.path("away")).unwrap(),
        restore,
        2,
        &["does not exist"],
    ),
    (
        "a state directory that is not writable",
        |world, _| {
            let state = world.state_dir();
            world.mount(&["--bind", state.to_str().unwrap()], &state);
            run("mount", &["-o", "remount,bind,ro", state.to_str().unwrap()]);
        },
        restore,
        2,
        &["not writable"],
    ),
    (
        "a state directory that others can write",
        |world, _| {
            run("chmod", &["0777", world.state_dir().to_str().unwrap()]);
        },
        restore,
        2,
        &["written by others", "chmod 700"],
    ),
];

fn truncate(path: &std::path::Path, divisor: u64) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_len(file.metadata().unwrap().len() / divisor).unwrap();
}

#[test]
fn bad_input_is_one_clear_sentence_with_a_hint_and_changes_nothing() {
    for (what, spoil, arguments, code, wanted) in BAD {
        let mut world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
        let live = world.volume("app", "data");
        std::fs::write(live.join("file"), "old").unwrap();
        let snapshot = world.snapshot("app");
        std::fs::write(live.join("file"), "new").unwrap();
        let look = |world: &World| (signature::of(&live), world.processes("app"), world.siblings(&live));
        let before = look(&world);
        spoil(&mut world, &snapshot);
        let arguments = arguments(&snapshot);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = world.reforge(&arguments);
        assert_eq!(output.code, Some(*code), "{what}: {output:?}");
        for text in *wanted {
            assert!(output.said().contains(text), "{what}: no {text} in {output:?}");
        }
        let errors: Vec<&str> = output.stderr.lines().filter(|line| line.starts_with("error:")).collect();
        assert_eq!(errors.len(), 1, "{what}: {output:?}");
        assert!(output.stderr.lines().any(|line| line.starts_with("hint:")), "{what}: no hint in {output:?}");
        for noise in ["panicked", "stack backtrace", "RUST_BACKTRACE", "Failure {"] {
            assert!(!output.said().contains(noise), "{what}: {output:?}");
        }
        assert_eq!(look(&world), before, "{what}: something changed");
        let json = world.reforge(&[&arguments[..], &["--json"]].concat());
        assert_eq!(json.code, Some(*code), "{what} with --json: {json:?}");
        assert!(json.json()["error"]["message"].is_string(), "{what} with --json: {json:?}");
        world.write_config();
    }
}

#[test]
fn a_snapshot_directory_that_cannot_be_read_is_named() {
    let world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    let snapshot = world.snapshot("app");
    let directory = world.snapshot_dir.join("app");
    std::fs::rename(&directory, world.path("away")).unwrap();
    std::fs::write(&directory, "").unwrap();
    let output = world.restore("app", &snapshot, &[]);
    assert!(matches!(output.code, Some(1..=3)), "{output:?}");
    output.expect_said(directory.to_str().unwrap()).expect_unsaid("panicked");
    assert!(world.is_running("app"));
}

#[test]
fn a_failed_restore_says_what_state_things_are_in() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let effects = bench.world.effects_of(&bench.restore());
    bench.tidy();
    let exchange = effects.iter().rposition(|name| name == "exchange").unwrap() + 1;
    let output = bench.world.faulty(&format!("{exchange}:EIO"), &bench.restore());
    output.expect(4).expect_said("input/output error").expect_said("holds what it held before");
    let receipt = bench.world.receipt();
    assert_eq!(receipt["outcome"], "reverted");
    bench.world.ok(&["restore", "show", receipt["id"].as_str().unwrap()]).expect_said("reverted");
}
