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

    /// What people do all day starts this container and no other.
    #[track_caller]
    fn everyday(&self, container: &Value) {
        let up = self.running();
        self.compose(&["up", "-d"]);
        assert_eq!(self.running()["State"]["StartedAt"], up["State"]["StartedAt"], "Compose has nothing to do");
        self.compose(&["restart"]);
        assert_eq!(self.running()["Id"], container["Id"]);
        for listed in self.engine.containers() {
            // Already started is answered, too.
            self.engine.call("POST", &format!("/containers/{}/start", listed["Id"].as_str().unwrap()), &Value::Null);
        }
        assert_eq!(self.running()["Id"], container["Id"]);
    }

    fn edit(&self, from: &str, to: &str) {
        let file = self.directory.join("docker-compose.yml");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(from));
        std::fs::write(&file, text.replace(from, to)).unwrap();
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
    let environment = |container: &Value| {
        let listed = container["Config"]["Env"].as_array().unwrap();
        let mut variables: Vec<String> = listed.iter().map(|variable| variable.as_str().unwrap().to_owned()).collect();
        variables.sort();
        variables
    };
    assert_eq!(environment(one), environment(other));
    for same in ["/Name", "/Config/Cmd", "/HostConfig/RestartPolicy", "/HostConfig/NetworkMode"] {
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
fn what_compose_created_is_restored_and_undone_as_the_same_container_and_compose_goes_on_with_it() {
    let _one = one_at_a_time();
    let engine = Engine::apart();
    let project = Project::up(&engine);
    let world = &project.world;
    let before = project.running();
    let id = name_of(&before);
    let adopted = world.ok(&["workload", "adopt", &id]);
    adopted.expect_said("Compose created it").expect_said("docker compose up").expect_said("volume  cache: ");
    adopted.expect_unsaid("hunter2");
    let snapshot = world.snapshot(&id);
    project.marks().iter().for_each(|mark| std::fs::write(mark, "").unwrap());
    let there = || project.marks().map(|mark| Path::exists(&mark));
    world.restore(&id, &snapshot, &[]).expect(0);
    assert_eq!(there(), [false, false], "restored");
    assert_eq!(project.running()["Id"], before["Id"], "the container that Compose created");
    project.everyday(&before);
    world.undo(&world.transactions()[0]).expect(0);
    assert_eq!(there(), [true, true], "undone");
    apps::writes_on(&project.data());
    assert_eq!(project.running()["HostConfig"], before["HostConfig"], "its policy, too");
    project.everyday(&before);

    // One that Compose creates with the same is followed.
    project.compose(&["up", "-d", "--force-recreate"]);
    let anew = project.running();
    assert_ne!(anew["Id"], before["Id"]);
    world.ok(&["restore", "plan", &id, &snapshot]).expect_said("is taken for it");
    world.restore(&id, &snapshot, &[]).expect(0);
    assert_eq!((&project.running()["Id"], there()), (&anew["Id"], [false, false]));

    // One that it creates with something else is not, until a person says so.
    project.edit("SECRET: hunter2", "SECRET: hunter3");
    project.compose(&["up", "-d"]);
    let restore = ["restore", "plan", &id, &snapshot];
    for refused in [&["snapshot", "create", &id][..], &restore] {
        world.reforge(refused).expect(3).expect_said("`SECRET`").expect_said("workload adopt").expect_unsaid("hunter");
    }
    world.ok(&["workload", "adopt", &id]).expect_said("is workload");
    world.ok(&restore).expect_unsaid("is taken for it");
    world.snapshot(&id);

    // A deploy makes one of Reforge's own, with what Compose gave it last, and Compose takes it for its own.
    world.ok(&["deploy", &id, "--yes"]);
    let ours = project.running();
    let mut meant = before.clone();
    let environment = meant["Config"]["Env"].as_array_mut().unwrap();
    environment
        .iter_mut()
        .filter(|variable| *variable == "SECRET=hunter2")
        .for_each(|it| *it = "SECRET=hunter3".into());
    assert_same(&ours, &meant);
    assert!(project.compose(&["ps"]).contains(&id), "Compose knows it");
    project.compose(&["restart"]);
    assert_eq!(project.running()["Id"], ours["Id"]);
    apps::writes_on(&project.data());
    project.compose(&["down"]);
}
