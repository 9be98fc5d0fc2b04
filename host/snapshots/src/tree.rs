//! One live tree while it is read: what a failure calls its entries, what is done about changes, and the one mount that
//! everything in it must be on.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::facts::Facts;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result, is_denied};
use reforge_base::message;
use reforge_base::remark::Gathered;

/// What is done about a tree that changes while it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// The app is running: what vanishes is left out, what appears may be missed, and what is seen of it is noted.
    Tolerated,
    /// Nothing may be writing: any change is a failure.
    Refused,
}

/// See the module. Paths are relative to the root, which is the empty path.
#[derive(Debug)]
pub struct Tree {
    /// For messages.
    pub volume: Arc<str>,
    pub root: Facts,
    pub changes: Changes,
    /// Entries that changed, each once, whoever saw it.
    changed: Mutex<Gathered>,
}

impl Tree {
    pub fn new(volume: &str, root: Facts, changes: Changes) -> Tree {
        Tree { volume: Arc::from(volume), root, changes, changed: Mutex::default() }
    }

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

    /// What has vanished, or became something that cannot be read in its place, is left out, or is a failure.
    pub fn left_out<T>(&self, path: &[u8]) -> Result<Option<T>> {
        match self.changes {
            Changes::Tolerated => {
                self.note_changed(path);
                Ok(None)
            }
            Changes::Refused => Err(self.vanished(path)),
        }
    }

    /// Where changes are tolerated: what is captured of this entry may be of several instants. Once for each entry.
    pub fn note_changed(&self, path: &[u8]) {
        let shown = || if path.is_empty() { ".".to_owned() } else { escape::bytes(path) };
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).add(shown);
    }

    /// Everything that was noted.
    pub fn all_changed(&self) -> Gathered {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn check_mount(&self, path: &[u8], facts: &Facts) -> Result<()> {
        if facts.same_mount(&self.root) {
            return Ok(());
        }
        let what = message!("is-on-another-mount-or-file");
        Err(self.problem(path, Code::VolumeRefused, what).hint(message!("unmount-it-or-move")))
    }

    /// Looks at an entry once more, when everything of it was read. One that is not what it was is noted, or is a failure.
    pub fn check_unchanged(&self, path: &[u8], entry: impl std::os::fd::AsFd, before: &Facts) -> Result<()> {
        let now = Facts::of(entry).map_err(|error| self.io(path, "look at", error))?;
        if before.still_holds(&now) {
            return Ok(());
        }
        match self.changes {
            Changes::Refused => Err(self.changed(path, message!("changed-while-it-was-read"))),
            Changes::Tolerated => {
                self.note_changed(path);
                Ok(())
            }
        }
    }
}
