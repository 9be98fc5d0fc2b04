//! A snapshot in one file: a tar of its descriptor and its archive.
//!
//! The archive alone says what the volumes held. With the descriptor a snapshot is on another machine what it was here: its tree
//! digests, its project, how it was taken. The file can be forged, so what is read of it is only claimed; whoever takes it
//! in compares it with the archive and treats it as imported. `tar` unpacks it.

use std::io::{Read, Write};

use super::Progress;
use super::format::Descriptor;
use super::store::{self, OpenSnapshot};
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// Bytes of a block of tar, and so of a header.
pub const BLOCK_BYTES: usize = 512;
/// A tar ends with so many blocks of zeros.
const END_BLOCKS: u64 = 2;
const DESCRIPTOR: &str = "snapshot.json";
const ARCHIVE: &str = "snapshot.tar.gz";
/// The archive may hold secrets.
const MODE: u32 = 0o600;

/// As what a snapshot leaves the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The archive alone.
    Archive,
    /// Descriptor and archive in one file (see the module).
    Bundle,
}

impl OpenSnapshot {
    /// How long it is in that form.
    pub fn exported_bytes(&self, form: Form) -> u64 {
        match form {
            Form::Archive => self.bytes(),
            Form::Bundle => bytes(self),
        }
    }

    /// Writes it to `out`, which people know as `called`. One that is damaged fails, after its bytes.
    pub fn export(&self, form: Form, out: &mut dyn Write, called: &Message, progress: &dyn Progress) -> Result<()> {
        match form {
            Form::Archive => self.copy(out, called, progress)?,
            Form::Bundle => write(self, out, called, progress)?,
        }
        out.flush().map_err(|error| Failure::cannot(message!("doing-write"), called, &error))
    }
}

/// What a bundle says before its archive, which follows.
#[derive(Debug)]
pub struct Head {
    pub descriptor: Descriptor,
    /// How long the archive is.
    pub archive_bytes: u64,
}

/// Writes a bundle. A snapshot that is damaged fails, after its bytes.
fn write(snapshot: &OpenSnapshot, out: &mut dyn Write, called: &Message, progress: &dyn Progress) -> Result<()> {
    let failed = |error: std::io::Error| Failure::cannot(message!("doing-write"), called, &error);
    let text = snapshot.descriptor_text.as_bytes();
    let descriptor_bytes = text.len() as u64;
    let archive_bytes = snapshot.bytes();
    out.write_all(&header(DESCRIPTOR, descriptor_bytes)).map_err(failed)?;
    out.write_all(text).map_err(failed)?;
    out.write_all(&zeros(filling(descriptor_bytes))).map_err(failed)?;
    out.write_all(&header(ARCHIVE, archive_bytes)).map_err(failed)?;
    snapshot.copy(out, called, progress)?;
    out.write_all(&zeros(filling(archive_bytes) + END_BLOCKS * BLOCK_BYTES as u64)).map_err(failed)
}

/// How long a bundle of a snapshot is.
fn bytes(snapshot: &OpenSnapshot) -> u64 {
    let whole = |bytes: u64| BLOCK_BYTES as u64 + bytes + filling(bytes);
    whole(snapshot.descriptor_text.len() as u64) + whole(snapshot.bytes()) + END_BLOCKS * BLOCK_BYTES as u64
}

/// Whether a file that begins with this block is a bundle.
pub fn begins(block: &[u8]) -> bool {
    size_of(block, DESCRIPTOR).is_some()
}

/// Reads what follows the first block, up to where the archive begins.
pub fn head(first: &[u8], input: &mut dyn Read) -> Result<Head> {
    let size = size_of(first, DESCRIPTOR).ok_or_else(|| damaged(message!("it-is-no-bundle")))?;
    if size > store::DESCRIPTOR_BYTES_MAX {
        return Err(damaged(message!("its-descriptor-is-too-long")));
    }
    let text = taken(input, size)?;
    taken(input, filling(size))?;
    let second = taken(input, BLOCK_BYTES as u64)?;
    let archive_bytes = size_of(&second, ARCHIVE).ok_or_else(|| damaged(message!("its-archive-is-missing")))?;
    let claimed: Descriptor = serde_json::from_slice(&text).map_err(|error| {
        damaged(message!("its-descriptor-cannot-be-read", error = reforge_base::escape::text(&error.to_string())))
    })?;
    let descriptor = store::checked_descriptor(&text, &claimed.manifest.workload, &claimed.id)?;
    Ok(Head { descriptor, archive_bytes })
}

/// What is wrong with one that cannot be taken in.
pub fn damaged(what: Message) -> Failure {
    Failure::new(Code::SnapshotDamaged, message!("the-bundle-is-damaged", what))
        .hint(message!("export-it-once-more-and-compare"))
}

fn taken(input: &mut dyn Read, bytes: u64) -> Result<Vec<u8>> {
    let mut taken = Vec::new();
    let read = input.take(bytes).read_to_end(&mut taken);
    read.map_err(|error| damaged(message!("it-cannot-be-read", error)))?;
    if taken.len() as u64 == bytes { Ok(taken) } else { Err(damaged(message!("it-ends-too-early"))) }
}

/// The size that a header says, if it is byte for byte the one that is written here.
fn size_of(block: &[u8], name: &str) -> Option<u64> {
    let whole: &[u8; BLOCK_BYTES] = block.try_into().ok()?;
    let size = tar::Header::from_byte_slice(whole).entry_size().ok()?;
    (header(name, size) == block).then_some(size)
}

fn header(name: &str, size: u64) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    if let Some(gnu) = header.as_gnu_mut() {
        gnu.name[..name.len()].copy_from_slice(name.as_bytes());
    }
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(MODE);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// What fills the last block of so many bytes.
fn filling(bytes: u64) -> u64 {
    bytes.next_multiple_of(BLOCK_BYTES as u64) - bytes
}

fn zeros(bytes: u64) -> Vec<u8> {
    vec![0; bytes as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_header_that_is_written_here_begins_a_bundle() {
        let begun = header(DESCRIPTOR, 17);
        assert!(begins(&begun));
        for at in 0..BLOCK_BYTES {
            let mut other = begun.clone();
            other[at] ^= 1;
            assert!(!begins(&other), "byte {at}");
        }
        assert!(!begins(&begun[1..]) && !begins(b""));
        assert!(!begins(&header(ARCHIVE, 17)), "an archive before its descriptor");
    }

    #[test]
    fn an_archive_of_more_than_eight_gigabytes_has_its_size() {
        assert_eq!(size_of(&header(ARCHIVE, 1 << 40), ARCHIVE), Some(1 << 40));
    }

    #[test]
    fn a_bundle_that_ends_early_or_claims_too_much_is_damaged() {
        let code = |first: &[u8], rest: &[u8]| head(first, &mut &*rest).unwrap_err().code;
        let begun = header(DESCRIPTOR, 2);
        let padded = [b"{}".to_vec(), zeros(510)].concat();
        assert_eq!(code(&begun, b"{"), Code::SnapshotDamaged);
        assert_eq!(code(&begun, &padded), Code::SnapshotDamaged);
        assert_eq!(code(&begun, &[padded.clone(), begun.clone()].concat()), Code::SnapshotDamaged);
        assert_eq!(code(&begun, &[padded, header(ARCHIVE, 2)].concat()), Code::SnapshotDamaged);
        assert_eq!(code(&header(DESCRIPTOR, u64::MAX >> 1), b""), Code::SnapshotDamaged);
    }
}
