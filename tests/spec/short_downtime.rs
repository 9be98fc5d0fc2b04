//! Promise 11: the app runs while the archive is extracted; it is down only for the safety snapshot, the renames and
//! its own restart.

use crate::support::apps;
use crate::support::signature;
use crate::support::{Volume, Workload, World, eventually};

#[test]
fn the_app_writes_on_until_everything_is_staged() {
    let mut world = World::new([]);
    let app = apps::counter(&world, "counter");
    world.workloads = vec![Workload::idle("app", [Volume::project("data")]).command(&[&app, "{volume:data}"])];
    world.write_config();
    let live = world.volume("app", "data");
    std::fs::create_dir_all(live.join("many")).unwrap();
    (0..200).for_each(|n| std::fs::write(live.join(format!("many/{n}")), n.to_string()).unwrap());
    let snapshot = world.snapshot("app");
    world.ok(&["deploy", "app"]);
    let arguments = ["restore", "run", "app", &snapshot, "--yes"];
    let effects = world.effects_of(&arguments);
    world.ok(&["restore", "finish", &world.transactions()[0], "--yes"]);
    let stopping = effects.iter().position(|name| name == "record-stopping").expect("the record before the stop") + 1;
    let mut restore = world.start_pausing(stopping, &arguments);
    assert!(restore.reaches_its_pause());
    apps::writes_on(&live);
    let staged = signature::of(&world.siblings(&live)[0]);
    assert_eq!(staged.keys().filter(|path| path.starts_with(b"many/")).count(), 200, "all of it is staged already");
    restore.go_on();
    restore.wait().expect(0);
    eventually("the app writes on from the snapshot", || apps::counted(&live) > 0);
}

#[test]
fn the_receipt_shows_a_downtime_that_begins_after_everything_was_sealed() {
    let world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    let snapshot = world.snapshot("app");
    let took = world.restore("app", &snapshot, &[]).expect(0).took;
    let receipt = world.receipt();
    let steps = receipt["steps"].as_array().unwrap();
    let order: Vec<&str> = steps.iter().map(|step| step["record"].as_str().unwrap()).collect();
    let wanted = [
        "begin",
        "sibling",
        "sealed",
        "stopping",
        "stopped",
        "safety",
        "swapping",
        "swapped",
        "commit",
        "starting-app",
        "healthy",
        "completed",
    ];
    assert_eq!(order, wanted);
    let after =
        |record: &str| steps.iter().find(|step| step["record"] == record).unwrap()["after_ms"].as_u64().unwrap();
    let downtime = receipt["downtime_ms"].as_u64().expect("the app was down for a while");
    assert_eq!(downtime, after("healthy") - after("stopping"));
    assert!(u128::from(downtime) <= took.as_millis(), "down for {downtime} ms of {took:?}");
}

#[test]
fn an_app_that_was_stopped_has_no_downtime() {
    let world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    let snapshot = world.snapshot("app");
    world.ok(&["stop", "app"]);
    world.restore("app", &snapshot, &[]).expect(0);
    let receipt = world.receipt();
    assert!(!receipt["steps"].as_array().unwrap().iter().any(|step| step["record"] == "starting-app"), "{receipt}");
    assert!(!world.is_running("app"));
}
