//! A thorough plan: every header of the archive, judged, and beside it the live tree.
//!
//! Archive and live tree come in the same order, so that both are read once with bounded memory. An archive in any
//! other order gets no counts; nothing is guessed. Contents are never compared, and parts that lie inside one large
//! file are not read.

use std::cmp::Ordering;

use crate::archive::headers::Kind;
use crate::archive::limits::{LIVE_ENTRIES_AT_ONCE, REFUSALS_SHOWN_MAX};
use crate::archive::policy::{Admitted, Policy};
use crate::archive::reader::{Entry, Reader};
use crate::extract::check_manifest;
use crate::host::{Host, Job, LiveEntry, LiveKind, LiveTree, Part, PartFile, Report, Timestamp, Volume};
use crate::manifest::Descriptor;
use crate::plan::{Resolved, links_refused};
use crate::{Failure, Result};

/// Entries in the snapshot only, in live only, in both but different in kind, size or time, and in both alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub added: u64,
    pub removed: u64,
    pub changed: u64,
    pub same: u64,
}

/// What a thorough plan knows of one volume.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VolumeDiff {
    /// None when the archive is in another order.
    pub changes: Option<Changes>,
    pub newest_live: Option<Timestamp>,
}

/// Reads the archive's headers and compares. What is refused goes to `refusals`.
pub fn compare<H: Host>(
    host: &H,
    archive: &H::Archive,
    descriptor: &Descriptor,
    job: &Job,
    volumes: &[Resolved<H::Volume>],
    refusals: &mut Vec<Failure>,
) -> Result<Vec<VolumeDiff>> {
    let mut merges = (0..descriptor.volumes.len()).map(|_| None).collect::<Vec<_>>();
    for resolved in volumes {
        merges[resolved.index as usize] = Some(Merge::open(&resolved.volume)?);
    }
    let mut comparison = Comparison {
        policy: Policy::new(&job.policy, descriptor.imported),
        links_refused: descriptor.volumes.iter().map(|totals| links_refused(totals, job)).collect(),
        merges,
        refused: Vec::new(),
        found: 0,
    };
    read(host, archive, descriptor, &mut comparison)?;
    refusals.extend(Failure::all(comparison.refused, comparison.found, REFUSALS_SHOWN_MAX));
    // One merge per resolved volume, both in archive order.
    comparison.merges.into_iter().flatten().map(Merge::finish).collect()
}

/// Says how far the reading is and stops it when the operator asks to.
pub fn watch<R: Report>(report: &R, offset: u64, total: u64) -> Result<()> {
    report.progress(offset, total);
    match report.cancelled() {
        true => Err(Failure::new("cancelled", "the operator asked to stop")),
        false => Ok(()),
    }
}

/// Every header of the archive, part by part. A refusal that only concerns one entry does not end it.
fn read<H: Host>(
    host: &H,
    archive: &H::Archive,
    descriptor: &Descriptor,
    comparison: &mut Comparison<<H::Volume as Volume>::Tree>,
) -> Result<()> {
    let parts = descriptor.parts_to_extract()?;
    let total = descriptor.archive.bytes;
    let watch = |offset| watch(host, offset, total);
    let mut entry = Entry::default();
    for (position, part) in parts.iter().enumerate() {
        let next = parts.get(position + 1).and_then(|next| next.inside.as_ref());
        if lies_inside_one_file(part, next) {
            continue;
        }
        let mut reader = Reader::open(archive, part.offset, part.length, &watch)?;
        match &part.inside {
            Some(inside) => reader.begin_inside(inside.size - inside.at),
            None if part.offset == 0 => check_manifest(descriptor, &reader.manifest()?)?,
            None => {}
        }
        while reader.next(&mut entry)? {
            if comparison.entry(&entry, next)? {
                break;
            }
        }
    }
    Ok(())
}

/// Whether the part holds nothing but bytes of a file, which the next part goes on with.
fn lies_inside_one_file(part: &Part, next: Option<&PartFile>) -> bool {
    match (&part.inside, next) {
        (Some(inside), Some(next)) => inside.volume == next.volume && inside.path == next.path,
        _ => false,
    }
}

struct Comparison<T> {
    policy: Policy,
    /// Per volume: whether all of its links were refused already, in one word.
    links_refused: Vec<bool>,
    merges: Vec<Option<Merge<T>>>,
    refused: Vec<Failure>,
    found: u64,
}

impl<T: LiveTree> Comparison<T> {
    /// Judges and compares one entry. True when the rest of the part is its content.
    fn entry(&mut self, entry: &Entry, next: Option<&PartFile>) -> Result<bool> {
        // Links of volumes that stay as they are need no permission.
        let lenient = Policy { links: true, ..self.policy };
        let (volume, path) = match lenient.admit(entry, self.merges.len()) {
            Ok(Admitted::Entry { volume, path, .. }) => (volume, path),
            Ok(Admitted::Nothing) => return Ok(false),
            Err(failure) => {
                self.refuse(failure);
                return Ok(false);
            }
        };
        let is_wanted = self.merges[volume as usize].is_some();
        if is_wanted
            && !self.links_refused[volume as usize]
            && let Err(failure) = self.policy.admit(entry, self.merges.len())
        {
            self.refuse(failure);
        }
        // What may not be restored is compared all the same: live may hold it, too.
        if let Some(merge) = &mut self.merges[volume as usize] {
            merge.push(path, entry)?;
        }
        Ok(next.is_some_and(|next| next.volume == volume && next.path == path))
    }

    fn refuse(&mut self, failure: Failure) {
        self.found += 1;
        if self.refused.len() < REFUSALS_SHOWN_MAX {
            self.refused.push(failure);
        }
    }
}

/// The merge of one volume's entries with its live tree.
struct Merge<T> {
    live: Live<T>,
    /// The last path of the archive; none before the first.
    last: Option<Vec<u8>>,
    /// None once the archive was seen to be out of order.
    changes: Option<Changes>,
}

impl<T: LiveTree> Merge<T> {
    fn open<V: Volume<Tree = T>>(volume: &V) -> Result<Self> {
        let tree = if volume.facts().exists { Some(volume.live()?) } else { None };
        let mut live = Live { tree, batch: Vec::new().into_iter(), head: None, newest: None };
        live.advance()?;
        Ok(Merge { live, last: None, changes: Some(Changes::default()) })
    }

    fn push(&mut self, path: &[u8], entry: &Entry) -> Result<()> {
        if self.last.as_ref().is_some_and(|last| path_order(last, path) != Ordering::Less) {
            self.changes = None;
        }
        let Some(changes) = &mut self.changes else { return Ok(()) };
        let last = self.last.get_or_insert_default();
        last.clear();
        last.extend_from_slice(path);
        loop {
            let order = self.live.head.as_ref().map_or(Ordering::Greater, |live| path_order(&live.path, path));
            match order {
                Ordering::Less => changes.removed += 1,
                Ordering::Greater => {
                    changes.added += 1;
                    return Ok(());
                }
                Ordering::Equal => {
                    let alike = self.live.head.as_ref().is_some_and(|live| is_alike(live, entry));
                    *(if alike { &mut changes.same } else { &mut changes.changed }) += 1;
                    return self.live.advance();
                }
            }
            self.live.advance()?;
        }
    }

    /// What is left in live has nothing beside it in the snapshot.
    fn finish(mut self) -> Result<VolumeDiff> {
        while self.live.head.is_some() {
            if let Some(changes) = &mut self.changes {
                changes.removed += 1;
            }
            self.live.advance()?;
        }
        Ok(VolumeDiff { changes: self.changes, newest_live: self.live.newest })
    }
}

/// The live tree, one entry ahead.
struct Live<T> {
    tree: Option<T>,
    batch: std::vec::IntoIter<LiveEntry>,
    head: Option<LiveEntry>,
    newest: Option<Timestamp>,
}

impl<T: LiveTree> Live<T> {
    fn advance(&mut self) -> Result<()> {
        self.head = self.batch.next();
        if self.head.is_none()
            && let Some(tree) = &self.tree
        {
            self.batch = tree.next(LIVE_ENTRIES_AT_ONCE)?.into_iter();
            self.head = self.batch.next();
        }
        match &self.head {
            Some(head) => self.newest = self.newest.max(Some(head.mtime)),
            // A tree that has ended is not asked again.
            None => self.tree = None,
        }
        Ok(())
    }
}

fn is_alike(live: &LiveEntry, entry: &Entry) -> bool {
    let kind = match live.kind {
        LiveKind::File => match entry.kind {
            Kind::File => live.size == entry.size,
            // A further name of a file; its header has no size.
            kind => kind == Kind::HardLink,
        },
        LiveKind::Directory => entry.kind == Kind::Directory,
        // An older host does not say how long a target is.
        LiveKind::Symlink => entry.kind == Kind::Symlink && [0, entry.link.len() as u64].contains(&live.size),
        LiveKind::Other => false,
    };
    kind && live.mtime == entry.metadata.mtime
}

/// The order of both trees: components compared one by one, as bytes.
pub fn path_order(left: &[u8], right: &[u8]) -> Ordering {
    let key = |byte: &u8| if *byte == b'/' { 0u8 } else { *byte };
    left.iter().map(key).cmp(right.iter().map(key))
}
