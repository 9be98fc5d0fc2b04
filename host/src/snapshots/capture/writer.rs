//! Writes finished members down in order and digests what they hold; afterwards reads the file back.
//!
//! The archive's SHA-256 is over the bytes as they went to the file. Reading back compares each member with the digest
//! that its worker made of it, on all cores, after the page cache has let go of it: what is compared comes from the disk.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sha2::{Digest as _, Sha256};

use super::super::format::{Archive, Part};
use super::super::tree_digest::{self, ContentHasher, Digest, Kind, TreeHasher};
use super::super::walk::{self, Changes, Facts};
use super::super::{Progress, check_cancelled};
use super::cutter::{OpenFile, Record, RecordKind};
use super::pipeline::workers;
use super::worker::{Done, Event};
use crate::effects::effect;
use crate::failure::{Code, Failure, Result};

/// One member in the file.
struct Written {
    offset: u64,
    len: usize,
    check: Digest,
}

pub(super) struct ArchiveWriter<'f> {
    file: &'f File,
    bytes: u64,
    sha256: Sha256,
    members: Vec<Written>,
    parts: Vec<Part>,
    trees: Vec<TreeHasher>,
    /// Of the file whose blocks are coming.
    content: ContentHasher,
    changes: Changes,
}

impl<'f> ArchiveWriter<'f> {
    pub(super) fn new(file: &'f File, volumes: usize, changes: Changes) -> Self {
        ArchiveWriter {
            file,
            bytes: 0,
            sha256: Sha256::new(),
            members: Vec::new(),
            parts: Vec::new(),
            trees: vec![TreeHasher::default(); volumes],
            content: ContentHasher::default(),
            changes,
        }
    }

    pub(super) fn take(&mut self, done: &mut Done, progress: &dyn Progress) -> Result<()> {
        if let Some(part) = done.part.take() {
            self.parts.push(Part { offset: self.bytes, first_entry: part.first_entry, inside: part.inside });
        }
        append(self.file, &done.bytes)?;
        self.sha256.update(&done.bytes);
        self.members.push(Written { offset: self.bytes, len: done.bytes.len(), check: done.check });
        self.bytes += done.bytes.len() as u64;
        let mut entries = 0;
        for event in done.events.drain(..) {
            match event {
                Event::Block(block) => self.content.push(&block),
                Event::Holes(blocks) => self.content.push_holes(blocks),
                Event::Record(record) => {
                    self.record(&record)?;
                    entries += 1;
                }
            }
        }
        progress.advanced(done.content_bytes, entries);
        Ok(())
    }

    fn record(&mut self, record: &Record) -> Result<()> {
        let content;
        let kind = match &record.kind {
            RecordKind::Directory => Kind::Directory,
            RecordKind::Symlink { target } => Kind::Symlink { target },
            RecordKind::HardLink { leader } => Kind::HardLink { leader },
            RecordKind::File { size, open } => {
                // Every byte of it has been read by now, by whichever worker.
                if let Some(open) = open {
                    check_unchanged(open, self.changes)?;
                }
                content = std::mem::take(&mut self.content).finish();
                Kind::File { size: *size, content: &content }
            }
        };
        self.trees[record.volume].push(&tree_digest::entry(&record.path, &record.metadata, kind));
        Ok(())
    }

    pub(super) fn tree_digests(&self) -> impl Iterator<Item = String> {
        self.trees.iter().map(TreeHasher::finish)
    }

    pub(super) fn totals(&self) -> Archive {
        Archive { bytes: self.bytes, sha256: hex::encode(self.sha256.clone().finalize()) }
    }

    pub(super) fn take_parts(&mut self) -> Vec<Part> {
        std::mem::take(&mut self.parts)
    }

    /// Compares what is on disk with what was written. The file must have been synced.
    pub(super) fn read_back(&self, progress: &dyn Progress) -> Result<()> {
        rustix::fs::fadvise(self.file, 0, None, rustix::fs::Advice::DontNeed)
            .map_err(|error| Failure::io("drop from the page cache", Path::new("the new archive"), &error.into()))?;
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let readers: Vec<_> = (0..workers()).map(|_| scope.spawn(|| self.read_members(&next, progress))).collect();
            readers.into_iter().try_for_each(|reader| {
                reader.join().unwrap_or_else(|_| Err(Failure::new(Code::Io, "a thread ended unexpectedly")))
            })
        })
    }

    fn read_members(&self, next: &AtomicUsize, progress: &dyn Progress) -> Result<()> {
        let mut buffer = Vec::new();
        while let Some(member) = self.members.get(next.fetch_add(1, Ordering::Relaxed)) {
            check_cancelled(progress, "the snapshot")?;
            buffer.resize(member.len, 0);
            self.file
                .read_exact_at(&mut buffer, member.offset)
                .map_err(|error| Failure::io("read back", Path::new("the new archive"), &error))?;
            if tree_digest::block(&buffer) != member.check {
                let message = format!("the new archive is not what was written at byte {}", member.offset);
                return Err(Failure::new(Code::SnapshotDamaged, message).hint("check the disk (`dmesg`, `smartctl`)"));
            }
        }
        Ok(())
    }
}

/// A file that is written meanwhile fails a safety snapshot, and is as it was read in any other.
fn check_unchanged(open: &Arc<OpenFile>, changes: Changes) -> Result<()> {
    if changes == Changes::Tolerated {
        return Ok(());
    }
    let now =
        Facts::of(&open.file, c"").map_err(|error| walk::io(&open.volume, &open.path, "look at", &error.into()))?;
    if open.facts.unchanged(&now) {
        return Ok(());
    }
    Err(walk::changed(&open.volume, &open.path, "changed while it was read", changes))
}

/// Writes at the end of the archive.
fn append(file: &File, bytes: &[u8]) -> Result<()> {
    let mut file = file;
    effect("write-file", || file.write_all(bytes))
        .map_err(|error| Failure::io("write", Path::new("the new archive"), &error))
        .map_err(|failure| match failure.code {
            Code::NoSpace => failure.hint("free some space where snapshots are kept, or delete old snapshots"),
            _ => failure,
        })
}
