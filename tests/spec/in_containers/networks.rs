//! Networks, published ports and limits: as configured after a deploy, and the same after a restore.

use serde_json::{Value, json};

use super::crashes::one_at_a_time;
use crate::support::containers::{self, STAY};
use crate::support::engine::Engine;
use crate::support::{Volume, Workload, eventually};

/// Serves its volume.
const SITE: &str = "busybox httpd -p 80 -h {volume:data}; ";

#[test]
fn networks_ports_and_limits_are_as_configured_and_the_same_after_a_restore() {
    let _one = one_at_a_time();
    let engine = Engine::apart();
    for network in ["front", "back"] {
        engine.call("POST", "/networks/create", &json!({ "Name": network, "Driver": "bridge" }));
    }
    let id = containers::fresh_id("site");
    let script = SITE.to_owned() + STAY;
    let mut workload = Workload::idle(&id, [Volume::project("data")]).command(&["sh", "-c", &script]);
    workload.image = Some(engine.busybox("1"));
    workload.lines = "ports = [\"127.0.0.1:8080:80\", \"8053:53/udp\"]\nnetworks = [\"front\", \"back\"]\n\
        memory = \"64 MiB\"\ncpus = 0.5\npids = 50\n"
        .into();
    let world = containers::world(&engine, [workload]);
    world.ok(&["deploy", &id]);
    let page = world.volume(&id, "data").join("page");
    std::fs::write(&page, "old").unwrap();
    let snapshot = world.snapshot(&id);
    std::fs::write(&page, "new").unwrap();
    let check = |says: &str| {
        let all = containers::of(&engine, &id);
        let up = all.iter().find(|container| container["State"] == "running").expect("one runs");
        let inspect = engine.container(up["Id"].as_str().unwrap());
        let host = &inspect["HostConfig"];
        assert_eq!([&host["Memory"], &host["NanoCpus"], &host["PidsLimit"]], [64 << 20, 500_000_000, 50]);
        for network in ["front", "back"] {
            let endpoint = &inspect["NetworkSettings"]["Networks"][network];
            assert!(endpoint["Aliases"].as_array().unwrap().contains(&json!(id)), "{network}: {endpoint}");
            assert_ne!(endpoint["IPAddress"], "", "{network}: it is in it");
        }
        let ports = &inspect["NetworkSettings"]["Ports"];
        assert_eq!(ports["80/tcp"], json!([{ "HostIp": "127.0.0.1", "HostPort": "8080" }]));
        assert_eq!(ports["53/udp"][0]["HostPort"], "8053");
        let served = engine.beside(&["busybox", "wget", "-q", "-O", "-", "http://127.0.0.1:8080/page"]);
        assert_eq!(served, says);
    };
    check("new");
    world.restore(&id, &snapshot, &[]).expect(0);
    check("old");
    world.undo(&world.transactions()[0]).expect(0);
    check("new");
}

#[test]
fn a_service_of_a_swarm_that_has_a_volume_is_refused_by_its_name() {
    let _one = one_at_a_time();
    let engine = Engine::apart();
    let id = containers::fresh_id("swarmed");
    let world = containers::world(&engine, [containers::shell(&engine, &id, STAY)]);
    world.ok(&["deploy", &id]);
    let snapshot = world.snapshot(&id);
    let swarm = json!({ "ListenAddr": "127.0.0.1:2377", "AdvertiseAddr": "127.0.0.1" });
    engine.call("POST", "/swarm/init", &swarm);
    world.ok(&["restore", "plan", &id, &snapshot]);
    let live = world.volume(&id, "data");
    let bind = json!({ "Type": "bind", "Source": live, "Target": "/theirs" });
    let options = json!({ "type": "none", "o": "bind", "device": live });
    let driver = json!({ "Name": "local", "Options": options });
    let volume = json!({
        "Type": "volume", "Source": "theirs", "Target": "/theirs", "VolumeOptions": { "DriverConfig": driver },
    });
    // Without a task it has no container that could be found; the next second it may have.
    for (name, mount, tasks) in [("idle", &bind, 0), ("named", &volume, 0), ("busy", &bind, 1)] {
        let container = json!({
            "Image": engine.busybox("1"), "Command": ["sleep", "1000000"], "Mounts": [mount],
        });
        let service = json!({
            "Name": name,
            "TaskTemplate": { "ContainerSpec": container, "Networks": [{ "Target": "host" }] },
            "Mode": { "Replicated": { "Replicas": tasks } },
        });
        engine.call("POST", "/services/create", &service);
        let theirs = || {
            let ours = |container: &&Value| container["Labels"]["com.docker.swarm.service.name"] == name;
            engine.containers().iter().filter(ours).filter(|container| container["State"] == "running").count()
        };
        eventually("its tasks run", || theirs() == tasks);
        let said = format!("the swarm service `{name}`");
        world.reforge(&["restore", "plan", &id, &snapshot]).expect(3).expect_said(&said);
        world.restore(&id, &snapshot, &[]).expect(3).expect_said(&said);
        assert_eq!(containers::running(&engine, &id), 1, "{name}: it was not stopped");
        engine.call("DELETE", &format!("/services/{name}"), &Value::Null);
        let all = || engine.containers().len();
        eventually("its containers are gone", || all() == containers::of(&engine, &id).len());
    }
    world.restore(&id, &snapshot, &[]).expect(0);
}
