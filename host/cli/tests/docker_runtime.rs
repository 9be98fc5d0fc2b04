//! The Docker runtime keeps every claim of a runtime, on an engine of its own, and those that only containers can break.

#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "the promises' tests use it too, and neither uses all of it")]
#[path = "../../../tests/support/engine.rs"]
mod engine;
#[macro_use]
mod runtime_claims;

use std::time::{Duration, Instant};

use engine::Engine;
use reforge_base::spec::{AppState, Container, Health, Restart};
use reforge_docker::DockerRuntime;
use reforge_runtime::Runtime;
use runtime_claims::{STEADY, World, eventually, state};

/// A runtime of a host of its own on the shared engine. Nothing of it runs at the end of a test.
struct Containers {
    runtime: DockerRuntime,
    owner: String,
}

impl Containers {
    fn new(world: &World) -> Containers {
        let owner = world.root.path().file_name().unwrap().to_str().unwrap().replace('.', "").to_lowercase();
        let runtime = DockerRuntime::new(Engine::shared().socket(), &owner, world.root.path().join("docker"));
        Containers { runtime, owner }
    }
}

impl Drop for Containers {
    fn drop(&mut self) {
        self.runtime.stop("notes").expect("everything ends");
    }
}

/// A world of containers that see the machine's processes, so that an app can say who it is.
fn world() -> World {
    let mut world = World::new();
    let engine = Engine::shared();
    world.image = Some(engine.busybox("1"));
    let name = world.root.path().file_name().unwrap().to_str().unwrap().trim_start_matches('.').to_owned();
    let request = serde_json::json!({ "HostConfig": { "PidMode": "host", "NetworkMode": "none" } });
    world.container = Container {
        name: Some(format!("notes-{name}")),
        restart: Restart::Always,
        request: request.as_object().unwrap().clone(),
        ..Container::default()
    };
    world
}

macro_rules! claims {
    ($($claim:ident)*) => {$(
        #[test]
        fn $claim() {
            let world = world();
            let containers = Containers::new(&world);
            runtime_claims::$claim(&containers.runtime, &world);
        }
    )*};
}

every_claim!(claims);

#[test]
fn the_check_of_an_image_counts_and_only_what_it_found_since_the_start() {
    let mut world = world();
    world.image = Some(Engine::shared().busybox_that_checks("/data/ready"));
    let containers = Containers::new(&world);
    let ready = world.live.join("ready");
    let told = |patience: Duration| {
        let began = Instant::now();
        let report = containers.runtime.await_healthy("notes", &|| began.elapsed() > patience).expect("told");
        (report.health, report.reason)
    };
    let (shortly, long) = (Duration::from_millis(500), Duration::from_secs(60));
    containers.runtime.create(&world.spec(STEADY)).expect("created");
    assert_eq!(told(shortly).0, Health::Unknown);
    std::fs::write(&ready, "").unwrap();
    let (health, reason) = told(long);
    assert_eq!(health, Health::Healthy, "{reason}");
    assert!(reason.contains("the image's health check passed"), "{reason}");
    // Whatever the engine still says of the start before.
    std::fs::remove_file(&ready).unwrap();
    let name = world.container.name.clone().unwrap();
    Engine::shared().call("POST", &format!("/containers/{name}/restart"), &serde_json::Value::Null);
    assert_eq!(told(shortly).0, Health::Unknown);
}

#[test]
fn a_paused_app_counts_as_running_and_can_be_stopped() {
    let world = world();
    let containers = Containers::new(&world);
    containers.runtime.create(&world.spec(STEADY)).expect("created");
    world.wait_for_mark("starts");
    let name = world.container.name.clone().unwrap();
    Engine::shared().call("POST", &format!("/containers/{name}/pause"), &serde_json::Value::Null);
    assert_eq!(state(&containers.runtime), AppState::Running);
    assert!(!containers.runtime.is_down("notes").expect("told"));
    containers.runtime.stop("notes").expect("stopped");
    eventually("down", || containers.runtime.is_down("notes").expect("told"));
    assert!(!containers.owner.is_empty());
}
