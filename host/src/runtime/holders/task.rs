//! What one thread of a process has: its directories, descriptors and mappings, each followed to its mount.

use std::collections::HashSet;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, Dir, Mode, OFlags, StatxFlags};
use rustix::io::Errno;

use super::super::proc_stat::{ProcStat, is_gone};
use super::mounts::raw;
use super::{How, Pass, has_gone, programs};
use crate::failure::Result;
use crate::mounts::{self, Device, Place};

/// Types of `kcmp(2)`.
const KCMP_FILES: libc::c_long = 2;
const KCMP_FS: libc::c_long = 3;

/// A thread that is looked at through its own directory in `/proc`, which does not become another's when it ends.
pub struct Task<'a> {
    process: &'a ProcStat,
    directory: OwnedFd,
}

/// What following one link gave.
enum Seen {
    Gone,
    Refused,
    At { mount: Option<u64>, stat_device: Device },
}

impl<'a> Task<'a> {
    /// Looks at everything of one thread. False if something could not be read; one that has ended has nothing.
    pub fn scan(id: i32, process: &'a ProcStat, pass: &mut Pass<'_>) -> Result<bool> {
        let task = match Task::open(id, process) {
            Ok(task) => task,
            Err(errno) => return has_gone(id, errno),
        };
        let mut whole = true;
        for (link, how) in [(c"cwd", How::Cwd), (c"root", How::Root), (c"exe", How::Mapped)] {
            whole &= task.look(pass, task.directory.as_fd(), link, how)?;
        }
        whole &= task.descriptors(pass)?;
        whole &= task.mappings(pass)?;
        // The kernel refuses to follow a link of one that ends at that moment, as if it must not be looked at.
        Ok(whole || !task.is_there())
    }

    pub fn open(id: i32, process: &'a ProcStat) -> Result<Task<'a>, Errno> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::open(format!("/proc/{id}"), flags, Mode::empty())?;
        Ok(Task { process, directory })
    }

    /// Whether it has not ended yet. The directory never becomes another's.
    pub fn is_there(&self) -> bool {
        let stat = self.open_beneath("stat", OFlags::empty()).map_err(std::io::Error::from);
        let read = stat.and_then(|stat| std::io::Read::read(&mut std::fs::File::from(stat), &mut [0]));
        !read.is_err_and(|error| is_gone(&error))
    }

    fn descriptors(&self, pass: &mut Pass<'_>) -> Result<bool> {
        let list = self.open_beneath("fd", OFlags::DIRECTORY);
        let (list, entries) = match list.and_then(|list| Dir::read_from(&list).map(|entries| (list, entries))) {
            Ok(opened) => opened,
            Err(errno) => return self.has_gone(errno),
        };
        let mut whole = true;
        for entry in entries {
            whole &= match entry {
                Ok(entry) if entry.file_name().to_bytes().starts_with(b".") => true,
                Ok(entry) => self.look(pass, list.as_fd(), entry.file_name(), How::Open)?,
                Err(errno) => self.has_gone(errno)?,
            };
        }
        Ok(whole)
    }

    /// Mappings are filtered by the file system's device, which `maps` shows, then followed through `map_files`.
    fn mappings(&self, pass: &mut Pass<'_>) -> Result<bool> {
        let mut maps = match self.open_beneath("maps", OFlags::empty()).map(std::fs::File::from) {
            Ok(maps) => maps,
            Err(errno) => return self.has_gone(errno),
        };
        let mut text = Vec::new();
        if let Err(error) = std::io::Read::read_to_end(&mut maps, &mut text) {
            return self.has_gone(error);
        }
        let mut looked_at = HashSet::new();
        for mapping in text.split(|byte| *byte == b'\n').filter_map(Mapping::parse) {
            let on_live = pass.live.iter().any(|live| live.place.device == mapping.device);
            if on_live && looked_at.insert(mapping.file) {
                self.mapping(pass, &mapping)?;
            }
        }
        Ok(true)
    }

    fn mapping(&self, pass: &mut Pass<'_>, mapping: &Mapping<'_>) -> Result<()> {
        match self.follow(self.directory.as_fd(), &mapping.link)? {
            Seen::At { mount, stat_device } => {
                self.judge(pass, self.directory.as_fd(), &mapping.link, How::Mapped, mount, stat_device)
            }
            // The mapping was split or joined meanwhile, or following needs a capability that we lack: its path in
            // `maps` is all there is, so that every mount of its device which could have led there is tried.
            Seen::Gone | Seen::Refused => {
                if !ProcStat::read(self.process.pid).is_ok_and(|process| process.is_none()) {
                    let text = mounts::path(mapping.path);
                    let places = pass.mounts.possible_places(mapping.device, &text);
                    self.compare(pass, &places, How::Mapped, &text);
                }
                Ok(())
            }
        }
    }

    /// Follows one link and notes a holder. False if the link could not be followed.
    fn look(&self, pass: &mut Pass<'_>, directory: BorrowedFd<'_>, link: &CStr, how: How) -> Result<bool> {
        match self.follow(directory, link)? {
            Seen::Gone => Ok(true),
            Seen::Refused => Ok(false),
            Seen::At { mount, stat_device } => {
                self.judge(pass, directory, link, how, mount, stat_device).map(|()| true)
            }
        }
    }

    fn follow(&self, directory: BorrowedFd<'_>, link: &CStr) -> Result<Seen> {
        // Nothing is mounted by looking, and no remote file system is asked.
        let flags = AtFlags::NO_AUTOMOUNT | AtFlags::STATX_DONT_SYNC;
        match rustix::fs::statx(directory, link, flags, StatxFlags::TYPE | StatxFlags::MNT_ID) {
            Ok(stat) => Ok(Seen::At {
                mount: (stat.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(stat.stx_mnt_id),
                stat_device: (stat.stx_dev_major, stat.stx_dev_minor),
            }),
            Err(errno) if self.has_gone(errno)? => Ok(Seen::Gone),
            Err(_) => Ok(Seen::Refused),
        }
    }

    /// Notes a holder if that is what was found.
    fn judge(
        &self,
        pass: &mut Pass<'_>,
        directory: BorrowedFd<'_>,
        link: &CStr,
        how: How,
        mount: Option<u64>,
        stat_device: Device,
    ) -> Result<()> {
        // One that has just entered a mount namespace stands on mounts that nobody showed when all were listed.
        if mount.is_some_and(|id| pass.mounts.device(id).is_none()) {
            pass.mounts.learn_again(self.process)?;
        }
        let device = mount.and_then(|id| pass.mounts.device(id));
        let concerns = |live: &super::LiveDirectory| match device {
            Some(device) => device == live.place.device,
            None => stat_device == live.stat_device,
        };
        if !pass.live.iter().any(concerns) {
            return Ok(());
        }
        let cannot_tell = |pass: &mut Pass<'_>, detail: &[u8]| {
            for index in (0..pass.live.len()).filter(|index| concerns(&pass.live[*index])) {
                pass.note(self.process, how, index, detail, false);
            }
        };
        let text = match rustix::fs::readlinkat(directory, link, Vec::new()) {
            Ok(text) => text,
            Err(errno) if self.has_gone(errno)? => return Ok(()),
            Err(_) => {
                cannot_tell(pass, b"(a path that cannot be read)");
                return Ok(());
            }
        };
        // It was closed since it was followed, and its number went to what is in no file system (`socket:[1]`).
        if !text.to_bytes().contains(&b'/') {
            return Ok(());
        }
        let text = unsplit(&text);
        let shown = mount.and_then(|id| pass.mounts.places(id, text));
        match shown.or_else(|| programs::places(&pass.mounts, directory, link)) {
            Some(places) => self.compare(pass, &places, how, text),
            None => {
                let detail = [raw(text), b" (on a mount that no process shows, so it cannot be told)"].concat();
                cannot_tell(pass, &detail);
            }
        }
        Ok(())
    }

    fn has_gone(&self, error: impl Into<std::io::Error>) -> Result<bool> {
        has_gone(self.process.pid, error)
    }

    fn compare(&self, pass: &mut Pass<'_>, places: &[Place], how: How, text: &Path) {
        for index in 0..pass.live.len() {
            if places.iter().any(|place| pass.live[index].contains(place)) {
                pass.note(self.process, how, index, raw(text), true);
            }
        }
    }

    fn open_beneath(&self, name: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        rustix::fs::openat(&self.directory, name, flags | OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
    }
}

fn unsplit(text: &CString) -> &Path {
    use std::os::unix::ffi::OsStrExt;
    Path::new(std::ffi::OsStr::from_bytes(text.to_bytes()))
}

/// A line of `maps` that maps a file.
struct Mapping<'a> {
    device: Device,
    /// Device, inode and path as they stand there: a library is mapped in several pieces.
    file: &'a [u8],
    path: &'a [u8],
    link: CString,
}

impl<'a> Mapping<'a> {
    fn parse(line: &'a [u8]) -> Option<Mapping<'a>> {
        let mut fields = line.splitn(4, |byte| *byte == b' ');
        let range = std::str::from_utf8(fields.next()?).ok()?;
        let (_permissions, _offset) = (fields.next()?, fields.next()?);
        let file = fields.next()?;
        let mut fields = file.splitn(3, |byte| *byte == b' ');
        let (major, minor) = std::str::from_utf8(fields.next()?).ok()?.split_once(':')?;
        let hex = |digits| u32::from_str_radix(digits, 16).ok();
        let device = (hex(major)?, hex(minor)?);
        if fields.next()? == b"0" {
            return None;
        }
        let path = fields.next().unwrap_or_default().trim_ascii_start();
        // `maps` pads addresses with zeros, `map_files` refuses them.
        let (start, end) = range.split_once('-')?;
        let address = |digits| u64::from_str_radix(digits, 16).ok();
        let link = CString::new(format!("map_files/{:x}-{:x}", address(start)?, address(end)?)).ok()?;
        Some(Mapping { device, file, path, link })
    }
}

/// Whether two threads use the same descriptors, working directory and root. False when the kernel does not say.
pub fn share_everything(one: i32, other: i32) -> bool {
    share(one, other, KCMP_FILES) && share(one, other, KCMP_FS)
}

fn share(one: i32, other: i32, what: libc::c_long) -> bool {
    // SAFETY: kcmp takes five integers and touches no memory of this process; rustix does not have it.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_kcmp,
            one as libc::c_long,
            other as libc::c_long,
            what,
            0 as libc::c_long,
            0 as libc::c_long,
        )
    };
    answer == 0
}
