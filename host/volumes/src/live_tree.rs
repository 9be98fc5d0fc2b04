//! Looks at a live tree: names, kinds, sizes and times, never contents, while the app may go on changing it.
//!
//! Depth first, siblings in byte order, the root first: the order of a captured archive. Entries that vanish are left
//! out, links are never followed, and a mount or a nested subvolume is reported and not entered. Memory is bounded by
//! the names of one directory a level. Changes nothing.

use std::collections::HashSet;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Statx, StatxFlags};
use rustix::io::Errno;

use super::inode_flags::Extra;
use super::parent::FileLocation;
use crate::tree_digest::Mtime;
use reforge_base::durable::READ_DIRECTORY;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result, is_denied};
use reforge_base::limits::{self, DEPTH_MAX};
use reforge_base::permissions::Permissions;

/// What an inode with content occupies at least.
const DISK_UNIT_BYTES: u64 = 4 << 10;

/// The unit of `st_blocks`.
const STAT_BLOCK_BYTES: u64 = 512;

/// What kind of entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveKind {
    File,
    Directory,
    Symlink,
    /// Sockets, fifos and devices.
    Other,
}

/// One entry as it stood when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveEntry {
    /// Relative to the root, which is the empty path.
    pub path: Vec<u8>,
    pub kind: LiveKind,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// Bytes of a file or of a link's target; 0 for everything else.
    pub size: u64,
    pub mtime: Mtime,
    /// When anything of it was changed last, its content or what is said of it.
    pub changed: Mtime,
    /// What it occupies, holes left out, in whole units of 4 KiB.
    pub disk_bytes: u64,
    pub links: u32,
    pub inode: u64,
    /// A mount or nested subvolume, which is not entered.
    pub boundary: bool,
    /// A character or block device.
    pub is_device: bool,
    /// Inode flags and project id, of files and directories where they were asked for.
    pub extra: Extra,
}

/// What a live tree comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Directories, files and links, the root counted.
    pub entries: u64,
    /// Sum of file sizes, each inode once.
    pub bytes: u64,
    pub disk_bytes: u64,
    pub inodes: u64,
    /// The newest modification of anything.
    pub newest: Option<Mtime>,
    /// Sockets, fifos and devices, which are not counted above.
    pub special: u64,
    /// Of these, devices.
    pub devices: u64,
    pub symlinks: u64,
    /// Further names of files that were counted before.
    pub hard_links: u64,
    /// Mounts and nested subvolumes, which were not entered.
    pub boundaries: Vec<Vec<u8>>,
    /// The first entry that this process could not capture and restore for want of a right, and why.
    pub out_of_reach: Option<(Vec<u8>, &'static str)>,
    /// Entries with inode flags or a project id that a restore does not bring back, and the first of them.
    pub flagged: u64,
    pub first_flagged: Vec<u8>,
}

impl LiveEntry {
    /// Why this process could not capture and restore the entry, if it could not.
    fn problem(&self, permissions: &Permissions) -> Option<&'static str> {
        let unread = || if self.kind == LiveKind::File { permissions.read_problem(self.mode) } else { None };
        permissions.owner_problem(self.uid, self.gid).or_else(unread)
    }
}

/// Counts everything below an open directory. Refuses what a snapshot of it could not hold or a restore not bring back.
pub fn totals(root: impl AsFd) -> Result<Totals> {
    let permissions = Permissions::own().map_err(|error| io("learn the groups of this process for", b"", error))?;
    let mut totals = Totals::default();
    let mut seen = HashSet::new();
    let tree = LiveTree { with_extra: true, ..LiveTree::open(root)? };
    let root = Extra::of(&tree.levels[0].directory);
    for entry in tree {
        let entry = entry?;
        if !entry.path.is_empty() && entry.extra.is_lost_below(root) {
            if totals.flagged == 0 {
                totals.first_flagged.clone_from(&entry.path);
            }
            totals.flagged += 1;
        }
        totals.newest = totals.newest.max(Some(entry.mtime));
        if entry.kind == LiveKind::Other {
            totals.special += 1;
            totals.devices += u64::from(entry.is_device);
            continue;
        }
        refuse_unrestorable(&entry)?;
        totals.entries += 1;
        let several_names = entry.links > 1 && entry.kind != LiveKind::Directory;
        if !several_names || seen.insert(entry.inode) {
            totals.inodes += 1;
            totals.bytes += if entry.kind == LiveKind::File { entry.size } else { 0 };
            totals.disk_bytes += entry.disk_bytes;
        } else {
            totals.hard_links += 1;
        }
        totals.symlinks += u64::from(entry.kind == LiveKind::Symlink);
        if totals.out_of_reach.is_none() {
            totals.out_of_reach = entry.problem(&permissions).map(|problem| (entry.path.clone(), problem));
        }
        if entry.boundary {
            totals.boundaries.push(entry.path);
        }
    }
    Ok(totals)
}

/// When anything below a directory was changed last, in milliseconds since the epoch; none if it is empty. The directory
/// itself does not count: an exchange changes it.
pub fn newest_change_ms(root: impl AsFd) -> Result<Option<i64>> {
    let milliseconds = |at: Mtime| at.seconds * 1000 + i64::from(at.nanoseconds / 1_000_000);
    LiveTree::open(root)?.skip(1).try_fold(None, |newest, entry| Ok(newest.max(Some(milliseconds(entry?.changed)))))
}

fn refuse_unrestorable(entry: &LiveEntry) -> Result<()> {
    let Some(problem) = limits::path_problem(&entry.path).or_else(|| limits::size_problem(entry.size)) else {
        return Ok(());
    };
    Err(unrestorable(&entry.path, &problem))
}

fn unrestorable(path: &[u8], problem: &str) -> Failure {
    Failure::new(Code::PolicyRefused, format!("`{}` {problem}", escape::bytes(path)))
        .hint("no restore could bring it back: move it out of the volume")
}

/// The walk itself.
#[derive(Debug)]
pub struct LiveTree {
    root: FileLocation,
    /// Given out first.
    first: Option<LiveEntry>,
    levels: Vec<Level>,
    path: Vec<u8>,
    /// Whether each file is opened to ask for its inode flags.
    with_extra: bool,
}

#[derive(Debug)]
struct Level {
    directory: OwnedFd,
    /// What is still to come, last first.
    names: Vec<CString>,
    /// How long the path is up to this directory.
    path_bytes: usize,
}

impl LiveTree {
    /// Starts at an open directory.
    pub fn open(root: impl AsFd) -> Result<LiveTree> {
        let failed = |error: Errno| io("open", b"", error);
        let directory = rustix::fs::openat(root, c".", READ_DIRECTORY, Mode::empty()).map_err(failed)?;
        let facts = look(&directory, c"").map_err(failed)?;
        let root =
            FileLocation::of(directory.as_fd()).map_err(|error| Failure::io("inspect", Path::new("."), &error))?;
        let names = names(&directory, b"")?;
        let first = Some(entry(Vec::new(), &facts, false));
        Ok(LiveTree {
            root,
            first,
            levels: vec![Level { directory, names, path_bytes: 0 }],
            path: Vec::new(),
            with_extra: false,
        })
    }

    /// Directories that it holds open: those above the next entry.
    pub fn levels(&self) -> usize {
        self.levels.len()
    }

    /// The entry of one name; none when it has vanished.
    fn visit(&mut self, name: &CStr) -> Result<Option<LiveEntry>> {
        let Some(level) = self.levels.last() else { return Ok(None) };
        self.path.truncate(level.path_bytes);
        if !self.path.is_empty() {
            self.path.push(b'/');
        }
        self.path.extend(name.to_bytes());
        let facts = match look(&level.directory, name) {
            Ok(facts) => facts,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(io("inspect", &self.path, error)),
        };
        if kind(&facts) != LiveKind::Directory {
            let mut found = entry(self.path.clone(), &facts, false);
            if self.with_extra && found.kind == LiveKind::File {
                found.extra = extra_of_file(&level.directory, name);
            }
            return Ok(Some(found));
        }
        if self.levels.len() > DEPTH_MAX {
            let depth = self.levels.len();
            return Err(unrestorable(&self.path, &format!("is {depth} directories deep; the limit is {DEPTH_MAX}")));
        }
        self.enter(name, &facts)
    }

    fn enter(&mut self, name: &CStr, facts: &Statx) -> Result<Option<LiveEntry>> {
        let Some(level) = self.levels.last() else { return Ok(None) };
        // Looked at before it is opened, so that nothing is mounted on demand and no foreign file system is asked.
        let there =
            FileLocation { mount: facts.stx_mnt_id, device: (facts.stx_dev_major, facts.stx_dev_minor), inode: 0 };
        if !self.root.same_tree(&there) {
            return Ok(Some(entry(self.path.clone(), facts, true)));
        }
        let directory = match rustix::fs::openat(&level.directory, name, READ_DIRECTORY, Mode::empty()) {
            Ok(directory) => directory,
            // Gone, or something else by now: what it was is no longer there.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(None),
            Err(error) => return Err(io("open", &self.path, error)),
        };
        let facts = look(&directory, c"").map_err(|error| io("inspect", &self.path, error))?;
        let opened = FileLocation::of(directory.as_fd());
        let opened = opened.map_err(|error| Failure::io("inspect", &to_path(&self.path), &error))?;
        if !self.root.same_tree(&opened) {
            return Ok(Some(entry(self.path.clone(), &facts, true)));
        }
        let names = names(&directory, &self.path)?;
        let extra = if self.with_extra { Extra::of(&directory) } else { Extra::default() };
        self.levels.push(Level { directory, names, path_bytes: self.path.len() });
        Ok(Some(LiveEntry { extra, ..entry(self.path.clone(), &facts, false) }))
    }
}

impl Iterator for LiveTree {
    type Item = Result<LiveEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(root) = self.first.take() {
            return Some(Ok(root));
        }
        loop {
            let level = self.levels.last_mut()?;
            let Some(name) = level.names.pop() else {
                self.levels.pop();
                continue;
            };
            match self.visit(&name) {
                Ok(None) => {}
                Ok(Some(entry)) => return Some(Ok(entry)),
                Err(failure) => {
                    // Half a walk must not pass for a whole one.
                    self.levels.clear();
                    return Some(Err(failure));
                }
            }
        }
    }
}

/// Of a file that cannot be opened nothing is known, and what that means for a snapshot is said elsewhere.
fn extra_of_file(directory: &OwnedFd, name: &CStr) -> Extra {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOATIME | OFlags::CLOEXEC;
    let open = |flags| rustix::fs::openat(directory, name, flags, Mode::empty());
    open(flags).or_else(|_| open(flags - OFlags::NOATIME)).map_or_else(|_| Extra::default(), |file| Extra::of(&file))
}

fn look(directory: &OwnedFd, name: &CStr) -> rustix::io::Result<Statx> {
    let wanted = StatxFlags::BASIC_STATS | StatxFlags::MNT_ID;
    let flags = if name.is_empty() { AtFlags::EMPTY_PATH } else { AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT };
    rustix::fs::statx(directory, name, flags, wanted)
}

/// The names in a directory, in reverse byte order, to be taken from the end.
fn names(directory: &OwnedFd, path: &[u8]) -> Result<Vec<CString>> {
    let failed = |error: Errno| io("list", path, error);
    let mut names = Vec::new();
    for entry in Dir::read_from(directory).map_err(failed)? {
        let entry = match entry {
            Ok(entry) => entry,
            // Removed while it is read: what is left of it is empty.
            Err(Errno::NOENT) => break,
            Err(error) => return Err(failed(error)),
        };
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            names.push(entry.file_name().to_owned());
        }
    }
    names.sort_unstable_by(|left, right| right.cmp(left));
    Ok(names)
}

fn kind(facts: &Statx) -> LiveKind {
    match FileType::from_raw_mode(facts.stx_mode.into()) {
        FileType::RegularFile => LiveKind::File,
        FileType::Directory => LiveKind::Directory,
        FileType::Symlink => LiveKind::Symlink,
        _ => LiveKind::Other,
    }
}

fn entry(path: Vec<u8>, facts: &Statx, boundary: bool) -> LiveEntry {
    let kind = kind(facts);
    let size = if matches!(kind, LiveKind::File | LiveKind::Symlink) { facts.stx_size } else { 0 };
    let occupied = (facts.stx_blocks * STAT_BLOCK_BYTES).next_multiple_of(DISK_UNIT_BYTES);
    LiveEntry {
        path,
        kind,
        mode: u32::from(facts.stx_mode) & 0o7777,
        uid: facts.stx_uid,
        gid: facts.stx_gid,
        size,
        mtime: Mtime { seconds: facts.stx_mtime.tv_sec, nanoseconds: facts.stx_mtime.tv_nsec },
        changed: Mtime { seconds: facts.stx_ctime.tv_sec, nanoseconds: facts.stx_ctime.tv_nsec },
        disk_bytes: occupied.max(DISK_UNIT_BYTES),
        links: facts.stx_nlink,
        inode: facts.stx_ino,
        boundary,
        is_device: matches!(
            FileType::from_raw_mode(facts.stx_mode.into()),
            FileType::CharacterDevice | FileType::BlockDevice
        ),
        extra: Extra::default(),
    }
}

fn io(doing: &str, path: &[u8], error: Errno) -> Failure {
    let error = error.into();
    let failure = Failure::io(doing, &to_path(path), &error);
    if is_denied(&error) { failure.unreadable() } else { failure }
}

/// For messages: the root has no name of its own.
fn to_path(path: &[u8]) -> std::path::PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    if path.is_empty() { ".".into() } else { std::ffi::OsStr::from_bytes(path).into() }
}

#[cfg(test)]
mod tests;
