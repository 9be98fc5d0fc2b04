//! What was adopted is the same container, once, with its policy, wherever a restore of it is interrupted.

use super::crashes::{host_dies, interrupted, one_at_a_time};
use super::pair::Pair;
use crate::support::engine::Engine;

#[test]
fn a_host_that_is_killed_in_any_step_leaves_what_was_adopted_as_it_was() {
    let engine = Engine::shared();
    let pair = Pair::adopted(engine);
    let before = engine.container(&pair.id)["Id"].clone();
    interrupted(&pair, |number, _| host_dies(&pair, number));
    assert_eq!(engine.container(&pair.id)["Id"], before);
    crate::support::containers::remove(engine, &pair.id);
}

#[test]
fn a_machine_that_loses_its_processes_in_any_step_leaves_what_was_adopted_as_it_was() {
    let _one = one_at_a_time();
    let engine = Engine::start(&[]);
    let pair = Pair::adopted(&engine);
    let before = engine.container(&pair.id)["Id"].clone();
    interrupted(&pair, |number, _| {
        host_dies(&pair, number);
        engine.cut_power();
        engine.run();
    });
    assert_eq!(engine.container(&pair.id)["Id"], before);
    crate::support::containers::remove(&engine, &pair.id);
}
