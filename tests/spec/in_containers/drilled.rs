//! An app is drilled: started a second time on other data, cut off from everything, while the deployed one goes on.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use reforge_base::failure::Code;
use reforge_base::spec::{AppState, ComposeProject, DeploySpec, Health, Mount, Observation};
use reforge_docker::ComposeRuntime;
use reforge_drills::app::{CommandEnd, DrillSpec, DrillVolume, DrilledApp, Drills, Limits};
use reforge_drills::containers::drills;
use reforge_runtime::Runtime as _;
use serde_json::{Value, json};

use super::crashes::one_at_a_time;
use crate::support::containers;
use crate::support::engine::Engine;
use crate::support::projects::Project;

const HOST: &str = "the-host";
const LIMIT: Duration = Duration::from_secs(20);

/// A directory of a drill's own with the data of a volume, and what is drilled on it.
struct Drilled {
    directory: tempfile::TempDir,
    spec: DrillSpec,
}

impl Drilled {
    fn of(observed: Observation, volumes: &[(&str, bool)]) -> Drilled {
        let directory = tempfile::tempdir().unwrap();
        let volume = |(name, is_new): &(&str, bool)| {
            let directory = directory.path().join(name);
            std::fs::create_dir(&directory).unwrap();
            std::fs::write(directory.join("page"), "snapshot").unwrap();
            DrillVolume { name: (*name).to_owned(), directory, is_new: *is_new }
        };
        let volumes = volumes.iter().map(volume).collect();
        let own = directory.path().join("drill");
        std::fs::create_dir(&own).unwrap();
        let spec = DrillSpec {
            drill: containers::fresh_id("d"),
            workload: "shop".to_owned(),
            observed,
            volumes,
            directory: own,
            environment: vec![("DRILLED".to_owned(), "yes".to_owned())],
            read_only: Vec::new(),
            live: Vec::new(),
            limits: Limits { memory: Some(128 << 20), cpus: Some(1.0) },
        };
        Drilled { directory, spec }
    }

    fn started(&self, drills: &impl Drills) -> Box<dyn DrilledApp> {
        let mut app = drills.make(&self.spec).unwrap();
        app.start().unwrap();
        let report = app.await_healthy(LIMIT, &AtomicBool::new(false)).unwrap();
        assert_eq!(report.health, Health::Healthy, "{report:?}");
        app
    }
}

/// What a single container is observed as.
fn single(engine: &Engine, request: Value, mounts: Vec<Mount>) -> Observation {
    let image = engine.busybox("1");
    let found = engine.call("GET", &format!("/images/{image}/json"), &Value::Null);
    let mut spec = DeploySpec::new("shop", &image);
    spec.image_digest = found["Id"].as_str().unwrap().to_owned();
    spec.mounts = mounts;
    let detail = json!({ "id": "0".repeat(64), "name": "shop", "policy": "always", "request": request });
    Observation::new(AppState::Running, Some(spec)).with_detail(detail)
}

fn says(app: &dyn DrilledApp, member: Option<&str>, script: &str) -> String {
    let CommandEnd { failure, output, error_output } =
        app.run(member, &["sh".to_owned(), "-c".to_owned(), script.to_owned()], LIMIT).unwrap();
    assert!(failure.is_none(), "{failure:?}: {}", String::from_utf8_lossy(&error_output));
    String::from_utf8(output).unwrap().trim().to_owned()
}

/// Somebody who listens everywhere in the engine's network.
struct Listeners {
    streams: Vec<TcpListener>,
    datagrams: Vec<UdpSocket>,
}

/// Does something where the engine's networks are.
fn beside<T: Send>(engine: &Engine, act: impl FnOnce() -> T + Send) -> T {
    let namespace = engine.network();
    std::thread::scope(|scope| {
        let inside = scope.spawn(|| {
            let kind = Some(rustix::thread::LinkNameSpaceType::Network);
            rustix::thread::move_into_link_name_space(namespace.as_fd(), kind).unwrap();
            act()
        });
        inside.join().unwrap()
    })
}

impl Listeners {
    fn listen(engine: &Engine) -> Listeners {
        beside(engine, || {
            let streams = [25, 80, 2375].map(|port| TcpListener::bind(("0.0.0.0", port)).unwrap());
            let datagrams = [53, 5353].map(|port| UdpSocket::bind(("0.0.0.0", port)).unwrap());
            streams.iter().for_each(|one| one.set_nonblocking(true).unwrap());
            datagrams.iter().for_each(|one| one.set_nonblocking(true).unwrap());
            Listeners { streams: streams.into(), datagrams: datagrams.into() }
        })
    }

    /// How much has arrived.
    fn heard(&self) -> usize {
        let none = |kind: ErrorKind| assert_eq!(kind, ErrorKind::WouldBlock);
        let streams = self.streams.iter().filter(|one| one.accept().map_err(|error| none(error.kind())).is_ok());
        let datagrams =
            self.datagrams.iter().filter(|one| one.recv(&mut [0; 9]).map_err(|error| none(error.kind())).is_ok());
        streams.count() + datagrams.count()
    }
}

fn of_drills(engine: &Engine) -> usize {
    let labelled = |all: &Value| {
        let of_drill = |one: &&Value| one["Labels"]["reforge.drill"].is_string();
        all.as_array().map_or(0, |all| all.iter().filter(of_drill).count())
    };
    let volumes = engine.call("GET", "/volumes", &Value::Null);
    let networks = engine.call("GET", "/networks", &Value::Null);
    labelled(&engine.containers().into()) + labelled(&networks) + labelled(&volumes["Volumes"])
}

#[test]
fn what_a_drilled_app_tries_arrives_nowhere_and_is_counted() {
    let _one = one_at_a_time();
    let engine = Engine::apart();
    engine.call("POST", "/networks/create", &json!({ "Name": "front", "Driver": "bridge" }));
    containers::stranger(&engine, "live-db", true, json!({ "HostConfig": { "NetworkMode": "front" } }));
    let bridge = engine.container("live-db")["NetworkSettings"]["Networks"]["front"]["Gateway"].clone();
    let bridge = bridge.as_str().unwrap().to_owned();
    let listeners = Listeners::listen(&engine);

    let live = tempfile::tempdir().unwrap();
    let mount = json!({ "Type": "bind", "Source": live.path(), "Target": "/data" });
    let media = tempfile::tempdir().unwrap();
    let other = json!({ "Type": "bind", "Source": media.path(), "Target": "/media" });
    let request = json!({
        "Cmd": ["sh", "-c", containers::STAY], "Labels": { "traefik.enable": "true" }, "Env": ["VIRTUAL_HOST=shop.example"],
        "HostConfig": { "NetworkMode": "front", "Mounts": [mount, other], "ExtraHosts": [format!("gateway:{bridge}")],
            "CapAdd": ["NET_ADMIN", "SYS_ADMIN"], "Dns": [bridge], "PortBindings": { "80/tcp": [{ "HostPort": "8080" }] } },
        "NetworkingConfig": { "EndpointsConfig": { "front": { "Aliases": ["shop"] } } },
    });
    let observed = single(&engine, request, vec![Mount::new("data", live.path(), "/data")]);
    let drilled = Drilled::of(observed, &[("data", false)]);
    let drills = drills(engine.socket(), HOST);
    let mut app = drilled.started(&drills);
    let before = app.attempts().unwrap();
    let found = engine.call("GET", &format!("/networks/reforge-drill-{}", drilled.spec.drill), &Value::Null);
    let own = found["IPAM"]["Config"][0]["Gateway"].as_str().unwrap().to_owned();
    let tries = format!(
        "t='busybox timeout 1 busybox'; for to in {bridge} 1.1.1.1; do for port in 25 80 2375; do $t nc $to $port </dev/null; done; done;
         $t nc {own} 80 </dev/null; echo x | $t nc -u {bridge} 53; echo x | $t nc -u 224.0.0.251 5353; $t nslookup mail.example;
         $t nslookup live-db; $t wget http://live-db/; $t wget http://[2606:4700::1111]/; $t wget http://gateway/; busybox ip addr"
    );
    let said = says(&*app, None, &tries);
    assert!(!said.contains("inet6"), "{said}");
    assert_eq!(listeners.heard(), 0);
    let attempts = app.attempts().unwrap() - before;
    assert!(attempts >= 8, "six connections and two datagrams: {attempts}");
    assert_eq!(says(&*app, None, "cat /data/page; ls /media; echo $VIRTUAL_HOST$DRILLED"), "snapshotyes");
    says(&*app, None, "echo drilled > /data/page; echo drilled > /media/new");
    let withheld: String = app.withheld().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    for what in ["NET_ADMIN", "SYS_ADMIN", "ExtraHosts", "VIRTUAL_HOST", media.path().to_str().unwrap()] {
        assert!(withheld.contains(what), "{what}: {withheld}");
    }
    app.remove().unwrap();
    assert_eq!(of_drills(&engine), 0);
    for untouched in [&live, &media] {
        assert_eq!(untouched.path().read_dir().unwrap().count(), 0);
    }
    // And they would have heard it.
    beside(&engine, || TcpStream::connect((bridge.as_str(), 25)).unwrap());
    assert_eq!(listeners.heard(), 1);
}

#[test]
fn a_drilled_project_finds_its_parts_by_name_and_nobody_finds_it() {
    let _one = one_at_a_time();
    let engine = Engine::apart();
    let services = "services:\n  db:\n    image: BUSYBOX\n    command: [sh, -c, \"busybox httpd -p 80 -h /data; STAYS\"]\n    volumes: [\"data:/data\"]\n  \
        web:\n    image: BUSYBOX\n    command: [sh, -c, \"until busybox wget -q -O /tmp/page http://db/page; do sleep 0.1; done; STAYS\"]\n    \
        depends_on: [db]\n    labels: {traefik.enable: \"true\"}\n    environment: {VIRTUAL_HOST: shop.example}\n    \
        healthcheck: {test: [CMD, test, -e, /tmp/page], interval: 30s}\n  \
        proxy:\n    image: BUSYBOX\n    command: [sh, -c, \"STAYS\"]\n    volumes: [\"SOCKET:/var/run/docker.sock\"]\nvolumes: {data: {}}\n";
    let project = Project::of(&engine, &services.replace("SOCKET", engine.socket().to_str().unwrap()));
    project.compose(&["up", "-d"]);
    std::fs::write(project.volume("data").join("page"), "live").unwrap();
    let known =
        ComposeProject::new(&project.name, &project.directory, vec![project.directory.join("docker-compose.yml")]);
    let records = tempfile::tempdir().unwrap();
    let of = [("shop".to_owned(), known)].into();
    let runtime = ComposeRuntime::new(engine.socket(), records.path().into(), records.path().into(), of);
    let observed = runtime.observe("shop").unwrap();
    let volume = observed.spec.as_ref().unwrap().mounts[0].volume.clone();
    let started =
        || -> Vec<Value> { project.members().iter().map(|member| member["State"]["StartedAt"].clone()).collect() };
    let before = started();

    let drilled = Drilled::of(observed, &[(&volume, false)]);
    let drills = drills(engine.socket(), HOST);
    let mut app = drilled.started(&drills);
    assert_eq!(app.members(), ["db", "web"]);
    assert!(app.withheld().iter().any(|told| told.contains("proxy is left out")), "{:?}", app.withheld());
    assert_eq!(says(&*app, Some("web"), "cat /tmp/page; echo $VIRTUAL_HOST"), "snapshot");
    assert_eq!(app.attempts().unwrap(), 0, "they only talked to each other");
    says(&*app, Some("db"), "echo drilled > /data/page");
    let by_label =
        engine.call("GET", "/containers/json?filters=%7B%22label%22%3A%5B%22traefik.enable%22%5D%7D", &Value::Null);
    assert_eq!(by_label.as_array().unwrap().len(), 1, "{by_label}");
    assert_eq!(project.members().len(), 3);
    app.remove().unwrap();
    assert_eq!((started(), of_drills(&engine)), (before, 0));
    assert_eq!(std::fs::read_to_string(project.volume("data").join("page")).unwrap(), "live");
}

#[test]
fn what_is_left_of_a_drill_goes_after_the_engine_was_killed_and_nothing_else() {
    let _one = one_at_a_time();
    let engine = Engine::apart();
    let request = json!({
        "Cmd": ["sh", "-c", containers::STAY], "Volumes": { "/kept": {} },
        "HostConfig": { "Mounts": [{ "Type": "volume", "Source": "shop-data", "Target": "/data" }] },
    });
    let observed = || {
        let data = Mount::new("data", "/nowhere", "/data").with_engine_volume(Some("shop-data".to_owned()));
        single(&engine, request.clone(), vec![data])
    };
    engine.call("POST", "/volumes/create", &json!({ "Name": "shop-data" }));
    containers::stranger(&engine, "live", true, json!({ "HostConfig": { "NetworkMode": "none" } }));
    let (ours, theirs) = (drills(engine.socket(), HOST), drills(engine.socket(), "another-host"));
    let (first, second) = (Drilled::of(observed(), &[("data", true)]), Drilled::of(observed(), &[("data", true)]));
    let app = first.started(&ours);
    assert_eq!(says(&*app, None, "ls /data"), "", "a new volume, as at the first start");
    let _other = theirs.make(&second.spec).unwrap();
    engine.kill();
    assert_eq!(ours.sweep(&first.spec.drill).unwrap_err().code, Code::EngineUnreachable);
    engine.run();
    assert_eq!(ours.left().unwrap(), std::slice::from_ref(&first.spec.drill));
    ours.sweep(&first.spec.drill).unwrap();
    ours.sweep(&first.spec.drill).unwrap();
    ours.sweep(&second.spec.drill).unwrap();
    assert_eq!(ours.left().unwrap(), [""; 0]);
    assert_eq!(theirs.left().unwrap(), std::slice::from_ref(&second.spec.drill));
    theirs.sweep(&second.spec.drill).unwrap();
    assert_eq!(of_drills(&engine), 0);
    assert_eq!(engine.containers().len(), 1);
    let volumes = engine.call("GET", "/volumes", &Value::Null);
    let names: Vec<&Value> = volumes["Volumes"].as_array().unwrap().iter().map(|volume| &volume["Name"]).collect();
    assert_eq!(names, ["shop-data"]);
    assert!(Path::new(first.directory.path()).exists());
}

#[test]
fn what_lives_by_the_machine_is_not_drilled_and_named() {
    let engine = Engine::shared();
    let refused = |host: Value| {
        let drilled = Drilled::of(single(engine, json!({ "HostConfig": host }), Vec::new()), &[]);
        let Err(failure) = drills(engine.socket(), HOST).make(&drilled.spec) else { panic!("it was made") };
        assert_eq!(failure.code, Code::PolicyRefused);
        assert_eq!(of_drills(engine), 0);
        failure.message.to_string()
    };
    let socket = json!({ "Type": "bind", "Source": engine.socket(), "Target": "/var/run/docker.sock" });
    for (host, needs) in [
        (json!({ "Privileged": true }), "Privileged"),
        (json!({ "NetworkMode": "host" }), "NetworkMode host"),
        (json!({ "Devices": [{ "PathOnHost": "/dev/ttyUSB0", "PathInContainer": "/dev/ttyUSB0" }] }), "/dev/ttyUSB0"),
        (json!({ "Mounts": [socket] }), "docker.sock"),
    ] {
        let said = refused(host);
        assert!(said.contains("not possible in isolation") && said.contains("shop") && said.contains(needs), "{said}");
    }
}
