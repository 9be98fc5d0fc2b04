//! Every way to deploy is fired in a loop by eight clients while a restore runs: each request ran before, after, or was
//! refused, and the app never ran twice or on a mixed set.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use super::pair::Pair;
use crate::support::Workload;
use crate::support::containers;
use crate::support::engine::Engine;
use crate::support::eventually;

const CLIENTS: usize = 8;
const RESTORES: usize = 1;

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
    pair.world.write_config();
    pair.world.ok(&["deploy", &pair.id]);
    pair.world.ok(&["deploy", &staged]);
    let preview = engine.busybox("2");
    let clients = Clients::default();
    let requests: [&[&str]; 6] = [
        &["deploy", &pair.id],
        &["rollback", &pair.id],
        &["promote", &staged, &pair.id],
        &["preview", &pair.id, &preview],
        &["snapshot", "create", &pair.id],
        &["restore", "run", &pair.id, &pair.snapshot, "--yes"],
    ];
    std::thread::scope(|scope| {
        let _ending = Ending(&clients.over);
        for client in 0..CLIENTS {
            let (pair, clients) = (&pair, &clients);
            scope.spawn(move || clients.fire(pair, requests.iter().cycle().skip(client)));
        }
        scope.spawn(|| {
            while !clients.over.load(SeqCst) {
                let running = containers::running(engine, &pair.id);
                assert!(running <= 1, "{running} containers run");
            }
        });
        for _ in 0..RESTORES {
            let mut restore = pair.world.start_pausing("docker-stop", &pair.restore());
            assert!(restore.reaches_its_pause(), "{:?}", restore.wait());
            let before = clients.counted(6);
            clients.fire_on(true);
            eventually("every way is refused meanwhile", || clients.counted(6) >= before + CLIENTS * requests.len());
            restore.go_on();
            restore.wait().expect(0);
            let before = clients.counted(0);
            eventually("a client has its turn", || clients.counted(0) > before);
            clients.fire_on(false);
        }
    });
    let outcomes = clients.outcomes.into_inner().unwrap();
    eprintln!("{outcomes:?}");
    for request in requests {
        assert!(outcomes.contains_key(&(request[0].to_owned(), Some(6))), "{request:?}: {outcomes:?}");
    }
    pair.world.ok(&["deploy", &pair.id]);
    pair.assert_settled("at the end");
    for container in containers::of(engine, &format!("{}-preview", pair.id)) {
        containers::remove(engine, container["Id"].as_str().unwrap());
    }
}

/// What the clients do, and what became of it.
#[derive(Default)]
struct Clients {
    firing: AtomicBool,
    over: AtomicBool,
    busy: AtomicUsize,
    outcomes: Mutex<BTreeMap<(String, Option<i32>), usize>>,
}

impl Clients {
    /// One client: asks for one after another for as long as it may.
    fn fire<'a>(&self, pair: &Pair<'_>, requests: impl Iterator<Item = &'a &'a [&'a str]>) {
        for request in requests {
            self.busy.fetch_add(1, SeqCst);
            let may = self.firing.load(SeqCst);
            if may {
                let output = pair.world.reforge(request);
                let allowed = [Some(0), Some(3), Some(6)];
                assert!(allowed.contains(&output.code), "{request:?}: {output:?}");
                *self.outcomes.lock().unwrap().entry((request[0].to_owned(), output.code)).or_default() += 1;
            }
            self.busy.fetch_sub(1, SeqCst);
            eventually("the next turn", || self.firing.load(SeqCst) || self.over.load(SeqCst));
            if self.over.load(SeqCst) {
                return;
            }
        }
    }

    /// Lets all of them go on, or waits until none does anything.
    fn fire_on(&self, on: bool) {
        self.firing.store(on, SeqCst);
        if !on {
            eventually("every client rests", || self.busy.load(SeqCst) == 0);
        }
    }

    /// How many requests have ended so.
    fn counted(&self, code: i32) -> usize {
        let outcomes = self.outcomes.lock().unwrap();
        outcomes.iter().filter(|((_, ended), _)| *ended == Some(code)).map(|(_, count)| count).sum()
    }
}

/// Ends the clients, also when a claim fails meanwhile.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}
