//! What the kernel says of one entry, in one call.
//!
//! Device and inode alone are not an identity: a freed inode number is given out again at once. The birth time beside
//! them tells such files apart wherever the file system keeps one.

use std::os::fd::AsFd;

use cap_std::fs::Dir;
use rustix::fs::{FileType, Statx, StatxFlags};

use reforge_volumes::beneath::Name;
use reforge_volumes::syscalls;
use reforge_volumes::tree_digest::Mtime;

/// The facts of one entry, as one call saw them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    pub kind: FileType,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub size: u64,
    /// Units of 512 bytes.
    pub blocks: u64,
    pub links: u32,
    pub mtime: Mtime,
    pub ctime: Mtime,
    pub birth: Mtime,
    pub inode: u64,
    device: (u32, u32),
    /// 0 where the kernel does not tell.
    mount: u64,
}

impl Facts {
    /// The facts of something that is open.
    pub fn of(opened: impl AsFd) -> rustix::io::Result<Facts> {
        Ok(Facts::from(syscalls::facts(opened)?))
    }

    /// Those of a name in a directory, links not followed.
    pub fn of_name(above: &Dir, name: Name<'_>) -> rustix::io::Result<Facts> {
        Ok(Facts::from(syscalls::facts_of(above, name)?))
    }

    /// Whether both are the same inode of the same file system.
    pub fn same_inode(&self, other: &Facts) -> bool {
        (self.device, self.inode, self.birth, self.kind) == (other.device, other.inode, other.birth, other.kind)
    }

    /// Whether content and metadata are what they were.
    pub fn unchanged(&self, later: &Facts) -> bool {
        self.same_inode(later) && (self.size, self.mtime, self.ctime) == (later.size, later.mtime, later.ctime)
    }

    /// Whether it is unchanged, and still has a name.
    pub fn still_holds(&self, later: &Facts) -> bool {
        self.unchanged(later) && later.links > 0
    }

    pub fn is_directory(&self) -> bool {
        self.kind == FileType::Directory
    }

    pub(super) fn same_mount(&self, other: &Facts) -> bool {
        (self.device, self.mount) == (other.device, other.mount)
    }
}

impl From<Statx> for Facts {
    fn from(stat: Statx) -> Self {
        let time = |at: rustix::fs::StatxTimestamp| Mtime { seconds: at.tv_sec, nanoseconds: at.tv_nsec };
        let told = |flag: StatxFlags| stat.stx_mask & flag.bits() != 0;
        Facts {
            kind: FileType::from_raw_mode(u32::from(stat.stx_mode)),
            mode: u32::from(stat.stx_mode) & 0o7777,
            uid: stat.stx_uid,
            gid: stat.stx_gid,
            size: stat.stx_size,
            blocks: stat.stx_blocks,
            links: stat.stx_nlink,
            mtime: time(stat.stx_mtime),
            ctime: time(stat.stx_ctime),
            birth: if told(StatxFlags::BTIME) { time(stat.stx_btime) } else { Mtime::default() },
            inode: stat.stx_ino,
            device: (stat.stx_dev_major, stat.stx_dev_minor),
            mount: if told(StatxFlags::MNT_ID) { stat.stx_mnt_id } else { 0 },
        }
    }
}
