//! The way in with nothing but a container that runs: a configuration is made where it is looked for, and means the engine
//! that the environment meant.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::support::containers;
use crate::support::engine::Engine;
use crate::support::process::{Output, Running};

/// Directories of its own in the place of `/etc` and `/var/lib`.
const APART: &str = "mount --bind \"$1\" /etc && mount --bind \"$2\" /var/lib && shift 2 && exec \"$@\"";

/// A machine on which nothing is configured.
struct Machine {
    directory: tempfile::TempDir,
}

impl Machine {
    fn new() -> Machine {
        let directory = tempfile::tempdir().unwrap();
        for name in ["etc", "lib", "work", "data"] {
            std::fs::create_dir(directory.path().join(name)).unwrap();
        }
        Machine { directory }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.directory.path().join(below)
    }

    fn run(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", APART, "sh"]).args([self.path("etc"), self.path("lib")]);
        command.arg(env!("CARGO_BIN_EXE_reforge")).args(arguments).current_dir(self.path("work"));
        for name in
            ["LC_ALL", "LC_MESSAGES", "LANG", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "REFORGE_CONFIG"]
        {
            command.env_remove(name);
        }
        command.env("HOME", self.path("work")).env("NO_COLOR", "1").envs(environment.iter().copied());
        Running::start(&mut command, None).wait()
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_first_adoption_needs_no_configuration_and_writes_down_which_engine_it_asked() {
    let (engine, machine) = (Engine::shared(), Machine::new());
    let name = containers::fresh_id("first");
    let mounts = json!([{ "Type": "bind", "Source": machine.path("data"), "Target": "/data" }]);
    containers::stranger(engine, &name, false, json!({ "HostConfig": { "NetworkMode": "none", "Mounts": mounts } }));
    let host = format!("unix://{}", engine.socket().display());
    let mine = [("DOCKER_HOST", host.as_str())];
    let (file, state) = (machine.path("etc/reforge/reforge.toml"), machine.path("lib/reforge"));
    // What cannot be adopted makes nothing.
    machine.run(&mine, &["workload", "adopt", "nobody"]).expect(2).expect_said("there is no container").expect_clear();
    let far = machine.run(&[("DOCKER_HOST", "tcp://127.0.0.1:1")], &["workload", "adopt", &name]);
    far.expect(2).expect_said("tcp://127.0.0.1:1").expect_said("docker_socket").expect_clear();
    assert!(!file.exists() && !state.exists());

    let adopted = machine.run(&mine, &["workload", "adopt", &name]);
    adopted.expect(0).expect_said("/etc/reforge/reforge.toml").expect_said("/var/lib/reforge");
    assert_eq!((mode(&file), mode(&state)), (0o600, 0o700));
    // From now on it is asked by whoever says nothing, and by whoever means another one.
    let elsewhere = [("DOCKER_HOST", "unix:///nonexistent/docker.sock")];
    for environment in [&mine[..], &[], &elsewhere] {
        let listed = machine.run(environment, &["workload", "show", &name, "--json"]);
        assert_eq!(listed.expect(0).json()["state"], "stopped", "{environment:?}");
        machine.run(environment, &["workload", "adopt", &name]).expect(0).expect_said("already");
    }
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(&format!("docker_socket = \"{}\"", engine.socket().display())), "{text}");
    containers::remove(engine, &name);
}

#[test]
fn a_configuration_that_does_not_say_which_engine_asks_the_chosen_context_and_an_adoption_writes_it_down() {
    let (engine, machine) = (Engine::shared(), Machine::new());
    let name = containers::fresh_id("context");
    let mounts = json!([{ "Type": "bind", "Source": machine.path("data"), "Target": "/data" }]);
    containers::stranger(engine, &name, false, json!({ "HostConfig": { "NetworkMode": "none", "Mounts": mounts } }));
    let context = machine.path("work/.docker/contexts/meta/0123");
    std::fs::create_dir_all(&context).unwrap();
    let host = format!("unix://{}", engine.socket().display());
    let meta = json!({ "Name": "mine", "Endpoints": { "docker": { "Host": host } } });
    std::fs::write(context.join("meta.json"), meta.to_string()).unwrap();
    std::fs::write(machine.path("work/.docker/config.json"), "{ \"currentContext\": \"mine\" }").unwrap();
    let before = "# by hand\n[host]\nstate_dir = \"state\" # here\n";
    std::fs::write(machine.path("work/reforge.toml"), before).unwrap();
    machine.run(&[], &["init"]).expect(0);
    machine.run(&[], &["workload", "adopt", &name]).expect(0);
    let text = std::fs::read_to_string(machine.path("work/reforge.toml")).unwrap();
    assert!(text.contains(&format!("docker_socket = \"{}\"", engine.socket().display())), "{text}");
    let mut rest = text.chars();
    assert!(before.chars().all(|letter| rest.any(|other| other == letter)), "{text}");
    // One that has containers and does not say of which engine is not given another engine's.
    let unsaid: String =
        text.lines().filter(|line| !line.starts_with("docker_socket")).map(|line| format!("{line}\n")).collect();
    std::fs::write(machine.path("work/reforge.toml"), &unsaid).unwrap();
    let other = machine.run(&[], &["workload", "adopt", &name, "--id", "another"]);
    other.expect(2).expect_said("docker_socket").expect_clear();
    assert_eq!(std::fs::read_to_string(machine.path("work/reforge.toml")).unwrap(), unsaid);
    containers::remove(engine, &name);
}

#[test]
fn init_makes_a_configuration_with_comments_and_leaves_one_that_is_there() {
    let machine = Machine::new();
    let usual = machine.path("etc/reforge/reforge.toml");
    machine.run(&[], &["init"]).expect(0).expect_said("/etc/reforge/reforge.toml").expect_said("/var/lib/reforge");
    let made = std::fs::read_to_string(&usual).unwrap();
    assert!(made.lines().filter(|line| line.starts_with('#')).count() > 5, "{made}");
    assert_eq!(mode(&usual), 0o600);
    machine.run(&[], &["init"]).expect(0).expect_unsaid("made just now");
    machine.run(&[], &["workload", "list"]).expect(0);
    assert_eq!(std::fs::read_to_string(&usual).unwrap(), made);
    // One that is named is made where it is named, and has its state beside it.
    let named = machine.path("work/own/reforge.toml");
    let answered = machine.run(&[], &["--config", "own/reforge.toml", "init", "--json"]).expect(0).json();
    assert_eq!(
        (&answered["configuration"], &answered["state_dir"]),
        (&json!(named), &json!(machine.path("work/own/reforge-state")))
    );
    machine.run(&[], &["--config", "own/reforge.toml", "workload", "list"]).expect(0);
    // Another engine's machine is of no concern where no container is.
    machine.run(&[("DOCKER_HOST", "ssh://far")], &["--config", "own/reforge.toml", "workload", "list"]).expect(0);
    machine
        .run(&[("REFORGE_CONFIG", "gone.toml")], &["workload", "list"])
        .expect(2)
        .expect_said("gone.toml")
        .expect_clear();
}
