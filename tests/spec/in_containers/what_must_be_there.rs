//! What a container needs of its engine and machine, networks, ports, a name, paths, is looked at before the app is
//! stopped: a deploy is refused as a whole, and so is the plan of a restore that could not bring the app back.

use std::process::Child;

use serde_json::{Value, json};

use super::crashes::one_at_a_time;
use crate::support::containers::{self, STAY};
use crate::support::engine::Engine;
use crate::support::{Output, Volume, Workload, World, eventually};

/// Takes a port and says so.
const LISTEN: &str = "import socket, sys, time
kind, address, port = sys.argv[1:]
s = socket.socket(socket.AF_INET, getattr(socket, 'SOCK_' + kind))
s.bind((address, int(port)))
if kind == 'STREAM': s.listen()
time.sleep(1e6)";

/// Something of the machine's own that listens where the engine publishes ports.
struct Listener(Child);

impl Listener {
    fn start(engine: &Engine, kind: &str, address: &str, port: u16) -> Listener {
        let text = port.to_string();
        let listener = Listener(engine.start_beside(&["python3", "-c", LISTEN, kind, address, &text]));
        let shown = format!(":{port:04X} ");
        eventually("it listens", || engine.beside(&["cat", "/proc/net/tcp", "/proc/net/udp"]).contains(&shown));
        listener
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

struct Scene<'a> {
    engine: &'a Engine,
    world: World,
    id: String,
    /// What its configuration says besides.
    lines: String,
}

impl<'a> Scene<'a> {
    fn deployed(engine: &'a Engine, lines: &str) -> Scene<'a> {
        let id = containers::fresh_id("needy");
        let mut workload = Workload::idle(&id, [Volume::project("data")]).command(&["sh", "-c", STAY]);
        workload.image = Some(engine.busybox("1"));
        workload.lines = lines.to_owned();
        let world = containers::world(engine, [workload]);
        world.ok(&["deploy", &id]);
        Scene { engine, world, id, lines: lines.to_owned() }
    }

    fn configure(&mut self, lines: &str) {
        let id = self.id.clone();
        self.world.workload(&id).lines = lines.to_owned();
        self.world.write_config();
    }

    /// The container that runs, and since when.
    #[track_caller]
    fn running(&self) -> (String, String) {
        let all = containers::of(self.engine, &self.id);
        let up = all.iter().find(|container| container["State"] == "running").expect("it runs");
        let inspect = self.engine.container(up["Id"].as_str().unwrap());
        (inspect["Id"].to_string(), inspect["State"]["StartedAt"].to_string())
    }

    /// A deploy of these lines is refused, saying all of this, and the app is not touched.
    #[track_caller]
    fn refuses(&mut self, lines: &str, says: &[&str]) {
        let before = self.running();
        self.configure(lines);
        let output = self.world.reforge(&["deploy", &self.id]);
        self.untouched(&output, &before, lines, says);
        output.expect_clear();
        let lines = self.lines.clone();
        self.configure(&lines);
    }

    #[track_caller]
    fn untouched(&self, output: &Output, before: &(String, String), what: &str, says: &[&str]) {
        assert_eq!(&self.running(), before, "{what}: {output:?}");
        output.expect(3);
        says.iter().for_each(|text| {
            output.expect_said(text);
        });
    }

    /// Neither a plan nor a restore goes on.
    #[track_caller]
    fn refuses_to_restore(&self, snapshot: &str, what: &str, says: &[&str]) {
        let before = self.running();
        let plan = self.world.reforge(&["restore", "plan", &self.id, snapshot]);
        self.untouched(&plan, &before, what, says);
        let restore = self.world.restore(&self.id, snapshot, &[]);
        self.untouched(&restore, &before, what, says);
        restore.expect_clear();
    }
}

const QUIET: &str = "request = { HostConfig = { NetworkMode = \"none\" } }\n";

#[test]
fn networks_and_ports_that_cannot_be_had_refuse_a_deploy_before_the_app_is_stopped() {
    let _one = one_at_a_time();
    let engine = Engine::apart();
    engine.call("POST", "/networks/create", &json!({ "Name": "front", "Driver": "bridge" }));
    let lines = "networks = [\"front\"]\nports = [\"127.0.0.1:8080:80\"]\n";
    let mut scene = Scene::deployed(&engine, lines);
    scene.refuses("networks = [\"front\", \"nowhere\"]\n", &["network `nowhere`", "docker network create"]);
    let other = format!("other-{}", scene.id);
    let bindings = json!({ "80/tcp": [{ "HostPort": "8081" }] });
    let host = json!({ "NetworkMode": "front", "PortBindings": bindings });
    containers::stranger(&engine, &other, true, json!({ "ExposedPorts": { "80/tcp": {} }, "HostConfig": host }));
    let ports = |ports: &str| format!("networks = [\"front\"]\nports = [{ports}]\n");
    scene.refuses(&ports("\"8081:80\""), &["8081/tcp", &other]);
    scene.refuses(&ports("\"127.0.0.1:8081:80\""), &["127.0.0.1:8081/tcp", &other]);
    let near = Listener::start(&engine, "STREAM", "127.0.0.1", 8082);
    scene.refuses(&ports("\"8082:80\", \"8081:81\""), &["8082/tcp", "127.0.0.1:8082", "8081/tcp", &other]);
    let everywhere = Listener::start(&engine, "DGRAM", "0.0.0.0", 8083);
    scene.refuses(&ports("\"127.0.0.1:8083:80/udp\""), &["8083/udp", "`ss"]);
    // The same number, but not the same port: another address, another protocol.
    scene.configure(&ports("\"127.0.0.2:8082:80\", \"127.0.0.1:8083:80/tcp\", \"127.0.0.1:8080:81\""));
    scene.world.ok(&["deploy", &scene.id]);
    drop((near, everywhere));
    containers::remove(&engine, &other);
    // What only the container that is replaced has is free, also as a part of what is wanted; and what is free again is.
    scene.configure(&ports("\"8080:80\", \"8081:81\", \"8082:82\""));
    scene.world.ok(&["deploy", &scene.id]);
    scene.running();
}

#[test]
fn paths_limits_and_containers_that_are_not_there_refuse_a_deploy_before_the_app_is_stopped() {
    let engine = Engine::shared();
    let mut scene = Scene::deployed(engine, QUIET);
    let host = |rest: &str| format!("request = {{ HostConfig = {{ {rest} }} }}\n");
    let gone = scene.world.path("gone");
    let mount = format!("NetworkMode = \"none\", Mounts = [{{ Type = \"bind\", Source = {gone:?}, Target = \"/x\" }}]");
    scene.refuses(&host(&mount), &[gone.to_str().unwrap(), "is not there"]);
    let device = "NetworkMode = \"none\", Devices = [{ PathOnHost = \"/dev/no-such\", PathInContainer = \"/dev/x\", \
        CgroupPermissions = \"rwm\" }]";
    scene.refuses(&host(device), &["`/dev/no-such`"]);
    scene.refuses(&host("NetworkMode = \"container:no-such\""), &["`no-such`"]);
    let idle = format!("idle-{}", scene.id);
    containers::stranger(engine, &idle, false, json!({ "HostConfig": { "NetworkMode": "none" } }));
    scene.refuses(&host(&format!("NetworkMode = \"container:{idle}\"")), &[&idle, "does not run"]);
    scene.refuses(&host("NetworkMode = \"none\", VolumesFrom = [\"no-such:ro\"]"), &["`no-such`"]);
    scene.refuses(&format!("{QUIET}cpus = 5000\n"), &["5000", "processors"]);
    scene.refuses(&host("NetworkMode = \"none\", Memory = 1000000"), &["1000000", "6 MiB"]);
    scene.refuses(
        &format!("{QUIET}container_name = {idle:?}\ncpus = 5000\n"),
        &["taken by one that is not ours", "5000"],
    );
    containers::remove(engine, &idle);
    scene.world.ok(&["deploy", &scene.id]);
}

#[test]
fn a_restore_that_could_not_bring_the_app_back_is_refused_in_its_plan() {
    let engine = Engine::shared();
    let scratch = tempfile::tempdir().unwrap();
    let settings = scratch.path().join("settings");
    std::fs::write(&settings, "x").unwrap();
    let mount = format!("{{ Type = \"bind\", Source = {settings:?}, Target = \"/settings\" }}");
    let lines = format!("request = {{ HostConfig = {{ NetworkMode = \"none\", Mounts = [{mount}] }} }}\n");
    let scene = Scene::deployed(engine, &lines);
    let snapshot = scene.world.snapshot(&scene.id);
    scene.world.restore(&scene.id, &snapshot, &[]).expect(0);
    // A container that runs keeps what it has; one that is started needs it again.
    std::fs::remove_file(&settings).unwrap();
    scene.refuses_to_restore(&snapshot, "a path", &[settings.to_str().unwrap()]);
    let before = scene.running();
    let undo = scene.world.undo(&scene.world.transactions()[0]);
    scene.untouched(&undo, &before, "an undo", &[settings.to_str().unwrap()]);
    std::fs::write(&settings, "x").unwrap();

    let name = format!("reforge-{}", scene.id);
    engine.call("POST", &format!("/containers/{name}/rename?name=aside-{name}"), &Value::Null);
    containers::stranger(engine, &name, false, json!({ "HostConfig": { "NetworkMode": "none" } }));
    scene.refuses_to_restore(&snapshot, "a name", &[&name, "is taken by one that is not ours"]);
    containers::remove(engine, &name);
    scene.world.restore(&scene.id, &snapshot, &[]).expect(0);
    // One that stays stopped needs nothing.
    scene.world.ok(&["stop", &scene.id]);
    std::fs::remove_file(&settings).unwrap();
    scene.world.restore(&scene.id, &snapshot, &[]).expect(0);
}
