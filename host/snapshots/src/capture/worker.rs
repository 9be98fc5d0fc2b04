//! Makes one member: reads content, digests its blocks, compresses.
//!
//! Exactly the promised bytes go in. A file that is shorter by now never shifts the archive.

use super::super::members::{MemberWriter, Storage};
use super::super::sparse::{self, Extent};
use super::splitter::{Content, Member, OpenFile, PartStart, Piece, Record, Source};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_volumes::tree_digest::{self, BLOCK_BYTES, Digest};

/// A finished member.
pub(super) struct Done {
    pub(super) part: Option<PartStart>,
    pub(super) bytes: Vec<u8>,
    /// Of the bytes, for reading them back.
    pub(super) check: Digest,
    pub(super) events: Vec<Event>,
    /// Content that went in.
    pub(super) content_bytes: u64,
}

/// What the tree digest is made of, in the archive's order.
pub(super) enum Event {
    Block(Digest),
    /// So many whole blocks that are holes.
    Holes(u64),
    Record(Box<Record>),
}

pub(super) struct Worker {
    storage: Storage,
    block: Vec<u8>,
}

impl Worker {
    pub(super) fn new(storage: Storage) -> Worker {
        Worker { storage, block: vec![0; BLOCK_BYTES as usize] }
    }

    pub(super) fn make(&mut self, member: Member, memory: Vec<u8>) -> Result<Done> {
        let mut out = MemberWriter::new(self.storage, memory);
        let mut events = Vec::new();
        let mut content_bytes = 0;
        for piece in member.pieces {
            match piece {
                Piece::Bytes(bytes) => out.push(&bytes).map_err(|error| compression(&error))?,
                Piece::Record(record) => events.push(Event::Record(record)),
                Piece::Content(content) => {
                    content_bytes += match &content.source {
                        Source::Memory(bytes) => small(bytes, &content.extents, &mut out, &mut events)?,
                        Source::File(open) => self.content(open, &content, &mut out, &mut events)?,
                    }
                }
            }
        }
        let bytes = out.finish().map_err(|error| compression(&error))?;
        let check = tree_digest::block(&bytes);
        Ok(Done { part: member.part, bytes, check, events, content_bytes })
    }

    fn content(
        &mut self,
        open: &OpenFile,
        content: &Content,
        out: &mut MemberWriter,
        events: &mut Vec<Event>,
    ) -> Result<u64> {
        let mut extents = &content.extents[..];
        let mut at = content.start;
        let mut bytes = 0;
        while at < content.end {
            let data = extents.first().map_or(content.end, |extent| extent.offset.min(content.end));
            let holes = data.saturating_sub(at) / BLOCK_BYTES;
            if holes > 0 {
                events.push(Event::Holes(holes));
                at += holes * BLOCK_BYTES;
                continue;
            }
            let block_end = (at + BLOCK_BYTES).min(content.end);
            let block = &mut self.block[..(block_end - at) as usize];
            if extents.first().is_none_or(|extent| extent.offset > at || extent.end() < block_end) {
                block.fill(0);
            }
            while let Some(extent) = extents.first().filter(|extent| extent.offset < block_end) {
                let (from, to) = (extent.offset.max(at), extent.end().min(block_end));
                let run = &mut block[(from - at) as usize..(to - at) as usize];
                open.read_at(run, from)?;
                out.push(run).map_err(|error| compression(&error))?;
                bytes += run.len() as u64;
                if extent.end() > block_end {
                    break;
                }
                extents = &extents[1..];
            }
            events.push(Event::Block(tree_digest::block(block)));
            at = block_end;
        }
        Ok(bytes)
    }
}

/// A file that was read whole: it fits in one block, its holes are zeros in it.
fn small(bytes: &[u8], extents: &[Extent], out: &mut MemberWriter, events: &mut Vec<Event>) -> Result<u64> {
    for extent in extents {
        out.push(&bytes[extent.offset as usize..extent.end() as usize]).map_err(|error| compression(&error))?;
    }
    if !bytes.is_empty() {
        events.push(Event::Block(tree_digest::block(bytes)));
    }
    Ok(sparse::data_bytes(extents))
}

fn compression(error: &std::io::Error) -> Failure {
    Failure::new(Code::Io, message!("cannot-compress-the-archive", error))
}
