//! Writes a foreign archive anew in our layout: what the sources take, and nothing else.
//!
//! A real danger refuses all of it, everything that stands in the way at once. What harms nothing is left out or given,
//! and remarked. What stood in the archive of a file's content is written byte for byte.

use std::collections::{HashMap, HashSet};

use super::owners::Owners;
use super::place::{self, Places};
use super::{Remark, Rules, Source, survey};
use crate::archive::harmless::{self, APPLE_DOUBLE, Class};
use crate::archive::headers::Kind;
use crate::archive::limits::{EXAMPLES_MAX, PIECE_BYTES_MAX, REFUSALS_SHOWN_MAX, REMEMBERED_BYTES_MAX};
use crate::archive::policy::{Policy, about, check_target};
use crate::archive::reader::{Entry, Reader};
use crate::archive::totals::Totals;
use crate::archive::writer::{Shape, Writer};
use crate::diff;
use crate::host::{ArchiveBytes, Metadata, Output, Report};
use crate::manifest::Manifest;
use crate::seen::Seen;
use crate::{Failure, Result, escape};

/// Reads the archive to its last byte and puts what the sources take, behind the manifest as it is given.
pub fn convert<R: Report, A: ArchiveBytes, O: Output>(
    report: &R,
    archive: &A,
    out: &O,
    manifest: &str,
    sources: &[Source],
    rules: &Rules,
) -> Result<Vec<Remark>> {
    report.phase("converting");
    check_sources(&Manifest::parse(manifest.as_bytes())?, sources)?;
    let total = archive.size();
    let watch = |offset| diff::watch(report, offset, total);
    let mut conversion = Conversion {
        places: Places::new(sources, rules.strip),
        sources,
        rules,
        policy: Policy { links: true, ..Policy::new(&rules.policy, true) },
        owners: Owners::of(&rules.policy),
        writer: Writer::new(out),
        seen: Seen::remembering(),
        taken: vec![0; sources.len()],
        targets: HashMap::new(),
        remembered_bytes: 0,
        lost: HashSet::new(),
        remarks: Remarks::default(),
        refused: Vec::new(),
        found: 0,
    };
    let read = |conversion: &mut Conversion<'_, O>| {
        let mut reader = survey::open(archive, rules, &watch)?;
        conversion.begin(manifest)?;
        conversion.entries(&mut reader)
    };
    read(&mut conversion).map_err(Failure::of_import)?;
    conversion.finish().map_err(Failure::of_import)
}

/// One source for each volume of the manifest, in order, no two of one prefix.
fn check_sources(manifest: &Manifest, sources: &[Source]) -> Result<()> {
    let indexes = sources.iter().map(|source| source.index);
    if !manifest.volumes.iter().map(|volume| volume.index).eq(indexes) {
        return Err(Failure::usage("the sources are not those of the manifest"));
    }
    for (position, source) in sources.iter().enumerate() {
        if sources[..position].iter().any(|other| other.prefix == source.prefix) {
            let prefix = escape::bytes(&source.prefix);
            return Err(
                Failure::usage(format!("two volumes take `{prefix}`")).hint("give each one a directory of its own")
            );
        }
    }
    Ok(())
}

struct Conversion<'a, O: ?Sized> {
    places: Places,
    sources: &'a [Source],
    rules: &'a Rules,
    policy: Policy,
    owners: Owners<'a>,
    writer: Writer<'a, O>,
    seen: Seen,
    /// Entries of each source.
    taken: Vec<u64>,
    /// Symbolic links, for hard links to them.
    targets: HashMap<(u32, Vec<u8>), Vec<u8>>,
    remembered_bytes: usize,
    /// What was left out, for hard links to it.
    lost: HashSet<(u32, Vec<u8>)>,
    remarks: Remarks,
    refused: Vec<Failure>,
    found: u64,
}

impl<O: Output + ?Sized> Conversion<'_, O> {
    fn begin(&mut self, manifest: &str) -> Result<()> {
        let metadata = Metadata { mode: 0o600, ..Metadata::default() };
        self.writer.entry(b"manifest.json", &metadata, Shape::File { size: manifest.len() as u64 })?;
        self.writer.content(manifest.as_bytes())
    }

    fn entries<A: ArchiveBytes>(&mut self, reader: &mut Reader<'_, A>) -> Result<()> {
        let mut totals = Totals::new(&self.rules.policy);
        let mut entry = Entry::default();
        while reader.next(&mut entry)? {
            totals.add(&entry)?;
            let refused = match self.judge(&entry) {
                Ok(Some((volume, path))) if self.found == 0 => match self.take(&mut entry, volume, path, reader)? {
                    Ok(()) => continue,
                    Err(failure) => failure,
                },
                Ok(_) => continue,
                Err(failure) => failure,
            };
            self.found += 1;
            if self.refused.len() < REFUSALS_SHOWN_MAX {
                self.refused.push(about(&entry, refused));
            }
        }
        Ok(())
    }

    /// Where an entry goes; none if it is left out. A failure refuses the archive.
    fn judge(&mut self, entry: &Entry) -> Result<Option<(u32, Vec<u8>)>> {
        let class = harmless::of_kind(entry.kind);
        if class == Some(Class::VolumeLabels) {
            self.remarks.add(Class::VolumeLabels, &entry.path);
            return Ok(None);
        }
        let path = place::plain(&entry.path, entry.kind)?;
        let Some((volume, below)) = self.places.find(path)? else {
            // The manifest is written anew, and what only holds the volumes is no data.
            if !self.holds_a_source(path) {
                self.remarks.add(Class::Outside, path);
            }
            return Ok(None);
        };
        if let Some(class) = class {
            self.remarks.add(class, path);
            self.lose(volume, below);
            return Ok(None);
        }
        if let Kind::Special(_) = entry.kind {
            return Err(Failure::archive(format!("is {}, which is never restored", entry.kind.describe())));
        }
        if below.is_empty() && entry.kind != Kind::Directory {
            return Err(Failure::archive("is where a volume begins, and no directory"));
        }
        self.policy.check_privileges(entry)?;
        // Without it others than before may read the file.
        if self.rules.lacks_access_lists(entry) {
            return Err(Failure::archive("has an access list, and the file system of the volume takes none"));
        }
        Ok(Some((volume, below.to_vec())))
    }

    fn holds_a_source(&self, path: &[u8]) -> bool {
        let is_manifest = path == crate::archive::entry_path::MANIFEST;
        let holds = |source: &Source| place::below(&source.prefix, path).is_some();
        let unstripped = self.rules.strip == 0;
        unstripped && (is_manifest && self.sources.iter().all(|source| source.prefix.starts_with(b"volumes/")))
            || path.is_empty()
            || unstripped && self.sources.iter().any(holds)
    }

    /// Writes an entry. The inner failure refuses the archive, and reading goes on to find what else does.
    fn take<A: ArchiveBytes>(
        &mut self,
        entry: &mut Entry,
        volume: u32,
        path: Vec<u8>,
        reader: &mut Reader<'_, A>,
    ) -> Result<Result<()>> {
        let first = match entry.kind {
            Kind::File if harmless::is_named_companion(&entry.path) && !entry.is_sparse => {
                let first = reader.content(entry.size.min(PIECE_BYTES_MAX as u64) as usize)?;
                if first.starts_with(APPLE_DOUBLE) {
                    self.remarks.add(Class::Companions, &entry.path);
                    self.lose(volume, &path);
                    return Ok(Ok(()));
                }
                first.to_vec()
            }
            _ => Vec::new(),
        };
        let placed = match self.place(entry, volume, &path) {
            Ok(Some(placed)) => placed,
            Ok(None) => return Ok(Ok(())),
            Err(failure) => return Ok(Err(failure)),
        };
        self.tidy(entry, volume);
        self.taken[volume as usize] += 1;
        let name = |path: &[u8]| [format!("volumes/{volume}/").as_bytes(), path].concat();
        let leader;
        let shape = match &placed {
            Placed::AsItIs if entry.kind == Kind::Directory => Shape::Directory,
            Placed::AsItIs if entry.is_sparse => Shape::Sparse { size: entry.size, extents: &entry.extents },
            Placed::AsItIs => Shape::File { size: entry.size },
            Placed::Symlink(target) => Shape::Symlink { target },
            Placed::HardLink(path) => {
                leader = name(path);
                Shape::HardLink { leader: &leader }
            }
        };
        self.writer.entry(&name(&path), &entry.metadata, shape)?;
        if entry.kind == Kind::File {
            self.writer.content(&first)?;
            let mut left = entry.stored - first.len() as u64;
            while left > 0 {
                let piece = reader.content(left.min(PIECE_BYTES_MAX as u64) as usize)?;
                self.writer.content(piece)?;
                left -= piece.len() as u64;
            }
        }
        Ok(Ok(()))
    }

    /// What an entry becomes; none if it is lost with what it leads to.
    fn place(&mut self, entry: &Entry, volume: u32, path: &[u8]) -> Result<Option<Placed>> {
        let placed = match entry.kind {
            Kind::Symlink => {
                check_target(&entry.link)?;
                self.remember(volume, path, &entry.link);
                Placed::Symlink(entry.link.clone())
            }
            Kind::HardLink => {
                let to = place::plain(&entry.link, Kind::File).ok();
                let found = to.map(|to| self.places.find(to)).transpose()?.flatten();
                let Some((_, leader)) = found.filter(|(other, _)| *other == volume) else {
                    let link = escape::bytes(&entry.link);
                    return Err(Failure::archive(format!(
                        "is a hard link to `{link}`, which its volume does not take"
                    )));
                };
                let key = (volume, leader.to_vec());
                if let Some(target) = self.targets.get(&key) {
                    self.remarks.add(Class::LinkedLinks, &entry.path);
                    Placed::Symlink(target.clone())
                } else if self.lost.contains(&key) {
                    self.remarks.add(Class::LostLinks, &entry.path);
                    return Ok(None);
                } else if self.seen.is_file(volume, leader) {
                    Placed::HardLink(key.1)
                } else {
                    let link = escape::bytes(&entry.link);
                    let message = format!("is a hard link to `{link}`, which is no file before it");
                    return Err(Failure::archive(message));
                }
            }
            _ => Placed::AsItIs,
        };
        let kind = if let Placed::Symlink(_) = placed { Kind::Symlink } else { entry.kind };
        self.seen.add(volume, path, kind)?;
        Ok(Some(placed))
    }

    /// A hard link to what is not remembered any more is refused.
    fn remember(&mut self, volume: u32, path: &[u8], target: &[u8]) {
        self.remembered_bytes += path.len() + target.len();
        if self.remembered_bytes <= REMEMBERED_BYTES_MAX {
            self.targets.insert((volume, path.to_vec()), target.to_vec());
        }
    }

    fn lose(&mut self, volume: u32, path: &[u8]) {
        self.remembered_bytes += path.len();
        if self.remembered_bytes <= REMEMBERED_BYTES_MAX {
            self.lost.insert((volume, path.to_vec()));
        }
    }

    /// Moves times and leaves attributes out that the file system cannot hold.
    fn tidy(&mut self, entry: &mut Entry, volume: u32) {
        for class in std::mem::take(&mut entry.left) {
            self.remarks.add(class, &entry.path);
        }
        if let Some(class) = self.owners.give(entry, &self.sources[volume as usize].missing) {
            self.remarks.add(class, &entry.path);
        }
        let mtime = self.rules.nearest(entry.metadata.mtime);
        if mtime != entry.metadata.mtime {
            entry.metadata.mtime = mtime;
            self.remarks.add(Class::Times, &entry.path);
        }
        let xattrs = &mut entry.metadata.xattrs;
        let before = xattrs.len();
        xattrs.retain(|xattr| xattr.value.len() as u64 <= self.rules.attribute_bytes_max);
        while self.rules.are_too_many(xattrs) {
            // Whoever has access is never what is left out.
            let of_users = xattrs.iter().enumerate().filter(|(_, xattr)| xattr.name.starts_with(b"user."));
            let Some((largest, _)) = of_users.max_by_key(|(_, xattr)| xattr.value.len()) else { break };
            xattrs.remove(largest);
        }
        if xattrs.len() < before {
            self.remarks.add(Class::Attributes, &entry.path);
        }
    }

    /// Describes the directories that nobody has described, and ends the archive.
    fn finish(mut self) -> Result<Vec<Remark>> {
        if let Some(failure) = Failure::all(std::mem::take(&mut self.refused), self.found, REFUSALS_SHOWN_MAX) {
            return Err(failure);
        }
        for (position, source) in self.sources.iter().enumerate() {
            if self.taken[position] == 0 {
                let prefix = escape::bytes(&source.prefix);
                return Err(Failure::archive(format!("nothing in the archive lies in `{prefix}`"))
                    .hint("`reforge import FILE --workload W` shows which directories there are"));
            }
            if !self.seen.is_claimed(source.index, b"") {
                self.describe(source.index, b"")?;
            }
        }
        for (volume, path) in self.seen.undescribed() {
            if !path.is_empty() {
                self.describe(volume, &path)?;
            }
        }
        self.writer.finish()?;
        Ok(self.remarks.finish())
    }

    fn describe(&mut self, volume: u32, path: &[u8]) -> Result<()> {
        let source = &self.sources[volume as usize];
        let name = [format!("volumes/{volume}/").as_bytes(), path].concat();
        let shown = if path.is_empty() { &source.prefix[..] } else { path };
        self.remarks.add(Class::Directories, shown);
        self.writer.entry(&name, &source.missing, Shape::Directory)
    }
}

/// What becomes of an entry.
enum Placed {
    AsItIs,
    Symlink(Vec<u8>),
    HardLink(Vec<u8>),
}

/// What was left out and given, by class.
#[derive(Default)]
struct Remarks(Vec<(Class, u64, Vec<String>)>);

impl Remarks {
    fn add(&mut self, class: Class, path: &[u8]) {
        let position = self.0.iter().position(|(known, ..)| *known == class);
        let position = position.unwrap_or_else(|| {
            self.0.push((class, 0, Vec::new()));
            self.0.len() - 1
        });
        let (_, count, examples) = &mut self.0[position];
        *count += 1;
        if examples.len() < EXAMPLES_MAX {
            examples.push(escape::bytes(path));
        }
    }

    fn finish(mut self) -> Vec<Remark> {
        self.0.sort_by_key(|(class, ..)| *class);
        self.0.into_iter().map(|(class, count, examples)| Remark { class: class.word(), count, examples }).collect()
    }
}
