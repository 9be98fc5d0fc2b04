//! Promise 4: the app comes back as it was, running or stopped, and on the previous data if it is bad on the new.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::apps::{self, Postgres, Redis};
use crate::support::signature::{self, assert_same};
use crate::support::{Volume, Workload, World, eventually};

#[test]
fn postgresql_gets_the_rows_of_the_snapshot_back_while_it_runs_and_the_later_ones_by_an_undo() {
    let (postgres, workload) = Postgres::workload("db");
    let world = World::new([workload]);
    postgres.make_cluster(&world.volume("db", "data"));
    world.ok(&["deploy", "db"]);
    postgres.sql("create table notes (id int primary key, text text)");
    postgres.sql("insert into notes select n, 'old ' || n from generate_series(1, 2000) n");
    // A crash image of a running server is what it can recover from, but only of one instant: it is stopped.
    world.ok(&["stop", "db"]);
    let snapshot = world.snapshot("db");
    world.ok(&["deploy", "db"]);
    postgres.sql("delete from notes where id % 2 = 0; update notes set text = 'new'; create table later (id int)");
    postgres.sql("insert into later select generate_series(1, 70)");
    world.restore("db", &snapshot, &[]).expect(0);
    assert_eq!(
        postgres.sql("select count(*) || ' ' || count(*) filter (where text = 'old ' || id) from notes"),
        "2000 2000"
    );
    assert_eq!(postgres.sql("select to_regclass('later') is null"), "t");
    postgres.sql("insert into notes values (5000, 'served')");
    let id = world.receipt()["id"].as_str().unwrap().to_owned();
    world.undo(&id).expect(0);
    assert_eq!(postgres.sql("select count(*) || ' ' || min(text) || ' ' || max(text) from notes"), "1000 new new");
    assert_eq!(postgres.sql("select count(*) from later"), "70");
    // What the undo replaced is kept, too.
    let undo = world.receipt()["id"].as_str().unwrap().to_owned();
    world.undo(&undo).expect(0);
    assert_eq!(postgres.sql("select text from notes where id = 5000"), "served");
}

#[test]
fn postgresql_is_never_captured_torn_by_the_safety_snapshot() {
    let (postgres, workload) = Postgres::workload("db");
    let world = World::new([workload]);
    postgres.make_cluster(&world.volume("db", "data"));
    world.ok(&["deploy", "db"]);
    postgres.sql("create table notes (id int primary key)");
    world.ok(&["stop", "db"]);
    let empty = world.snapshot("db");
    world.ok(&["deploy", "db"]);
    postgres.sql("insert into notes select generate_series(1, 500)");
    world.restore("db", &empty, &[]).expect(0);
    assert_eq!(postgres.sql("select count(*) from notes"), "0");
    let safety = world.receipt()["safety"].as_str().unwrap().to_owned();
    world.restore("db", &safety, &[]).expect(0);
    assert_eq!(postgres.sql("select count(*) from notes"), "500");
}

#[test]
fn redis_gets_the_keys_of_the_snapshot_back_while_it_runs_and_the_later_ones_by_an_undo() {
    let (redis, workload) = Redis::workload("cache");
    let world = World::new([workload]);
    let live = world.volume("cache", "data");
    std::fs::create_dir_all(&live).unwrap();
    std::os::unix::fs::chown(&live, Some(102), Some(105)).unwrap();
    crate::support::process::run("chown", &["redis:redis", live.to_str().unwrap()]);
    world.ok(&["deploy", "cache"]);
    for n in 0..50 {
        redis.command(&["set", &format!("key-{n}"), &format!("old-{n}")]);
    }
    let snapshot = world.snapshot("cache");
    redis.command(&["flushall"]);
    redis.command(&["set", "later", "new"]);
    world.restore("cache", &snapshot, &[]).expect(0);
    assert_eq!(redis.command(&["dbsize"]), "50");
    assert_eq!(redis.command(&["get", "key-49"]), "old-49");
    redis.command(&["set", "after", "served"]);
    world.undo(world.receipt()["id"].as_str().unwrap()).expect(0);
    assert_eq!(redis.command(&["dbsize"]), "1");
    assert_eq!(redis.command(&["get", "later"]), "new");
}

/// A deployment of one app with a volume that says `old` in its snapshot and `new` now.
fn changed(command: impl FnOnce(&World) -> Vec<String>, deploy: bool) -> (World, String) {
    let mut world = World::new([]);
    let mut workload = Workload::idle("app", [Volume::project("data")]);
    workload.command = command(&world);
    world.workloads = vec![workload];
    world.write_config();
    let live = world.volume("app", "data");
    std::fs::create_dir_all(&live).unwrap();
    std::fs::write(live.join("file"), "old").unwrap();
    if deploy {
        world.ok(&["deploy", "app"]);
    }
    // What the app does when it is stopped is kept for the restore.
    let snapshot = world.live_snapshot("app");
    std::fs::write(live.join("file"), "new").unwrap();
    (world, snapshot)
}

fn held(world: &World) -> String {
    std::fs::read_to_string(world.volume("app", "data").join("file")).unwrap()
}

#[test]
fn an_app_whose_program_is_gone_at_the_redeploy_gets_its_previous_data_back() {
    // It removes its own program when it is told to stop.
    let (world, snapshot) = changed(
        |world| vec![world.script("app", "trap 'rm -f \"$0\"; exit 0' TERM\nwhile :; do sleep 0.05 & wait $!; done\n")],
        true,
    );
    let before = signature::of(&world.volume("app", "data"));
    let output = world.restore("app", &snapshot, &[]);
    output.expect(4).expect_said("holds what it held before");
    assert_same(&signature::of(&world.volume("app", "data")), &before, "the previous data is back");
    let receipt = world.receipt();
    assert_eq!(receipt["outcome"], "reverted");
    assert!(receipt["failure"]["message"].as_str().unwrap().contains("bin/app"), "the reason is not named: {receipt}");
}

#[test]
fn an_app_that_exits_at_once_on_the_new_data_runs_on_its_previous_data_again() {
    let (world, snapshot) = changed(
        |world| {
            vec![
                world.script("app", "test \"$(cat \"$1/file\")\" = new || exit 3\nexec sleep 1000000\n"),
                "{volume:data}".into(),
            ]
        },
        false,
    );
    world.ok(&["deploy", "app"]);
    world.restore("app", &snapshot, &[]).expect(4).expect_said("holds what it held before").expect_said("status 3");
    assert_eq!(held(&world), "new");
    assert!(world.is_running("app"), "the app runs on what it had");
    assert_eq!(world.receipt()["outcome"], "reverted");
    // What the app was given for a moment stays for the window: clients may have written into it.
    assert_eq!(world.siblings(&world.volume("app", "data")).len(), 1);
}

#[test]
fn an_app_that_is_replaced_by_one_that_exits_at_once_gets_its_previous_data_back() {
    let (world, snapshot) = changed(
        |world| {
            let replacement = world.script("replacement", "exit 7\n");
            let stop = format!("trap 'mv -f {replacement} \"$0\"; exit 0' TERM; touch \"$0.listens\"");
            vec![world.script("app", &format!("{stop}\nwhile :; do sleep 0.05 & wait $!; done\n"))]
        },
        true,
    );
    let app = PathBuf::from(&world.workloads[0].command[0]);
    eventually("the app listens to signals", || app.with_extension("listens").exists());
    world.restore("app", &snapshot, &[]).expect(4).expect_said("status 7");
    assert_eq!(held(&world), "new");
}

#[test]
fn an_app_that_was_stopped_before_the_restore_stays_stopped() {
    let (world, snapshot) = changed(|_| ["/bin/sleep", "1000000"].map(String::from).into(), true);
    world.ok(&["stop", "app"]);
    world.restore("app", &snapshot, &[]).expect(0);
    assert_eq!(held(&world), "old");
    assert!(!world.is_running("app"), "it was stopped and was started");
    world.undo(world.receipt()["id"].as_str().unwrap()).expect(0);
    assert_eq!(held(&world), "new");
    assert!(!world.is_running("app"));
}

#[test]
fn a_supervisor_whose_command_died_starts_no_app_beside_that_of_the_next_command() {
    let world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    world.ok(&["stop", "app"]);
    let (dead, output) = std::io::pipe().unwrap();
    drop(dead);
    let mut supervisor = Command::new(env!("CARGO_BIN_EXE_reforge"));
    supervisor.arg("supervise").arg(world.state_dir().join("process/app")).env_clear().current_dir("/");
    supervisor.stdin(Stdio::null()).stdout(output).stderr(Stdio::null()).process_group(0);
    assert!(supervisor.status().unwrap().success());
    eventually("it ends", || world.strangers() == 0);
    assert!(!world.is_running("app"), "it left an app that nobody supervises");
}

#[test]
fn an_app_that_was_never_deployed_gets_its_data_back() {
    let (world, snapshot) = changed(|_| ["/bin/sleep", "1000000"].map(String::from).into(), false);
    world.restore("app", &snapshot, &[]).expect(0);
    assert_eq!(held(&world), "old");
    assert!(!world.is_running("app"));
}

#[test]
fn an_app_that_crash_loops_is_restored_and_runs() {
    let (world, snapshot) = changed(
        |world| {
            vec![
                world.script("app", "test \"$(cat \"$1/file\")\" = old || exit 3\nexec sleep 1000000\n"),
                "{volume:data}".into(),
            ]
        },
        true,
    );
    // The data is bad now; the app finds that out at its next start.
    for pid in world.processes("app") {
        crate::support::process::run("kill", &[&pid.to_string()]);
    }
    let log = world.state_dir().join("process/app/state.json");
    eventually("the app ends again and again", || {
        let state: serde_json::Value = serde_json::from_slice(&std::fs::read(&log).unwrap()).unwrap_or_default();
        state["short_ends"].as_u64().is_some_and(|ends| ends >= 2)
    });
    world.restore("app", &snapshot, &[]).expect(0);
    assert_eq!(held(&world), "old");
    assert!(world.is_running("app"));
    assert_eq!(world.receipt()["outcome"], "done");
}

#[test]
fn an_app_that_writes_all_the_time_goes_on_from_the_snapshot() {
    let mut world = World::new([]);
    let app = apps::counter(&world, "counter");
    world.workloads = vec![Workload::idle("app", [Volume::project("data")]).command(&[&app, "{volume:data}"])];
    world.write_config();
    world.ok(&["deploy", "app"]);
    let live = world.volume("app", "data");
    eventually("some lines", || apps::counted(&live) >= 5);
    world.ok(&["stop", "app"]);
    let captured = apps::counted(&live);
    let snapshot = world.snapshot("app");
    world.ok(&["deploy", "app"]);
    eventually("more lines", || apps::counted(&live) >= captured + 20);
    world.restore("app", &snapshot, &[]).expect(0);
    apps::writes_on(&live);
    let previous = &world.siblings(&live)[0];
    assert!(apps::counted(previous) >= captured + 20, "the previous tree has every line that was written");
}
