//! What `stop` has stopped is started again by `start`: the very container, the very process, and nothing else.

use serde_json::json;

use crate::support::apps;
use crate::support::containers;
use crate::support::engine::Engine;
use crate::support::process::run;
use crate::support::{Volume, Workload, World};

#[test]
fn a_container_that_was_stopped_is_started_again_and_none_is_made() {
    let engine = Engine::shared();
    let world = containers::world(engine, []);
    let name = containers::fresh_id("again");
    let live = world.path("data/app");
    std::fs::create_dir_all(&live).unwrap();
    let host = json!({
        "NetworkMode": "none", "RestartPolicy": { "Name": "always" },
        "Mounts": [{ "Type": "bind", "Source": live, "Target": "/data" }],
    });
    let script = containers::COUNTER.replace("{volume:data}", "/data");
    let more = json!({ "Cmd": ["sh", "-c", script], "StopTimeout": 1, "HostConfig": host });
    containers::stranger(engine, &name, true, more);
    world.ok(&["workload", "adopt", &name]);
    apps::writes_on(&live);
    world.reforge(&["start", &name]).expect(0).expect_said("runs already");
    world.ok(&["stop", &name]);
    let stopped = engine.container(&name);
    let started = world.ok(&["start", &name]);
    started.expect_said("started");
    let after = engine.container(&name);
    assert_eq!((&after["Id"], &after["HostConfig"]), (&stopped["Id"], &stopped["HostConfig"]));
    assert_ne!(after["State"]["StartedAt"], stopped["State"]["StartedAt"]);
    apps::writes_on(&live);
    let named = |container: &serde_json::Value| container["Names"].to_string().contains(&name);
    assert_eq!(engine.containers().iter().filter(|container| named(container)).count(), 1);
    world.ok(&["audit"]).expect_said("start");
    // An engine would make an empty directory, or the app would begin anew in it.
    world.ok(&["stop", &name]);
    std::fs::rename(&live, world.path("data/aside")).unwrap();
    world.reforge(&["start", &name]).expect(3).expect_said("is missing").expect_clear();
    assert!(!live.exists());
    std::fs::rename(world.path("data/aside"), &live).unwrap();
    world.ok(&["start", &name]);
    // Another one by the same name is not what was stopped.
    world.ok(&["stop", &name]);
    containers::remove(engine, &name);
    world.reforge(&["start", &name]).expect(3).expect_said("is gone").expect_clear();
    assert_eq!(engine.container(&name), serde_json::Value::Null);
}

#[test]
fn a_restore_of_what_was_stopped_does_not_start_it_and_a_start_afterwards_does() {
    let engine = Engine::shared();
    let name = containers::fresh_id("between");
    let world = containers::world(engine, [containers::shell(engine, &name, containers::STAY)]);
    world.ok(&["deploy", &name]);
    let live = world.volume(&name, "data");
    std::fs::write(live.join("file"), "old").unwrap();
    let snapshot = world.snapshot(&name);
    world.ok(&["stop", &name]);
    std::fs::write(live.join("file"), "new").unwrap();
    world.restore(&name, &snapshot, &[]).expect(0);
    assert_eq!(containers::running(engine, &name), 0);
    world.ok(&["start", &name]);
    assert_eq!((containers::running(engine, &name), containers::of(engine, &name).len()), (1, 1));
    assert_eq!(std::fs::read_to_string(live.join("file")).unwrap(), "old");
}

#[test]
fn a_process_is_started_as_it_was_deployed_whatever_is_configured_since() {
    let mut world = World::new([Workload::idle("app", [Volume::project("data")])]);
    let program = world.script("program", "exec sleep \"$1\"\n");
    let command = |seconds: &str| vec![program.clone(), seconds.to_owned()];
    world.workload("app").command = command("1000001");
    world.write_config();
    let never = world.reforge(&["start", "app"]);
    never.expect(2).expect_said("was not stopped by `reforge stop`").expect_said("reforge deploy app").expect_clear();
    world.ok(&["deploy", "app"]);
    world.ok(&["stop", "app"]);
    world.workload("app").command = command("1000002");
    world.write_config();
    let told = world.ok(&["start", "app", "--json"]).json();
    assert_eq!((&told["state"], &told["health"]), (&json!("running"), &json!("healthy")));
    let runs = |seconds: &str| {
        let pids = world.processes("app");
        pids.iter().any(|pid| run("cat", &[&format!("/proc/{pid}/cmdline")]).contains(seconds))
    };
    assert!(runs("1000001") && !runs("1000002"));
    // A stop of what is stopped keeps what was stopped.
    world.ok(&["stop", "app"]);
    world.ok(&["stop", "app"]);
    world.script("program", "exec sleep 2000000\n");
    world.reforge(&["start", "app"]).expect(3).expect_said("is not the one that was stopped").expect_clear();
    world.script("program", "exec sleep \"$1\"\n");
    world.ok(&["start", "app"]);
    // What is deployed since is what there is.
    world.ok(&["stop", "app"]);
    world.ok(&["deploy", "app"]);
    assert!(runs("1000002"));
    // A volume that is elsewhere by now is not started on its old place.
    world.ok(&["stop", "app"]);
    world.workload("app").volumes = vec![Volume::absolute("data", &world.path("data/moved"))];
    world.write_config();
    world.reforge(&["start", "app"]).expect(3).expect_said("deploy the workload").expect_clear();
    world.reforge(&["start", "nobody"]).expect(2).expect_clear();
}
