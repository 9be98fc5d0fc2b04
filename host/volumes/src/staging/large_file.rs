//! A file that is written in pieces, by one part or by several side by side.
//!
//! Every block is digested on the thread that writes it. What is never written stays a hole. The descriptor is shared by the
//! handles and closed with the last one, so that any number of large files may follow one another.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::entry_path::{refused, split};
use super::{Inner, Open, attributes, staged};
use crate::beneath::{self, Name};
use crate::content::{Ascending, Blocks};
use crate::tree_digest::{Digest, Metadata};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::limits::PIECE_BYTES_MAX;
use reforge_base::message;

/// What all handles of one file share.
#[derive(Debug)]
pub(super) struct Large {
    pub path: Box<[u8]>,
    pub size: u64,
    state: Mutex<State>,
    blocks: Blocks,
}

#[derive(Debug, Default)]
struct State {
    made: bool,
    file: Weak<File>,
    metadata: Option<Metadata>,
    unfinished_handles: u32,
}

impl Large {
    pub(super) fn new(path: &[u8], size: u64) -> Large {
        Large { path: path.into(), size, state: Mutex::default(), blocks: Blocks::default() }
    }

    /// Takes the metadata from the file's header, which comes once.
    pub(super) fn claim(&self, metadata: Metadata) -> Result<()> {
        match self.state().metadata.replace(metadata) {
            None => Ok(()),
            Some(_) => Err(refused(&self.path, message!("is-in-the-archive-twice"))),
        }
    }

    /// One more handle. The first one makes the file; the lock is held so that there is one first.
    pub(super) fn open(&self, open: &Open) -> Result<Arc<File>> {
        let mut state = self.state();
        let file = match state.file.upgrade() {
            Some(file) => file,
            None => Arc::new(self.make_or_open(open, &mut state)?),
        };
        state.file = Arc::downgrade(&file);
        state.unfinished_handles += 1;
        Ok(file)
    }

    fn make_or_open(&self, open: &Open, state: &mut State) -> Result<File> {
        let (above, name) = split(&self.path);
        let above = open.directories.open(above)?;
        let name = Name::from_bytes(name).map_err(|error| super::not_made(&self.path, error))?;
        if state.made {
            let made = beneath::made_file(&above, name).map_err(|error| attributes::io("open", &self.path, error))?;
            return Ok(made.into_std());
        }
        let file = beneath::new_file(&above, name, 0o600).map_err(|error| super::not_made(&self.path, error))?;
        open.flags.set(&file, &self.path)?;
        file.set_len(self.size).map_err(|error| attributes::io("size", &self.path, error))?;
        state.made = true;
        Ok(file.into_std())
    }

    /// Metadata and content digest, when every handle has finished.
    pub(super) fn complete(&self) -> Result<(Metadata, Digest)> {
        let mut state = self.state();
        if state.unfinished_handles != 0 {
            return Err(refused(&self.path, message!("was-not-written-to-its-end")));
        }
        let metadata =
            state.metadata.take().ok_or_else(|| refused(&self.path, message!("has-content-and-no-header")))?;
        Ok((metadata, self.blocks.digest(self.size)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One handle on a large file. It belongs to one part and writes upwards.
#[derive(Debug)]
pub struct LargeFile {
    inner: Arc<Inner>,
    large: Arc<Large>,
    /// None once it has finished.
    file: Option<Arc<File>>,
    ascending: Ascending,
}

impl LargeFile {
    pub(super) fn new(inner: Arc<Inner>, large: Arc<Large>, file: Arc<File>) -> LargeFile {
        LargeFile { inner, large, file: Some(file), ascending: Ascending::default() }
    }

    /// Writes at most 1 MiB at `offset`, which is never below the end of the last write.
    pub fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        inner.run(|open| self.write_checked(&inner, open, offset, bytes))
    }

    /// Says that this handle has written all it will.
    pub fn finish(&mut self) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        inner.run(|_| {
            let file = self.file.take().ok_or_else(finished_already)?;
            self.ascending.end(self.large.size, &self.large.blocks);
            let mut state = self.large.state();
            state.unfinished_handles -= 1;
            // With the lock held, or another handle could revive a descriptor that outlives the seal.
            drop(file);
            Ok(())
        })
    }

    fn write_checked(&mut self, inner: &Inner, open: &Open, offset: u64, bytes: &[u8]) -> Result<()> {
        let large = Arc::clone(&self.large);
        let path = &*large.path;
        let file = self.file.clone().ok_or_else(finished_already)?;
        if bytes.len() > PIECE_BYTES_MAX {
            return Err(Failure::new(Code::TooLarge, message!("one-write-holds-more-than-1")));
        }
        let end = offset.checked_add(bytes.len() as u64).filter(|end| *end <= self.large.size);
        end.ok_or_else(|| refused(path, message!("holds-more-than-its-header-says")))?;
        self.ascending.refuse_backwards(offset, path)?;
        inner.quota_use.occupy(&inner.quota.budget, open.directories.root().as_fd(), bytes.len() as u64, false)?;
        self.ascending.take((offset, bytes), (large.size, path), &large.blocks)?;
        staged("stage-write", path, || {
            file.write_all_at(bytes, offset).map_err(|error| attributes::io("write", path, error))
        })?;
        inner.quota_use.wrote(bytes.len() as u64, &open.write_out);
        Ok(())
    }
}

fn finished_already() -> Failure {
    Failure::new(Code::OutOfOrder, message!("this-handle-on-a-large-file"))
}
