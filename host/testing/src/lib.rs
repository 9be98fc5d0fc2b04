//! What the tests of several crates share. Disks and mounts are there for as long as their value lives, and need root.

#![allow(clippy::unwrap_used, reason = "a test that cannot have its disk has failed")]

pub mod world;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use reforge_base::spec::DeploySpec;

/// Runs a program that must succeed.
pub fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Something mounted, until this is dropped.
pub struct Mounted(PathBuf);

impl Mounted {
    /// An empty file system in memory.
    pub fn tmpfs(point: &Path, options: &str) -> Mounted {
        let options = format!("rw,{options}");
        run("mount", &["-t", "tmpfs", "-o", options.trim_end_matches(','), "tmpfs", text(point)]);
        Mounted(point.to_owned())
    }

    /// One directory or file at a second path.
    pub fn bind(source: &Path, point: &Path) -> Mounted {
        run("mount", &["--bind", text(source), text(point)]);
        Mounted(point.to_owned())
    }

    /// A file system in a file, on a loop device that goes with the mount.
    pub fn image(image: &Path, point: &Path) -> Mounted {
        run("mount", &["-o", "loop", text(image), text(point)]);
        Mounted(point.to_owned())
    }

    /// What the test mounted by itself.
    pub fn already(point: PathBuf) -> Mounted {
        Mounted(point)
    }

    pub fn remount(&self, options: &str) {
        run("mount", &["-o", &format!("remount,{options}"), text(&self.0)]);
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.0).status().is_ok_and(|status| status.success());
        if !unmounted {
            // Detached rather than left: what is mounted must not be emptied with the directory around it.
            let _ = Command::new("umount").arg("-l").arg(&self.0).status();
        }
    }
}

/// A file system of its own.
pub struct Disk {
    // Dropped in this order: unmounted first.
    _mounted: Mounted,
    _directory: tempfile::TempDir,
    _image: Option<tempfile::NamedTempFile>,
    path: PathBuf,
}

impl Disk {
    /// A small ext4, to be filled up.
    pub fn ext4(megabytes: u64) -> Disk {
        Disk::made(megabytes, &["mkfs.ext4", "-q", "-F", "-m", "0", "-I", "256"])
    }

    /// One with inodes of an earlier time: whole seconds until 2038.
    pub fn old_ext4(megabytes: u64) -> Disk {
        Disk::made(megabytes, &["mkfs.ext4", "-q", "-F", "-m", "0", "-I", "128"])
    }

    /// The smallest xfs, which has project ids with every kernel.
    pub fn xfs() -> Disk {
        Disk::made(300, &["mkfs.xfs", "-q", "-f"])
    }

    /// The smallest btrfs.
    pub fn btrfs() -> Disk {
        Disk::made(128, &["mkfs.btrfs", "-q", "-f"])
    }

    /// In memory, for what would only wait for a disk.
    pub fn tmpfs() -> Disk {
        Disk::mounted(None, |path| Mounted::tmpfs(path, "mode=700"))
    }

    fn made(megabytes: u64, mkfs: &[&str]) -> Disk {
        let image = tempfile::NamedTempFile::new().unwrap();
        image.as_file().set_len(megabytes << 20).unwrap();
        run(mkfs[0], &[&mkfs[1..], &[text(image.path())]].concat());
        let file = image.path().to_owned();
        Disk::mounted(Some(image), |path| Mounted::image(&file, path))
    }

    fn mounted(image: Option<tempfile::NamedTempFile>, mount: impl FnOnce(&Path) -> Mounted) -> Disk {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap();
        Disk { _mounted: mount(&path), _directory: directory, _image: image, path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// What is deployed as an app that says nothing of itself but its image.
pub fn spec(workload: &str, image: &str) -> DeploySpec {
    let mut spec = DeploySpec::new(workload, image);
    spec.image_digest = format!("digest of {image}");
    spec.command = vec![image.to_owned()];
    spec.stop_timeout = Duration::from_secs(1);
    spec
}
