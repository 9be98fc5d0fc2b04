//! A snapshot is of one instant: the app is stopped or frozen while it is read, and goes on whatever happens in between.
//!
//! `REFORGE_CONSISTENT=N` takes N snapshots of each kind where CI takes a few.

#[path = "snapshots_are_consistent/databases.rs"]
mod databases;
#[path = "snapshots_are_consistent/ends.rs"]
mod ends;
#[path = "snapshots_are_consistent/hooks.rs"]
mod hooks;
#[path = "snapshots_are_consistent/in_order.rs"]
mod in_order;

use serde_json::Value;

use crate::support::process::Output;
use crate::support::{Volume, Workload, World, apps, eventually};

/// How many snapshots are taken where one says little.
fn rounds(few: usize) -> usize {
    std::env::var("REFORGE_CONSISTENT").ok().and_then(|text| text.parse().ok()).unwrap_or(few)
}

/// A counter that runs, with these lines in its workload.
fn counting(lines: &str) -> World {
    let mut world = World::new([]);
    let script = apps::counter(&world, "counter");
    let mut workload = Workload::idle("app", [Volume::project("data")]).command(&[&script, "{volume:data}"]);
    workload.lines = lines.to_owned();
    world.workloads = vec![workload];
    world.write_config();
    world.ok(&["deploy", "app"]);
    eventually("the app writes", || apps::counted(&world.volume("app", "data")) > 2);
    world
}

fn create(world: &World, how: &str) -> Output {
    world.reforge(&["snapshot", "create", "app", "--consistency", how, "--json"])
}

fn taken(output: &Output) -> Value {
    output.expect(0);
    output.json()["consistency"].clone()
}

/// Nothing is left of a capture, and the app goes on.
#[track_caller]
fn is_as_before(world: &World, about: &str) {
    apps::writes_on(&world.volume("app", "data"));
    let captures = std::fs::read_dir(world.state_dir().join("captures")).map_or(0, Iterator::count);
    assert_eq!(captures, 0, "{about}");
    let groups = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    for line in groups.lines().filter(|line| line.contains(" cgroup")) {
        let at = line.split(' ').nth(1).unwrap();
        let frozen = std::fs::read_dir(at).into_iter().flatten().flatten();
        let ours = frozen.filter(|entry| entry.file_name().to_string_lossy().starts_with("reforge-frozen-"));
        // Other tests have theirs.
        for group in ours {
            let inside = std::fs::read_to_string(group.path().join("cgroup.procs")).unwrap_or_default();
            let app = world.processes("app");
            let is_apps = |line: &str| app.iter().any(|pid| pid.to_string() == line);
            assert!(!inside.lines().any(is_apps), "{about}: {}", group.path().display());
        }
    }
}

#[test]
fn an_app_that_says_nothing_is_stopped_for_a_snapshot_and_started_again_and_everybody_is_told() {
    let world = counting("");
    let first = world.ok(&["snapshot", "create", "app"]);
    first.expect_said("the app is stopped while the snapshot is taken, and started again").expect_said("stopped for");
    let second = world.ok(&["snapshot", "create", "app"]);
    second.expect_said("last time");
    let output = world.ok(&["snapshot", "create", "app", "--json"]);
    let consistency = taken(&output);
    assert_eq!((&consistency["used"], &consistency["app_ran"]), (&Value::from("stop"), &Value::from(true)));
    assert!(consistency["downtime_ms"].as_u64().is_some_and(|down| down > 0), "{consistency}");
    is_as_before(&world, "stop");
    let id = output.json()["id"].as_str().unwrap().to_owned();
    world.ok(&["snapshot", "list", "app"]).expect_said("stopped");
    world.ok(&["snapshot", "show", "app", &id]).expect_said("stopped for");
    world.ok(&["restore", "plan", "app", &id]).expect_said("stopped for");
    world.ok(&["workload", "show", "app"]).expect_said("taken by   stop, about");
    world.restore("app", &id, &[]).expect(0).expect_said("stopped for");
    assert_eq!(world.receipt()["consistency"]["used"], "stop");
    let russian = world.ok(&["--lang", "ru", "snapshot", "show", "app", &id]);
    russian.expect_said("остановлено на");
}

#[test]
fn an_app_that_does_not_run_is_simply_captured_and_stays_as_it_is() {
    let world = counting("");
    world.ok(&["stop", "app"]);
    for how in ["stop", "pause", "live"] {
        let output = create(&world, how);
        assert_eq!(taken(&output), serde_json::json!({ "used": "stop", "app_ran": false }), "{how}");
        assert!(!world.is_running("app"), "{how}");
    }
    world.ok(&["snapshot", "list", "app"]).expect_said("not running");
}

#[test]
fn a_live_snapshot_of_a_running_app_carries_a_warning_wherever_it_is_chosen() {
    let world = counting("consistency = \"live\"\n");
    let warning = "taken while the app ran";
    let output = world.ok(&["snapshot", "create", "app", "--json"]);
    assert_eq!(taken(&output), serde_json::json!({ "used": "live", "app_ran": true }));
    let id = output.json()["id"].as_str().unwrap().to_owned();
    world.ok(&["snapshot", "show", "app", &id]).expect_said(warning);
    world.ok(&["restore", "plan", "app", &id]).expect_said(warning);
    world.restore("app", &id, &[]).expect_said(warning);
    world.ok(&["snapshot", "list", "app"]).expect_said("live");
}

#[test]
fn a_snapshot_of_a_version_before_says_that_nobody_knows() {
    let world = counting("");
    let id = world.snapshot("app");
    let (_, descriptor) = world.snapshot_files("app", &id);
    let mut text: Value = serde_json::from_slice(&std::fs::read(&descriptor).unwrap()).unwrap();
    text.as_object_mut().unwrap().remove("consistency");
    std::fs::write(&descriptor, text.to_string()).unwrap();
    world.ok(&["snapshot", "list", "app"]).expect_said("unknown");
    world.ok(&["snapshot", "show", "app", &id]).expect_said("unknown");
    world.ok(&["restore", "plan", "app", &id]).expect_said("unknown");
}

#[test]
fn a_frozen_app_writes_nothing_until_it_is_thawed() {
    let world = counting("consistency = \"pause\"\n");
    let volume = world.volume("app", "data");
    let mut running = world.start_pausing("sync-file-system", &["snapshot", "create", "app", "--json"]);
    assert!(running.reaches_its_pause());
    let before = apps::counted(&volume);
    // The counter's steps are 20 ms apart.
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(apps::counted(&volume), before);
    running.go_on();
    let consistency = taken(&running.wait());
    assert_eq!((&consistency["used"], &consistency["app_ran"]), (&Value::from("pause"), &Value::from(true)));
    assert!(consistency["pause_ms"].as_u64().is_some_and(|paused| paused >= 300), "{consistency}");
    is_as_before(&world, "pause");
}

#[test]
fn an_app_that_was_frozen_for_too_long_is_thawed_and_the_snapshot_says_so() {
    let world = counting("consistency = \"pause\"\npause_limit = \"200ms\"\n");
    let mut running = world.start_pausing("sync-file-system", &["snapshot", "create", "app", "--json"]);
    assert!(running.reaches_its_pause());
    apps::writes_on(&world.volume("app", "data"));
    running.go_on();
    let output = running.wait();
    let consistency = taken(&output);
    assert_eq!((&consistency["used"], &consistency["why_live"]), (&Value::from("live"), &Value::from("pause-limit")));
    let id = output.json()["id"].as_str().unwrap().to_owned();
    world.ok(&["restore", "plan", "app", &id]).expect_said("which is its limit");
    is_as_before(&world, "limit");
}

#[test]
fn an_app_that_something_wakes_while_it_is_frozen_makes_the_snapshot_a_live_one() {
    let world = counting("consistency = \"pause\"\n");
    let mut running = world.start_pausing("sync-file-system", &["snapshot", "create", "app", "--json"]);
    assert!(running.reaches_its_pause());
    wake(&world);
    running.go_on();
    let consistency = taken(&running.wait());
    assert_eq!((&consistency["used"], &consistency["why_live"]), (&Value::from("live"), &Value::from("woken")));
    is_as_before(&world, "woken");
}

/// As somebody else would, by whichever freezer.
fn wake(world: &World) {
    for pid in world.processes("app") {
        let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
        for path in
            groups.lines().filter_map(|line| line.rsplit(':').next()).filter(|path| path.contains("reforge-frozen-"))
        {
            for (root, control, word) in
                [("freezer", "freezer.state", "THAWED"), ("", "cgroup.freeze", "0"), ("unified", "cgroup.freeze", "0")]
            {
                let control =
                    std::path::Path::new("/sys/fs/cgroup").join(root).join(path.trim_start_matches('/')).join(control);
                let _ = std::fs::OpenOptions::new().write(true).open(control).map(|mut file| {
                    use std::io::Write as _;
                    file.write_all(word.as_bytes())
                });
            }
        }
        if let Some(pid) = rustix::process::Pid::from_raw(pid) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::CONT);
        }
    }
    apps::writes_on(&world.volume("app", "data"));
}

#[test]
fn a_configuration_that_says_it_wrong_is_refused_with_its_line() {
    for (lines, said) in [
        ("consistency = \"sometimes\"\n", "`stop`, `pause` or `live`"),
        ("pause_limit = \"0s\"\n", "is zero"),
        ("before_snapshot = [{ member = \"db\", command = [\"/bin/true\"] }]\n", "names a member"),
        ("after_snapshot = [{ command = [] }]\n", "is empty"),
    ] {
        let mut world = World::new([Workload::idle("app", [Volume::project("data")])]);
        world.workload("app").lines = lines.to_owned();
        world.write_config();
        world.reforge(&["workload", "list"]).expect(2).expect_said(said);
    }
}
