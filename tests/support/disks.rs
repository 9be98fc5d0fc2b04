//! File systems in a file, mounted for as long as the value lives.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::run;

/// A mounted file system.
pub(crate) struct Disk {
    image: PathBuf,
    directory: Option<tempfile::TempDir>,
    path: PathBuf,
    /// Where the image lies, and what that stands on.
    _below: tempfile::TempDir,
    _memory: Option<Box<Disk>>,
}

impl Disk {
    pub(crate) fn ext4(megabytes: u64) -> Disk {
        Disk::made(megabytes, &["mkfs.ext4", "-q", "-F", "-m", "0"])
    }

    /// With so few inodes that they run out first.
    pub(crate) fn ext4_with_inodes(megabytes: u64, inodes: u64) -> Disk {
        Disk::made(megabytes, &["mkfs.ext4", "-q", "-F", "-m", "0", "-N", &inodes.to_string()])
    }

    /// The smallest that xfs allows.
    pub(crate) fn xfs() -> Disk {
        Disk::made(320, &["mkfs.xfs", "-q", "-f"])
    }

    pub(crate) fn btrfs() -> Disk {
        Disk::btrfs_of(512)
    }

    pub(crate) fn btrfs_of(megabytes: u64) -> Disk {
        Disk::made(megabytes, &["mkfs.btrfs", "-q", "-f"])
    }

    /// Memory that is full after so much.
    pub(crate) fn tmpfs(megabytes: u64) -> Disk {
        let below = tempfile::tempdir().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap();
        run("mount", &["-t", "tmpfs", "-o", &format!("size={megabytes}M"), "tmpfs", path.to_str().unwrap()]);
        Disk { image: PathBuf::new(), directory: Some(directory), path, _below: below, _memory: None }
    }

    /// An ext4 in memory, for what is done very often.
    pub(crate) fn in_memory(megabytes: u64) -> Disk {
        // Room for a copy of the image as well.
        let memory = Disk::tmpfs(2 * megabytes);
        let below = tempfile::tempdir_in(memory.path()).unwrap();
        Disk::made_in(below, Some(Box::new(memory)), megabytes, &["mkfs.ext4", "-q", "-F", "-m", "0"])
    }

    fn made(megabytes: u64, mkfs: &[&str]) -> Disk {
        Disk::made_in(tempfile::tempdir().unwrap(), None, megabytes, mkfs)
    }

    fn made_in(below: tempfile::TempDir, memory: Option<Box<Disk>>, megabytes: u64, mkfs: &[&str]) -> Disk {
        let image = below.path().join("image");
        std::fs::File::create(&image).unwrap().set_len(megabytes << 20).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap();
        run(mkfs[0], &[&mkfs[1..], &[image.to_str().unwrap()]].concat());
        let disk = Disk { image, directory: Some(directory), path, _below: below, _memory: memory };
        disk.mount();
        disk
    }

    /// Mounts it again, as another device if something took its number meanwhile.
    pub(crate) fn mount(&self) {
        run("mount", &["-o", "loop", self.image.to_str().unwrap(), self.path.to_str().unwrap()]);
    }

    pub(crate) fn unmount(&self) {
        run("umount", &[self.path.to_str().unwrap()]);
    }

    /// What a power cut at this instant would leave: the image as far as the file system has written it.
    pub(crate) fn image(&self) -> &Path {
        &self.image
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Fills a file system to its last byte with one file.
pub(crate) fn fill_up(filler: &Path) {
    use std::io::Write as _;
    let mut file = std::fs::File::create(filler).unwrap();
    for bytes in [1 << 20, 64 << 10, 4 << 10, 512, 1] {
        while file.write_all(&vec![b'x'; bytes]).is_ok() {}
    }
    drop(file);
    // Full, so it may say so.
    let _ = Command::new("sync").arg(filler).output();
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.path).output();
        // It may not have been mounted any more; if it still is:
        if Command::new("mountpoint").arg("-q").arg(&self.path).status().is_ok_and(|status| status.success()) {
            // Detached rather than left; and what is mounted must not be emptied with the directory.
            let _ = Command::new("umount").arg("-l").arg(&self.path).status();
            self.directory.take().map(tempfile::TempDir::keep);
        }
    }
}
