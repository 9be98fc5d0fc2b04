//! The audit log: one JSON line per thing that was done or refused, append-only, never a secret.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use serde_json::Value;

use crate::durable;
use crate::effects::effect;
use crate::failure::{Failure, Result};

/// Where lines are appended.
#[derive(Clone, Debug)]
pub struct Audit {
    path: PathBuf,
}

impl Audit {
    pub fn new(path: PathBuf) -> Audit {
        Audit { path }
    }

    /// Appends one line durably: what happened, who asked, when, and the details.
    pub fn append(&self, what: &str, who: &str, details: Value) -> Result<()> {
        let line = serde_json::json!({ "at": jiff::Timestamp::now(), "what": what, "who": who, "details": details });
        let line = format!("{line}\n");
        let failed = |error: std::io::Error| Failure::io("append to", &self.path, &error);
        let written = effect("audit", || {
            let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
            // One write of one line: lines of several processes never mix.
            file.write_all(line.as_bytes())?;
            Ok(file)
        });
        durable::sync_file(&written.map_err(failed)?)
    }

    /// The newest lines, oldest first. A line that does not read is given as text.
    pub fn newest(&self, lines: usize) -> Result<Vec<Value>> {
        let text = match std::fs::read(&self.path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Failure::io("read", &self.path, &error)),
        };
        let all: Vec<&str> = text.lines().collect();
        let newest = &all[all.len().saturating_sub(lines)..];
        Ok(newest.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|_| Value::from(*line))).collect())
    }
}
