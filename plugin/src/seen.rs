//! Which paths an archive has had, without keeping them: what comes twice, what stands in whose way, and which directories
//! nobody has described.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use crate::archive::headers::Kind;
use crate::archive::limits::IMPLIED_NAME_BYTES_MAX;
use crate::archive::reader::APPENDED_HINT;
use crate::{Failure, Result, escape};

/// What stands at a path. The numbers are the low bits of a key.
#[derive(Clone, Copy)]
enum At {
    /// Something stands below it, and no entry has described it yet.
    Implied = 0,
    Directory = 1,
    File = 2,
    Link = 3,
}

/// Paths as hashes with a random key: 8 bytes each, and nobody can choose two that collide. A collision by chance, one
/// in millions of archives of the greatest size, refuses an archive and never lets one pass.
#[derive(Default)]
pub(crate) struct Seen {
    keys: HashSet<u64>,
    hasher: RandomState,
    implied: u64,
    /// The first implied directories, to name one.
    examples: Vec<(u32, Vec<u8>)>,
    /// All of them, for whoever describes them.
    all: Option<Vec<(u32, Vec<u8>)>>,
    all_bytes: usize,
}

/// Implied directories at a time; tar and bsdtar describe each before what is in it.
const IMPLIED_MAX: u64 = 100_000;
/// How many implied directories are remembered by name.
const EXAMPLES_MAX: usize = 16;

impl Seen {
    /// For whoever will describe the directories that have no entry.
    pub(crate) fn remembering() -> Seen {
        Seen { all: Some(Vec::new()), ..Seen::default() }
    }

    /// The directories that nobody has described, parents first.
    pub(crate) fn undescribed(&self) -> Vec<(u32, Vec<u8>)> {
        let all = self.all.iter().flatten().filter(|(volume, path)| self.is(*volume, path, At::Implied));
        let mut all: Vec<_> = all.cloned().collect();
        all.sort_unstable();
        all
    }

    fn remember(&mut self, volume: u32, path: &[u8]) -> Result<()> {
        let Some(all) = &mut self.all else { return Ok(()) };
        self.all_bytes += path.len();
        if self.all_bytes > IMPLIED_NAME_BYTES_MAX {
            return Err(Failure::too_large("is one of too many below directories that no entry describes"));
        }
        all.push((volume, path.to_vec()));
        Ok(())
    }

    fn key(&self, volume: u32, path: &[u8], at: At) -> u64 {
        (self.hasher.hash_one((volume, path)) & !3) | at as u64
    }

    fn is(&self, volume: u32, path: &[u8], at: At) -> bool {
        self.keys.contains(&self.key(volume, path, at))
    }

    pub(crate) fn is_file(&self, volume: u32, path: &[u8]) -> bool {
        self.is(volume, path, At::File)
    }

    pub(crate) fn is_claimed(&self, volume: u32, path: &[u8]) -> bool {
        self.is(volume, path, At::Directory)
    }

    /// Adds an entry, or says what stands in its way.
    pub(crate) fn add(&mut self, volume: u32, path: &[u8], kind: Kind) -> Result<()> {
        self.imply_parents(volume, path)?;
        let implied = self.key(volume, path, At::Implied);
        let at = match kind {
            Kind::Directory => At::Directory,
            Kind::File => At::File,
            _ => At::Link,
        };
        if [At::Directory, At::File, At::Link].iter().any(|at| self.is(volume, path, *at)) {
            return Err(Failure::archive("comes twice").hint(APPENDED_HINT));
        }
        if self.keys.remove(&implied) {
            self.implied -= 1;
            self.keys.insert(self.key(volume, path, At::Directory));
            if kind != Kind::Directory {
                return Err(Failure::archive("is no directory, and other entries lie below it"));
            }
        }
        self.keys.insert(self.key(volume, path, at));
        Ok(())
    }

    /// Every directory above is known or becomes implied; anything else there is a collision, found before any is.
    fn imply_parents(&mut self, volume: u32, path: &[u8]) -> Result<()> {
        let parents = || std::iter::successors(parent(path), |path| parent(path));
        let mut unknown = 0;
        for above in parents() {
            if self.is(volume, above, At::Directory) || self.is(volume, above, At::Implied) {
                break;
            }
            if self.is(volume, above, At::File) || self.is(volume, above, At::Link) {
                return Err(Failure::archive("lies below something that is no directory"));
            }
            unknown += 1;
        }
        if self.implied + unknown as u64 > IMPLIED_MAX {
            return Err(Failure::too_large("is one of too many below directories that no entry describes"));
        }
        for above in parents().take(unknown) {
            self.keys.insert(self.key(volume, above, At::Implied));
            self.implied += 1;
            self.remember(volume, above)?;
            if self.examples.len() < EXAMPLES_MAX {
                self.examples.push((volume, above.to_vec()));
            }
        }
        Ok(())
    }

    /// Directories that something lies below and no entry describes. Roots are named by themselves.
    pub(crate) fn unclaimed(&self) -> Option<Failure> {
        let roots =
            self.examples.iter().filter(|(volume, path)| path.is_empty() && self.is(*volume, path, At::Implied));
        let others = self.implied.saturating_sub(roots.count() as u64);
        if others == 0 {
            return None;
        }
        let mut open =
            self.examples.iter().filter(|(volume, path)| !path.is_empty() && self.is(*volume, path, At::Implied));
        let example = open
            .next()
            .map_or_else(String::new, |(volume, path)| format!(", one is `volumes/{volume}/{}`", escape::bytes(path)));
        Some(Failure::archive(format!("{others} directories have entries below them and none of their own{example}")))
    }
}

/// The path above; the root has none.
fn parent(path: &[u8]) -> Option<&[u8]> {
    (!path.is_empty()).then(|| &path[..path.iter().rposition(|byte| *byte == b'/').unwrap_or(0)])
}
