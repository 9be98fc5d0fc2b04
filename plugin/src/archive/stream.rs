//! Inflated bytes of a run of whole gzip members, or of a foreign file, as slices of one window: nothing is copied on the way to the host.
//!
//! The run is always read to its end, so that the last checksum is verified, if anybody asks for that, and nothing hides
//! behind it.

use std::io::{self, Read};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;

use super::codec::{Codec, Unpacked};
use super::limits::{FOREIGN_RATIO_FROM_BYTES, WINDOW_BYTES};
use super::members::Members;
pub use super::source::Watch;
use super::source::{Source, Told};
use crate::host::ArchiveBytes;
use crate::{Failure, Result};

/// Whether the checksums of gzip members are computed and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksums {
    Compared,
    /// The host compares digests of the archive and of each tree.
    PassedOver,
}

enum Inflate<'a, A: ArchiveBytes + ?Sized> {
    Comparing(MultiGzDecoder<Source<'a, A>>),
    PassingOver(Members<Source<'a, A>>),
    /// In whatever way it is packed.
    Foreign(Unpacked<'a, A>),
}

impl<A: ArchiveBytes + ?Sized> Inflate<'_, A> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Inflate::Comparing(inflate) => inflate.read(into),
            Inflate::PassingOver(inflate) => inflate.read(into),
            Inflate::Foreign(inflate) => inflate.read(into),
        }
    }

    fn codec(&self) -> Codec {
        match self {
            Inflate::Foreign(inflate) => inflate.codec(),
            _ => Codec::Gzip,
        }
    }
}

/// The inflated bytes.
pub struct Stream<'a, A: ArchiveBytes + ?Sized> {
    inflate: Inflate<'a, A>,
    /// What becomes of reading the archive.
    told: Rc<Told>,
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
        let source = Source::open(archive, offset, length, watch)?;
        let told = source.told();
        Ok(Self::of(
            told,
            match checksums {
                Checksums::Compared => Inflate::Comparing(MultiGzDecoder::new(source)),
                Checksums::PassedOver => Inflate::PassingOver(Members::new(source)),
            },
        ))
    }

    /// The whole file, in whatever way it is packed.
    pub fn open_foreign(archive: &'a A, watch: Watch<'a>) -> Result<Self> {
        let source = Source::open(archive, 0, archive.size(), watch)?;
        let told = source.told();
        let unpacked = Unpacked::new(source).map_err(|error| Failure::from_stream(error, "gzip"))?;
        Ok(Self::of(told, Inflate::Foreign(unpacked)))
    }

    fn of(told: Rc<Told>, inflate: Inflate<'a, A>) -> Self {
        Stream {
            inflate,
            told,
            inflated: 0,
            ratio_max: None,
            window: vec![0; WINDOW_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            ended: false,
        }
    }

    /// How the file is packed.
    pub fn codec(&self) -> Codec {
        self.inflate.codec()
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
            let got = self.inflate.read(&mut self.window[self.end..]).map_err(|error| self.failed(error))?;
            self.end += got;
            self.ended = got == 0;
            self.inflated += got as u64;
            self.check_ratio()?;
        }
        Ok(())
    }

    fn failed(&self, error: io::Error) -> Failure {
        let told = self.told.failure.borrow_mut().take();
        told.unwrap_or_else(|| Failure::from_stream(error, self.inflate.codec().name()))
    }

    fn check_ratio(&self) -> Result<()> {
        let Some(ratio_max) = self.ratio_max.filter(|_| self.inflated > FOREIGN_RATIO_FROM_BYTES) else {
            return Ok(());
        };
        // What was read ahead counts: it is at most one read.
        if self.inflated / ratio_max <= self.told.reached.get() {
            return Ok(());
        }
        Err(Failure::too_large(format!("the archive unpacks to more than {ratio_max} times its size"))
            .hint(
                "pack files that are mostly zeros with `tar --sparse`; or, if the archive is honest, raise `import_ratio_max` \
                 of `[host]`",
            ))
    }
}
