//! Databases under load: every snapshot of a stopped or frozen one is restored, passes the database's own check, and holds every
//! transaction that was acknowledged before.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{create, rounds};
use crate::support::apps::{Mariadb, Postgres, Redis};
use crate::support::process::run;
use crate::support::{Volume, Workload, World, eventually};

/// Ends the client, also when a claim fails meanwhile.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Takes and restores snapshots while `write` writes 1, 2, 3 and so on, each acknowledged when it answers true. `holds` is the
/// newest number in the database, which it has checked.
fn nothing_acknowledged_is_lost(world: &World, write: impl Fn(u64) -> bool + Sync, holds: impl Fn() -> u64) {
    for how in ["stop", "pause"] {
        for round in 0..rounds(1) {
            let (over, acknowledged) = (AtomicBool::new(false), AtomicU64::new(holds()));
            let snapshot = std::thread::scope(|scope| {
                let _ending = Ending(&over);
                scope.spawn(|| {
                    while !over.load(Ordering::SeqCst) {
                        let next = acknowledged.load(Ordering::SeqCst) + 1;
                        if write(next) {
                            acknowledged.store(next, Ordering::SeqCst);
                        }
                    }
                });
                let before = acknowledged.load(Ordering::SeqCst);
                eventually("it is written to", || acknowledged.load(Ordering::SeqCst) > before + 5);
                let before = acknowledged.load(Ordering::SeqCst);
                let output = create(world, how);
                output.expect(0);
                assert_eq!(output.json()["consistency"]["used"], how);
                (before, output.json()["id"].as_str().unwrap().to_owned())
            });
            let (before, id) = snapshot;
            world.restore("app", &id, &[]).expect(0);
            let held = holds();
            assert!(held >= before, "{how}, snapshot {round}: holds {held}, acknowledged {before}");
        }
    }
}

#[test]
fn postgresql_loses_nothing_that_it_acknowledged_before_it_was_stopped_or_frozen() {
    let (postgres, workload) = Postgres::workload("app");
    let world = World::new([workload]);
    postgres.make_cluster(&world.volume("app", "data"));
    world.ok(&["deploy", "app"]);
    postgres.sql("create table notes (id bigint primary key, text text)");
    postgres.sql("create extension if not exists amcheck");
    let write =
        |number: u64| postgres.try_sql(&format!("insert into notes values ({number}, 'n') on conflict do nothing"));
    nothing_acknowledged_is_lost(&world, write, || {
        postgres.sql("select bt_index_check('notes_pkey', true)");
        let said = postgres.sql("select coalesce(max(id), 0) || ' ' || count(*) from notes");
        let (newest, count) = said.split_once(' ').unwrap();
        assert_eq!(newest, count, "one is missing in between");
        newest.parse().unwrap()
    });
}

#[test]
fn redis_loses_nothing_that_it_acknowledged_before_it_was_stopped_or_frozen() {
    let (redis, workload) = Redis::workload("app");
    let world = World::new([workload]);
    let live = world.volume("app", "data");
    std::fs::create_dir_all(&live).unwrap();
    run("chown", &["redis:redis", live.to_str().unwrap()]);
    world.ok(&["deploy", "app"]);
    let write = |number: u64| redis.try_command(&["set", "newest", &number.to_string()]);
    nothing_acknowledged_is_lost(&world, write, || redis.command(&["get", "newest"]).parse().unwrap_or(0));
}

#[test]
fn mariadb_loses_nothing_that_it_acknowledged_before_it_was_stopped_or_frozen() {
    let (mariadb, workload) = Mariadb::workload("app");
    let world = World::new([workload]);
    mariadb.make(&world.volume("app", "data"));
    world.ok(&["deploy", "app"]);
    mariadb.sql("create database shop");
    mariadb.sql("create table shop.notes (id bigint primary key, text varchar(200), key (text)) engine=innodb");
    mariadb.sql("create table shop.counts (id int primary key, changes bigint not null) engine=innodb");
    mariadb.sql("use shop; insert into counts select seq, 0 from seq_1_to_1000");
    // Reads and updates of rows all over a table and an insert, in one transaction, as load generators do it.
    let write = |number: u64| {
        let row = |step: u64| number.wrapping_mul(step) % 1000 + 1;
        mariadb.try_sql(&format!(
            "begin; select sum(changes) from shop.counts where id between {0} and {0} + 100; \
             update shop.counts set changes = changes + 1 where id = {0}; \
             update shop.counts set changes = changes + 1 where id = {1}; \
             insert into shop.notes values ({number}, repeat(md5({number}), 6)); commit",
            row(7919),
            row(104_729)
        ))
    };
    nothing_acknowledged_is_lost(&world, write, || {
        let checked = mariadb.sql("check table shop.notes, shop.counts extended");
        assert_eq!(checked.lines().filter(|line| line.ends_with("status\tOK")).count(), 2, "{checked}");
        let said = mariadb
            .sql("select coalesce(max(id), 0), count(*), (select sum(changes) from shop.counts) from shop.notes");
        let said: Vec<u64> = said.split('\t').map(|number| number.parse().unwrap()).collect();
        assert_eq!(
            (said[0], said[2]),
            (said[1], 2 * said[1]),
            "a transaction is there in part, or one in between is not"
        );
        said[0]
    });
}

/// Commits every 2 ms, and writes down outside what was committed; checks the database when it starts.
pub(super) const SQLITE: &str = r#"
import sqlite3, sys, time
database, outside = sys.argv[1] + "/db", sys.argv[2]
connection = sqlite3.connect(database, isolation_level=None)
connection.execute("pragma journal_mode=wal")
connection.execute("pragma synchronous=full")
connection.execute("create table if not exists notes (id integer primary key, text text)")
check = connection.execute("pragma integrity_check").fetchone()[0]
count, newest = connection.execute("select count(*), coalesce(max(id), 0) from notes").fetchone()
with open(outside, "a", buffering=1) as log:
    log.write(f"start {check} {count} {newest}\n")
    while True:
        newest += 1
        connection.execute("insert into notes values (?, 'a note')", (newest,))
        log.write(f"{newest}\n")
        time.sleep(0.002)
"#;

#[test]
fn sqlite_in_wal_mode_loses_nothing_that_it_committed_before_it_was_stopped_or_frozen() {
    let mut world = World::new([]);
    let (script, outside) = (world.path("bin/notes.py"), world.path("run/committed"));
    std::fs::write(&script, SQLITE).unwrap();
    let words = ["/usr/bin/python3", script.to_str().unwrap(), "{volume:data}", outside.to_str().unwrap()];
    world.workloads = vec![Workload::idle("app", [Volume::project("data")]).command(&words)];
    world.write_config();
    world.ok(&["deploy", "app"]);
    for how in ["stop", "pause"] {
        for round in 0..rounds(1) {
            let before = committed(&outside);
            eventually("it commits", || committed(&outside) > before + 20);
            let before = committed(&outside);
            let id = create(&world, how).expect(0).json()["id"].as_str().unwrap().to_owned();
            let after = committed(&outside);
            eventually("it commits after the snapshot", || committed(&outside) > after);
            let starts = || {
                let text = std::fs::read_to_string(&outside).unwrap_or_default();
                text.lines().filter(|line| line.starts_with("start")).count()
            };
            let started_before = starts();
            world.restore("app", &id, &[]).expect(0);
            eventually("it has looked at what was restored", || starts() > started_before);
            let text = std::fs::read_to_string(&outside).unwrap();
            let started = text.lines().rfind(|line| line.starts_with("start")).unwrap();
            let words: Vec<&str> = started.split(' ').collect();
            let (count, newest): (u64, u64) = (words[2].parse().unwrap(), words[3].parse().unwrap());
            assert_eq!((words[1], count), ("ok", newest), "{how}, snapshot {round}");
            assert!(newest >= before, "{how}, snapshot {round}: holds {newest}, committed {before}");
        }
    }
}

/// The newest that was committed since the last start.
fn committed(outside: &Path) -> u64 {
    let text = std::fs::read_to_string(outside).unwrap_or_default();
    let newest = text.lines().rev().find_map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
        [number] => number.parse().ok(),
        [_, _, _, newest] => newest.parse().ok(),
        _ => None,
    });
    newest.unwrap_or(0)
}
