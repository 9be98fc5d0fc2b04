//! An adoption says at once what it takes in and what would stand in the way of a restore later.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::support::World;
use crate::support::containers;
use crate::support::engine::Engine;
use crate::support::process::{Output, run};

struct Scene {
    engine: &'static Engine,
    world: World,
    name: String,
}

impl Scene {
    fn new() -> Scene {
        Scene::on(Engine::shared())
    }

    /// On an engine on which nobody else is: what has the whole machine mounted stands in everybody's way.
    fn alone() -> Scene {
        static ENGINE: OnceLock<Engine> = OnceLock::new();
        Scene::on(ENGINE.get_or_init(|| Engine::start(&[])))
    }

    fn on(engine: &'static Engine) -> Scene {
        Scene { engine, world: containers::world(engine, []), name: containers::fresh_id("looked-at") }
    }

    /// A container that has these directories, each under its own path, and these volumes of the engine.
    fn adopt(&self, sources: &[&Path], volumes: &[&str]) -> Output {
        let binds = sources
            .iter()
            .map(|path| json!({ "Type": "bind", "Source": path, "Target": format!("/there{}", path.display()) }));
        let volumes = volumes.iter().map(|target| json!({ "Type": "volume", "Target": target }));
        let mounts: Vec<Value> = binds.chain(volumes).collect();
        let more = json!({ "HostConfig": { "NetworkMode": "none", "Mounts": mounts } });
        containers::stranger(self.engine, &self.name, false, more);
        self.world.reforge(&["workload", "adopt", &self.name])
    }

    fn config(&self) -> toml::Table {
        std::fs::read_to_string(self.world.path("reforge.toml")).unwrap().parse().unwrap()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        containers::remove(self.engine, &self.name);
    }
}

#[test]
fn sizes_links_and_the_next_two_commands_are_said() {
    let scene = Scene::new();
    let live = scene.world.path("data/app");
    std::fs::create_dir_all(&live).unwrap();
    std::fs::write(live.join("file"), vec![b'x'; 3 << 20]).unwrap();
    symlink("file", live.join("link")).unwrap();
    run("mkfifo", &[live.join("fifo").to_str().unwrap()]);
    let told = scene.adopt(&[&live], &["/cache"]);
    told.expect(0)
        .expect_said("3 entries, 3.0 MiB")
        .expect_said("links = \"contained\"")
        .expect_said("a socket or fifo");
    told.expect_said(&format!("snapshot create {}", scene.name)).expect_said(&format!("restore plan {}", scene.name));
    // Debian 12's engine is one of those.
    if scene.engine.call("GET", "/version", &Value::Null)["Version"].as_str().unwrap().starts_with("20.") {
        told.expect_said("system prune --volumes");
    }
    assert_eq!(scene.config()["workload"][0]["links"].as_str(), Some("contained"));
    let snapshot = scene.world.snapshot(&scene.name);
    scene.world.ok(&["restore", "plan", &scene.name, &snapshot]);
}

#[test]
fn a_parent_of_somebody_elses_and_device_nodes_are_said_with_what_to_do() {
    let scene = Scene::new();
    let (foreign, devices) = (scene.world.path("data/foreign/app"), scene.world.path("data/devices"));
    for live in [&foreign, &devices] {
        std::fs::create_dir_all(live).unwrap();
    }
    std::os::unix::fs::chown(foreign.parent().unwrap(), Some(1234), None).unwrap();
    run("mknod", &[devices.join("null").to_str().unwrap(), "c", "1", "3"]);
    let told = scene.adopt(&[&foreign, &devices], &[]);
    told.expect(0).expect_said("in the way of a restore").expect_said("chown").expect_said("device node");
    assert!(scene.config()["workload"][0].get("links").is_none());
}

#[test]
fn the_machines_and_the_engines_own_directories_are_never_volumes_and_never_roots() {
    let scene = Scene::alone();
    let live = scene.world.path("data/app");
    std::fs::create_dir_all(&live).unwrap();
    let socket = scene.engine.socket();
    let engines = socket.parent().unwrap();
    let data = engines.join("data");
    let file = scene.world.path("data/settings");
    std::fs::write(&file, "").unwrap();
    let machines = ["/", "/dev", "/proc", "/sys", "/run", "/etc", "/var"].map(Path::new);
    let sources: Vec<&Path> = machines
        .into_iter()
        .chain([engines, data.as_path(), socket.as_path(), file.as_path(), live.as_path()])
        .collect();
    let told = scene.adopt(&sources, &[]);
    told.expect(0);
    for source in &sources[..sources.len() - 1] {
        told.expect_said(&format!("`{}` stays mounted", source.display()));
    }
    let config = scene.config();
    let volumes = config["workload"][0]["volume"].as_array().unwrap();
    assert_eq!(
        volumes.iter().map(|volume| volume["source"].as_str().unwrap()).collect::<Vec<_>>(),
        [live.to_str().unwrap()]
    );
    let roots: Vec<&str> =
        config["host"]["allowed_roots"].as_array().unwrap().iter().map(|root| root.as_str().unwrap()).collect();
    assert_eq!(roots, [scene.world.path("").to_str().unwrap().trim_end_matches('/')]);
}

#[test]
fn a_container_that_has_nothing_but_the_machine_is_refused() {
    let scene = Scene::alone();
    scene.adopt(&[Path::new("/proc"), Path::new("/")], &[]).expect(3).expect_said("`/").expect_clear();
    assert!(scene.config().get("workload").is_none());
}
