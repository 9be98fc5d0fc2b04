//! The way out when only a person can decide: everything is kept and shown, and goes only when it is asked for. The same
//! for what earlier restores keep.

use std::path::PathBuf;

use serde_json::json;

use crate::support::api::{CONFIRM, Server};
use crate::support::bench::{Bench, fill, signatures};
use crate::support::signature;

/// A restore that was killed between its two exchanges, and whose second volume somebody replaced by another tree.
pub(crate) fn stuck() -> (Bench, String, PathBuf) {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let effects = bench.world.effects_of(&bench.restore());
    bench.tidy();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let exchange = effects.iter().rposition(|name| name == "exchange").unwrap() + 1;
    bench.world.faulty(&format!("{exchange}:before"), &bench.restore());
    let aside = bench.world.path("aside");
    std::fs::rename(&bench.lives[1], &aside).unwrap();
    std::fs::create_dir(&bench.lives[1]).unwrap();
    fill(&bench.lives[1], "strange");
    let id = bench.world.transactions().pop().unwrap();
    bench.world.reforge(&["recover"]).expect(5).expect_said("restore resolve");
    (bench, id, aside)
}

#[test]
fn trees_that_were_not_chosen_are_shown_and_go_only_when_it_is_asked_for() {
    let (bench, id, aside) = stuck();
    let world = &bench.world;
    let trees = world.ok(&["restore", "resolve", &id, "--json"]).json()["trees"].clone();
    let seen: Vec<(&str, &str)> = trees
        .as_array()
        .unwrap()
        .iter()
        .map(|tree| (tree["place"].as_str().unwrap(), tree["is"].as_str().unwrap()))
        .collect();
    assert_eq!(seen, [("live", "new"), ("sibling", "old"), ("live", "unknown"), ("sibling", "new")]);
    let lives = signatures(&bench.lives);
    let command = format!("restore finish {id}");
    world.ok(&["restore", "resolve", &id, "--keep", "live", "--yes"]).expect_said(&command).expect_said(".reforge-");
    assert_eq!(world.restores()[0]["now"], "resolved by a person, the other trees kept until finished");
    let siblings = bench.lives.each_ref().map(|live| world.siblings(live));
    assert_eq!(siblings.each_ref().map(Vec::len), [1, 1], "nothing goes by itself");
    world.ok(&["deploy", "app"]);
    assert_eq!(siblings, bench.lives.each_ref().map(|live| world.siblings(live)), "nor with a deploy");

    // What somebody put in a sibling's place is not ours to remove.
    let kept = world.path("kept");
    std::fs::rename(&siblings[1][0], &kept).unwrap();
    std::fs::create_dir(&siblings[1][0]).unwrap();
    fill(&siblings[1][0], "foreign");
    world.ok(&["restore", "finish", &id, "--yes"]).expect_said("not the recorded one");
    assert!(!siblings[0][0].exists() && siblings[1][0].join("only-in-foreign").exists());
    std::fs::remove_dir_all(&siblings[1][0]).unwrap();
    std::fs::rename(&kept, &siblings[1][0]).unwrap();
    world.ok(&["restore", "finish", &id, "--yes"]).expect_said("the trees that were not chosen are removed");
    assert!(!siblings[1][0].exists());

    assert_eq!(signatures(&bench.lives), lives, "what is live stays as it was chosen");
    assert!(aside.join("only-in-new").exists());
    assert_eq!(world.restores()[0]["now"], "resolved by a person");
    let audit = world.ok(&["audit", "--json"]).stdout;
    assert!(audit.contains("\"finish\"") && audit.contains("\"resolved\":true"), "{audit}");
}

#[test]
fn a_person_decides_and_ends_it_over_http_as_well() {
    let (bench, id, _) = stuck();
    let server = Server::start(&bench.world);
    assert_eq!(server.get("/api/v1/recovery")["unfinished"][0]["id"], id.as_str());
    server.restore(&bench.snapshot).send().expect_problem(409, "needs-operator");
    let path = format!("/api/v1/restores/{id}");
    let trees = server.as_viewer("GET", &format!("{path}/trees")).send().expect(200).json();
    let seen: Vec<&str> = trees["trees"].as_array().unwrap().iter().map(|tree| tree["is"].as_str().unwrap()).collect();
    assert_eq!(seen, ["new", "old", "unknown", "new"]);
    let lives = signatures(&bench.lives);
    let resolve = |confirmed: &str| {
        let asked = server.as_admin("POST", &format!("{path}/resolve")).header(CONFIRM, confirmed);
        asked.json(&json!({ "keep": "live" })).send()
    };
    resolve("another").expect_problem(428, "confirmation");
    let resolved = resolve(&id).expect(200).json();
    assert_eq!((&resolved["resolved"], &resolved["kept"][0]["place"]), (&json!(true), &json!("sibling")), "{resolved}");
    assert_eq!(server.get("/api/v1/recovery")["unfinished"], json!([]));
    assert_eq!(server.get(&path)["resolved"], true);
    server.as_admin("POST", "/api/v1/workloads/app/deploy").send().expect(200);
    let finish = || server.as_admin("POST", &format!("{path}/finish")).header(CONFIRM, &id).send();
    assert_eq!(finish().expect(200).json()["left_behind"], json!([]));
    bench.lives.iter().for_each(|live| assert_eq!(bench.world.siblings(live), Vec::<PathBuf>::new()));
    assert_eq!(signatures(&bench.lives), lives, "what is live stays as it was chosen");
}

/// An undo that was killed when the restore was over already, and of which one volume was exchanged by somebody.
#[test]
fn the_trees_of_an_undo_that_a_person_decided_go_by_its_own_name_when_the_restore_is_over() {
    let bench = Bench::new();
    let world = &bench.world;
    bench.lives.iter().for_each(|live| fill(live, "new"));
    world.ok(&bench.restore());
    let restore = world.transactions().pop().unwrap();
    let killed = world.faulty("record-undone:after", &["restore", "undo", &restore, "--yes"]);
    assert_eq!(killed.code, None, "{killed:?}");
    let undo = world.transactions().pop().unwrap();
    let (live, sibling) = (&bench.lives[1], world.siblings(&bench.lives[1]).remove(0));
    let aside = live.with_extension("aside");
    for (from, to) in [(live, &aside), (&sibling, live), (&aside, &sibling)] {
        std::fs::rename(from, to).unwrap();
    }
    world.reforge(&["recover"]).expect(5).expect_said(&undo);
    world.ok(&["restore", "resolve", &undo, "--keep", "live", "--yes"]);
    let lives = signatures(&bench.lives);
    world.reforge(&["restore", "finish", &restore, "--yes"]).expect(2).expect_said("keeps no previous data");
    world.ok(&["restore", "finish", &undo, "--yes"]);
    bench.lives.iter().for_each(|live| assert_eq!(world.siblings(live), Vec::<PathBuf>::new()));
    assert_eq!(signatures(&bench.lives), lives, "what is live stays as it was chosen");
}

#[test]
fn a_plan_says_what_earlier_restores_keep_and_a_new_restore_does_not_take_it_away() {
    let bench = Bench::new();
    let world = &bench.world;
    world.ok(&["restore", "plan", "app", &bench.snapshot]).expect_unsaid("restore finish");
    world.ok(&bench.restore());
    world.ok(&["restore", "plan", "app", &bench.snapshot]).expect_said("holds the same");
    world.ok(&[&bench.restore()[..], &["--keep-previous"]].concat());
    let first = world.transactions().pop().unwrap();
    let finish = format!("restore finish {first}");
    world
        .ok(&["restore", "plan", "app", &bench.snapshot])
        .expect_said(&format!("of previous data that restore `{first}` keeps"))
        .expect_said(&finish);
    let previous = world.siblings(&bench.lives[0]).pop().unwrap();
    let before = signature::of(&previous);
    world.ok(&bench.restore());
    assert_eq!(signature::of(&previous), before, "it was to be kept");
    world.reforge(&["restore", "undo", &first, "--yes"]).expect(3).expect_said("only the newest can be undone");
    world.ok(&["restore", "finish", &first, "--yes"]);
    assert!(!previous.exists());
    world.ok(&["restore", "plan", "app", &bench.snapshot]).expect_unsaid(&finish);
}
