//! Drills by themselves: the newest untried snapshot first, and never beside something else.

use super::{COUNTED, nothing_is_left, with_rows};

#[test]
fn what_is_due_is_drilled_once_and_the_newest_untried_one_first() {
    let world = with_rows("one\n", &format!("at = \"04:00\"\nzone = \"UTC\"\n{COUNTED}"));
    world.set_clock("2026-11-28T01:00:00Z");
    let older = world.snapshot("app");
    world.ok(&["drill", "--due"]).expect_said("no drill is due");
    world.set_clock("2026-11-28T02:00:00Z");
    let newer = world.snapshot("app");
    world.set_clock("2026-11-28T04:00:01Z");
    world.ok(&["drill", "--due"]).expect_said(&newer).expect_said("proven");
    world.ok(&["drill", "--due"]).expect_said("no drill is due");
    // Nothing newer is untried: an older one by chance.
    world.set_clock("2026-11-29T04:00:01Z");
    let output = world.ok(&["drill", "--due"]);
    assert!([&older, &newer].iter().any(|one| output.said().contains(one.as_str())), "{}", output.said());
    nothing_is_left(&world);
}
