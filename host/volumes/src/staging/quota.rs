//! What a staging may hold and take: the workload's policy, what the descriptor announces, what must stay free.
//!
//! Every bound is charged before the bytes are written, so that an archive that lies is stopped at the first entry too
//! many and never by a full disk.

use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::write_out::WriteOut;
use crate::inode_flags::Wanted;
use crate::space::{Budget, Occupied};
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::limits::DISK_UNIT_BYTES;
use reforge_base::limits::ListingBudget;
use reforge_base::message;

/// What the workload allows beyond the defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Symbolic and hard links (`links = "contained"`).
    pub links: bool,
    /// Set-id bits and `security.*` and `trusted.*` attributes: always for our own archives, for imported ones only
    /// when the workload says so.
    pub privileged: bool,
}

/// What the descriptor says of the volume. Bounds while filling, and what the seal compares with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// None for an imported archive: then only the counts are compared.
    pub tree_digest: Option<String>,
    pub entries: u64,
    pub bytes: u64,
}

/// Everything that binds one staging.
#[derive(Clone, Debug, Default)]
pub struct Quota {
    pub policy: Policy,
    pub budget: Budget,
    pub expected: Expected,
    /// Inode flags, which an archive does not hold.
    pub flags: Wanted,
    /// Once true, every call fails with `cancelled`.
    pub cancelled: Arc<AtomicBool>,
}

/// How far a staging has come. Bytes are those written, not those announced.
#[derive(Debug, Default)]
pub struct Progress {
    pub entries: AtomicU64,
    pub bytes: AtomicU64,
}

/// What has been charged against the terms.
#[derive(Debug, Default)]
pub(super) struct QuotaUse {
    pub progress: Progress,
    pub listed: ListingBudget,
    announced_bytes: AtomicU64,
    occupied: Occupied,
}

impl Quota {
    pub(super) fn refuse_cancelled(&self) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Failure::new(Code::Cancelled, message!("cancelled-while-the-archive-was-extracted")));
        }
        Ok(())
    }
}

impl QuotaUse {
    /// One more entry of `size` bytes.
    pub(super) fn announce(&self, expected: &Expected, size: u64) -> Result<()> {
        let entries = self.progress.entries.fetch_add(1, Ordering::Relaxed) + 1;
        if entries > expected.entries {
            return Err(too_large(message!("the-archive-holds-more-entries", announced = expected.entries)));
        }
        let add = |announced: u64| announced.checked_add(size).filter(|sum| *sum <= expected.bytes);
        let added = self.announced_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        added.map(drop).map_err(|_| too_large(message!("the-archive-holds-more-bytes", announced = expected.bytes)))
    }

    /// `written` bytes are about to land on the file system of `directory`. Looks at its free space now and then.
    pub(super) fn occupy(&self, budget: &Budget, directory: BorrowedFd<'_>, written: u64, entry: bool) -> Result<()> {
        let occupied = if entry { written.next_multiple_of(DISK_UNIT_BYTES).max(DISK_UNIT_BYTES) } else { written };
        self.occupied.add(budget, directory, occupied)
    }

    /// `bytes` of content were written: counted, and given to the disk now and then.
    pub(super) fn wrote(&self, bytes: u64, write_out: &WriteOut) {
        let before = self.progress.bytes.fetch_add(bytes, Ordering::Relaxed);
        let entries = self.progress.entries.load(Ordering::Relaxed);
        write_out.advanced((before, entries.saturating_sub(1)), (before + bytes, entries));
    }

    /// Bytes that all entries announced.
    pub(super) fn announced_bytes(&self) -> u64 {
        self.announced_bytes.load(Ordering::Relaxed)
    }
}

fn too_large(message: Message) -> Failure {
    Failure::new(Code::TooLarge, message).hint(message!("the-archive-and-its-descriptor"))
}
