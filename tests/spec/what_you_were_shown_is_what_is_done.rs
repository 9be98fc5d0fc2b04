//! Promise 9: a restore that is given a plan's digest refuses if anything that the plan stands on has moved.

use crate::support::archives;
use crate::support::process::run;
use crate::support::signature;
use crate::support::{Volume, Workload, World};

fn deployed() -> (World, String, String) {
    let world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    std::fs::write(world.volume("app", "data").join("file"), "old").unwrap();
    let snapshot = world.snapshot("app");
    std::fs::write(world.volume("app", "data").join("file"), "new").unwrap();
    let digest = world.plan("app", &snapshot);
    (world, snapshot, digest)
}

type Row = (&'static str, fn(&mut World, &str));

const DRIFTS: &[Row] = &[
    ("the configuration", |world, _| {
        world.workload("app").environment.insert("NAME".into(), "value".into());
        world.write_config();
    }),
    ("the way to stop the app", |world, _| {
        world.workload("app").stop_timeout = "11s".into();
        world.write_config();
    }),
    ("the snapshot", |world, snapshot| {
        archives::forge_manifest(&world.snapshot_files("app", snapshot), |manifest| {
            manifest["reason"] = "another".into();
        });
    }),
    ("the volume, replaced by its copy", |world, _| {
        let live = world.volume("app", "data");
        let aside = live.with_file_name("aside");
        std::fs::rename(&live, &aside).unwrap();
        run("cp", &["-a", aside.to_str().unwrap(), live.to_str().unwrap()]);
        std::fs::remove_dir_all(aside).unwrap();
    }),
    ("the volume's parent, replaced by its copy", |world, _| {
        let parent = world.path("volumes/app");
        let aside = world.path("volumes/aside");
        std::fs::rename(&parent, &aside).unwrap();
        run("cp", &["-a", aside.to_str().unwrap(), parent.to_str().unwrap()]);
        std::fs::remove_dir_all(aside).unwrap();
    }),
    ("what is deployed", |world, _| {
        world.workload("app").command = vec!["/bin/sleep".into(), "2000000".into()];
        world.write_config();
        world.ok(&["deploy", "app"]);
    }),
];

#[test]
fn a_plan_whose_ground_has_moved_is_refused_and_nothing_is_touched() {
    for (what, drift) in DRIFTS {
        let (mut world, snapshot, digest) = deployed();
        drift(&mut world, &snapshot);
        let before = (signature::of_volumes(&world.path("volumes")), world.processes("app"));
        let output = world.restore("app", &snapshot, &["--plan", &digest]);
        assert_eq!(output.code, Some(3), "{what}: {output:?}");
        output.expect_said("plan").expect_clear();
        assert_eq!((signature::of_volumes(&world.path("volumes")), world.processes("app")), before, "{what}");
        // One that was given another directory would be brought back on a part of each.
        world.ok(&["deploy", "app"]);
        let digest = world.plan("app", &snapshot);
        let output = world.restore("app", &snapshot, &["--plan", &digest]);
        assert_eq!(output.code, Some(0), "{what}, planned again: {output:?}");
    }
}

#[test]
fn what_an_app_merely_writes_moves_no_plan() {
    let (world, snapshot, digest) = deployed();
    let live = world.volume("app", "data");
    std::fs::write(live.join("file"), "newer").unwrap();
    std::fs::write(live.join("another"), vec![0; 100_000]).unwrap();
    assert_eq!(world.plan("app", &snapshot), digest);
    world.restore("app", &snapshot, &["--plan", &digest]).expect(0);
    assert_eq!(world.receipt()["plan_digest"], digest.as_str());
}

#[test]
fn another_choice_than_the_planned_one_is_drift() {
    let (world, snapshot, digest) = deployed();
    world.restore("app", &snapshot, &["--plan", &digest, "--keep-previous"]).expect(3);
    world.restore("app", &snapshot, &["--plan", &"0".repeat(64)]).expect(3);
}

#[test]
fn a_plan_changes_nothing() {
    let (world, snapshot, _) = deployed();
    let look = || {
        let kept = ["transactions", "receipts", "deployments"].map(|name| signature::of(&world.state_dir().join(name)));
        (
            signature::of_volumes(&world.path("volumes")),
            kept,
            signature::of(&world.snapshot_dir),
            world.processes("app"),
        )
    };
    let before = look();
    world.plan("app", &snapshot);
    assert_eq!(look(), before);
}
