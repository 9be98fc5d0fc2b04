//! The empty sibling becomes the root of a staging (protocol, rule 10).
//!
//! It must be empty: what lies in it already could be anyone's. It starts 0700 and ours, with nothing inherited from
//! the parent: a default ACL there made a 0640 file readable to others. Project id and inode flags come from live.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Dir, Gid, Mode, Uid};
use rustix::io::Errno;

use super::attributes::{Creation, keeps_nanoseconds, umask};
use crate::inode_flags;
use reforge_base::effects::effect;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};

/// Attributes that a directory inherits from the one it is made in.
const INHERITED: [&std::ffi::CStr; 2] = [c"system.posix_acl_default", c"system.posix_acl_access"];

/// Makes an empty directory ready to be filled and says what files in it get by themselves.
pub fn prepare(root: &OwnedFd, path: &Path, live: Option<BorrowedFd<'_>>) -> Result<Creation> {
    refuse_not_empty(root, path)?;
    let stripped = effect("prepare-staging", || Ok(strip(root)?));
    let exact_times = stripped.map_err(|error| Failure::io("prepare", path, &error))?;
    if let Some(live) = live {
        inode_flags::refuse_unsupported(live, path)?;
        inode_flags::copy(live, root.as_fd(), path)?;
    }
    let facts = rustix::fs::fstat(root).map_err(|error| Failure::io("inspect", path, &error.into()))?;
    let (uid, gid) = owner();
    if (facts.st_uid, facts.st_gid, facts.st_mode & 0o7777) != (uid.as_raw(), gid.as_raw(), 0o700) {
        let message = format!("`{}` did not take its owner and mode", escape::path(path));
        return Err(Failure::new(Code::VolumeRefused, message).hint("the file system must keep owners and modes"));
    }
    Ok(Creation { umask: umask()?, uid: uid.as_raw(), gid: gid.as_raw(), exact_times })
}

fn refuse_not_empty(root: &OwnedFd, path: &Path) -> Result<()> {
    let failed = |error: Errno| Failure::io("list", path, &error.into());
    for entry in Dir::read_from(root).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            let name = escape::bytes(entry.file_name().to_bytes());
            let message = format!("`{}` should be empty and holds `{name}`", escape::path(path));
            return Err(Failure::new(Code::VolumeRefused, message).hint("something else writes to the volume's parent"));
        }
    }
    Ok(())
}

/// Takes away what was inherited. Answers whether times are kept to the nanosecond.
fn strip(root: &OwnedFd) -> rustix::io::Result<bool> {
    for attribute in INHERITED {
        match rustix::fs::fremovexattr(root, attribute) {
            Ok(()) | Err(Errno::NODATA | Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error),
        }
    }
    let (uid, gid) = owner();
    rustix::fs::fchown(root, Some(uid), Some(gid))?;
    rustix::fs::fchmod(root, Mode::RWXU)?;
    keeps_nanoseconds(root)
}

/// Whom new files belong to.
fn owner() -> (Uid, Gid) {
    (rustix::process::geteuid(), rustix::process::getegid())
}
