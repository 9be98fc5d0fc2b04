//! What can be wrong with a live directory and its parent, as far as a look at the two tells.
//!
//! Looks by handle: the parent is opened once and live is only ever a name in it, never followed. Changes nothing.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use cap_std::fs::Dir;
use rustix::fs::{FileType, Statx, StatxAttributes, StatxFlags};
use rustix::io::Errno;

use crate::about::About;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Failure, reason};
use reforge_base::message;
use reforge_base::mounts::MountTable;
use reforge_volumes::beneath::{self, Name, errno};
use reforge_volumes::inode_flags::{self, Obstacle};
use reforge_volumes::parent::{Flaw, flaw_above, flaws};
use reforge_volumes::{ambient, syscalls};

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
    // It has no link in it unless somebody put one there since.
    let directory =
        ambient::directory_handle(parent).map_err(|errno| unusable(message!("its-parent-cannot-be-opened"), errno))?;
    let above = syscalls::facts(&directory).map_err(|errno| unusable(message!("its-parent-cannot-be-read"), errno))?;
    let found = Name::from_bytes(live.as_bytes()).and_then(|name| Ok((syscalls::facts_of(&directory, name)?, name)));
    let mut refusals = check_parent(about, parent, &above, found.as_ref().ok().map(|(found, _)| found));
    match found {
        Ok((found, name)) => refusals.extend(check_live(about, &directory, &above, &found, name, path, mounts)),
        Err(Errno::NOENT) if refusals.is_empty() => return Ok(false),
        Err(Errno::NOENT) => {}
        Err(errno) => refusals.extend(unusable(message!("it-cannot-be-looked-at"), errno)),
    }
    if refusals.is_empty() { Ok(true) } else { Err(refusals) }
}

fn check_parent(about: &About<'_>, parent: &Path, above: &Statx, live: Option<&Statx>) -> Vec<Failure> {
    let shown = escape::path(parent);
    let refusal = |flaw| match flaw {
        Flaw::Owner(uid) => about.refuse(message!("has-a-parent-that-belongs", uid), message!("chown-root", shown)),
        Flaw::Mode(mode) => about
            .refuse(message!("has-a-parent-that-others", mode = format!("{mode:o}")), message!("chmod-go-w", shown)),
        Flaw::Fixed => about.refuse(message!("has-a-parent-that-is-immutable"), message!("chattr-ia", shown)),
    };
    let own: Vec<Failure> = flaws(above, live).into_iter().map(refusal).collect();
    if own.is_empty() { check_above(about, parent, above).into_iter().collect() } else { own }
}

/// What is wrong above a parent that is neither root's nor the host's own.
fn check_above(about: &About<'_>, parent: &Path, facts: &Statx) -> Option<Failure> {
    match flaw_above(parent, facts) {
        Ok(found) => found.map(|(path, flaw)| {
            let shown = escape::path(&path);
            match flaw {
                Flaw::Owner(uid) => {
                    let clause = message!("stands-below-a-directory-that-belongs", shown, uid);
                    about.refuse(clause, message!("move-it-below-a-directory-of-its-owner"))
                }
                _ => {
                    about.refuse(message!("stands-below-a-directory-that-others", shown), message!("chmod-go-w", shown))
                }
            }
        }),
        Err(failure) => Some(about.refuse(
            message!("stands-below-a-directory-that-cannot", failure),
            message!("correct-the-rights-of-the-directory"),
        )),
    }
}

fn check_live(
    about: &About<'_>,
    parent: &Dir,
    above: &Statx,
    found: &Statx,
    live: Name<'_>,
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
        refusals.extend(check_readable(about, parent, live, path));
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

fn check_readable(about: &About<'_>, parent: &Dir, live: Name<'_>, path: &Path) -> Vec<Failure> {
    match obstacles(parent, live) {
        Ok(obstacles) => obstacles.into_iter().map(|obstacle| in_the_way(about, obstacle, path)).collect(),
        Err(errno) => {
            let clause = message!("cannot-be-read", reason = reason(&errno.into()));
            vec![about.refuse(clause, message!("a-volume-that-cannot-be-read"))]
        }
    }
}

/// What keeps a restore from replacing it, once it was listed as a capture would.
fn obstacles(parent: &Dir, live: Name<'_>) -> rustix::io::Result<Vec<Obstacle>> {
    let directory = beneath::directory(parent, live)?;
    directory.entries().map_err(errno)?.next().transpose().map_err(errno)?;
    inode_flags::obstacles(&directory)
}

fn in_the_way(about: &About<'_>, obstacle: Obstacle, path: &Path) -> Failure {
    let path = escape::path(path);
    match obstacle {
        Obstacle::Immutable => about.refuse(message!("is-immutable"), message!("chattr-i", path)),
        Obstacle::AppendOnly => about.refuse(message!("is-append-only"), message!("chattr-a", path)),
        Obstacle::Encrypted => {
            about.refuse(message!("is-encrypted-by-its-file-system"), message!("use-a-directory-that-is-not"))
        }
        Obstacle::CaseFolded => {
            about.refuse(message!("is-case-folded-so-two-names"), message!("empty-it-and-chattr-f", path))
        }
    }
}

fn host_user() -> u32 {
    rustix::process::geteuid().as_raw()
}
