//! What the quota groups of btrfs leave a subvolume: no call that tells free space knows of them. Changes nothing.
//!
//! A subvolume is in the group of its own number, groups are in groups, and each may have a limit. They stand in a tree of
//! the file system, which only root may read: to everybody else there are none.

use std::os::fd::{AsFd as _, BorrowedFd};

use super::syscalls::{self, TreeKeys};

/// `BTRFS_SUPER_MAGIC`.
const BTRFS: u64 = 0x9123_683e;

/// `BTRFS_QUOTA_TREE_OBJECTID`, and the types of its items: what a group holds, what it may hold, what it is in.
const QUOTA_TREE: u64 = 8;
const INFO: u32 = 242;
const LIMIT: u32 = 244;
const RELATION: u32 = 246;

/// `BTRFS_QGROUP_LIMIT_MAX_RFER` and `BTRFS_QGROUP_LIMIT_MAX_EXCL`: of what it refers to, and of what it alone does.
const LIMITS_REFERRED: u64 = 1;
const LIMITS_EXCLUSIVE: u64 = 2;

/// Groups that are looked at: a subvolume's own, and those that it is in by way of others.
const GROUPS_MAX: usize = 64;

/// Bytes that can still be written to the subvolume of something open; none if nothing limits them.
pub(crate) fn room(opened: BorrowedFd<'_>) -> Option<u64> {
    if syscalls::file_system(opened).ok()?.f_type as u64 != BTRFS {
        return None;
    }
    let mut groups = vec![syscalls::subvolume(opened).ok()?];
    let mut room = None;
    let mut at = 0;
    while let Some(group) = groups.get(at).copied() {
        at += 1;
        for left in lefts(opened, group) {
            room = Some(room.map_or(left, |room: u64| room.min(left)));
        }
        let related = items(opened, group, RELATION, 0..=u64::MAX);
        // Both directions are written down; a group that it is in has a higher number.
        let above = related.into_iter().map(|(other, _)| other).filter(|other| *other > group);
        let above: Vec<u64> = above.filter(|other| !groups.contains(other)).collect();
        groups.extend(above);
        groups.truncate(GROUPS_MAX);
    }
    room
}

/// What each limit of a group leaves.
fn lefts(opened: BorrowedFd<'_>, group: u64) -> Vec<u64> {
    let numbers = |kind| items(opened, 0, kind, group..=group).pop().map(|(_, numbers)| numbers).unwrap_or_default();
    // An info is a generation, what is referred to, the same compressed, and both of what is exclusive; a limit is its flags
    // and two numbers.
    let (info, limit) = (numbers(INFO), numbers(LIMIT));
    let (&[_, referred, _, exclusive, ..], &[flags, referred_max, exclusive_max, ..]) = (&info[..], &limit[..]) else {
        return Vec::new();
    };
    let rows = [(LIMITS_REFERRED, referred, referred_max), (LIMITS_EXCLUSIVE, exclusive, exclusive_max)];
    let limited = rows.into_iter().filter(|(flag, ..)| flags & flag != 0);
    limited.map(|(_, has, may_have)| may_have.saturating_sub(has)).collect()
}

/// Items of the tree of quotas by their offsets, each as the numbers that it is made of.
fn items(
    opened: BorrowedFd<'_>,
    object: u64,
    kind: u32,
    offsets: std::ops::RangeInclusive<u64>,
) -> Vec<(u64, Vec<u64>)> {
    let keys = TreeKeys { tree: QUOTA_TREE, object, kind, offsets };
    let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap_or_default());
    let found = syscalls::search_tree(opened.as_fd(), &keys).unwrap_or_default();
    found.into_iter().map(|(offset, bytes)| (offset, bytes.chunks_exact(8).map(number).collect())).collect()
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd as _;

    use reforge_testing::{Disk, run};

    use super::*;

    #[test]
    fn the_tightest_limit_of_the_groups_that_a_subvolume_is_in_counts() {
        let disk = Disk::btrfs();
        let (top, sub) = (disk.path().to_str().unwrap().to_owned(), disk.path().join("sub"));
        let shown = sub.to_str().unwrap();
        run("btrfs", &["subvolume", "create", shown]);
        let room = || super::room(std::fs::File::open(&sub).unwrap().as_fd());
        assert_eq!(room(), None);
        run("btrfs", &["quota", "enable", &top]);
        assert_eq!(room(), None);
        run("btrfs", &["qgroup", "limit", "64M", shown]);
        let left = room().unwrap();
        assert!(left <= 64 << 20 && left > 63 << 20, "{left}");
        run("btrfs", &["qgroup", "create", "1/7", &top]);
        let id = syscalls::subvolume(std::fs::File::open(&sub).unwrap().as_fd()).unwrap();
        run("btrfs", &["qgroup", "assign", "--no-rescan", &format!("0/{id}"), "1/7", &top]);
        run("btrfs", &["qgroup", "limit", "8M", "1/7", &top]);
        let left = room().unwrap();
        assert!(left <= 8 << 20, "{left}");
        assert_eq!(super::room(std::fs::File::open(disk.path()).unwrap().as_fd()), None);
    }
}
