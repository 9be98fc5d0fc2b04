//! Turns what a walk finds into entries of the archive.
//!
//! What an entry says (owner, size, times, attributes, content) comes from one open descriptor, so that it is one file's
//! even if names move meanwhile. Nothing is opened but directories, regular files and, as a handle only, links.

use std::collections::HashMap;
use std::sync::Arc;

use rustix::fs::FileType;

use super::super::format::{Manifest, PartInside, VolumeTotals, encoded};
use super::super::sparse::{self, Extent};
use super::super::tar_writer::{self, HeaderKind};
use super::super::walk::{Changes, Facts, Tree, Walk};
use super::super::xattrs::Xattrs;
use super::CaptureVolume;
use super::noticed::Noticed;
use super::read_ahead::{self, Inside, Look, ReadEntry, Reader, Seen};
use super::splitter::{Content, MEMBER_BYTES, OpenFile, PART_BYTES, Record, RecordKind, Source, Splitter};
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::limits::{self, DISK_UNIT_BYTES, ListingBudget};
use reforge_base::message;
use reforge_base::permissions::Permissions;
use reforge_base::remark::Gathered;
use reforge_volumes::inode_flags::Extra;
use reforge_volumes::tree_digest::{BLOCK_BYTES, Metadata, Mtime};

/// How many left-out names a descriptor lists.
const SPECIAL_NAMES_MAX: usize = 100;

/// The archive's first entry.
pub(super) fn manifest(manifest: &Manifest, splitter: &mut Splitter<'_>) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(manifest)
        .map_err(|error| Failure::new(Code::Io, message!("cannot-write-the-manifest", error)))?;
    text.push(b'\n');
    let mtime = Mtime { seconds: manifest.created.as_second(), nanoseconds: 0 };
    let metadata = Metadata { mode: 0o600, mtime, ..Metadata::default() };
    let size = text.len() as u64;
    splitter.entry(|out| tar_writer::header(out, b"manifest.json", &metadata, &HeaderKind::File { size }))?;
    splitter.bytes(&text);
    splitter.zeros(tar_writer::padding(size));
    Ok(())
}

/// The first name of a file that has several.
struct Leader {
    path: Arc<[u8]>,
    metadata: Metadata,
    facts: Facts,
    names_left: u32,
}

/// One volume on its way into the archive.
struct VolumeSource<'t, 'a, 'c, 'n> {
    index: u32,
    tree: &'t Tree,
    permissions: Permissions,
    splitter: &'a mut Splitter<'c>,
    reader: Reader<'t>,
    noticed: &'a mut Noticed<'n>,
    listed: ListingBudget,
    /// By inode and birth time: while the app runs an inode number can be given out again.
    leaders: HashMap<(u64, i64, u32), Leader>,
    totals: VolumeTotals,
}

/// One volume in the archive, and what only a look at its files when they are all read can tell.
pub(super) struct ReadVolume<'a> {
    pub(super) totals: VolumeTotals,
    pub(super) noticed: Noticed<'a>,
    /// Files with further names that the volume does not hold.
    pub(super) names_outside: Gathered,
    pub(super) tree: Arc<Tree>,
}

/// Reads one volume whole.
pub(super) fn volume<'a>(
    index: u32,
    volume: &CaptureVolume<'_>,
    look: Look<'_>,
    mut noticed: Noticed<'a>,
    splitter: &mut Splitter<'_>,
) -> Result<ReadVolume<'a>> {
    let walk = Walk::new(&volume.name, volume.live, look.changes)?;
    let tree = Arc::clone(walk.tree());
    let mut source = VolumeSource {
        index,
        tree: &tree,
        permissions: Permissions::own().map_err(|error| tree.io(b"", "learn the groups of this process for", error))?,
        splitter,
        reader: Reader::new(&tree, None),
        noticed: &mut noticed,
        listed: ListingBudget::default(),
        leaders: HashMap::new(),
        totals: VolumeTotals { index, ..VolumeTotals::default() },
    };
    read_ahead::run(walk, look, |entry| source.take(entry))?;
    let mut names_outside = Gathered::default();
    source.leaders.values().for_each(|leader| names_outside.add(|| escape::bytes(&leader.path)));
    let totals = source.totals;
    Ok(ReadVolume { totals, noticed, names_outside, tree })
}

impl VolumeSource<'_, '_, '_, '_> {
    fn take(&mut self, entry: ReadEntry) -> Result<()> {
        let ReadEntry { path, what } = entry;
        match what {
            Seen::Directory { facts, xattrs, extra } => self.directory(path, &facts, xattrs, extra),
            Seen::End(directory, facts) => {
                self.noticed.end();
                self.tree.check_unchanged(&path, &directory, &facts)
            }
            Seen::Symlink { facts, xattrs, target } => self.symlink(path, &facts, xattrs, target),
            Seen::ReadFile(open, inside) => self.file(open, inside),
            Seen::File(open) => self.file_of_several_names(open),
            Seen::Special(FileType::Fifo | FileType::Socket) => {
                self.left_out(&path);
                Ok(())
            }
            Seen::Special(FileType::CharacterDevice | FileType::BlockDevice) => {
                Err(self.tree.refused(&path, message!("is-a-device-node")))
            }
            Seen::Special(_) => Err(self.tree.refused(&path, message!("is-of-a-kind"))),
        }
    }

    fn directory(&mut self, path: Vec<u8>, facts: &Facts, xattrs: Xattrs, extra: Extra) -> Result<()> {
        self.noticed.directory(&path, extra);
        let metadata = self.metadata(&path, facts, xattrs)?;
        self.header(&path, &metadata, &HeaderKind::Directory)?;
        self.totals.disk_bytes += DISK_UNIT_BYTES;
        self.record(path, metadata, RecordKind::Directory);
        Ok(())
    }

    fn symlink(&mut self, path: Vec<u8>, facts: &Facts, xattrs: Xattrs, target: Vec<u8>) -> Result<()> {
        let metadata = self.metadata(&path, facts, xattrs)?;
        self.check(&path, limits::target_problem(&target))?;
        self.header(&path, &metadata, &HeaderKind::Symlink { target: &target })?;
        self.noticed.symlink(&path, &target);
        self.totals.symlinks += 1;
        self.totals.disk_bytes += DISK_UNIT_BYTES;
        self.record(path, metadata, RecordKind::Symlink { target });
        Ok(())
    }

    fn file(&mut self, open: OpenFile, inside: Inside) -> Result<()> {
        let metadata = self.metadata(&open.path, &open.facts, inside.xattrs)?;
        self.noticed.file(&open.path, inside.extra);
        let size = open.facts.size;
        if open.facts.links > 1 {
            let (path, metadata) = (Arc::from(&*open.path), metadata.clone());
            let leader = Leader { path, metadata, facts: open.facts, names_left: open.facts.links - 1 };
            self.leaders.insert(link_key(&open.facts), leader);
        }
        self.totals.bytes += size;
        let (kind, map, extents) = match inside.extents {
            None => (HeaderKind::File { size }, Vec::new(), None),
            Some(extents) => {
                let map = sparse::map(&extents, size);
                let stored = map.len() as u64 + sparse::data_bytes(&extents);
                (HeaderKind::Sparse { size, stored }, map, Some(extents))
            }
        };
        let data = extents.as_deref().map_or(size, sparse::data_bytes);
        self.totals.disk_bytes += data.next_multiple_of(DISK_UNIT_BYTES);
        self.header(&open.path, &metadata, &kind)?;
        self.splitter.bytes(&map);
        let path = open.path.clone();
        let open = match inside.bytes {
            Some(bytes) => {
                let extents = extents.unwrap_or_else(|| vec![Extent { offset: 0, len: size }]);
                self.splitter.content(Content { source: Source::Memory(bytes), start: 0, end: size, extents })?;
                None
            }
            None => Some(self.large(open, extents)?),
        };
        self.record(path, metadata, RecordKind::File { size, open });
        // After the record, so that it is one piece with the next header.
        self.splitter.zeros(tar_writer::padding(data));
        Ok(())
    }

    /// Content that workers read.
    fn large(&mut self, open: OpenFile, extents: Option<Vec<Extent>>) -> Result<Arc<OpenFile>> {
        let open = Arc::new(open);
        match extents {
            Some(extents) => self.sparse_ranges(&open, &extents)?,
            None => self.whole_ranges(&open)?,
        }
        Ok(open)
    }

    fn sparse_ranges(&mut self, open: &Arc<OpenFile>, extents: &[Extent]) -> Result<()> {
        for (start, end, extents) in ranges(extents, open.facts.size) {
            self.splitter.content(Content { source: Source::File(Arc::clone(open)), start, end, extents })?;
        }
        Ok(())
    }

    fn whole_ranges(&mut self, open: &Arc<OpenFile>) -> Result<()> {
        let size = open.facts.size;
        for start in (0..size).step_by(MEMBER_BYTES as usize) {
            if start > 0 && start % PART_BYTES == 0 {
                let path = encoded(&open.path);
                self.splitter.cut_part(Some(PartInside { volume: self.index, path, size, at: start }))?;
            }
            let end = (start + MEMBER_BYTES).min(size);
            let extents = vec![Extent { offset: start, len: end - start }];
            self.splitter.content(Content { source: Source::File(Arc::clone(open)), start, end, extents })?;
        }
        Ok(())
    }

    fn file_of_several_names(&mut self, mut open: OpenFile) -> Result<()> {
        if self.hard_link(&open)? {
            return Ok(());
        }
        let inside = self.reader.look_into(&mut open)?;
        self.file(open, inside)
    }

    /// A further name of a file that is in the archive already. Whether it was one.
    fn hard_link(&mut self, open: &OpenFile) -> Result<bool> {
        let key = link_key(&open.facts);
        let Some(leader) = self.leaders.get_mut(&key) else { return Ok(false) };
        if self.tree.changes == Changes::Refused && !leader.facts.unchanged(&open.facts) {
            return Err(self.tree.changed(&open.path, message!("changed-while-it-was-read")));
        }
        leader.names_left -= 1;
        let (path, metadata) = (Arc::clone(&leader.path), leader.metadata.clone());
        if leader.names_left == 0 {
            self.leaders.remove(&key);
        }
        let leader = self.archive_path(&path);
        self.header(&open.path, &metadata, &HeaderKind::HardLink { leader: &leader })?;
        self.noticed.hard_link(&open.path);
        self.totals.hard_links += 1;
        self.record(open.path.clone(), metadata, RecordKind::HardLink { leader: path });
        Ok(true)
    }

    fn left_out(&mut self, path: &[u8]) {
        self.totals.special += 1;
        if self.totals.special_names.len() < SPECIAL_NAMES_MAX {
            self.totals.special_names.push(escape::bytes(path));
        }
    }

    fn metadata(&mut self, path: &[u8], facts: &Facts, xattrs: Xattrs) -> Result<Metadata> {
        self.check(path, limits::xattrs_problem(&xattrs))?;
        self.noticed.metadata(path, facts.mtime, &xattrs);
        if let Some(problem) = self.permissions.owner_problem(facts.uid, facts.gid) {
            let what = message!("so-that-this-host", problem);

            return Err(self.tree.problem(path, Code::VolumeRefused, &what).unreadable());
        }
        Ok(Metadata { mode: facts.mode, uid: facts.uid, gid: facts.gid, mtime: facts.mtime, xattrs })
    }

    fn header(&mut self, path: &[u8], metadata: &Metadata, kind: &HeaderKind<'_>) -> Result<()> {
        let (target, waiting): (&[u8], &[_]) = match kind {
            HeaderKind::Symlink { target } => (target, &metadata.xattrs),
            HeaderKind::HardLink { leader } => (leader, &metadata.xattrs),
            HeaderKind::File { size } if *size <= BLOCK_BYTES => (b"", &[]),
            // Whoever restores a part of it may come to it before its header does.
            HeaderKind::File { size } if *size > PART_BYTES => (path, &metadata.xattrs),
            HeaderKind::File { .. } | HeaderKind::Sparse { .. } | HeaderKind::Directory => (b"", &metadata.xattrs),
        };
        self.check(path, self.listed.add(path, target, waiting))?;
        self.totals.entries += 1;
        let path = self.archive_path(path);
        self.splitter.entry(|out| tar_writer::header(out, &path, metadata, kind))
    }

    fn record(&mut self, path: Vec<u8>, metadata: Metadata, kind: RecordKind) {
        self.splitter.record(Record { volume: self.index as usize, path, metadata, kind });
    }

    fn archive_path(&self, path: &[u8]) -> Vec<u8> {
        [format!("volumes/{}/", self.index).as_bytes(), path].concat()
    }

    fn check(&self, path: &[u8], problem: Option<reforge_base::Message>) -> Result<()> {
        problem.map_or(Ok(()), |problem| Err(self.tree.refused(path, &problem)))
    }
}

fn link_key(facts: &Facts) -> (u64, i64, u32) {
    (facts.inode, facts.birth.seconds, facts.birth.nanoseconds)
}

/// Cuts a sparse file at block boundaries into ranges with about a member's worth of data each.
fn ranges(extents: &[Extent], size: u64) -> Vec<(u64, u64, Vec<Extent>)> {
    let mut ranges = Vec::new();
    let mut left = extents;
    let mut start = 0;
    while start < size {
        let end = range_end(left, start, size);
        let taken = left.iter().take_while(|extent| extent.offset < end).map(|extent| {
            let offset = extent.offset.max(start);
            Extent { offset, len: extent.end().min(end) - offset }
        });
        ranges.push((start, end, taken.collect()));
        left = &left[left.iter().take_while(|extent| extent.end() <= end).count()..];
        start = end;
    }
    ranges
}

/// The block boundary at which a member is full, but past at least one block.
fn range_end(extents: &[Extent], start: u64, size: u64) -> u64 {
    let mut room = MEMBER_BYTES;
    for extent in extents {
        let from = extent.offset.max(start);
        let len = extent.end() - from;
        if len > room {
            let full = (from + room) / BLOCK_BYTES;
            return (full.max(from / BLOCK_BYTES + 1) * BLOCK_BYTES).min(size);
        }
        room -= len;
    }
    size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_of_a_sparse_file_hold_all_its_data_and_end_at_blocks() {
        let run = |offset: u64, len: u64| Extent { offset, len };
        let many: Vec<Extent> = (0..4000).map(|n| run(n * 12_288, 4096 + (n % 2) * 4096)).collect();
        for (extents, size) in [
            (vec![], 3 << 30),
            (vec![run(4096, 40 << 20), run(100 << 20, 1)], (100 << 20) + 1),
            (vec![run((2 << 20) - 8192, 4096), run((2 << 20) - 4096, 9 << 20)], 20 << 20),
            (many, 4001 * 12_288),
        ] {
            let ranges = ranges(&extents, size);
            let mut at = 0;
            let mut data = 0;
            for (start, end, runs) in &ranges {
                assert!(*start == at && end > start && (end % BLOCK_BYTES == 0 || *end == size));
                assert!(runs.iter().all(|run| run.len > 0 && run.offset >= *start && run.end() <= *end));
                assert!(sparse::data_bytes(runs) <= MEMBER_BYTES + BLOCK_BYTES);
                data += sparse::data_bytes(runs);
                at = *end;
            }
            assert_eq!((at, data), (size, sparse::data_bytes(&extents)));
        }
    }
}
