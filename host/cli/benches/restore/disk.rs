//! One disk in a file for a run: a sync then waits for nobody else's writes.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Live, new and previous trees, snapshots and safety snapshots of the largest content, with room to spare.
const DISK_BYTES: u64 = 12 << 30;
/// A million entries in live, in staging and in previous.
const DISK_INODES: u64 = 4_000_000;

/// A mounted ext4, unmounted and removed with the value.
pub(crate) struct Disk {
    directory: PathBuf,
    root: PathBuf,
    /// The loop device, empty before there is one.
    device: String,
}

impl Disk {
    pub(crate) fn make() -> Result<Disk> {
        ensure!(rustix::process::geteuid().is_root(), "run this as root: it mounts a disk of its own");
        let parent = std::env::var_os("REFORGE_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let directory = parent.join(format!("reforge-bench-{}", std::process::id()));
        std::fs::create_dir(&directory).with_context(|| format!("making {}", directory.display()))?;
        let mut disk = Disk { root: directory.join("disk"), directory, device: String::new() };
        let image = disk.directory.join("image");
        File::create(&image)?.set_len(DISK_BYTES)?;
        std::fs::create_dir(&disk.root)?;
        run(Command::new("mkfs.ext4").args(["-q", "-F", "-m", "0", "-N", &DISK_INODES.to_string()]).arg(&image))?;
        disk.device = attach(&image)?;
        run(Command::new("mount").arg(&disk.device).arg(&disk.root))?;
        Ok(disk)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Waits until everything that was written to this disk is on it.
    #[expect(
        clippy::disallowed_methods,
        reason = "the disk shall be idle before the next round; nothing depends on it"
    )]
    pub(crate) fn sync(&self) -> Result<()> {
        rustix::fs::syncfs(File::open(&self.root)?).context("syncing the disk")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.root).status().is_ok_and(|status| status.success());
        if !self.device.is_empty() {
            let _ = Command::new("losetup").args(["--detach", &self.device]).status();
        }
        // What is still mounted is never walked into.
        if unmounted || std::fs::remove_dir(&self.root).is_ok() {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}

/// A loop device that writes past the page cache, as a disk does: otherwise every byte is copied once more, by threads
/// that take their time from whoever uses both processors.
fn attach(image: &Path) -> Result<String> {
    let output = Command::new("losetup").args(["--find", "--show", "--direct-io=on"]).arg(image).output()?;
    ensure!(output.status.success(), "losetup failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("starting {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
