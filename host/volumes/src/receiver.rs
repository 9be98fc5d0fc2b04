//! What takes the entries of an archive while a plugin reads them: a staging, or whoever only looks.
//!
//! The calls are those of the WIT's `staging`. Whatever takes them checks each again: the plugin is a stranger, and the
//! archive is an enemy.

use super::staging::{LargeFile, Staging};
use crate::tree_digest::Metadata;
use reforge_base::failure::Result;

/// Takes the entries of one volume, from several threads.
pub trait Receiver: Send + Sync {
    /// A directory; the empty path is the volume's root.
    fn directory(&self, path: &[u8], metadata: &Metadata) -> Result<()>;
    /// A file of one piece, whole.
    fn file(&self, path: &[u8], metadata: &Metadata, content: &[u8]) -> Result<()>;
    /// A file of any size, by its header, that comes in pieces.
    fn large_file(&self, path: &[u8], metadata: &Metadata, size: u64) -> Result<Box<dyn Pieces>>;
    /// The same file for a part that begins inside it.
    fn large_file_part(&self, path: &[u8], size: u64) -> Result<Box<dyn Pieces>>;
    fn symlink(&self, path: &[u8], metadata: &Metadata, target: &[u8]) -> Result<()>;
    fn hard_link(&self, path: &[u8], metadata: &Metadata, leader: &[u8]) -> Result<()>;
}

/// Takes a file in pieces that ascend.
pub trait Pieces: Send {
    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<()>;
    /// All pieces of this part have come.
    fn finish(&mut self) -> Result<()>;
}

impl Receiver for Staging {
    fn directory(&self, path: &[u8], metadata: &Metadata) -> Result<()> {
        self.directory(path, metadata)
    }

    fn file(&self, path: &[u8], metadata: &Metadata, content: &[u8]) -> Result<()> {
        self.file(path, metadata, content)
    }

    fn large_file(&self, path: &[u8], metadata: &Metadata, size: u64) -> Result<Box<dyn Pieces>> {
        Ok(Box::new(self.large_file(path, metadata, size)?))
    }

    fn large_file_part(&self, path: &[u8], size: u64) -> Result<Box<dyn Pieces>> {
        Ok(Box::new(self.large_file_part(path, size)?))
    }

    fn symlink(&self, path: &[u8], metadata: &Metadata, target: &[u8]) -> Result<()> {
        self.symlink(path, metadata, target)
    }

    fn hard_link(&self, path: &[u8], metadata: &Metadata, leader: &[u8]) -> Result<()> {
        self.hard_link(path, metadata, leader)
    }
}

impl Pieces for LargeFile {
    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.write(offset, bytes)
    }

    fn finish(&mut self) -> Result<()> {
        self.finish()
    }
}
