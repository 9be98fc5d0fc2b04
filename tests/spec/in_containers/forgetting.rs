//! A workload is taken out of the configuration, and nothing else changes: not its app, not its snapshots, not a byte of what
//! somebody else wrote. It can be adopted again.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::World;
use crate::support::containers;
use crate::support::engine::Engine;

struct Scene {
    engine: &'static Engine,
    world: World,
    names: Vec<String>,
}

impl Scene {
    /// A configuration with a line of a person's, and so many containers.
    fn new(count: usize) -> Scene {
        let engine = Engine::shared();
        let world = containers::world(engine, []);
        let names: Vec<String> = (0..count).map(|_| containers::fresh_id("leaving")).collect();
        for name in &names {
            let live = world.path(&format!("data/{name}"));
            std::fs::create_dir_all(&live).unwrap();
            std::fs::write(live.join("file"), "old").unwrap();
            let host = json!({
                "NetworkMode": "none", "RestartPolicy": { "Name": "unless-stopped" },
                "Mounts": [{ "Type": "bind", "Source": live, "Target": "/data" }],
            });
            let more = json!({ "Cmd": ["sh", "-c", containers::STAY], "StopTimeout": 1, "HostConfig": host });
            containers::stranger(engine, name, true, more);
        }
        let scene = Scene { engine, world, names };
        let hand = "id = \"hand\"\nproject = \"p\"\nstage = \"prod\"\nruntime = \"process\"\ncommand = [\"/bin/sleep\", \"1\"]\n";
        std::fs::write(scene.config(), format!("{}\n# by hand\n[[workload]]\n{hand}# and its end\n", scene.text()))
            .unwrap();
        scene
    }

    fn config(&self) -> PathBuf {
        self.world.path("reforge.toml")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.config()).unwrap()
    }

    fn container(&self, name: &str) -> Value {
        self.engine.container(name)
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for container in self.engine.containers() {
            let named = |name: &Value| self.names.iter().any(|own| name.as_str().unwrap().contains(own.as_str()));
            if container["Names"].as_array().unwrap().iter().any(named) {
                containers::remove(self.engine, container["Id"].as_str().unwrap());
            }
        }
    }
}

#[test]
fn what_was_adopted_is_forgotten_and_adopted_again() {
    let scene = Scene::new(3);
    let [first, second, third] = [0, 1, 2].map(|number| scene.names[number].as_str());
    let world = &scene.world;
    world.ok(&["workload", "adopt", first]);
    let before = scene.text();
    world.ok(&["workload", "adopt", second]);
    let snapshot = world.snapshot(second);
    world.ok(&["workload", "adopt", third]);
    world.reforge(&["workload", "forget", second]).expect(2).expect_said("--yes").expect_clear();
    let told = world.ok(&["workload", "forget", second, "--yes"]);
    told.expect_said("snapshot stays");
    let listed = world.ok(&["workload", "list", "--json"]).json();
    let ids: Vec<&str> =
        listed["workloads"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["hand", first, third]);
    assert_eq!(scene.container(second)["State"]["Running"], true);
    assert_eq!(scene.container(second)["HostConfig"]["RestartPolicy"]["Name"], "unless-stopped");
    assert!(world.snapshot_files(second, &snapshot).1.exists());
    world.ok(&["audit"]).expect_said("forget").expect_said(second);
    world
        .reforge(&["workload", "forget", second, "--yes"])
        .expect(2)
        .expect_said("there is no workload")
        .expect_clear();
    // The one that came after it goes, too, and what was there before both is left.
    world.ok(&["workload", "forget", third, "--yes"]);
    assert_eq!(scene.text(), before);
    world.ok(&["workload", "adopt", second]);
    world.ok(&["restore", "plan", second, &snapshot]);
    assert_eq!(world.ok(&["snapshot", "list", second, "--json"]).json()["snapshots"].as_array().unwrap().len(), 1);
}

#[test]
fn a_way_back_is_not_forgotten() {
    let scene = Scene::new(1);
    let (world, name) = (&scene.world, scene.names[0].as_str());
    world.ok(&["workload", "adopt", name]);
    let snapshot = world.snapshot(name);
    world.restore(name, &snapshot, &[]).expect(0);
    let (id, before) = (world.transactions().pop().unwrap(), scene.text());
    let refused = world.reforge(&["workload", "forget", name, "--yes"]);
    refused.expect(3).expect_said(&format!("reforge restore finish {id}")).expect_clear();
    assert_eq!(scene.text(), before);
    world.ok(&["restore", "finish", &id, "--yes"]);
    world.ok(&["workload", "forget", name, "--yes"]);
    world.ok(&["restore", "show", &id]);
}

#[test]
fn a_forgetting_that_was_broken_off_is_gone_on_with() {
    let scene = Scene::new(1);
    let (world, name) = (&scene.world, scene.names[0].as_str());
    world.ok(&["workload", "adopt", name]);
    let effects = world.effects_of(&["workload", "forget", name, "--yes"]);
    world.ok(&["workload", "adopt", name]);
    let exchanged = effects.iter().rposition(|effect| effect == "exchange-file").unwrap() + 1;
    let killed = world.faulty(&format!("{exchanged}:after"), &["workload", "forget", name, "--yes"]);
    assert_eq!(killed.code, None, "{killed:?}");
    world.ok(&["workload", "forget", name, "--yes"]).expect_said("forgot");
    // Nothing calls the container a workload any more: under another name it is another one.
    world.ok(&["workload", "adopt", name, "--id", "another"]);
    world.ok(&["workload", "forget", "another", "--yes"]);
}
