//! What can be wrong with a directory as the parent of a volume (protocol, rule 10).
//!
//! A parent is root's or the host's own, or belongs to whom live itself belongs to: whoever can rename live there can write to
//! it anyway. Of such a parent everything above counts, too, and whatever is made, filled, opened up or removed in it is known
//! by its identity first.

use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Statx, StatxAttributes};

use crate::{ambient, syscalls};
use reforge_base::failure::{Failure, Result};

/// Group or others may write.
const WRITABLE_BY_OTHERS: u16 = 0o022;

/// Whoever may write may rename only what is theirs.
const STICKY: u16 = 0o1000;

/// One thing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Its owner, who is neither root nor the host's user nor live's owner, could put something else there.
    Owner(u32),
    /// So could others, with this mode.
    Mode(u16),
    /// Immutable or append-only: nothing in it can be renamed.
    Fixed,
}

/// Everything of it, by the directory's facts and those of live in it, if that is there.
pub fn flaws(facts: &Statx, live: Option<&Statx>) -> Vec<Flaw> {
    let is_directory = |facts: &&Statx| FileType::from_raw_mode(facts.stx_mode.into()) == FileType::Directory;
    let is_lives_owners = live.filter(is_directory).is_some_and(|live| live.stx_uid == facts.stx_uid);
    let fixed = StatxAttributes::IMMUTABLE | StatxAttributes::APPEND;
    let rows = [
        (!is_trusted(facts.stx_uid) && !is_lives_owners, Flaw::Owner(facts.stx_uid)),
        (facts.stx_mode & WRITABLE_BY_OTHERS != 0, Flaw::Mode(facts.stx_mode & 0o7777)),
        (facts.stx_attributes.intersects(fixed), Flaw::Fixed),
    ];
    rows.into_iter().filter_map(|(is_there, flaw)| is_there.then_some(flaw)).collect()
}

/// The first directory above a parent in which somebody could put something else in its place who is neither root, the host's
/// user nor the parent's own owner. Of a parent that is root's or the host's own nothing is asked.
pub fn flaw_above(parent: &Path, facts: &Statx) -> Result<Option<(PathBuf, Flaw)>> {
    if is_trusted(facts.stx_uid) {
        return Ok(None);
    }
    for above in parent.ancestors().skip(1) {
        let failed = |errno: rustix::io::Errno| Failure::io("inspect", above, &errno.into());
        let directory = ambient::directory_handle(above).map_err(failed)?;
        let found = syscalls::facts(&directory).map_err(failed)?;
        let (uid, mode) = (found.stx_uid, found.stx_mode);
        if !is_trusted(uid) && uid != facts.stx_uid {
            return Ok(Some((above.to_owned(), Flaw::Owner(uid))));
        }
        if mode & WRITABLE_BY_OTHERS != 0 && mode & STICKY == 0 {
            return Ok(Some((above.to_owned(), Flaw::Mode(mode & 0o7777))));
        }
    }
    Ok(None)
}

fn is_trusted(uid: u32) -> bool {
    [0, rustix::process::geteuid().as_raw()].contains(&uid)
}
