//! What one thread of a process has: its directories, descriptors and mappings, each followed to its mount.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::Read as _;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, RawDir, StatxFlags};
use rustix::io::Errno;

use super::maps::{self, Mapping};
use super::mounts::raw;
use super::proc_stat::{ProcStat, is_gone};
use super::{How, Pass, Process, Wanted, has_gone, in_flight, programs};
use reforge_base::failure::Result;
use reforge_base::message;
use reforge_base::mounts::{Device, DevicePath};
use reforge_base::{Message, escape};

/// Types of `kcmp(2)`.
const KCMP_FILES: libc::c_long = 2;
const KCMP_FS: libc::c_long = 3;

/// What one read of a list of descriptors may fill.
const LISTING_BYTES: usize = 4096;

/// Below a process's directory.
const PROGRAM: &CStr = c"exe";

/// How many links the list of a process's threads has that has one: its own two and one for each.
const LINKS_OF_ONE_THREAD: u32 = 3;

/// A thread that is looked at through its own directory in `/proc`, which does not become another's when it ends.
pub(crate) struct Task<'a> {
    process: &'a Process,
    directory: OwnedFd,
}

/// What following one link gave.
pub(crate) enum Seen {
    Gone,
    Refused,
    At(Spot),
}

/// What a link leads to, before its text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    mount: Option<u64>,
    stat_device: Device,
    inode: u64,
}

/// What is known to be in no live directory during one pass: most processes stand in the same directories, and run and map
/// the same files. A directory has one path below its mount; a file may have several, so that its path belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Elsewhere {
    mount: u64,
    stat_device: Device,
    inode: u64,
    path: Option<PathBuf>,
}

impl<'a> Task<'a> {
    /// Looks at everything of one thread. False if something could not be read; one that has ended has nothing.
    pub(crate) fn scan(&self, pass: &Pass<'_>, program: Seen) -> Result<bool> {
        let mut whole = self.seen(pass, self.directory.as_fd(), PROGRAM, How::Mapped, program)?;
        for (link, how) in [(c"cwd", How::Cwd), (c"root", How::Root)] {
            whole &= self.look(pass, self.directory.as_fd(), link, how)?;
        }
        // There may be thousands of descriptors, and none would show more.
        if !whole && self.is_hidden() {
            return Ok(!self.is_there());
        }
        whole &= self.descriptors(pass)?;
        whole &= self.mappings(pass)?;
        // The kernel refuses to follow a link of one that ends at that moment, as if it must not be looked at.
        Ok(whole || !self.is_there())
    }

    pub(crate) fn open(id: i32, process: &'a Process) -> Result<Task<'a>, Errno> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::open(format!("/proc/{id}"), flags, Mode::empty())?;
        Ok(Task { process, directory })
    }

    /// Whether the kernel shows nothing of it. To read where a link leads takes the same right as to follow it, and asks no
    /// file system: one that answers nobody hides what stands in it alone.
    fn is_hidden(&self) -> bool {
        let read = rustix::fs::readlinkat(&self.directory, c"cwd", Vec::new());
        matches!(read, Err(Errno::ACCESS | Errno::PERM))
    }

    /// Whether it has not ended yet. The directory never becomes another's.
    pub(crate) fn is_there(&self) -> bool {
        !self.stat().is_err_and(|error| is_gone(&error))
    }

    /// What it runs. A kernel thread runs nothing, and neither does one that has ended.
    pub(crate) fn program(&self) -> Result<Seen> {
        self.follow_own(PROGRAM)
    }

    pub(crate) fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// Where one of the links in its own directory leads.
    pub(crate) fn follow_own(&self, link: &CStr) -> Result<Seen> {
        self.follow(self.directory(), link)
    }

    /// Whether it may hold something, from what it says of itself: it may have lost its program alone.
    pub(crate) fn can_hold_something(&self) -> bool {
        match self.stat() {
            Ok(line) => ProcStat::parse(&line).is_none_or(|stat| stat.is_alive() && !stat.is_kernel_thread()),
            Err(error) => !is_gone(&error),
        }
    }

    /// Whether its process surely has no other thread.
    pub(crate) fn is_the_only_thread(&self) -> bool {
        let flags = AtFlags::STATX_DONT_SYNC;
        let list = rustix::fs::statx(&self.directory, c"task", flags, StatxFlags::NLINK);
        list.is_ok_and(|list| list.stx_nlink == LINKS_OF_ONE_THREAD)
    }

    fn stat(&self) -> std::io::Result<Vec<u8>> {
        let mut line = Vec::new();
        File::from(self.open_beneath("stat", OFlags::empty())?).read_to_end(&mut line)?;
        Ok(line)
    }

    fn descriptors(&self, pass: &Pass<'_>) -> Result<bool> {
        match self.open_list() {
            Ok(list) => self.listed(pass, &list),
            Err(errno) => self.has_gone(errno),
        }
    }

    pub(crate) fn open_list(&self) -> Result<OwnedFd, Errno> {
        self.open_beneath("fd", OFlags::DIRECTORY)
    }

    /// Looks at what is in the list of descriptors. It ends with the process.
    pub(crate) fn listed(&self, pass: &Pass<'_>, list: &OwnedFd) -> Result<bool> {
        let mut room = [MaybeUninit::uninit(); LISTING_BYTES];
        let mut entries = RawDir::new(list, &mut room);
        let mut whole = true;
        while let Some(entry) = entries.next() {
            whole &= match entry {
                Ok(entry) if entry.file_name().to_bytes().starts_with(b".") => true,
                Ok(entry) => self.look(pass, list.as_fd(), entry.file_name(), How::Open)?,
                // It would be told again and again.
                Err(errno) => return Ok(self.has_gone(errno)? && whole),
            };
        }
        Ok(whole)
    }

    /// Mappings are filtered by the file system's device, then followed through `map_files`.
    fn mappings(&self, pass: &Pass<'_>) -> Result<bool> {
        let maps = match self.open_beneath("maps", OFlags::empty()) {
            Ok(maps) => maps,
            Err(errno) => return self.has_gone(errno),
        };
        let on_live = |device: Device| pass.live.iter().any(|live| live.device_path.device == device);
        match maps::of(maps, on_live) {
            Ok(mappings) => mappings.iter().try_for_each(|mapping| self.mapping(pass, mapping)).map(|()| true),
            Err(error) => self.has_gone(error),
        }
    }

    fn mapping(&self, pass: &Pass<'_>, mapping: &Mapping) -> Result<()> {
        let directory = self.directory.as_fd();
        let held = match self.follow(directory, &mapping.link)? {
            Seen::At(spot) => self.classify(pass, directory, &mapping.link, How::Mapped, spot, Some(&mapping.path))?,
            // The mapping was split or joined meanwhile, or following needs a capability that we lack: its path
            // is all there is, so that every mount of its device which could have led there is tried.
            Seen::Gone | Seen::Refused => {
                if ProcStat::read(self.process.pid).is_ok_and(|process| process.is_none()) {
                    return Ok(());
                }
                let device_paths = pass.mounts.possible_device_paths(mapping.device, &mapping.path);
                self.compare(pass, &device_paths, How::Mapped, &mapping.path)
            }
        };
        if held && mapping.is_shared {
            let opened = in_flight::open_path_only(directory, &mapping.link).or_else(|errno| match errno {
                Errno::NOENT | Errno::ACCESS | Errno::PERM => {
                    in_flight::open_path_only(rustix::fs::CWD, &*mapping.path)
                }
                errno => Err(errno),
            });
            self.written(pass, raw(&mapping.path), opened)?;
        }
        Ok(())
    }

    /// Follows one link and notes a holder. False if the link could not be followed.
    fn look(&self, pass: &Pass<'_>, directory: BorrowedFd<'_>, link: &CStr, how: How) -> Result<bool> {
        let seen = self.follow(directory, link)?;
        self.seen(pass, directory, link, how, seen)
    }

    fn seen(&self, pass: &Pass<'_>, directory: BorrowedFd<'_>, link: &CStr, how: How, seen: Seen) -> Result<bool> {
        match seen {
            Seen::Gone => Ok(true),
            Seen::Refused => Ok(false),
            Seen::At(spot) => {
                let held = self.classify(pass, directory, link, how, spot, None)?;
                if held && how == How::Open && in_flight::is_open_for_writing(directory, link) {
                    let text = rustix::fs::readlinkat(directory, link, Vec::new()).unwrap_or_default();
                    self.written(pass, text.to_bytes(), in_flight::open_path_only(directory, link))?;
                }
                Ok(true)
            }
        }
    }

    /// Keeps what it may write to, if that is asked for.
    fn written(&self, pass: &Pass<'_>, text: &[u8], opened: Result<OwnedFd, Errno>) -> Result<()> {
        if pass.wanted != Wanted::WrittenFiles {
            return Ok(());
        }
        match opened {
            Ok(file) => pass.found().keep_written(text, file),
            Err(errno) => self.has_gone(errno).map(drop),
        }
    }

    fn follow(&self, directory: BorrowedFd<'_>, link: &CStr) -> Result<Seen> {
        // Nothing is mounted by looking, and no remote file system is asked.
        let flags = AtFlags::NO_AUTOMOUNT | AtFlags::STATX_DONT_SYNC;
        match rustix::fs::statx(directory, link, flags, StatxFlags::TYPE | StatxFlags::INO | StatxFlags::MNT_ID) {
            Ok(stat) => Ok(Seen::At(Spot {
                mount: (stat.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(stat.stx_mnt_id),
                stat_device: (stat.stx_dev_major, stat.stx_dev_minor),
                inode: stat.stx_ino,
            })),
            Err(errno) if self.has_gone(errno)? => Ok(Seen::Gone),
            Err(_) => Ok(Seen::Refused),
        }
    }

    /// Notes a holder if that is what was found, and says so. `path` is what the link says, where that is known.
    fn classify(
        &self,
        pass: &Pass<'_>,
        directory: BorrowedFd<'_>,
        link: &CStr,
        how: How,
        spot: Spot,
        path: Option<&Path>,
    ) -> Result<bool> {
        let Spot { mount, stat_device, inode } = spot;
        if pass.nowhere.contains(&stat_device) {
            return Ok(false);
        }
        // One that has just entered a mount namespace stands on mounts that nobody showed when all were listed.
        if mount.is_some_and(|id| pass.mounts.device(id).is_none()) {
            pass.mounts.learn_again(self.process)?;
        }
        let device = mount.and_then(|id| pass.mounts.device(id));
        let concerns = |live: &super::LiveDirectory| match device {
            Some(device) => device == live.device_path.device,
            None => stat_device == live.stat_device,
        };
        if !pass.live.iter().any(concerns) {
            return Ok(false);
        }
        let is_directory = matches!(how, How::Cwd | How::Root);
        let elsewhere = mount.filter(|_| is_directory || path.is_some());
        let elsewhere = elsewhere.map(|mount| Elsewhere { mount, stat_device, inode, path: path.map(Path::to_owned) });
        if elsewhere.as_ref().is_some_and(|spot| pass.is_elsewhere(spot)) {
            return Ok(false);
        }
        let cannot_tell = |detail: Message| {
            if how == How::Open && in_flight::is_nothing(directory, link) {
                return false;
            }
            for index in (0..pass.live.len()).filter(|index| concerns(&pass.live[*index])) {
                pass.note(self.process, how, index, detail.clone(), false);
            }
            true
        };
        let text = match rustix::fs::readlinkat(directory, link, Vec::new()) {
            Ok(text) => text,
            Err(errno) if self.has_gone(errno)? => return Ok(false),
            Err(_) => return Ok(cannot_tell(message!("a-path-that-cannot-be-read"))),
        };
        // It was closed since it was followed, and its number went to what is in no file system (`socket:[1]`).
        if !text.to_bytes().contains(&b'/') {
            return Ok(false);
        }
        let text = unsplit(&text);
        let shown = mount.and_then(|id| pass.mounts.device_paths(id, text));
        let elsewhere = elsewhere.filter(|_| shown.is_some());
        Ok(match shown.or_else(|| programs::device_paths(&pass.mounts, directory, link)) {
            Some(device_paths) => {
                let held = self.compare(pass, &device_paths, how, text);
                if let Some(spot) = elsewhere.filter(|_| !held) {
                    pass.note_elsewhere(spot);
                }
                held
            }
            None => cannot_tell(message!("on-a-mount-that-no-process-shows", path = escape::path(text))),
        })
    }

    fn has_gone(&self, error: impl Into<std::io::Error>) -> Result<bool> {
        has_gone(self.process.pid, error)
    }

    fn compare(&self, pass: &Pass<'_>, device_paths: &[DevicePath], how: How, text: &Path) -> bool {
        let mut held = false;
        for index in 0..pass.live.len() {
            if device_paths.iter().any(|device_path| pass.live[index].contains(device_path)) {
                pass.note(self.process, how, index, Message::from(escape::path(text)), true);
                held = true;
            }
        }
        held
    }

    pub(crate) fn open_beneath(&self, name: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        rustix::fs::openat(&self.directory, name, flags | OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
    }
}

fn unsplit(text: &CString) -> &Path {
    use std::os::unix::ffi::OsStrExt;
    Path::new(std::ffi::OsStr::from_bytes(text.to_bytes()))
}

/// Whether two threads use the same descriptors, working directory and root. False when the kernel does not say.
pub(crate) fn share_everything(one: i32, other: i32) -> bool {
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
