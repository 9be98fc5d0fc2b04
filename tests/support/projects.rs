//! Compose projects on an engine of the tests' own, made by Compose itself.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

use super::engine::Engine;
use super::world::World;
use super::{containers, eventually};

/// Goes on until it is asked to end.
pub(crate) const STAYS: &str = "trap exit TERM; while :; do usleep 50000; done";

/// A project, and a host that may adopt it. Dropping it removes its containers and networks: an engine has addresses for some
/// thirty.
pub(crate) struct Project<'a> {
    pub engine: &'a Engine,
    pub world: World,
    pub name: String,
    pub directory: PathBuf,
}

impl<'a> Project<'a> {
    /// Its file, in which `BUSYBOX` stands for an image. Nothing of it is there yet.
    pub(crate) fn of(engine: &'a Engine, services: &str) -> Project<'a> {
        let world = containers::world(engine, []);
        let name = containers::fresh_id("unit");
        let directory = world.path("elsewhere/project");
        std::fs::create_dir_all(&directory).unwrap();
        let project = Project { engine, world, name, directory };
        project.write(services);
        project
    }

    /// The same, up.
    pub(crate) fn up(engine: &'a Engine, services: &str) -> Project<'a> {
        let project = Project::of(engine, services);
        project.compose(&["up", "-d"]);
        project
    }

    /// Another text in its file.
    pub(crate) fn write(&self, services: &str) {
        let text = services.replace("BUSYBOX", &self.engine.busybox("1")).replace("STAYS", STAYS);
        std::fs::write(self.directory.join("docker-compose.yml"), format!("version: \"3.8\"\n{text}")).unwrap();
    }

    #[track_caller]
    pub(crate) fn compose(&self, words: &[&str]) -> String {
        let output = self
            .compose_command(words)
            .output()
            .unwrap_or_else(|error| panic!("cannot run `docker-compose` ({error}): apt-get install docker-compose"));
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn compose_command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("docker-compose");
        command
            .current_dir(&self.directory)
            .env("DOCKER_HOST", format!("unix://{}", self.engine.socket().display()))
            .args(["-p", &self.name])
            .args(words);
        command
    }

    /// Becomes a workload of its own name.
    #[track_caller]
    pub(crate) fn adopt(&self) {
        self.world.ok(&["workload", "adopt", "--compose", &self.name]);
    }

    /// Its containers, one-offs too.
    pub(crate) fn members(&self) -> Vec<Value> {
        let is_of = |container: &Value| container["Labels"]["com.docker.compose.project"] == *self.name;
        let members = self.engine.containers().into_iter().filter(is_of);
        members.map(|container| self.engine.container(container["Id"].as_str().unwrap())).collect()
    }

    /// The first container of a service.
    #[track_caller]
    pub(crate) fn member(&self, service: &str) -> Value {
        let is_it = |member: &Value| {
            let labels = &member["Config"]["Labels"];
            labels["com.docker.compose.service"] == service && labels["com.docker.compose.container-number"] == "1"
        };
        self.members().into_iter().find(is_it).unwrap_or_else(|| panic!("no container of `{service}`"))
    }

    #[track_caller]
    pub(crate) fn id(&self, service: &str) -> String {
        self.member(service)["Id"].as_str().unwrap().to_owned()
    }

    /// Names of the services that run.
    pub(crate) fn running(&self) -> Vec<String> {
        let is_up = |member: &&Value| member["State"]["Running"] == true;
        let service =
            |member: &Value| member["Config"]["Labels"]["com.docker.compose.service"].as_str().unwrap().to_owned();
        let mut running: Vec<String> = self.members().iter().filter(is_up).map(service).collect();
        running.sort();
        running
    }

    /// Restart policy of each container by id.
    pub(crate) fn policies(&self) -> Vec<(String, Value)> {
        let policy =
            |member: &Value| (member["Id"].as_str().unwrap().to_owned(), member["HostConfig"]["RestartPolicy"].clone());
        let mut policies: Vec<_> = self.members().iter().map(policy).collect();
        policies.sort_by(|one, other| one.0.cmp(&other.0));
        policies
    }

    /// The directory of one of its named volumes.
    pub(crate) fn volume(&self, name: &str) -> PathBuf {
        let volume = self.engine.call("GET", &format!("/volumes/{}_{name}", self.name), &Value::Null);
        volume["Mountpoint"].as_str().unwrap().into()
    }

    /// A directory beside its file.
    pub(crate) fn bound(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// What a container says to a command that ends with 0.
    #[track_caller]
    pub(crate) fn inside(&self, service: &str, script: &str) -> String {
        let output = self.exec(service, script);
        assert!(output.status.success(), "{script}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Whether a command in a container ends with 0.
    pub(crate) fn answers(&self, service: &str, script: &str) -> bool {
        self.exec(service, script).status.success()
    }

    fn exec(&self, service: &str, script: &str) -> Output {
        let id = self.id(service);
        let mut command = Command::new("docker");
        command.env("DOCKER_HOST", format!("unix://{}", self.engine.socket().display()));
        command.args(["exec", &id, "sh", "-c", script]).output().unwrap()
    }

    #[track_caller]
    pub(crate) fn eventually_runs(&self, services: &[&str]) {
        eventually("the project runs", || self.running() == services);
    }
}

impl Drop for Project<'_> {
    fn drop(&mut self) {
        for member in self.members() {
            let path = format!("/containers/{}?force=1&v=1", member["Id"].as_str().unwrap_or_default());
            let _ = self.engine.try_call("DELETE", &path, &[]);
        }
        let of_it = format!("%7B%22label%22%3A%5B%22com.docker.compose.project%3D{}%22%5D%7D", self.name);
        let _ = self.engine.try_call("POST", &format!("/networks/prune?filters={of_it}"), &[]);
    }
}
