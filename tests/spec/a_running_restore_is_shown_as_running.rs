//! A restore that runs is shown as running wherever somebody looks, and only what nobody is at is left to a person.

use rustix::process::Signal;
use serde_json::json;

use crate::support::api::Server;
use crate::support::bench::{Bench, fill};

/// What nobody may be told while it is not so.
const TO_A_PERSON: [&str; 2] = ["nly a person", "restore resolve"];

/// Everything that looks, as a person reads it.
fn looks(bench: &Bench, id: &str) -> Vec<(String, String)> {
    let commands = [
        &["workload", "show", "app"][..],
        &["restore", "plan", "app", &bench.snapshot],
        &["restore", "list"],
        &["restore", "show", id],
    ];
    commands.map(|command| (command[..2].join(" "), bench.world.reforge(command).said())).into()
}

#[test]
fn a_restore_that_runs_from_the_command_line_is_seen_as_such_and_after_its_crash_a_recovery_is_named() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let mut running = bench.world.start_pausing("record-swapped", &bench.restore());
    assert!(running.reaches_its_pause());
    let id = bench.world.transactions().pop().unwrap();
    let held = format!("held by restore {id} (process ");
    for (command, said) in looks(&bench, &id) {
        assert!(said.contains(&held) && said.contains("swapping"), "{command}: {said}");
        TO_A_PERSON.iter().for_each(|words| assert!(!said.contains(words), "{command}: {said}"));
    }
    let shown = bench.world.ok(&["restore", "show", &id, "--json"]).json();
    assert_eq!((&shown["held_by"]["phase"], &shown["receipt"]), (&json!("swapping"), &json!(null)));
    assert_eq!(bench.world.ok(&["workload", "show", "app", "--json"]).json()["blocked"][0]["code"], "busy");
    bench.world.reforge(&["restore", "resolve", &id]).expect(6).expect_said(&held);

    let server = Server::start(&bench.world);
    assert_eq!(server.get("/api/v1/workloads/app")["blocked"][0]["code"], "busy");
    assert_eq!(server.get("/api/v1/restores?running=true")["restores"][0]["held_by"]["phase"], "swapping");
    assert_eq!(server.get(&format!("/api/v1/restores/{id}"))["held_by"]["process"], shown["held_by"]["process"]);
    server.stop();

    running.signal(Signal::KILL);
    running.wait();
    for (command, said) in looks(&bench, &id) {
        assert!(said.contains("`reforge recover` settles it") && !said.contains(&held), "{command}: {said}");
        TO_A_PERSON.iter().for_each(|words| assert!(!said.contains(words), "{command}: {said}"));
    }
    assert_eq!(bench.world.ok(&["workload", "show", "app", "--json"]).json()["blocked"][0]["code"], "unfinished");
    bench.world.ok(&["recover"]);
    assert_eq!(bench.world.ok(&["workload", "show", "app", "--json"]).json()["blocked"], json!([]));
}

#[test]
fn an_undo_that_is_over_names_the_snapshot_that_holds_its_data() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    bench.world.ok(&bench.restore());
    let restore = bench.world.restores()[0].clone();
    let (id, safety) = (restore["id"].as_str().unwrap(), restore["receipt"]["safety"].as_str().unwrap());
    bench.world.ok(&["restore", "finish", id, "--yes"]);
    let command = format!("reforge restore run app {safety}");
    bench.world.undo(id).expect(3).expect_said("its window has ended").expect_said(&command).expect_clear();
    bench.world.ok(&["snapshot", "delete", "app", safety, "--yes"]);
    bench.world.undo(id).expect(3).expect_unsaid(safety).expect_unsaid("put the volume");
}

#[test]
fn a_plan_says_when_the_newest_change_was_made_and_refuses_links_once() {
    let bench = Bench::new();
    std::os::unix::fs::symlink("nowhere", bench.lives[0].join("link")).unwrap();
    std::os::unix::fs::symlink("nowhere", bench.lives[1].join("link")).unwrap();
    let plan = bench.world.reforge(&["restore", "plan", "app", &bench.snapshot, "--json"]).expect(3).json();
    assert_eq!(plan["refusals"].as_array().unwrap().len(), 1, "{plan}");
    let said = bench.world.reforge(&["restore", "plan", "app", &bench.snapshot]);
    said.expect_said("the newest change on disk is ").expect_said("after the snapshot").expect_unsaid("you lose");
}
