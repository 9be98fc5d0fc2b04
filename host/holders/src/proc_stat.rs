//! What `/proc` says about one process or thread, and which processes there are.
//!
//! Names in it are bytes: a process may call itself anything. Never decides what to do with a process.

use reforge_base::message;
use std::fs::File;
use std::io::{self, Read as _};

use rustix::io::Errno;

/// 52 numbers of at most 20 digits, and a name of at most 64 bytes.
const LINE_BYTES: usize = 2048;

/// Set in the kernel's flags of its own threads.
const KERNEL_THREAD: u64 = 0x0020_0000;

/// The fields of `/proc/<pid>/stat` that the host looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcStat {
    pub pid: i32,
    pub name: Vec<u8>,
    pub state: u8,
    pub parent: i32,
    pub session: i32,
    pub threads: u64,
    /// Clock ticks between the boot and the start: with the pid and the boot it names a process for good.
    pub start_ticks: u64,
    flags: u64,
}

impl ProcStat {
    /// None if there is no such process any more.
    pub fn read(pid: i32) -> io::Result<Option<ProcStat>> {
        // One line, always shorter than this: asked without its size first, which `/proc` does not know anyway.
        let mut room = [0; LINE_BYTES];
        match File::open(format!("/proc/{pid}/stat")).and_then(|mut file| file.read(&mut room)) {
            Ok(length) => match Self::parse(&room[..length]) {
                Some(stat) => Ok(Some(stat)),
                None => Err(io::Error::new(io::ErrorKind::InvalidData, message!("a-line-that"))),
            },
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn parse(line: &[u8]) -> Option<ProcStat> {
        // A name may hold spaces and parentheses; nothing behind it does.
        let open = line.iter().position(|byte| *byte == b'(')?;
        let close = line.iter().rposition(|byte| *byte == b')')?;
        let pid = std::str::from_utf8(&line[..open]).ok()?.trim().parse().ok()?;
        let fields: Vec<&str> = std::str::from_utf8(&line[close + 1..]).ok()?.split_ascii_whitespace().collect();
        Some(ProcStat {
            pid,
            name: line.get(open + 1..close)?.to_vec(),
            state: *fields.first()?.as_bytes().first()?,
            parent: fields.get(1)?.parse().ok()?,
            session: fields.get(3)?.parse().ok()?,
            flags: fields.get(6)?.parse().ok()?,
            threads: fields.get(17)?.parse().ok()?,
            start_ticks: fields.get(19)?.parse().ok()?,
        })
    }

    /// Whether it can still do something. A leader that has ended while its threads go on looks like a zombie.
    pub fn is_alive(&self) -> bool {
        !matches!(self.state, b'Z' | b'X' | b'x') || self.threads > 1
    }

    pub fn is_kernel_thread(&self) -> bool {
        self.flags & KERNEL_THREAD != 0
    }
}

/// Every process that `/proc` shows.
pub fn pids() -> io::Result<Vec<i32>> {
    numbers(std::path::Path::new("/proc"))
}

/// Every process that `/proc` shows, with the inode number of its directory there.
pub fn listed() -> io::Result<Vec<(i32, u64)>> {
    use std::os::unix::fs::DirEntryExt as _;
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let entry = entry?;
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok()).filter(|pid: &i32| *pid > 0);
        found.extend(pid.map(|pid| (pid, entry.ino())));
    }
    Ok(found)
}

/// The threads of a process; none if it is gone.
pub fn threads(pid: i32) -> io::Result<Vec<i32>> {
    match numbers(&std::path::PathBuf::from(format!("/proc/{pid}/task"))) {
        Err(error) if is_gone(&error) => Ok(Vec::new()),
        other => other,
    }
}

fn numbers(directory: &std::path::Path) -> io::Result<Vec<i32>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let number = entry?.file_name().to_str().and_then(|name| name.parse().ok());
        found.extend(number.filter(|pid: &i32| *pid > 0));
    }
    Ok(found)
}

/// Whether an error only says that the process has ended meanwhile.
pub fn is_gone(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let line = b"7 (a) S (b c) R 1 2 3 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 9 0 4711 0 0";
        let stat = ProcStat::parse(line).expect("parses");
        assert_eq!((stat.pid, stat.name.as_slice(), stat.state), (7, &b"a) S (b c"[..], b'R'));
        assert_eq!((stat.parent, stat.session, stat.threads, stat.start_ticks), (1, 3, 9, 4711));
    }

    #[test]
    fn this_process_is_found_alive() {
        let own = std::process::id() as i32;
        assert!(pids().expect("list").contains(&own));
        assert!(ProcStat::read(own).expect("read").expect("is there").is_alive());
    }

    #[test]
    fn a_process_that_does_not_exist_is_none() {
        assert_eq!(ProcStat::read(i32::MAX).expect("no error"), None);
    }
}
