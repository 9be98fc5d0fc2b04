//! Writes down what a plugin reads out of an archive: names, metadata, and the digest of each file's content.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::judge::Judge;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_snapshots::entries::{Entry, Kind, ListWriter, Unsorted};
use reforge_volumes::content::{Ascending, Blocks};
use reforge_volumes::receiver::{Pieces, Receiver};
use reforge_volumes::staging::entry_path::refused;
use reforge_volumes::tree_digest::{self, Digest, DigestedKind, Metadata, TreeHasher};

/// Of one volume.
pub(crate) struct Listing {
    judge: Arc<Judge>,
    entries: Mutex<Unsorted>,
    large: Mutex<HashMap<Vec<u8>, Arc<Large>>>,
}

/// A file that comes in pieces, from one part or several.
struct Large {
    path: Vec<u8>,
    size: u64,
    metadata: Mutex<Option<Metadata>>,
    blocks: Blocks,
    unfinished: AtomicU32,
}

impl Listing {
    pub(crate) fn new(judge: Judge) -> Listing {
        Listing { judge: Arc::new(judge), entries: Mutex::default(), large: Mutex::default() }
    }

    /// Whether all that the snapshot says of the volume has come.
    pub(crate) fn is_all(&self) -> bool {
        self.judge.is_all()
    }

    /// Writes all of it in order, and answers the tree digest.
    pub(crate) fn write<W: std::io::Write>(&self, volume: usize, list: &mut ListWriter<W>) -> Result<String> {
        for large in std::mem::take(&mut *locked(&self.large)).into_values() {
            if large.unfinished.load(Ordering::Acquire) != 0 {
                return Err(refused(&large.path, message!("was-not-written-to-its-end")));
            }
            let metadata = locked(&large.metadata).take();
            let metadata = metadata.ok_or_else(|| refused(&large.path, message!("has-content-and-no-header")))?;
            self.push_file(&large.path, &metadata, large.size, large.blocks.digest(large.size));
        }
        let mut tree = TreeHasher::default();
        for entry in std::mem::take(&mut *locked(&self.entries)).sorted()? {
            let (entry, digest) = entry?;
            list.push(volume, &entry)?;
            tree.push(&digest);
        }
        Ok(tree.finish())
    }

    fn push(&self, path: &[u8], metadata: &Metadata, kind: Kind, digested: DigestedKind<'_>) {
        let digest = tree_digest::entry(path, metadata, digested);
        locked(&self.entries).push(&Entry::new(path, metadata, kind), digest);
    }

    fn push_file(&self, path: &[u8], metadata: &Metadata, size: u64, content: Digest) {
        let digested = DigestedKind::File { size, content: &content };
        self.push(path, metadata, Kind::File { size, content: Some(content) }, digested);
    }

    fn large(&self, path: &[u8], size: u64) -> Result<Arc<Large>> {
        let new = || {
            let (path, metadata, blocks) = (path.to_vec(), Mutex::default(), Blocks::default());
            Arc::new(Large { path, size, metadata, blocks, unfinished: AtomicU32::new(0) })
        };
        let large = Arc::clone(locked(&self.large).entry(path.to_vec()).or_insert_with(new));
        if large.size != size {
            return Err(refused(path, message!("has-two-sizes-in-the-archive")));
        }
        Ok(large)
    }

    fn pieces(&self, large: Arc<Large>) -> Box<dyn Pieces> {
        large.unfinished.fetch_add(1, Ordering::Release);
        Box::new(LargePieces { judge: self.judge.clone(), large, ascending: Ascending::default(), ended: false })
    }
}

impl Receiver for Listing {
    fn directory(&self, path: &[u8], metadata: &Metadata) -> Result<()> {
        let metadata = self.judge.directory(path, metadata)?;
        self.push(path, &metadata, Kind::Directory, DigestedKind::Directory);
        Ok(())
    }

    fn file(&self, path: &[u8], metadata: &Metadata, content: &[u8]) -> Result<()> {
        let size = content.len() as u64;
        let metadata = self.judge.file(path, metadata, size)?;
        self.judge.piece(path, size, 0, content)?;
        let block = (size > 0).then(|| tree_digest::block(content));
        self.push_file(path, &metadata, size, tree_digest::content(&block));
        Ok(())
    }

    fn large_file(&self, path: &[u8], metadata: &Metadata, size: u64) -> Result<Box<dyn Pieces>> {
        let metadata = self.judge.file(path, metadata, size)?.into_owned();
        let large = self.large(path, size)?;
        if locked(&large.metadata).replace(metadata).is_some() {
            return Err(refused(path, message!("is-in-the-archive-twice")));
        }
        Ok(self.pieces(large))
    }

    fn large_file_part(&self, path: &[u8], size: u64) -> Result<Box<dyn Pieces>> {
        self.judge.rest(path, size)?;
        Ok(self.pieces(self.large(path, size)?))
    }

    fn symlink(&self, path: &[u8], metadata: &Metadata, target: &[u8]) -> Result<()> {
        let metadata = self.judge.symlink(path, metadata, target)?;
        self.push(path, &metadata, Kind::Symlink { target: target.to_vec() }, DigestedKind::Symlink { target });
        Ok(())
    }

    fn hard_link(&self, path: &[u8], metadata: &Metadata, leader: &[u8]) -> Result<()> {
        let metadata = self.judge.hard_link(path, metadata, leader)?;
        self.push(path, &metadata, Kind::HardLink { leader: leader.to_vec() }, DigestedKind::HardLink { leader });
        Ok(())
    }
}

struct LargePieces {
    judge: Arc<Judge>,
    large: Arc<Large>,
    ascending: Ascending,
    ended: bool,
}

impl Pieces for LargePieces {
    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        let Large { path, size, blocks, .. } = &*self.large;
        self.judge.piece(path, *size, offset, bytes)?;
        self.ascending.refuse_backwards(offset, path)?;
        self.ascending.take((offset, bytes), (*size, path), blocks)
    }

    fn finish(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.ended, true) {
            return Err(Failure::new(Code::OutOfOrder, message!("this-handle-on-a-large-file")));
        }
        self.ascending.end(self.large.size, &self.large.blocks);
        self.large.unfinished.fetch_sub(1, Ordering::AcqRel);
        Ok(())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
