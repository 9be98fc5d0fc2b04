//! Cuts the archive's stream into gzip members and parts.
//!
//! A part is what one worker of a restore reads: it begins at an entry, or inside a large file at a multiple of
//! [`PART_BYTES`]. A member is what one worker of a capture makes: a part is one or more of them. No block of a file's
//! content lies in two members, so that each member can be digested by itself.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use super::super::format::PartInside;
use super::super::sparse::Extent;
use super::super::walk::{Changes, Facts, Tree};
use reforge_base::failure::{Failure, Result};
use reforge_base::message;
use reforge_volumes::tree_digest::Metadata;

/// How much tar stream goes into a part before the next entry begins another, and the distance of the cuts inside a
/// large file. A multiple of 1 MiB.
pub(in super::super) const PART_BYTES: u64 = 16 << 20;
/// How much goes into a member: small, since each in flight is held in memory. Divides [`PART_BYTES`].
pub(super) const MEMBER_BYTES: u64 = 2 << 20;

/// How many files a member may hold open: files that are nearly all hole would fill it with descriptors.
pub(super) const MEMBER_FILES_MAX: usize = 16;

/// A file that is read by workers, piece by piece.
pub(super) struct OpenFile {
    pub(super) file: File,
    pub(super) facts: Facts,
    pub(super) tree: Arc<Tree>,
    pub(super) path: Vec<u8>,
}

impl OpenFile {
    /// A file that is written meanwhile fails a safety snapshot, and is noted in any other.
    pub(super) fn check_unchanged(&self) -> Result<()> {
        self.tree.check_unchanged(&self.path, &self.file, &self.facts)
    }

    /// Reads exactly so much, since the header has promised the length. What a shorter file lacks by now is zeros, or a
    /// failure where changes are.
    pub(super) fn read_at(&self, mut run: &mut [u8], mut offset: u64) -> Result<()> {
        while !run.is_empty() {
            match self.file.read_at(run, offset) {
                Ok(0) if self.tree.changes == Changes::Refused => return Err(self.became_shorter()),
                Ok(0) => {
                    run.fill(0);
                    return Ok(());
                }
                Ok(read) => {
                    run = &mut run[read..];
                    offset += read as u64;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.tree.io(&self.path, "read", error)),
            }
        }
        Ok(())
    }

    pub(super) fn became_shorter(&self) -> Failure {
        self.tree.changed(&self.path, message!("became-shorter-while-it-was-read"))
    }
}

/// Where content comes from.
pub(super) enum Source {
    File(Arc<OpenFile>),
    /// A small file, read whole: at most one block of the digest.
    Memory(Vec<u8>),
}

/// The content of a file from `start` to `end`, both multiples of a digest's block or the file's end. Only the extents
/// are in the archive, the rest is zeros.
pub(super) struct Content {
    pub(super) source: Source,
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) extents: Vec<Extent>,
}

/// An entry, once all its content has gone before.
pub(super) struct Record {
    pub(super) volume: usize,
    pub(super) path: Vec<u8>,
    pub(super) metadata: Metadata,
    pub(super) kind: RecordKind,
}

pub(super) enum RecordKind {
    Directory,
    /// The file is there to be looked at again, unless the walk has done so.
    File {
        size: u64,
        open: Option<Arc<OpenFile>>,
    },
    Symlink {
        target: Vec<u8>,
    },
    HardLink {
        leader: Arc<[u8]>,
    },
}

/// What a member is made of, in order.
pub(super) enum Piece {
    Bytes(Vec<u8>),
    Content(Content),
    Record(Box<Record>),
}

/// A part begins with this member.
pub(super) struct PartStart {
    pub(super) first_entry: u64,
    pub(super) inside: Option<PartInside>,
}

pub(super) struct Member {
    pub(super) part: Option<PartStart>,
    pub(super) pieces: Vec<Piece>,
    /// Of tar stream.
    pub(super) bytes: u64,
    /// Pieces of open files.
    files: usize,
}

impl Member {
    fn new(part: Option<PartStart>) -> Member {
        Member { part, pieces: Vec::new(), bytes: 0, files: 0 }
    }
}

/// Where finished members go.
pub(super) trait Sink {
    fn send(&self, member: Member) -> Result<()>;
}

pub(super) struct Splitter<'a> {
    sink: &'a dyn Sink,
    member: Member,
    part_bytes: u64,
    entries: u64,
}

impl<'a> Splitter<'a> {
    pub(super) fn new(sink: &'a dyn Sink) -> Splitter<'a> {
        let part = PartStart { first_entry: 0, inside: None };
        Splitter { sink, member: Member::new(Some(part)), part_bytes: 0, entries: 0 }
    }

    /// The next entry; `header` writes what stands before its content.
    pub(super) fn entry(&mut self, header: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        if self.part_bytes >= PART_BYTES {
            self.cut_part(None)?;
        } else {
            self.cut_full_member()?;
        }
        self.entries += 1;
        self.append(header);
        Ok(())
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.append(|out| out.extend_from_slice(bytes));
    }

    pub(super) fn zeros(&mut self, bytes: usize) {
        self.append(|out| out.resize(out.len() + bytes, 0));
    }

    /// Adds to the bytes at the end of the member, or begins some: an entry's end and the next one's header are one
    /// piece.
    fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = match self.member.pieces.pop_if(|last| matches!(last, Piece::Bytes(_))) {
            Some(Piece::Bytes(bytes)) => bytes,
            _ => Vec::new(),
        };
        let before = bytes.len();
        write(&mut bytes);
        self.count((bytes.len() - before) as u64);
        self.member.pieces.push(Piece::Bytes(bytes));
    }

    /// A piece of the newest entry's content, which goes to the next member if this one is full.
    pub(super) fn content(&mut self, content: Content) -> Result<()> {
        self.cut_full_member()?;
        self.count(super::super::sparse::data_bytes(&content.extents));
        self.member.files += usize::from(matches!(content.source, Source::File(_)));
        self.member.pieces.push(Piece::Content(content));
        Ok(())
    }

    pub(super) fn record(&mut self, record: Record) {
        self.member.pieces.push(Piece::Record(Box::new(record)));
    }

    /// Begins a part, inside a file or before an entry.
    pub(super) fn cut_part(&mut self, inside: Option<PartInside>) -> Result<()> {
        self.part_bytes = 0;
        self.cut(Some(PartStart { first_entry: self.entries, inside }))
    }

    /// Ends the archive.
    pub(super) fn finish(mut self) -> Result<()> {
        self.bytes(&super::super::tar_writer::END);
        self.cut(None)
    }

    fn cut_full_member(&mut self) -> Result<()> {
        let full = self.member.bytes >= MEMBER_BYTES || self.member.files >= MEMBER_FILES_MAX;
        if full { self.cut(None) } else { Ok(()) }
    }

    fn cut(&mut self, next: Option<PartStart>) -> Result<()> {
        self.sink.send(std::mem::replace(&mut self.member, Member::new(next)))
    }

    fn count(&mut self, bytes: u64) {
        self.member.bytes += bytes;
        self.part_bytes += bytes;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::os::fd::AsFd as _;

    use super::*;

    #[derive(Default)]
    struct Taken(RefCell<Vec<Member>>);

    impl Sink for Taken {
        fn send(&self, member: Member) -> Result<()> {
            self.0.borrow_mut().push(member);
            Ok(())
        }
    }

    #[test]
    fn files_that_are_all_hole_do_not_pile_up_open() {
        let file = tempfile::tempfile().unwrap();
        let facts = Facts::of(file.as_fd()).unwrap();
        let tree = Arc::new(Tree::new("v", facts, Changes::Refused));
        let open = Arc::new(OpenFile { file, facts, tree, path: b"f".to_vec() });
        let taken = Taken::default();
        let mut splitter = Splitter::new(&taken);
        for _ in 0..100 {
            splitter.entry(|out| out.resize(out.len() + 512, 0)).unwrap();
            let source = Source::File(Arc::clone(&open));
            splitter.content(Content { source, start: 0, end: 1 << 30, extents: Vec::new() }).unwrap();
        }
        splitter.finish().unwrap();
        let members = taken.0.into_inner();
        let contents =
            |member: &Member| member.pieces.iter().filter(|piece| matches!(piece, Piece::Content(_))).count();
        assert!(members.iter().all(|member| contents(member) <= MEMBER_FILES_MAX));
        assert_eq!(members.iter().map(contents).sum::<usize>(), 100);
        assert_eq!(members.iter().filter(|member| member.part.is_some()).count(), 1);
    }
}
