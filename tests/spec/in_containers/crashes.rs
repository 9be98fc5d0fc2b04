//! The host is killed, the engine is killed, and both are, in every step of a restore: the app never runs on a mixed set,
//! also while the engine comes up before the host, and afterwards everything is one set and as it was.
//!
//! Each run of the tests takes a share of the steps, of which it prints the seed; `REFORGE_EXPLORE=full` takes every one.

use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::pair::Pair;
use crate::support::engine::Engine;
use crate::support::environment;

/// Engines that come up side by side on a small machine give each other up.
pub(super) fn one_at_a_time() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One of so many steps is interrupted in a test run.
const SHARES: usize = 3;

/// A restore that is interrupted in every step, each time from the same beginning; in a test run in a share of them.
pub(super) fn interrupted(pair: &Pair<'_>, mut interruption: impl FnMut(usize, &str)) {
    let seed = environment::seed("REFORGE_SEED");
    let (first, every) = if environment::explores_all() { (0, 1) } else { (seed as usize % SHARES, SHARES) };
    let _ = writeln!(std::io::stderr(), "steps from {first} on, one in {every}, seed {seed}");
    for (number, step) in pair.steps().into_iter().skip(first).step_by(every) {
        pair.write("new");
        interruption(number, &step);
        pair.assert_safe(&step);
        pair.world.ok(&["recover"]);
        pair.assert_settled(&step);
        pair.finish();
    }
}

pub(super) fn host_dies(pair: &Pair<'_>, number: usize) {
    pair.world.faulty(&format!("{number}:before"), &pair.restore());
}

#[test]
fn a_host_that_is_killed_in_any_step_leaves_one_set_and_the_app_as_it_was() {
    let engine = Engine::shared();
    let pair = Pair::deployed(engine);
    interrupted(&pair, |number, _| host_dies(&pair, number));
}

/// The engine comes up first and brings back what its policies say; the host comes later.
fn both_die(arguments: &[&str], engine_dies: fn(&Engine)) {
    let _one = one_at_a_time();
    let engine = Engine::start(arguments);
    let pair = Pair::deployed(&engine);
    interrupted(&pair, |number, _| {
        host_dies(&pair, number);
        engine_dies(&engine);
        engine.run();
    });
}

#[test]
fn an_engine_that_is_back_before_the_host_starts_nothing_on_a_mixed_set() {
    both_die(&[], Engine::kill);
}

#[test]
fn an_engine_that_kept_its_containers_alive_starts_nothing_on_a_mixed_set() {
    both_die(&["--live-restore"], Engine::kill);
}

#[test]
fn a_machine_that_loses_its_processes_in_any_step_comes_back_with_one_set() {
    both_die(&[], Engine::cut_power);
}

#[test]
fn an_engine_that_is_killed_in_any_step_of_a_living_host_loses_nothing() {
    let _one = one_at_a_time();
    let engine = Engine::start(&[]);
    let pair = Pair::deployed(&engine);
    interrupted(&pair, |number, step| {
        let mut restore = pair.world.start_pausing(number, &pair.restore());
        assert!(restore.reaches_its_pause(), "{step}: {:?}", restore.wait());
        engine.kill();
        restore.go_on();
        let output = restore.wait();
        assert_ne!(output.code, None, "{step}: {output:?}");
        engine.run();
    });
}

#[test]
fn an_engine_that_is_gone_when_the_app_is_to_come_back_gets_it_back_as_soon_as_it_is_there() {
    let _one = one_at_a_time();
    let engine = Engine::start(&[]);
    let pair = Pair::deployed(&engine);
    let mut restore = pair.world.start_with("record-swapped:EIO,record-reverted:pause", &pair.restore());
    assert!(restore.reaches_its_pause(), "{:?}", restore.wait());
    engine.kill();
    restore.go_on();
    restore.wait().expect(5).expect_said("the app is not back").expect_said("reforge recover");
    pair.world.reforge(&["recover"]).expect(5).expect_said("the app is not back");
    engine.run();
    pair.world.ok(&["recover"]);
    pair.assert_settled("the engine is back");
    assert_eq!(pair.which().as_deref(), Some("new"), "what was there before");
}

#[test]
fn policies_that_something_broken_off_left_switched_off_are_as_configured_after_a_deploy() {
    let engine = Engine::shared();
    let pair = Pair::deployed(engine);
    pair.world.faulty("record-swapping:after", &pair.restore());
    // A journal that says nothing any more says nothing of policies either.
    let id = pair.world.transactions().pop().unwrap();
    let journal = pair.world.state_dir().join("transactions").join(&id).join("journal");
    std::fs::write(journal, "what a disk made of it").unwrap();
    pair.world.reforge(&["recover"]).expect(5);
    pair.world.ok(&["restore", "resolve", &id, "--keep", "live", "--yes"]);
    for sibling in pair.volumes().iter().flat_map(|live| pair.world.siblings(live)) {
        std::fs::remove_dir_all(sibling).unwrap();
    }
    pair.world.ok(&["deploy", &pair.id]);
    pair.assert_settled("deployed");
    assert_eq!(pair.which().as_deref(), Some("new"), "nothing was exchanged");
}
