//! Reads a foreign archive whole, writing nothing: what it holds, or everything that refuses it.
//!
//! What staging would find out while it is filled is found out here: names that come twice, a file where a directory
//! is, directories that nobody describes. Links are counted, since the workload's policy decides about them in the
//! plan; set-id bits and security attributes are in no count and are judged here.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use crate::archive::headers::Kind;
use crate::archive::known;
use crate::archive::limits::{
    DISK_BLOCK_BYTES, FOREIGN_BYTES_MAX, INSPECTED_ENTRIES_MAX, INSPECTED_NAME_BYTES_MAX, REFUSALS_SHOWN_MAX,
};
use crate::archive::policy::{Admitted, Policy, about};
use crate::archive::reader::{Entry, Reader};
use crate::diff;
use crate::host::{ArchiveBytes, Job, Report};
use crate::manifest::Manifest;
use crate::{Failure, Result, escape};

/// What one volume of a foreign archive holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InspectedVolume {
    pub index: u32,
    pub name: String,
    pub scope: String,
    pub entries: u64,
    pub bytes: u64,
    pub disk_bytes: u64,
    pub symlinks: u64,
    pub hard_links: u64,
}

/// A foreign archive that may be imported.
#[derive(Debug)]
pub struct Inspection {
    /// JSON, as it stands in the archive.
    pub manifest: String,
    pub volumes: Vec<InspectedVolume>,
}

/// Reads the archive to its last byte.
pub fn inspect<R: Report, A: ArchiveBytes>(report: &R, archive: &A, job: &Job) -> Result<Inspection> {
    report.phase("reading");
    let total = archive.size();
    let watch = |offset| diff::watch(report, offset, total);
    known::refuse_no_gzip(archive)?;
    let mut reader = Reader::open(archive, 0, total, &watch)?;
    reader.believe_nothing();
    reader.refuse_no_tar()?;
    let bytes = reader.manifest()?;
    let manifest = Manifest::parse(&bytes)?;
    let mut inspector = Inspector::new(&manifest, job);
    let mut entry = Entry::default();
    while reader.next(&mut entry)? {
        inspector.entry(&entry)?;
    }
    match inspector.project_files {
        0 => {}
        1 => report.note("1 file of the project stands beside the volumes: no restore touches it"),
        files => {
            report.note(&format!("{files} files of the project stand beside the volumes: no restore touches them"))
        }
    }
    let volumes = inspector.finish()?;
    let manifest = String::from_utf8(bytes).map_err(|_| Failure::archive("the manifest is not UTF-8"))?;
    Ok(Inspection { manifest, volumes })
}

struct Inspector {
    policy: Policy,
    volumes: Vec<InspectedVolume>,
    seen: Seen,
    /// Beside the volumes.
    project_files: u64,
    entries: u64,
    bytes: u64,
    name_bytes: u64,
    refused: Vec<Failure>,
    found: u64,
}

impl Inspector {
    fn new(manifest: &Manifest, job: &Job) -> Self {
        let volumes = manifest.volumes.iter().map(|volume| InspectedVolume {
            index: volume.index,
            name: volume.name.clone(),
            scope: volume.scope.clone(),
            ..InspectedVolume::default()
        });
        Inspector {
            policy: Policy { links: true, ..Policy::new(&job.policy, true) },
            volumes: volumes.collect(),
            seen: Seen::default(),
            project_files: 0,
            entries: 0,
            bytes: 0,
            name_bytes: 0,
            refused: Vec::new(),
            found: 0,
        }
    }

    /// Counts one entry or remembers why it is refused. Limits end the reading.
    fn entry(&mut self, entry: &Entry) -> Result<()> {
        self.entries += 1;
        if self.entries > INSPECTED_ENTRIES_MAX {
            return Err(Failure::too_large(format!("the archive has more than {INSPECTED_ENTRIES_MAX} entries")));
        }
        // Each size is below the limit, so the sum cannot overflow.
        self.bytes += entry.size.min(FOREIGN_BYTES_MAX + 1);
        if self.bytes > FOREIGN_BYTES_MAX {
            return Err(Failure::too_large(format!("the archive unpacks to more than {FOREIGN_BYTES_MAX} bytes")));
        }
        let attributes: usize = entry.metadata.xattrs.iter().map(|xattr| xattr.name.len() + xattr.value.len()).sum();
        self.name_bytes += (entry.path.len() + entry.link.len() + attributes) as u64;
        if self.name_bytes > INSPECTED_NAME_BYTES_MAX {
            let message =
                format!("names and attributes in the archive come to more than {INSPECTED_NAME_BYTES_MAX} bytes");
            return Err(Failure::too_large(message));
        }
        if let Err(failure) = self.count(entry) {
            self.refuse(failure);
        }
        Ok(())
    }

    fn count(&mut self, entry: &Entry) -> Result<()> {
        let admitted = self.policy.admit(entry, self.volumes.len())?;
        let Admitted::Entry { volume, path, leader } = admitted else {
            self.project_files += u64::from(entry.kind == Kind::File);
            return Ok(());
        };
        if entry.kind == Kind::HardLink && !self.seen.is_file(volume, leader) {
            let message = "is a hard link to something that is no file before it";
            return Err(about(entry, Failure::archive(message)));
        }
        self.seen.add(volume, path, entry.kind).map_err(|failure| about(entry, failure))?;
        let counts = &mut self.volumes[volume as usize];
        counts.entries += 1;
        counts.bytes += entry.size;
        counts.disk_bytes += match entry.kind {
            Kind::HardLink => 0,
            Kind::File => entry.stored.next_multiple_of(DISK_BLOCK_BYTES),
            _ => DISK_BLOCK_BYTES,
        };
        counts.symlinks += u64::from(entry.kind == Kind::Symlink);
        counts.hard_links += u64::from(entry.kind == Kind::HardLink);
        Ok(())
    }

    fn refuse(&mut self, failure: Failure) {
        self.found += 1;
        if self.refused.len() < REFUSALS_SHOWN_MAX {
            self.refused.push(failure);
        }
    }

    fn finish(mut self) -> Result<Vec<InspectedVolume>> {
        for volume in 0..self.volumes.len() {
            if !self.seen.is_claimed(volume as u32, b"") {
                let name = escape::text(&self.volumes[volume].name);
                self.refuse(Failure::archive(format!("volume `{name}` has no root: no entry `volumes/{volume}/`")));
            }
        }
        if let Some(failure) = self.seen.unclaimed() {
            self.refuse(failure);
        }
        match Failure::all(self.refused, self.found, REFUSALS_SHOWN_MAX) {
            Some(failure) => Err(failure),
            None => Ok(self.volumes),
        }
    }
}

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
struct Seen {
    keys: HashSet<u64>,
    hasher: RandomState,
    implied: u64,
    /// The first implied directories, to name one.
    examples: Vec<(u32, Vec<u8>)>,
}

/// Implied directories at a time; tar and bsdtar describe each before what is in it.
const IMPLIED_MAX: u64 = 100_000;
/// How many implied directories are remembered by name.
const EXAMPLES_MAX: usize = 16;

impl Seen {
    fn key(&self, volume: u32, path: &[u8], at: At) -> u64 {
        (self.hasher.hash_one((volume, path)) & !3) | at as u64
    }

    fn is(&self, volume: u32, path: &[u8], at: At) -> bool {
        self.keys.contains(&self.key(volume, path, at))
    }

    fn is_file(&self, volume: u32, path: &[u8]) -> bool {
        self.is(volume, path, At::File)
    }

    fn is_claimed(&self, volume: u32, path: &[u8]) -> bool {
        self.is(volume, path, At::Directory)
    }

    fn add(&mut self, volume: u32, path: &[u8], kind: Kind) -> Result<()> {
        self.imply_parents(volume, path)?;
        let implied = self.key(volume, path, At::Implied);
        let at = match kind {
            Kind::Directory => At::Directory,
            Kind::File => At::File,
            _ => At::Link,
        };
        if [At::Directory, At::File, At::Link].iter().any(|at| self.is(volume, path, *at)) {
            return Err(Failure::archive("comes twice"));
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
            if self.examples.len() < EXAMPLES_MAX {
                self.examples.push((volume, above.to_vec()));
            }
        }
        Ok(())
    }

    /// Directories that something lies below and no entry describes. Roots are named by themselves.
    fn unclaimed(&self) -> Option<Failure> {
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
