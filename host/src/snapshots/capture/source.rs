//! Turns what a walk finds into entries of the archive.
//!
//! What an entry says (owner, size, times, attributes, content) comes from one open descriptor, so that it is one file's
//! even if names move meanwhile. Nothing is opened but directories, regular files and, as a handle only, links.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rustix::fs::FileType;

use super::super::format::{Manifest, PartInside, VolumeTotals};
use super::super::sparse::{self, Extent};
use super::super::tar_writer::{self, Kind};
use super::super::tree_digest::{BLOCK_BYTES, Metadata, Mtime};
use super::super::walk::{Changes, Facts, Found, Walk};
use super::super::{Progress, check_cancelled, xattrs};
use super::CaptureVolume;
use super::cutter::{Content, Cutter, MEMBER_BYTES, OpenFile, PART_BYTES, Record, RecordKind, Source};
use crate::escape;
use crate::failure::{Code, Failure, Result};
use crate::limits::{self, Listed};

/// Up to this size the walk reads a file itself: workers hold larger ones open, and descriptors are few.
const READ_BY_WALK_BYTES_MAX: u64 = 128 << 10;
/// How many left-out names a descriptor lists.
const SPECIAL_NAMES_MAX: usize = 100;
/// What a file system gives out at least.
const DISK_UNIT_BYTES: u64 = 4096;

/// What the kernel counts blocks in.
const BLOCKS_UNIT_BYTES: u64 = 512;

/// What a part's path keeps as it is, see [`PartInside`].
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The archive's first entry.
pub(super) fn manifest(manifest: &Manifest, cutter: &mut Cutter<'_>) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(manifest)
        .map_err(|error| Failure::new(Code::Io, format!("cannot write the manifest: {error}")))?;
    text.push(b'\n');
    let mtime = Mtime { seconds: manifest.created.as_second(), nanoseconds: 0 };
    let metadata = Metadata { mode: 0o600, mtime, ..Metadata::default() };
    let size = text.len() as u64;
    text.resize(text.len() + tar_writer::padding(size), 0);
    cutter.entry(tar_writer::header(b"manifest.json", &metadata, &Kind::File { size }))?;
    cutter.bytes(text);
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
pub(super) struct VolumeSource<'a, 'c> {
    index: u32,
    name: Arc<str>,
    walk: Walk,
    changes: Changes,
    cutter: &'a mut Cutter<'c>,
    xattrs: xattrs::Reader,
    listed: Listed,
    /// By inode and birth time: while the app runs an inode number can be given out again.
    leaders: HashMap<(u64, i64, u32), Leader>,
    totals: VolumeTotals,
}

impl<'a, 'c> VolumeSource<'a, 'c> {
    pub(super) fn new(
        index: u32,
        volume: &CaptureVolume<'_>,
        changes: Changes,
        cutter: &'a mut Cutter<'c>,
    ) -> Result<Self> {
        Ok(VolumeSource {
            index,
            name: Arc::from(&*volume.name),
            walk: Walk::new(&volume.name, volume.live, changes)?,
            changes,
            cutter,
            xattrs: xattrs::Reader::new(),
            listed: Listed::default(),
            leaders: HashMap::new(),
            totals: VolumeTotals { index, ..VolumeTotals::default() },
        })
    }

    pub(super) fn read(mut self, progress: &dyn Progress) -> Result<VolumeTotals> {
        while let Some(found) = self.walk.step()? {
            check_cancelled(progress, "the snapshot")?;
            match found.facts.kind {
                FileType::Directory => self.directory(&found)?,
                FileType::RegularFile => self.file(&found)?,
                FileType::Symlink => self.symlink(&found)?,
                FileType::Fifo | FileType::Socket => self.left_out(&found),
                FileType::CharacterDevice | FileType::BlockDevice => return Err(self.refused("is a device node")),
                FileType::Unknown => return Err(self.refused("is of a kind that is not known")),
            }
        }
        Ok(self.totals)
    }

    fn directory(&mut self, found: &Found) -> Result<()> {
        let read = self.xattrs.of(self.walk.directory()?);
        let metadata = self.metadata(&found.facts, read)?;
        self.header(&found.path, &metadata, &Kind::Directory)?;
        self.totals.disk_bytes += DISK_UNIT_BYTES;
        self.record(&found.path, metadata, RecordKind::Directory);
        Ok(())
    }

    fn symlink(&mut self, found: &Found) -> Result<()> {
        let Some((link, facts)) = self.walk.open_symlink(found)? else { return Ok(()) };
        let target =
            rustix::fs::readlinkat(&link, c"", Vec::new()).map_err(|error| self.walk.io("read the link", error))?;
        let read = self.xattrs.of_symlink(&link);
        let metadata = self.metadata(&facts, read)?;
        let target = target.into_bytes();
        self.check(limits::target_problem(&target))?;
        self.header(&found.path, &metadata, &Kind::Symlink { target: &target })?;
        self.totals.symlinks += 1;
        self.totals.disk_bytes += DISK_UNIT_BYTES;
        self.record(&found.path, metadata, RecordKind::Symlink { target });
        Ok(())
    }

    fn file(&mut self, found: &Found) -> Result<()> {
        if self.hard_link(found)? {
            return Ok(());
        }
        let Some((file, facts)) = self.walk.open_file(found)? else { return Ok(()) };
        self.check(limits::size_problem(facts.size))?;
        let read = self.xattrs.of(&file);
        let metadata = self.metadata(&facts, read)?;
        if facts.links > 1 {
            let (path, metadata) = (Arc::from(&*found.path), metadata.clone());
            self.leaders.insert(link_key(&facts), Leader { path, metadata, facts, names_left: facts.links - 1 });
        }
        let holes = self.holes(&file, &facts)?;
        let file = Arc::new(OpenFile {
            file: File::from(file),
            facts,
            volume: Arc::clone(&self.name),
            path: found.path.clone(),
        });
        self.totals.bytes += facts.size;
        let open = match holes {
            Some(extents) => self.sparse_file(&file, &metadata, &extents)?,
            None => self.plain_file(&file, &metadata)?,
        };
        self.record(&found.path, metadata, RecordKind::File { size: facts.size, open });
        Ok(())
    }

    fn holes(&self, file: &OwnedFd, facts: &Facts) -> Result<Option<Vec<Extent>>> {
        if facts.blocks.saturating_mul(BLOCKS_UNIT_BYTES) >= facts.size {
            return Ok(None);
        }
        let extents = sparse::extents(file, facts.size).map_err(|error| self.walk.io("find the holes of", error))?;
        // A file cut short since then would look as if it ended in a hole.
        let now = Facts::of(file, c"").map_err(|error| self.walk.io("look at", error))?;
        if now.size < facts.size {
            return Err(self.walk.changed("became shorter while it was read"));
        }
        Ok(extents)
    }

    /// A further name of a file that is in the archive already. Whether it was one.
    fn hard_link(&mut self, found: &Found) -> Result<bool> {
        if found.facts.links < 2 {
            return Ok(false);
        }
        let key = link_key(&found.facts);
        let Some(leader) = self.leaders.get_mut(&key) else { return Ok(false) };
        if self.changes == Changes::Refused && !leader.facts.unchanged(&found.facts) {
            return Err(self.walk.changed("changed while it was read"));
        }
        leader.names_left -= 1;
        let (path, metadata) = (Arc::clone(&leader.path), leader.metadata.clone());
        if leader.names_left == 0 {
            self.leaders.remove(&key);
        }
        let leader = self.archive_path(&path);
        self.header(&found.path, &metadata, &Kind::HardLink { leader: &leader })?;
        self.totals.hard_links += 1;
        self.record(&found.path, metadata, RecordKind::HardLink { leader: path });
        Ok(true)
    }

    fn plain_file(&mut self, file: &Arc<OpenFile>, metadata: &Metadata) -> Result<Option<Arc<OpenFile>>> {
        let size = file.facts.size;
        self.totals.disk_bytes += size.next_multiple_of(DISK_UNIT_BYTES);
        self.header(&file.path, metadata, &Kind::File { size })?;
        let small = self.read_small(file)?;
        let by_walk = small.is_some();
        if let Some(bytes) = small {
            let extents = vec![Extent { offset: 0, len: size }];
            self.cutter.content(Content { source: Source::Memory(bytes), start: 0, end: size, extents })?;
        } else {
            for start in (0..size).step_by(MEMBER_BYTES as usize) {
                if start > 0 && start % PART_BYTES == 0 {
                    let path = percent_encode(&file.path, PLAIN).to_string();
                    self.cutter.cut_part(Some(PartInside { volume: self.index, path, size, at: start }))?;
                }
                let end = (start + MEMBER_BYTES).min(size);
                let extents = vec![Extent { offset: start, len: end - start }];
                self.cutter.content(Content { source: Source::File(Arc::clone(file)), start, end, extents })?;
            }
        }
        self.cutter.bytes(vec![0; tar_writer::padding(size)]);
        Ok((!by_walk).then(|| Arc::clone(file)))
    }

    fn sparse_file(
        &mut self,
        file: &Arc<OpenFile>,
        metadata: &Metadata,
        extents: &[Extent],
    ) -> Result<Option<Arc<OpenFile>>> {
        let size = file.facts.size;
        let data = sparse::data_bytes(extents);
        let map = sparse::map(extents, size);
        self.totals.disk_bytes += data.next_multiple_of(DISK_UNIT_BYTES);
        self.header(&file.path, metadata, &Kind::Sparse { size, stored: map.len() as u64 + data })?;
        self.cutter.bytes(map);
        let small = self.read_small(file)?;
        let by_walk = small.is_some();
        if let Some(bytes) = small {
            let content = Content { source: Source::Memory(bytes), start: 0, end: size, extents: extents.to_vec() };
            self.cutter.content(content)?;
        } else {
            for (start, end, extents) in ranges(extents, size) {
                self.cutter.content(Content { source: Source::File(Arc::clone(file)), start, end, extents })?;
            }
        }
        self.cutter.bytes(vec![0; tar_writer::padding(data)]);
        Ok((!by_walk).then(|| Arc::clone(file)))
    }

    /// Reads a small file whole and looks at it again; none if it is large.
    fn read_small(&mut self, file: &OpenFile) -> Result<Option<Vec<u8>>> {
        if file.facts.size > READ_BY_WALK_BYTES_MAX {
            return Ok(None);
        }
        let mut bytes = vec![0; file.facts.size as usize];
        match file.file.read_exact_at(&mut bytes, 0) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                return Err(self.walk.changed("became shorter while it was read"));
            }
            Err(error) => return Err(super::super::walk::io(&file.volume, &file.path, "read", &error)),
        }
        if self.changes == Changes::Refused {
            let now = Facts::of(&file.file, c"").map_err(|error| self.walk.io("look at", error))?;
            if !file.facts.unchanged(&now) {
                return Err(self.walk.changed("changed while it was read"));
            }
        }
        Ok(Some(bytes))
    }

    fn left_out(&mut self, found: &Found) {
        self.totals.special += 1;
        if self.totals.special_names.len() < SPECIAL_NAMES_MAX {
            self.totals.special_names.push(escape::bytes(&found.path));
        }
    }

    fn metadata(&self, facts: &Facts, xattrs: rustix::io::Result<xattrs::Xattrs>) -> Result<Metadata> {
        let xattrs = xattrs.map_err(|error| self.walk.io("read the attributes of", error))?;
        self.check(limits::xattrs_problem(&xattrs))?;
        Ok(Metadata { mode: facts.mode, uid: facts.uid, gid: facts.gid, mtime: facts.mtime, xattrs })
    }

    fn header(&mut self, path: &[u8], metadata: &Metadata, kind: &Kind<'_>) -> Result<()> {
        let (target, waiting): (&[u8], &[_]) = match kind {
            Kind::Symlink { target } => (target, &metadata.xattrs),
            Kind::HardLink { leader } => (leader, &metadata.xattrs),
            Kind::File { size } if *size <= BLOCK_BYTES => (b"", &[]),
            // Whoever restores a part of it may come to it before its header does.
            Kind::File { size } if *size > PART_BYTES => (path, &metadata.xattrs),
            Kind::File { .. } | Kind::Sparse { .. } | Kind::Directory => (b"", &metadata.xattrs),
        };
        self.check(self.listed.add(path, target, waiting))?;
        self.totals.entries += 1;
        self.cutter.entry(tar_writer::header(&self.archive_path(path), metadata, kind))
    }

    fn record(&mut self, path: &[u8], metadata: Metadata, kind: RecordKind) {
        self.cutter.record(Record { volume: self.index as usize, path: path.to_vec(), metadata, kind });
    }

    fn archive_path(&self, path: &[u8]) -> Vec<u8> {
        [format!("volumes/{}/", self.index).as_bytes(), path].concat()
    }

    /// Nothing gets into an archive that no restore could take out of it again.
    fn check(&self, problem: Option<String>) -> Result<()> {
        problem.map_or(Ok(()), |problem| Err(self.refused(&problem)))
    }

    fn refused(&self, what: &str) -> Failure {
        self.walk.problem(Code::PolicyRefused, what).hint("no restore could bring it back: move it out of the volume")
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
