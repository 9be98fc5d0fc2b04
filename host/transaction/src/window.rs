//! The undo window: it ends when the wall clock AND the machine's uptime since then say so (protocol rule 13).
//!
//! A wall clock that jumps forward must not end it, and a machine that was off must not count as time in which a
//! person could have asked. Every changing command notes the uptime that has passed; it is lost at most since then.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::event::Moment;
use super::state_files;
use reforge_base::durable;
use reforge_base::failure::Result;

const FILE: &str = "window";

/// Uptime seen since the window began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    passed_ms: u64,
    boot: String,
    uptime_ms: u64,
}

/// Milliseconds of the window that are left; 0 when it is over. Changes nothing.
pub fn remaining_ms(directory: &Path, began: &Moment, window_ms: u64, now: &Moment) -> u64 {
    let wall_ms = u64::try_from(now.wall.as_millisecond() - began.wall.as_millisecond()).unwrap_or(0);
    let passed_ms = wall_ms.min(read(directory, began).until(now).passed_ms);
    window_ms.saturating_sub(passed_ms)
}

/// Notes the uptime that has passed, so that it still counts after a reboot.
pub fn note(directory: &Path, began: &Moment, now: &Moment) -> Result<()> {
    let noted = read(directory, began).until(now);
    let bytes = serde_json::to_vec(&noted).unwrap_or_default();
    durable::write_durably(directory, FILE, &bytes, 0o600)
}

/// Begins the window again at this moment: what was noted before does not count.
pub fn restart(directory: &Path, began: &Moment) -> Result<()> {
    let start = Note { passed_ms: 0, boot: began.boot.clone(), uptime_ms: began.uptime_ms };
    let bytes = serde_json::to_vec(&start).unwrap_or_default();
    durable::write_durably(directory, FILE, &bytes, 0o600)
}

/// The note, or where it starts. One that does not read has seen nothing: the window only gets longer.
fn read(directory: &Path, began: &Moment) -> Note {
    let start = Note { passed_ms: 0, boot: began.boot.clone(), uptime_ms: began.uptime_ms };
    let noted = state_files::read(&directory.join(FILE)).ok();
    noted.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(start)
}

impl Note {
    fn until(self, now: &Moment) -> Note {
        let since = if self.boot == now.boot { now.uptime_ms.saturating_sub(self.uptime_ms) } else { now.uptime_ms };
        Note { passed_ms: self.passed_ms + since, boot: now.boot.clone(), uptime_ms: now.uptime_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(wall_s: i64, boot: &str, uptime_s: u64) -> Moment {
        let wall = jiff::Timestamp::from_second(wall_s).unwrap();
        Moment { wall, boot: boot.into(), uptime_ms: uptime_s * 1000 }
    }

    #[test]
    fn both_clocks_must_agree_that_the_window_is_over() {
        let directory = tempfile::tempdir().unwrap();
        let began = moment(1000, "a", 100);
        let left = |now: &Moment| remaining_ms(directory.path(), &began, 60_000, now);
        assert_eq!(left(&moment(1030, "a", 130)), 30_000);
        assert_eq!(left(&moment(999_000, "a", 130)), 30_000, "a clock that jumped forward");
        assert_eq!(left(&moment(500, "a", 900)), 60_000, "a clock that jumped back");
        assert_eq!(left(&moment(1100, "a", 200)), 0);
        assert_eq!(left(&moment(9000, "b", 20)), 40_000, "the machine was off");
        note(directory.path(), &began, &moment(1030, "a", 130)).unwrap();
        assert_eq!(left(&moment(9000, "b", 20)), 10_000, "what was noted before a reboot counts");
    }
}
