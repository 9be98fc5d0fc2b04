//! The manifest and the descriptor, snapshot format version 1, as the plugin reads them.
//!
//! The host writes and reads descriptors too; this is the plugin's own reading of them, which believes nothing: keys
//! that it does not know, positions that do not fit and parts that do not ascend refuse the snapshot. Paths in it are
//! for people. It must never decide where data goes.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::archive::entry_path;
use crate::archive::headers::Kind;
use crate::archive::limits::BLOCK_BYTES;
use crate::host::{ArchiveBytes, Part, PartFile};
use crate::{Failure, Result, escape};

/// The only format this plugin reads.
const FORMAT: u32 = 1;

/// `<id>.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Descriptor {
    pub id: String,
    pub manifest: Manifest,
    pub archive: Archive,
    pub volumes: Vec<VolumeTotals>,
    pub parts: Vec<StoredPart>,
    #[serde(default)]
    pub imported: bool,
}

/// `manifest.json`, the archive's first entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: u32,
    pub workload: String,
    pub created: String,
    pub reason: String,
    pub image: Image,
    pub volumes: Vec<ManifestVolume>,
    #[serde(default)]
    pub skipped: Vec<SkippedVolume>,
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    pub reference: String,
    pub digest: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestVolume {
    pub index: u32,
    pub name: String,
    pub scope: String,
    pub source: String,
    pub target: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkippedVolume {
    pub name: String,
    pub scope: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    pub bytes: u64,
    pub sha256: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeTotals {
    pub index: u32,
    pub entries: u64,
    pub bytes: u64,
    pub disk_bytes: u64,
    pub symlinks: u64,
    pub hard_links: u64,
    pub special: u64,
    #[serde(default)]
    pub special_names: Vec<String>,
    pub tree_digest: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredPart {
    pub offset: u64,
    pub first_entry: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<PartInside>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartInside {
    pub volume: u32,
    pub path: String,
    pub size: u64,
    pub at: u64,
}

impl Manifest {
    /// Reads and checks `manifest.json`.
    pub fn parse(bytes: &[u8]) -> Result<Manifest> {
        let manifest: Manifest = serde_json::from_slice(bytes).map_err(|error| {
            Failure::archive(format!("the manifest is malformed: {}", escape::text(&error.to_string())))
        })?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<()> {
        if self.format != FORMAT {
            return Err(Failure::archive(format!("the snapshot has format {}, only {FORMAT} is known", self.format)));
        }
        let mut names = HashSet::new();
        for (position, volume) in self.volumes.iter().enumerate() {
            let name = escape::text(&volume.name);
            if volume.index as usize != position {
                return Err(Failure::archive(format!("volume `{name}` has index {} at {position}", volume.index)));
            }
            if volume.name.is_empty() {
                return Err(Failure::archive(format!("volume {position} has no name")));
            }
            if !names.insert(&volume.name) {
                return Err(Failure::archive(format!("the manifest lists volume `{name}` twice")));
            }
        }
        Ok(())
    }
}

impl Descriptor {
    /// Reads and checks the descriptor of a stored snapshot.
    pub fn open<A: ArchiveBytes + ?Sized>(archive: &A) -> Result<Descriptor> {
        let descriptor: Descriptor = serde_json::from_str(&archive.descriptor()).map_err(|error| {
            Failure::damaged(format!("the descriptor is malformed: {}", escape::text(&error.to_string())))
        })?;
        descriptor.manifest.check()?;
        descriptor.check(archive.size()).map_err(|failure| failure.context("the descriptor does not fit"))?;
        Ok(descriptor)
    }

    fn check(&self, archive_bytes: u64) -> Result<()> {
        if self.archive.bytes != archive_bytes {
            let message = format!("the archive has {archive_bytes} bytes, {} were written", self.archive.bytes);
            return Err(Failure::damaged(message));
        }
        if self.volumes.len() != self.manifest.volumes.len() {
            return Err(Failure::damaged("it has totals for other volumes than its manifest lists"));
        }
        for (position, totals) in self.volumes.iter().enumerate() {
            if totals.index as usize != position || totals.entries == 0 {
                return Err(Failure::damaged(format!("its totals of volume {position} make no sense")));
            }
            if totals.tree_digest.is_none() && !self.imported {
                return Err(Failure::damaged(format!("it has no tree digest of volume {position}")));
            }
        }
        self.check_parts()
    }

    fn check_parts(&self) -> Result<()> {
        if self.imported != self.parts.is_empty() {
            return Err(Failure::damaged("only imported archives have no parts"));
        }
        let mut last: Option<&StoredPart> = None;
        for (position, part) in self.parts.iter().enumerate() {
            let follows = match last {
                None => part.offset == 0 && part.first_entry == 0 && part.inside.is_none(),
                Some(last) => part.offset > last.offset && part.first_entry >= last.first_entry,
            };
            let fits = part.offset < self.archive.bytes && part.inside.as_ref().is_none_or(|inside| self.fits(inside));
            if !follows || !fits {
                return Err(Failure::damaged(format!("its part {position} makes no sense")));
            }
            part.inside.as_ref().map_or(Ok(()), |inside| self.check_name(inside))?;
            last = Some(part);
        }
        Ok(())
    }

    /// The file that a part begins inside of is named as an entry would name it, and refused as that would be.
    fn check_name(&self, inside: &PartInside) -> Result<()> {
        let name = [format!("volumes/{}/", inside.volume).as_bytes(), &inside.file().path].concat();
        entry_path::locate(&name, Kind::File, self.volumes.len()).map(|_| ()).map_err(|failure| {
            failure.context(format!("a part begins inside of `{}`", escape::bytes(&inside.file().path)))
        })
    }

    fn fits(&self, inside: &PartInside) -> bool {
        let totals = self.volumes.get(inside.volume as usize);
        let aligned = inside.at.is_multiple_of(BLOCK_BYTES) && inside.at < inside.size;
        aligned && !inside.path.is_empty() && totals.is_some_and(|totals| inside.size <= totals.bytes)
    }

    /// The archive in parts that extract side by side; an imported one is a single part.
    pub fn parts_to_extract(&self) -> Result<Vec<Part>> {
        if self.parts.is_empty() {
            return Ok(vec![Part { offset: 0, length: self.archive.bytes, inside: None }]);
        }
        let ends = self.parts.iter().skip(1).map(|part| part.offset).chain([self.archive.bytes]);
        let parts = self.parts.iter().zip(ends).map(|(part, end)| Part {
            offset: part.offset,
            length: end - part.offset,
            inside: part.inside.as_ref().map(PartInside::file),
        });
        Ok(parts.collect())
    }
}

impl PartInside {
    fn file(&self) -> PartFile {
        let path = percent_encoding::percent_decode_str(&self.path).collect();
        PartFile { volume: self.volume, path, size: self.size, at: self.at }
    }
}
