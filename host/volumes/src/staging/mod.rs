//! The new tree of one volume while it is filled (protocol, step 4; rules 5 and 10).
//!
//! A staging fills a directory that the transaction has made and recorded: empty, in live's own parent. Several
//! threads fill it side by side. It never follows a link, never touches anything outside that directory, and after the
//! first failure takes nothing more: one bad entry refuses the restore. Each block of content is digested once, on the
//! thread that writes it. After the seal nothing of it is held open, so that nothing stands below the new live.

pub mod attributes;
mod directories;
mod entries;
pub mod entry_path;
mod flags;
mod large_file;
pub mod own_umask;
mod quota;
mod root;
mod seal;
mod write_out;

use std::borrow::{Borrow, Cow};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use cap_std::fs::Dir;
use rustix::io::Errno;

use self::attributes::{Creation, Present};
use self::directories::Directories;
use self::entries::{Entries, EntryKind};
use self::entry_path::{check, check_below_root, refused, split};
use self::flags::Flags;
use self::large_file::Large;
pub use self::large_file::LargeFile;
use self::quota::QuotaUse;
pub use self::quota::{Expected, Policy, Progress, Quota};
pub use self::seal::Sealed;
use self::write_out::WriteOut;
use super::beneath::{self, Name};
use super::identity::Identity;
use super::parent::Parent;
use crate::tree_digest::{self, BLOCK_BYTES, DigestedKind, Metadata};
use reforge_base::Message;
use reforge_base::durable::FileSystem;
use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::limits::{self, PIECE_BYTES_MAX};
use reforge_base::message;

/// What is staged whole is digested as one block.
const _: () = assert!(PIECE_BYTES_MAX as u64 <= BLOCK_BYTES);

/// Fills one sibling. Shared by threads through `&self`.
#[derive(Debug)]
pub struct Staging(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    quota: Quota,
    quota_use: QuotaUse,
    has_failed: AtomicBool,
    first_failure: Mutex<Option<Failure>>,
    /// Read by every call while it works, so that the seal, which takes it out, waits for them. None once sealed.
    open: RwLock<Option<Open>>,
}

/// Everything that is open or remembered until the seal.
#[derive(Debug)]
struct Open {
    directories: Directories,
    flags: Arc<Flags>,
    creation: Creation,
    entries: Entries,
    /// Directories that wait for their metadata.
    made: Mutex<Vec<(Box<[u8]>, Metadata)>>,
    links: Mutex<Vec<Link>>,
    large: Mutex<HashMap<Box<[u8]>, Arc<Large>>>,
    file_system: FileSystem,
    write_out: WriteOut,
}

/// A link that waits for the seal.
#[derive(Debug)]
struct Link {
    path: Box<[u8]>,
    metadata: Metadata,
    /// Empty for a hard link.
    target: Box<[u8]>,
    /// None for a symbolic link.
    leader: Option<Box<[u8]>>,
}

impl Link {
    fn order(&self) -> bool {
        self.leader.is_none()
    }
}

impl Staging {
    /// Takes over the empty directory `sibling` in `parent`. Inode flags and project id come from `live`, if there is
    /// one.
    pub fn create(
        parent: &Parent,
        sibling: impl AsRef<OsStr>,
        live: Option<impl Borrow<Dir>>,
        quota: Quota,
    ) -> Result<Staging> {
        let (path, sibling) = (parent.path().join(sibling.as_ref()), sibling.as_ref());
        let gone = || Failure::io("open", &path, &Errno::NOENT.into());
        Staging::in_root(parent, path.clone(), || parent.open_live(sibling)?.ok_or_else(gone), live, quota)
    }

    /// The same of the directory that was made and recorded: another of that name is never filled.
    pub fn create_known(
        parent: &Parent,
        sibling: impl AsRef<OsStr>,
        known: &Identity,
        live: Option<impl Borrow<Dir>>,
        quota: Quota,
    ) -> Result<Staging> {
        let (path, sibling) = (parent.path().join(sibling.as_ref()), sibling.as_ref());
        Staging::in_root(parent, path, || parent.open_known(sibling, known), live, quota)
    }

    fn in_root(
        parent: &Parent,
        path: PathBuf,
        root: impl FnOnce() -> Result<Dir>,
        live: Option<impl Borrow<Dir>>,
        quota: Quota,
    ) -> Result<Staging> {
        // Opened first: it must have seen every write error from here on.
        let file_system = FileSystem::of(parent.as_fd(), parent.path())?;
        let root = root()?;
        let creation = root::prepare(&root, &path, live.as_ref().map(Borrow::borrow))?;
        let flags = Arc::new(Flags::new(quota.flags.clone()));
        if live.is_none() {
            let opened = beneath::again(&root).map_err(|error| Failure::io("open", &path, &error.into()))?;
            flags.set(opened, b"")?;
        }
        let open = Open {
            directories: Directories::new(root, Arc::clone(&flags)),
            flags,
            creation,
            entries: Entries::default(),
            made: Mutex::default(),
            links: Mutex::default(),
            large: Mutex::default(),
            write_out: WriteOut::start(FileSystem::of(parent.as_fd(), parent.path())?),
            file_system,
        };
        Ok(Staging(Arc::new(Inner {
            path,
            quota,
            quota_use: QuotaUse::default(),
            has_failed: AtomicBool::new(false),
            first_failure: Mutex::default(),
            open: RwLock::new(Some(open)),
        })))
    }

    /// A directory; the empty path is the volume's root. It exists when this returns, its metadata come at the seal.
    pub fn directory(&self, path: &[u8], metadata: &Metadata) -> Result<()> {
        self.0.run(|open| {
            check(path)?;
            let metadata = attributes::check(path, metadata, self.0.quota.policy)?;
            self.0.quota_use.announce(&self.0.quota.expected, 0)?;
            self.0.list(path, b"", &metadata.xattrs)?;
            self.0.occupy(open, 0)?;
            staged("stage-directory", path, || open.directories.make(path))?;
            let digest = tree_digest::entry(path, &metadata, DigestedKind::Directory);
            open.entries.push(EntryKind::Directory, path, &digest);
            open.made.lock().unwrap_or_else(PoisonError::into_inner).push((path.into(), metadata.into_owned()));
            Ok(())
        })
    }

    /// A file of one piece, whole.
    pub fn file(&self, path: &[u8], metadata: &Metadata, content: &[u8]) -> Result<()> {
        self.0.run(|open| {
            check_below_root(path)?;
            if content.len() > PIECE_BYTES_MAX {
                return Err(Failure::new(Code::TooLarge, message!("a-file-staged-whole-holds-more")));
            }
            let metadata = attributes::check(path, metadata, self.0.quota.policy)?;
            let size = content.len() as u64;
            self.0.quota_use.announce(&self.0.quota.expected, size)?;
            self.0.list(path, b"", &[])?;
            self.0.occupy(open, size)?;
            staged("stage-file", path, || open.make_file(path, &metadata, content))?;
            let blocks = (size > 0).then(|| tree_digest::block(content));
            let content = tree_digest::content(&blocks);
            let digest = tree_digest::entry(path, &metadata, DigestedKind::File { size, content: &content });
            open.entries.push(EntryKind::File, path, &digest);
            self.0.quota_use.wrote(size, &open.write_out);
            Ok(())
        })
    }

    /// A file of any size, by its header, to be written in pieces.
    pub fn large_file(&self, path: &[u8], metadata: &Metadata, size: u64) -> Result<LargeFile> {
        self.0.run(|open| {
            check_below_root(path)?;
            let metadata = attributes::check(path, metadata, self.0.quota.policy)?;
            self.0.quota_use.announce(&self.0.quota.expected, size)?;
            self.0.list(path, b"", &metadata.xattrs)?;
            let (large, _) = open.large(path, size)?;
            large.claim(metadata.into_owned())?;
            self.0.open_large(open, large)
        })
    }

    /// The same file for a part that begins inside it. Its header may come later.
    pub fn large_file_part(&self, path: &[u8], size: u64) -> Result<LargeFile> {
        self.0.run(|open| {
            check_below_root(path)?;
            if size > self.0.quota.expected.bytes {
                return Err(refused(path, message!("is-larger-than-the-whole-volume")));
            }
            let (large, is_new) = open.large(path, size)?;
            if is_new {
                self.0.list(path, b"", &[])?;
            }
            self.0.open_large(open, large)
        })
    }

    /// A symbolic link, made at the seal and never followed.
    pub fn symlink(&self, path: &[u8], metadata: &Metadata, target: &[u8]) -> Result<()> {
        let digest = |metadata: &Metadata| tree_digest::entry(path, metadata, DigestedKind::Symlink { target });
        self.0.run(|open| {
            limits::target_problem(target).map_or(Ok(()), |problem| Err(refused(path, &problem)))?;
            let metadata = self.0.check_link(path, metadata, target, message!("a-symbolic-link"))?;
            open.entries.push(EntryKind::Symlink, path, &digest(&metadata));
            open.remember(path, metadata.into_owned(), target.into(), None);
            self.0.occupy(open, target.len() as u64)
        })
    }

    /// A further name of a regular file of this volume, made at the seal.
    pub fn hard_link(&self, path: &[u8], metadata: &Metadata, leader: &[u8]) -> Result<()> {
        let digest = |metadata: &Metadata| tree_digest::entry(path, metadata, DigestedKind::HardLink { leader });
        self.0.run(|open| {
            check_below_root(leader)?;
            let metadata = self.0.check_link(path, metadata, leader, message!("a-hard-link"))?;
            open.entries.push(EntryKind::HardLink, path, &digest(&metadata));
            open.remember(path, metadata.into_owned(), Box::default(), Some(leader.into()));
            Ok(())
        })
    }

    /// Ends the staging. Waits for calls that are under way; every later call is out of order.
    pub fn seal(&self) -> Result<Sealed> {
        let open = self.0.open.write().unwrap_or_else(PoisonError::into_inner).take();
        let open = open.ok_or_else(sealed_already)?;
        self.0.refuse_failed()?;
        self.0.quota.refuse_cancelled()?;
        self.0.remembering(seal::seal(&self.0, open))
    }

    /// Where it lies, for messages.
    pub fn path(&self) -> &std::path::Path {
        &self.0.path
    }

    /// How far it has come; may be read while other threads fill it.
    pub fn progress(&self) -> &Progress {
        &self.0.quota_use.progress
    }
}

impl Inner {
    /// Runs one call: not cancelled, nothing failed before, not sealed yet; its failure is kept for the seal.
    fn run<T>(&self, call: impl FnOnce(&Open) -> Result<T>) -> Result<T> {
        self.quota.refuse_cancelled()?;
        self.refuse_failed()?;
        let gate = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let open = gate.as_ref().ok_or_else(sealed_already)?;
        self.remembering(call(open))
    }

    fn refuse_failed(&self) -> Result<()> {
        if !self.has_failed.load(Ordering::Acquire) {
            return Ok(());
        }
        let first = self.first_failure.lock().unwrap_or_else(PoisonError::into_inner);
        first.clone().map_or(Ok(()), Err)
    }

    fn remembering<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(failure) = &result {
            let mut first = self.first_failure.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert_with(|| failure.clone());
            self.has_failed.store(true, Ordering::Release);
        }
        result
    }

    fn occupy(&self, open: &Open, bytes: u64) -> Result<()> {
        self.quota_use.occupy(&self.quota.budget, open.directories.root().as_fd(), bytes, true)
    }

    fn open_large(self: &Arc<Self>, open: &Open, large: Arc<Large>) -> Result<LargeFile> {
        self.occupy(open, 0)?;
        let file = staged("stage-large-file", &large.path, || large.open(open))?;
        Ok(LargeFile::new(Arc::clone(self), large, file))
    }

    /// Charges what is held of an entry until the seal.
    fn list(&self, path: &[u8], target: &[u8], waiting: &[(Vec<u8>, Vec<u8>)]) -> Result<()> {
        let problem = self.quota_use.listed.add(path, target, waiting);
        problem.map_or(Ok(()), |problem| Err(refused(path, &problem).with_code(Code::TooLarge)))
    }

    fn check_link<'a>(
        &self,
        path: &[u8],
        metadata: &'a Metadata,
        target: &[u8],
        what: Message,
    ) -> Result<Cow<'a, Metadata>> {
        check_below_root(path)?;
        if !self.quota.policy.links {
            let message = message!("entry-is", path = reforge_base::escape::bytes(path), what);
            return Err(
                Failure::new(Code::PolicyRefused, message).hint(message!("add-links-contained-to-the-workload"))
            );
        }
        let metadata = attributes::check(path, metadata, self.quota.policy)?;
        self.quota_use.announce(&self.quota.expected, 0)?;
        self.list(path, target, &metadata.xattrs)?;
        Ok(metadata)
    }
}

impl Open {
    fn make_file(&self, path: &[u8], metadata: &Metadata, content: &[u8]) -> Result<()> {
        let (above, name) = split(path);
        let above = self.directories.open(above)?;
        let mode = self.creation.mode_of_new_file(metadata);
        let made = Name::from_bytes(name).and_then(|name| beneath::new_file(&above, name, mode));
        let mut file = made.map_err(|error| not_made(path, error))?;
        self.flags.set(&file, path)?;
        file.write_all(content).map_err(|error| attributes::io("write", path, error))?;
        self.creation.finish(
            file.as_fd(),
            path,
            metadata,
            Present { mode: own_umask::mode_of_new(mode, self.creation.umask) },
        )
    }

    /// The large file of this path: the same one for everybody who says the same size. And whether it is a new one.
    fn large(&self, path: &[u8], size: u64) -> Result<(Arc<Large>, bool)> {
        limits::size_problem(size).map_or(Ok(()), |problem| Err(refused(path, &problem)))?;
        let mut large = self.large.lock().unwrap_or_else(PoisonError::into_inner);
        let known = large.len();
        let file = Arc::clone(large.entry(path.into()).or_insert_with(|| Arc::new(Large::new(path, size))));
        if file.size == size {
            Ok((file, large.len() > known))
        } else {
            Err(refused(path, message!("has-two-sizes-in-the-archive")))
        }
    }

    fn remember(&self, path: &[u8], metadata: Metadata, target: Box<[u8]>, leader: Option<Box<[u8]>>) {
        let link = Link { path: path.into(), metadata, target, leader };
        self.links.lock().unwrap_or_else(PoisonError::into_inner).push(link);
    }
}

/// One numbered effect on an entry.
fn staged<T: 'static>(name: &str, path: &[u8], run: impl FnOnce() -> Result<T>) -> Result<T> {
    let done = effect(name, || Ok(run()));
    done.map_err(|error| Failure::io("stage", std::path::Path::new(path_text(path)), &error))?
}

fn path_text(path: &[u8]) -> &OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(path)
}

/// An entry that could not be made under its name.
fn not_made(path: &[u8], error: Errno) -> Failure {
    match error {
        Errno::EXIST => refused(path, message!("is-in-the-archive-twice-or")),
        Errno::NAMETOOLONG => refused(path, message!("has-a-name-too-long")),
        other => attributes::io("make", path, other),
    }
}

fn sealed_already() -> Failure {
    Failure::new(Code::OutOfOrder, message!("this-staging-is-sealed"))
}

#[cfg(test)]
mod tests;
