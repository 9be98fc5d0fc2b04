//! What can be wrong with a directory as the parent of a volume (protocol, rule 10).

use rustix::fs::{Statx, StatxAttributes};

/// Group or others may write.
const WRITABLE_BY_OTHERS: u16 = 0o022;

/// One thing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Its owner, who is neither root nor the host's user, could put something else there.
    Owner(u32),
    /// So could others, with this mode.
    Mode(u16),
    /// Immutable or append-only: nothing in it can be renamed.
    Fixed,
}

/// Everything of it, by the directory's facts.
pub fn flaws(facts: &Statx) -> Vec<Flaw> {
    let trusted = [0, rustix::process::geteuid().as_raw()];
    let fixed = StatxAttributes::IMMUTABLE | StatxAttributes::APPEND;
    let rows = [
        (!trusted.contains(&facts.stx_uid), Flaw::Owner(facts.stx_uid)),
        (facts.stx_mode & WRITABLE_BY_OTHERS != 0, Flaw::Mode(facts.stx_mode & 0o7777)),
        (facts.stx_attributes.intersects(fixed), Flaw::Fixed),
    ];
    rows.into_iter().filter_map(|(is_there, flaw)| is_there.then_some(flaw)).collect()
}
