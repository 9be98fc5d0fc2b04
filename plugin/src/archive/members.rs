//! Inflated bytes of gzip members whose checksums somebody else vouches for: the archive's SHA-256 and the trees'
//! digests, which the host checks. The checksum is a seventh of the work of inflating in a sandbox.
//!
//! Everything else is as strict as with checksums: the header, the length, and that nothing else stands behind a member.

use std::io::{self, BufRead, ErrorKind, Read};

use flate2::{Decompress, FlushDecompress, Status};

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
const HEADER_BYTES: usize = 10;
const TRAILER_BYTES: usize = 8;
/// Flags of a header.
const HEADER_CHECKSUM: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;
/// Of a name or a comment.
const TEXT_BYTES_MAX: usize = 65_535;

/// Reads one member after the other to the end of the source.
pub(super) struct Members<R> {
    source: R,
    inflate: Decompress,
    is_inside: bool,
}

impl<R: BufRead> Members<R> {
    pub(super) fn new(source: R) -> Members<R> {
        Members { source, inflate: Decompress::new(false), is_inside: false }
    }

    fn header(&mut self) -> io::Result<()> {
        let header: [u8; HEADER_BYTES] = self.exactly()?;
        let flags = header[3];
        if header[..3] != MAGIC || flags & RESERVED != 0 {
            return Err(damaged());
        }
        if flags & EXTRA != 0 {
            let [low, high] = self.exactly()?;
            for _ in 0..u16::from_le_bytes([low, high]) {
                self.exactly::<1>()?;
            }
        }
        for text in [NAME, COMMENT] {
            if flags & text != 0 {
                self.text()?;
            }
        }
        if flags & HEADER_CHECKSUM != 0 {
            self.exactly::<2>()?;
        }
        self.inflate.reset(false);
        self.is_inside = true;
        Ok(())
    }

    fn text(&mut self) -> io::Result<()> {
        for _ in 0..=TEXT_BYTES_MAX {
            if self.exactly()? == [0] {
                return Ok(());
            }
        }
        Err(damaged())
    }

    /// The checksum is passed over, the length is not.
    fn trailer(&mut self) -> io::Result<()> {
        let [_, _, _, _, length @ ..]: [u8; TRAILER_BYTES] = self.exactly()?;
        self.is_inside = false;
        if u32::from_le_bytes(length) == self.inflate.total_out() as u32 { Ok(()) } else { Err(damaged()) }
    }

    fn exactly<const COUNT: usize>(&mut self) -> io::Result<[u8; COUNT]> {
        let mut bytes = [0; COUNT];
        self.source.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.is_inside {
                if self.source.fill_buf()?.is_empty() {
                    return Ok(0);
                }
                self.header()?;
            }
            let input = self.source.fill_buf()?;
            let is_end = input.is_empty();
            let (consumed, produced) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self.inflate.decompress(input, into, FlushDecompress::None).map_err(|_| damaged())?;
            let consumed = (self.inflate.total_in() - consumed) as usize;
            let produced = (self.inflate.total_out() - produced) as usize;
            self.source.consume(consumed);
            if status == Status::StreamEnd {
                self.trailer()?;
            } else if is_end && produced == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if produced > 0 || into.is_empty() {
                return Ok(produced);
            }
        }
    }
}

fn damaged() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "the gzip stream is damaged")
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Write as _};

    use flate2::bufread::MultiGzDecoder;
    use flate2::write::GzEncoder;
    use flate2::{Compression, GzBuilder};

    use super::*;

    fn members() -> Vec<u8> {
        let mut bytes = Vec::new();
        for content in [&b"first"[..], b"", &[7; 300_000]] {
            let mut member = GzEncoder::new(Vec::new(), Compression::fast());
            member.write_all(content).unwrap();
            bytes.extend(member.finish().unwrap());
        }
        let named = GzBuilder::new().filename("name").comment("comment").extra([1, 2, 3]);
        let mut named = named.write(Vec::new(), Compression::none());
        named.write_all(b"last").unwrap();
        bytes.extend(named.finish().unwrap());
        bytes
    }

    fn read(bytes: &[u8], at_once: usize) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Members::new(BufReader::with_capacity(at_once, bytes)).read_to_end(&mut out).map(|_| out)
    }

    fn checked(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        MultiGzDecoder::new(bytes).read_to_end(&mut out).map(|_| out)
    }

    #[test]
    fn members_hold_the_same_with_and_without_their_checksums() {
        let bytes = members();
        for at_once in [1, 7, 8192, 1 << 20] {
            assert_eq!(read(&bytes, at_once).unwrap(), checked(&bytes).unwrap(), "{at_once}");
        }
    }

    #[test]
    fn nothing_but_a_checksum_passes_that_would_not_pass_with_it() {
        let bytes = members();
        for length in 1..200.min(bytes.len()) {
            assert_eq!(read(&bytes[..length], 64).is_ok(), checked(&bytes[..length]).is_ok(), "cut at {length}");
        }
        for behind in [&[0; 64][..], b"garbage", &bytes[..9]] {
            read(&[&bytes, behind].concat(), 64).unwrap_err();
        }
        // Every bit of the first two members.
        for at in 0..8 * 45 {
            let mut spoiled = bytes.clone();
            spoiled[at / 8] ^= 1 << (at % 8);
            let (without, with) = (read(&spoiled, 64), checked(&spoiled));
            match (without, with) {
                (Ok(without), Ok(with)) => assert_eq!(without, with, "bit {at}"),
                // Of the same length.
                (Ok(without), Err(_)) => assert_eq!(without.len(), checked(&bytes).unwrap().len(), "bit {at}"),
                (Err(_), Err(_)) => {}
                (Err(error), Ok(_)) => panic!("bit {at}: {error}"),
            }
        }
    }
}
