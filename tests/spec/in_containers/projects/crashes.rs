//! A host that ends, an engine that ends, and a power cut at every effect of a restore of three members: all volumes or none,
//! nobody starts twice, policies are as before.
//!
//! Each run of the tests takes a share, of which it prints the seed; `REFORGE_EXPLORE=full` takes every effect.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::support::chance::Chance;
use crate::support::engine::Engine;
use crate::support::environment;
use crate::support::explorer::points;
use crate::support::projects::Project;
use crate::support::{Output, eventually};

/// How many effects a share has, of each kind of end.
const SHARE: usize = 4;

const PROJECT: &str = r#"services:
  db: { image: "BUSYBOX", command: ["sh", "-c", "STAYS"], volumes: ["pg:/data"], restart: always }
  web: { image: "BUSYBOX", command: ["sh", "-c", "STAYS"], volumes: ["./web:/data"], restart: unless-stopped }
  worker: { image: "BUSYBOX", command: ["sh", "-c", "STAYS"], volumes: ["pg:/db", "./web:/web"], restart: "on-failure:5" }
volumes: { pg: {} }
"#;

#[derive(Clone, Copy, Debug)]
enum End {
    /// Of the host.
    Host,
    /// Of the engine alone; the host goes on, and fails.
    Engine,
    /// Of everything.
    Power,
}

struct Scene<'a> {
    project: Project<'a>,
    snapshot: String,
    lives: [PathBuf; 2],
    policies: Vec<(String, serde_json::Value)>,
}

impl<'a> Scene<'a> {
    fn up(engine: &'a Engine) -> Scene<'a> {
        let project = Project::up(engine, PROJECT);
        let lives = [project.volume("pg"), project.bound("web")];
        lives.iter().for_each(|live| std::fs::write(live.join("who"), "snapshot").unwrap());
        project.adopt();
        let snapshot = project.world.snapshot(&project.name);
        let policies = project.policies();
        let scene = Scene { project, snapshot, lives, policies };
        scene.write("later");
        scene
    }

    fn write(&self, text: &str) {
        self.lives.iter().for_each(|live| std::fs::write(live.join("who"), text).unwrap());
    }

    fn restore(&self) -> [&str; 5] {
        ["restore", "run", &self.project.name, &self.snapshot, "--yes"]
    }

    /// Ends something right before an effect, lets the next start do what it does, and looks.
    fn end(&self, end: End, effect: &str) {
        let engine = self.project.engine;
        let ended: Output = match end {
            End::Host => self.project.world.faulty(&format!("{effect}:before"), &self.restore()),
            End::Engine | End::Power => {
                let mut restore = self.project.world.start_pausing(effect, &self.restore());
                let there = restore.reaches_its_pause();
                match end {
                    End::Power => engine.cut_power(),
                    _ => engine.kill(),
                }
                if there {
                    restore.go_on();
                }
                restore.wait()
            }
        };
        if !matches!(end, End::Host) {
            engine.run();
        }
        let about = || format!("{end:?} at {effect}: {ended:?}");
        let recovered = self.project.world.reforge(&["recover"]);
        let recovered = || format!("{}\nthen {recovered:?}", about());
        let read = |live: &PathBuf| std::fs::read_to_string(live.join("who")).unwrap_or_default();
        let held = [read(&self.lives[0]), read(&self.lives[1])];
        assert!(held[0] == held[1] && ["snapshot", "later"].contains(&held[0].as_str()), "{held:?} {}", recovered());
        let running = || self.project.running() == ["db", "web", "worker"];
        // What the engine's end took down before the host was to stop it comes back by its policy, if that says so.
        if !matches!(end, End::Host) {
            for service in ["db", "web", "worker"] {
                let path = format!("/containers/{}/start", self.project.id(service));
                engine.call("POST", &path, &serde_json::Value::Null);
            }
        }
        eventually("all three run", running);
        assert_eq!(self.project.members().len(), 3, "{}", recovered());
        assert_eq!(self.project.policies(), self.policies, "{}", recovered());
        // Each member sees what is live.
        for (service, target) in [("db", "/data"), ("web", "/data"), ("worker", "/db"), ("worker", "/web")] {
            let seen = self.project.inside(service, &format!("cat {target}/who"));
            assert_eq!(seen, held[0], "{service} {}", recovered());
        }
        self.write("later");
        for id in self.project.world.transactions() {
            let _ = self.project.world.reforge(&["restore", "finish", &id, "--yes"]);
        }
    }
}

/// A share of the effects of a run, or all of them.
fn some(effects: Vec<String>, chance: &mut Chance) -> Vec<String> {
    let full = environment::explores_all();
    let chosen: BTreeSet<usize> = match full {
        true => (0..effects.len()).collect(),
        false => (0..SHARE).map(|_| chance.below(effects.len() as u64) as usize).collect(),
    };
    chosen.into_iter().map(|index| effects[index].clone()).collect()
}

#[test]
fn a_host_that_ends_at_whichever_effect_of_a_snapshot_brings_three_members_up_again() {
    let engine = Engine::apart();
    let scene = Scene::up(&engine);
    let snapshot = ["snapshot", "create", &scene.project.name];
    let effects = points::addressed(&scene.project.world.effects_of(&snapshot));
    let seed = environment::seed("REFORGE_SEED");
    eprintln!("{} effects, seed {seed}", effects.len());
    for effect in some(effects, &mut Chance::new(seed)) {
        for how in ["before", "after"] {
            let ended = scene.project.world.faulty(&format!("{effect}:{how}"), &snapshot);
            let recovered = scene.project.world.reforge(&["recover"]);
            let about = || format!("{how} {effect}: {ended:?}, then {recovered:?}");
            assert_eq!(scene.project.running(), ["db", "web", "worker"], "{}", about());
            assert_eq!(scene.project.policies(), scene.policies, "{}", about());
            let is_as_it_was =
                |live: &PathBuf| std::fs::read_to_string(live.join("who")).is_ok_and(|who| who == "later");
            assert!(scene.lives.iter().all(is_as_it_was), "{}", about());
        }
    }
}

#[test]
fn whatever_ends_at_whichever_effect_three_members_have_all_volumes_or_none() {
    let engine = Engine::apart();
    let scene = Scene::up(&engine);
    let effects = points::addressed(&scene.project.world.effects_of(&scene.restore()));
    let last = scene.project.world.transactions().pop().unwrap();
    scene.project.world.ok(&["restore", "finish", &last, "--yes"]);
    scene.write("later");
    let seed = environment::seed("REFORGE_SEED");
    let mut chance = Chance::new(seed);
    eprintln!("{} effects, seed {seed}", effects.len());
    for end in [End::Host, End::Engine, End::Power] {
        for effect in some(effects.clone(), &mut chance) {
            eprintln!("{end:?} {effect}");
            scene.end(end, &effect);
        }
    }
}
