//! The entry list of a capture, written beside the archive. Whatever goes wrong with it ends the list and not the capture:
//! a snapshot without one is looked into all the same.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::fd::AsFd as _;

use super::super::entries::{Entry, Kind, ListWriter};
use super::splitter::{Record, RecordKind};
use reforge_base::effects::effect;
use reforge_base::limits::PIECE_BYTES_MAX;
use reforge_volumes::space::{Budget, Occupied};
use reforge_volumes::tree_digest::Digest;

/// See the module.
pub(super) struct Lister(Option<ListWriter<BufWriter<ListFile>>>);

/// Writes that leave the disk what it must have.
struct ListFile {
    file: File,
    budget: Budget,
    occupied: Occupied,
}

impl Lister {
    pub(super) fn new(file: Option<File>, budget: Budget) -> Lister {
        let file = file.map(|file| ListFile { file, budget, occupied: Occupied::default() });
        Lister(file.and_then(|file| ListWriter::new(BufWriter::with_capacity(PIECE_BYTES_MAX, file)).ok()))
    }

    /// `content` is that of a file.
    pub(super) fn push(&mut self, record: &Record, content: Option<Digest>) {
        let Some(list) = &mut self.0 else { return };
        let kind = match &record.kind {
            RecordKind::Directory => Kind::Directory,
            RecordKind::File { size, .. } => Kind::File { size: *size, content },
            RecordKind::Symlink { target } => Kind::Symlink { target: target.clone() },
            RecordKind::HardLink { leader } => Kind::HardLink { leader: leader.to_vec() },
        };
        if list.push(record.volume, &Entry::new(&record.path, &record.metadata, kind)).is_err() {
            self.0 = None;
        }
    }

    /// The file, if it holds a whole list.
    pub(super) fn finish(self, volumes: usize, sha256: &str) -> Option<File> {
        let mut archive = [0; 32];
        hex::decode_to_slice(sha256, &mut archive).ok()?;
        let out = self.0?.finish(volumes, &archive).ok()?;
        Some(out.into_inner().ok()?.file)
    }
}

impl Write for ListFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let room = self.occupied.add(&self.budget, self.file.as_fd(), bytes.len() as u64);
        room.map_err(|failure| std::io::Error::other(failure.message))?;
        effect("write-file", || self.file.write_all(bytes)).map(|()| bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
