//! The entry list of a capture, written beside the archive and on disk before the snapshot is one.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::fd::AsFd as _;

use super::super::entries::{Entry, Kind, ListWriter};
use super::splitter::{Record, RecordKind};
use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::limits::PIECE_BYTES_MAX;
use reforge_base::message;
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
    pub(super) fn new(file: Option<File>, budget: Budget) -> Result<Lister> {
        let file = file.map(|file| ListFile { file, budget, occupied: Occupied::default() });
        let list = file.map(|file| ListWriter::new(BufWriter::with_capacity(PIECE_BYTES_MAX, file)));
        Ok(Lister(list.transpose()?))
    }

    /// `content` is that of a file.
    pub(super) fn push(&mut self, record: &Record, content: Option<Digest>) -> Result<()> {
        let Some(list) = &mut self.0 else { return Ok(()) };
        let kind = match &record.kind {
            RecordKind::Directory => Kind::Directory,
            RecordKind::File { size, .. } => Kind::File { size: *size, content },
            RecordKind::Symlink { target } => Kind::Symlink { target: target.clone() },
            RecordKind::HardLink { leader } => Kind::HardLink { leader: leader.to_vec() },
        };
        list.push(record.volume, &Entry::new(&record.path, &record.metadata, kind))
    }

    /// Ends it, as the list of the archive with this SHA-256.
    pub(super) fn finish(self, volumes: usize, sha256: &str) -> Result<Option<File>> {
        let Some(list) = self.0 else { return Ok(None) };
        let mut archive = [0; 32];
        hex::decode_to_slice(sha256, &mut archive).map_err(|error| Failure::new(Code::Io, error.to_string()))?;
        let out = list.finish(volumes, &archive)?.into_inner();
        let out =
            out.map_err(|error| Failure::cannot(message!("doing-write"), &message!("the-entry-list"), error.error()))?;
        Ok(Some(out.file))
    }
}

impl Write for ListFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let room = self.occupied.add(&self.budget, self.file.as_fd(), bytes.len() as u64);
        room.map_err(|failure| match failure.code {
            Code::NoSpace => std::io::ErrorKind::StorageFull.into(),
            _ => std::io::Error::other(failure.message),
        })?;
        effect("write-file", || self.file.write_all(bytes)).map(|()| bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
