//! Whether anybody can still write to a file (protocol, rule 8).
//!
//! Direct and ring writes that a process has submitted land after it was killed and reaped, with nobody in `/proc` who has the file
//! open. The kernel itself knows: it gives a read lease only while no file description is open for writing, those of
//! writes that are under way included. A lease is given back at once: kept, it would hold up whoever opens the file.

use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::io::Errno;

use crate::failure::Result;

/// How long writes that are under way may take to land.
const LANDING_MAX: Duration = Duration::from_secs(10);

/// Lowers [`LANDING_MAX`], in milliseconds: tests do not wait that long for a refusal. Nothing raises it.
const LANDING_VARIABLE: &str = "REFORGE_LANDING_MS";

/// Between two looks.
const LANDING_POLL: Duration = Duration::from_millis(10);

/// Which signal comes when a lease is broken. `SIGIO`, which comes unless another is named, would end this process;
/// this one is ignored unless somebody asked for it.
const F_SETSIG: libc::c_int = 10;
const BROKEN_SIGNAL: libc::c_int = libc::SIGURG;

/// What a file is, or was, when time was up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// Nobody has it open for writing, and nothing is under way.
    Over,
    /// It is open for writing, or something is under way.
    UnderWay,
    /// The file system has no leases, or this process may not have one on this file.
    CannotTell(Errno),
}

/// Looks at a regular file that is open for reading.
pub fn look(file: impl AsFd) -> Writes {
    let file = file.as_fd();
    let taken = control(file, F_SETSIG, BROKEN_SIGNAL)
        .and_then(|()| control(file, libc::F_SETLEASE, libc::F_RDLCK))
        .and_then(|()| control(file, libc::F_SETLEASE, libc::F_UNLCK));
    match taken {
        // A remote file system that was not lent the file answers so, too, and nothing is known then.
        Err(Errno::AGAIN) if is_remote(file) => Writes::CannotTell(Errno::OPNOTSUPP),
        Err(Errno::AGAIN) => Writes::UnderWay,
        Err(errno) => Writes::CannotTell(errno),
        Ok(()) => Writes::Over,
    }
}

/// When whoever waits from now on gives up.
pub fn deadline() -> Instant {
    let lower = std::env::var(LANDING_VARIABLE).ok().and_then(|text| text.parse().ok()).map(Duration::from_millis);
    Instant::now() + lower.map_or(LANDING_MAX, |lower| lower.min(LANDING_MAX))
}

/// Waits until writes are over, until `deadline` at most and as long as `go_on` lets it.
pub fn wait(file: impl AsFd, deadline: Instant, go_on: impl Fn() -> Result<()>) -> Result<Writes> {
    let file = file.as_fd();
    loop {
        let writes = look(file);
        if writes != Writes::UnderWay || Instant::now() >= deadline {
            return Ok(writes);
        }
        go_on()?;
        std::thread::sleep(LANDING_POLL);
    }
}

fn is_remote(file: BorrowedFd<'_>) -> bool {
    const NFS: u32 = 0x6969;
    const SMB: u32 = 0xff53_4d42;
    const SMB2: u32 = 0xfe53_4d42;
    rustix::fs::fstatfs(file).is_ok_and(|facts| [NFS, SMB, SMB2].contains(&(facts.f_type as u32)))
}

fn control(file: BorrowedFd<'_>, command: libc::c_int, argument: libc::c_int) -> rustix::io::Result<()> {
    // SAFETY: the descriptor is borrowed for the call, and these commands take an integer; rustix does not have them.
    match unsafe { libc::fcntl(file.as_raw_fd(), command, argument) } {
        -1 => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{File, OpenOptions};
    use std::os::fd::OwnedFd;

    use super::*;
    use crate::failure::{Code, Failure};

    fn file() -> (tempfile::NamedTempFile, File) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (named, reading) = (file.reopen().unwrap(), File::open(file.path()).unwrap());
        drop(named);
        (file, reading)
    }

    fn opened_for_writing(path: &std::path::Path) -> OwnedFd {
        OpenOptions::new().write(true).open(path).unwrap().into()
    }

    #[test]
    fn writes_are_over_only_when_nobody_has_the_file_open_for_writing_or_mapped() {
        let (named, reading) = file();
        let path = named.into_temp_path();
        assert_eq!(look(&reading), Writes::Over);
        let writing = opened_for_writing(&path);
        assert_eq!(look(&reading), Writes::UnderWay);
        std::fs::write(&path, [1; 4096]).unwrap();
        let both = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        drop(writing);
        let flags = (rustix::mm::ProtFlags::READ, rustix::mm::MapFlags::SHARED);
        // SAFETY: a new mapping, wherever there is room, that nothing refers to.
        let mapped = unsafe { rustix::mm::mmap(std::ptr::null_mut(), 4096, flags.0, flags.1, &both, 0) }.unwrap();
        drop(both);
        assert_eq!(look(&reading), Writes::UnderWay, "mapped by what was opened for writing");
        // SAFETY: as it was mapped, and nothing refers to it.
        unsafe { rustix::mm::munmap(mapped, 4096) }.unwrap();
        assert_eq!(look(&reading), Writes::Over);
        assert!(OpenOptions::new().append(true).open(&path).is_ok(), "no lease was kept");
    }

    #[test]
    fn whoever_waits_goes_on_when_the_last_write_is_over_and_gives_up_when_time_is() {
        let (named, reading) = file();
        let path = named.into_temp_path();
        let writing = std::cell::Cell::new(Some(opened_for_writing(&path)));
        let now = Instant::now();
        assert_eq!(wait(&reading, now, || Ok(())), Ok(Writes::UnderWay));
        let cancelled = || Err(Failure::new(Code::Cancelled, "it"));
        assert_eq!(wait(&reading, now + LANDING_MAX, cancelled).unwrap_err().code, Code::Cancelled);
        let lands = || {
            writing.take();
            Ok(())
        };
        assert_eq!(wait(&reading, now + LANDING_MAX, lands), Ok(Writes::Over));
    }

    #[test]
    fn what_has_no_leases_cannot_tell() {
        assert!(matches!(look(File::open("/proc/self").unwrap()), Writes::CannotTell(_)));
    }
}
