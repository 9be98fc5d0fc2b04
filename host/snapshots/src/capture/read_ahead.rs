//! Looks and reads ahead of the archive: one thread walks, a few open what it finds and read what is small, and the
//! entries come to the caller in the order of the walk.
//!
//! Only the walk asks whether the operator gave up, once an entry and before that entry is opened. Memory and open files
//! are bounded by what is in flight.

use std::sync::Arc;

use cap_std::fs::{Dir, File};
use rustix::fs::FileType;

use super::super::sparse::{self, Extent};
use super::super::walk::{Changes, Facts, Found, ListedName, Tree, Walk, What};
use super::super::xattrs::{self, Xattrs};
use super::super::{Progress, check_cancelled};
use super::landing::Landing;
use super::ordered::{self, Queue, Width};
use super::pipeline::workers;
use super::splitter::OpenFile;
use reforge_base::failure::Result;
use reforge_base::message;
use reforge_volumes::inode_flags::Extra;
use reforge_volumes::syscalls;

/// Up to this size a file is read whole and closed: workers hold larger ones open, and descriptors are few.
const READ_AHEAD_BYTES_MAX: u64 = 128 << 10;
/// Entries that go to a reader together. Handing over one by one costs more than opening.
const BATCH_ENTRIES: usize = 32;
/// Batches in flight: with the ones in work at most some 30 MiB and some 300 open files and directories.
const BATCHES_IN_FLIGHT: usize = 5;
/// More would only wait for the directory's lock.
const READERS_MAX: usize = 3;
/// How often a file that changes while it is looked into is read, where changes are tolerated.
const READS_MAX: usize = 3;
/// What the kernel counts blocks in.
const BLOCKS_UNIT_BYTES: u64 = 512;

/// How volumes are looked at.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) changes: Changes,
    /// Of an app that is down.
    pub(super) landing: Option<&'a Landing<'a>>,
    pub(super) progress: &'a dyn Progress,
}

/// One entry as far as it was read ahead.
pub(super) struct ReadEntry {
    pub(super) path: Vec<u8>,
    pub(super) what: Seen,
}

pub(super) enum Seen {
    Directory {
        facts: Facts,
        xattrs: Xattrs,
        extra: Extra,
    },
    /// Everything in the directory came before.
    End(Arc<Dir>, Facts),
    Symlink {
        facts: Facts,
        xattrs: Xattrs,
        target: Vec<u8>,
    },
    /// A regular file, open.
    File(OpenFile),
    /// One that has no further name, with everything about it.
    ReadFile(OpenFile, Inside),
    Special(FileType),
}

/// What is in a regular file.
pub(super) struct Inside {
    pub(super) xattrs: Xattrs,
    pub(super) extra: Extra,
    /// Where its data is, if it has holes.
    pub(super) extents: Option<Vec<Extent>>,
    /// All of it, if it is small.
    pub(super) bytes: Option<Vec<u8>>,
}

/// On its way to a reader.
enum Job {
    Read(ReadEntry),
    Open(Vec<u8>, ListedName),
}

/// Walks everything and gives it to `take` in order.
pub(super) fn run(walk: Walk, look: Look<'_>, mut take: impl FnMut(ReadEntry) -> Result<()>) -> Result<()> {
    let tree = Arc::clone(walk.tree());
    let reader = || {
        let mut reader = Reader::new(&tree, look.landing);
        move |batch| reader.batch(batch)
    };
    let width = Width { workers: workers().min(READERS_MAX), in_flight: BATCHES_IN_FLIGHT };
    let produce = |queue| read_ahead(walk, look.progress, &queue);
    ordered::run(width, reader, produce, |batch| batch.into_iter().try_for_each(&mut take))
}

fn read_ahead(mut walk: Walk, progress: &dyn Progress, queue: &Queue<Vec<Job>, Vec<ReadEntry>>) -> Result<()> {
    let tree = Arc::clone(walk.tree());
    let mut xattrs = xattrs::Reader::new();
    let mut batch = Vec::with_capacity(BATCH_ENTRIES);
    while let Some(Found { path, what }) = walk.step()? {
        let is_entry = !matches!(what, What::End(..));
        if is_entry {
            check_cancelled(progress, message!("the-snapshot"))?;
        }
        let seen = match what {
            What::File(listed) => {
                batch.push(Job::Open(path, listed));
                None
            }
            What::Directory(directory, facts) => {
                let xattrs = xattrs.of(&*directory).map_err(|error| no_attributes(&tree, &path, error))?;
                let extra = Extra::of(&*directory);
                Some(ReadEntry { path, what: Seen::Directory { facts, xattrs, extra } })
            }
            What::End(directory, facts) => Some(ReadEntry { path, what: Seen::End(directory, facts) }),
            What::Symlink(listed) => match listed.open(&tree, &path, FileType::Symlink)? {
                Some((link, facts)) if facts.kind == FileType::Symlink => {
                    Some(read_link(&tree, path, &link, facts, &mut xattrs)?)
                }
                Some(_) => {
                    batch.push(Job::Open(path, listed));
                    None
                }
                None => None,
            },
            What::Special(kind) => Some(ReadEntry { path, what: Seen::Special(kind) }),
        };
        batch.extend(seen.map(Job::Read));
        if batch.len() >= BATCH_ENTRIES {
            queue.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH_ENTRIES)))?;
        }
    }
    queue.send(batch)
}

fn read_link(tree: &Tree, path: Vec<u8>, link: &File, facts: Facts, xattrs: &mut xattrs::Reader) -> Result<ReadEntry> {
    let target = syscalls::target(link).map_err(|error| tree.io(&path, "read the link", error))?;
    let xattrs = xattrs.of_symlink(link).map_err(|error| no_attributes(tree, &path, error))?;
    Ok(ReadEntry { path, what: Seen::Symlink { facts, xattrs, target } })
}

/// What one thread needs to look into files.
pub(super) struct Reader<'t> {
    tree: &'t Arc<Tree>,
    xattrs: xattrs::Reader,
    /// Of an app that is down.
    landing: Option<&'t Landing<'t>>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(tree: &'t Arc<Tree>, landing: Option<&'t Landing<'t>>) -> Reader<'t> {
        Reader { tree, xattrs: xattrs::Reader::new(), landing }
    }

    fn batch(&mut self, batch: Vec<Job>) -> Result<Vec<ReadEntry>> {
        let mut entries = Vec::with_capacity(batch.len());
        for job in batch {
            match job {
                Job::Read(entry) => entries.push(entry),
                Job::Open(path, listed) => entries.extend(self.open(path, &listed)?),
            }
        }
        Ok(entries)
    }

    /// One that has further names may be in the archive already: then nobody needs what is in it.
    fn open(&mut self, path: Vec<u8>, listed: &ListedName) -> Result<Option<ReadEntry>> {
        let Some((file, facts)) = listed.open(self.tree, &path, FileType::RegularFile)? else { return Ok(None) };
        if facts.kind == FileType::Symlink {
            return read_link(self.tree, path, &file, facts, &mut self.xattrs).map(Some);
        }
        let mut open = OpenFile { file: file.into_std(), facts, tree: Arc::clone(self.tree), path: path.clone() };
        if let Some(landing) = self.landing {
            landing.wait(&mut open)?;
        }
        let what = match facts.links > 1 {
            true => Seen::File(open),
            false => {
                let inside = self.look_into(&mut open)?;
                Seen::ReadFile(open, inside)
            }
        };
        Ok(Some(ReadEntry { path, what }))
    }

    /// Where changes are tolerated, a file that changes meanwhile is read again, a few times; the last time counts. A large
    /// one is read later, and then looked at again.
    pub(super) fn look_into(&mut self, open: &mut OpenFile) -> Result<Inside> {
        let mut reads = 1;
        loop {
            let inside = self.read(open)?;
            let now = Facts::of(&open.file).map_err(|error| open.tree.io(&open.path, "look at", error))?;
            let (holds, is_read) = (open.facts.still_holds(&now), inside.bytes.is_some());
            let may_change = open.tree.changes == Changes::Tolerated;
            if may_change && !open.facts.unchanged(&now) && reads < READS_MAX {
                open.facts = now;
                reads += 1;
                continue;
            }
            if may_change && is_read && !holds {
                open.tree.note_changed(&open.path);
            }
            if !may_change && is_read && !holds {
                return Err(open.tree.changed(&open.path, message!("changed-while-it-was-read")));
            }
            return Ok(inside);
        }
    }

    fn read(&mut self, open: &OpenFile) -> Result<Inside> {
        reforge_base::limits::size_problem(open.facts.size)
            .map_or(Ok(()), |problem| Err(open.tree.refused(&open.path, &problem)))?;
        let xattrs = self.xattrs.of(&open.file).map_err(|error| no_attributes(&open.tree, &open.path, error))?;
        let extra = Extra::of(&open.file);
        let extents = holes(open)?;
        let bytes = read_small(open, extents.as_deref())?;
        Ok(Inside { xattrs, extra, extents, bytes })
    }
}

fn holes(open: &OpenFile) -> Result<Option<Vec<Extent>>> {
    if open.facts.blocks.saturating_mul(BLOCKS_UNIT_BYTES) >= open.facts.size {
        return Ok(None);
    }
    let extents = sparse::extents(&open.file, open.facts.size)
        .map_err(|error| open.tree.io(&open.path, "find the holes of", error))?;
    // A file cut short since then looks as if it ended in a hole.
    let now = Facts::of(&open.file).map_err(|error| open.tree.io(&open.path, "look at", error))?;
    let is_cut = now.size < open.facts.size && open.tree.changes == Changes::Refused;
    if is_cut { Err(open.became_shorter()) } else { Ok(extents) }
}

/// Reads a small file whole; none if it is large. What was a hole stays one, also if the app has written there since: the
/// digest is over what goes into the archive.
fn read_small(open: &OpenFile, extents: Option<&[Extent]>) -> Result<Option<Vec<u8>>> {
    if open.facts.size > READ_AHEAD_BYTES_MAX {
        return Ok(None);
    }
    let mut bytes = vec![0; open.facts.size as usize];
    let whole = [Extent { offset: 0, len: open.facts.size }];
    for extent in extents.unwrap_or(&whole) {
        open.read_at(&mut bytes[extent.offset as usize..extent.end() as usize], extent.offset)?;
    }
    Ok(Some(bytes))
}

fn no_attributes(tree: &Tree, path: &[u8], error: rustix::io::Errno) -> reforge_base::Failure {
    tree.io(path, "read the attributes of", error)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt as _;

    use super::*;

    #[test]
    fn a_small_file_is_read_as_its_map_says_whatever_was_written_into_its_holes_since() {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(&[7; 20_000], 0).unwrap();
        let facts = Facts::of(&file).unwrap();
        let tree = Arc::new(Tree::new("v", facts, Changes::Tolerated));
        let open = OpenFile { file, facts, tree, path: b"f".to_vec() };
        let extents = [Extent { offset: 4096, len: 4096 }, Extent { offset: 12_288, len: 1 }];
        let bytes = read_small(&open, Some(&extents)).unwrap().unwrap();
        let expected = |at: usize| if (4096..8192).contains(&at) || at == 12_288 { 7 } else { 0 };
        assert!(bytes.len() == 20_000 && bytes.iter().enumerate().all(|(at, byte)| *byte == expected(at)));
        assert_eq!(read_small(&open, None).unwrap().unwrap(), vec![7; 20_000]);
    }

    #[test]
    fn a_small_file_that_is_not_what_it_was_is_read_again_or_fails_where_nothing_may_change() {
        for (len, changes) in [(5, Changes::Tolerated), (30_000, Changes::Tolerated), (5, Changes::Refused)] {
            let file = tempfile::tempfile_in("/dev/shm").unwrap();
            file.write_all_at(&[7; 20_000], 0).unwrap();
            let facts = Facts::of(&file).unwrap();
            let tree = Arc::new(Tree::new("v", facts, changes));
            let mut open = OpenFile { file, facts, tree: Arc::clone(&tree), path: b"f".to_vec() };
            open.file.set_len(len).unwrap();
            match (changes, Reader::new(&tree, None).look_into(&mut open)) {
                (Changes::Tolerated, Ok(inside)) => {
                    let bytes = inside.bytes.unwrap();
                    assert_eq!((bytes.len() as u64, open.facts.size), (len, len));
                    assert!(bytes.iter().take(20_000).all(|byte| *byte == 7));
                }
                (Changes::Refused, Err(failure)) => assert!(failure.message.contains("became shorter"), "{failure}"),
                (_, outcome) => panic!("{changes:?}: {:?}", outcome.map(|_| ())),
            }
        }
    }
}
