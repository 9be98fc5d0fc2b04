//! Promise 7, broken on purpose: every bad habit that a plugin can have, as a component in the real host. After each no
//! volume is harmed, the app is as before, and the default plugin restores at once.

use std::collections::BTreeSet;

use rustix::process::Signal;
use serde_json::json;

use crate::support::api::Server;
use crate::support::{Output, World, eventually, guests, signature};

/// Which tree is live in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Live {
    /// What was there before, the app as before, nothing left beside the volumes.
    Untouched,
    /// The commit stood before the plugin went wrong: the host finished by itself.
    Restored,
}
use Live::{Restored, Untouched};

/// A behaviour of the guest, the exit code, the failure's code, and what is live.
type Row = (&'static str, i32, &'static str, Live);

const PROOFS: &[Row] = &[
    ("good", 0, "", Restored),
    ("forged-seal", 1, "plugin", Untouched),
    ("forged-stop", 1, "plugin", Untouched),
    ("reused-seal", 3, "out-of-order", Untouched),
    ("dropped-handle", 1, "plugin", Untouched),
    ("drops-parents-first", 1, "plugin", Untouched),
    ("drops-everything-at-once", 1, "plugin", Untouched),
    ("drops-in-order", 1, "plugin", Untouched),
    ("keeps-handles", 1, "kept", Untouched),
    ("hoards-handles", 3, "too-large", Untouched),
    ("swaps-a-part", 3, "out-of-order", Untouched),
    ("names-a-neighbour", 2, "not-found", Untouched),
    ("reverts-a-good-app", 0, "", Restored),
];

const STAGING: &[Row] = &[
    ("other-bytes", 3, "snapshot-damaged", Untouched),
    ("other-owner", 3, "snapshot-damaged", Untouched),
    ("one-file-too-many", 3, "too-large", Untouched),
    ("one-file-too-few", 3, "snapshot-damaged", Untouched),
    ("stages-outside", 3, "archive-refused", Untouched),
    ("stages-too-much", 3, "too-large", Untouched),
    ("stages-after-the-seal", 3, "out-of-order", Untouched),
    ("random-calls-1", 1, "plugin", Untouched),
    ("random-calls-2", 1, "plugin", Untouched),
    ("random-calls-3", 1, "plugin", Untouched),
    ("random-calls-4", 1, "plugin", Untouched),
];

const LIES: &[Row] = &[
    ("never-swaps", 1, "plugin", Untouched),
    ("claims-success", 1, "plugin", Untouched),
    ("returns-garbage", 1, "", Untouched),
    ("says-busy", 1, "plugin", Untouched),
    ("says-cancelled", 1, "plugin", Untouched),
    ("says-needs-operator", 1, "plugin", Untouched),
    ("opens-sockets", 1, "denied", Untouched),
    ("reads-environment-and-files", 1, "denied", Untouched),
];

const EXHAUSTION: &[Row] = &[
    ("never-returns", 1, "plugin", Untouched),
    ("never-returns-while-the-app-is-down", 1, "plugin", Untouched),
    ("prints-without-end", 1, "plugin", Untouched),
    ("notes-without-end", 1, "plugin", Untouched),
    ("asks-without-end", 1, "plugin", Untouched),
    ("asks-a-million-times", 1, "plugin", Untouched),
    ("allocates-without-end", 1, "plugin", Untouched),
    ("recurses", 1, "plugin", Untouched),
    ("passes-too-much", 1, "plugin", Untouched),
    ("workers-in-workers", 3, "out-of-order", Untouched),
    ("exits", 1, "plugin", Untouched),
];

const HOARDS: &[Row] = &[
    ("hoards-live-trees", 3, "too-large", Untouched),
    ("hoards-large-files", 3, "too-large", Untouched),
    ("writes-zeros-without-end", 1, "plugin", Untouched),
];

const WAITS: &[Row] = &[
    ("waits-before-the-lock", 1, "plugin", Untouched),
    ("waits-when-staged", 1, "plugin", Untouched),
    ("waits-when-stopped", 1, "plugin", Untouched),
    ("waits-when-swapped", 0, "", Restored),
    ("good-with-naps", 0, "", Restored),
];

const WAITS_BIT_BY_BIT: &[Row] = &[
    ("waits-in-naps", 1, "plugin", Untouched),
    ("waits-in-workers", 1, "plugin", Untouched),
    ("waits-behind-phases", 0, "", Restored),
];

/// Where it waits when it is told to stop.
const STOPPED: &[(&str, Signal, i32, Live)] = &[
    ("waits-before-the-lock", Signal::INT, 130, Untouched),
    ("waits-when-begun", Signal::TERM, 130, Untouched),
    ("waits-when-staged", Signal::INT, 130, Untouched),
    ("waits-when-stopped", Signal::TERM, 130, Untouched),
    ("waits-when-swapped", Signal::INT, 0, Restored),
];

const TRAPS: &[Row] = &[
    ("traps-before-the-lock", 1, "plugin", Untouched),
    ("traps-when-locked", 1, "plugin", Untouched),
    ("traps-when-begun", 1, "plugin", Untouched),
    ("traps-when-staged", 1, "plugin", Untouched),
    ("traps-when-sealed", 1, "plugin", Untouched),
    ("traps-when-stopped", 1, "plugin", Untouched),
    ("traps-when-safe", 1, "plugin", Untouched),
    ("traps-when-swapped", 0, "", Restored),
    ("traps-when-started", 0, "", Restored),
    ("traps-when-healthy", 0, "", Restored),
];

/// A restore by the guest, and what it left behind.
fn misbehave((behaviour, exit, code, live): Row) {
    let (world, snapshot) = guests::scene(behaviour);
    let plugin = guests::misbehaving().to_str().unwrap();
    let before = signature::of_volumes(&world.path("volumes"));
    let output = world.restore(behaviour, &snapshot, &["--plugin", plugin, "--json"]);
    assert_eq!(output.code, Some(exit), "{behaviour}: {output:?}");
    if !code.is_empty() {
        assert_eq!(output.json()["error"]["code"], code, "{behaviour}: {output:?}");
    }
    harmless(behaviour, &output);
    match live {
        Untouched => {
            signature::assert_same(&signature::of_volumes(&world.path("volumes")), &before, behaviour);
            assert!(siblings(&world, behaviour).is_empty(), "{behaviour}: staging was left behind");
        }
        Restored => assert_eq!(contents(&world, behaviour), ["captured"; 2], "{behaviour}: {output:?}"),
    }
    assert_eq!(std::fs::read_to_string(world.volume("neighbour", "its").join("file")).unwrap(), "its", "{behaviour}");
    assert!(world.is_running(behaviour) && world.is_running("neighbour"), "{behaviour}: {output:?}");
    world.restore(behaviour, &snapshot, &[]).expect(0);
    assert_eq!(contents(&world, behaviour), ["captured"; 2], "{behaviour}, and then the default plugin");
}

/// Nothing that a plugin says reaches a terminal as it is, and nothing breaks inside the host.
fn harmless(behaviour: &str, output: &Output) {
    let said = output.said();
    assert!(!output.stderr.contains("panicked"), "{behaviour}: {output:?}");
    let wild = said.chars().find(|character| character.is_control() && *character != '\n');
    assert_eq!(wild, None, "{behaviour}: {output:?}");
    assert!(!said.contains('\u{202e}'), "{behaviour}: {output:?}");
}

fn siblings(world: &World, behaviour: &str) -> Vec<std::path::PathBuf> {
    world.siblings(&world.volume(behaviour, "data"))
}

fn contents(world: &World, behaviour: &str) -> [String; 2] {
    guests::VOLUMES.map(|name| std::fs::read_to_string(world.volume(behaviour, name).join("file")).unwrap())
}

#[test]
fn proofs_and_handles_cannot_be_forged_reused_or_kept() {
    PROOFS.iter().copied().for_each(misbehave);
}

#[test]
fn handles_are_dropped_in_every_order() {
    let (world, snapshot) = guests::scene("drops-in-order");
    let before = signature::of_volumes(&world.path("volumes"));
    for order in 0..ORDERS_OF_FOUR {
        let (_directory, guest) = guests::behaving(&format!("drops-in-order {order}"));
        let output = world.restore("drops-in-order", &snapshot, &["--plugin", guest.to_str().unwrap(), "--json"]);
        assert_eq!((output.code, &output.json()["error"]["code"]), (Some(1), &"plugin".into()), "{order}: {output:?}");
        harmless("drops-in-order", &output);
        let after = signature::of_volumes(&world.path("volumes"));
        signature::assert_same(&after, &before, &format!("order {order}"));
        assert!(siblings(&world, "drops-in-order").is_empty(), "{order}: staging was left behind");
    }
    world.restore("drops-in-order", &snapshot, &[]).expect(0);
}

/// Lease, transaction, stagings and seals: 4 × 3 × 2.
const ORDERS_OF_FOUR: usize = 24;

#[test]
fn what_is_staged_must_be_what_was_captured() {
    STAGING.iter().copied().for_each(misbehave);
}

#[test]
fn what_a_plugin_says_decides_nothing() {
    LIES.iter().copied().for_each(misbehave);
}

#[test]
fn a_plugin_that_takes_without_end_is_ended() {
    EXHAUSTION.iter().copied().for_each(misbehave);
}

#[test]
fn a_plugin_that_takes_what_the_host_has_little_of_gets_none_of_it() {
    HOARDS.iter().copied().for_each(misbehave);
}

#[test]
fn a_plugin_that_waits_is_ended_like_one_that_works_without_end() {
    WAITS.iter().copied().for_each(misbehave);
}

#[test]
fn a_plugin_that_waits_bit_by_bit_is_ended_all_the_same() {
    WAITS_BIT_BY_BIT.iter().copied().for_each(misbehave);
}

/// A scene whose plugin may wait for as long as it likes.
fn patient_scene(behaviour: &str) -> (World, String) {
    let (mut world, snapshot) = guests::scene(behaviour);
    world.host_lines = "plugin_stall_limit = \"10m\"\n".into();
    world.write_config();
    (world, snapshot)
}

#[test]
fn a_plugin_that_waits_anywhere_ends_when_the_operator_says_so() {
    let plugin = guests::misbehaving().to_str().unwrap();
    for (behaviour, signal, exit, live) in STOPPED {
        let (world, snapshot) = patient_scene(behaviour);
        let restore = world.start(&["restore", "run", behaviour, &snapshot, "--yes", "--plugin", plugin]);
        eventually("it waits", || restore.complaints().contains("waiting"));
        restore.signal(*signal);
        let output = restore.wait();
        assert_eq!(output.code, Some(*exit), "{behaviour}: {output:?}");
        let content = if *live == Restored { "captured" } else { "later" };
        assert_eq!(contents(&world, behaviour), [content; 2], "{behaviour}: {output:?}");
        assert!(world.is_running(behaviour), "{behaviour}: {output:?}");
    }
}

#[test]
fn a_plan_that_waits_ends_when_the_operator_says_so() {
    let (world, snapshot) = patient_scene("waits-in-a-plan");
    let plugin = guests::misbehaving().to_str().unwrap();
    let plan = world.start(&["restore", "plan", "waits-in-a-plan", &snapshot, "--plugin", plugin]);
    eventually("it waits", || plan.complaints().contains("waiting"));
    plan.signal(Signal::TERM);
    plan.wait().expect(130);
}

#[test]
fn a_plan_whose_client_is_gone_gives_its_turn_back() {
    let (mut world, snapshot) = patient_scene("waits-in-a-plan");
    let others = world.snapshot("neighbour");
    world.host_lines.push_str(&format!("plugin = {:?}\n", guests::misbehaving()));
    world.write_config();
    let server = Server::start(&world);
    let body = json!({ "snapshot": snapshot }).to_string();
    let ask = |_| {
        server.connection().sent(&format!(
            "POST /api/v1/workloads/waits-in-a-plan/plan HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            server.viewer,
            body.len(),
        ))
    };
    // As many as there are turns.
    let asked: Vec<_> = (0..4).map(ask).collect();
    let at_work = || {
        let files = std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().flatten();
        files.filter(|file| file.path().read_link().is_ok_and(|to| to.to_string_lossy().contains(&snapshot))).count()
    };
    eventually("all of them wait", || at_work() == asked.len());
    drop(asked);
    let asked = json!({ "snapshot": others });
    server.as_viewer("POST", "/api/v1/workloads/neighbour/plan").json(&asked).send().expect(200);
    eventually("none waits", || at_work() == 0);
}

#[test]
fn what_a_plugin_plans_is_bounded_and_its_counts_must_add_up() {
    let plugin = guests::misbehaving().to_str().unwrap();
    let (world, snapshot) = guests::scene("plans-too-much");
    let output = world.reforge(&["restore", "plan", "plans-too-much", &snapshot, "--plugin", plugin]);
    harmless("plans-too-much", &output);
    output.expect(3).expect_said("the plugin trapped");
    let (world, snapshot) = guests::scene("counts-wrongly");
    let planned = world.ok(&["restore", "plan", "counts-wrongly", &snapshot, "--plugin", plugin, "--json"]).json();
    let volumes = planned["volumes"].as_array().unwrap();
    let changes: Vec<_> = volumes.iter().map(|volume| (&volume["name"], volume["changes"]["same"].as_u64())).collect();
    assert_eq!(changes, [(&json!("data"), None), (&json!("more"), Some(2))]);
    let warnings = planned["warnings"].to_string();
    assert!(warnings.contains("what the plugin counts in volume `data` is not what the snapshot holds"), "{warnings}");
}

#[test]
fn a_plugin_that_traps_in_any_step_loses_nothing() {
    TRAPS.iter().copied().for_each(misbehave);
}

#[test]
fn the_last_words_of_a_plugin_that_trapped_are_told() {
    let (world, snapshot) = guests::scene("traps-before-the-lock");
    let plugin = guests::misbehaving().to_str().unwrap();
    let output = world.restore("traps-before-the-lock", &snapshot, &["--plugin", plugin]);
    output.expect(1).expect_said("the plugin trapped").expect_said("my last words");
}

#[test]
fn no_behaviour_of_the_guest_is_without_a_test() {
    let world = World::new([]);
    let plugin = guests::misbehaving().to_str().unwrap();
    let shown = world.ok(&["plugin", "show", "--plugin", plugin, "--json"]).json();
    let has: BTreeSet<&str> = shown["formats"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let rows = [PROOFS, STAGING, LIES, EXHAUSTION, HOARDS, WAITS, WAITS_BIT_BY_BIT, TRAPS];
    let stopped = STOPPED.iter().map(|(name, ..)| *name);
    let tested: BTreeSet<&str> = rows.into_iter().flatten().map(|(name, ..)| *name).chain(stopped).collect();
    assert_eq!(has, tested);
}
