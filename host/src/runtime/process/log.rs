//! `log`: what the app says, bounded.
//!
//! The app writes into the file itself, so that it goes on when the supervisor is killed. Beyond the limit the file is
//! copied to `log.1` and cut in place: lines written between the copy and the cut are lost, the app is not disturbed.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::place::Place;
use crate::account::Account;
use crate::failure::{Failure, Result};

/// Size at which the log is rotated; there are at most two files of about this size.
pub const LOG_BYTES_MAX: u64 = 16 << 20;
/// How much of the end of a log is shown in a reason.
const TAIL_BYTES_MAX: u64 = 2048;
const TAIL_LINES_MAX: usize = 5;

/// Opens the log for appending, owned by the app's user: `/dev/stderr` opens it again.
pub fn open(place: &Place, owner: Option<&Account>) -> Result<File> {
    let path = place.file("log");
    let failed = |error: std::io::Error| Failure::io("open", &path, &error);
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path).map_err(failed)?;
    if let Some(owner) = owner {
        let (uid, gid) = (rustix::fs::Uid::from_raw(owner.uid), rustix::fs::Gid::from_raw(owner.gid));
        rustix::fs::fchown(&file, Some(uid), Some(gid)).map_err(|errno| failed(errno.into()))?;
    }
    Ok(file)
}

/// How long the log is; 0 if there is none.
pub fn size(place: &Place) -> u64 {
    std::fs::metadata(place.file("log")).map_or(0, |metadata| metadata.len())
}

/// Cuts the log if it has grown beyond `max_bytes`.
pub fn rotate(place: &Place, max_bytes: u64) -> Result<()> {
    if size(place) <= max_bytes {
        return Ok(());
    }
    let path = place.file("log");
    let rotated = || -> std::io::Result<()> {
        let temporary = place.file("log.1.new");
        let mut log = OpenOptions::new().read(true).append(true).open(&path)?;
        // Bounded by what it is now: the app may write as fast as this copies.
        let end = log.metadata()?.len();
        log.seek(SeekFrom::Start(end.saturating_sub(max_bytes)))?;
        let mut copy = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        std::io::copy(&mut (&log).take(max_bytes), &mut copy)?;
        std::fs::rename(&temporary, place.file("log.1"))?;
        log.set_len(0)
    };
    rotated().map_err(|error| Failure::io("rotate", &path, &error))
}

/// The last lines of the log behind `start_bytes`, escaped, in one line; empty if there is nothing.
pub fn tail(path: &Path, start_bytes: u64) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut log = File::open(path)?;
        let end = log.metadata()?.len();
        let start = if start_bytes > end { 0 } else { start_bytes };
        log.seek(SeekFrom::Start(start.max(end.saturating_sub(TAIL_BYTES_MAX))))?;
        let mut text = Vec::new();
        log.take(TAIL_BYTES_MAX).read_to_end(&mut text)?;
        Ok(text)
    };
    // A log that cannot be read takes nothing away from the reason that it would have explained.
    let text = read().unwrap_or_default();
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(TAIL_LINES_MAX)..];
    last.iter().map(|line| crate::escape::bytes(line)).collect::<Vec<_>>().join(" / ")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_log_is_cut_while_the_app_goes_on_appending() {
        let root = tempfile::tempdir().expect("temporary directory");
        let place = Place { directory: root.path().to_owned() };
        let mut app = open(&place, None).expect("opened");
        writeln!(app, "{}", "x".repeat(100)).expect("written");
        rotate(&place, 200).expect("nothing to do");
        assert_eq!(size(&place), 101);
        rotate(&place, 50).expect("rotated");
        writeln!(app, "after").expect("written");
        assert_eq!(std::fs::read(place.file("log")).expect("there"), b"after\n");
        assert_eq!(std::fs::read(place.file("log.1")).expect("there").len(), 50);
    }

    #[test]
    fn the_tail_is_what_was_said_since_the_start_and_escaped() {
        let root = tempfile::tempdir().expect("temporary directory");
        let path = root.path().join("log");
        std::fs::write(&path, b"before\none\n\x1b[2Jtwo\n").expect("written");
        assert_eq!(tail(&path, 7), "one / \\u{1b}[2Jtwo");
        assert_eq!(tail(&path, 9000), "before / one / \\u{1b}[2Jtwo");
        assert_eq!(tail(&root.path().join("none"), 0), "");
    }
}
