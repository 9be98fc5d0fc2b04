//! What a drill says: proven, started, failed, and which questions prove nothing.

use super::{COUNTED, drill, nothing_is_left, probe, with_rows};

#[test]
fn an_app_that_starts_and_answers_proves_its_snapshot() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let more = format!(
        "[[workload.drill.probe]]\nname = \"page\"\nhttp = {{ port = {port}, path = \"/rows\", contains = \"two\" }}\n\
         [[workload.drill.probe]]\nname = \"files\"\nfile = {{ volume = \"data\", newest = \"1h\", at_least = 1 }}\n"
    );
    let mut world = with_rows("one\ntwo\n", &format!("{COUNTED}{more}"));
    let serve = format!("cd {{volume:data}} && test -s rows && exec /usr/bin/python3 -m http.server {port}");
    world.workload("app").command = ["/bin/sh".into(), "-c".into(), serve].into();
    world.write_config();
    world.ok(&["deploy", "app"]);
    let snapshot = world.snapshot("app");
    let processes = world.processes("app");
    world.ok(&["snapshot", "list", "app"]).expect_said("not tried");
    let receipt = drill(&world, &[]);
    assert_eq!(receipt["outcome"], "proven", "{receipt:#}");
    assert_eq!((&receipt["snapshot"], &receipt["attempts"]), (&snapshot.into(), &0.into()));
    assert_eq!(probe(&receipt, "rows")["figure"], 2.0);
    assert_eq!(probe(&receipt, "files")["figure"], 1.0);
    assert!(receipt["healthy_ms"].is_u64() && receipt["extract_ms"].is_u64(), "{receipt:#}");
    assert!(receipt["volumes"][0]["tree_digest"].is_string());
    world.ok(&["snapshot", "list", "app"]).expect_said("proven");
    world.ok(&["drills", "app"]).expect_said("proven").expect_said("empty volumes");
    // The app that is deployed never knew.
    assert_eq!(world.processes("app"), processes);
    nothing_is_left(&world);
}

#[test]
fn a_snapshot_on_which_the_app_does_not_start_fails() {
    let world = with_rows("one\n", COUNTED);
    let good = world.snapshot("app");
    std::fs::write(world.volume("app", "data").join("rows"), "").unwrap();
    let bad = world.live_snapshot("app");
    let failed = world.reforge(&["drill", "app", &bad]);
    failed.expect(1).expect_said("failed").expect_said("ended with status 1");
    world.ok(&["drill", "app", &good]).expect_said("proven");
    let listed = world.ok(&["snapshot", "list", "app"]);
    listed.expect_said("drill failed").expect_said("proven");
    nothing_is_left(&world);
}

#[test]
fn half_the_rows_of_the_last_good_drill_are_not_enough() {
    let world = with_rows("1\n2\n3\n4\n", COUNTED);
    world.snapshot("app");
    world.ok(&["drill", "app"]);
    std::fs::write(world.volume("app", "data").join("rows"), "1\n2\n").unwrap();
    world.snapshot("app");
    world.reforge(&["drill", "app"]).expect(1).expect_said("the answer 2 is below 90 % of 4");
    nothing_is_left(&world);
}

#[test]
fn a_probe_that_passes_on_an_empty_app_proves_nothing() {
    let worthless = "[[workload.drill.probe]]\nname = \"alive\"\ncommand = [\"/bin/true\"]\n";
    let world = with_rows("one\n", worthless);
    // One that starts on anything.
    let mut world = world;
    world.workload("app").command = ["/bin/sleep", "1000000"].map(String::from).into();
    world.write_config();
    world.ok(&["deploy", "app"]);
    world.snapshot("app");
    world.ok(&["drill", "app"]).expect_said("started").expect_said("proves nothing about your data");
    let receipt = drill(&world, &["--empty"]);
    assert_eq!(receipt["worthless"], serde_json::json!(["alive"]), "{receipt:#}");
    world.ok(&["snapshot", "list", "app"]).expect_said("started");
    nothing_is_left(&world);
}

#[test]
fn a_malformed_database_fails_before_the_app_is_asked_and_the_snapshot_stays_as_it_is() {
    let world = with_rows("one\n", "");
    let database = world.volume("app", "data").join("app.db");
    crate::support::process::run(
        "sqlite3",
        &[
            database.to_str().unwrap(),
            "create table t(x); with recursive n(i) as (select 1 union all select i+1 from n limit 2000) insert into t select hex(randomblob(50)) from n;",
        ],
    );
    let good = world.snapshot("app");
    let mut bytes = std::fs::read(&database).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0x5a);
    std::fs::write(&database, bytes).unwrap();
    let bad = world.snapshot("app");
    world.ok(&["drill", "app", &good]).expect_said("1 SQLite file is sound").expect_said("started");
    world.reforge(&["drill", "app", &bad]).expect(1).expect_said("app.db is malformed");
    nothing_is_left(&world);
}

#[test]
fn a_snapshot_that_was_read_back_says_so_and_the_newest_proven_one_is_never_pruned() {
    let mut world = with_rows("one\n", COUNTED);
    let proven = world.snapshot("app");
    world.ok(&["drill", "app"]);
    let read = world.snapshot("app");
    world.ok(&["snapshot", "verify", "app", &read]);
    world.ok(&["snapshot", "list", "app"]).expect_said("read back").expect_said("proven");
    world.snapshot("app");
    let lines = format!("keep = {{ last = 1 }}\n{}", world.workload("app").lines);
    world.workload("app").lines = lines;
    world.write_config();
    world.ok(&["snapshot", "prune", "app", "--yes"]).expect_said("the newest that is proven");
    let left = world.ok(&["snapshot", "list", "app"]);
    left.expect_said(&proven);
    assert!(!left.said().contains(&read), "{}", left.said());
}
