//! A file of an app that is down is read only when nothing can land in it any more (protocol, rule 8).
//!
//! Looked at for every regular file, so that it does not matter when the app opened it, and whether anybody saw that.

use std::sync::OnceLock;
use std::time::Instant;

use super::super::walk::Facts;
use super::super::{Progress, check_cancelled};
use super::Storage;
use super::splitter::OpenFile;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::read_lease::{self, Writes};

/// What is left of the time for all files of one capture together.
pub(super) struct Landing<'p> {
    deadline: OnceLock<Instant>,
    storage: Storage,
    progress: &'p dyn Progress,
}

impl<'p> Landing<'p> {
    pub(super) fn new(storage: Storage, progress: &'p dyn Progress) -> Landing<'p> {
        Landing { deadline: OnceLock::new(), storage, progress }
    }

    /// Returns when nothing can land in the file any more.
    pub(super) fn wait(&self, open: &mut OpenFile) -> Result<()> {
        let mut writes = read_lease::look(&open.file);
        if writes == Writes::UnderWay {
            let deadline = *self.deadline.get_or_init(read_lease::deadline);
            writes =
                read_lease::wait(&open.file, deadline, || check_cancelled(self.progress, message!("the-snapshot")))?;
            // What landed has changed it.
            open.facts = Facts::of(&open.file).map_err(|error| open.tree.io(&open.path, "look at", error))?;
        }
        match writes {
            Writes::Over => Ok(()),
            Writes::UnderWay => Err(under_way(open)),
            // A snapshot that a person asks for may be of a file system that cannot tell; the way back of a restore may not.
            Writes::CannotTell(_) if self.storage == Storage::Compressed => Ok(()),
            Writes::CannotTell(errno) => {
                let what = message!("may-have-a-write-under-way", errno);
                let failure = open.tree.problem(&open.path, Code::VolumeRefused, &what);
                Err(failure.hint(message!("the-host-needs-the-capability-cap")))
            }
        }
    }
}

fn under_way(open: &OpenFile) -> Failure {
    let what = message!("is-open-for-writing");
    open.tree.problem(&open.path, Code::NotDown, what).hint(message!("end-whatever-writes-to-the-volume"))
}
