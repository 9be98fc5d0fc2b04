//! The compressed bytes of a run of the archive, as the host hands them over. It never reads outside its run.

use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use super::limits::PIECE_BYTES_MAX;
use crate::host::ArchiveBytes;
use crate::{Failure, Result};

/// Asked before each read of the archive with the offset it is at; an error ends the reading.
pub type Watch<'a> = &'a dyn Fn(u64) -> Result<()>;

/// What becomes of the reading, for whoever has the decoder around it only.
#[derive(Default)]
pub(super) struct Told {
    /// How far the archive was read.
    pub reached: Cell<u64>,
    /// Why it could not be read on: a decoder may wrap an error beyond knowing it.
    pub failure: RefCell<Option<Failure>>,
}

/// The bytes `[offset, end)`.
pub(super) struct Source<'a, A: ?Sized> {
    archive: &'a A,
    watch: Watch<'a>,
    told: Rc<Told>,
    end: u64,
    chunk: Vec<u8>,
    used: usize,
}

impl<'a, A: ArchiveBytes + ?Sized> Source<'a, A> {
    pub(super) fn open(archive: &'a A, offset: u64, length: u64, watch: Watch<'a>) -> Result<Self> {
        let end = offset.checked_add(length).filter(|end| *end <= archive.size() && length > 0);
        let end = end.ok_or_else(|| Failure::damaged("the archive is shorter than its descriptor says"))?;
        let told = Rc::new(Told { reached: Cell::new(offset), ..Told::default() });
        Ok(Source { archive, watch, told, end, chunk: Vec::new(), used: 0 })
    }

    pub(super) fn told(&self) -> Rc<Told> {
        self.told.clone()
    }

    fn is_read(&self) -> bool {
        self.told.reached.get() == self.end
    }

    fn refilled(&mut self, rest: Vec<u8>) -> io::Result<()> {
        self.refill(rest).map_err(|failure| {
            *self.told.failure.borrow_mut() = Some(failure.clone());
            failure.into_io()
        })
    }

    /// The next bytes without taking them: `wanted` of them, fewer only at the end.
    pub(super) fn peek(&mut self, wanted: usize) -> io::Result<&[u8]> {
        while self.chunk.len() - self.used < wanted && !self.is_read() {
            let rest = self.chunk.split_off(self.used);
            self.refilled(rest)?;
        }
        Ok(&self.chunk[self.used..self.chunk.len().min(self.used + wanted)])
    }

    /// Behind `rest`, which nobody has taken yet.
    fn refill(&mut self, mut rest: Vec<u8>) -> Result<()> {
        let offset = self.told.reached.get();
        (self.watch)(offset)?;
        let max = (PIECE_BYTES_MAX as u64).min(self.end - offset) as u32;
        let read = self.archive.read_at(offset, max)?;
        if read.is_empty() || read.len() > max as usize {
            return Err(Failure::damaged(format!("the archive has no {max} bytes at {offset}")));
        }
        self.told.reached.set(offset + read.len() as u64);
        self.chunk = match rest.is_empty() {
            true => read,
            false => {
                rest.extend_from_slice(&read);
                rest
            }
        };
        self.used = 0;
        Ok(())
    }
}

impl<A: ArchiveBytes + ?Sized> BufRead for Source<'_, A> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used == self.chunk.len() && !self.is_read() {
            self.refilled(Vec::new())?;
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
