//! File systems in a file, mounted for as long as the value lives.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::run;

/// A mounted file system.
pub struct Disk {
    _image: tempfile::NamedTempFile,
    directory: Option<tempfile::TempDir>,
    path: PathBuf,
}

impl Disk {
    pub fn ext4(megabytes: u64) -> Disk {
        Disk::made(megabytes, &["mkfs.ext4", "-q", "-F", "-m", "0"])
    }

    /// With so few inodes that they run out first.
    pub fn ext4_with_inodes(megabytes: u64, inodes: u64) -> Disk {
        Disk::made(megabytes, &["mkfs.ext4", "-q", "-F", "-m", "0", "-N", &inodes.to_string()])
    }

    /// The smallest that xfs allows.
    pub fn xfs() -> Disk {
        Disk::made(320, &["mkfs.xfs", "-q", "-f"])
    }

    pub fn btrfs() -> Disk {
        Disk::made(512, &["mkfs.btrfs", "-q", "-f"])
    }

    fn made(megabytes: u64, mkfs: &[&str]) -> Disk {
        let image = tempfile::NamedTempFile::new().unwrap();
        image.as_file().set_len(megabytes << 20).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap();
        let file = image.path().to_str().unwrap();
        run(mkfs[0], &[&mkfs[1..], &[file]].concat());
        run("mount", &["-o", "loop", file, path.to_str().unwrap()]);
        Disk { _image: image, directory: Some(directory), path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if !Command::new("umount").arg(&self.path).status().is_ok_and(|status| status.success()) {
            // Detached rather than left; and what is mounted must not be emptied with the directory.
            let _ = Command::new("umount").arg("-l").arg(&self.path).status();
            self.directory.take().map(tempfile::TempDir::keep);
        }
    }
}
