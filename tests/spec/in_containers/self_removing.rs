//! A container that removes itself when it ends would take its anonymous volumes with it: whatever becomes of a restore, they
//! stay with the app.

use serde_json::{Value, json};

use crate::support::containers;
use crate::support::engine::Engine;
use crate::support::{World, apps, eventually};

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
        world.ok(&["workload", "adopt", &name]);
        let snapshot = world.snapshot(&name);
        std::fs::write(live.join("since"), "").unwrap();
        SelfRemoving { engine, world, name, snapshot }
    }

    fn restore(&self) -> [&str; 5] {
        ["restore", "run", &self.name, &self.snapshot, "--yes"]
    }

    fn is_restored(&self) -> bool {
        !self.world.path("elsewhere/data/since").exists()
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
fn the_volumes_of_a_container_that_removes_itself_stay_whatever_becomes_of_its_restore() {
    let app = SelfRemoving::adopted();
    let cache = app.cache();
    app.world.reforge(&app.restore()).expect(0);
    assert!(app.is_restored());
    assert_eq!(app.cache(), cache);
    app.world.ok(&["restore", "finish", &app.world.transactions()[0], "--yes"]);
    assert_eq!(app.cache(), cache);
    assert_eq!(containers::of(app.engine, &app.name).len(), 1, "nothing is kept when the window is over");
    app.writes_on();
}

#[test]
fn a_host_that_is_killed_right_after_it_made_what_takes_the_place_of_such_a_container_comes_back() {
    // Once while that container still runs, and once when it has ended meanwhile and is gone.
    for ends in [false, true] {
        let app = SelfRemoving::adopted();
        let cache = app.cache();
        app.world.faulty("docker-create:after", &app.restore());
        if ends {
            let id = app.engine.container(&app.name)["Id"].as_str().unwrap().to_owned();
            app.engine.call("POST", &format!("/containers/{id}/stop"), &Value::Null);
            eventually("it is gone", || app.engine.container(&id) == Value::Null);
        }
        app.world.ok(&["recover"]);
        assert!(!app.is_restored());
        assert_eq!(app.cache(), cache, "ended meanwhile: {ends}");
        app.world.reforge(&app.restore()).expect(0);
        assert!(app.is_restored());
        assert_eq!(app.cache(), cache, "ended meanwhile: {ends}");
        app.writes_on();
    }
}

#[test]
fn what_takes_the_place_of_such_a_container_counts_like_any_other_that_was_replaced() {
    let app = SelfRemoving::adopted();
    let config = app.world.path("reforge.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replacen("[[workload]]\n", "[[workload]]\nmax_instances = 2\n", 1)).unwrap();
    let cache = app.cache();
    for _ in 0..3 {
        app.world.ok(&["deploy", &app.name]);
        assert_eq!(containers::of(app.engine, &app.name).len(), 2, "what runs, and what it replaced");
        assert_eq!(app.cache(), cache);
    }
    app.writes_on();
}
