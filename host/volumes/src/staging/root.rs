//! The empty sibling becomes the root of a staging (protocol, rule 10).
//!
//! It must be empty: what lies in it already could be anyone's. It starts 0700 and ours, with nothing inherited from
//! the parent: a default ACL there made a 0640 file readable to others. Project id and inode flags come from live.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use cap_std::fs::Dir;
use rustix::io::Errno;

use super::attributes::{Creation, keeps_nanoseconds};
use crate::{inode_flags, syscalls};
use reforge_base::effects::effect;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::permissions::umask;

/// Attributes that a directory inherits from the one it is made in.
const INHERITED: [&std::ffi::CStr; 2] = [c"system.posix_acl_default", c"system.posix_acl_access"];

/// The mode that it has until it is sealed.
const ROOT_MODE: u32 = 0o700;

/// Makes an empty directory ready to be filled and says what files in it get by themselves.
pub(super) fn prepare(root: &Dir, path: &Path, live: Option<&Dir>) -> Result<Creation> {
    refuse_not_empty(root, path)?;
    let stripped = effect("prepare-staging", || Ok(strip(root)?));
    let exact_times = stripped.map_err(|error| Failure::io("prepare", path, &error))?;
    if let Some(live) = live {
        inode_flags::refuse_unsupported(live, path)?;
        inode_flags::copy(live, root, path)?;
    }
    let facts = syscalls::facts(root).map_err(|error| Failure::io("inspect", path, &error.into()))?;
    let (uid, gid) = owner();
    if (facts.stx_uid, facts.stx_gid, u32::from(facts.stx_mode) & 0o7777) != (uid, gid, ROOT_MODE) {
        let message = message!("did-not-take-its-owner", path = escape::path(path));
        return Err(Failure::new(Code::VolumeRefused, message).hint(message!("the-file-system-must-keep-owners")));
    }
    Ok(Creation { umask: umask()?, uid, gid, exact_times })
}

fn refuse_not_empty(root: &Dir, path: &Path) -> Result<()> {
    let failed = |error: std::io::Error| Failure::io("list", path, &error);
    let Some(entry) = root.entries().map_err(failed)?.next() else { return Ok(()) };
    let name = escape::bytes(entry.map_err(failed)?.file_name().as_bytes());
    let message = message!("should-be-empty-and-holds", path = escape::path(path), name);
    Err(Failure::new(Code::VolumeRefused, message).hint(message!("something-else-writes-to-the-volumes")))
}

/// Takes away what was inherited. Answers whether times are kept to the nanosecond.
fn strip(root: &Dir) -> rustix::io::Result<bool> {
    for attribute in INHERITED {
        match syscalls::remove_attribute(root, attribute) {
            Ok(()) | Err(Errno::NODATA | Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error),
        }
    }
    let (uid, gid) = owner();
    syscalls::set_owner(root, uid, gid)?;
    syscalls::set_mode(root, ROOT_MODE)?;
    keeps_nanoseconds(root)
}

/// Whom new files belong to.
fn owner() -> (u32, u32) {
    (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
}
