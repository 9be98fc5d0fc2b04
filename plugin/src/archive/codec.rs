//! How a foreign archive is compressed, and its bytes unpacked: gzip, zstd, xz, bzip2, lz4, or not at all.
//!
//! Every frame or stream of a file is read, zeros behind the last one are passed over as every such program does, and
//! whatever else stands there is named. Memory is bounded by the windows that are allowed here; how much comes out is
//! the stream's to bound.

use std::io::{self, BufRead, Read};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use lz4_flex::frame::FrameDecoder as Lz4Decoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::limits::{XZ_MEMORY_KIB_MAX, ZSTD_WINDOW_BYTES_MAX};
use super::source::Source;
use crate::Failure;
use crate::host::ArchiveBytes;

/// How an archive is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    Plain,
    Gzip,
    Zstd,
    Xz,
    Bzip2,
    Lz4,
}

/// The longest of the beginnings below.
const MAGIC_BYTES: usize = 6;

impl Codec {
    const COMPRESSED: [Codec; 5] = [Codec::Gzip, Codec::Zstd, Codec::Xz, Codec::Bzip2, Codec::Lz4];

    /// By how a file begins.
    pub fn of(head: &[u8]) -> Codec {
        Self::COMPRESSED.into_iter().find(|codec| codec.begins(head)).unwrap_or(Codec::Plain)
    }

    /// What the program is called that unpacks it.
    pub fn name(self) -> &'static str {
        match self {
            Codec::Plain => "tar",
            Codec::Gzip => "gzip",
            Codec::Zstd => "zstd",
            Codec::Xz => "xz",
            Codec::Bzip2 => "bzip2",
            Codec::Lz4 => "lz4",
        }
    }

    fn begins(self, head: &[u8]) -> bool {
        match self {
            Codec::Plain => false,
            Codec::Gzip => head.starts_with(b"\x1f\x8b"),
            Codec::Zstd => head.starts_with(b"\x28\xb5\x2f\xfd") || skippable(head),
            Codec::Xz => head.starts_with(b"\xfd7zXZ\0"),
            Codec::Bzip2 => head.starts_with(b"BZh"),
            Codec::Lz4 => head.starts_with(b"\x04\x22\x4d\x18"),
        }
    }
}

/// A frame that zstd's programs write beside the data.
fn skippable(head: &[u8]) -> bool {
    matches!(head, [first, 0x2a, 0x4d, 0x18, ..] if first & 0xf0 == 0x50)
}

enum Frame<'a, A: ArchiveBytes + ?Sized> {
    /// A frame begins here, or the file ends.
    Between(Source<'a, A>),
    Plain(Source<'a, A>),
    Gzip(Box<GzDecoder<Source<'a, A>>>),
    Zstd(Box<StreamingDecoder<Source<'a, A>, FrameDecoder>>),
    Xz(Box<XzReader<Source<'a, A>>>),
    Bzip2(Box<BzDecoder<Source<'a, A>>>),
    Lz4(Box<Lz4Decoder<Source<'a, A>>>),
    /// Only while one takes another's place.
    Moved,
}

/// The unpacked bytes of a whole file.
pub(super) struct Unpacked<'a, A: ArchiveBytes + ?Sized> {
    codec: Codec,
    frame: Frame<'a, A>,
}

impl<'a, A: ArchiveBytes + ?Sized> Unpacked<'a, A> {
    pub(super) fn new(mut source: Source<'a, A>) -> io::Result<Self> {
        let codec = Codec::of(source.peek(MAGIC_BYTES)?);
        let frame = if codec == Codec::Plain { Frame::Plain(source) } else { Frame::Between(source) };
        Ok(Unpacked { codec, frame })
    }

    pub(super) fn codec(&self) -> Codec {
        self.codec
    }

    pub(super) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let got = match &mut self.frame {
                Frame::Between(_) | Frame::Moved => 0,
                Frame::Plain(source) => return source.read(into),
                Frame::Gzip(decoder) => decoder.read(into)?,
                Frame::Zstd(decoder) => decoder.read(into)?,
                Frame::Xz(decoder) => decoder.read(into)?,
                Frame::Bzip2(decoder) => decoder.read(into)?,
                Frame::Lz4(decoder) => decoder.read(into)?,
            };
            if got > 0 || into.is_empty() {
                return Ok(got);
            }
            let mut source = match std::mem::replace(&mut self.frame, Frame::Moved) {
                Frame::Between(source) | Frame::Plain(source) => source,
                Frame::Gzip(decoder) => decoder.into_inner(),
                Frame::Zstd(decoder) => checked(*decoder)?,
                Frame::Xz(decoder) => decoder.into_inner(),
                Frame::Bzip2(decoder) => decoder.into_inner(),
                Frame::Lz4(decoder) => decoder.into_inner(),
                Frame::Moved => return Ok(0),
            };
            if self.is_over(&mut source)? {
                self.frame = Frame::Between(source);
                return Ok(0);
            }
            self.frame = self.begin(source)?;
        }
    }

    /// Whether no further frame follows; zeros are passed over.
    fn is_over(&self, source: &mut Source<'a, A>) -> io::Result<bool> {
        let head = source.peek(MAGIC_BYTES)?;
        if head.is_empty() {
            return Ok(true);
        }
        if self.codec.begins(head) {
            return Ok(false);
        }
        let mut zeros = 0u64;
        loop {
            let rest = source.fill_buf()?;
            let (length, is_zero) = (rest.len(), rest.iter().all(|byte| *byte == 0));
            if length == 0 {
                return Ok(true);
            }
            if !is_zero {
                return Err(self.followed(zeros).into_io());
            }
            zeros += length as u64;
            source.consume(length);
        }
    }

    fn followed(&self, zeros: u64) -> Failure {
        let name = self.codec.name();
        let behind = if zeros == 0 { String::new() } else { " zeros and".to_owned() };
        Failure::damaged(format!("behind the {name} stream stand{behind} bytes that are no {name}")).hint(format!(
            "the file is damaged, or something was appended to it: `{name} -t FILE` says the same; `{name} -dc FILE | reforge \
             import - …` takes in what comes before, if that is whole"
        ))
    }

    fn begin(&self, mut source: Source<'a, A>) -> io::Result<Frame<'a, A>> {
        Ok(match self.codec {
            Codec::Plain => Frame::Plain(source),
            Codec::Gzip => Frame::Gzip(Box::new(GzDecoder::new(source))),
            Codec::Zstd => {
                if skippable(source.peek(MAGIC_BYTES)?) {
                    pass_over_skippable(&mut source)?;
                    return Ok(Frame::Between(source));
                }
                let decoder = StreamingDecoder::new_with_max_window_size(source, ZSTD_WINDOW_BYTES_MAX);
                Frame::Zstd(Box::new(decoder.map_err(zstd_failure)?))
            }
            Codec::Xz => Frame::Xz(Box::new(XzReader::new_mem_limit(source, false, XZ_MEMORY_KIB_MAX))),
            Codec::Bzip2 => Frame::Bzip2(Box::new(BzDecoder::new(source))),
            Codec::Lz4 => Frame::Lz4(Box::new(Lz4Decoder::new(source))),
        })
    }
}

/// The source again, once what came of a frame is what was packed, if the frame says so.
fn checked<'a, A: ArchiveBytes + ?Sized>(
    decoder: StreamingDecoder<Source<'a, A>, FrameDecoder>,
) -> io::Result<Source<'a, A>> {
    let frame = &decoder.decoder;
    match (frame.get_checksum_from_data(), frame.get_calculated_checksum()) {
        (Some(written), Some(computed)) if written != computed => {
            Err(io::Error::new(io::ErrorKind::InvalidData, "its checksum does not hold"))
        }
        _ => Ok(decoder.into_inner()),
    }
}

fn pass_over_skippable<R: Read>(source: &mut R) -> io::Result<()> {
    let mut head = [0; 8];
    source.read_exact(&mut head)?;
    let length = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
    match io::copy(&mut source.take(length), &mut io::sink())? {
        copied if copied == length => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// A window that is too large is nothing damaged.
fn zstd_failure(error: ruzstd::decoding::errors::FrameDecoderError) -> io::Error {
    let text = error.to_string();
    match text.to_ascii_lowercase().contains("window") {
        true => Failure::too_large(format!(
            "the archive was compressed with a window of more than {} MiB",
            ZSTD_WINDOW_BYTES_MAX >> 20
        ))
        .hint("`zstd -dc --long=31 FILE | reforge import - …` takes it in")
        .into_io(),
        false => io::Error::other(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_unpacked_by_how_it_begins() {
        for (head, codec) in [
            (&b"\x1f\x8b\x08"[..], Codec::Gzip),
            (b"\x28\xb5\x2f\xfd", Codec::Zstd),
            (b"\x50\x2a\x4d\x18\x04\0", Codec::Zstd),
            (b"\xfd7zXZ\0", Codec::Xz),
            (b"BZh9", Codec::Bzip2),
            (b"\x04\x22\x4d\x18", Codec::Lz4),
            (b"PK\x03\x04", Codec::Plain),
            (b"", Codec::Plain),
        ] {
            assert_eq!(Codec::of(head), codec, "{head:?}");
        }
    }
}
