//! A container that Docker Compose itself created is adopted, restored and undone, and what Compose makes of that is what
//! the README says.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::crashes::one_at_a_time;
use crate::support::containers;
use crate::support::engine::Engine;
use crate::support::{World, apps};

/// Counts into its first volume as [`containers::COUNTER`] does; `$` is Compose's own.
const PROJECT: &str = r#"version: "3.8"
services:
  web:
    image: IMAGE
    command: ["sh", "-c", "trap exit TERM; log=/data/log; n=$$(wc -l < $$log 2>/dev/null || echo 0); while :; do n=$$((n + 1)); echo $$n >> $$log; usleep 20000; done"]
    environment:
      SECRET: hunter2
    labels:
      their.label: kept
    restart: always
    stop_grace_period: 1s
    networks: [front]
    volumes:
      - ./data:/data
      - type: bind
        source: ./config
        target: /config
      - cache:/cache
networks:
  front: {}
volumes:
  cache: {}
"#;

struct Project<'a> {
    engine: &'a Engine,
    world: World,
    name: String,
    directory: PathBuf,
}

impl<'a> Project<'a> {
    fn up(engine: &'a Engine) -> Project<'a> {
        let world = containers::world(engine, []);
        let name = containers::fresh_id("shop");
        let directory = world.path("elsewhere/shop");
        for volume in ["data", "config"] {
            std::fs::create_dir_all(directory.join(volume)).unwrap();
        }
        let file = PROJECT.replace("IMAGE", &engine.busybox("1"));
        std::fs::write(directory.join("docker-compose.yml"), file).unwrap();
        let project = Project { engine, world, name, directory };
        project.compose(&["up", "-d"]);
        apps::writes_on(&project.data());
        project
    }

    #[track_caller]
    fn compose(&self, words: &[&str]) -> String {
        let output = Command::new("docker-compose")
            .current_dir(&self.directory)
            .env("DOCKER_HOST", format!("unix://{}", self.engine.socket().display()))
            .args(["-p", &self.name])
            .args(words)
            .output()
            .unwrap_or_else(|error| panic!("cannot run `docker-compose` ({error}): apt-get install docker-compose"));
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// Everything of the service that runs, whoever created it: one container.
    #[track_caller]
    fn running(&self) -> Value {
        let all = self.engine.containers();
        let of_project = |container: &&Value| container["Labels"]["com.docker.compose.project"] == *self.name;
        let up: Vec<_> = all.iter().filter(of_project).filter(|container| container["State"] == "running").collect();
        assert_eq!(up.len(), 1, "{all:?}");
        self.engine.container(up[0]["Id"].as_str().unwrap())
    }

    fn marks(&self) -> [PathBuf; 2] {
        ["data/since", "config/since"].map(|name| self.directory.join(name))
    }
}

fn name_of(container: &Value) -> String {
    container["Name"].as_str().unwrap().trim_start_matches('/').to_owned()
}

/// The named volume that it has.
fn cache(container: &Value) -> Value {
    let mounts = container["Mounts"].as_array().unwrap();
    mounts.iter().find(|mount| mount["Destination"] == "/cache").unwrap()["Name"].clone()
}

#[track_caller]
fn assert_same(one: &Value, other: &Value) {
    for same in ["/Name", "/Config/Cmd", "/Config/Env", "/HostConfig/RestartPolicy", "/HostConfig/NetworkMode"] {
        assert_eq!(one.pointer(same), other.pointer(same), "{same}");
    }
    let theirs = |container: &Value| -> Vec<(String, Value)> {
        let labels = container["Config"]["Labels"].as_object().unwrap();
        labels.iter().filter(|(key, _)| !key.starts_with("reforge.")).map(|(k, v)| (k.clone(), v.clone())).collect()
    };
    assert_eq!(theirs(one), theirs(other));
    assert_eq!(cache(one), cache(other));
    let network = one["HostConfig"]["NetworkMode"].as_str().unwrap();
    for container in [one, other] {
        let endpoint = &container["NetworkSettings"]["Networks"][network];
        assert!(endpoint["Aliases"].as_array().unwrap().contains(&Value::from("web")), "{endpoint}");
    }
}

#[test]
fn what_compose_created_is_adopted_restored_and_undone_and_compose_still_knows_it() {
    let _one = one_at_a_time();
    let engine = Engine::apart();
    let project = Project::up(&engine);
    let world = &project.world;
    let before = project.running();
    let id = name_of(&before);
    let adopted = world.ok(&["workload", "adopt", &id]);
    adopted.expect_said("Compose created it").expect_said("reforge deploy").expect_said("volume  cache: ");
    adopted.expect_unsaid("hunter2");
    let snapshot = world.snapshot(&id);
    project.marks().iter().for_each(|mark| std::fs::write(mark, "").unwrap());
    let there = || project.marks().map(|mark| Path::exists(&mark));
    world.restore(&id, &snapshot, &[]).expect(0);
    assert_eq!(there(), [false, false], "restored");
    assert_same(&project.running(), &before);
    world.undo(&world.transactions()[0]).expect(0);
    assert_eq!(there(), [true, true], "undone");
    apps::writes_on(&project.data());
    let ours = project.running();
    assert_same(&ours, &before);
    assert!(project.compose(&["ps"]).contains(&id), "Compose knows it");

    // Nothing is kept beside: Compose sees what it would have created.
    world.ok(&["restore", "finish", world.transactions().last().unwrap(), "--yes"]);
    project.compose(&["up", "-d"]);
    let same = project.running();
    assert_eq!([&same["Id"], &same["State"]["StartedAt"]], [&ours["Id"], &ours["State"]["StartedAt"]]);

    // Something is: Compose takes one of both away, whichever, and the data is what it was. A deploy puts that right.
    world.ok(&["deploy", &id]);
    project.compose(&["up", "-d"]);
    project.running();
    assert_eq!(there(), [true, true]);
    apps::writes_on(&project.data());
    world.ok(&["deploy", &id]);
    assert_same(&project.running(), &before);
    apps::writes_on(&project.data());
    project.compose(&["down"]);
}
