//! Disks for tests: file systems in a file, mounted for as long as the value lives. Needs root.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A mount that ends with the value.
pub(super) struct Disk {
    _image: tempfile::NamedTempFile,
    directory: Option<tempfile::TempDir>,
    path: PathBuf,
}

impl Disk {
    /// A small ext4, to be filled up.
    pub fn ext4(megabytes: u64) -> Disk {
        Disk::made(megabytes, &["mkfs.ext4", "-q", "-F", "-m", "0", "-I", "256"], "rw")
    }

    /// The smallest xfs, which has project ids with every kernel.
    pub fn xfs() -> Disk {
        Disk::made(300, &["mkfs.xfs", "-q", "-f"], "rw")
    }

    /// The smallest btrfs.
    pub fn btrfs() -> Disk {
        Disk::made(128, &["mkfs.btrfs", "-q", "-f"], "rw")
    }

    /// In memory, for what would only wait for a disk.
    pub fn tmpfs() -> Disk {
        let image = tempfile::NamedTempFile::new().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap();
        run("mount", &["-t", "tmpfs", "-o", "mode=700", "tmpfs", path.to_str().unwrap()]);
        Disk { _image: image, directory: Some(directory), path }
    }

    fn made(megabytes: u64, mkfs: &[&str], options: &str) -> Disk {
        let image = tempfile::NamedTempFile::new().unwrap();
        image.as_file().set_len(megabytes << 20).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap();
        let file = image.path().to_str().unwrap().to_owned();
        run(mkfs[0], &[&mkfs[1..], &[&file]].concat());
        run("mount", &["-o", &format!("loop,{options}"), &file, path.to_str().unwrap()]);
        Disk { _image: image, directory: Some(directory), path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn run(&self, program: &str, arguments: &[&str]) {
        run(program, arguments);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        unmount(&self.path, &mut self.directory);
    }
}

/// A bind mount that ends with the value.
pub(super) struct Bind(PathBuf);

impl Bind {
    pub fn new(source: &Path, target: &Path) -> Bind {
        run("mount", &["--bind", source.to_str().unwrap(), target.to_str().unwrap()]);
        Bind(target.to_owned())
    }
}

impl Drop for Bind {
    fn drop(&mut self) {
        unmount(&self.0, &mut None);
    }
}

/// Runs a program that must succeed.
pub(super) fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn unmount(path: &Path, directory: &mut Option<tempfile::TempDir>) {
    let unmounted = Command::new("umount").arg(path).status().is_ok_and(|status| status.success());
    if !unmounted {
        // Detached rather than left; and what is mounted must not be emptied with the directory.
        let _ = Command::new("umount").arg("-l").arg(path).status();
        if let Some(directory) = directory.take() {
            let _ = directory.keep();
        }
    }
}
