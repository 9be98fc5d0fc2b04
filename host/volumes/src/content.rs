//! The content digest of a file that comes in pieces, by one part or by several side by side.
//!
//! Every 1 MiB block is digested once, by whoever has its bytes; two writers in one block would make that impossible and are
//! refused. What nobody gives is a hole and counts as zeros.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::staging::entry_path::refused;
use crate::tree_digest::{BLOCK_BYTES, Digest, block_count, content, zero_block};
use reforge_base::failure::Result;
use reforge_base::message;

/// Zeros to digest a gap with.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// The digests of a file's blocks, as far as they are known: shared by whoever writes.
#[derive(Debug, Default)]
pub struct Blocks(
    /// None while somebody has the block.
    Mutex<HashMap<u64, Option<Digest>>>,
);

impl Blocks {
    fn known(&self) -> MutexGuard<'_, HashMap<u64, Option<Digest>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a block that nobody else has had. `path` is for the message.
    fn claim(&self, index: u64, path: &[u8]) -> Result<()> {
        match self.known().insert(index, None) {
            None => Ok(()),
            Some(_) => Err(refused(path, message!("has-one-block-twice"))),
        }
    }

    /// The content of a file of this size, once nobody is at it any more.
    pub fn digest(&self, size: u64) -> Digest {
        let known = self.known();
        let short_tail = hole_digest(size % BLOCK_BYTES);
        let blocks = block_count(size);
        let digest_of = |index: u64| match known.get(&index) {
            Some(Some(digest)) => digest,
            // Nobody is writing it: a hole.
            _ if index + 1 == blocks && !size.is_multiple_of(BLOCK_BYTES) => &short_tail,
            _ => zero_block(),
        };
        content((0..blocks).map(digest_of))
    }
}

/// Where one writer, who goes upwards, is in a file.
#[derive(Debug, Default)]
pub struct Ascending {
    next_offset: u64,
    current: Option<Block>,
}

/// The block that a writer is in.
#[derive(Debug)]
struct Block {
    index: u64,
    hasher: Box<blake3::Hasher>,
    digested: u64,
}

impl Ascending {
    /// Refuses what stands before what was written already.
    pub fn refuse_backwards(&self, offset: u64, path: &[u8]) -> Result<()> {
        if offset < self.next_offset {
            return Err(refused(path, message!("is-written-backwards")));
        }
        Ok(())
    }

    /// Takes some bytes of a file of this size.
    pub fn take(&mut self, (offset, bytes): (u64, &[u8]), (size, path): (u64, &[u8]), blocks: &Blocks) -> Result<()> {
        let (mut offset, mut rest) = (offset, bytes);
        while !rest.is_empty() {
            let index = offset / BLOCK_BYTES;
            if self.current.as_ref().is_none_or(|block| block.index != index) {
                self.end(size, blocks);
                blocks.claim(index, path)?;
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
        self.next_offset = offset;
        Ok(())
    }

    /// Fills the block up with the zeros that nobody gave and puts its digest down.
    pub fn end(&mut self, size: u64, blocks: &Blocks) {
        if let Some(mut block) = self.current.take() {
            let length = (size - block.index * BLOCK_BYTES).min(BLOCK_BYTES);
            digest_zeros(&mut block.hasher, length - block.digested);
            blocks.known().insert(block.index, Some(*block.hasher.finalize().as_bytes()));
        }
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
