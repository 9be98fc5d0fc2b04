//! What somebody who runs a test by hand asks for in the environment: lengths and seeds.

use std::time::UNIX_EPOCH;

/// The number in a variable, if it is set.
pub(crate) fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}

/// Whether everything is to be tried, and not the share of it that fits into a test run.
pub(crate) fn explores_all() -> bool {
    std::env::var("REFORGE_EXPLORE").is_ok_and(|extent| extent == "full")
}

/// The seed in a variable, or one that is hardly ever the same; whoever uses it says which one it was.
pub(crate) fn seed(name: &str) -> u64 {
    number(name).unwrap_or_else(|| u64::from(UNIX_EPOCH.elapsed().unwrap().subsec_nanos()))
}
