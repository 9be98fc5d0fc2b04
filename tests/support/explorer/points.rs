//! Where something goes wrong: every effect of a run times {an error, the end before it, the end after it}.
//!
//! An effect is addressed as `NAME#K`, the K-th of its name: threads stage side by side, so numbers move from run to
//! run, and ordinals nearly never. A run that did not come to its point is counted as missed.

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use crate::support::environment;

/// Every error number that a disk answers with.
pub(crate) const ERRNOS: [&str; 9] =
    ["EIO", "ENOSPC", "EACCES", "EPERM", "EROFS", "EDQUOT", "EBUSY", "EXDEV", "ENAMETOOLONG"];

/// From so many states is recovery explored in a test run, in each exploration.
const RECOVERIES_MAX: usize = 6;

/// One effect and what goes wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    /// `exchange#2`.
    pub effect: String,
    /// `before`, `after` or an error number.
    pub how: &'static str,
}

impl fmt::Display for Point {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.effect, self.how)
    }
}

impl Point {
    pub(crate) fn is_error(&self) -> bool {
        self.how.starts_with('E')
    }
}

/// How much is explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What fits into a test run.
    Test,
    /// Every point with every error number (`REFORGE_EXPLORE=errors`).
    Errors,
    /// Every point of every recovery (`REFORGE_EXPLORE=full`), error numbers taking turns.
    Full,
}

pub(crate) fn extent() -> Extent {
    match std::env::var("REFORGE_EXPLORE").as_deref() {
        Err(_) => Extent::Test,
        Ok("errors") => Extent::Errors,
        Ok("full") => Extent::Full,
        Ok(other) => panic!("REFORGE_EXPLORE is not errors or full: {other}"),
    }
}

/// Effects by name and turn.
pub(crate) fn addressed(effects: &[String]) -> Vec<String> {
    let mut turns = HashMap::<&str, usize>::new();
    let mut addressed = Vec::new();
    for name in effects {
        let turn = turns.entry(name).or_default();
        *turn += 1;
        addressed.push(format!("{name}#{turn}"));
    }
    addressed
}

/// All points of a run. Error numbers take turns, unless all are wanted. In a test run the end before an effect is that after
/// the one before it, but for the first of each name: what other threads do meanwhile is left to the other extents. And every
/// second effect fails, of which the seed says which.
pub(crate) fn of(effects: &[String]) -> Vec<Point> {
    from(effects, 0)
}

/// Those of them from the effect of that index on.
pub(crate) fn from(effects: &[String], first: usize) -> Vec<Point> {
    let mut points = Vec::new();
    for (index, effect) in addressed(effects).into_iter().enumerate().skip(first) {
        let errnos = match extent() {
            Extent::Errors => &ERRNOS[..],
            Extent::Test if seed().wrapping_add(index as u64) % 2 == 1 => &[],
            Extent::Test | Extent::Full => &ERRNOS[index % ERRNOS.len()..][..1],
        };
        let before = (extent() != Extent::Test || effect.ends_with("#1")).then_some("before");
        for how in before.into_iter().chain(["after"]).chain(errnos.iter().copied()) {
            points.push(Point { effect: effect.clone(), how });
        }
    }
    points
}

/// Of the full extent, which pairs of a crash and what goes wrong in its recovery: there are tens of thousands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// About so many in all (`REFORGE_EXPLORE_PAIRS`), as many from each state; otherwise every one.
    pub pairs: Option<usize>,
    /// Chooses them (`REFORGE_SEED`).
    pub seed: u64,
}

pub(crate) fn sample() -> Sample {
    let pairs = environment::number("REFORGE_EXPLORE_PAIRS").map(|pairs| pairs as usize);
    Sample { pairs, seed: seed() }
}

/// One for all explorations of a run, so that their shares fit together.
fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| environment::seed("REFORGE_SEED"))
}

impl Sample {
    /// As many of the points as one of `states` gets in one of `explorations`; `from` tells the states apart.
    pub(crate) fn of(&self, mut points: Vec<Point>, from: &str, states: usize, explorations: usize) -> Vec<Point> {
        if let Some(pairs) = self.pairs {
            points.sort_by_cached_key(|point| {
                *blake3::hash(format!("{} {from} {point}", self.seed).as_bytes()).as_bytes()
            });
            points.truncate(pairs.div_ceil(states * explorations));
        }
        points
    }
}

/// The states from which recovery is explored: in a test run so many at most, chosen by the seed.
pub(crate) fn recovered<T>(mut states: Vec<(String, T)>, seed: u64) -> Vec<(String, T)> {
    if extent() == Extent::Test {
        states.sort_by_cached_key(|(state, _)| *blake3::hash(format!("{seed} {state}").as_bytes()).as_bytes());
        states.truncate(RECOVERIES_MAX);
    }
    states
}

/// In a test run so many of the points at most, chosen by the seed.
pub(crate) fn some(mut points: Vec<Point>, most: usize) -> Vec<Point> {
    if extent() == Extent::Test {
        let seed = seed();
        points.sort_by_cached_key(|point| *blake3::hash(format!("{seed} {point}").as_bytes()).as_bytes());
        points.truncate(most);
    }
    points
}

/// One of several shares of the points, of which each has some of everything.
pub(crate) fn share(points: Vec<Point>, shard: usize, shards: usize) -> Vec<Point> {
    points.into_iter().skip(shard).step_by(shards).collect()
}
