//! What a drilled process sees of this machine: its own directories, new ones for what everybody writes in, and the rest read-only.
//!
//! Runs as the first process of new namespaces. Whatever is shown is opened before anything is hidden, since one may lie in the other.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD};
use rustix::mount::{
    MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, mount, mount_bind, mount_change, move_mount,
    open_tree,
};

use super::plan::Plan;

/// Where everybody writes: each drill has its own.
const PRIVATE: [(&str, &str); 4] =
    [("/tmp", "mode=1777"), ("/var/tmp", "mode=1777"), ("/run", "mode=755"), ("/dev/shm", "mode=1777")];
/// Devices that hold nothing and reach nothing.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
const DEVICE_LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];
/// What of `/proc` is the whole machine's: root may write there without any capability.
const OF_THE_KERNEL: [&str; 5] = ["sys", "sysrq-trigger", "irq", "bus", "fs"];
/// `MOUNT_ATTR_RDONLY`.
const READ_ONLY: u64 = 1;

/// Whether a path lies where each drill has its own.
pub(super) fn is_private(path: &Path) -> bool {
    PRIVATE.iter().map(|(directory, _)| *directory).chain(["/dev", "/var/run"]).any(|one| path.starts_with(one))
}

pub(super) fn build(plan: &Plan) -> io::Result<()> {
    // Nothing that is mounted here is seen outside, nor the other way round.
    mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE)?;
    let bound: Vec<(OwnedFd, &PathBuf)> =
        plan.bound.iter().map(|(what, over)| Ok((tree(what)?, over))).collect::<io::Result<_>>()?;
    let shown: Vec<(OwnedFd, bool, &PathBuf)> =
        plan.shown.iter().map(|path| Ok((tree(path)?, path.is_dir(), path))).collect::<io::Result<_>>()?;
    let devices: Vec<(OwnedFd, &str)> =
        DEVICES.iter().map(|name| Ok((tree(&Path::new("/dev").join(name))?, *name))).collect::<io::Result<_>>()?;
    read_only(CWD.as_fd(), Path::new("/"), true)?;
    make_devices(&devices)?;
    for (directory, mode) in PRIVATE {
        // One that is a link is where that leads.
        if Path::new(directory).symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
            in_memory(Path::new(directory), mode)?;
        }
    }
    for hidden in plan.hidden.iter().filter(|path| path.is_dir()) {
        in_memory(hidden, "mode=755,size=4k")?;
        read_only(CWD.as_fd(), hidden, false)?;
    }
    for (tree, over) in &bound {
        put(tree, over, true)?;
    }
    for (tree, is_directory, path) in &shown {
        read_only(tree.as_fd(), Path::new(""), true)?;
        put(tree, path, *is_directory)?;
    }
    for socket in plan.sockets.iter().filter(|path| path.symlink_metadata().is_ok()) {
        mount_bind("/dev/null", socket)?;
    }
    mount("proc", "/proc", "proc", MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC, None)?;
    for name in OF_THE_KERNEL {
        let path = Path::new("/proc").join(name);
        if path.symlink_metadata().is_ok() {
            mount_bind(&path, &path).map_err(|errno| at(&path, errno.into()))?;
            read_only(CWD.as_fd(), &path, false)?;
        }
    }
    std::env::set_current_dir("/")
}

/// What lies at a path, for another place.
fn tree(path: &Path) -> io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_RECURSIVE;
    open_tree(CWD, path, flags).map_err(|errno| at(path, errno.into()))
}

fn put(tree: &OwnedFd, over: &Path, is_directory: bool) -> io::Result<()> {
    if over.symlink_metadata().is_err() {
        make_place(over, is_directory).map_err(|error| at(over, error))?;
    }
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    move_mount(tree, "", CWD, over, flags).map_err(|errno| at(over, errno.into()))
}

/// A place for something that is shown where nothing is.
fn make_place(path: &Path, is_directory: bool) -> io::Result<()> {
    if is_directory {
        return std::fs::create_dir_all(path);
    }
    path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    File::create(path).map(drop)
}

fn in_memory(directory: &Path, options: &str) -> io::Result<()> {
    let options = CString::new(options)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    mount("tmpfs", directory, "tmpfs", flags, Some(options.as_c_str())).map_err(|errno| at(directory, errno.into()))
}

fn make_devices(devices: &[(OwnedFd, &str)]) -> io::Result<()> {
    let options = CString::new("mode=755,size=64k")?;
    mount("tmpfs", "/dev", "tmpfs", MountFlags::NOSUID, Some(options.as_c_str()))?;
    let directory = Path::new("/dev");
    for (tree, name) in devices {
        put(tree, &directory.join(name), false)?;
    }
    for name in ["shm", "pts", "mqueue"] {
        std::fs::create_dir(directory.join(name))?;
    }
    let terminals = CString::new("newinstance,ptmxmode=0666,mode=620")?;
    mount("devpts", "/dev/pts", "devpts", MountFlags::NOSUID | MountFlags::NOEXEC, Some(terminals.as_c_str()))?;
    mount("mqueue", "/dev/mqueue", "mqueue", MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC, None)?;
    DEVICE_LINKS.iter().try_for_each(|(name, to)| symlink(to, directory.join(name)))
}

/// From now on nothing is written through this mount, with `below` neither through those below it.
fn read_only(from: impl AsFd, path: &Path, below: bool) -> io::Result<()> {
    let attributes: [u64; 4] = [READ_ONLY, 0, 0, 0];
    let name = CString::new(path.as_os_str().as_bytes())?;
    let mut flags = if below { libc::AT_RECURSIVE } else { 0 };
    if path.as_os_str().is_empty() {
        flags |= AtFlags::EMPTY_PATH.bits() as libc::c_int;
    }
    // SAFETY: the name ends with a zero byte, and the attributes are as long as they are said to be. rustix does not have the call.
    let done = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            from.as_fd().as_raw_fd(),
            name.as_ptr(),
            flags,
            attributes.as_ptr(),
            size_of_val(&attributes),
        )
    };
    if done == 0 { Ok(()) } else { Err(at(path, io::Error::last_os_error())) }
}

fn at(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_writes_in_is_a_drill_s_own() {
        for path in ["/tmp/a", "/run/docker.sock", "/var/run/x", "/dev/sda", "/var/tmp"] {
            assert!(is_private(Path::new(path)), "{path}");
        }
        for path in ["/srv/tmp", "/tmpfiles", "/var/lib/app"] {
            assert!(!is_private(Path::new(path)), "{path}");
        }
    }
}
