//! Inode flags and project id of a volume's root: what a new tree must share with the old one (protocol, rule 10). And
//! flags of what is below it, which a snapshot has beside its archive.
//!
//! A staging without live's project id loses the quota, and its exchange fails with EXDEV; one without the flag that
//! switches copy-on-write off ruins a database's speed for good. They are inherited by what is made below, so they are
//! copied before the first entry, and those of an entry are set before it holds anything. Must never set a flag that would
//! keep the tree from being filled or removed.

use std::collections::HashMap;
use std::os::fd::AsFd;
use std::path::Path;

use cap_std::fs::Dir;
use rustix::fs::StatxAttributes;
use rustix::io::Errno;

use super::beneath;
use super::syscalls::{self, Extended};
use reforge_base::effects::effect;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// `FS_*_FL` that are copied: compression on and off, synchronous, no dump, no access times, data journal, synchronous
/// directory, no copy-on-write, direct access, inherited project.
const COPIED_FLAGS: u32 = 0x4 | 0x8 | 0x40 | 0x80 | 0x400 | 0x4000 | 0x1_0000 | 0x80_0000 | 0x200_0000 | 0x2000_0000;

/// `FS_IMMUTABLE_FL`, `FS_APPEND_FL`, `FS_ENCRYPT_FL`, `FS_CASEFOLD_FL`.
const IMMUTABLE: u32 = 0x10;
const APPEND_ONLY: u32 = 0x20;
const ENCRYPTED: u32 = 0x800;
const CASE_FOLDED: u32 = 0x4000_0000;

/// `FS_*_FL` that a person or a program has set: those that are copied, immutable and append-only. That something is not
/// compressed, a file system notes by itself.
const TOLD_FLAGS: u32 = (COPIED_FLAGS | IMMUTABLE | APPEND_ONLY) & !0x400;

/// What is brought back below the root, as `lsattr` writes it: compression, synchronous, no dump, no access times, data
/// journal, synchronous directory, no copy-on-write.
const RESTORED: [(char, u32); 7] =
    [('c', 0x4), ('S', 0x8), ('d', 0x40), ('A', 0x80), ('j', 0x4000), ('D', SYNCHRONOUS_DIRECTORY), ('C', 0x80_0000)];

/// `FS_DIRSYNC_FL`, which no file inherits.
const SYNCHRONOUS_DIRECTORY: u32 = 0x1_0000;

/// What is not: immutable and append-only, direct access, inherited project.
const LOST: [(char, u32); 4] = [('i', IMMUTABLE), ('a', APPEND_ONLY), ('x', 0x200_0000), ('P', 0x2000_0000)];

/// `BTRFS_SUPER_MAGIC`.
const BTRFS: u64 = 0x9123_683e;

/// Of the flags that are brought back, those that what is made in a directory gets by itself on btrfs; elsewhere all.
const INHERITED_ON_BTRFS: u32 = 0x4 | 0x80_0000;

/// `FS_XFLAG_*` that are copied: the same where they exist, and realtime, extent size and defragmentation of xfs.
const COPIED_XFLAGS: u32 = 0x20 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x1000 | 0x2000 | 0x8000 | 0x1_0000;

/// Gives `staging` what `live` has. Both are directories on one file system; the path is staging's, for messages.
pub fn copy(live: &Dir, staging: &Dir, path: &Path) -> Result<()> {
    let (live, staging) = (&reopened(live, path)?, &reopened(staging, path)?);
    let refused = |error: std::io::Error| {
        Failure::io("copy inode flags and project id to", path, &error).hint(message!("the-host-needs-the-right"))
    };
    if let (Some(wanted), Some(present)) = (flags(live, path)?, flags(staging, path)?) {
        let merged = present & !COPIED_FLAGS | wanted & COPIED_FLAGS;
        if merged != present {
            effect("set-inode-flags", || Ok(syscalls::set_inode_flags(staging, merged)?)).map_err(refused)?;
        }
    }
    if let (Some(wanted), Some(present)) = (extended(live, path)?, extended(staging, path)?) {
        let merged = Extended {
            xflags: present.xflags & !COPIED_XFLAGS | wanted.xflags & COPIED_XFLAGS,
            extent_size: wanted.extent_size,
            project: wanted.project,
            copy_on_write_extent_size: wanted.copy_on_write_extent_size,
            ..present
        };
        if merged != present {
            effect("set-project", || Ok(syscalls::set_extended(staging, merged)?)).map_err(refused)?;
        }
    }
    Ok(())
}

/// Flags and project id of one entry, of which a snapshot holds nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extra {
    flags: u32,
    project: u32,
}

impl Extra {
    /// Of an open file or directory. Where the file system has no such thing, or will not say, there is nothing.
    pub fn of(opened: impl AsFd) -> Extra {
        let flags = syscalls::inode_flags(&opened).unwrap_or(0);
        let project = syscalls::extended(&opened).map_or(0, |extended| extended.project);
        Extra { flags: flags & TOLD_FLAGS, project }
    }

    /// Whether a restore that knows no flags makes this entry, below a root that has `root`, without something that it has.
    pub fn is_lost_below(self, root: Extra) -> bool {
        self.flags & !(root.flags & COPIED_FLAGS) != 0 || self.project != root.project
    }

    /// Immutable or append-only: it can be neither changed nor removed.
    pub fn is_fixed(self) -> bool {
        self.flags & (IMMUTABLE | APPEND_ONLY) != 0
    }

    /// The flags that a restore brings back, as `lsattr` writes them, unless a file or directory in a directory that has
    /// `above` gets just these by itself.
    pub fn to_set(self, above: Extra, is_directory: bool, inheritance: Inheritance) -> Option<String> {
        let passed_on = if is_directory { inheritance.0 } else { inheritance.0 & !SYNCHRONOUS_DIRECTORY };
        let wanted = letters(&RESTORED, self.flags);
        (wanted != letters(&RESTORED, above.flags & passed_on)).then_some(wanted)
    }

    /// What no restore brings back of an entry below a root that has `root`, for people.
    pub fn lost_below(self, root: Extra) -> Option<String> {
        let flags = letters(&LOST, self.flags & !(root.flags & COPIED_FLAGS));
        let project = (self.project != root.project).then(|| format!("project {}", self.project));
        let lost: Vec<String> = (!flags.is_empty()).then_some(flags).into_iter().chain(project).collect();
        (!lost.is_empty()).then(|| lost.join(", "))
    }
}

/// Which flags what is made in a directory gets by itself.
#[derive(Clone, Copy, Debug)]
pub struct Inheritance(u32);

impl Inheritance {
    /// Of the file system that something open lies on.
    pub fn of(opened: impl AsFd) -> Inheritance {
        let is_btrfs = syscalls::file_system(opened).is_ok_and(|facts| facts.f_type as u64 == BTRFS);
        Inheritance(if is_btrfs { INHERITED_ON_BTRFS } else { u32::MAX })
    }
}

fn letters(of: &[(char, u32)], flags: u32) -> String {
    of.iter().filter(|(_, flag)| flags & flag != 0).map(|(letter, _)| *letter).collect()
}

/// Flags that a restore brings back, by the paths of their entries: these and no other that it brings back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted(HashMap<Box<[u8]>, u32>);

impl Wanted {
    /// Letters that mean nothing here are left out.
    pub fn add(&mut self, path: &[u8], letters: &str) {
        let flag = |letter| RESTORED.iter().find(|(known, _)| *known == letter).map_or(0, |(_, flag)| *flag);
        let flags = letters.chars().map(flag).fold(0, |all, flag| all | flag);
        self.0.insert(path.into(), flags);
    }

    /// Whether what an entry gets by itself is not what it is to have.
    pub fn has(&self, path: &[u8]) -> bool {
        self.0.contains_key(path)
    }

    /// Gives an entry, which holds nothing yet, what it is to have. False if the file system has no such flags, or this
    /// process may not set them: then it goes without.
    pub fn set(&self, opened: impl AsFd, path: &[u8]) -> std::io::Result<bool> {
        let Some(wanted) = self.0.get(path) else { return Ok(true) };
        let set = effect("set-inode-flags", || {
            let present = syscalls::inode_flags(&opened)?;
            let all = RESTORED.iter().fold(0, |all, (_, flag)| all | flag);
            let merged = present & !all | wanted;
            if merged != present {
                syscalls::set_inode_flags(&opened, merged)?;
            }
            Ok(())
        });
        match set {
            Ok(()) => Ok(true),
            Err(error) => match Errno::from_io_error(&error) {
                Some(Errno::NOTTY | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL | Errno::PERM | Errno::ACCESS) => {
                    Ok(false)
                }
                _ => Err(error),
            },
        }
    }
}

/// What a live root can have that keeps a restore from putting it aside, or a new tree from standing in for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    Immutable,
    AppendOnly,
    Encrypted,
    CaseFolded,
}

/// All of that which a live root has.
pub fn obstacles(live: &Dir) -> rustix::io::Result<Vec<Obstacle>> {
    let attributes = syscalls::facts(live)?.stx_attributes;
    let flags = supported(syscalls::inode_flags(beneath::again(live)?))?;
    Ok(told(attributes, flags.unwrap_or(0)))
}

/// Of what the kernel says of every file system, and what this one says by itself: a few say it in one way only.
fn told(attributes: StatxAttributes, flags: u32) -> Vec<Obstacle> {
    let rows = [
        (Obstacle::Immutable, StatxAttributes::IMMUTABLE, IMMUTABLE),
        (Obstacle::AppendOnly, StatxAttributes::APPEND, APPEND_ONLY),
        (Obstacle::Encrypted, StatxAttributes::ENCRYPTED, ENCRYPTED),
        (Obstacle::CaseFolded, StatxAttributes::empty(), CASE_FOLDED),
    ];
    let found = rows.into_iter().filter(|(_, attribute, flag)| attributes.intersects(*attribute) || flags & flag != 0);
    found.map(|(obstacle, ..)| obstacle).collect()
}

/// Refuses a live root with one of them. The path is for the message.
pub fn refuse_unsupported(live: &Dir, path: &Path) -> Result<()> {
    let found = obstacles(live).map_err(|error| Failure::io("inspect", path, &error.into()))?;
    let Some(first) = found.first() else { return Ok(()) };
    let path = escape::path(path);
    let (message, hint) = match first {
        Obstacle::Immutable => (message!("is-immutable-live", path), message!("chattr-i-alone")),
        Obstacle::AppendOnly => (message!("is-append-only-live", path), message!("chattr-a-alone")),
        Obstacle::Encrypted => (message!("is-encrypted-live", path), message!("encrypt-the-disk-below-instead")),
        Obstacle::CaseFolded => (message!("is-case-folding-live", path), message!("use-a-directory-that-tells-upper")),
    };
    Err(Failure::new(Code::VolumeRefused, message).hint(hint))
}

/// A descriptor that takes ioctls, also for a handle that does not.
fn reopened(directory: &Dir, path: &Path) -> Result<Dir> {
    beneath::again(directory).map_err(|error| Failure::io("open", path, &error.into()))
}

/// None where the file system has no such thing.
fn supported<T>(answer: rustix::io::Result<T>) -> rustix::io::Result<Option<T>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(Errno::NOTTY | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(None),
        Err(error) => Err(error),
    }
}

fn flags(directory: &Dir, path: &Path) -> Result<Option<u32>> {
    supported(syscalls::inode_flags(directory)).map_err(|error| unread(path, error))
}

fn extended(directory: &Dir, path: &Path) -> Result<Option<Extended>> {
    supported(syscalls::extended(directory)).map_err(|error| unread(path, error))
}

fn unread(path: &Path, error: Errno) -> Failure {
    Failure::io("read inode flags of", path, &error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_an_entry_would_not_get_by_itself_is_set_and_what_no_restore_sets_is_named() {
        let extra = |flags| Extra { flags, project: 0 };
        let (everywhere, on_btrfs) = (Inheritance(u32::MAX), Inheritance(INHERITED_ON_BTRFS));
        let (nocow, no_times) = (extra(0x80_0000), extra(0x80));
        assert_eq!(nocow.to_set(extra(0), false, on_btrfs).as_deref(), Some("C"));
        assert_eq!(nocow.to_set(nocow, false, on_btrfs), None);
        assert_eq!(extra(0x80_0080).to_set(nocow, false, on_btrfs).as_deref(), Some("AC"));
        assert_eq!(no_times.to_set(no_times, false, on_btrfs).as_deref(), Some("A"));
        assert_eq!(no_times.to_set(no_times, false, everywhere), None);
        // Made before its directory had them.
        assert_eq!(extra(0).to_set(no_times, false, everywhere).as_deref(), Some(""));
        assert_eq!(extra(0).to_set(no_times, false, on_btrfs), None);
        let synchronous = extra(SYNCHRONOUS_DIRECTORY);
        assert_eq!(extra(0).to_set(synchronous, false, everywhere), None);
        assert_eq!(extra(0).to_set(synchronous, true, everywhere).as_deref(), Some(""));
        assert_eq!(extra(IMMUTABLE).to_set(extra(0), false, everywhere), None);
        assert_eq!(extra(0x80).lost_below(extra(0)), None);
        let lost = Extra { flags: IMMUTABLE | APPEND_ONLY, project: 7 };
        assert_eq!(lost.lost_below(extra(0)).as_deref(), Some("ia, project 7"));
        assert!(lost.is_fixed() && !nocow.is_fixed());
    }

    #[test]
    fn an_obstacle_is_seen_wherever_it_is_told() {
        let none = (StatxAttributes::empty(), 0);
        for ((attributes, flags), obstacle) in [
            ((StatxAttributes::IMMUTABLE, none.1), Obstacle::Immutable),
            ((none.0, IMMUTABLE), Obstacle::Immutable),
            ((StatxAttributes::APPEND, none.1), Obstacle::AppendOnly),
            ((none.0, APPEND_ONLY), Obstacle::AppendOnly),
            ((StatxAttributes::ENCRYPTED, none.1), Obstacle::Encrypted),
            ((none.0, ENCRYPTED), Obstacle::Encrypted),
            ((none.0, CASE_FOLDED), Obstacle::CaseFolded),
        ] {
            assert_eq!(told(attributes, flags), [obstacle]);
        }
        assert_eq!(told(StatxAttributes::COMPRESSED, COPIED_FLAGS), []);
        let all = [Obstacle::Immutable, Obstacle::AppendOnly, Obstacle::Encrypted, Obstacle::CaseFolded];
        assert_eq!(told(StatxAttributes::all(), u32::MAX), all);
    }
}
