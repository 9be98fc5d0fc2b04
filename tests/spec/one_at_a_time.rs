//! Promise 5: nothing else that changes a workload runs into its restore, also from a second process; other workloads
//! do not notice; and what only looks never changes anything.

use crate::support::bench::{Bench, fill, signatures};
use crate::support::signature;
use crate::support::{Running, Volume, Workload, World};

/// `app`, restored with `old` in its volume, and other workloads beside it.
fn workloads() -> (World, String) {
    let other_stage = |mut workload: Workload| {
        workload.project = "app".into();
        workload.stage = "test".into();
        workload
    };
    let world = World::deployed([
        Workload::idle("app", [Volume::project("data")]),
        Workload::idle("other", [Volume::project("its")]),
        other_stage(Workload::idle("app-test", [])),
    ]);
    std::fs::write(world.volume("app", "data").join("file"), "old").unwrap();
    let snapshot = world.snapshot("app");
    (world, snapshot)
}

/// A restore of `app` that waits right before the exchange of its volume.
fn held(world: &World, snapshot: &str) -> Running {
    let arguments = ["restore", "run", "app", snapshot, "--yes"];
    let effects = world.effects_of(&arguments);
    std::fs::write(world.volume("app", "data").join("file"), "new").unwrap();
    let exchange = effects.iter().rposition(|name| name == "exchange").unwrap() + 1;
    let mut restore = world.start_pausing(exchange, &arguments);
    assert!(restore.reaches_its_pause(), "it ended: {:?}", restore.wait());
    restore
}

#[test]
fn a_second_restore_of_the_workload_is_refused_as_busy_at_once_and_waits_if_told_to() {
    let (world, snapshot) = workloads();
    let first = held(&world, &snapshot);
    let refused = world.restore("app", &snapshot, &[]);
    refused.expect(6).expect_said("held by restore").expect_said("--wait");
    let mut waiting = world.start(&["restore", "run", "app", &snapshot, "--yes", "--wait"]);
    let undone = world.reforge(&["restore", "undo", &world.transactions()[0], "--yes"]);
    undone.expect(6);
    assert!(!waiting.is_over(), "it was told to wait");
    first.go_on();
    first.wait().expect(0);
    waiting.wait().expect(0);
    let receipts = world.receipts();
    let [.., first, second] = receipts.as_slice() else { panic!("{receipts:?}") };
    assert!(second["began"].as_str() >= first["ended"].as_str(), "{first} {second}");
}

#[test]
fn restores_of_two_workloads_run_side_by_side() {
    let (world, snapshot) = workloads();
    let other = world.snapshot("other");
    let first = held(&world, &snapshot);
    world.restore("other", &other, &[]).expect(0);
    world.ok(&["deploy", "other"]);
    first.go_on();
    first.wait().expect(0);
}

#[test]
fn no_way_to_deploy_and_no_capture_interleaves_with_a_restore() {
    let (world, snapshot) = workloads();
    let restore = held(&world, &snapshot);
    let before = (signature::of_volumes(&world.path("volumes")), world.processes("app"));
    for arguments in [
        &["deploy", "app"][..],
        &["rollback", "app"],
        &["promote", "app-test", "app"],
        &["preview", "app", "/bin/sleep 2000000"],
        &["stop", "app"],
        &["start", "app"],
        &["workload", "forget", "app", "--yes"],
        &["snapshot", "create", "app"],
        &["snapshot", "delete", "app", &snapshot, "--yes"],
    ] {
        let output = world.reforge(arguments);
        assert_eq!(output.code, Some(6), "{arguments:?}: {output:?}");
        assert_eq!((signature::of_volumes(&world.path("volumes")), world.processes("app")), before, "{arguments:?}");
    }
    let waiting = [&["deploy", "app", "--wait"][..], &["snapshot", "create", "app", "--wait"]];
    let waiting = waiting.map(|arguments| world.start(arguments));
    restore.go_on();
    restore.wait().expect(0);
    for one in waiting {
        one.wait().expect(0);
    }
    assert_eq!(std::fs::read_to_string(world.volume("app", "data").join("file")).unwrap(), "old");
    assert!(world.is_running("app"));
}

#[test]
fn what_only_looks_changes_nothing_whatever_is_unfinished() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let effects = bench.world.effects_of(&bench.restore());
    bench.tidy();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    // Killed between the two exchanges: a mixture, the app down.
    let exchange = effects.iter().rposition(|name| name == "exchange").unwrap() + 1;
    bench.world.faulty(&format!("{exchange}:before"), &bench.restore());
    let world = &bench.world;
    let id = world.transactions().pop().unwrap();
    let state = |name: &str| signature::of(&world.state_dir().join(name));
    let look = || {
        let trees = bench.lives.each_ref().map(|live| signature::of(live.parent().unwrap()));
        let kept = ["transactions", "receipts", "deployments"].map(state);
        (trees, kept, signature::of(&world.snapshot_dir), world.processes("app"))
    };
    let before = look();
    assert!(before.3.is_empty(), "the app is down");
    let mut refused = 0;
    for arguments in [
        &["restore", "list"][..],
        &["restore", "show", &id],
        &["restore", "plan", "app", &bench.snapshot],
        &["restore", "resolve", &id],
        &["snapshot", "list", "app"],
        &["snapshot", "show", "app", &bench.snapshot],
        &["snapshot", "verify", "app", &bench.snapshot],
        &["workload", "list"],
        &["workload", "show", "app"],
        &["audit"],
    ] {
        let output = world.reforge(arguments);
        assert!(matches!(output.code, Some(0 | 3 | 5)), "{arguments:?}: {output:?}");
        refused += usize::from(output.code != Some(0));
        assert_eq!(look(), before, "{arguments:?} changed something");
    }
    assert_eq!(refused, 1, "the plan alone is refused, since a restore is unfinished");
    world.ok(&["recover"]);
    assert!(world.is_running("app"));
    assert_ne!(signatures(&bench.lives), bench.old);
}

#[test]
fn a_command_that_changes_something_settles_what_a_crash_left_first() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let effects = bench.world.effects_of(&bench.restore());
    bench.tidy();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let new = signatures(&bench.lives);
    let exchange = effects.iter().rposition(|name| name == "exchange").unwrap() + 1;
    bench.world.faulty(&format!("{exchange}:before"), &bench.restore());
    assert_ne!(signatures(&bench.lives), new, "a mixture");
    bench.world.snapshot("app");
    assert_eq!(signatures(&bench.lives), new);
    assert!(bench.world.is_running("app"));
}

#[test]
fn a_sibling_of_another_workload_s_restore_beside_the_volume_raises_no_alarm() {
    let beside = |id: &str| {
        let mut workload = Workload::idle(id, [Volume::project(id)]);
        workload.project = "shared".into();
        workload
    };
    let world = World::deployed([beside("app"), beside("other")]);
    let (snapshot, other) = (world.snapshot("app"), world.snapshot("other"));
    let mut first = world.start_pausing("record-swapping", &["restore", "run", "app", &snapshot, "--yes"]);
    assert!(first.reaches_its_pause());
    world.restore("other", &other, &[]).expect(0);
    world.ok(&["restore", "plan", "other", &other]);
    world.ok(&["deploy", "other"]);
    // One whose journal is damaged is that workload's alone.
    drop(first);
    let journal = world.state_dir().join("transactions").join(&world.transactions()[0]).join("journal");
    std::fs::write(journal, [7; 4096]).unwrap();
    world.ok(&["restore", "plan", "other", &other]);
}

/// Two hosts, each with its own state, that have the same directory as a volume.
fn two_hosts() -> (World, World) {
    let one = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    one.ok(&["stop", "app"]);
    let live = one.volume("app", "data");
    std::fs::write(live.join("file"), "old").unwrap();
    let mut two = World::new([Workload::idle("theirs", [Volume::absolute("data", &live)])]);
    two.allowed_roots = vec![one.path("volumes")];
    two.write_config();
    (one, two)
}

#[test]
fn another_host_waits_for_nothing_and_touches_nothing_while_one_restores() {
    let (one, two) = two_hosts();
    let (snapshot, theirs) = (one.snapshot("app"), two.snapshot("theirs"));
    let live = one.volume("app", "data");
    for effect in ["record-sibling", "exchange#2", "record-completed"] {
        std::fs::write(live.join("file"), "new").unwrap();
        let mut restore = one.start_pausing(effect, &["restore", "run", "app", &snapshot, "--yes"]);
        assert!(restore.reaches_its_pause(), "{effect}");
        for arguments in [
            &["restore", "run", "theirs", &theirs, "--yes"][..],
            &["snapshot", "create", "theirs"],
            &["deploy", "theirs"],
        ] {
            two.reforge(arguments).expect(6).expect_said("another host works in");
        }
        two.reforge(&["restore", "plan", "theirs", &theirs]).expect(3);
        restore.go_on();
        restore.wait().expect(0);
        assert_eq!(std::fs::read_to_string(live.join("file")).unwrap(), "old");
        one.ok(&["restore", "finish", &one.transactions().pop().unwrap(), "--yes"]);
    }
    two.restore("theirs", &theirs, &[]).expect(0);
    one.reforge(&["restore", "plan", "app", &snapshot]).expect(3).expect_said("another host, which worked here last");
}
