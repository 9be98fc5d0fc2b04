//! A container that removes itself when it ends would take its anonymous volumes with it: whatever becomes of a restore, they
//! stay with the app.

use serde_json::{Value, json};

use crate::support::containers;
use crate::support::engine::Engine;
use crate::support::{World, apps};

/// A container that removes itself when it ends, adopted, with an anonymous volume and a snapshot.
struct SelfRemoving {
    engine: &'static Engine,
    world: World,
    name: String,
    snapshot: String,
}

impl SelfRemoving {
    fn adopted() -> SelfRemoving {
        let engine = Engine::shared();
        let world = containers::world(engine, []);
        let name = containers::fresh_id("leaving");
        let live = world.path("elsewhere/data");
        std::fs::create_dir_all(&live).unwrap();
        let script = "trap exit TERM; test -e /cache/since || date > /cache/since; log=/data/log;
             n=$(wc -l < $log 2>/dev/null || echo 0); while :; do n=$((n + 1)); echo $n >> $log; usleep 20000; done";
        let body = json!({
            "Cmd": ["sh", "-c", script],
            "StopTimeout": 1,
            "HostConfig": {
                "NetworkMode": "none", "AutoRemove": true,
                "Mounts": [
                    { "Type": "bind", "Source": live, "Target": "/data" },
                    { "Type": "volume", "Target": "/cache" },
                ],
            },
        });
        containers::stranger(engine, &name, true, body);
        apps::writes_on(&live);
        world.ok(&["workload", "adopt", &name]).expect_said("--rm");
        let snapshot = world.live_snapshot(&name);
        std::fs::write(live.join("since"), "").unwrap();
        SelfRemoving { engine, world, name, snapshot }
    }

    /// Where the anonymous volume of what bears the workload's name lies.
    fn cache(&self) -> Value {
        let container = self.engine.container(&self.name);
        assert_eq!(container["State"]["Status"], "running", "{container}");
        let mounts = container["Mounts"].as_array().unwrap();
        mounts.iter().find(|mount| mount["Destination"] == "/cache").unwrap()["Name"].clone()
    }

    fn writes_on(&self) {
        apps::writes_on(&self.world.path("elsewhere/data"));
        self.world.ok(&["stop", &self.name]);
    }
}

#[test]
fn a_restore_refuses_a_container_that_removes_itself_before_it_is_stopped() {
    let app = SelfRemoving::adopted();
    let before = app.engine.container(&app.name);
    let plan = app.world.reforge(&["restore", "plan", &app.name, &app.snapshot]);
    plan.expect(3).expect_said(&app.name).expect_said("--rm");
    app.world.restore(&app.name, &app.snapshot, &[]).expect(3).expect_said("removes itself").expect_clear();
    let after = app.engine.container(&app.name);
    assert_eq!([&after["Id"], &after["State"]["StartedAt"]], [&before["Id"], &before["State"]["StartedAt"]]);
    app.writes_on();
}

#[test]
fn a_host_that_is_killed_right_after_it_made_what_takes_the_place_of_such_a_container_goes_on() {
    let app = SelfRemoving::adopted();
    let cache = app.cache();
    let deploy = ["deploy", &app.name, "--yes"];
    app.world.faulty("docker-create:after", &deploy);
    app.world.ok(&deploy);
    assert_eq!(app.cache(), cache);
    app.writes_on();
}

#[test]
fn a_deploy_in_the_place_of_such_a_container_keeps_its_volumes_and_nothing_beside() {
    let app = SelfRemoving::adopted();
    let cache = app.cache();
    app.world.ok(&["deploy", &app.name, "--yes"]);
    for _ in 0..2 {
        assert_eq!(containers::of(app.engine, &app.name).len(), 1, "what runs");
        assert_eq!(app.cache(), cache);
        app.world.ok(&["deploy", &app.name]);
    }
    app.writes_on();
}
