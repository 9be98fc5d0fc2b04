//! The mounts of this mount namespace as a table: where one path's directory stands in its file system, and what is
//! mounted below it.
//!
//! Rule 9 of the protocol: a rename of a directory that holds a mount succeeds, and what was mounted is then emptied.
//! The same directory can be seen at two paths through a bind mount, so paths are compared both as they are written and
//! inside the file system ([`DevicePath`]).

use std::path::Path;

use super::{DevicePath, Mount};
use crate::failure::Result;

/// The mounts of this mount namespace.
#[derive(Debug)]
pub struct MountTable {
    mounts: Vec<Mount>,
}

/// File systems that are asked over a network or of a process, and may not answer for long.
const REMOTE: [&str; 9] = ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "afs", "fuse", "autofs"];

impl MountTable {
    pub fn read() -> Result<MountTable> {
        Ok(MountTable { mounts: super::own()? })
    }

    /// From the text of a `mountinfo`; none if a line makes no sense.
    pub fn parse(bytes: &[u8]) -> Option<MountTable> {
        Some(MountTable { mounts: super::parse(bytes)? })
    }

    /// The place of a canonical path on the mount `id`. None if that mount went away meanwhile.
    pub fn device_path(&self, id: u64, canonical: &Path) -> Option<DevicePath> {
        self.mounts.iter().find(|mount| mount.id == id)?.device_path(canonical)
    }

    /// Whether a path, as it is written, leads to a file system that may be far away. Nothing there is asked.
    pub fn is_remote(&self, path: &Path) -> bool {
        let is_above = |mount: &&Mount| path.starts_with(&mount.mount_point);
        // Of several at one place the last covers the others.
        let nearest = self.mounts.iter().filter(is_above).max_by_key(|mount| mount.mount_point.components().count());
        nearest
            .is_some_and(|mount| REMOTE.contains(&mount.file_system.as_str()) || mount.file_system.starts_with("fuse."))
    }

    /// A mount point strictly below a canonical directory that stands on the mount `id`, also one that was made at
    /// another path of the same directory.
    pub fn mount_below(&self, id: u64, canonical: &Path) -> Option<&Path> {
        let device_path = self.device_path(id, canonical);
        let below = |mount: &&Mount| {
            let by_path = mount.mount_point != canonical && mount.mount_point.starts_with(canonical);
            let parent = self.mounts.iter().find(|parent| parent.id == mount.parent);
            let point = parent.and_then(|parent| parent.device_path(&mount.mount_point));
            let by_place =
                device_path.as_ref().zip(point).is_some_and(|(device_path, point)| point.is_within(device_path));
            by_path || by_place
        };
        self.mounts.iter().find(below).map(|mount| mount.mount_point.as_path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[u8] = b"21 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n\
        22 21 8:2 / /srv rw - ext4 /dev/sda2 rw\n\
        23 22 0:40 / /srv/my\\040app/db\\011x rw - tmpfs none rw\n\
        24 21 8:2 /my\\040app /other rw - ext4 /dev/sda2 rw\n\
        25 24 0:41 / /other/hidden\xff rw - tmpfs none rw\n";

    #[test]
    fn mounts_below_a_directory_are_found_by_path_and_through_a_bind_mount() {
        let table = MountTable::parse(TABLE).unwrap();
        let below = |id, path: &str| table.mount_below(id, Path::new(path)).map(|path| path.to_owned());
        assert_eq!(below(22, "/srv/my app").unwrap(), Path::new("/srv/my app/db\tx"));
        assert_eq!(below(22, "/srv/my app/d"), None, "components, not letters");
        assert_eq!(below(22, "/srv/my"), None);
        assert_eq!(below(24, "/other/db\tx").unwrap(), Path::new("/srv/my app/db\tx"), "mounted at its other path");
        assert!(below(22, "/srv/my app/hidden").is_none(), "not a directory of that name");
    }

    #[test]
    fn what_may_be_far_away_is_told_by_its_path_alone() {
        let table = MountTable::parse(
            b"21 1 8:1 / / rw - ext4 /dev/sda1 rw\n22 21 0:40 / /mnt/nas rw - nfs4 nas:/x rw\n\
            23 21 0:41 / /mnt/cloud rw - fuse.rclone cloud rw\n24 22 8:2 / /mnt/nas/disk rw - ext4 /dev/sda2 rw\n",
        )
        .unwrap();
        for (path, is_remote) in [
            ("/mnt/nas/media", true),
            ("/mnt/nas", true),
            ("/mnt/cloud/x", true),
            ("/mnt/nas/disk/x", false),
            ("/mnt/nas2", false),
        ] {
            assert_eq!(table.is_remote(Path::new(path)), is_remote, "{path}");
        }
    }

    #[test]
    fn one_directory_at_two_paths_is_one_place() {
        let table = MountTable::parse(TABLE).unwrap();
        let device_path = |id, path: &str| table.device_path(id, Path::new(path)).unwrap();
        assert_eq!(device_path(22, "/srv/my app/data"), device_path(24, "/other/data"));
        assert!(device_path(24, "/other/data").is_within(&device_path(22, "/srv/my app")));
        assert!(!device_path(21, "/my app").is_within(&device_path(22, "/srv/my app")), "another file system");
    }
}
