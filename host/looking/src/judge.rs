//! What comes out of an archive is checked again, whatever it is for: names, kinds, sizes, and how much there may be of it.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::limits::{self, ListingBudget, PIECE_BYTES_MAX};
use reforge_base::message;
use reforge_snapshots::format::VolumeTotals;
use reforge_volumes::staging::entry_path::{check, check_below_root, refused};
use reforge_volumes::staging::{Policy, attributes};
use reforge_volumes::tree_digest::Metadata;

/// Of one volume.
pub(crate) struct Judge {
    entries_left: AtomicU64,
    bytes_left: AtomicU64,
    listed: ListingBudget,
    cancelled: Arc<AtomicBool>,
}

impl Judge {
    pub(crate) fn new(totals: &VolumeTotals, cancelled: Arc<AtomicBool>) -> Judge {
        let (entries, bytes) = (AtomicU64::new(totals.entries), AtomicU64::new(totals.bytes));
        Judge { entries_left: entries, bytes_left: bytes, listed: ListingBudget::default(), cancelled }
    }

    /// Whether all that the snapshot says has come.
    pub(crate) fn is_all(&self) -> bool {
        self.entries_left.load(Ordering::Relaxed) == 0 && self.bytes_left.load(Ordering::Relaxed) == 0
    }

    /// A directory, which may be the volume's root.
    pub(crate) fn directory<'a>(&self, path: &[u8], metadata: &'a Metadata) -> Result<Cow<'a, Metadata>> {
        check(path)?;
        self.entry(path, metadata, 0, b"")
    }

    pub(crate) fn file<'a>(&self, path: &[u8], metadata: &'a Metadata, size: u64) -> Result<Cow<'a, Metadata>> {
        check_below_root(path)?;
        self.size(path, size)?;
        self.entry(path, metadata, size, b"")
    }

    /// A file whose header is elsewhere.
    pub(crate) fn rest(&self, path: &[u8], size: u64) -> Result<()> {
        self.go_on()?;
        check_below_root(path)?;
        self.size(path, size)
    }

    pub(crate) fn symlink<'a>(&self, path: &[u8], metadata: &'a Metadata, target: &[u8]) -> Result<Cow<'a, Metadata>> {
        check_below_root(path)?;
        refuse(path, limits::target_problem(target))?;
        self.entry(path, metadata, 0, target)
    }

    pub(crate) fn hard_link<'a>(
        &self,
        path: &[u8],
        metadata: &'a Metadata,
        leader: &[u8],
    ) -> Result<Cow<'a, Metadata>> {
        check_below_root(path)?;
        check_below_root(leader)?;
        self.entry(path, metadata, 0, leader)
    }

    /// A piece of a file of this size.
    pub(crate) fn piece(&self, path: &[u8], size: u64, offset: u64, bytes: &[u8]) -> Result<()> {
        self.go_on()?;
        if bytes.len() > PIECE_BYTES_MAX {
            return Err(Failure::new(Code::TooLarge, message!("one-write-holds-more-than-1")));
        }
        match offset.checked_add(bytes.len() as u64).is_some_and(|end| end <= size) {
            true => Ok(()),
            false => Err(refused(path, message!("holds-more-than-its-header-says"))),
        }
    }

    fn entry<'a>(&self, path: &[u8], metadata: &'a Metadata, size: u64, other: &[u8]) -> Result<Cow<'a, Metadata>> {
        self.go_on()?;
        let metadata = attributes::check(path, metadata, Policy { links: true, privileged: true })?;
        refuse(path, self.listed.add(path, other, &metadata.xattrs))?;
        let take = |left: &AtomicU64, count: u64| {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(count)).is_ok()
        };
        match take(&self.entries_left, 1) && take(&self.bytes_left, size) {
            true => Ok(metadata),
            false => Err(refused(path, message!("is-more-than-the-snapshot-says")).with_code(Code::TooLarge)),
        }
    }

    fn size(&self, path: &[u8], size: u64) -> Result<()> {
        refuse(path, limits::size_problem(size))
    }

    fn go_on(&self) -> Result<()> {
        match self.cancelled.load(Ordering::Relaxed) {
            true => {
                Err(Failure::new(Code::Cancelled, message!("was-cancelled", what = message!("reading-the-snapshot"))))
            }
            false => Ok(()),
        }
    }
}

fn refuse(path: &[u8], problem: Option<Message>) -> Result<()> {
    problem.map_or(Ok(()), |problem| Err(refused(path, &problem)))
}
