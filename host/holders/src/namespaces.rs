//! Protocol rules 8 and 9: mounts of live, of something inside it or of a directory around it, in other namespaces.
//!
//! A namespace that merely inherited the host's mounts is not a holder: it shows the same part of the same file
//! system at the same place as the host does.

use std::path::PathBuf;

use super::{How, LiveDirectory, Pass};
use reforge_base::failure::{Failure, Result};
use reforge_base::mounts::Mount;
use reforge_base::{Message, escape};

/// Notes one process of every other mount namespace that has a directory read-write.
pub(crate) fn find(pass: &mut Pass<'_>, own: i32) -> Result<()> {
    let link = PathBuf::from(format!("/proc/{own}/ns/mnt"));
    let own_namespace = std::fs::read_link(&link).map_err(|error| Failure::io("read", &link, &error))?;
    let mut namespaces = std::mem::take(&mut pass.mounts).into_namespaces();
    let host = namespaces.remove(own_namespace.as_os_str()).map_or(Vec::new(), |own| own.mounts);
    for (index, live) in pass.live.iter().enumerate() {
        for other in namespaces.values() {
            for mount in other.mounts.iter().filter(|mount| mount.is_writable() && reaches(mount, live, &host)) {
                let detail = Message::from(escape::path(&mount.mount_point));
                pass.note(&other.process, How::Mount, index, detail, true);
            }
        }
    }
    Ok(())
}

fn reaches(mount: &Mount, live: &LiveDirectory, host: &[Mount]) -> bool {
    let top = mount.top();
    let inherited = |own: &Mount| own.top() == top && own.mount_point == mount.mount_point;
    (live.contains(&top) || live.device_path.is_within(&top)) && !host.iter().any(inherited)
}
