//! Entries as they come from parts that are read side by side, until they are sorted: back to back in memory.

use super::entry::Entry;
use reforge_base::failure::Result;
use reforge_volumes::tree_digest::{Digest, path_order};

/// Room in one chunk. An entry never crosses chunks.
const CHUNK_BYTES: usize = 1 << 20;

/// Of one volume.
#[derive(Debug, Default)]
pub struct Unsorted {
    chunks: Vec<Vec<u8>>,
    places: Vec<((u32, u32), Digest)>,
}

impl Unsorted {
    /// With its digest, as the tree digest is made of.
    pub fn push(&mut self, entry: &Entry, digest: Digest) {
        let mut bytes = Vec::new();
        entry.write(b"", &mut bytes);
        if self.chunks.last().is_none_or(|chunk| chunk.len() + bytes.len() > CHUNK_BYTES) {
            self.chunks.push(Vec::new());
        }
        let number = self.chunks.len() - 1;
        let chunk = &mut self.chunks[number];
        self.places.push(((number as u32, chunk.len() as u32), digest));
        chunk.extend(bytes);
    }

    /// All of them in order.
    pub fn sorted(mut self) -> Result<impl Iterator<Item = Result<(Entry, Digest)>>> {
        let chunks = std::mem::take(&mut self.chunks);
        let read = move |(chunk, at): (u32, u32)| Entry::read(b"", &mut &chunks[chunk as usize][at as usize..]);
        let mut keyed = Vec::with_capacity(self.places.len());
        for (place, digest) in self.places {
            keyed.push((read(place)?.path, place, digest));
        }
        // They come in order, one run a part: a stable sort merges runs.
        keyed.sort_by(|one, other| path_order(&one.0, &other.0));
        Ok(keyed.into_iter().map(move |(_, place, digest)| Ok((read(place)?, digest))))
    }
}
