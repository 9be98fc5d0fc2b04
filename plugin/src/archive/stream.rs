//! Inflated bytes of a run of whole gzip members, as slices of one window: nothing is copied on the way to the host.
//!
//! The run is always read to its end, so that the last checksum is verified, if anybody asks for that, and nothing hides
//! behind it. It never reads outside its run.

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;

use super::limits::{FOREIGN_RATIO_FROM_BYTES, PIECE_BYTES_MAX, WINDOW_BYTES};
use super::members::Members;
use crate::host::ArchiveBytes;
use crate::{Failure, Result};

/// Asked before each read of the archive with the offset it is at; an error ends the reading.
pub type Watch<'a> = &'a dyn Fn(u64) -> Result<()>;

/// The compressed bytes `[offset, end)`.
struct Source<'a, A: ?Sized> {
    archive: &'a A,
    watch: Watch<'a>,
    offset: u64,
    end: u64,
    chunk: Vec<u8>,
    used: usize,
}

impl<A: ArchiveBytes + ?Sized> Source<'_, A> {
    fn refill(&mut self) -> Result<()> {
        (self.watch)(self.offset)?;
        let max = (PIECE_BYTES_MAX as u64).min(self.end - self.offset) as u32;
        self.chunk = self.archive.read_at(self.offset, max)?;
        self.used = 0;
        if self.chunk.is_empty() || self.chunk.len() > max as usize {
            return Err(Failure::damaged(format!("the archive has no {max} bytes at {}", self.offset)));
        }
        self.offset += self.chunk.len() as u64;
        Ok(())
    }
}

impl<A: ArchiveBytes + ?Sized> BufRead for Source<'_, A> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used == self.chunk.len() && self.offset < self.end {
            self.refill().map_err(Failure::into_io)?;
        }
        Ok(&self.chunk[self.used..])
    }

    fn consume(&mut self, amount: usize) {
        self.used += amount;
    }
}

impl<A: ArchiveBytes + ?Sized> Read for Source<'_, A> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let got = self.fill_buf()?.read(into)?;
        self.consume(got);
        Ok(got)
    }
}

/// Whether the checksums of gzip members are computed and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksums {
    Compared,
    /// The host compares digests of the archive and of each tree.
    PassedOver,
}

enum Inflate<S> {
    Comparing(MultiGzDecoder<S>),
    PassingOver(Members<S>),
}

impl<S: BufRead> Inflate<S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Inflate::Comparing(inflate) => inflate.read(into),
            Inflate::PassingOver(inflate) => inflate.read(into),
        }
    }

    fn source(&self) -> &S {
        match self {
            Inflate::Comparing(inflate) => inflate.get_ref(),
            Inflate::PassingOver(inflate) => inflate.get_ref(),
        }
    }
}

/// The inflated bytes.
pub struct Stream<'a, A: ?Sized> {
    inflate: Inflate<Source<'a, A>>,
    /// Inflated so far, and how many times the compressed bytes that may be.
    inflated: u64,
    ratio_max: Option<u64>,
    window: Box<[u8]>,
    start: usize,
    end: usize,
    ended: bool,
}

impl<'a, A: ArchiveBytes + ?Sized> Stream<'a, A> {
    /// `length` bytes of the archive from `offset`, which must be whole gzip members.
    pub fn open(archive: &'a A, offset: u64, length: u64, checksums: Checksums, watch: Watch<'a>) -> Result<Self> {
        let end = offset.checked_add(length).filter(|end| *end <= archive.size() && length > 0);
        let end = end.ok_or_else(|| Failure::damaged("the archive is shorter than its descriptor says"))?;
        let source = Source { archive, watch, offset, end, chunk: Vec::new(), used: 0 };
        Ok(Stream {
            inflate: match checksums {
                Checksums::Compared => Inflate::Comparing(MultiGzDecoder::new(source)),
                Checksums::PassedOver => Inflate::PassingOver(Members::new(source)),
            },
            inflated: 0,
            ratio_max: None,
            window: vec![0; WINDOW_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            ended: false,
        })
    }

    /// Refuses, from here on, bytes that are this much larger unpacked than packed.
    pub fn limit_ratio(&mut self, ratio_max: u64) {
        self.ratio_max = Some(ratio_max);
    }

    /// The next bytes without taking them: `wanted` of them, fewer only at the end.
    pub fn peek(&mut self, wanted: usize) -> Result<&[u8]> {
        self.fill(wanted)?;
        Ok(&self.window[self.start..self.end.min(self.start + wanted)])
    }

    /// Takes exactly `wanted` bytes, at most half a window.
    pub fn take(&mut self, wanted: usize) -> Result<&[u8]> {
        self.fill(wanted)?;
        if self.end - self.start < wanted {
            return Err(Failure::damaged("the archive ends in the middle of an entry"));
        }
        self.start += wanted;
        Ok(&self.window[self.start - wanted..self.start])
    }

    /// Passes over exactly `count` bytes.
    pub fn skip(&mut self, mut count: u64) -> Result<()> {
        while count > 0 {
            let step = count.min((WINDOW_BYTES / 2) as u64);
            self.take(step as usize)?;
            count -= step;
        }
        Ok(())
    }

    /// Whether all bytes were taken; if so, every checksum that was compared held, and nothing stands behind the last member.
    pub fn is_at_end(&mut self) -> Result<bool> {
        Ok(self.peek(1)?.is_empty())
    }

    fn fill(&mut self, wanted: usize) -> Result<()> {
        if self.end - self.start >= wanted {
            return Ok(());
        }
        if self.start == self.end || self.window.len() - self.start < wanted {
            self.window.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        while self.end - self.start < wanted && !self.ended {
            let got = self.inflate.read(&mut self.window[self.end..]).map_err(Failure::from_stream)?;
            self.end += got;
            self.ended = got == 0;
            self.inflated += got as u64;
            self.check_ratio()?;
        }
        Ok(())
    }

    fn check_ratio(&self) -> Result<()> {
        let Some(ratio_max) = self.ratio_max.filter(|_| self.inflated > FOREIGN_RATIO_FROM_BYTES) else {
            return Ok(());
        };
        // What was read ahead counts: it is at most one read.
        if self.inflated / ratio_max <= self.inflate.source().offset {
            return Ok(());
        }
        Err(Failure::too_large(format!("the archive unpacks to more than {ratio_max} times its size"))
            .hint("pack files that are mostly zeros with `tar --sparse`"))
    }
}
