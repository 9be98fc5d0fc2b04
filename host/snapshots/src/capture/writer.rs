//! Writes finished members down in order and digests what they hold.
//!
//! The archive's SHA-256 is over the bytes as they went to the file. That they are on disk is for `verification` to say.
//! Nothing is written that would leave the disk with less than it must have.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;

use super::super::Progress;
use super::super::format::{Archive, Part};
use super::CaptureRequest;
use super::lister::Lister;
use super::sha256::Digester;
use super::splitter::{Record, RecordKind};
use super::verification::{Unverified, Written};
use super::worker::{Done, Event};
use reforge_base::durable;
use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_volumes::space::{Budget, Occupied};
use reforge_volumes::tree_digest::{self, ContentHasher, DigestedKind, TreeHasher};

/// What was written.
pub(super) struct Finished {
    pub(super) archive: Archive,
    pub(super) parts: Vec<Part>,
    /// First byte and bytes of what stands apart, if anything does.
    pub(super) apart: Option<(u64, u64)>,
    /// Of the volumes, in the request's order.
    pub(super) tree_digests: Vec<String>,
    /// The names in it, if they are written down.
    pub(super) list: Option<File>,
    /// What nobody has proved to be on disk yet.
    pub(super) unverified: Vec<Written>,
}

pub(super) struct ArchiveWriter<'f> {
    file: &'f File,
    budget: Budget,
    occupied: Occupied,
    bytes: u64,
    sha256: Digester,
    unverified: Unverified,
    parts: Vec<Part>,
    apart: Option<(u64, u64)>,
    trees: Vec<TreeHasher>,
    /// Of the file whose blocks are coming.
    content: ContentHasher,
    lister: Lister,
}

impl<'f> ArchiveWriter<'f> {
    pub(super) fn new(
        (file, list): (&'f File, Option<File>),
        request: &CaptureRequest<'_>,
        unverified: Unverified,
    ) -> Result<Self> {
        Ok(ArchiveWriter {
            file,
            budget: request.terms.budget,
            occupied: Occupied::default(),
            bytes: 0,
            sha256: Digester::start()?,
            unverified,
            parts: Vec::new(),
            apart: None,
            trees: vec![TreeHasher::default(); request.volumes.len()],
            content: ContentHasher::default(),
            lister: Lister::new(list, request.terms.budget)?,
        })
    }

    pub(super) fn take(&mut self, done: &mut Done, progress: &dyn Progress) -> Result<()> {
        if let Some(part) = done.part.take() {
            self.parts.push(Part { offset: self.bytes, first_entry: part.first_entry, inside: part.inside });
        }
        let len = done.bytes.len();
        self.occupied.add(&self.budget, self.file.as_fd(), len as u64).map_err(|failure| match failure.code {
            Code::NoSpace => no_room(failure).context(message!("the-archive-would-fill-the-disk")),
            _ => failure,
        })?;
        append(self.file, &done.bytes)?;
        done.bytes = self.sha256.take(std::mem::take(&mut done.bytes))?;
        self.unverified.add(Written { offset: self.bytes, len, check: done.check })?;
        if done.is_project {
            let (offset, bytes) = self.apart.unwrap_or((self.bytes, 0));
            self.apart = Some((offset, bytes + len as u64));
        }
        self.bytes += len as u64;
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
        let mut content = None;
        let kind = match &record.kind {
            RecordKind::Directory => DigestedKind::Directory,
            RecordKind::Symlink { target } => DigestedKind::Symlink { target },
            RecordKind::HardLink { leader } => DigestedKind::HardLink { leader },
            RecordKind::File { size, open } => {
                // Every byte of it has been read by now, by whichever worker.
                open.as_ref().map_or(Ok(()), |open| open.check_unchanged())?;
                let digest = content.insert(std::mem::take(&mut self.content).finish());
                DigestedKind::File { size: *size, content: digest }
            }
        };
        self.trees[record.volume].push(&tree_digest::entry(&record.path, &record.metadata, kind));
        self.lister.push(record, content)
    }

    pub(super) fn finish(self) -> Result<Finished> {
        let archive = Archive { bytes: self.bytes, sha256: self.sha256.finish()? };
        Ok(Finished {
            list: self.lister.finish(self.trees.len(), &archive.sha256)?,
            archive,
            parts: self.parts,
            apart: self.apart,
            tree_digests: self.trees.iter().map(TreeHasher::finish).collect(),
            unverified: self.unverified.into_rest(),
        })
    }
}

/// Writes at the end of the archive.
fn append(file: &File, bytes: &[u8]) -> Result<()> {
    let mut writer = file;
    effect("write-file", || writer.write_all(bytes))
        .map_err(|error| Failure::io("write", &durable::name_of(file), &error))
        .map_err(|failure| if failure.code == Code::NoSpace { no_room(failure) } else { failure })
}

fn no_room(failure: Failure) -> Failure {
    failure.hint(message!("free-some-space-where-snapshots"))
}
