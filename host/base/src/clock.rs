//! What time it is for the schedule and for new snapshots.
//!
//! `REFORGE_CLOCK` names a file with an instant, which is then taken for now: a test lives through a week in seconds, and
//! sets the clock of a host that runs by writing the file. Undo windows, journals and locks never ask it.

use std::path::PathBuf;
use std::sync::OnceLock;

use jiff::Timestamp;

const VARIABLE: &str = "REFORGE_CLOCK";

/// Now. A file that says nothing is no clock: then it is the machine's.
pub fn now() -> Timestamp {
    static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let file = FILE.get_or_init(|| std::env::var_os(VARIABLE).map(PathBuf::from));
    let set = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok()?.trim().parse().ok());
    set.unwrap_or_else(Timestamp::now)
}
