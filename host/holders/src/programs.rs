//! Where a program lies that runs through a mount which nobody shows: a container engine's helper mounts its own file
//! aside and starts that, so that nothing in a container can write to it.
//!
//! Only a file with a single name can be placed so: it is nowhere else then.

use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Statx, StatxFlags};

use super::mounts::MountTable;
use reforge_base::mounts::DevicePath;

/// Where programs lie.
const DIRECTORIES: [&str; 5] = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/usr/libexec"];

/// The places of the file that a link in `/proc` leads to, if it is one of the host's programs.
pub(crate) fn device_paths(
    mounts: &MountTable,
    directory: BorrowedFd<'_>,
    link: &std::ffi::CStr,
) -> Option<Vec<DevicePath>> {
    let wanted = look(directory, link, AtFlags::empty())?;
    if FileType::from_raw_mode(u32::from(wanted.stx_mode)) != FileType::RegularFile || wanted.stx_nlink != 1 {
        return None;
    }
    DIRECTORIES.iter().find_map(|programs| {
        let programs = Path::new(programs).canonicalize().ok()?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let list = rustix::fs::open(&programs, flags, Mode::empty()).ok()?;
        let mut entries = Dir::read_from(list).ok()?.filter_map(Result::ok);
        let found = entries.find(|entry| entry.ino() == wanted.stx_ino)?;
        let path = programs.join(std::ffi::OsStr::from_bytes(found.file_name().to_bytes()));
        let stat = look(CWD, &path, AtFlags::SYMLINK_NOFOLLOW)?;
        let is_it = identity(&stat) == identity(&wanted) && stat.stx_nlink == 1;
        let tells_mount = stat.stx_mask & StatxFlags::MNT_ID.bits() != 0;
        (is_it && tells_mount).then(|| mounts.device_paths(stat.stx_mnt_id, &path)).flatten()
    })
}

fn look(directory: BorrowedFd<'_>, path: impl rustix::path::Arg, flags: AtFlags) -> Option<Statx> {
    let flags = flags | AtFlags::NO_AUTOMOUNT | AtFlags::STATX_DONT_SYNC;
    let mask = StatxFlags::TYPE | StatxFlags::INO | StatxFlags::NLINK | StatxFlags::MNT_ID;
    rustix::fs::statx(directory, path, flags, mask).ok()
}

fn identity(stat: &Statx) -> (u32, u32, u64) {
    (stat.stx_dev_major, stat.stx_dev_minor, stat.stx_ino)
}
