//! Reads a list: its table when it is opened, and of the blocks those that are asked for.

use std::cmp::Ordering;
use std::fs::File;
use std::os::unix::fs::FileExt as _;

use super::entry::Entry;
use super::{BLOCK_ENTRIES, CHECK_BYTES, FOOT_BYTES, HEAD, damaged};
use reforge_base::demands::Demands;
use reforge_base::failure::{Failure, Result};
use reforge_base::message;
use reforge_volumes::tree_digest::path_order;

/// A block that is longer holds more than so many entries can.
const BLOCK_BYTES_MAX: u64 = 64 << 20;

/// The list of one archive, open.
#[derive(Debug)]
pub struct EntryList {
    file: File,
    bytes: u64,
    /// The first number of each volume, and the one behind the last.
    volumes: Vec<u64>,
    /// Where each block begins, and where the table does.
    blocks: Vec<u64>,
    directories: Vec<(u32, u32)>,
    archive: [u8; 32],
}

impl EntryList {
    /// Opens it, whatever archive it is of. Fails with `snapshot-damaged` if it is of no use.
    pub fn open(file: File) -> Result<EntryList> {
        let bytes = file.metadata().map_err(|error| unread(&error))?.len();
        let mut head = [0; HEAD.len()];
        let foot_at = bytes.checked_sub((HEAD.len() + FOOT_BYTES) as u64).ok_or_else(damaged)? + HEAD.len() as u64;
        read_at(&file, &mut head, 0)?;
        let mut foot = [0; FOOT_BYTES];
        read_at(&file, &mut foot, foot_at)?;
        let (numbers, check) = foot.split_at(FOOT_BYTES - 32);
        let table_at = u64::from_le_bytes(array(&numbers[..8])?);
        let count = |number: usize| -> Result<u64> {
            let at = 8 + 4 * number;
            Ok(u32::from_le_bytes(array(&numbers[at..at + 4])?).into())
        };
        let [entries, volumes, blocks, directories] = [count(0)?, count(1)?, count(2)?, count(3)?];
        let table_bytes = 8 * (volumes + blocks + directories);
        if head != *HEAD || table_at.checked_add(table_bytes) != Some(foot_at) {
            return Err(damaged());
        }
        let mut table = vec![0; table_bytes as usize];
        read_at(&file, &mut table, table_at)?;
        let mut hasher = blake3::Hasher::new();
        if hasher.update(&table).update(numbers).finalize().as_bytes() != check {
            return Err(damaged());
        }
        let (head_of, rest) = table.split_at(8 * volumes as usize);
        let (blocks_of, directories_of) = rest.split_at(8 * blocks as usize);
        let long = |bytes: &[u8]| -> Result<u64> { Ok(u64::from_le_bytes(array(bytes)?)) };
        let mut starts = vec![0];
        for bytes in head_of.chunks_exact(8) {
            let last = starts[starts.len() - 1];
            starts.push(long(bytes)?.checked_add(last).ok_or_else(damaged)?);
        }
        let places = blocks_of.chunks_exact(8).map(long).chain([Ok(table_at)]).collect::<Result<Vec<_>>>()?;
        let short = |bytes: &[u8]| -> Result<(u32, u32)> {
            Ok((u32::from_le_bytes(array(&bytes[..4])?), u32::from_le_bytes(array(&bytes[4..])?)))
        };
        let directories = directories_of.chunks_exact(8).map(short).collect::<Result<Vec<_>>>()?;
        let holds = starts.last() == Some(&entries)
            && entries.div_ceil(BLOCK_ENTRIES as u64) == blocks
            && places.is_sorted()
            && directories.iter().all(|(number, behind)| number < behind && u64::from(*behind) <= entries);
        if !holds {
            return Err(damaged());
        }
        let archive = array(&numbers[24..56])?;
        Ok(EntryList { file, bytes, volumes: starts, blocks: places, directories, archive })
    }

    /// Itself, if none of its blocks is damaged: then whatever is asked of it is answered.
    pub fn whole(self) -> Result<EntryList> {
        let mut block = Vec::new();
        (0..self.blocks.len() - 1).try_for_each(|index| self.block(index, &mut block))?;
        Ok(self)
    }

    /// Whether it is of the archive with this SHA-256, hexadecimal.
    pub fn is_of(&self, sha256: &str) -> bool {
        hex::encode(self.archive) == sha256
    }

    /// What it occupies.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The file itself, to be kept.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// How many entries all volumes have.
    pub fn len(&self) -> u64 {
        self.volumes.last().copied().unwrap_or_default()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of a volume's entries, the root's first. None for a volume that it does not know.
    pub fn volume(&self, index: usize) -> Option<std::ops::Range<u64>> {
        Some(*self.volumes.get(index)?..*self.volumes.get(index + 1)?)
    }

    /// The volume that an entry belongs to.
    pub fn volume_of(&self, number: u64) -> Option<usize> {
        (number < self.len()).then(|| self.volumes.partition_point(|first| *first <= number) - 1)
    }

    /// The number behind everything below an entry: the next one, unless it is a directory.
    pub fn behind(&self, number: u64) -> u64 {
        let found = self.directories.binary_search_by_key(&number, |(directory, _)| u64::from(*directory));
        found.map_or(number + 1, |index| u64::from(self.directories[index].1))
    }

    /// One entry; none behind the last one.
    pub fn get(&self, number: u64) -> Result<Option<Entry>> {
        self.from(number).next().transpose().map(|found| found.map(|(_, entry)| entry))
    }

    /// All entries from this number on, in order.
    pub fn from(&self, number: u64) -> Entries<'_> {
        Entries { list: self, next: number, block: Vec::new(), at: 0, before: Vec::new(), loaded: None }
    }

    /// What its entries ask of a file system, volume by volume, as far as a list says: their times.
    pub fn demands(&self) -> Result<Vec<Demands>> {
        let mut demands: Vec<_> = (0..self.volumes.len() as u32 - 1).map(Demands::of).collect();
        for found in self.from(0) {
            let (number, entry) = found?;
            let volume = self.volume_of(number).ok_or_else(damaged)?;
            demands[volume].time(&entry.path, entry.mtime.seconds, entry.mtime.nanoseconds);
        }
        Ok(demands)
    }

    /// The number of a path in a volume, if it is there.
    pub fn find(&self, volume: usize, path: &[u8]) -> Result<Option<u64>> {
        let Some(range) = self.volume(volume) else { return Ok(None) };
        let (mut low, mut high) = (range.start, range.end);
        let mut entries = self.from(low);
        while low < high {
            let middle = low + (high - low) / 2;
            entries.seek(middle);
            let Some((_, entry)) = entries.next().transpose()? else { return Err(damaged()) };
            match path_order(&entry.path, path) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                // Equal but for what no path has in a name.
                Ordering::Equal => return Ok((entry.path == path).then_some(middle)),
            }
        }
        Ok(None)
    }

    /// What lies directly in a directory, from so many children on, so many at most.
    pub fn children(&self, number: u64, skip: u64, most: usize) -> Result<Vec<(u64, Entry)>> {
        let end = self.behind(number);
        let mut next = number + 1;
        for _ in 0..skip {
            if next >= end {
                return Ok(Vec::new());
            }
            next = self.behind(next);
        }
        let mut found = Vec::new();
        let mut entries = self.from(next);
        while next < end && found.len() < most {
            entries.seek(next);
            found.push(entries.next().ok_or_else(damaged)??);
            next = self.behind(next);
        }
        Ok(found)
    }

    /// How many lie directly in a directory.
    pub fn count_children(&self, number: u64) -> u64 {
        let (end, mut next, mut count) = (self.behind(number), number + 1, 0);
        while next < end {
            next = self.behind(next);
            count += 1;
        }
        count
    }

    fn block(&self, index: usize, into: &mut Vec<u8>) -> Result<()> {
        let (from, to) = (self.blocks[index], self.blocks[index + 1]);
        let length = (to - from).checked_sub(CHECK_BYTES as u64).filter(|length| *length <= BLOCK_BYTES_MAX);
        let mut check = [0; CHECK_BYTES];
        read_at(&self.file, &mut check, from)?;
        into.resize(length.ok_or_else(damaged)? as usize, 0);
        read_at(&self.file, into, from + CHECK_BYTES as u64)?;
        match blake3::hash(into).as_bytes()[..CHECK_BYTES] == check {
            true => Ok(()),
            false => Err(damaged()),
        }
    }
}

/// Goes through a list. A failure ends it.
pub struct Entries<'a> {
    list: &'a EntryList,
    next: u64,
    block: Vec<u8>,
    /// Which block that is, and the number of the entry that comes next in it.
    loaded: Option<(usize, u64)>,
    at: usize,
    before: Vec<u8>,
}

impl Entries<'_> {
    /// Goes on from this number.
    pub fn seek(&mut self, number: u64) {
        self.next = number;
    }

    fn read(&mut self) -> Result<(u64, Entry)> {
        let wanted = (self.next / BLOCK_ENTRIES as u64) as usize;
        let mut position = match self.loaded {
            Some((block, position)) if block == wanted && position <= self.next => position,
            loaded => {
                if loaded.is_none_or(|(block, _)| block != wanted) {
                    self.list.block(wanted, &mut self.block)?;
                }
                (self.at, self.before) = (0, Vec::new());
                wanted as u64 * BLOCK_ENTRIES as u64
            }
        };
        loop {
            let mut rest = &self.block[self.at..];
            let entry = Entry::read(&self.before, &mut rest)?;
            self.at = self.block.len() - rest.len();
            self.before.clone_from(&entry.path);
            position += 1;
            self.loaded = Some((wanted, position));
            if position > self.next {
                self.next = position;
                return Ok((position - 1, entry));
            }
        }
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<(u64, Entry)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.list.len() {
            return None;
        }
        let read = self.read();
        if read.is_err() {
            self.next = u64::MAX;
        }
        Some(read)
    }
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_| damaged())
}

fn read_at(file: &File, into: &mut [u8], at: u64) -> Result<()> {
    file.read_exact_at(into, at).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => damaged(),
        _ => unread(&error),
    })
}

fn unread(error: &std::io::Error) -> Failure {
    Failure::cannot(message!("doing-read"), &message!("the-entry-list"), error)
}
