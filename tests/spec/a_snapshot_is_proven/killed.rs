//! The host ends at any effect of a drill: nothing of it is left after the next start, and live was never touched.

use super::{COUNTED, nothing_is_left, with_rows};
use crate::support::environment::explores_all;

/// Of all effects one in so many is tried where not all are.
const SHARE: usize = 6;

#[test]
fn a_host_that_ends_at_any_effect_of_a_drill_leaves_nothing() {
    let world = with_rows("one\n", COUNTED);
    let snapshot = world.snapshot("app");
    // The probes are asked on empty volumes once.
    world.ok(&["drill", "app"]);
    let effects = world.effects_of(&["drill", "app"]);
    assert!(effects.len() > 15, "{effects:?}");
    let processes = world.processes("app");
    for number in (1..=effects.len()).filter(|number| explores_all() || number % SHARE == 1) {
        for when in ["before", "after"] {
            let ended = world.faulty(&format!("{number}:{when}"), &["drill", "app", &snapshot]);
            assert_ne!(ended.code, Some(0), "{number} {when}: {}", ended.said());
            world.ok(&["recover"]);
            nothing_is_left(&world);
            let strangers: Vec<_> = world.processes("app").into_iter().filter(|pid| !processes.contains(pid)).collect();
            assert_eq!(strangers, Vec::<i32>::new(), "{number} {when} {:?}", effects.get(number - 1));
        }
    }
    world.ok(&["drill", "app"]).expect_said("proven");
    world.ok(&["drills"]).expect_said("interrupted");
}
