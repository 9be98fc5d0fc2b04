//! Where something goes wrong: every effect of a run times {an error, the end before it, the end after it}.
//!
//! An effect is addressed as `NAME#K`, the K-th of its name: threads stage side by side, so numbers move from run to
//! run, and ordinals nearly never. A run that did not come to its point is counted as missed.

use std::collections::HashMap;
use std::fmt;

/// Every error number that a disk answers with.
pub const ERRNOS: [&str; 9] = ["EIO", "ENOSPC", "EACCES", "EPERM", "EROFS", "EDQUOT", "EBUSY", "EXDEV", "ENAMETOOLONG"];

/// One effect and what goes wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
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
    pub fn is_error(&self) -> bool {
        self.how.starts_with('E')
    }
}

/// How much is explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// What fits into a test run.
    Test,
    /// Every point with every error number (`REFORGE_EXPLORE=errors`).
    Errors,
    /// And every point of every recovery (`REFORGE_EXPLORE=full`).
    Full,
}

pub fn extent() -> Extent {
    match std::env::var("REFORGE_EXPLORE").as_deref() {
        Err(_) => Extent::Test,
        Ok("errors") => Extent::Errors,
        Ok("full") => Extent::Full,
        Ok(other) => panic!("REFORGE_EXPLORE is not errors or full: {other}"),
    }
}

/// Effects by name and turn.
pub fn addressed(effects: &[String]) -> Vec<String> {
    let mut turns = HashMap::<&str, usize>::new();
    let mut addressed = Vec::new();
    for name in effects {
        let turn = turns.entry(name).or_default();
        *turn += 1;
        addressed.push(format!("{name}#{turn}"));
    }
    addressed
}

/// All points of a run. Error numbers take turns, unless all are wanted.
pub fn of(effects: &[String]) -> Vec<Point> {
    let mut points = Vec::new();
    for (index, effect) in addressed(effects).into_iter().enumerate() {
        let errnos = if extent() > Extent::Test { &ERRNOS[..] } else { &ERRNOS[index % ERRNOS.len()..][..1] };
        for how in ["before", "after"].into_iter().chain(errnos.iter().copied()) {
            points.push(Point { effect: effect.clone(), how });
        }
    }
    points
}

/// One of several shares of the points, of which each has some of everything.
pub fn share(points: Vec<Point>, shard: usize, shards: usize) -> Vec<Point> {
    points.into_iter().skip(shard).step_by(shards).collect()
}
