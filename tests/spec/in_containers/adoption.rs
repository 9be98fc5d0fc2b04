//! A container that runs already becomes a workload without being touched, also one that Compose created.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::support::apps;
use crate::support::containers;
use crate::support::engine::Engine;

#[test]
fn a_container_of_compose_is_adopted_started_again_by_a_restore_and_deployed_with_its_labels_and_secrets() {
    let engine = Engine::shared();
    let world = containers::world(engine, []);
    let name = containers::fresh_id("theirs");
    let live = world.path("elsewhere/data");
    std::fs::create_dir_all(&live).unwrap();
    let script = "trap exit TERM; log=/data/log; n=$(wc -l < $log 2>/dev/null || echo 0); \
         while :; do n=$((n + 1)); echo $n >> $log; usleep 20000; done";
    let config = world.path("reforge.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("# what the operator said\n{text}")).unwrap();
    containers::stranger(
        engine,
        &name,
        true,
        json!({
            "Cmd": ["sh", "-c", script],
            "Env": ["SECRET=hunter2 \"quoted\"", "EMPTY="],
            "StopTimeout": 1,
            "Labels": {
                "com.docker.compose.project": "shop", "com.docker.compose.service": "web", "their.label": "kept",
            },
            "HostConfig": {
                "NetworkMode": "none", "Memory": 67_108_864, "RestartPolicy": { "Name": "on-failure", "MaximumRetryCount": 4 },
                "Mounts": [
                    { "Type": "bind", "Source": live, "Target": "/data" },
                    { "Type": "volume", "Target": "/cache" },
                ],
            },
        }),
    );
    apps::writes_on(&live);
    let before = engine.container(&name);
    let adopted = world.ok(&["workload", "adopt", &name]);
    adopted.expect_said("docker compose up").expect_said("`/cache`").expect_unsaid("hunter2");
    assert_eq!(engine.container(&name)["State"]["StartedAt"], before["State"]["StartedAt"], "it was not touched");
    assert_eq!(std::fs::metadata(&config).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read_to_string(&config).unwrap().starts_with("# what the operator said"));
    assert!(!std::fs::read_to_string(&config).unwrap().contains("hunter2"), "secrets stay with the container");
    let text = std::fs::read_to_string(&config).unwrap();
    world.ok(&["workload", "adopt", &name]).expect_said("already").expect_said("nothing was changed");
    assert_eq!(std::fs::read_to_string(&config).unwrap(), text);
    let snapshot = world.snapshot(&name);
    let captured = apps::counted(&live);
    apps::writes_on(&live);
    world.restore(&name, &snapshot, &[]).expect(0);
    apps::writes_on(&live);
    assert!(captured > 0);
    let after = engine.container(&name);
    assert_eq!(after["Id"], before["Id"], "started again");
    for same in ["/Config", "/HostConfig"] {
        assert_eq!(after.pointer(same), before.pointer(same), "{same}");
    }
    // A deploy makes one of Reforge's own, which has the same, if a person agrees.
    let asked = world.reforge(&["deploy", &name]);
    asked.expect(3).expect_said(&name).expect_said("--yes").expect_unsaid("with changes").expect_clear();
    assert_eq!(engine.container(&name)["State"]["StartedAt"], after["State"]["StartedAt"]);
    world.ok(&["deploy", &name, "--yes"]);
    let deployed = engine.container(&name);
    assert_ne!(deployed["Id"], before["Id"]);
    assert_eq!(engine.container(before["Id"].as_str().unwrap()), Value::Null, "nothing is left that could be started");
    for same in [
        "/Config/Labels/their.label",
        "/Config/Labels/com.docker.compose.service",
        "/HostConfig/Memory",
        "/HostConfig/RestartPolicy",
        "/Config/Cmd",
    ] {
        assert_eq!(deployed.pointer(same), before.pointer(same), "{same}");
    }
    let environment = deployed["Config"]["Env"].as_array().unwrap();
    assert!(environment.contains(&json!("SECRET=hunter2 \"quoted\"")) && environment.contains(&json!("EMPTY=")));
    let cache = |container: &Value| {
        let mounts = container["Mounts"].as_array().unwrap();
        mounts.iter().find(|mount| mount["Destination"] == "/cache").unwrap()["Name"].clone()
    };
    assert_eq!(cache(&deployed), cache(&before));
    // And goes on with it.
    world.ok(&["deploy", &name]);
    world.restore(&name, &snapshot, &[]).expect(0);
    let restored = engine.container(&name);
    assert_eq!(cache(&restored), cache(&before));
    assert!(restored["Config"]["Env"].as_array().unwrap().contains(&json!("SECRET=hunter2 \"quoted\"")));
    apps::writes_on(&live);
    world.ok(&["stop", &name]);
}

#[test]
fn what_cannot_be_adopted_is_refused_with_the_reason() {
    let engine = Engine::shared();
    let world = containers::world(engine, []);
    let plain = containers::fresh_id("plain");
    world.reforge(&["workload", "adopt", &plain]).expect(2).expect_said("there is no container").expect_clear();
    containers::stranger(engine, &plain, false, json!({ "HostConfig": { "NetworkMode": "none" } }));
    let output = world.reforge(&["workload", "adopt", &plain]);
    containers::remove(engine, &plain);
    output.expect(3).expect_said("no directory of this machine to write to").expect_clear();
}
