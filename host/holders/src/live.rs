//! Where a live directory is within its file system: what everything found in `/proc` is compared with.

use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, StatxFlags};

use super::Process;
use super::mounts::MountTable;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::mounts::{Device, DevicePath};

/// A live directory by its place within its file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveDirectory {
    /// As the host names it, for people.
    path: PathBuf,
    pub(super) device_path: DevicePath,
    /// What `stat` answers for files in it; on btrfs that is not the mount's device.
    pub(super) stat_device: Device,
}

impl LiveDirectory {
    /// Finds the directory at `path`, which must not be a link.
    pub fn open(path: &Path) -> Result<LiveDirectory> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory =
            rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| Failure::io("open", path, &errno.into()))?;
        Self::of(&directory, path)
    }

    /// The directory behind an open handle; `path` is what people call it.
    pub fn of(directory: impl AsFd, path: &Path) -> Result<LiveDirectory> {
        let failed = |error: std::io::Error| Failure::io("look up", path, &error);
        let fd = directory.as_fd();
        let stat = rustix::fs::statx(fd, "", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS | StatxFlags::MNT_ID)
            .map_err(|errno| failed(errno.into()))?;
        let text = std::fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd())).map_err(failed)?;
        let own = MountTable::default();
        own.learn(&Process { pid: std::process::id() as i32, directory: 0 })?;
        let device_path = own
            .device_paths(stat.stx_mnt_id, &text)
            .and_then(|mut device_paths| device_paths.pop())
            .ok_or_else(|| {
                let name = reforge_base::escape::path(path);
                Failure::new(Code::VolumeRefused, message!("cannot-tell-where-is-within", name))
                    .hint(message!("is-it-on-a-mount"))
            })?;

        let stat_device = (stat.stx_dev_major, stat.stx_dev_minor);
        Ok(LiveDirectory { path: path.to_owned(), device_path, stat_device })
    }

    /// As the host names it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a place is this directory or below it.
    pub(super) fn contains(&self, device_path: &DevicePath) -> bool {
        device_path.is_within(&self.device_path)
    }
}
