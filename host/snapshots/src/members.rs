//! One gzip member at a time: each is a gzip file of its own, so they can be made and read side by side.

use std::io::Write as _;

use flate2::{Compression, Crc};

/// How an archive is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Small: what is kept.
    Compressed,
    /// Valid gzip without compression, at disk speed: a safety snapshot, taken while the app is down.
    Stored,
}

/// Measured on sources and headers: level 6 takes half as long again for 6 % less.
const LEVEL: u32 = 3;
/// Magic, deflate, no flags, no time, no extra flags, unknown system: the same bytes each time.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// Most bytes in a stored deflate block, whose header holds the length and its complement.
const STORED_BLOCK_BYTES_MAX: usize = 0xffff;
const STORED_BLOCK_HEADER_BYTES: usize = 5;

/// Takes a member's content and gives its bytes.
pub(super) enum MemberWriter {
    Compressed(Box<flate2::write::GzEncoder<Vec<u8>>>),
    Stored(StoredMember),
}

impl MemberWriter {
    /// Writes over `out`, whose memory is used again: fresh memory costs as much as the copy into it.
    pub(super) fn new(storage: Storage, mut out: Vec<u8>) -> MemberWriter {
        out.clear();
        match storage {
            Storage::Compressed => {
                let builder = flate2::GzBuilder::new().operating_system(255);
                MemberWriter::Compressed(Box::new(builder.write(out, Compression::new(LEVEL))))
            }
            Storage::Stored => MemberWriter::Stored(StoredMember::new(out)),
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            MemberWriter::Compressed(encoder) => encoder.write_all(bytes),
            MemberWriter::Stored(member) => {
                member.push(bytes);
                Ok(())
            }
        }
    }

    pub(super) fn finish(self) -> std::io::Result<Vec<u8>> {
        match self {
            MemberWriter::Compressed(encoder) => encoder.finish(),
            MemberWriter::Stored(member) => Ok(member.finish()),
        }
    }
}

/// A member of stored deflate blocks. The newest block is open: its header is filled in when it is full.
pub(super) struct StoredMember {
    out: Vec<u8>,
    block_at: usize,
    crc: Crc,
}

impl StoredMember {
    fn new(mut out: Vec<u8>) -> StoredMember {
        out.extend_from_slice(&GZIP_HEADER);
        let mut member = StoredMember { out, block_at: 0, crc: Crc::new() };
        member.open_block();
        member
    }

    fn open_block(&mut self) {
        self.block_at = self.out.len();
        self.out.extend_from_slice(&[0; STORED_BLOCK_HEADER_BYTES]);
    }

    fn block_bytes(&self) -> usize {
        self.out.len() - self.block_at - STORED_BLOCK_HEADER_BYTES
    }

    fn close_block(&mut self, last: bool) {
        let len = self.block_bytes() as u16;
        let header = &mut self.out[self.block_at..][..STORED_BLOCK_HEADER_BYTES];
        header[0] = u8::from(last);
        header[1..3].copy_from_slice(&len.to_le_bytes());
        header[3..5].copy_from_slice(&(!len).to_le_bytes());
    }

    fn push(&mut self, mut bytes: &[u8]) {
        self.crc.update(bytes);
        while !bytes.is_empty() {
            if self.block_bytes() == STORED_BLOCK_BYTES_MAX {
                self.close_block(false);
                self.open_block();
            }
            let (now, later) = bytes.split_at(bytes.len().min(STORED_BLOCK_BYTES_MAX - self.block_bytes()));
            self.out.extend_from_slice(now);
            bytes = later;
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.close_block(true);
        self.out.extend_from_slice(&self.crc.sum().to_le_bytes());
        self.out.extend_from_slice(&self.crc.amount().to_le_bytes());
        self.out
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn both_kinds_of_member_give_back_what_went_in() {
        for storage in [Storage::Compressed, Storage::Stored] {
            for len in [0, 1, 65_534, 65_535, 65_536, 131_070, 300_000] {
                let content: Vec<u8> = (0..len).map(|n: u32| (n % 251) as u8).collect();
                let mut member = MemberWriter::new(storage, vec![7; 3]);
                content.chunks(40_000).for_each(|chunk| member.push(chunk).unwrap());
                let bytes = member.finish().unwrap();
                let mut back = Vec::new();
                let mut decoder = flate2::bufread::GzDecoder::new(&bytes[..]);
                decoder.read_to_end(&mut back).unwrap();
                assert!(back == content, "{storage:?} {len}");
                assert!(decoder.into_inner().is_empty(), "{storage:?} {len}: bytes after the member");
            }
        }
    }
}
