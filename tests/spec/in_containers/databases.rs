//! Databases in containers are restored and undone under a client that writes all the time, and what the client saw of
//! it is what the receipt says.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::apps::{Postgres, Redis};
use crate::support::containers::{self, contained};
use crate::support::engine::Engine;
use crate::support::{Volume, Workload, World, eventually};

/// Ends the client, also when a claim fails meanwhile.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Writes all the time while `during` runs; the longest time without a write that succeeded.
fn longest_gap(write: impl Fn() -> bool + Sync, during: impl FnOnce()) -> Duration {
    let over = AtomicBool::new(false);
    let (count, longest) = (Mutex::new(0_u64), Mutex::new(Duration::ZERO));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut last = Instant::now();
            while !over.load(Ordering::SeqCst) {
                if write() {
                    let mut longest = longest.lock().unwrap();
                    *longest = longest.max(last.elapsed());
                    last = Instant::now();
                    *count.lock().unwrap() += 1;
                }
            }
        });
        let _ending = Ending(&over);
        let wait_for_more = |what| {
            let before = *count.lock().unwrap();
            eventually(what, || *count.lock().unwrap() > before + 1);
        };
        wait_for_more("the client writes");
        *longest.lock().unwrap() = Duration::ZERO;
        during();
        wait_for_more("the client writes again");
    });
    longest.into_inner().unwrap()
}

/// How often a restore and its undo are measured until one agrees: a machine that does much else at that moment is slow
/// between a record and what it announces.
const ROUNDS_MAX: usize = 3;

/// Restores and undoes under a client that writes all the time. Each receipt's downtime covers what the client saw, and
/// in one of them the two agree within a second or 5 %.
fn restore_and_undo(world: &World, id: &str, snapshot: &str, write: impl Fn() -> bool + Sync, check: impl Fn(bool)) {
    let mut restores_agree = false;
    let mut undos_agree = false;
    for _ in 0..ROUNDS_MAX {
        let seen = longest_gap(&write, || {
            world.restore(id, snapshot, &[]).expect(0);
        });
        restores_agree |= agrees(world, seen);
        check(true);
        let undo_of = world.receipt()["id"].as_str().unwrap().to_owned();
        let seen = longest_gap(&write, || {
            world.undo(&undo_of).expect(0);
        });
        undos_agree |= agrees(world, seen);
        check(false);
        if restores_agree && undos_agree {
            return;
        }
    }
    panic!("no receipt of {ROUNDS_MAX} agrees with what a client saw: restores {restores_agree}, undos {undos_agree}");
}

/// Whether the newest receipt's downtime is what a client saw.
#[track_caller]
fn agrees(world: &World, seen: Duration) -> bool {
    let receipt = world.receipt();
    let said = Duration::from_millis(receipt["downtime_ms"].as_u64().expect("it was down"));
    let tolerance = Duration::from_secs(1).max(said / 20);
    eprintln!("downtime: the receipt says {said:?}, the client saw {seen:?}");
    assert!(said + tolerance >= seen, "the receipt says {said:?}, a client saw {seen:?}");
    said.abs_diff(seen) <= tolerance
}

#[test]
fn postgresql_gets_its_tables_back_under_a_writing_client_and_an_undo_takes_them_away_again() {
    let engine = Engine::shared();
    let id = containers::fresh_id("db");
    let (postgres, workload) = Postgres::workload(&id);
    let world = containers::world(engine, [contained(workload, engine.postgres(), &[postgres.directory()])]);
    postgres.make_cluster(&world.volume(&id, "data"));
    world.ok(&["deploy", &id]);
    postgres.sql("create table beats (at timestamptz default now())");
    postgres.sql("create table orders as select generate_series(1, 1000) as id");
    world.ok(&["stop", &id]);
    let snapshot = world.snapshot(&id);
    world.ok(&["deploy", &id]);
    postgres.sql("drop table orders");
    let write = || postgres.try_sql("insert into beats default values");
    restore_and_undo(&world, &id, &snapshot, write, |restored| {
        let wanted = if restored { "1000" } else { "-1" };
        let orders = postgres.sql("select to_regclass('orders') is null");
        let count = if orders == "t" { "-1".to_owned() } else { postgres.sql("select count(*) from orders") };
        assert_eq!(count, wanted);
    });
    assert_eq!(containers::running(engine, &id), 1);
}

#[test]
fn redis_gets_its_keys_back_under_a_writing_client_and_an_undo_takes_them_away_again() {
    let engine = Engine::shared();
    let id = containers::fresh_id("cache");
    let (redis, workload) = Redis::workload(&id);
    let world = containers::world(engine, [contained(workload, engine.redis(), &[redis.directory()])]);
    let live = world.volume(&id, "data");
    std::fs::create_dir_all(&live).unwrap();
    crate::support::process::run("chown", &["redis:redis", live.to_str().unwrap()]);
    world.ok(&["deploy", &id]);
    redis.command(&["set", "kept", "old"]);
    let snapshot = world.snapshot(&id);
    redis.command(&["set", "kept", "new"]);
    let write = || redis.try_command(&["incr", "beats"]);
    restore_and_undo(&world, &id, &snapshot, write, |restored| {
        assert_eq!(redis.command(&["get", "kept"]), if restored { "old" } else { "new" });
    });
}

/// Says in all its volumes, and to its client, how often it has written.
const BEATS: &str = "trap exit TERM; n=0; while :; do n=$((n + 1));
    for at in {volume:one} {volume:two} /cache /marks; do echo $n > $at/beat; done; usleep 10000; done";

#[test]
fn two_volumes_beside_an_anonymous_one_come_back_under_a_watching_client_and_an_undo_takes_them_away_again() {
    let engine = Engine::shared();
    let id = containers::fresh_id("beats");
    let mut world = containers::world(engine, []);
    let marks = world.path("run");
    let mut workload = Workload::idle(&id, [Volume::project("one"), Volume::project("two")]);
    workload = contained(workload.command(&["sh", "-c", BEATS]), engine.busybox("1"), &[]);
    workload.stop_timeout = "1s".into();
    let mounts = format!(
        "Mounts = [{{ Type = \"volume\", Target = \"/cache\" }}, \
         {{ Type = \"bind\", Source = {marks:?}, Target = \"/marks\" }}]"
    );
    workload.lines = workload.lines.replace("Mounts = []", &mounts);
    world.workloads = vec![workload];
    world.write_config();
    world.ok(&["deploy", &id]);
    let kept = ["one", "two"].map(|name| world.volume(&id, name).join("kept"));
    let write = |text: &str| kept.iter().for_each(|path| std::fs::write(path, text).unwrap());
    write("old");
    let snapshot = world.snapshot(&id);
    write("new");
    let cache = || {
        let container = engine.container(&format!("reforge-{id}"));
        let mounts = container["Mounts"].as_array().unwrap();
        mounts.iter().find(|mount| mount["Destination"] == "/cache").unwrap()["Name"].clone()
    };
    let before = cache();
    let last = Mutex::new(String::new());
    let hears_more = || {
        // So often does the client look, and not more: the app needs a processor, too.
        std::thread::sleep(Duration::from_millis(5));
        let beat = std::fs::read_to_string(marks.join("beat")).unwrap_or_default();
        let mut last = last.lock().unwrap();
        let more = !beat.is_empty() && *last != beat;
        *last = beat;
        more
    };
    restore_and_undo(&world, &id, &snapshot, hears_more, |restored| {
        let wanted = if restored { "old" } else { "new" };
        kept.iter().for_each(|path| assert_eq!(std::fs::read_to_string(path).unwrap(), wanted));
        assert_eq!(cache(), before);
    });
    assert_eq!(containers::running(engine, &id), 1);
}
