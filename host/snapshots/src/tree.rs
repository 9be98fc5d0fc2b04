//! One live tree while it is read: what a failure calls its entries, what is done about changes, and the one mount that
//! everything in it must be on.

use std::path::Path;
use std::sync::Arc;

use super::facts::Facts;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result, is_denied};
use reforge_base::message;

/// What is done about a tree that changes while it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// The app is running: what vanishes is left out, what appears may be missed.
    Tolerated,
    /// Nothing may be writing: any change is a failure.
    Refused,
}

/// See the module. Paths are relative to the root, which is the empty path.
#[derive(Clone, Debug)]
pub struct Tree {
    /// For messages.
    pub volume: Arc<str>,
    pub root: Facts,
    pub changes: Changes,
}

impl Tree {
    /// A failure about an entry.
    pub fn problem(&self, path: &[u8], code: Code, what: impl Into<Message>) -> Failure {
        let volume = escape::text(&self.volume);
        let name = match path.is_empty() {
            true => message!("the-root-of-volume", volume),
            false => message!("in-volume", path = escape::bytes(path), volume),
        };
        Failure::new(code, message!("entry-and-what", name, what = what.into()))
    }

    /// Nothing gets into an archive that no restore could take out of it again.
    pub fn refused(&self, path: &[u8], what: impl Into<Message>) -> Failure {
        self.problem(path, Code::PolicyRefused, what).hint(message!("no-restore-could-bring-it-back"))
    }

    /// The operating system said no about an entry.
    pub fn io(&self, path: &[u8], doing: &str, error: impl Into<std::io::Error>) -> Failure {
        use std::os::unix::ffi::OsStrExt as _;
        let shown = if path.is_empty() { b"." } else { path };
        let error = error.into();
        let failure = Failure::io(doing, Path::new(std::ffi::OsStr::from_bytes(shown)), &error)
            .context(message!("volume-named", name = escape::text(&self.volume)));
        if is_denied(&error) { failure.unreadable() } else { failure }
    }

    /// Something else changed an entry while it was read.
    pub fn changed(&self, path: &[u8], what: impl Into<Message>) -> Failure {
        match self.changes {
            Changes::Refused => {
                self.problem(path, Code::NotDown, what).hint(message!("something-still-writes-to-the-volume"))
            }
            Changes::Tolerated => self.problem(path, Code::Io, what).hint(message!("the-app-is-writing-try-again")),
        }
    }

    pub fn replaced(&self, path: &[u8]) -> Failure {
        self.changed(path, message!("was-replaced-while-it-was-read"))
    }

    pub fn vanished(&self, path: &[u8]) -> Failure {
        self.changed(path, message!("vanished-while-it-was-read"))
    }

    /// What has vanished is left out, or is a failure.
    pub fn left_out<T>(&self, path: &[u8]) -> Result<Option<T>> {
        match self.changes {
            Changes::Tolerated => Ok(None),
            Changes::Refused => Err(self.vanished(path)),
        }
    }

    pub fn check_mount(&self, path: &[u8], facts: &Facts) -> Result<()> {
        if facts.same_mount(&self.root) {
            return Ok(());
        }
        let what = message!("is-on-another-mount-or-file");
        Err(self.problem(path, Code::VolumeRefused, what).hint(message!("unmount-it-or-move")))
    }

    /// Where changes are refused, an entry must be what it was.
    pub fn check_unchanged(&self, path: &[u8], entry: impl std::os::fd::AsFd, before: &Facts) -> Result<()> {
        if self.changes == Changes::Tolerated {
            return Ok(());
        }
        let now = Facts::of(entry).map_err(|error| self.io(path, "look at", error))?;
        if before.unchanged(&now) { Ok(()) } else { Err(self.changed(path, message!("changed-while-it-was-read"))) }
    }
}
