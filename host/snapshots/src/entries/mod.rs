//! The entry list of a snapshot: what it holds by name, beside its descriptor, so that a look needs no archive.
//!
//! It is made by the capture, or later by whoever looks first. A restore never needs it, and it never decides where data
//! goes. One that is missing, damaged or of another archive is made again. Hosts of versions before do not know it.
//!
//! `<id>.entries`, numbers little-endian, `varint` as in LEB128:
//!
//! | what | how |
//! |---|---|
//! | head | [`HEAD`], which has the format's version |
//! | blocks | [`BLOCK_ENTRIES`] entries each, the last may have fewer; behind 8 bytes of their BLAKE3 |
//! | table | per volume its number of entries (8 bytes); where each block begins (8); per directory its own number and the number of the first entry behind everything below it (4 and 4) |
//! | foot | where the table begins (8), entries, volumes, blocks, directories (4 each), SHA-256 of the archive (32), BLAKE3 of table and foot up to here (32) |
//!
//! Entries are numbered through all volumes, in the order of the archive: volume by volume, in each the root first and
//! then depth first by bytes ([`path_order`](reforge_volumes::tree_digest::path_order)). So a directory is a range, its
//! children are found by the table, and a path by halving. In a block an entry has its path as so many bytes of the one
//! before it and the rest ([`entry`]).

mod entry;
mod read;
mod unsorted;
mod write;

#[cfg(test)]
mod tests;

pub use self::entry::{Entry, Kind};
pub use self::read::EntryList;
pub use self::unsorted::Unsorted;
pub use self::write::ListWriter;

use reforge_base::failure::{Code, Failure};
use reforge_base::message;

/// The first bytes.
const HEAD: &[u8; 18] = b"reforge entries 1\n";
/// Of one block: some kilobytes, which is what is read for one entry.
const BLOCK_ENTRIES: usize = 64;
/// Of a block's BLAKE3.
const CHECK_BYTES: usize = 8;
/// Of what stands behind the table.
const FOOT_BYTES: usize = 8 + 4 * 4 + 32 + 32;
/// More than that is in no snapshot that this host takes.
const ENTRIES_MAX: u64 = u32::MAX as u64;

/// Of a list that is of no use: whoever meets it makes another.
fn damaged() -> Failure {
    Failure::new(Code::SnapshotDamaged, message!("the-entry-list-is-damaged"))
}
