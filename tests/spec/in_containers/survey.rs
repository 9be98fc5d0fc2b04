//! Whoever else has a volume on the engine is named in the plan, whatever it is doing.

use serde_json::{Value, json};

use crate::support::containers::{self, COUNTER};
use crate::support::engine::Engine;
use crate::support::{World, apps};

struct Scene {
    engine: &'static Engine,
    world: World,
    id: String,
    snapshot: String,
}

fn scene() -> Scene {
    let engine = Engine::shared();
    let id = containers::fresh_id("seen");
    let world = containers::world(engine, [containers::shell(engine, &id, COUNTER)]);
    world.ok(&["deploy", &id]);
    apps::writes_on(&world.volume(&id, "data"));
    let snapshot = world.snapshot(&id);
    Scene { engine, world, id, snapshot }
}

impl Scene {
    /// A container that has a directory, while a plan is made.
    #[track_caller]
    fn check(&self, name: &str, start: bool, more: Value, refused: bool, says: &[&str]) {
        let name = format!("{name}-{}", self.id);
        containers::stranger(self.engine, &name, start, more);
        let output = self.world.reforge(&["restore", "plan", &self.id, &self.snapshot]);
        containers::remove(self.engine, &name);
        output.expect(if refused { 3 } else { 0 }).expect_said(&name);
        says.iter().for_each(|text| {
            output.expect_said(text);
        });
    }
}

fn bind(source: &std::path::Path, read_only: bool) -> Value {
    let mount = json!({ "Type": "bind", "Source": source, "Target": "/theirs", "ReadOnly": read_only });
    json!({ "HostConfig": { "NetworkMode": "none", "Mounts": [mount] } })
}

#[test]
fn a_container_that_has_a_volume_is_named_and_refused_if_it_can_write() {
    let scene = scene();
    let live = scene.world.volume(&scene.id, "data");
    let above = live.parent().unwrap().to_owned();
    let below = live.join("below");
    std::fs::create_dir(&below).unwrap();
    let link = scene.world.path("link");
    std::os::unix::fs::symlink(&live, &link).unwrap();
    scene.check("same", false, bind(&live, false), true, &["is the same directory as volume `data`", "is stopped"]);
    scene.check("above", false, bind(&above, false), true, &["contains volume `data`"]);
    scene.check("below", false, bind(&below, false), true, &["lies inside volume `data`"]);
    scene.check("link", false, bind(&link, false), true, &["is the same directory as volume `data`"]);
    scene.check("running", true, bind(&live, false), true, &["read-write"]);
    scene.check("reader", false, bind(&live, true), false, &["read-only"]);
    scene.check("running-reader", true, bind(&live, true), false, &["read-only"]);
    let beside = scene.world.path("data");
    let name = format!("beside-{}", scene.id);
    containers::stranger(scene.engine, &name, false, bind(&beside, false));
    let output = scene.world.ok(&["restore", "plan", &scene.id, &scene.snapshot]);
    containers::remove(scene.engine, &name);
    output.expect_unsaid(&name);
}

#[test]
fn a_volume_that_stands_for_a_directory_counts_like_the_directory() {
    let scene = scene();
    let live = scene.world.volume(&scene.id, "data");
    let volume = format!("device-{}", scene.id);
    let options = json!({ "type": "none", "o": "bind", "device": live });
    scene.engine.call("POST", "/volumes/create", &json!({ "Name": volume, "Driver": "local", "DriverOpts": options }));
    let mount = json!({ "Type": "volume", "Source": volume, "Target": "/theirs" });
    let more = json!({ "HostConfig": { "NetworkMode": "none", "Mounts": [mount] } });
    scene.check("device", false, more, true, &["is the same directory as volume `data`"]);
}

#[test]
fn a_container_that_a_controller_brings_back_is_refused_by_its_controllers_name_even_if_it_is_allowed() {
    let mut scene = scene();
    let live = scene.world.volume(&scene.id, "data");
    let mut more = bind(&live, false);
    more["Labels"] = json!({ "com.docker.swarm.service.name": "their-service" });
    let id = scene.id.clone();
    scene.world.workload(&id).lines += &format!("allow_containers = [\"job-{id}\", \"task-{id}\"]\n");
    scene.world.write_config();
    scene.check("task", false, more, true, &["the swarm service `their-service`"]);
    scene.check("job", false, bind(&live, false), false, &["`allow_containers` names it"]);
}

#[test]
fn an_undo_is_refused_for_the_same_reasons() {
    let scene = scene();
    scene.world.restore(&scene.id, &scene.snapshot, &[]).expect(0);
    let name = format!("late-{}", scene.id);
    let live = scene.world.volume(&scene.id, "data");
    containers::stranger(scene.engine, &name, false, bind(&live, false));
    let output = scene.world.undo(&scene.world.transactions()[0]);
    containers::remove(scene.engine, &name);
    output.expect(3).expect_said(&name);
    apps::writes_on(&live);
}
