//! Containers and projects are stopped or frozen for a snapshot, all parts together, and go on whatever happens in between.

use serde_json::Value;

use crate::support::containers::{self, COUNTER};
use crate::support::engine::Engine;
use crate::support::projects::Project;
use crate::support::{World, apps, eventually};

const PROJECT: &str = r#"services:
  db:
    image: BUSYBOX
    command: ["sh", "-c", "STAYS"]
    volumes: [./db:/data]
  web:
    image: BUSYBOX
    command: ["sh", "-c", "STAYS"]
    depends_on: [db]
    restart: always
    volumes: [./web:/data]
"#;

fn create(world: &World, id: &str, how: &str) -> Value {
    let output = world.reforge(&["snapshot", "create", id, "--consistency", how, "--json"]);
    output.expect(0);
    output.json()["consistency"].clone()
}

fn state(engine: &Engine, id: &str) -> String {
    containers::of(engine, id)[0]["State"].as_str().unwrap().to_owned()
}

#[test]
fn a_container_is_stopped_or_frozen_for_a_snapshot_and_goes_on() {
    let engine = Engine::shared();
    let id = containers::fresh_id("counter");
    let mut workload = containers::shell(engine, &id, COUNTER);
    let hook = "[{ command = [\"sh\", \"-c\", \"hostname; echo said\"] }]";
    workload.lines += &format!("before_snapshot = {hook}\nafter_snapshot = {hook}\n");
    let world = containers::world(engine, [workload]);
    world.ok(&["deploy", &id]);
    let volume = world.volume(&id, "data");
    let before = containers::of(engine, &id)[0]["Id"].clone();
    for how in ["stop", "pause", "live"] {
        let taken = create(&world, &id, how);
        assert_eq!((&taken["used"], &taken["app_ran"]), (&Value::from(how), &Value::from(true)));
        let hooks = taken["hooks"].as_array().unwrap();
        assert_eq!(hooks.len(), 2, "{taken}");
        assert!(hooks.iter().all(|hook| hook["output"].as_str().unwrap().ends_with("said")), "{taken}");
        apps::writes_on(&volume);
    }
    assert_eq!(containers::of(engine, &id)[0]["Id"], before, "it is the same container");
}

#[test]
fn a_host_that_ends_while_a_container_is_stopped_or_frozen_brings_it_back_at_its_next_start() {
    let engine = Engine::shared();
    let id = containers::fresh_id("counter");
    let world = containers::world(engine, [containers::shell(engine, &id, COUNTER)]);
    world.ok(&["deploy", &id]);
    let volume = world.volume(&id, "data");
    for (how, fault, state_then) in
        [("stop", "docker-start:before", "exited"), ("pause", "sync-file-system:before", "paused")]
    {
        world.faulty(fault, &["snapshot", "create", &id, "--consistency", how]);
        assert_eq!(state(engine, &id), state_then, "{how}");
        world.ok(&["recover"]);
        apps::writes_on(&volume);
        assert_eq!(state(engine, &id), "running", "{how}");
    }
    // A thaw starts nothing that a person has stopped meanwhile.
    world.faulty("sync-file-system:before", &["snapshot", "create", &id, "--consistency", "pause"]);
    let container = containers::of(engine, &id)[0]["Id"].as_str().unwrap().to_owned();
    engine.call("POST", &format!("/containers/{container}/unpause"), &Value::Null);
    engine.call("POST", &format!("/containers/{container}/stop?t=1"), &Value::Null);
    world.ok(&["recover"]);
    assert_eq!(state(engine, &id), "exited");
}

#[test]
fn all_members_of_a_project_are_frozen_together_and_hooks_run_in_the_one_that_they_name() {
    let engine = super::projects::engine();
    let project = Project::up(engine, PROJECT);
    project.adopt();
    let world = &project.world;
    let mut running = world
        .start_pausing("sync-file-system", &["snapshot", "create", &project.name, "--consistency", "pause", "--json"]);
    assert!(running.reaches_its_pause());
    let paused = |service: &str| project.member(service)["State"]["Paused"] == true;
    assert!(paused("db") && paused("web"));
    running.go_on();
    let taken = running.wait().json()["consistency"].clone();
    assert_eq!(taken["used"], "pause");
    assert_eq!(taken["members"].as_array().unwrap().len(), 2, "{taken}");
    assert!(!paused("db") && !paused("web"));
    world.faulty("sync-file-system:before", &["snapshot", "create", &project.name, "--consistency", "pause"]);
    assert!(paused("db") && paused("web"));
    world.ok(&["recover"]);
    eventually("both go on", || !paused("db") && !paused("web"));
    let taken = create(world, &project.name, "stop");
    assert_eq!((&taken["used"], taken["members"].as_array().unwrap().len()), (&Value::from("stop"), 2));
    assert_eq!(create(world, &project.name, "live")["used"], "live");
    project.eventually_runs(&["db", "web"]);
}
