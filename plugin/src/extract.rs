//! One part of an archive into staging: the half of a restore that runs many times side by side.
//!
//! Small files cross to the host in one call, large and sparse ones in pieces of at most 1 MiB that keep to the file's
//! blocks. Every header is judged, whoever's volume it belongs to; the part is read to its last byte. It must never
//! stage more than the descriptor says, and never go on after a failure.

use crate::archive::headers::Kind;
use crate::archive::limits::{BLOCK_BYTES, PIECE_BYTES_MAX};
use crate::archive::policy::{Admitted, Policy, about};
use crate::archive::reader::{Entry, Reader};
use crate::archive::stream::Checksums;
use crate::host::{ArchiveBytes, LargeFile, Part, PartFile, Staging};
use crate::manifest::{Descriptor, Manifest, VolumeTotals};
use crate::{Failure, Result, escape};

/// Reads `part` to its end and stages what it holds; `into[k]` takes the entries of archive index `indexes[k]`.
pub fn extract<A: ArchiveBytes, S: Staging>(
    archive: &A,
    part: &Part,
    policy: &[String],
    indexes: &[u32],
    into: &[&S],
) -> Result<()> {
    let descriptor = Descriptor::open(archive)?;
    let next = part_after(&descriptor, part)?;
    // Whoever made an archive elsewhere has given no digest of its trees.
    let checksums = if descriptor.imported { Checksums::Compared } else { Checksums::PassedOver };
    let mut extraction = Extraction {
        reader: Reader::open_comparing(archive, part.offset, part.length, checksums, &|_| Ok(()))?,
        policy: Policy::new(policy, descriptor.imported),
        targets: targets(&descriptor, indexes, into)?,
        budgets: descriptor.volumes.iter().map(Budget::of).collect(),
        next: next.as_ref(),
    };
    if let Some(inside) = &part.inside
        && extraction.resume(inside)? == Flow::Cut
    {
        return extraction.reader.expect_cut();
    }
    if part.offset == 0 {
        check_manifest(&descriptor, &extraction.reader.manifest()?)?;
    }
    extraction.entries()
}

/// The file that the part behind this one begins inside of. The part must be one of the descriptor's.
fn part_after(descriptor: &Descriptor, part: &Part) -> Result<Option<PartFile>> {
    let parts = descriptor.parts_to_extract()?;
    let position = parts.iter().position(|known| known == part);
    let position = position.ok_or_else(|| Failure::usage("the part is none of the snapshot's"))?;
    Ok(parts.into_iter().nth(position + 1).and_then(|next| next.inside))
}

/// One staging or none per archive index.
fn targets<'s, S>(descriptor: &Descriptor, indexes: &[u32], into: &[&'s S]) -> Result<Vec<Option<&'s S>>> {
    let mut targets = vec![None; descriptor.volumes.len()];
    if indexes.len() != into.len() {
        return Err(Failure::usage("there is not one index per staging"));
    }
    for (index, staging) in indexes.iter().zip(into) {
        match targets.get_mut(*index as usize) {
            Some(target @ None) => *target = Some(*staging),
            _ => return Err(Failure::usage(format!("volume index {index} is given twice or does not exist"))),
        }
    }
    Ok(targets)
}

/// The archive's own manifest must be the one that the plan was made from.
pub fn check_manifest(descriptor: &Descriptor, bytes: &[u8]) -> Result<()> {
    let manifest = Manifest::parse(bytes)?;
    // Whoever imports an archive may name another workload; its volumes stay what they are.
    let same = match descriptor.imported {
        true => manifest.volumes == descriptor.manifest.volumes,
        false => manifest == descriptor.manifest,
    };
    match same {
        true => Ok(()),
        false => Err(Failure::damaged("the archive's manifest is not the one in its descriptor")),
    }
}

/// What may still come of one volume.
struct Budget {
    entries: u64,
    bytes: u64,
}

impl Budget {
    fn of(totals: &VolumeTotals) -> Self {
        Budget { entries: totals.entries, bytes: totals.bytes }
    }

    fn charge(&mut self, bytes: u64) -> Result<()> {
        let left = (self.entries.checked_sub(1), self.bytes.checked_sub(bytes));
        let (Some(entries), Some(bytes)) = left else {
            return Err(Failure::too_large("is more than the descriptor says that its volume holds"));
        };
        *self = Budget { entries, bytes };
        Ok(())
    }
}

/// How a file's content ended: in this part, or where the next one goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Whole,
    Cut,
}

struct Extraction<'a, A: ArchiveBytes + ?Sized, S> {
    reader: Reader<'a, A>,
    policy: Policy,
    targets: Vec<Option<&'a S>>,
    budgets: Vec<Budget>,
    next: Option<&'a PartFile>,
}

impl<A: ArchiveBytes, S: Staging> Extraction<'_, A, S> {
    /// The rest of a file whose header stands in an earlier part.
    fn resume(&mut self, inside: &PartFile) -> Result<Flow> {
        let cut = self.cut_of(inside.volume, &inside.path, inside.size)?;
        let end = cut.unwrap_or(inside.size);
        if end <= inside.at {
            return Err(Failure::damaged("two parts of the descriptor begin at one place in a file"));
        }
        self.reader.begin_inside(inside.size - inside.at);
        match self.targets[inside.volume as usize] {
            Some(staging) => {
                let large = staging.large_file_part(&inside.path, inside.size)?;
                write(&mut self.reader, &large, inside.at, end)?;
                large.finish()?;
            }
            None => pass(&mut self.reader, end - inside.at)?,
        }
        Ok(if cut.is_some() { Flow::Cut } else { Flow::Whole })
    }

    /// Every entry whose header stands in this part.
    fn entries(mut self) -> Result<()> {
        let mut entry = Entry::default();
        while self.reader.next(&mut entry)? {
            if self.entry(&entry)? == Flow::Cut {
                return self.reader.expect_cut();
            }
        }
        match self.next {
            None => Ok(()),
            Some(next) => {
                let path = escape::bytes(&next.path);
                Err(Failure::damaged(format!("a part ends before `{path}`, in which the next one begins")))
            }
        }
    }

    fn entry(&mut self, entry: &Entry) -> Result<Flow> {
        // A volume that stays as it is needs no permission for its links; all else about it is judged.
        let policy = Policy { links: true, ..self.policy };
        let admitted = policy.admit(entry, self.targets.len())?;
        let Admitted::Entry { volume, path, leader } = admitted else { return Ok(Flow::Whole) };
        self.budgets[volume as usize].charge(entry.size).map_err(|failure| about(entry, failure))?;
        let target = self.targets[volume as usize];
        if target.is_some() {
            self.policy.admit(entry, self.targets.len())?;
        }
        match (entry.kind, target) {
            (Kind::File, _) => return self.file(entry, volume, path),
            (_, None) => {}
            (Kind::Directory, Some(staging)) => staging.directory(path, &entry.metadata)?,
            (Kind::Symlink, Some(staging)) => staging.symlink(path, &entry.metadata, &entry.link)?,
            (Kind::HardLink, Some(staging)) => staging.hard_link(path, &entry.metadata, leader)?,
            (Kind::Special(_), Some(_)) => return Err(Failure::archive("a special entry was admitted")),
        }
        Ok(Flow::Whole)
    }

    fn file(&mut self, entry: &Entry, volume: u32, path: &[u8]) -> Result<Flow> {
        let cut = self.cut_of(volume, path, entry.size)?;
        if cut.is_some() && entry.is_sparse {
            return Err(Failure::damaged("a part begins inside a sparse file"));
        }
        let end = cut.unwrap_or(entry.size);
        match self.targets[volume as usize] {
            None => pass(&mut self.reader, end.min(entry.stored))?,
            Some(staging) if !entry.is_sparse && cut.is_none() && entry.size <= PIECE_BYTES_MAX as u64 => {
                staging.file(path, &entry.metadata, self.reader.content(entry.size as usize)?)?;
            }
            Some(staging) => {
                let large = staging.large_file(path, &entry.metadata, entry.size)?;
                match entry.is_sparse {
                    true => entry.extents.iter().try_for_each(|extent| {
                        write(&mut self.reader, &large, extent.offset, extent.offset + extent.length)
                    })?,
                    false => write(&mut self.reader, &large, 0, end)?,
                }
                large.finish()?;
            }
        }
        Ok(if cut.is_some() { Flow::Cut } else { Flow::Whole })
    }

    /// Where the next part takes this file over.
    fn cut_of(&self, volume: u32, path: &[u8], size: u64) -> Result<Option<u64>> {
        match self.next {
            Some(next) if next.volume == volume && next.path == path => match next.size == size {
                true => Ok(Some(next.at)),
                false => Err(Failure::damaged("the descriptor has another size of a file than the archive")),
            },
            _ => Ok(None),
        }
    }
}

/// Writes the bytes `[from, to)` of a file in pieces that end where its blocks end.
fn write<A: ArchiveBytes, L: LargeFile>(reader: &mut Reader<'_, A>, large: &L, from: u64, to: u64) -> Result<()> {
    let mut at = from;
    while at < to {
        let end = to.min((at / BLOCK_BYTES + 1) * BLOCK_BYTES);
        large.write(at, reader.content((end - at) as usize)?)?;
        at = end;
    }
    Ok(())
}

/// Reads content that nobody takes.
fn pass<A: ArchiveBytes>(reader: &mut Reader<'_, A>, mut count: u64) -> Result<()> {
    while count > 0 {
        let step = count.min(PIECE_BYTES_MAX as u64);
        reader.content(step as usize)?;
        count -= step;
    }
    Ok(())
}
