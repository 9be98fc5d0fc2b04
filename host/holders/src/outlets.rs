//! Protocol rules 8 and 18: what keeps hold of something at or below live without being a process.
//!
//! A mount of live, or of something inside it, at another path of our own namespace; an overlay or another stacked file
//! system, of any namespace, with a layer there; a loop device or a swap file in it. The kernel goes on with the same
//! files whatever stands in their place afterwards: what is written through one would end in the previous tree.
//!
//! What cannot be resolved is looked for by inode where there is one, and otherwise passed over: `docs/limits.md` says so.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, StatxFlags};
use rustix::ioctl::{Getter, ioctl};

use super::mounts::MountTable;
use super::{LiveDirectory, Pass, has_gone};
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::mounts::{self, DevicePath, Mount};
use reforge_volumes::ambient;
use reforge_volumes::live_tree::{LiveKind, LiveTree};

const BLOCK_DEVICES: &str = "/sys/block";
const SWAPS: &str = "/proc/swaps";

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlet {
    /// Which of the directories that were asked about.
    pub live: usize,
    pub kind: OutletKind,
    /// Where it is seen, escaped: a mount point or a device.
    pub at: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutletKind {
    Mount,
    Layer,
    Loop,
    Swap,
}

/// Notes every outlet of every live directory. Nothing here is a process, so nobody can be asked to end.
pub(super) fn find(pass: &Pass<'_>, own: i32) -> Result<()> {
    let link = PathBuf::from(format!("/proc/{own}/ns/mnt"));
    let own_namespace = std::fs::read_link(&link).map_err(|error| Failure::io("read", &link, &error))?;
    let is_own = |name: &OsString| name.as_os_str() == own_namespace.as_os_str();
    let mounts = pass.mounts.select(|name, mount| is_own(name) || !mount.stands_on().is_empty());
    let mut found = Found { live: pass.live, table: &pass.mounts, outlets: Vec::new() };
    let (ours, others): (Vec<_>, Vec<_>) = mounts.into_iter().partition(|(name, ..)| is_own(name));
    for (.., mount) in &ours {
        found.add(OutletKind::Mount, &mount.mount_point, &[mount.top()]);
    }
    // Ours first, whose paths are most likely the ones that it was mounted by; one file system is looked at once.
    let mut seen = HashSet::new();
    for (_, process, mount) in ours.iter().chain(&others) {
        if seen.insert((mount.device, &mount.source)) {
            found.layers(mount, process.pid)?;
        }
    }
    found.loops(own)?;
    found.swaps(own)?;
    let outlets = found.outlets;
    pass.found().holders.outlets = outlets;
    Ok(())
}

/// What refuses a volume for them.
pub(super) fn in_words(live: &[(String, LiveDirectory)], outlets: &[Outlet]) -> Vec<Failure> {
    let refusal = |outlet: &Outlet| {
        let volume = live.get(outlet.live).map_or("", |(name, _)| name);
        let at = &outlet.at;
        let (what, hint) = match outlet.kind {
            // The engine counts on it: unmounted, the next container gets an empty directory.
            OutletKind::Mount if at.ends_with("/_data") => {
                (message!("is-a-mount-of-something"), message!("stop-every-container-of-that-volume"))
            }
            OutletKind::Mount => (message!("is-a-mount-of-something"), message!("unmount-it-for-as-long")),
            OutletKind::Layer => (message!("is-mounted-with-a-layer"), message!("unmount-it-and-keep-its-layers")),
            OutletKind::Loop => (message!("has-its-backing-file-in-it"), message!("unmount-and-detach-it-losetup-d")),
            OutletKind::Swap => (message!("is-a-swap-file-in-it"), message!("switch-it-off-swapoff-and-keep")),
        };
        Failure::new(Code::NotDown, message!("volume-is-in-use", volume, at, what)).hint(hint)
    };
    outlets.iter().map(refusal).collect()
}

struct Found<'a> {
    live: &'a [LiveDirectory],
    table: &'a MountTable,
    outlets: Vec<Outlet>,
}

impl Found<'_> {
    /// Notes every live directory that one of the places is in.
    fn add(&mut self, kind: OutletKind, at: &Path, device_paths: &[DevicePath]) {
        for (live, directory) in self.live.iter().enumerate() {
            let outlet = Outlet { live, kind, at: escape::path(at) };
            if device_paths.iter().any(|device_path| directory.contains(device_path)) && !self.outlets.contains(&outlet)
            {
                self.outlets.push(outlet);
            }
        }
    }

    /// What a mount stands on, in the words of whoever mounted it: most likely in our own namespace, else in its own.
    fn layers(&mut self, mount: &Mount, pid: i32) -> Result<()> {
        for layer in mount.stands_on() {
            let tried: Vec<PathBuf> = if layer.is_absolute() {
                let theirs = format!("/proc/{pid}/root");
                vec![layer.clone(), joined(Path::new(&theirs), &layer)]
            } else {
                // Relative to where somebody stood: only a directory around live, or live itself, matters.
                let around = self.live.iter().flat_map(|live| live.path().ancestors());
                around.map(|around| around.join(&layer)).collect()
            };
            for path in tried {
                let device_paths = self.device_paths(&path, pid)?;
                self.add(OutletKind::Layer, &mount.mount_point, &device_paths);
            }
        }
        Ok(())
    }

    fn loops(&mut self, own: i32) -> Result<()> {
        let devices = match std::fs::read_dir(BLOCK_DEVICES) {
            Ok(devices) => devices,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Failure::io("list", Path::new(BLOCK_DEVICES), &error)),
        };
        for device in devices {
            let name = device.map_err(|error| Failure::io("list", Path::new(BLOCK_DEVICES), &error))?.file_name();
            let path = Path::new(BLOCK_DEVICES).join(&name).join("loop/backing_file");
            let text = match std::fs::read(&path) {
                Ok(text) => text,
                // No loop device, or one that has no file, or not any more.
                Err(error) => {
                    has_gone(own, error)?;
                    continue;
                }
            };
            let file = PathBuf::from(std::ffi::OsStr::from_bytes(text.strip_suffix(b"\n").unwrap_or(&text)));
            let node = Path::new("/dev").join(&name);
            let device_paths = self.device_paths(&file, own)?;
            self.add(OutletKind::Loop, &node, &device_paths);
            self.by_inode(&node, &file)?;
        }
        Ok(())
    }

    /// A backing file that its path does not lead to, or that has further names, may be in live all the same.
    fn by_inode(&mut self, node: &Path, file: &Path) -> Result<()> {
        let Ok(device) = rustix::fs::open(node, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())
        else {
            return Ok(());
        };
        // SAFETY: the opcode is that of `struct loop_info64`, whose layout and size `LoopStatus` has, all integers.
        let Ok(status) = (unsafe { ioctl(device.as_fd(), Getter::<LOOP_GET_STATUS64, LoopStatus>::new()) }) else {
            return Ok(());
        };
        let (major, minor) = (rustix::fs::major(status.device), rustix::fs::minor(status.device));
        let leads_there = rustix::fs::stat(file)
            .is_ok_and(|stat| (stat.st_dev, stat.st_ino, stat.st_nlink) == (status.device, status.inode, 1));
        if leads_there {
            return Ok(());
        }
        for (live, directory) in self.live.iter().enumerate().filter(|(_, live)| live.stat_device == (major, minor)) {
            let outlet = Outlet { live, kind: OutletKind::Loop, at: escape::path(node) };
            if !self.outlets.contains(&outlet) && holds_inode(directory.path(), status.inode)? {
                self.outlets.push(outlet);
            }
        }
        Ok(())
    }

    fn swaps(&mut self, own: i32) -> Result<()> {
        let text = match std::fs::read(SWAPS) {
            Ok(text) => text,
            // A kernel without swap.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Failure::io("read", Path::new(SWAPS), &error)),
        };
        for line in text.split(|byte| *byte == b'\n').skip(1).filter(|line| !line.is_empty()) {
            let name = line.split(|byte| byte.is_ascii_whitespace()).next().unwrap_or_default();
            let path = mounts::path(name);
            let device_paths = self.device_paths(&path, own)?;
            self.add(OutletKind::Swap, &path, &device_paths);
        }
        Ok(())
    }

    /// Where a path leads now; nowhere is no place.
    fn device_paths(&self, path: &Path, pid: i32) -> Result<Vec<DevicePath>> {
        let opened = match rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) {
            Ok(opened) => opened,
            Err(errno) => return has_gone(pid, errno).map(|_| Vec::new()),
        };
        let facts = rustix::fs::statx(&opened, c"", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID);
        let text = std::fs::read_link(format!("/proc/self/fd/{}", opened.as_raw_fd()));
        match (facts, text) {
            (Ok(facts), Ok(text)) => Ok(self.table.device_paths(facts.stx_mnt_id, &text).unwrap_or_default()),
            (Err(errno), _) => Err(Failure::io("look at", path, &errno.into())),
            (_, Err(error)) => Err(Failure::io("look at", path, &error)),
        }
    }
}

fn joined(root: &Path, absolute: &Path) -> PathBuf {
    root.join(absolute.strip_prefix("/").unwrap_or(absolute))
}

/// Whether a file with this number is in a directory, which stands on the number's file system.
fn holds_inode(directory: &Path, inode: u64) -> Result<bool> {
    let opened = ambient::follow(directory).map_err(|error| Failure::io("open", directory, &error))?;
    for entry in LiveTree::open(&opened)? {
        let entry = entry?;
        if entry.kind == LiveKind::File && entry.inode == inode {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `LOOP_GET_STATUS64`.
const LOOP_GET_STATUS64: rustix::ioctl::Opcode = 0x4c05;

/// `struct loop_info64`, of which only the beginning matters.
#[repr(C)]
#[derive(Clone, Copy)]
struct LoopStatus {
    device: u64,
    inode: u64,
    rest: [u64; 27],
}
