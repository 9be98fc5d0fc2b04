//! The audit log: one JSON line per thing that was done or refused, append-only, never a secret.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::durable;
use crate::effects::effect;
use crate::failure::{Failure, Result};

/// How much is read at first, from the end; then as much again as there is.
const TAIL_BYTES: u64 = 64 << 10;
/// What is read at most, however many lines are asked for: a thousand ordinary ones take a tenth of it.
const READ_BYTES_MAX: usize = 4 << 20;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct Event {
    #[schema(value_type = String, format = DateTime)]
    pub at: jiff::Timestamp,
    /// What was done or tried.
    pub what: String,
    pub who: String,
    pub details: Value,
}

/// A line as it was read.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Line {
    Event(Event),
    /// It does not read.
    Text(String),
}

/// The newest lines, oldest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditLines {
    pub lines: Vec<Line>,
}

/// Hears of a line that was written.
pub type Hearer = Arc<dyn Fn(&Event) + Send + Sync>;

/// Where lines are appended.
#[derive(Clone)]
pub struct Audit {
    path: PathBuf,
    heard: Option<Hearer>,
}

impl Audit {
    pub fn new(path: PathBuf) -> Audit {
        Audit { path, heard: None }
    }

    /// The same, of which somebody hears each line that was written.
    pub fn heard_by(self, hearer: Hearer) -> Audit {
        Audit { heard: Some(hearer), ..self }
    }

    /// Appends one line durably: what happened, who asked, when, and the details.
    pub fn append(&self, what: &str, who: &str, details: Value) -> Result<()> {
        let event = Event { at: jiff::Timestamp::now(), what: what.to_owned(), who: who.to_owned(), details };
        let line = format!("{}\n", serde_json::json!(event));
        let failed = |error: std::io::Error| Failure::io("append to", &self.path, &error);
        if self.path.is_dir() {
            // Something put it there that knows nothing of us. What is done must be told all the same.
            durable::move_aside(&self.path)?;
        }
        let written = effect("audit", || {
            let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
            // One write of one line: lines of several processes never mix.
            file.write_all(line.as_bytes())?;
            Ok(file)
        });
        durable::sync_file(&written.map_err(failed)?)?;
        if let Some(hear) = &self.heard {
            hear(&event);
        }
        Ok(())
    }

    /// The newest lines, oldest first: as many as there are within [`READ_BYTES_MAX`]. A line that does not read is given
    /// as text.
    pub fn newest(&self, lines: usize) -> Result<AuditLines> {
        let failed = |error: std::io::Error| Failure::io("read", &self.path, &error);
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(AuditLines { lines: Vec::new() }),
            Err(error) => return Err(failed(error)),
        };
        let tail = tail(&file, lines).map_err(failed)?;
        let text = String::from_utf8_lossy(&tail);
        let read = |line: &str| serde_json::from_str(line).map_or_else(|_| Line::Text(line.to_owned()), Line::Event);
        Ok(AuditLines { lines: text.lines().map(read).collect() })
    }
}

/// The last lines of a file, whole ones only, however long it is.
fn tail(file: &File, lines: usize) -> std::io::Result<Vec<u8>> {
    let mut start = file.metadata()?.len();
    let mut tail = Vec::new();
    loop {
        // From the last line's own end, which one that a crash cut off does not have, to that of the line before the first.
        let before = if tail.ends_with(b"\n") { lines } else { lines.saturating_sub(1) };
        let mut ends = tail.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
        if let Some((end, _)) = ends.nth(before) {
            return Ok(tail.split_off(end + 1));
        }
        if start == 0 || tail.len() >= READ_BYTES_MAX {
            break;
        }
        let length = start.min(TAIL_BYTES.max(tail.len() as u64));
        start -= length;
        let mut block = vec![0; length as usize];
        file.read_exact_at(&mut block, start)?;
        block.append(&mut tail);
        tail = block;
    }
    // The rest of a line whose beginning was not read is none.
    let first =
        if start == 0 { 0 } else { tail.iter().position(|byte| *byte == b'\n').map_or(tail.len(), |end| end + 1) };
    Ok(tail.split_off(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audit() -> (tempfile::TempDir, Audit) {
        let directory = tempfile::tempdir().unwrap();
        let audit = Audit::new(directory.path().join("audit.jsonl"));
        (directory, audit)
    }

    fn newest(audit: &Audit, lines: usize) -> Vec<String> {
        let what = |line| match line {
            Line::Event(event) => event.what,
            Line::Text(text) => text,
        };
        audit.newest(lines).unwrap().lines.into_iter().map(what).collect()
    }

    #[test]
    fn the_newest_lines_are_found_from_the_end_whatever_stands_before() {
        let (_directory, audit) = audit();
        assert_eq!(newest(&audit, 3), Vec::<String>::new());
        for (what, bytes) in [("first", 10), ("long", 3 * TAIL_BYTES as usize), ("last", 10)] {
            audit.append(what, "a test", Value::from("x".repeat(bytes))).unwrap();
        }
        for (asked, found) in [(1, &["last"][..]), (2, &["long", "last"]), (9, &["first", "long", "last"])] {
            assert_eq!(newest(&audit, asked), found, "{asked}");
        }
        // A line that a crash cut off.
        let mut file = OpenOptions::new().append(true).open(&audit.path).unwrap();
        file.write_all(b"half of").unwrap();
        assert_eq!(newest(&audit, 2), ["last", "half of"]);
    }

    #[test]
    fn what_is_done_is_told_whatever_stands_in_its_place() {
        let (directory, audit) = audit();
        std::fs::create_dir(&audit.path).unwrap();
        audit.append("done", "a test", Value::Null).unwrap();
        assert_eq!(newest(&audit, 2), ["done"]);
        assert!(directory.path().join("audit.jsonl.damaged").is_dir());
    }

    #[test]
    fn no_more_is_read_than_can_be_held() {
        let (_directory, audit) = audit();
        for what in ["first", "second", "third"] {
            audit.append(what, "a test", Value::from("x".repeat(READ_BYTES_MAX / 2))).unwrap();
        }
        assert_eq!(newest(&audit, 3), ["third"], "the second is not there whole");
    }
}
