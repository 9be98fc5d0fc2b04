//! Looks at a live tree: names, kinds, sizes and times, never contents, while the app may go on changing it.
//!
//! Depth first, siblings in byte order, the root first: the order of a captured archive. Entries that vanish are left
//! out, links are never followed, and a mount or a nested subvolume is reported and not entered. Memory is bounded by
//! the names of one directory a level. Changes nothing.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::path::Path;

use cap_std::fs::Dir;
use rustix::fs::{FileType, Statx};
use rustix::io::Errno;

use super::inode_flags::Extra;
use super::parent::FileLocation;
use super::walk::{ListedName, Step, Walk};
use super::{beneath, syscalls};
use crate::tree_digest::Mtime;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result, is_denied};
use reforge_base::limits::{self, DEPTH_MAX, DISK_UNIT_BYTES};
use reforge_base::message;
use reforge_base::permissions::Permissions;
use reforge_base::remark::Gathered;

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
    pub out_of_reach: Option<(Vec<u8>, Message)>,
    /// Entries with inode flags or a project id, of which an old snapshot holds nothing, and the first of them.
    pub flagged: u64,
    pub first_flagged: Vec<u8>,
    /// Immutable and append-only ones, which nobody can remove.
    pub fixed: Gathered,
}

impl LiveEntry {
    /// Why this process could not capture and restore the entry, if it could not.
    fn problem(&self, permissions: &Permissions) -> Option<Message> {
        let unread = || if self.kind == LiveKind::File { permissions.read_problem(self.mode) } else { None };
        permissions.owner_problem(self.uid, self.gid).or_else(unread)
    }
}

/// Counts everything below an open directory. Refuses what a snapshot of it could not hold or a restore not bring back.
pub fn totals(root: impl Borrow<Dir>) -> Result<Totals> {
    let permissions = Permissions::own().map_err(|error| io("learn the groups of this process for", b"", error))?;
    let mut totals = Totals::default();
    let mut seen = HashSet::new();
    let root = root.borrow();
    let tree = LiveTree { with_extra: true, ..LiveTree::open(root)? };
    let root = Extra::of(beneath::again(root).map_err(|error| io("open", b"", error))?);
    for entry in tree {
        let entry = entry?;
        if !entry.path.is_empty() && entry.extra.is_lost_below(root) {
            if totals.flagged == 0 {
                totals.first_flagged.clone_from(&entry.path);
            }
            totals.flagged += 1;
        }
        if !entry.path.is_empty() && entry.extra.is_fixed() {
            totals.fixed.add(|| escape::bytes(&entry.path));
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
pub fn newest_change_ms(root: impl Borrow<Dir>) -> Result<Option<i64>> {
    LiveTree::open(root)?.skip(1).try_fold(None, |newest, entry| Ok(newest.max(Some(milliseconds(entry?.changed)))))
}

/// Something below the root that changed after that many milliseconds since 1970, by its path; none if nothing did.
pub fn changed_after_ms(root: impl Borrow<Dir>, at: i64) -> Result<Option<Vec<u8>>> {
    for entry in LiveTree::open(root)?.skip(1) {
        let entry = entry?;
        if milliseconds(entry.changed) > at {
            return Ok(Some(entry.path));
        }
    }
    Ok(None)
}

fn milliseconds(at: Mtime) -> i64 {
    at.seconds * 1000 + i64::from(at.nanoseconds / 1_000_000)
}

fn refuse_unrestorable(entry: &LiveEntry) -> Result<()> {
    let Some(problem) = limits::path_problem(&entry.path).or_else(|| limits::size_problem(entry.size)) else {
        return Ok(());
    };
    Err(unrestorable(&entry.path, &problem))
}

fn unrestorable(path: &[u8], problem: &Message) -> Failure {
    Failure::new(Code::PolicyRefused, message!("file-and-why", file = escape::bytes(path), why = problem))
        .hint(message!("no-restore-could-bring-it-back"))
}

/// The walk itself.
#[derive(Debug)]
pub struct LiveTree {
    root: FileLocation,
    /// Given out first.
    first: Option<LiveEntry>,
    walk: Walk<()>,
    /// Whether each file is opened to ask for its inode flags.
    with_extra: bool,
}

impl LiveTree {
    /// Starts at an open directory.
    pub fn open(root: impl Borrow<Dir>) -> Result<LiveTree> {
        let failed = |error: Errno| io("open", b"", error);
        let directory = beneath::again_unmoved(root.borrow()).map_err(failed)?;
        let facts = syscalls::facts(&directory).map_err(failed)?;
        let root = FileLocation::from_facts(&facts).map_err(|error| Failure::io("inspect", Path::new("."), &error))?;
        let mut walk = Walk::default();
        walk.enter(directory, (), true).map_err(|error| io("list", b"", error))?;
        Ok(LiveTree { root, first: Some(entry(Vec::new(), &facts, false)), walk, with_extra: false })
    }

    /// Directories that it holds open: those above the next entry.
    pub fn levels(&self) -> usize {
        self.walk.levels()
    }

    /// The entry of one name; none when it has vanished.
    fn visit(&mut self, listed: &ListedName) -> Result<Option<LiveEntry>> {
        let path = self.walk.path();
        let facts = match listed.name().and_then(|name| syscalls::facts_of(&listed.directory, name)) {
            Ok(facts) => facts,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(io("inspect", path, error)),
        };
        if kind(&facts) != LiveKind::Directory {
            let mut found = entry(path.to_owned(), &facts, false);
            if self.with_extra && found.kind == LiveKind::File {
                found.extra = extra_of_file(listed);
            }
            return Ok(Some(found));
        }
        let depth = self.walk.levels();
        if depth > DEPTH_MAX {
            return Err(unrestorable(path, &message!("is-directories-deep-the-limit-is", depth, limit = DEPTH_MAX)));
        }
        self.enter(listed, &facts)
    }

    fn enter(&mut self, listed: &ListedName, facts: &Statx) -> Result<Option<LiveEntry>> {
        let path = self.walk.path().to_owned();
        // Looked at before it is opened, so that nothing is mounted on demand and no foreign file system is asked.
        let there =
            FileLocation { mount: facts.stx_mnt_id, device: (facts.stx_dev_major, facts.stx_dev_minor), inode: 0 };
        if !self.root.same_tree(&there) {
            return Ok(Some(entry(path, facts, true)));
        }
        let opened = listed.name().and_then(|name| beneath::directory_unmoved(&listed.directory, name));
        let directory = match opened {
            Ok(directory) => directory,
            // Gone, or something else by now: what it was is no longer there.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(None),
            Err(error) => return Err(io("open", &path, error)),
        };
        let facts = syscalls::facts(&directory).map_err(|error| io("inspect", &path, error))?;
        let opened =
            FileLocation::from_facts(&facts).map_err(|error| Failure::io("inspect", &to_path(&path), &error))?;
        if !self.root.same_tree(&opened) {
            return Ok(Some(entry(path, &facts, true)));
        }
        let extra = if self.with_extra { Extra::of(&directory) } else { Extra::default() };
        self.walk.enter(directory, (), true).map_err(|error| io("list", &path, error))?;
        Ok(Some(LiveEntry { extra, ..entry(path, &facts, false) }))
    }
}

impl Iterator for LiveTree {
    type Item = Result<LiveEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(root) = self.first.take() {
            return Some(Ok(root));
        }
        loop {
            let Step::Name(listed) = self.walk.step()? else { continue };
            match self.visit(&listed) {
                Ok(None) => {}
                Ok(Some(entry)) => return Some(Ok(entry)),
                Err(failure) => {
                    // Half a walk must not pass for a whole one.
                    self.walk.stop();
                    return Some(Err(failure));
                }
            }
        }
    }
}

/// Of a file that cannot be opened nothing is known, and what that means for a snapshot is said elsewhere.
fn extra_of_file(listed: &ListedName) -> Extra {
    let opened = listed.name().and_then(|name| beneath::file_unmoved(&listed.directory, name));
    opened.map_or_else(|_| Extra::default(), Extra::of)
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
