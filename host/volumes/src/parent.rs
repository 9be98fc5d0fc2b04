//! One resolved parent directory, held open: the place of a live volume and its sibling (protocol, rules 1, 3, 4, 10).
//!
//! Everything goes through the directory's handle; the path is for messages and for asking whether it still leads
//! here. The one way to swap is `RENAME_EXCHANGE`. Nothing here removes anything that is not an empty directory.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use cap_std::fs::Dir;
use rustix::fs::{Statx, StatxFlags};
use rustix::io::Errno;

pub use self::flaw::{Flaw, flaw_above, flaws};
use super::beneath::{self, Name};
use super::identity::Identity;
use super::{ambient, syscalls};
use reforge_base::durable;
use reforge_base::effects::effect;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

mod flaw;

/// What every sibling's name starts with.
pub const SIBLING_PREFIX: &str = ".reforge-";

/// Of root's attributes and of everybody else's.
const ATTRIBUTE_SPACES: [&str; 2] = ["trusted", "user"];
const ATTRIBUTE_BYTES_MAX: usize = 64;

/// A directory in which live volumes and their siblings lie.
#[derive(Debug)]
pub struct Parent {
    path: PathBuf,
    /// On a real read-only descriptor, which can be synced. All that is done in here goes through it.
    directory: Dir,
}

impl Parent {
    /// Opens an absolute, resolved path. A link anywhere in it is refused: it could lead elsewhere tomorrow.
    pub fn open(path: &Path) -> Result<Parent> {
        Ok(Parent { path: path.to_owned(), directory: ambient::open(path)? })
    }

    /// The path, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory itself, for whoever works in it here.
    pub(crate) fn directory(&self) -> &Dir {
        &self.directory
    }

    /// Who has this name, if anyone.
    pub fn identity(&self, name: impl AsRef<OsStr>) -> Result<Option<Identity>> {
        let name = name_of(name.as_ref())?;
        Identity::of(&self.directory, name).map_err(|failure| failure.context(self.shown(name)))
    }

    /// Of the parent itself.
    pub fn own_identity(&self) -> Result<Identity> {
        Identity::of_open(self.as_fd(), &self.path)
    }

    /// Whether `name` is a directory with nothing in it.
    pub fn is_empty_directory(&self, name: impl AsRef<OsStr>) -> Result<bool> {
        let name = name.as_ref();
        let Some(directory) = self.open_live(name)? else { return Ok(false) };
        let failed = |error: std::io::Error| Failure::io("list", &self.path.join(name), &error);
        Ok(directory.entries().map_err(failed)?.next().is_none())
    }

    /// Makes an empty directory with mode 0700, which must not be there yet.
    pub fn make_directory(&self, name: impl AsRef<OsStr>) -> Result<()> {
        let name = name_of(name.as_ref())?;
        effect("make-directory", || Ok(beneath::make_directory(&self.directory, name)?))
            .map_err(|error| Failure::io("make", &self.path.join(name), &error))
    }

    /// Makes an empty directory that nobody else can enter, and answers who it is. Whoever may rename things in here may have
    /// put another in its place at once: what is answered is empty, the host's own and closed.
    pub fn make_own(&self, name: impl AsRef<OsStr>) -> Result<Identity> {
        let name = name.as_ref();
        self.make_directory(name)?;
        let shown = self.path.join(name);
        let made = self.open_live(name)?.ok_or_else(|| self.replaced(name))?;
        let facts = syscalls::facts(&made).map_err(|error| Failure::io("inspect", &shown, &error.into()))?;
        let is_own = facts.stx_uid == rustix::process::geteuid().as_raw() && facts.stx_mode & 0o077 == 0;
        let failed = |error: std::io::Error| Failure::io("list", &shown, &error);
        if !is_own || made.entries().map_err(failed)?.next().is_some() {
            return Err(self.replaced(name));
        }
        Identity::of_open(made.as_fd(), &shown)
    }

    /// Opens the directory of that name if it is this one, and whatever else is called so never.
    pub fn open_known(&self, name: impl AsRef<OsStr>, known: &Identity) -> Result<Dir> {
        let name = name.as_ref();
        let gone = || Failure::io("open", &self.path.join(name), &Errno::NOENT.into());
        let opened = self.open_live(name)?.ok_or_else(gone)?;
        match Identity::of_open(opened.as_fd(), &self.path.join(name))? == *known {
            true => Ok(opened),
            false => Err(self.replaced(name)),
        }
    }

    /// Exchanges two directories in one instant. The caller syncs afterwards, also when it finds it already done.
    pub fn exchange(&self, left: impl AsRef<OsStr>, right: impl AsRef<OsStr>) -> Result<()> {
        let (left, right) = (name_of(left.as_ref())?, name_of(right.as_ref())?);
        let exchanged = effect("exchange", || Ok(syscalls::exchange(&self.directory, left, right)?));
        exchanged.map_err(|error| refused_exchange(&self.path.join(left), &self.path.join(right), &error))
    }

    /// Gives a directory a name that nothing has. The caller syncs afterwards.
    pub fn put_back(&self, from: impl AsRef<OsStr>, to: impl AsRef<OsStr>) -> Result<()> {
        let (from, to) = (name_of(from.as_ref())?, name_of(to.as_ref())?);
        let renamed = effect("put-back", || Ok(syscalls::rename_to_free(&self.directory, from, to)?));
        renamed.map_err(|error| Failure::io("put back", &self.path.join(to), &error))
    }

    /// Removes an empty directory, and nothing else.
    pub fn remove_empty(&self, name: impl AsRef<OsStr>) -> Result<()> {
        let name = name_of(name.as_ref())?;
        effect("remove-empty", || Ok(beneath::remove_directory(&self.directory, name)?))
            .map_err(|error| Failure::io("remove", &self.path.join(name), &error))
    }

    /// Makes what happened to the names in here durable.
    pub fn sync(&self) -> Result<()> {
        durable::sync_open_directory(self.directory.as_fd(), &self.path)
    }

    /// An attribute of the parent itself that only a host sets; none where there is none, or can be none.
    pub fn attribute(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let mut newest = None;
        for space in ATTRIBUTE_SPACES {
            let mut value = [0; ATTRIBUTE_BYTES_MAX];
            match syscalls::attribute(&self.directory, format!("{space}.{name}"), &mut value) {
                Ok(length) => newest = newest.max(Some(value[..length].to_vec())),
                Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::PERM | Errno::ACCESS) => {}
                Err(error) => return Err(Failure::io("read an attribute of", &self.path, &error.into())),
            }
        }
        Ok(newest)
    }

    /// Sets it, if the file system has attributes and this process may.
    pub fn set_attribute(&self, name: &str, value: &[u8]) -> Result<()> {
        let space = ATTRIBUTE_SPACES[usize::from(!rustix::process::geteuid().is_root())];
        let set = effect("set-attribute", || {
            match syscalls::set_attribute(&self.directory, format!("{space}.{name}"), value) {
                Err(Errno::OPNOTSUPP | Errno::PERM | Errno::ACCESS) => Ok(()),
                set => Ok(set?),
            }
        });
        set.map_err(|error| Failure::io("set an attribute of", &self.path, &error))
    }

    /// Opens a directory in here on a real descriptor; none when the name is free. A link is never followed.
    pub fn open_live(&self, name: impl AsRef<OsStr>) -> Result<Option<Dir>> {
        let name = name_of(name.as_ref())?;
        match beneath::directory(&self.directory, name) {
            Ok(opened) => Ok(Some(opened)),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::NOTDIR | Errno::LOOP) => Err(Failure::new(
                Code::VolumeRefused,
                message!("mount-point-is-not-a-directory", shown = self.shown(name)),
            )),
            Err(error) => Err(Failure::io("open", &self.path.join(name), &error.into())),
        }
    }

    /// Whether the path leads to this same directory on this same mount.
    pub fn still_reached_by_path(&self) -> Result<bool> {
        match ambient::open(&self.path) {
            // Both are held open, so equal numbers mean the same directory.
            Ok(reached) => Ok(self.location(&reached)? == self.location(&self.directory)?),
            Err(failure) if matches!(failure.code, Code::NotFound | Code::VolumeRefused) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Proves that an exchange works in here, on two empty directories that a record has named (protocol, step 3).
    pub fn probe(&self, left: impl AsRef<OsStr>, right: impl AsRef<OsStr>) -> Result<()> {
        let (left, right) = (name_of(left.as_ref())?, name_of(right.as_ref())?);
        self.make_directory(left)?;
        let proven = self.make_directory(right).and_then(|()| {
            let before = (self.identity(left)?, self.identity(right)?);
            let exchanged = self.exchange(left, right).and_then(|()| Ok((self.identity(right)?, self.identity(left)?)));
            let removed = self.remove_empty(right);
            let swapped = exchanged? == before;
            removed.and_then(|()| if swapped { Ok(()) } else { Err(self.not_exchanged()) })
        });
        // The first failure is the one to tell; what it left behind is empty and named in the record.
        proven.and(self.remove_empty(left))
    }

    /// The names in here that start like a sibling's, sorted.
    pub fn siblings(&self) -> Result<Vec<OsString>> {
        let failed = |error: std::io::Error| Failure::io("list", &self.path, &error);
        let mut names = Vec::new();
        for entry in self.directory.entries().map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            if name.as_bytes().starts_with(SIBLING_PREFIX.as_bytes()) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Refuses a parent in which someone else could put things in the way of this live (protocol, rule 10).
    pub fn refuse_untrusted(&self, live: impl AsRef<OsStr>) -> Result<()> {
        let failed = |error: Errno| Failure::io("inspect", &self.path, &error.into());
        let facts = syscalls::facts(&self.directory).map_err(failed)?;
        let found = match syscalls::facts_of(&self.directory, name_of(live.as_ref())?) {
            Ok(found) => Some(found),
            Err(Errno::NOENT) => None,
            Err(error) => return Err(failed(error)),
        };
        let own = flaws(&facts, found.as_ref()).into_iter().map(|flaw| (self.path.clone(), flaw));
        // An exchange in it says that it is fixed.
        let own = own.into_iter().find(|(_, flaw)| *flaw != Flaw::Fixed);
        let flaw = own.map_or_else(|| flaw_above(&self.path, &facts), |flaw| Ok(Some(flaw)))?;
        let Some((path, flaw)) = flaw else { return Ok(()) };
        let path = escape::path(&path);
        let (message, hint) = match flaw {
            Flaw::Owner(uid) => {
                (message!("which-holds-a-volume-belongs", path, st_uid = uid), message!("give-it-to-root"))
            }
            _ => (message!("others-may-write-to-which-holds", path), message!("chmod-go-w-unquoted", path)),
        };
        Err(Failure::new(Code::VolumeRefused, message).hint(hint))
    }

    /// The mount that something in here lies on.
    pub fn mount_of(&self, name: impl AsRef<OsStr>) -> Result<u64> {
        let name = name_of(name.as_ref())?;
        let location = syscalls::facts_of(&self.directory, name).map_err(std::io::Error::from);
        let location = location.and_then(|facts| FileLocation::from_facts(&facts));
        location.map(|location| location.mount).map_err(|error| Failure::io("look at", &self.path.join(name), &error))
    }

    fn shown(&self, name: Name<'_>) -> String {
        format!("`{}`", escape::path(&self.path.join(name)))
    }

    fn replaced(&self, name: &OsStr) -> Failure {
        let message = message!("something-else-was-put-in-its-place", path = escape::path(&self.path.join(name)));
        Failure::new(Code::VolumeRefused, message).hint(message!("something-else-moves-these-directories"))
    }

    fn not_exchanged(&self) -> Failure {
        let path = escape::path(&self.path);
        Failure::new(Code::VolumeRefused, message!("an-exchange-in-was-reported-done", path))
            .hint(message!("the-file-system-cannot-be-trusted"))
    }

    fn location(&self, directory: &Dir) -> Result<FileLocation> {
        FileLocation::of(directory).map_err(|error| Failure::io("inspect", &self.path, &error))
    }
}

impl AsFd for Parent {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }
}

/// Where an open file lies, as long as it is held open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileLocation {
    pub mount: u64,
    pub device: (u32, u32),
    pub inode: u64,
}

impl FileLocation {
    pub(crate) fn of(opened: impl AsFd) -> std::io::Result<FileLocation> {
        FileLocation::from_facts(&syscalls::facts(opened)?)
    }

    pub(crate) fn from_facts(facts: &Statx) -> std::io::Result<FileLocation> {
        if facts.stx_mask & StatxFlags::MNT_ID.bits() == 0 {
            // Without it a mount could not be told from a directory.
            return Err(std::io::Error::other(message!("the-kernel-does-not-tell-mounts")));
        }
        let device = (facts.stx_dev_major, facts.stx_dev_minor);
        Ok(FileLocation { mount: facts.stx_mnt_id, device, inode: facts.stx_ino })
    }

    /// Whether a walk from one to the other would stay on one mount of one file system (and one subvolume).
    pub(crate) fn same_tree(&self, other: &FileLocation) -> bool {
        (self.mount, self.device) == (other.mount, other.device)
    }
}

/// A name is one component: nothing that could lead out of the parent.
fn name_of(name: &OsStr) -> Result<Name<'_>> {
    let refused = || Failure::new(Code::Usage, message!("is-not-a-name", bytes = escape::bytes(name.as_bytes())));
    Name::new(name).ok_or_else(refused)
}

/// Says why an exchange cannot be, and what to do about it.
fn refused_exchange(left: &Path, right: &Path, error: &std::io::Error) -> Failure {
    let pair = message!("cannot-exchange-and", left = escape::path(left), right = escape::path(right));
    let (code, reason, hint) = match Errno::from_io_error(error) {
        Some(Errno::XDEV) => {
            (Code::VolumeRefused, message!("they-are-not-on-one-file"), message!("do-not-mount-anything"))
        }
        Some(Errno::BUSY) => {
            (Code::VolumeRefused, message!("one-of-them-is-a-mount"), message!("mount-the-file-system-one-level"))
        }
        Some(Errno::ACCESS) => {
            (Code::VolumeRefused, message!("system-permission-denied"), message!("run-the-host-as-the-parents"))
        }
        Some(Errno::PERM) => {
            (Code::VolumeRefused, message!("the-file-system-forbids-it"), message!("look-for-immutable-or-append-only"))
        }
        Some(Errno::INVAL | Errno::NOSYS) => {
            (Code::VolumeRefused, message!("the-file-system-or-the-kernel"), message!("keep-the-volume-on-a-local"))
        }
        Some(Errno::NAMETOOLONG) => {
            (Code::VolumeRefused, message!("a-name-is-too-long"), message!("use-a-shorter-directory-name"))
        }
        Some(Errno::NOSPC | Errno::DQUOT) => {
            (Code::NoSpace, message!("no-room-for-the-directory-entries"), message!("free-some-space-metadata-space"))
        }
        Some(Errno::ROFS) => {
            (Code::VolumeRefused, message!("the-file-system-is-read-only"), message!("look-for-disk-errors-in"))
        }
        Some(Errno::NOENT) => {
            (Code::VolumeRefused, message!("one-of-them-is-gone"), message!("something-else-moves-these-directories"))
        }
        _ => return Failure::io("exchange", left, error).context(pair),
    };
    Failure::new(code, message!("what-and-why", text = pair, more = reason)).hint(hint)
}

#[cfg(test)]
mod tests;
