//! An app with two volumes that must always be of one set: it looks at them all the time and says when they are not.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::containers::{self, contained};
use crate::support::engine::Engine;
use crate::support::{Volume, Workload, World, eventually};

/// Compares what its volumes say for as long as it runs, and writes to a third place when they differ.
const SCRIPT: &str = "trap exit TERM; echo x >> /marks/starts; while :; do
        read -r one < {volume:one}/which; read -r two < {volume:two}/which;
        if [ \"$one\" != \"$two\" ]; then
            read -r again < {volume:one}/which; [ \"$again\" = \"$two\" ] || echo \"$one $two\" >> /marks/mixed;
        fi; usleep 20000; done";

pub(super) struct Pair<'a> {
    pub engine: &'a Engine,
    pub world: World,
    pub id: String,
    pub snapshot: String,
    /// Made by somebody else, and adopted.
    adopted: bool,
}

impl<'a> Pair<'a> {
    /// Deployed with `old` in its snapshot and `new` in its volumes.
    pub(super) fn deployed(engine: &'a Engine) -> Pair<'a> {
        let id = containers::fresh_id("pair");
        let world = containers::world(engine, []);
        let mut pair = Pair { engine, world, id, snapshot: String::new(), adopted: false };
        let marks = pair.world.path("run");
        let mut workload = Workload::idle(&pair.id, [Volume::project("one"), Volume::project("two")]);
        workload.stop_timeout = "1s".into();
        workload = contained(workload.command(&["sh", "-c", SCRIPT]), engine.busybox("1"), &[]);
        let mount = format!("Mounts = [{{ Type = \"bind\", Source = {marks:?}, Target = \"/marks\" }}]");
        workload.lines = workload.lines.replace("Mounts = []", &mount) + "restart = \"always\"\n";
        pair.world.workloads = vec![workload];
        pair.world.write_config();
        for volume in pair.volumes() {
            std::fs::create_dir_all(volume).unwrap();
        }
        pair.write("old");
        pair.world.ok(&["deploy", &pair.id]);
        pair.snapshot = pair.world.snapshot(&pair.id);
        pair.write("new");
        pair
    }

    /// The same, made by somebody else and adopted.
    pub(super) fn adopted(engine: &'a Engine) -> Pair<'a> {
        let id = containers::fresh_id("pair");
        let world = containers::world(engine, []);
        let mut pair = Pair { engine, world, id, snapshot: String::new(), adopted: true };
        let [one, two] = pair.volumes();
        for volume in [&one, &two] {
            std::fs::create_dir_all(volume).unwrap();
        }
        pair.write("old");
        let bind = |source: &PathBuf, target: &str| json!({ "Type": "bind", "Source": source, "Target": target });
        // Files are no volumes.
        let [starts, mixed] = ["starts", "mixed"].map(|name| pair.world.path("run").join(name));
        [&starts, &mixed].iter().for_each(|file| std::fs::write(file, "").unwrap());
        let mounts =
            [bind(&one, "/one"), bind(&two, "/two"), bind(&starts, "/marks/starts"), bind(&mixed, "/marks/mixed")];
        let script = SCRIPT.replace("{volume:one}", "/one").replace("{volume:two}", "/two");
        let host = json!({ "NetworkMode": "none", "RestartPolicy": { "Name": "always" }, "Mounts": mounts });
        let more = json!({ "Cmd": ["sh", "-c", script], "StopTimeout": 1, "HostConfig": host });
        containers::stranger(engine, &pair.id, true, more);
        pair.world.ok(&["workload", "adopt", &pair.id]);
        pair.snapshot = pair.world.snapshot(&pair.id);
        pair.write("new");
        pair
    }

    /// Its containers, newest first, as the engine lists them.
    fn containers(&self) -> Vec<Value> {
        let name = format!("/{}", self.id);
        let ours = |container: &Value| {
            let is_named = container["Names"].as_array().is_some_and(|names| names.iter().any(|one| *one == name));
            container["Labels"]["reforge.workload"] == self.id || is_named
        };
        self.engine.containers().into_iter().filter(ours).collect()
    }

    fn running(&self) -> usize {
        self.containers().iter().filter(|container| container["State"] == "running").count()
    }

    pub(super) fn volumes(&self) -> [PathBuf; 2] {
        ["one", "two"].map(|name| self.world.volume(&self.id, name))
    }

    /// Both volumes, while the app does not look.
    pub(super) fn write(&self, which: &str) {
        let all = self.containers();
        let up = all.iter().find(|container| container["State"] == "running").map(|up| up["Id"].as_str().unwrap());
        let turn = |verb: &str| {
            if let Some(id) = up {
                self.engine.call("POST", &format!("/containers/{id}/{verb}"), &Value::Null);
            }
        };
        turn("pause");
        for volume in self.volumes() {
            std::fs::write(volume.join("which"), format!("{which}\n")).unwrap();
        }
        turn("unpause");
    }

    /// What the volumes say; none if they are of different sets.
    pub(super) fn which(&self) -> Option<String> {
        let [one, two] = self.volumes().map(|volume| std::fs::read_to_string(volume.join("which")).unwrap());
        (one == two).then(|| one.trim().to_owned())
    }

    /// What must hold at any time: a mixed set runs nowhere, and never twice.
    #[track_caller]
    pub(super) fn assert_safe(&self, when: &str) {
        let running = self.running();
        assert!(running <= 1, "{when}: {running} containers run");
        assert!(self.which().is_some() || running == 0, "{when}: it runs on a mixed set");
        let mixed = std::fs::read_to_string(self.world.path("run/mixed")).unwrap_or_default();
        assert_eq!(mixed, "", "{when}: the app saw a mixed set");
    }

    /// What must hold when everything is settled: one set, one container, its policy as it was.
    #[track_caller]
    pub(super) fn assert_settled(&self, when: &str) {
        eventually("the app runs again", || self.running() == 1);
        self.assert_safe(when);
        assert!(self.which().is_some(), "{when}: the set is mixed");
        for container in self.containers() {
            let inspect = self.engine.container(container["Id"].as_str().unwrap());
            let wanted = if container["State"] == "running" { "always" } else { "no" };
            assert_eq!(inspect["HostConfig"]["RestartPolicy"]["Name"], wanted, "{when}: {inspect}");
        }
    }

    pub(super) fn restore(&self) -> [&str; 5] {
        ["restore", "run", &self.id, &self.snapshot, "--yes"]
    }

    /// The effects of a whole restore, by number and name, one for each step and for each call of the engine.
    pub(super) fn steps(&self) -> Vec<(usize, String)> {
        let effects = self.world.effects_of(&self.restore());
        self.finish();
        let mut seen = std::collections::BTreeSet::new();
        let mut steps = Vec::new();
        let mut wanted = vec![
            "record-sealed",
            "record-stopping",
            "docker-update",
            "docker-stop",
            "record-stopped",
            "record-safety",
            "record-swapping",
            "record-swapped",
            "record-commit",
            "record-starting-app",
            "docker-create",
            "docker-start",
            "record-healthy",
            "record-completed",
        ];
        if self.adopted {
            wanted.retain(|name| *name != "docker-create");
        }
        for (index, name) in effects.iter().enumerate() {
            if wanted.contains(&name.as_str()) && seen.insert(name.clone()) {
                steps.push((index + 1, name.clone()));
            }
        }
        // Between the two exchanges the set is mixed.
        let second = effects.iter().rposition(|name| name == "exchange").unwrap();
        steps.push((second + 1, "the second exchange".to_owned()));
        assert_eq!(steps.len(), wanted.len() + 1, "{effects:?}");
        steps
    }

    /// Ends every window: what is kept for it must not change the next turn.
    pub(super) fn finish(&self) {
        for id in self.world.transactions() {
            // Refused for those that are over.
            self.world.reforge(&["restore", "finish", &id, "--yes"]);
        }
    }
}
