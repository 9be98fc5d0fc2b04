//! Commands before and after a snapshot: as the app's user, within a limit, and the ones after run whatever happens.

use std::path::PathBuf;

use serde_json::Value;

use super::{counting, create, is_as_before, taken};
use crate::support::World;

/// A counter whose hooks write into a file that is no volume's.
fn hooked(before: &str, after: &str) -> (World, PathBuf) {
    let directory = tempfile::tempdir().unwrap().keep();
    let said = directory.join("said");
    let hook = |script: &str| {
        let script = script.replace("SAID", said.to_str().unwrap());
        format!("[{{ command = [\"/bin/sh\", \"-c\", {script:?}], limit = \"2s\" }}]")
    };
    let world = counting(&format!("before_snapshot = {}\nafter_snapshot = {}\n", hook(before), hook(after)));
    (world, said)
}

fn said(file: &PathBuf) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

#[test]
fn hooks_run_before_the_stop_and_after_the_start_and_what_they_say_is_kept() {
    let (world, file) = hooked("echo before >> SAID; echo flushed", "echo after >> SAID; id -u");
    let output = create(&world, "stop");
    let hooks = taken(&output)["hooks"].clone();
    let read = |hook: &Value| (hook["when"].as_str().unwrap().to_owned(), hook["output"].as_str().unwrap().to_owned());
    let hooks: Vec<_> = hooks.as_array().unwrap().iter().map(read).collect();
    assert_eq!(hooks, [("before".to_owned(), "flushed".to_owned()), ("after".to_owned(), "0".to_owned())]);
    assert_eq!(said(&file), "before\nafter\n");
    let id = output.json()["id"].as_str().unwrap().to_owned();
    world.ok(&["snapshot", "show", "app", &id]).expect_said("flushed");
    // A safety snapshot is none of theirs.
    world.restore("app", &id, &[]).expect(0);
    assert_eq!(said(&file), "before\nafter\n");
    is_as_before(&world, "hooks");
}

#[test]
fn a_hook_that_fails_before_fails_the_snapshot_and_the_one_after_runs_all_the_same() {
    let (world, file) = hooked("echo no room; exit 3", "echo after >> SAID");
    for how in ["stop", "pause", "live"] {
        let failed = world.reforge(&["snapshot", "create", "app", "--consistency", how]);
        failed.expect(1).expect_said("status 3").expect_said("no room");
    }
    assert_eq!(said(&file), "after\nafter\nafter\n");
    assert_eq!(world.stored("app"), Vec::<PathBuf>::new());
    is_as_before(&world, "failed before");
}

#[test]
fn a_hook_that_fails_after_is_told_and_the_snapshot_is_kept() {
    let (world, _) = hooked("true", "exit 4");
    world.reforge(&["snapshot", "create", "app"]).expect(1).expect_said("is taken, and yet").expect_said("status 4");
    world.ok(&["snapshot", "list", "app"]).expect_said("stopped");
    is_as_before(&world, "failed after");
}

#[test]
fn a_hook_that_takes_too_long_is_ended_with_all_that_it_started() {
    let (world, file) = hooked("sleep 1000000 & echo $! > SAID; wait", "true");
    world.reforge(&["snapshot", "create", "app"]).expect(1).expect_said("took longer than 2.0 s");
    let started = said(&file);
    let alive =
        std::fs::read_to_string(format!("/proc/{}/stat", started.trim())).is_ok_and(|stat| !stat.contains(") Z"));
    assert!(!alive, "{started}");
    is_as_before(&world, "too long");
}

#[test]
fn a_host_that_ends_between_hooks_runs_the_one_after_at_its_next_start() {
    let (world, file) = hooked("echo before >> SAID", "echo after >> SAID");
    let killed = world.faulty("sync-file-system:before", &["snapshot", "create", "app", "--consistency", "pause"]);
    assert_eq!((killed.code, said(&file).as_str()), (None, "before\n"));
    world.ok(&["recover"]);
    assert_eq!(said(&file), "before\nafter\n");
    world.ok(&["recover"]);
    assert_eq!(said(&file), "before\nafter\n");
    is_as_before(&world, "between");
}

/// The hooks that the docs show, with the real programs.
mod of_the_docs {
    use super::super::databases::SQLITE;
    use super::*;
    use crate::support::apps::{Postgres, Redis};
    use crate::support::process::run;
    use crate::support::{Volume, Workload, eventually};

    fn before(words: &[&str]) -> String {
        format!("before_snapshot = [{{ command = {words:?}, limit = \"1m\" }}]\n")
    }

    #[test]
    fn a_checkpoint_of_postgresql_is_in_the_snapshot() {
        let (postgres, mut workload) = Postgres::workload("app");
        let at = postgres.directory().to_str().unwrap();
        workload.lines = before(&["/usr/bin/psql", "-X", "-h", at, "-d", "postgres", "-c", "CHECKPOINT"]);
        let world = World::new([workload]);
        postgres.make_cluster(&world.volume("app", "data"));
        world.ok(&["deploy", "app"]);
        postgres.sql("create table notes as select generate_series(1, 1000)");
        let redo = || postgres.sql("select redo_lsn from pg_control_checkpoint()");
        let earlier = redo();
        assert_eq!(taken(&create(&world, "pause"))["hooks"][0]["output"], "CHECKPOINT");
        assert_ne!(redo(), earlier);
    }

    #[test]
    fn what_redis_saved_is_in_the_snapshot() {
        let (redis, mut workload) = Redis::workload("app");
        let socket = redis.directory().join("redis.sock");
        workload.lines = before(&["/usr/bin/redis-cli", "-s", socket.to_str().unwrap(), "SAVE"]);
        let world = World::new([workload]);
        let live = world.volume("app", "data");
        std::fs::create_dir_all(&live).unwrap();
        run("chown", &["redis:redis", live.to_str().unwrap()]);
        world.ok(&["deploy", "app"]);
        redis.command(&["set", "colour", "blue"]);
        let output = create(&world, "live");
        assert_eq!(taken(&output)["hooks"][0]["output"], "OK");
        let (archive, _) = world.snapshot_files("app", output.json()["id"].as_str().unwrap());
        assert!(run("tar", &["-tzf", archive.to_str().unwrap()]).contains("/dump.rdb"));
    }

    #[test]
    fn a_backup_of_sqlite_is_whole_in_a_live_snapshot_under_commits() {
        let mut world = World::new([]);
        let (script, outside) = (world.path("bin/notes.py"), world.path("run/committed"));
        std::fs::write(&script, SQLITE).unwrap();
        let words = ["/usr/bin/python3", script.to_str().unwrap(), "{volume:data}", outside.to_str().unwrap()];
        let mut workload = Workload::idle("app", [Volume::project("data")]).command(&words);
        let backup = ".backup '{volume:data}/backup.db'";
        workload.lines = before(&["/usr/bin/sqlite3", "{volume:data}/db", ".timeout 10000", backup]);
        world.workloads = vec![workload];
        world.write_config();
        world.ok(&["deploy", "app"]);
        let commits = || std::fs::read_to_string(&outside).unwrap_or_default().lines().count();
        eventually("it commits", || commits() > 50);
        let output = create(&world, "live");
        output.expect(0);
        let (archive, _) = world.snapshot_files("app", output.json()["id"].as_str().unwrap());
        let to = world.path("unpacked");
        std::fs::create_dir(&to).unwrap();
        run("tar", &["-xzf", archive.to_str().unwrap(), "-C", to.to_str().unwrap()]);
        let database = run("find", &[to.to_str().unwrap(), "-name", "backup.db"]);
        let asked = "pragma integrity_check; select count(*) = max(id), count(*) > 40 from notes";
        assert_eq!(run("sqlite3", &[database.trim(), asked]), "ok\n1|1\n");
    }
}
