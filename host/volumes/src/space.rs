//! Room on file systems: what is free, and whether what a restore needs fits (design, space). Changes nothing.
//!
//! Needs are summed per file system, each on the one it lands on. What is free is what the kernel leaves to users
//! without privileges: blocks that only root may use would leave the app nothing to write to.

use std::collections::BTreeMap;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::beneath::{self, errno};
use super::{ambient, btrfs_quota, syscalls};
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::limits::DISK_UNIT_BYTES;
use reforge_base::message;
use reforge_base::message::Bytes;
use reforge_base::mounts;

/// What stands for one file system: the device numbers of its mount. `st_dev` is another one in each btrfs subvolume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileSystemId {
    pub major: u32,
    pub minor: u32,
}

/// The room on one file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    pub free_bytes: u64,
    /// None where inodes are made as they are needed (btrfs).
    pub free_inodes: Option<u64>,
    pub block_bytes: u64,
}

impl Space {
    /// The file system of something open. A project quota on its directory counts, and the quota groups of btrfs.
    pub fn of(opened: BorrowedFd<'_>) -> Result<Space> {
        let facts = syscalls::room(opened)
            .map_err(|error| Failure::new(Code::Io, message!("cannot-tell-how-much-space", error)))?;
        let free_bytes = facts.f_bavail.saturating_mul(facts.f_frsize);
        Ok(Space {
            free_bytes: btrfs_quota::room(opened).map_or(free_bytes, |room| room.min(free_bytes)),
            free_inodes: (facts.f_files != 0).then_some(facts.f_favail),
            block_bytes: facts.f_frsize,
        })
    }

    /// Refuses to go on when less is left than must stay free.
    pub fn refuse_below(&self, reserve_bytes: u64, reserve_inodes: u64) -> Result<()> {
        let message = if self.free_bytes < reserve_bytes {
            let (free, reserve) = (Bytes(self.free_bytes), Bytes(reserve_bytes));
            message!("the-file-system-has-left", free, reserve)
        } else if let Some(free) = self.free_inodes.filter(|free| *free < reserve_inodes) {
            message!("the-file-system-has-inodes-left", free, reserve_inodes)
        } else {
            return Ok(());
        };
        Err(Failure::new(Code::NoSpace, message).hint(message!("free-some-space-and-start-again")))
    }
}

/// After how many bytes the free space is looked at again at the latest; sooner when it runs out, since others write, too.
const SPACE_CHECK_BYTES_MAX: u64 = 8 << 20;

/// What must stay free on a file system while others go on writing to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    pub reserve_bytes: u64,
    pub reserve_inodes: u64,
}

/// What was put on a file system, held against a budget as it grows. Shared by threads.
#[derive(Debug, Default)]
pub struct Occupied {
    bytes: AtomicU64,
    /// From how many bytes on the free space is looked at again. 0 at first: a full disk takes nothing.
    next_check_bytes: AtomicU64,
}

impl Occupied {
    /// So many bytes are about to land on the file system of something open. Looks at its free space now and then.
    pub fn add(&self, budget: &Budget, on: BorrowedFd<'_>, bytes: u64) -> Result<()> {
        let so_far = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if so_far < self.next_check_bytes.load(Ordering::Relaxed) {
            return Ok(());
        }
        let space = Space::of(on)?;
        space.refuse_below(budget.reserve_bytes.saturating_add(bytes), budget.reserve_inodes)?;
        let until_reserve = space.free_bytes - budget.reserve_bytes;
        let inodes_until_reserve = space.free_inodes.map_or(u64::MAX, |free| free - budget.reserve_inodes);
        let step =
            SPACE_CHECK_BYTES_MAX.min(until_reserve / 2).min(inodes_until_reserve.saturating_mul(DISK_UNIT_BYTES) / 2);
        self.next_check_bytes.store(so_far.saturating_add(step), Ordering::Relaxed);
        Ok(())
    }
}

/// What one part of a restore will put below one directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// An existing directory on the file system.
    pub directory: PathBuf,
    pub bytes: u64,
    pub inodes: u64,
}

/// What all needs on one file system come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    pub file_system: FileSystemId,
    /// The first directory that was named on it.
    pub directory: PathBuf,
    pub bytes: u64,
    pub inodes: u64,
    pub space: Space,
}

impl Demand {
    /// What does not fit, if anything.
    pub fn shortage(&self) -> Option<Failure> {
        let location = escape::path(&self.directory);
        let message = if self.bytes > self.space.free_bytes {
            let (bytes, free) = (Bytes(self.bytes), Bytes(self.space.free_bytes));
            message!("needs-has-on-the-file-system", bytes, free, place = location)
        } else if let Some(free) = self.space.free_inodes.filter(|free| *free < self.inodes) {
            message!("needs-inodes-has-on-the-file", inodes = self.inodes, free, place = location)
        } else {
            return None;
        };
        Some(Failure::new(Code::NoSpace, message).hint(message!("free-some-space-or-move-volumes")))
    }
}

/// Sums needs per file system, a reserve added to each. Ask each demand for its shortage.
pub fn demands(needs: &[Need], reserve_bytes: u64, reserve_inodes: u64) -> Result<Vec<Demand>> {
    let mut demands: BTreeMap<FileSystemId, Demand> = BTreeMap::new();
    for need in needs {
        let (file_system, space) = look(&need.directory)?;
        let demand = demands.entry(file_system).or_insert_with(|| Demand {
            file_system,
            directory: need.directory.clone(),
            bytes: reserve_bytes,
            inodes: reserve_inodes,
            space,
        });
        demand.bytes = demand.bytes.saturating_add(need.bytes);
        demand.inodes = demand.inodes.saturating_add(need.inodes);
        // Quotas on directories of one file system differ; the tightest counts.
        demand.space.free_bytes = demand.space.free_bytes.min(space.free_bytes);
        demand.space.free_inodes = demand.space.free_inodes.zip(space.free_inodes).map(|(a, b)| a.min(b));
    }
    Ok(demands.into_values().collect())
}

fn look(directory: &Path) -> Result<(FileSystemId, Space)> {
    let failed = |error: rustix::io::Errno| Failure::io("inspect", directory, &error.into());
    let opened = ambient::follow(directory).map_err(errno).map_err(failed)?;
    // A mere handle cannot be asked for everything.
    let opened = beneath::again(&opened).unwrap_or(opened);
    let facts = syscalls::facts(&opened).map_err(failed)?;
    let mount = mounts::own()?.into_iter().find(|mount| mount.id == facts.stx_mnt_id);
    let (major, minor) = mount.map_or((facts.stx_dev_major, facts.stx_dev_minor), |mount| mount.device);
    Ok((FileSystemId { major, minor }, Space::of(opened.as_fd())?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reforge_testing::{Disk, run};

    #[test]
    fn needs_on_one_file_system_are_summed_and_refused_with_figures() {
        let disk = Disk::ext4(16);
        let inside = disk.path().join("inside");
        std::fs::create_dir(&inside).unwrap();
        let need = |directory: &Path, bytes, inodes| Need { directory: directory.to_owned(), bytes, inodes };
        let free = look(disk.path()).unwrap().1;
        let half = free.free_bytes / 2 + 1;
        let shortage = |needs: &[Need], inodes| demands(needs, 0, inodes).unwrap().iter().find_map(Demand::shortage);
        assert_eq!(shortage(&[need(disk.path(), half, 1)], 0), None);
        let failure = shortage(&[need(disk.path(), half, 1), need(&inside, half, 1)], 0).unwrap();
        assert_eq!(failure.code, Code::NoSpace);
        assert!(failure.message.contains("needs ") && failure.message.contains("MiB on the file system of `"));
        let failure = shortage(&[need(&inside, 0, 0)], free.free_inodes.unwrap() + 1).unwrap();
        assert!(failure.message.contains("inodes"), "{failure}");
        let elsewhere = tempfile::tempdir().unwrap();
        assert_eq!(demands(&[need(disk.path(), 1, 1), need(elsewhere.path(), 1, 1)], 0, 0).unwrap().len(), 2);
    }

    #[test]
    fn subvolumes_of_one_btrfs_are_one_file_system_without_an_inode_limit() {
        let disk = Disk::btrfs();
        let subvolume = disk.path().join("sub");
        run("btrfs", &["subvolume", "create", subvolume.to_str().unwrap()]);
        let need = |directory: &Path| Need { directory: directory.to_owned(), bytes: 1, inodes: u64::MAX / 4 };
        let demands = demands(&[need(disk.path()), need(&subvolume)], 0, 0).unwrap();
        assert_eq!((demands.len(), demands[0].space.free_inodes), (1, None));
        assert_eq!(demands[0].shortage(), None);
    }
}
