//! One live tree while it is read: what a failure calls its entries, what is done about changes, and the one mount that
//! everything in it must be on.

use std::path::Path;
use std::sync::Arc;

use super::facts::Facts;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result, is_denied};

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
    pub fn problem(&self, path: &[u8], code: Code, what: &str) -> Failure {
        let volume = escape::text(&self.volume);
        let name = match path.is_empty() {
            true => format!("the root of volume `{volume}`"),
            false => format!("`{}` in volume `{volume}`", escape::bytes(path)),
        };
        Failure::new(code, format!("{name} {what}"))
    }

    /// Nothing gets into an archive that no restore could take out of it again.
    pub fn refused(&self, path: &[u8], what: &str) -> Failure {
        self.problem(path, Code::PolicyRefused, what).hint("no restore could bring it back: move it out of the volume")
    }

    /// The operating system said no about an entry.
    pub fn io(&self, path: &[u8], doing: &str, error: impl Into<std::io::Error>) -> Failure {
        use std::os::unix::ffi::OsStrExt as _;
        let shown = if path.is_empty() { b"." } else { path };
        let error = error.into();
        let failure = Failure::io(doing, Path::new(std::ffi::OsStr::from_bytes(shown)), &error)
            .context(format_args!("volume `{}`", escape::text(&self.volume)));
        if is_denied(&error) { failure.unreadable() } else { failure }
    }

    /// Something else changed an entry while it was read.
    pub fn changed(&self, path: &[u8], what: &str) -> Failure {
        match self.changes {
            Changes::Refused => self
                .problem(path, Code::NotDown, what)
                .hint("something still writes to the volume: find it (`fuser -vm`, `lsof +D`) and stop it"),
            Changes::Tolerated => {
                self.problem(path, Code::Io, what).hint("the app is writing: try again, or stop the app first")
            }
        }
    }

    pub fn replaced(&self, path: &[u8]) -> Failure {
        self.changed(path, "was replaced while it was read")
    }

    pub fn vanished(&self, path: &[u8]) -> Failure {
        self.changed(path, "vanished while it was read")
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
        let what = "is on another mount or file system than its volume";
        Err(self.problem(path, Code::VolumeRefused, what).hint("unmount it, or move it out of the volume"))
    }

    /// Where changes are refused, an entry must be what it was.
    pub fn check_unchanged(&self, path: &[u8], entry: impl std::os::fd::AsFd, before: &Facts) -> Result<()> {
        if self.changes == Changes::Tolerated {
            return Ok(());
        }
        let now = Facts::of(entry).map_err(|error| self.io(path, "look at", error))?;
        if before.unchanged(&now) { Ok(()) } else { Err(self.changed(path, "changed while it was read")) }
    }
}
