//! `log`: what the app says, bounded, whatever it does.
//!
//! The app writes into a pipe. Its supervisor reads that, and when it was killed, a process that was started beside it
//! and does nothing else ([`keep`]): so the app goes on. What cannot be written is dropped: neither a full disk nor an app
//! that never stops talking may stop anything. Must never need room to make room.

use std::fs::{File, OpenOptions};
use std::io::{PipeReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{CWD, FallocateFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::workload_dir::WorkloadDir;
use reforge_base::account::Account;
use reforge_base::failure::Failure;

/// Size at which the log is put aside; there are at most two files of this size.
pub(super) const LOG_BYTES_MAX: u64 = 16 << 20;
/// The same where there is little room.
const LOG_BYTES_MAX_SCARCE: u64 = 1 << 20;
/// Less free space than this is little room: journals, receipts and locks need it more.
const ROOM_BYTES: u64 = 64 << 20;
/// After how much is written the room is looked at again.
const LOOK_BYTES: u64 = 1 << 20;
/// What a pipe may hold: an app that talks in bursts does not wait.
const PIPE_BYTES: usize = 1 << 20;
/// What is taken from it at once.
const READ_BYTES: usize = 64 << 10;
/// What is taken from it before something else gets a turn.
const TURN_BYTES: usize = 1 << 20;
/// How much of the end of a log is shown in a reason.
const TAIL_BYTES_MAX: u64 = 2048;
const TAIL_LINES_MAX: usize = 5;

/// The two files, `log` and what was put aside of it, `log.1`.
pub(super) struct Log {
    log: PathBuf,
    aside: PathBuf,
    /// None while it cannot be opened.
    file: Option<File>,
    bytes: u64,
    bytes_max: u64,
    /// Written since the room was looked at.
    unlooked: u64,
}

impl Log {
    /// Both files are there from the beginning, so that putting aside needs neither room nor an inode.
    pub(super) fn open(workload_dir: &WorkloadDir) -> Log {
        let (log, aside) = (workload_dir.file("log"), workload_dir.file("log.1"));
        let mut opened = Log { log, aside, file: None, bytes: 0, bytes_max: LOG_BYTES_MAX, unlooked: 0 };
        opened.reopen();
        opened
    }

    fn reopen(&mut self) {
        // Without these nothing is logged, or nothing put aside, until they can be made: no reason not to run the app.
        let _ = appending(&self.aside);
        self.file = appending(&self.log).ok();
        self.bytes = self.file.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |metadata| metadata.len());
        self.look_for_room();
    }

    /// Adds what was said, or as much as there is room for.
    pub(super) fn append(&mut self, said: &[u8]) {
        if self.file.is_none() {
            self.reopen();
        }
        if self.unlooked >= LOOK_BYTES {
            self.look_for_room();
        }
        if self.bytes + said.len() as u64 > self.bytes_max {
            self.put_aside();
        }
        let Some(file) = &mut self.file else { return };
        match file.write_all(said) {
            Ok(()) => self.bytes += said.len() as u64,
            // As if it were as long as it may be.
            Err(_) => self.bytes = self.bytes_max,
        }
        self.unlooked += said.len() as u64;
    }

    fn look_for_room(&mut self) {
        self.unlooked = 0;
        let free = self.file.as_ref().and_then(|file| rustix::fs::fstatvfs(file).ok());
        let is_scarce = free.is_some_and(|free| free.f_bavail.saturating_mul(free.f_frsize) < ROOM_BYTES);
        self.bytes_max = if is_scarce { LOG_BYTES_MAX_SCARCE } else { LOG_BYTES_MAX };
        if is_scarce {
            // It may be from a time when there was more.
            shorten(&self.aside, self.bytes_max);
        }
    }

    /// The two change places, and the one that is written to is emptied.
    fn put_aside(&mut self) {
        let exchanged = rustix::fs::renameat_with(CWD, &self.log, CWD, &self.aside, RenameFlags::EXCHANGE);
        if exchanged.is_ok() {
            shorten(&self.aside, self.bytes_max);
        }
        self.file = appending(&self.log).ok();
        self.bytes = 0;
        if let Some(file) = &self.file {
            // A file that cannot be emptied takes nothing more, and the next time is tried again.
            self.bytes = if file.set_len(0).is_ok() { 0 } else { self.bytes_max };
        }
    }
}

fn appending(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

/// Gives back what stands before the last `bytes_max`, in place.
fn shorten(path: &Path, bytes_max: u64) {
    let Ok(file) = OpenOptions::new().write(true).open(path) else { return };
    let before = file.metadata().map_or(0, |metadata| metadata.len()).saturating_sub(bytes_max);
    let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    if before > 0 && rustix::fs::fallocate(&file, hole, 0, before).is_err() {
        let _ = file.set_len(0);
    }
}

/// Both ends of what the app says, in its supervisor.
pub(super) struct AppOutput {
    /// Never waits.
    reader: File,
    /// The app's.
    writer: OwnedFd,
    log: Log,
}

impl AppOutput {
    /// Takes the pipe that stands behind standard error, and leaves there an end of it that never waits: what the
    /// supervisor itself says goes into the log, too.
    pub(super) fn of_standard_error(workload_dir: &WorkloadDir) -> std::io::Result<AppOutput> {
        let writer = rustix::io::fcntl_dupfd_cloexec(std::io::stderr(), 3)?;
        let again =
            |flags| rustix::fs::open("/proc/self/fd/2", flags | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty());
        let reader = File::from(again(OFlags::RDONLY)?);
        let own = again(OFlags::WRONLY)?;
        // SAFETY: nothing in this process owns descriptor 2; it stays open throughout.
        if unsafe { libc::dup2(own.as_raw_fd(), libc::STDERR_FILENO) } == -1 {
            return Err(std::io::Error::last_os_error());
        }
        Ok(AppOutput { reader, writer, log: Log::open(workload_dir) })
    }

    /// An end for an app that runs as `owner`, who may open it again as `/dev/stderr`.
    pub(super) fn end_for(&self, owner: Option<&Account>) -> std::io::Result<File> {
        if let Some(owner) = owner {
            let (uid, gid) = (rustix::fs::Uid::from_raw(owner.uid), rustix::fs::Gid::from_raw(owner.gid));
            rustix::fs::fchown(&self.writer, Some(uid), Some(gid))?;
        }
        Ok(self.writer.try_clone()?.into())
    }

    /// Takes what was said, one turn of it. Answers whether that was all.
    pub(super) fn take(&mut self) -> bool {
        let mut bytes = [0; READ_BYTES];
        let mut taken = 0;
        while taken < TURN_BYTES {
            match self.reader.read(&mut bytes) {
                Ok(count @ 1..) => {
                    self.log.append(&bytes[..count]);
                    taken += count;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                _ => return true,
            }
        }
        false
    }
}

impl AsFd for AppOutput {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

/// The pipe of one supervisor: a reader for whoever keeps the log when it is gone, a writer for itself.
pub(super) fn pipe() -> std::io::Result<(PipeReader, std::io::PipeWriter)> {
    let (reader, writer) = std::io::pipe()?;
    // A smaller one holds everything, too.
    let _ = rustix::pipe::fcntl_setpipe_size(&writer, PIPE_BYTES);
    Ok((reader, writer))
}

/// Keeps the log of an app whose supervisor is gone, until nothing is left that could say something. Standard input is what
/// is said; standard output ends when the supervisor does.
pub(super) fn keep(workload_dir: &WorkloadDir) -> std::io::Result<()> {
    let supervisor = std::io::stdout();
    loop {
        let mut watched = [PollFd::new(&supervisor, PollFlags::IN)];
        match rustix::event::poll(&mut watched, None) {
            Ok(_) => break,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    let mut said = std::io::stdin().lock();
    let mut bytes = vec![0; READ_BYTES];
    let mut log: Option<Log> = None;
    loop {
        match said.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(count) => log.get_or_insert_with(|| Log::open(workload_dir)).append(&bytes[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// How long the log is; 0 if there is none.
pub(super) fn size(workload_dir: &WorkloadDir) -> u64 {
    std::fs::metadata(workload_dir.file("log")).map_or(0, |metadata| metadata.len())
}

/// The last lines of the log behind `start_bytes`, escaped, in one line; empty if there is nothing.
pub(super) fn tail(path: &Path, start_bytes: u64) -> String {
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
    last.iter().map(|line| reforge_base::escape::bytes(line)).collect::<Vec<_>>().join(" / ")
}

/// Into the log: the supervisor's standard error.
pub(super) fn say(failure: &Failure) {
    // There is nowhere left to say that this could not be said.
    let _ = writeln!(std::io::stderr(), "reforge: {failure}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload_dir() -> (tempfile::TempDir, WorkloadDir) {
        let root = tempfile::tempdir().expect("temporary directory");
        let workload_dir = WorkloadDir { directory: root.path().to_owned() };
        (root, workload_dir)
    }

    #[test]
    fn a_log_never_grows_beyond_its_bound_and_ends_with_what_was_said_last() {
        let (_root, workload_dir) = workload_dir();
        let mut log = Log::open(&workload_dir);
        log.bytes_max = 50;
        for number in 0..100 {
            log.append(format!("line {number}\n").as_bytes());
            assert!(
                size(&workload_dir) <= 50 && std::fs::metadata(workload_dir.file("log.1")).expect("there").len() <= 50
            );
        }
        let both = [workload_dir.file("log.1"), workload_dir.file("log")]
            .map(|file| std::fs::read_to_string(file).expect("there"));
        assert!(both.concat().ends_with("line 97\nline 98\nline 99\n"), "{both:?}");
    }

    #[test]
    fn a_log_that_was_there_goes_on() {
        let (_root, workload_dir) = workload_dir();
        Log::open(&workload_dir).append(b"before\n");
        Log::open(&workload_dir).append(b"after\n");
        assert_eq!(std::fs::read(workload_dir.file("log")).expect("there"), b"before\nafter\n");
    }

    #[test]
    fn what_cannot_be_written_is_dropped() {
        let (_root, workload_dir) = workload_dir();
        std::fs::create_dir(workload_dir.file("log")).expect("in the way");
        let mut log = Log::open(&workload_dir);
        log.append(b"lost\n");
        std::fs::remove_dir(workload_dir.file("log")).expect("empty");
        log.append(b"found\n");
        assert_eq!(std::fs::read(workload_dir.file("log")).expect("there"), b"found\n");
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
