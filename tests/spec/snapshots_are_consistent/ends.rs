//! A host that ends at any effect of a snapshot: the next start brings the app back, and nothing is left.

use std::collections::BTreeSet;

use super::{counting, is_as_before};
use crate::support::chance::Chance;
use crate::support::{environment, eventually};

/// How many effects of a run are tried in CI, of each kind of snapshot.
const SHARE: usize = 4;

fn the_app_is_back_after_an_end_at_any_effect(how: &str) {
    let hook = "[{ command = [\"/bin/true\"] }]";
    let world = counting(&format!("before_snapshot = {hook}\nafter_snapshot = {hook}\n"));
    let arguments = ["snapshot", "create", "app", "--consistency", how];
    let effects = world.effects_of(&arguments);
    let seed = environment::seed("REFORGE_SEED");
    let full = std::env::var_os("REFORGE_CONSISTENT").is_some();
    let mut chance = Chance::new(seed);
    let chosen: BTreeSet<usize> = match full {
        true => (1..=effects.len()).collect(),
        false => (0..SHARE).map(|_| 1 + chance.below(effects.len() as u64) as usize).collect(),
    };
    eprintln!("{} effects, seed {seed}, {chosen:?}", effects.len());
    for number in chosen {
        let about = format!("{how}, before effect {number} ({}), seed {seed}", effects[number - 1]);
        world.faulty(&format!("{number}:before"), &arguments);
        world.ok(&["recover"]);
        is_as_before(&world, &about);
        assert_eq!(
            world.stored("app").iter().filter(|file| file.to_string_lossy().contains("/.")).count(),
            0,
            "{about}"
        );
    }
}

#[test]
fn an_app_that_was_stopped_is_back_after_an_end_at_whichever_effect() {
    the_app_is_back_after_an_end_at_any_effect("stop");
}

#[test]
fn an_app_that_was_frozen_is_back_after_an_end_at_whichever_effect() {
    the_app_is_back_after_an_end_at_any_effect("pause");
}

#[test]
fn an_app_that_is_stopped_for_a_snapshot_that_was_cut_short_is_touched_by_nobody_before_it_is_back() {
    let world = counting("");
    world.faulty("remove-capture-record:before", &["snapshot", "create", "app"]);
    world.ok(&["workload", "show", "app"]).expect_said("was cut short");
    // Whoever changes something settles it first.
    world.ok(&["snapshot", "create", "app", "--consistency", "live"]).expect_said("was cut short");
    is_as_before(&world, "settled");
}

#[test]
fn what_a_person_ended_while_it_was_frozen_stays_ended_unless_its_supervisor_starts_it() {
    let world = counting("consistency = \"pause\"\n");
    let killed = world.faulty("sync-file-system:before", &["snapshot", "create", "app"]);
    assert_eq!(killed.code, None);
    let volume = world.volume("app", "data");
    let before = crate::support::apps::counted(&volume);
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!(crate::support::apps::counted(&volume), before, "it is frozen until somebody comes");
    world.ok(&["recover"]).expect_said("is as it was before");
    eventually("it goes on", || crate::support::apps::counted(&volume) > before);
    is_as_before(&world, "thawed");
}
