//! Every way to deploy, webhooks included, is fired in a loop by eight clients while a restore runs: each request ran
//! before, after, or was refused, and the app never ran twice or on a mixed set.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use serde_json::{Value, json};

use super::pair::Pair;
use crate::support::Workload;
use crate::support::api::{Server, sign_webhooks};
use crate::support::containers;
use crate::support::engine::Engine;
use crate::support::eventually;

const CLIENTS: usize = 8;
const SECRET: &str = "a secret that nobody guesses";
/// The webhooks, which are no commands.
const HOOKS: [&str; 5] = ["a webhook", "deploy", "rollback", "promote", "preview"];

#[test]
fn eight_clients_that_deploy_in_every_way_never_run_into_a_restore() {
    let engine = Engine::shared();
    let mut pair = Pair::deployed(engine);
    let staged = format!("{}-staged", pair.id);
    let mut stage = Workload::idle(&staged, []);
    (stage.project, stage.stage) = (pair.id.clone(), "test".into());
    pair.world.workloads.push(containers::contained(stage, engine.busybox("2"), &[]));
    // A second image is what a rollback needs.
    let id = pair.id.clone();
    pair.world.workload(&id).image = Some(engine.busybox("2"));
    pair.world.workload(&id).lines += "max_instances = 50\n";
    sign_webhooks(&mut pair.world, SECRET);
    pair.world.ok(&["deploy", &pair.id]);
    pair.world.ok(&["deploy", &staged]);
    let preview = engine.busybox("2");
    let commands: [&[&str]; 6] = [
        &["deploy", &pair.id],
        &["rollback", &pair.id],
        &["promote", &staged, &pair.id],
        &["preview", &pair.id, &preview],
        &["snapshot", "create", &pair.id],
        &["restore", "run", &pair.id, &pair.snapshot, "--yes"],
    ];
    let ways: Vec<Way> = commands.into_iter().map(Way::Command).chain(HOOKS.map(Way::Hook)).collect();
    let clients = Clients {
        pair: &pair,
        server: Server::start(&pair.world),
        staged: &staged,
        preview: &preview,
        firing: AtomicBool::new(false),
        over: AtomicBool::new(false),
        busy: AtomicUsize::new(0),
        deliveries: AtomicUsize::new(0),
        outcomes: Mutex::default(),
    };
    std::thread::scope(|scope| {
        let _ending = Ending(&clients.over);
        for client in 0..CLIENTS {
            let (clients, ways) = (&clients, &ways);
            scope.spawn(move || clients.fire(ways.iter().cycle().skip(client)));
        }
        scope.spawn(|| {
            while !clients.over.load(SeqCst) {
                let running = containers::running(engine, &pair.id);
                assert!(running <= 1, "{running} containers run");
            }
        });
        let mut restore = pair.world.start_pausing("docker-stop", &pair.restore());
        assert!(restore.reaches_its_pause(), "{:?}", restore.wait());
        clients.fire_on(true);
        eventually("every way is refused or waits", || ways.iter().all(|way| clients.has_ended(way, way.held_up())));
        assert_eq!(clients.deployed_by_hooks(), 0, "no delivery is deployed meanwhile");
        restore.go_on();
        restore.wait().expect(0);
        clients.fire_on(false);
        let told = || clients.told_by_hooks().len() == clients.deliveries.load(SeqCst);
        eventually("every delivery was deployed, or gave way to a newer one", told);
    });
    eprintln!("{:?}", clients.outcomes.lock().unwrap());
    assert!(clients.deployed_by_hooks() > 0, "those that waited are deployed afterwards");
    for command in commands {
        pair.world.ok(command);
    }
    pair.assert_settled("at the end");
    for container in containers::of(engine, &format!("{}-preview", pair.id)) {
        containers::remove(engine, container["Id"].as_str().unwrap());
    }
}

/// One way to ask for a deploy, or for what takes the same lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way<'a> {
    Command(&'a [&'a str]),
    /// `a webhook` deploys whatever its body says; the others are what the body of a generic one asks for.
    Hook(&'a str),
}

impl Way<'_> {
    /// How it is answered while a restore runs: `busy`; or it is taken, and waits.
    fn held_up(self) -> i32 {
        match self {
            Way::Command(_) => 6,
            Way::Hook(_) => 202,
        }
    }
}

/// What the clients do, and what became of it.
struct Clients<'a> {
    pair: &'a Pair<'a>,
    server: Server,
    staged: &'a str,
    preview: &'a str,
    firing: AtomicBool,
    over: AtomicBool,
    busy: AtomicUsize,
    deliveries: AtomicUsize,
    outcomes: Mutex<BTreeMap<(Way<'a>, i32), usize>>,
}

impl<'a> Clients<'a> {
    /// One client: asks in one way after another for as long as it may.
    fn fire(&self, ways: impl Iterator<Item = &'a Way<'a>>) {
        for way in ways {
            self.busy.fetch_add(1, SeqCst);
            if self.firing.load(SeqCst) {
                let ended = match *way {
                    Way::Command(arguments) => self.command(arguments),
                    Way::Hook(what) => self.deliver(what),
                };
                *self.outcomes.lock().unwrap().entry((*way, ended)).or_default() += 1;
            }
            self.busy.fetch_sub(1, SeqCst);
            eventually("the next turn", || self.firing.load(SeqCst) || self.over.load(SeqCst));
            if self.over.load(SeqCst) {
                return;
            }
        }
    }

    fn command(&self, arguments: &[&str]) -> i32 {
        let output = self.pair.world.reforge(arguments);
        assert!([Some(0), Some(3), Some(6)].contains(&output.code), "{arguments:?}: {output:?}");
        output.code.unwrap()
    }

    /// A webhook is not refused: it is taken, and its deploy waits for its turn, or gives way to a newer one.
    fn deliver(&self, what: &str) -> i32 {
        let delivery = self.deliveries.fetch_add(1, SeqCst).to_string();
        let (path, body) = match what {
            "a webhook" => (format!("/api/v1/workloads/{}/hooks/deploy", self.pair.id), json!({ "push": delivery })),
            _ => {
                let mut action = json!({ "workload": self.pair.id });
                match what {
                    "promote" => action["from"] = json!(self.staged),
                    "preview" => action["image"] = json!(self.preview),
                    _ => {}
                }
                ("/api/v1/hooks".to_owned(), json!({ "delivery": delivery, "action": { what: action } }))
            }
        };
        i32::from(self.server.deliver(&path, &body.to_string(), SECRET).expect(202).status)
    }

    /// Lets all of them go on, or waits until none does anything.
    fn fire_on(&self, on: bool) {
        self.firing.store(on, SeqCst);
        if !on {
            eventually("every client rests", || self.busy.load(SeqCst) == 0);
        }
    }

    fn has_ended(&self, way: &Way<'_>, so: i32) -> bool {
        self.outcomes.lock().unwrap().keys().any(|(one, ended)| one == way && *ended == so)
    }

    /// What the audit log says of deliveries.
    fn told_by_hooks(&self) -> Vec<Value> {
        let audit = self.pair.world.ok(&["audit", "--lines", "1000000", "--json"]).json();
        let by_hook = |line: &&Value| line["who"] == "a webhook" && HOOKS.contains(&line["what"].as_str().unwrap());
        audit["lines"].as_array().unwrap().iter().filter(by_hook).cloned().collect()
    }

    fn deployed_by_hooks(&self) -> usize {
        self.told_by_hooks().iter().filter(|line| line["details"]["image"].is_string()).count()
    }
}

/// Ends the clients, also when a claim fails meanwhile.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}
