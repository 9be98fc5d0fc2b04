//! Promise 1 at every instant: each effect of a command is failed once, and the host is ended before it and after it,
//! and whatever a start makes of that is one of the endings that the command may have. Then the start itself is ended
//! and failed the same way.
//!
//! A test run ends the host after each effect, which is before the next one, fails every second one, and ends recovery from a share
//! of the states (`REFORGE_SEED`). Error numbers take turns; with `REFORGE_EXPLORE=errors` every effect fails with each of them. With `full` every
//! recovery is also failed and ended at each of its effects from each durable state, not only once in a row: these are
//! pairs, and `REFORGE_EXPLORE_PAIRS` takes about so many of them, chosen by `REFORGE_SEED`.

use crate::support::explorer::exploration::{Arrange, Exploration};
use crate::support::explorer::points;
use crate::support::explorer::scene;

/// Explores one of two halves, so that two processors have something to do. Only effects from `first` on.
fn explore(name: &str, half: usize, first: impl Fn(&[String]) -> usize, arrange: &Arrange) {
    let mut exploration = Exploration::new(&format!("{name}, half {half}"), arrange);
    let effects = exploration.effects();
    let points = points::from(&effects, first(&effects));
    exploration.explore(&points::share(points, half, 2));
    exploration.explore_recovery();
    exploration.conclude();
}

fn from_the_start(_: &[String]) -> usize {
    0
}

/// What comes before the commit is explored with an ordinary restore.
fn from_the_commit(effects: &[String]) -> usize {
    effects.iter().position(|name| name == "record-commit").unwrap()
}

/// What comes before something goes wrong is explored with a restore in which nothing does.
fn from_the_revert(effects: &[String]) -> usize {
    effects.iter().position(|name| name == "record-swapped").unwrap() + 1
}

macro_rules! halves {
    ($name:ident, $first:expr, $arrange:expr) => {
        mod $name {
            use super::*;

            #[test]
            fn one_half() {
                explore(stringify!($name), 0, $first, &$arrange);
            }

            #[test]
            fn other_half() {
                explore(stringify!($name), 1, $first, &$arrange);
            }
        }
    };
}

/// How many instants of the end of what was superseded a test run tries. A restore before each of them takes its time.
const SUPERSEDED_MAX: usize = 3;

#[test]
fn what_a_later_restore_supersedes_goes_whole_and_at_worst_with_the_next_start() {
    let mut exploration = Exploration::new("what is superseded", &scene::later_restore);
    let effects = exploration.effects();
    let completed = effects.iter().rposition(|name| name == "record-completed").unwrap();
    assert!(effects[completed..].iter().any(|name| name == "record-dropping"), "{effects:?}");
    let points = points::from(&effects, completed);
    // The start that completes the later one ends what it superseded.
    assert_eq!(points[0].to_string(), "record-completed#1:before");
    exploration.explore(&points[..1]);
    exploration.explore(&points::some(points[1..].to_vec(), SUPERSEDED_MAX));
    if points::extent() != points::Extent::Test {
        exploration.explore_recovery();
    }
    exploration.conclude();
}

halves!(a_restore_is_whole_or_nothing, from_the_start, scene::restore);
halves!(a_revert_is_whole_or_nothing, from_the_revert, scene::failing_restore);
halves!(a_restore_of_bad_data_is_whole_or_nothing, from_the_commit, scene::restore_of_bad_data);
halves!(an_undo_is_whole_or_nothing, from_the_start, scene::undo);
halves!(a_finish_is_whole_or_nothing, from_the_start, scene::finish);
