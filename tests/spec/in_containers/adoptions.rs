//! Containers are adopted one after the other into whatever configuration there is: it only ever gets more, and nothing of
//! one workload is in another.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::World;
use crate::support::containers;
use crate::support::engine::Engine;

struct Scene {
    engine: &'static Engine,
    world: World,
    config: PathBuf,
    names: Vec<String>,
}

impl Scene {
    /// A configuration of these lines, `HOST` being what `[host]` needs without its header.
    fn new(text: impl FnOnce(&str) -> String) -> Scene {
        let engine = Engine::shared();
        let world = containers::world(engine, []);
        let config = world.path("reforge.toml");
        let table: toml::Table = std::fs::read_to_string(&config).unwrap().parse().unwrap();
        let host: String =
            table["host"].as_table().unwrap().iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
        std::fs::write(&config, text(&host)).unwrap();
        Scene { engine, world, config, names: Vec::new() }
    }

    /// A container with a secret and a directory of its own.
    fn container(&mut self, name: &str) -> String {
        let name = containers::fresh_id(name);
        let live = self.world.path(&format!("data/{name}"));
        std::fs::create_dir_all(&live).unwrap();
        let mounts = json!([{ "Type": "bind", "Source": live, "Target": "/data" }]);
        let host = json!({ "NetworkMode": "none", "Memory": 67_108_864, "Mounts": mounts });
        let more = json!({ "Env": [format!("SECRET=of {name}\n'\"#")], "HostConfig": host });
        containers::stranger(self.engine, &name, false, more);
        self.names.push(name.clone());
        name
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.config).unwrap()
    }

    fn table(&self) -> toml::Table {
        self.text().parse().unwrap()
    }

    /// Adopts it, and looks whether all that was there means the same and the rest is the container's.
    fn adopt(&mut self, name: &str) {
        let before = self.table();
        self.world.ok(&["workload", "adopt", name]);
        let (mut after, text) = (self.table(), self.text());
        let added = after["workload"].as_array_mut().unwrap().pop().unwrap();
        let known = before.get("workload").and_then(toml::Value::as_array).cloned().unwrap_or_default();
        assert_eq!(after["workload"].as_array(), Some(&known), "{text}");
        for (key, value) in before["host"].as_table().unwrap().iter().filter(|(key, _)| *key != "allowed_roots") {
            assert_eq!(after["host"].get(key), Some(value), "{text}");
        }
        assert_eq!(added["id"].as_str(), Some(name));
        assert!(added.get("environment").is_none() && !text.contains("SECRET"), "{text}");
        assert_eq!(added["volume"].as_array().unwrap().len(), 1);
        let shown = self.world.ok(&["workload", "show", name, "--json"]).json();
        assert_eq!(shown["volumes"][0]["path"], json!(self.world.path(&format!("data/{name}"))));
        assert_eq!(shown["refusals"], json!([]));
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.names.iter().for_each(|name| containers::remove(self.engine, name));
    }
}

const HAND: &str = "id = \"hand\"\nproject = \"p\"\nstage = \"prod\"\nruntime = \"docker\"\nimage = \"bb:1\"\n";
const VOLUME: &str = "name = \"d\", scope = \"named\", target = \"/d\"";

#[test]
fn one_container_after_the_other_is_adopted_into_whatever_is_there() {
    let rows: [fn(&str) -> String; 4] = [
        |host| format!("[host]\n{host}"),
        |host| {
            let volume = VOLUME.replace(", ", "\n");
            format!("[[workload]]\n{HAND}environment = {{ A = \"b\" }}\n[[workload.volume]]\n{volume}\n[host]\n{host}")
        },
        |host| {
            format!("[host] # ours\n{host}[[workload]]\n{HAND}volume = [{{ {VOLUME} }}] # by hand")
                .replace('\n', "\r\n")
        },
        |host| {
            let inline = HAND.trim().replace('\n', ", ");
            let host = host.trim().replace('\n', "\nhost.");
            format!("host.{host}\nworkload = [\n  {{ {inline}, volume = [{{ {VOLUME} }}] }} # one\n]\n")
        },
    ];
    for text in rows {
        let mut scene = Scene::new(text);
        let before = scene.text();
        for name in ["one", "two"] {
            let name = scene.container(name);
            scene.adopt(&name);
        }
        let after = scene.text();
        let mut rest = after.chars();
        assert!(before.chars().all(|letter| rest.any(|other| other == letter)), "{after}");
        let first = scene.names[0].clone();
        let again = scene.world.reforge(&["workload", "adopt", &first, "--id", "another"]);
        again.expect(2).expect_said("is workload").expect_said("already");
        assert_eq!(scene.text(), after);
    }
}

#[test]
fn ten_containers_change_a_configuration_by_additions_only() {
    let mut scene = Scene::new(|host| {
        let volume = VOLUME.replace(", ", "\n");
        format!("# by hand\n[host]\n{host}\n[[workload]]\n{HAND}[[workload.volume]]\n{volume}\n# the end\n")
    });
    let before = scene.text();
    for number in 0..10 {
        let name = scene.container(&format!("n{number}-"));
        scene.adopt(&name);
    }
    let after = scene.text();
    let mut lines = after.lines();
    // A list may get longer.
    let kept = |line: &&str| !line.starts_with("allowed_roots");
    for line in before.lines().filter(kept) {
        assert!(lines.any(|other| other == line), "`{line}` is gone or moved: {after}");
    }
    assert_eq!(after.lines().filter(|line| *line == "[[workload]]").count(), 11);
}

#[test]
fn several_containers_are_adopted_by_one_command_as_far_as_they_can_be() {
    let mut scene = Scene::new(|host| format!("[host]\n{host}"));
    let names = ["one", "two", "three"].map(|name| scene.container(name));
    let [one, two, three] = names.each_ref().map(String::as_str);
    let told = scene.world.ok(&["workload", "adopt", one, two, "--json"]).json();
    assert_eq!((&told["adopted"][0]["workload"], &told["adopted"][1]["workload"]), (&json!(one), &json!(two)));
    let told = scene.world.reforge(&["workload", "adopt", one, three, "nobody", "--json"]).expect(2).json();
    assert_eq!((&told["adopted"][0]["already"], &told["adopted"][1]["workload"]), (&json!(true), &json!(three)));
    assert_eq!(told["error"]["code"], "not-found");
    scene.world.reforge(&["workload", "adopt", one, two, "--id", "both"]).expect(2).expect_said("`--id`");
    let workloads = scene.world.ok(&["workload", "list", "--json"]).json()["workloads"].clone();
    assert_eq!(workloads.as_array().unwrap().len(), 3);
}

#[test]
fn a_configuration_that_changed_meanwhile_stays_as_it_was_made() {
    let mut scene = Scene::new(|host| format!("[host]\n{host}"));
    let name = scene.container("late");
    let mut adopting = scene.world.start_pausing("exchange-file", &["workload", "adopt", &name]);
    assert!(adopting.reaches_its_pause());
    let edited = format!("{}# a person was here\n", scene.text());
    std::fs::write(&scene.config, &edited).unwrap();
    adopting.go_on();
    adopting.wait().expect(3).expect_said("changed meanwhile").expect_clear();
    assert_eq!(scene.text(), edited);
    let beside = std::fs::read_dir(scene.config.parent().unwrap()).unwrap();
    let left = beside.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("unfinished"));
    assert_eq!(left.count(), 0);
    scene.world.ok(&["workload", "adopt", &name]);
    assert!(scene.text().starts_with(&edited));
}

#[test]
fn a_configuration_keeps_its_owner_and_is_nobody_elses_to_read() {
    let mut scene = Scene::new(|host| format!("[host]\n{host}"));
    let name = scene.container("owned");
    std::os::unix::fs::chown(&scene.config, Some(1234), Some(1235)).unwrap();
    std::fs::set_permissions(&scene.config, std::fs::Permissions::from_mode(0o664)).unwrap();
    scene.world.ok(&["workload", "adopt", &name]);
    let facts = std::fs::metadata(&scene.config).unwrap();
    assert_eq!((facts.uid(), facts.gid(), facts.mode() & 0o7777), (1234, 1235, 0o600));
}

#[test]
fn a_workload_without_volumes_has_no_snapshot() {
    let engine = Engine::shared();
    let name = containers::fresh_id("bare");
    let scene = Scene::new(|host| {
        let image = engine.busybox("1");
        format!(
            "[host]\n{host}[[workload]]\nid = \"{name}\"\nproject = \"p\"\nstage = \"prod\"\nruntime = \"docker\"\nimage = \"{image}\"\n"
        )
    });
    scene.world.reforge(&["snapshot", "create", &name]).expect(3).expect_said("has no volume").expect_clear();
    assert_eq!(scene.world.ok(&["snapshot", "list", &name, "--json"]).json()["snapshots"], Value::Array(Vec::new()));
}
