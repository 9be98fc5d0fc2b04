//! Protocol rule 8: a write that a process has submitted lands although the process was killed and reaped.
//!
//! Which files were open for writing is noted while the app still runs. Once it is down, nothing is in flight any more when the
//! kernel gives a read lease on each of them ([`reforge_base::read_lease`]). Descriptors without rights stand for the files meanwhile: they
//! are no holders, and a file that is renamed stays the same. What is opened after they were noted is not among them; the
//! safety snapshot asks for a lease on every file that it reads.

use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::{Found, Idle, LiveDirectory, Pass, Wanted};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::read_lease::{self, Writes};

/// A file that a process may write to.
#[derive(Debug)]
pub struct Written {
    /// As `/proc` shows it, escaped.
    path: String,
    identity: (u64, u64),
    file: OwnedFd,
}

/// The files at or below live that were open for writing when it was asked.
#[derive(Debug, Default)]
pub struct InFlight {
    files: Vec<Written>,
}

impl InFlight {
    /// Every file that any process has open for writing, or mapped so that it may write to it. Refuses if it could not be
    /// told of one of them whether a write has landed. Says as well who has nothing at all of them.
    pub fn note(live: &[LiveDirectory]) -> Result<(InFlight, Idle)> {
        let Found { written: files, idle, .. } = Pass::new(live, Wanted::WrittenFiles).run()?;
        for written in &files {
            if let Some(Writes::CannotTell(errno)) = written.reopen()?.map(read_lease::look) {
                return Err(written.cannot_tell(errno));
            }
        }
        Ok((InFlight { files }, idle))
    }

    /// Returns when nothing can land in them any more, or refuses when that takes too long.
    pub fn wait(&self) -> Result<()> {
        let deadline = read_lease::deadline();
        for written in &self.files {
            let Some(file) = written.reopen()? else { continue };
            match read_lease::wait(&file, deadline, || Ok(()))? {
                Writes::Over => {}
                Writes::CannotTell(errno) => return Err(written.cannot_tell(errno)),
                Writes::UnderWay => {
                    let message = message!("is-still-open-for-writing", path = written.path);
                    return Err(
                        Failure::new(Code::NotDown, message).hint(message!("end-whatever-writes-to-the-volume"))
                    );
                }
            }
        }
        Ok(())
    }
}

impl Written {
    /// For reading, which a lease takes; none if the file has no name any more, so that nothing of it is in any tree.
    fn reopen(&self) -> Result<Option<OwnedFd>> {
        let failed = |errno: Errno| Failure::io("open", &PathBuf::from(&self.path), &errno.into());
        if rustix::fs::fstat(&self.file).map_err(failed)?.st_nlink == 0 {
            return Ok(None);
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        rustix::fs::openat(CWD, format!("/proc/self/fd/{}", self.file.as_raw_fd()), flags, Mode::empty())
            .map(Some)
            .map_err(failed)
    }

    fn cannot_tell(&self, errno: Errno) -> Failure {
        let message = message!("it-cannot-be-told-whether", path = self.path, errno);
        Failure::new(Code::VolumeRefused, message).hint(message!("the-host-needs-the-capability-cap"))
    }
}

impl Found {
    /// Keeps a regular file once.
    pub(super) fn keep_written(&mut self, text: &[u8], file: OwnedFd) -> Result<()> {
        let path = reforge_base::escape::bytes(text);
        let stat =
            rustix::fs::fstat(&file).map_err(|errno| Failure::io("look at", &PathBuf::from(&path), &errno.into()))?;
        let identity = (stat.st_dev, stat.st_ino);
        let is_regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        if is_regular && self.written.iter().all(|written| written.identity != identity) {
            self.written.push(Written { path, identity, file });
        }
        Ok(())
    }
}

/// A descriptor that stands for a file and cannot read it.
pub(super) fn open_path_only(directory: impl AsFd, link: impl rustix::path::Arg) -> rustix::io::Result<OwnedFd> {
    rustix::fs::openat(directory, link, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
}

/// Whether a descriptor can neither read nor write, and is of a file that has no name any more: nothing of it is in any
/// tree, whatever it is opened for later. Another host keeps such ones, see [`open_path_only`].
pub(super) fn is_nothing(directory: impl AsFd, link: &std::ffi::CStr) -> bool {
    let has_rights = |link: Stat| Mode::from_raw_mode(link.st_mode).intersects(Mode::RUSR | Mode::WUSR);
    let has_name = |file: Stat| file.st_nlink > 0 || FileType::from_raw_mode(file.st_mode) != FileType::RegularFile;
    let link_itself = rustix::fs::statat(&directory, link, AtFlags::SYMLINK_NOFOLLOW);
    link_itself.is_ok_and(|link| !has_rights(link))
        && rustix::fs::statat(&directory, link, AtFlags::empty()).is_ok_and(|file| !has_name(file))
}

/// What the link of a descriptor in `/proc` says by its mode. One that cannot be asked may be.
pub(super) fn is_open_for_writing(directory: impl AsFd, link: &std::ffi::CStr) -> bool {
    let link = rustix::fs::statat(directory, link, AtFlags::SYMLINK_NOFOLLOW);
    link.map_or(true, |link| Mode::from_raw_mode(link.st_mode).contains(Mode::WUSR))
}
