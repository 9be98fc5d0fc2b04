//! Protocol rules 8 and 9: mounts of live, of something inside it or of a directory around it, in other namespaces.
//!
//! A namespace that merely inherited the host's mounts is not a holder: it shows the same part of the same file
//! system at the same place as the host does.

use std::path::PathBuf;

use super::mounts::MountTable;
use super::{How, LiveDirectory, Pass};
use crate::failure::{Failure, Result};
use crate::mounts::Mount;

/// Notes one process of every other mount namespace that has a directory read-write.
pub fn find(pass: &mut Pass<'_>, own: i32) -> Result<()> {
    let link = PathBuf::from(format!("/proc/{own}/ns/mnt"));
    let own_namespace = std::fs::read_link(&link).map_err(|error| Failure::io("read", &link, &error))?;
    let mounts = std::mem::take(&mut pass.mounts);
    let host: &[Mount] = mounts.namespaces.get(own_namespace.as_os_str()).map_or(&[], |own| &own.mounts);
    for (index, live) in pass.live.iter().enumerate() {
        for (process, mount) in others(&mounts, own_namespace.as_os_str()) {
            if mount.is_writable() && reaches(mount, live, host) {
                let detail = mount.mount_point.as_os_str().as_encoded_bytes();
                pass.note(process, How::Mount, index, detail, true);
            }
        }
    }
    pass.mounts = mounts;
    Ok(())
}

fn others<'a>(
    mounts: &'a MountTable,
    own: &'a std::ffi::OsStr,
) -> impl Iterator<Item = (&'a super::ProcStat, &'a Mount)> {
    let others = mounts.namespaces.iter().filter(move |(name, _)| name.as_os_str() != own);
    others.flat_map(|(_, namespace)| namespace.mounts.iter().map(|mount| (&namespace.process, mount)))
}

fn reaches(mount: &Mount, live: &LiveDirectory, host: &[Mount]) -> bool {
    let top = mount.top();
    if live.contains(&top) {
        return true;
    }
    let inherited = |own: &Mount| own.top() == top && own.mount_point == mount.mount_point;
    live.place.is_within(&top) && !host.iter().any(inherited)
}
