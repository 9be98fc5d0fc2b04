//! What a power cut leaves of the disks, rebuilt from their log.
//!
//! Everything before a disk's last flush is on it. Of every later write nothing is known: it is there, or missing, or
//! torn between two sectors, each for itself.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use rustix::fs::SeekFrom;

use super::chance::Chance;
use super::file_system::FileSystem;
use super::recorder::Entry;

/// What becomes of the writes since the last flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unflushed {
    AllThere,
    AllMissing,
    /// Each by chance there, missing or torn.
    Chance,
}

/// The disks as they are at one point of the log, which only moves forward.
pub(super) struct Replay<'a> {
    log: &'a [Entry],
    at: usize,
    disks: Vec<Disk>,
}

struct Disk {
    file_system: &'static FileSystem,
    flushed: tempfile::NamedTempFile,
    /// Entries since the last flush.
    unflushed: Vec<usize>,
}

impl<'a> Replay<'a> {
    pub(super) fn new(log: &'a [Entry], bases: Vec<(&'static FileSystem, tempfile::NamedTempFile)>) -> Replay<'a> {
        let disk = |(file_system, flushed)| Disk { file_system, flushed, unflushed: Vec::new() };
        Replay { log, at: 0, disks: bases.into_iter().map(disk).collect() }
    }

    /// Goes to where so many entries have happened.
    pub(super) fn go_to(&mut self, at: usize) {
        assert!(at >= self.at, "the log is replayed forwards");
        for index in self.at..at {
            match &self.log[index] {
                Entry::Write { disk, .. } => self.disks[*disk].unflushed.push(index),
                Entry::Flush { disk } => {
                    let disk = &mut self.disks[*disk];
                    for index in std::mem::take(&mut disk.unflushed) {
                        let Entry::Write { offset, data, .. } = &self.log[index] else { continue };
                        disk.flushed.as_file().write_all_at(data, *offset).unwrap();
                    }
                }
                Entry::Said(_) => {}
            }
        }
        self.at = at;
    }

    /// What was said to be done before the cut.
    pub(super) fn said(&self) -> Vec<&'static str> {
        let said = |entry: &Entry| if let Entry::Said(what) = entry { Some(*what) } else { None };
        self.log[..self.at].iter().filter_map(said).collect()
    }

    /// How many writes are in doubt.
    pub(super) fn in_doubt(&self) -> usize {
        self.disks.iter().map(|disk| disk.unflushed.len()).sum()
    }

    /// An image of each disk after a power cut here.
    pub(super) fn cut(&self, unflushed: Unflushed, chance: &mut Chance) -> Vec<tempfile::NamedTempFile> {
        self.disks.iter().map(|disk| self.cut_disk(disk, unflushed, chance)).collect()
    }

    fn cut_disk(&self, disk: &Disk, unflushed: Unflushed, chance: &mut Chance) -> tempfile::NamedTempFile {
        let image = tempfile::NamedTempFile::new().unwrap();
        copy_sparse(disk.flushed.as_file(), image.as_file());
        for index in &disk.unflushed {
            let Entry::Write { offset, data, .. } = &self.log[*index] else { continue };
            let fate = match unflushed {
                Unflushed::AllThere => 0,
                Unflushed::AllMissing => 1,
                Unflushed::Chance => chance.below(5),
            };
            for (number, sector) in data.chunks(disk.file_system.sector_bytes).enumerate() {
                let at = offset + (number * disk.file_system.sector_bytes) as u64;
                let there = match fate {
                    0 | 2 => true,
                    1 | 3 => false,
                    _ => chance.below(2) == 0,
                };
                if there {
                    image.as_file().write_all_at(sector, at).unwrap();
                }
            }
        }
        image
    }
}

/// Copies what is written of a file, and leaves holes where it has them.
pub(super) fn copy_sparse(from: &File, to: &File) {
    let bytes = from.metadata().unwrap().len();
    to.set_len(bytes).unwrap();
    let mut at = 0;
    while let Ok(data) = rustix::fs::seek(from, SeekFrom::Data(at)) {
        at = rustix::fs::seek(from, SeekFrom::Hole(data)).unwrap();
        let mut piece = vec![0; (at - data) as usize];
        from.read_exact_at(&mut piece, data).unwrap();
        to.write_all_at(&piece, data).unwrap();
    }
}
