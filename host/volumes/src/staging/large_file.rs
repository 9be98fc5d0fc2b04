//! A file that is written in pieces, by one part or by several side by side.
//!
//! Every 1 MiB block is digested once, on the thread that writes it; two handles in one block would make that
//! impossible and are refused. What is never written stays a hole and counts as zeros. The descriptor is shared by the
//! handles and closed with the last one, so that any number of large files may follow one another.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::entry_path::{refused, split};
use super::{Inner, Open, attributes, staged};
use crate::beneath::{self, Name};
use crate::tree_digest::{BLOCK_BYTES, Digest, Metadata, block_count, content, zero_block};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::limits::PIECE_BYTES_MAX;
use reforge_base::message;

/// Zeros to digest a gap with.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// What all handles of one file share.
#[derive(Debug)]
pub(super) struct Large {
    pub path: Box<[u8]>,
    pub size: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    made: bool,
    file: Weak<File>,
    metadata: Option<Metadata>,
    unfinished_handles: u32,
    /// None while a handle is writing the block.
    blocks: HashMap<u64, Option<Digest>>,
}

impl Large {
    pub(super) fn new(path: &[u8], size: u64) -> Large {
        Large { path: path.into(), size, state: Mutex::default() }
    }

    /// Takes the metadata from the file's header, which comes once.
    pub(super) fn claim(&self, metadata: Metadata) -> Result<()> {
        match self.state().metadata.replace(metadata) {
            None => Ok(()),
            Some(_) => Err(refused(&self.path, message!("is-in-the-archive-twice"))),
        }
    }

    /// One more handle. The first one makes the file; the lock is held so that there is one first.
    pub(super) fn open(&self, open: &Open) -> Result<Arc<File>> {
        let mut state = self.state();
        let file = match state.file.upgrade() {
            Some(file) => file,
            None => Arc::new(self.make_or_open(open, &mut state)?),
        };
        state.file = Arc::downgrade(&file);
        state.unfinished_handles += 1;
        Ok(file)
    }

    fn make_or_open(&self, open: &Open, state: &mut State) -> Result<File> {
        let (above, name) = split(&self.path);
        let above = open.directories.open(above)?;
        let name = Name::from_bytes(name).map_err(|error| super::not_made(&self.path, error))?;
        if state.made {
            let made = beneath::made_file(&above, name).map_err(|error| attributes::io("open", &self.path, error))?;
            return Ok(made.into_std());
        }
        let file = beneath::new_file(&above, name, 0o600).map_err(|error| super::not_made(&self.path, error))?;
        open.flags.set(&file, &self.path)?;
        file.set_len(self.size).map_err(|error| attributes::io("size", &self.path, error))?;
        state.made = true;
        Ok(file.into_std())
    }

    /// Metadata and content digest, when every handle has finished.
    pub(super) fn complete(&self) -> Result<(Metadata, Digest)> {
        let mut state = self.state();
        if state.unfinished_handles != 0 {
            return Err(refused(&self.path, message!("was-not-written-to-its-end")));
        }
        let metadata =
            state.metadata.take().ok_or_else(|| refused(&self.path, message!("has-content-and-no-header")))?;
        let short_tail = hole_digest(self.size % BLOCK_BYTES);
        let blocks = block_count(self.size);
        let digest_of = |index: u64| match state.blocks.get(&index) {
            Some(Some(digest)) => digest,
            // No handle is left, so nobody is writing it: a hole.
            _ if index + 1 == blocks && !self.size.is_multiple_of(BLOCK_BYTES) => &short_tail,
            _ => zero_block(),
        };
        Ok((metadata, content((0..blocks).map(digest_of))))
    }

    fn claim_block(&self, index: u64) -> Result<()> {
        match self.state().blocks.insert(index, None) {
            None => Ok(()),
            Some(_) => Err(refused(&self.path, message!("has-one-block-twice"))),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The digest of fewer zeros than a block.
fn hole_digest(bytes: u64) -> Digest {
    let mut hasher = blake3::Hasher::new();
    digest_zeros(&mut hasher, bytes);
    *hasher.finalize().as_bytes()
}

fn digest_zeros(hasher: &mut blake3::Hasher, bytes: u64) {
    let mut left = bytes;
    while left > 0 {
        let now = left.min(ZEROS.len() as u64);
        hasher.update(&ZEROS[..now as usize]);
        left -= now;
    }
}

/// One handle on a large file. It belongs to one part and writes upwards.
#[derive(Debug)]
pub struct LargeFile {
    inner: Arc<Inner>,
    large: Arc<Large>,
    /// None once it has finished.
    file: Option<Arc<File>>,
    next_offset: u64,
    current: Option<Block>,
}

/// The block that a handle is in.
#[derive(Debug)]
struct Block {
    index: u64,
    hasher: Box<blake3::Hasher>,
    digested: u64,
}

impl LargeFile {
    pub(super) fn new(inner: Arc<Inner>, large: Arc<Large>, file: Arc<File>) -> LargeFile {
        LargeFile { inner, large, file: Some(file), next_offset: 0, current: None }
    }

    /// Writes at most 1 MiB at `offset`, which is never below the end of the last write.
    pub fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        inner.run(|open| self.write_checked(&inner, open, offset, bytes))
    }

    /// Says that this handle has written all it will.
    pub fn finish(&mut self) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        inner.run(|_| {
            let file = self.file.take().ok_or_else(finished_already)?;
            self.end_block();
            let mut state = self.large.state();
            state.unfinished_handles -= 1;
            // With the lock held, or another handle could revive a descriptor that outlives the seal.
            drop(file);
            Ok(())
        })
    }

    fn write_checked(&mut self, inner: &Inner, open: &Open, offset: u64, bytes: &[u8]) -> Result<()> {
        let large = Arc::clone(&self.large);
        let path = &*large.path;
        let file = self.file.clone().ok_or_else(finished_already)?;
        if bytes.len() > PIECE_BYTES_MAX {
            return Err(Failure::new(Code::TooLarge, message!("one-write-holds-more-than-1")));
        }
        let end = offset.checked_add(bytes.len() as u64).filter(|end| *end <= self.large.size);
        let end = end.ok_or_else(|| refused(path, message!("holds-more-than-its-header-says")))?;
        if offset < self.next_offset {
            return Err(refused(path, message!("is-written-backwards")));
        }
        inner.quota_use.occupy(&inner.quota.budget, open.directories.root().as_fd(), bytes.len() as u64, false)?;
        self.digest(offset, bytes)?;
        staged("stage-write", path, || {
            file.write_all_at(bytes, offset).map_err(|error| attributes::io("write", path, error))
        })?;
        self.next_offset = end;
        inner.quota_use.wrote(bytes.len() as u64, &open.write_out);
        Ok(())
    }

    fn digest(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        let (mut offset, mut rest) = (offset, bytes);
        while !rest.is_empty() {
            let index = offset / BLOCK_BYTES;
            if self.current.as_ref().is_none_or(|block| block.index != index) {
                self.end_block();
                self.large.claim_block(index)?;
                self.current = Some(Block { index, hasher: Box::default(), digested: 0 });
            }
            let Some(block) = &mut self.current else { break };
            let within = offset % BLOCK_BYTES;
            digest_zeros(&mut block.hasher, within - block.digested);
            let now = rest.len().min((BLOCK_BYTES - within) as usize);
            block.hasher.update(&rest[..now]);
            block.digested = within + now as u64;
            offset += now as u64;
            rest = &rest[now..];
        }
        Ok(())
    }

    /// Fills the block up with the zeros that nobody wrote and puts its digest down.
    fn end_block(&mut self) {
        if let Some(mut block) = self.current.take() {
            let length = (self.large.size - block.index * BLOCK_BYTES).min(BLOCK_BYTES);
            digest_zeros(&mut block.hasher, length - block.digested);
            let digest = *block.hasher.finalize().as_bytes();
            self.large.state().blocks.insert(block.index, Some(digest));
        }
    }
}

fn finished_already() -> Failure {
    Failure::new(Code::OutOfOrder, message!("this-handle-on-a-large-file"))
}
