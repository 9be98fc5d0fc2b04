//! Writes a list as its entries come, in order: of what is written nothing is held but the table.

use std::cmp::Ordering;
use std::io::Write;

use super::entry::{Entry, Kind};
use super::{BLOCK_ENTRIES, CHECK_BYTES, ENTRIES_MAX, HEAD, damaged};
use reforge_base::failure::{Failure, Result};
use reforge_base::message;
use reforge_volumes::tree_digest::path_order;

/// See the module.
pub struct ListWriter<W> {
    out: W,
    at: u64,
    /// Per volume so far, its entries.
    volumes: Vec<u64>,
    block: Vec<u8>,
    block_entries: usize,
    blocks: Vec<u64>,
    directories: Vec<(u32, u32)>,
    /// Around the newest entry: the length of its path that leads there, and where it stands in `directories`.
    around: Vec<(Vec<u8>, usize)>,
    entries: u64,
    last: Vec<u8>,
}

impl<W: Write> ListWriter<W> {
    pub fn new(mut out: W) -> Result<ListWriter<W>> {
        out.write_all(HEAD).map_err(|error| unwritten(&error))?;
        Ok(ListWriter {
            out,
            at: HEAD.len() as u64,
            volumes: Vec::new(),
            block: Vec::new(),
            block_entries: 0,
            blocks: Vec::new(),
            directories: Vec::new(),
            around: Vec::new(),
            entries: 0,
            last: Vec::new(),
        })
    }

    /// The next entry, which belongs to the volume of this index: never one before the last one's.
    pub fn push(&mut self, volume: usize, entry: &Entry) -> Result<()> {
        let new = self.volumes.len() <= volume;
        if new {
            self.end_directories(b"", true);
            self.volumes.resize(volume + 1, 0);
        }
        let in_order = new || path_order(&self.last, &entry.path) == Ordering::Less;
        if !in_order || self.volumes.len() > volume + 1 || self.entries >= ENTRIES_MAX {
            return Err(damaged());
        }
        self.end_directories(&entry.path, false);
        if entry.kind == Kind::Directory {
            self.around.push((entry.path.clone(), self.directories.len()));
            self.directories.push((self.entries as u32, 0));
        }
        let before: &[u8] = if self.block_entries == 0 { b"" } else { &self.last };
        entry.write(before, &mut self.block);
        self.last.clone_from(&entry.path);
        self.entries += 1;
        self.volumes[volume] += 1;
        self.block_entries += 1;
        if self.block_entries == BLOCK_ENTRIES { self.end_block() } else { Ok(()) }
    }

    /// Ends the list of the archive with this SHA-256, which had so many volumes.
    pub fn finish(mut self, volumes: usize, archive: &[u8; 32]) -> Result<W> {
        self.end_directories(b"", true);
        if self.block_entries > 0 {
            self.end_block()?;
        }
        self.volumes.resize(volumes.max(self.volumes.len()), 0);
        let mut tail = Vec::new();
        self.volumes.iter().chain(&self.blocks).for_each(|number| tail.extend(number.to_le_bytes()));
        for (directory, behind) in &self.directories {
            tail.extend(directory.to_le_bytes());
            tail.extend(behind.to_le_bytes());
        }
        tail.extend(self.at.to_le_bytes());
        for count in [self.entries as usize, self.volumes.len(), self.blocks.len(), self.directories.len()] {
            tail.extend((count as u32).to_le_bytes());
        }
        tail.extend(archive);
        let check = *blake3::hash(&tail).as_bytes();
        tail.extend(check);
        self.out.write_all(&tail).and_then(|()| self.out.flush()).map_err(|error| unwritten(&error))?;
        Ok(self.out)
    }

    fn end_block(&mut self) -> Result<()> {
        let check = blake3::hash(&self.block);
        let written =
            self.out.write_all(&check.as_bytes()[..CHECK_BYTES]).and_then(|()| self.out.write_all(&self.block));
        written.map_err(|error| unwritten(&error))?;
        self.blocks.push(self.at);
        self.at += (CHECK_BYTES + self.block.len()) as u64;
        self.block.clear();
        self.block_entries = 0;
        Ok(())
    }

    /// Ends the directories that the next path is not below.
    fn end_directories(&mut self, path: &[u8], all: bool) {
        let is_around = |directory: &[u8]| {
            directory.is_empty() || path.strip_prefix(directory).is_some_and(|rest| rest.first() == Some(&b'/'))
        };
        while let Some((_, index)) = self.around.pop_if(|(directory, _)| all || !is_around(directory)) {
            self.directories[index].1 = self.entries as u32;
        }
    }
}

fn unwritten(error: &std::io::Error) -> Failure {
    Failure::cannot(message!("doing-write"), &message!("the-entry-list"), error)
}
