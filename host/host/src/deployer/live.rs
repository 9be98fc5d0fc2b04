//! What can be wrong with a live directory and its parent, as far as a look at the two tells.
//!
//! Looks by handle: the parent is opened once and live is only ever a name in it, never followed. Changes nothing.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, IFlags, Mode, OFlags, ResolveFlags, Statx, StatxAttributes, StatxFlags};
use rustix::io::Errno;

use crate::deployer::about::About;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Failure, reason};
use reforge_base::message;
use reforge_base::mounts::MountTable;

/// `FS_CASEFOLD_FL`: names that differ in case only are one.
const CASE_FOLDED: IFlags = IFlags::from_bits_retain(0x4000_0000);
/// `FS_ENCRYPT_FL`.
const ENCRYPTED: IFlags = IFlags::from_bits_retain(0x800);
/// Group or others may write.
const WRITABLE_BY_OTHERS: u16 = 0o022;

/// Whether live exists, or everything that is wrong. `parent` is canonical.
pub(super) fn check(
    about: &About<'_>,
    parent: &Path,
    live: &OsStr,
    path: &Path,
    mounts: &MountTable,
) -> Result<bool, Vec<Failure>> {
    let unusable = |what: Message, errno: Errno| {
        vec![about.refuse(
            message!("cannot-be-used", what, reason = reason(&errno.into())),
            message!("correct-the-rights-of-the-directory"),
        )]
    };
    let directory = open_parent(parent).map_err(|errno| unusable(message!("its-parent-cannot-be-opened"), errno))?;
    let above = look(directory.as_fd(), OsStr::new(""))
        .map_err(|errno| unusable(message!("its-parent-cannot-be-read"), errno))?;
    let mut refusals = check_parent(about, parent, &above);
    match look(directory.as_fd(), live) {
        Ok(found) => refusals.extend(check_live(about, &directory, &above, &found, live, path, mounts)),
        Err(Errno::NOENT) if refusals.is_empty() => return Ok(false),
        Err(Errno::NOENT) => {}
        Err(errno) => refusals.extend(unusable(message!("it-cannot-be-looked-at"), errno)),
    }
    if refusals.is_empty() { Ok(true) } else { Err(refusals) }
}

/// Opens a canonical path, which has no link in it unless somebody put one there since.
fn open_parent(parent: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat2(CWD, parent, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS)
}

fn look(directory: impl AsFd, name: &OsStr) -> rustix::io::Result<Statx> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT | AtFlags::EMPTY_PATH;
    rustix::fs::statx(directory, name, flags, StatxFlags::BASIC_STATS | StatxFlags::MNT_ID)
}

fn check_parent(about: &About<'_>, parent: &Path, above: &Statx) -> Vec<Failure> {
    let shown = escape::path(parent);
    let mut refusals = Vec::new();
    if above.stx_uid != 0 && above.stx_uid != host_user() {
        refusals.push(
            about.refuse(message!("has-a-parent-that-belongs", uid = above.stx_uid), message!("chown-root", shown)),
        );
    }
    if above.stx_mode & WRITABLE_BY_OTHERS != 0 {
        refusals.push(about.refuse(
            message!("has-a-parent-that-others", mode = format!("{:o}", above.stx_mode & 0o7777)),
            message!("chmod-go-w", shown),
        ));
    }
    if above.stx_attributes.intersects(StatxAttributes::IMMUTABLE | StatxAttributes::APPEND) {
        let hint = message!("chattr-ia", shown);
        refusals.push(about.refuse(message!("has-a-parent-that-is-immutable"), hint));
    }
    refusals
}

fn check_live(
    about: &About<'_>,
    parent: &OwnedFd,
    above: &Statx,
    found: &Statx,
    live: &OsStr,
    path: &Path,
    mounts: &MountTable,
) -> Vec<Failure> {
    match FileType::from_raw_mode(found.stx_mode.into()) {
        FileType::Directory => {}
        FileType::Symlink => {
            return vec![about.refuse(message!("live-is-a-symbolic-link"), message!("name-the-directory-itself"))];
        }
        _ => return vec![about.refuse(message!("live-is-not-a-directory"), message!("a-volume-is-a-directory-move"))],
    }
    let mut refusals = Vec::new();
    if host_user() != 0 && found.stx_uid != host_user() {
        let clause = message!("belongs-to-user-and-the-host", uid = found.stx_uid);
        refusals.push(about.refuse(clause, message!("run-the-host-as-root")));
    }
    refusals.extend(check_mounts(about, above, found, path, mounts));
    if found.stx_mnt_id == above.stx_mnt_id {
        refusals.extend(check_flags(about, parent, found, live, path));
    }
    refusals
}

fn check_mounts(about: &About<'_>, above: &Statx, found: &Statx, path: &Path, mounts: &MountTable) -> Option<Failure> {
    let device = |stat: &Statx| (stat.stx_dev_major, stat.stx_dev_minor);
    // A kernel that does not tell the mount's number cannot vouch for anything below.
    let told = |stat: &Statx| StatxFlags::from_bits_retain(stat.stx_mask).contains(StatxFlags::MNT_ID);
    if !told(above) || !told(found) {
        return Some(about.refuse(message!("stands-on-a-kernel"), message!("linux-5-8-or-newer")));
    }
    let mount_root = found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT);
    if mount_root || found.stx_mnt_id != above.stx_mnt_id {
        let hint = message!("make-the-volume-a-directory-inside");
        return Some(about.refuse(message!("is-a-mount-point-which-cannot"), hint));
    }
    if device(found) != device(above) {
        let clause = message!("is-a-subvolume-or-file-system");
        return Some(about.refuse(clause, message!("make-the-volume-a-directory-inside-of")));
    }
    mounts.mount_below(found.stx_mnt_id, path).map(|point| {
        let clause = message!("has-something-mounted-in-it-at", point = escape::path(point));
        about.refuse(clause, message!("umount-and-make-it-a-volume", point = escape::path(point)))
    })
}

fn check_flags(about: &About<'_>, parent: &OwnedFd, found: &Statx, live: &OsStr, path: &Path) -> Vec<Failure> {
    let unreadable = |errno: Errno| {
        let clause = message!("cannot-be-read", reason = reason(&errno.into()));
        vec![about.refuse(clause, message!("a-volume-that-cannot-be-read"))]
    };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let directory = match rustix::fs::openat(parent, live, flags, Mode::empty()) {
        Ok(directory) => directory,
        Err(errno) => return unreadable(errno),
    };
    if let Some(Err(errno)) =
        rustix::fs::Dir::read_from(&directory).map_or_else(|errno| Some(Err(errno)), |mut dir| dir.next())
    {
        return unreadable(errno);
    }
    let inode = match rustix::fs::ioctl_getflags(&directory) {
        Ok(flags) => flags,
        // This file system has no such flags.
        Err(Errno::NOTTY | Errno::OPNOTSUPP | Errno::INVAL | Errno::NOSYS) => IFlags::empty(),
        Err(errno) => return unreadable(errno),
    };
    let flagged = flags_in_the_way(found.stx_attributes, inode, &escape::path(path)).into_iter();
    flagged.map(|(what, hint)| about.refuse(what, hint)).collect()
}

/// What the kernel and the file system say of a directory that a restore could not replace, and what to do.
fn flags_in_the_way(attributes: StatxAttributes, inode: IFlags, path: &str) -> Vec<(Message, Message)> {
    let either = |attribute, flag| attributes.contains(attribute) || inode.contains(flag);
    let mut flags = Vec::new();
    if either(StatxAttributes::IMMUTABLE, IFlags::IMMUTABLE) {
        flags.push((message!("is-immutable"), message!("chattr-i", path)));
    }
    if either(StatxAttributes::APPEND, IFlags::APPEND) {
        flags.push((message!("is-append-only"), message!("chattr-a", path)));
    }
    if either(StatxAttributes::ENCRYPTED, ENCRYPTED) {
        flags.push((message!("is-encrypted-by-its-file-system"), message!("use-a-directory-that-is-not")));
    }
    if inode.contains(CASE_FOLDED) {
        flags.push((message!("is-case-folded-so-two-names"), message!("empty-it-and-chattr-f", path)));
    }
    flags
}

fn host_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_seen_wherever_they_are_told() {
        let none = (StatxAttributes::empty(), IFlags::empty());
        let rows = [
            ((StatxAttributes::IMMUTABLE, none.1), "is immutable"),
            ((none.0, IFlags::IMMUTABLE), "is immutable"),
            ((StatxAttributes::APPEND, none.1), "is append-only"),
            ((none.0, IFlags::APPEND), "is append-only"),
            ((StatxAttributes::ENCRYPTED, none.1), "is encrypted by its file system"),
            ((none.0, IFlags::from_bits_retain(0x800)), "is encrypted by its file system"),
            (
                (none.0, IFlags::from_bits_retain(0x4000_0000)),
                "is case-folded, so two names of a snapshot could be one",
            ),
        ];
        for ((attributes, inode), what) in rows {
            let found: Vec<_> = flags_in_the_way(attributes, inode, "/v").into_iter().map(|(what, _)| what).collect();
            assert_eq!(found, [what]);
        }
        assert_eq!(flags_in_the_way(StatxAttributes::COMPRESSED, IFlags::NOCOW | IFlags::NOATIME, "/v"), []);
    }
}
