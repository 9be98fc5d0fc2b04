//! The file systems whose power is cut.

use std::path::Path;
use std::process::Command;

use crate::support::process::run;

pub(super) struct FileSystem {
    pub name: &'static str,
    megabytes: u64,
    make: &'static [&'static str],
    mount_options: &'static str,
    /// What a torn write is torn into. btrfs has no log for its superblock, and xfs does not replay a metadata block whose head
    /// is newer than the log: torn inside such a block, there is no file system left.
    pub sector_bytes: usize,
}

pub(super) static EXT4: FileSystem = FileSystem {
    name: "ext4",
    megabytes: 256,
    make: &["mkfs.ext4", "-q", "-F", "-m", "0", "-N", "4096", "-J", "size=8", "-E", "lazy_itable_init=0,nodiscard"],
    mount_options: "nodiscard",
    sector_bytes: 512,
};

pub(super) static XFS: FileSystem = FileSystem {
    name: "xfs",
    megabytes: 320,
    make: &["mkfs.xfs", "-q", "-f", "-K"],
    // Every image has the same id as the disk that it was made from.
    mount_options: "nouuid,nodiscard",
    sector_bytes: 4096,
};

pub(super) static BTRFS: FileSystem = FileSystem {
    name: "btrfs",
    megabytes: 512,
    make: &["mkfs.btrfs", "-q", "-f", "-K"],
    mount_options: "nodiscard",
    sector_bytes: 4096,
};

impl FileSystem {
    /// An image of it.
    pub(super) fn make(&self) -> tempfile::NamedTempFile {
        let image = tempfile::NamedTempFile::new().unwrap();
        image.as_file().set_len(self.megabytes << 20).unwrap();
        run(self.make[0], &[&self.make[1..], &[image.path().to_str().unwrap()]].concat());
        image
    }

    pub(super) fn mount(&self, device: &Path, at: &Path) {
        run("mount", &["-o", self.mount_options, device.to_str().unwrap(), at.to_str().unwrap()]);
    }

    /// Mounts an image, its log replayed. The error is the kernel's.
    pub(super) fn mount_image(&self, image: &Path, at: &Path) -> Result<(), String> {
        let options = format!("loop,{}", self.mount_options);
        let output = Command::new("mount").args(["-o", &options]).args([image, at]).output().unwrap();
        match output.status.success() {
            true => Ok(()),
            false => Err(format!("{} did not mount: {}", self.name, String::from_utf8_lossy(&output.stderr))),
        }
    }

    /// False as long as something is open on it.
    pub(super) fn unmount(&self, at: &Path) -> bool {
        let unmounted = Command::new("umount").arg(at).output().unwrap().status.success();
        if unmounted && self.name == "btrfs" {
            // Otherwise the next image with the same id is taken for this one.
            let _ = Command::new("btrfs").args(["device", "scan", "--forget"]).output();
        }
        unmounted
    }
}
