//! How many files this process may have open: as many as the system lets it, since the usual soft limit is made for
//! programs that wait with `select`.
//!
//! What this process starts gets the limit back that it was started with: an app must not find another one than its user
//! was given.

use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More are no use: everything that holds files is counted by itself, and some systems give a thousand million.
const OPEN_FILES_MAX: u64 = 1 << 16;

static BEFORE: OnceLock<Rlimit> = OnceLock::new();

/// Raises the soft limit. Where the system refuses, the old one holds.
pub fn raise_limit() {
    let before = getrlimit(Resource::Nofile);
    let wanted = before.maximum.map_or(OPEN_FILES_MAX, |most| most.min(OPEN_FILES_MAX));
    if before.current.is_some_and(|current| current < wanted)
        && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..before }).is_ok()
    {
        let _ = BEFORE.set(before);
    }
}

/// A command that gets back what this process was started with.
pub fn with_limit_of_before(command: &mut Command) {
    let Some(before) = BEFORE.get() else { return };
    // SAFETY: between fork and exec the closure makes one system call: it neither allocates nor takes a lock.
    unsafe { command.pre_exec(move || Ok(setrlimit(Resource::Nofile, *before)?)) };
}
