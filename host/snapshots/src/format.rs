//! The descriptor: what a snapshot is, written beside its archive, last. Snapshot format, version 1.
//!
//! The host reads descriptors and never archives. The manifest inside an archive is the plugin's to read.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use reforge_base::consistency::Taken;
use reforge_base::demands::Demands;
use reforge_base::not_captured::NotCaptured;
use reforge_base::project::{Project, ProjectEntries};
use reforge_base::remark::{About, Remark};

/// The only format this host writes and reads.
pub const FORMAT: u32 = 1;

/// The reason of the snapshot that a restore takes before its first rename. Retention looks for it.
pub const SAFETY: &str = "safety";

/// Below it are the files of a project's own directory, in an archive.
pub const PROJECT: &str = "project";
/// Below it are the others, under their absolute paths.
pub const OUTSIDE: &str = "project-outside";
/// What the descriptor says of the project, once more.
pub const LISTED_AS: &str = "project.json";

/// How many files of a project are listed.
pub const FILES_MAX: usize = 200;
/// The largest that is kept: what people write is smaller by far.
pub const FILE_BYTES_MAX: u64 = 1 << 20;
/// What all of them may come to: they are held in memory while a snapshot is written.
pub const FILES_BYTES_MAX: u64 = 8 << 20;
/// What the members that hold them may inflate to, headers and the list included.
pub const ENTRIES_BYTES_MAX: u64 = 2 * FILES_BYTES_MAX;

/// What a path in a descriptor keeps as it is; all else is percent-encoded.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A path as it stands in a descriptor.
pub fn encoded(path: &[u8]) -> String {
    percent_encode(path, PLAIN).to_string()
}

/// The path that stands there as this.
pub fn decoded(text: &str) -> Vec<u8> {
    percent_encoding::percent_decode_str(text).collect()
}

/// `<id>.json`. No descriptor, no snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Descriptor {
    pub id: String,
    pub manifest: Manifest,
    pub archive: Archive,
    /// One per volume of the manifest, same order.
    pub volumes: Vec<VolumeTotals>,
    /// Never empty for our own archives: the first part starts at 0. Empty for imported ones.
    pub parts: Vec<Part>,
    /// Made by `snapshot import`: nothing vouches for the contents.
    #[serde(default)]
    pub imported: bool,
    /// What the app has and this does not hold. Plugins are not told: those of versions before refuse what they do not know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_captured: Vec<NotCaptured>,
    /// What is to be known of its volumes. Plugins are not told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Remark>,
    /// Inode flags, which an archive does not hold, and a restore sets. None: nobody looked. Plugins are not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flags: Option<Vec<EntryFlags>>,
    /// What its volumes ask of the file systems they come to. None: nobody looked. Plugins are not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demands: Option<Vec<Demands>>,
    /// The Compose project that it was taken of. Nothing for plugins, either, and nor are its files in the archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Project>,
    /// What was done to the app meanwhile. None of a snapshot of a version before, and of an imported one. Nor for plugins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consistency: Option<Taken>,
    /// How it was taken in, if it was imported. Plugins are not told, either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_in: Option<TakenIn>,
}

impl Descriptor {
    /// What plugins of every version read, if that is less than all of it.
    pub fn for_plugins(&self) -> Option<Descriptor> {
        let is_more = !self.not_captured.is_empty()
            || !self.remarks.is_empty()
            || self.flags.is_some()
            || self.demands.is_some()
            || self.project.is_some()
            || self.consistency.is_some()
            || self.taken_in.is_some();
        is_more.then(|| Descriptor {
            not_captured: Vec::new(),
            remarks: Vec::new(),
            flags: None,
            demands: None,
            project: None,
            consistency: None,
            taken_in: None,
            id: self.id.clone(),
            manifest: self.manifest.clone(),
            archive: Archive { bytes: self.shown_bytes(), ..self.archive.clone() },
            volumes: self.volumes.clone(),
            parts: self.parts.clone(),
            imported: self.imported,
        })
    }

    /// Where the project's files stand in the archive.
    pub fn project_entries(&self) -> Option<ProjectEntries> {
        self.project.as_ref()?.entries
    }

    /// How much of the archive a plugin is shown.
    pub fn shown_bytes(&self) -> u64 {
        self.archive.bytes.saturating_sub(self.project_entries().map_or(0, |entries| entries.bytes))
    }

    /// What is to be known of its volumes, with what their counts say.
    pub fn all_remarks(&self) -> Vec<Remark> {
        let special = self.manifest.volumes.iter().zip(&self.volumes).filter(|(_, totals)| totals.special > 0);
        let special = special.map(|(volume, totals)| Remark {
            volume: volume.name.clone(),
            what: About::Special,
            count: totals.special,
            names: totals.special_names.clone(),
        });
        self.remarks.iter().cloned().chain(special).collect()
    }
}

/// Inode flags of one entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EntryFlags {
    pub volume: u32,
    /// Path inside the volume, percent-encoded as in [`PartInside`]; empty for the root.
    pub path: String,
    /// As `lsattr` writes them.
    pub set: String,
}

impl EntryFlags {
    /// The path as it is.
    pub fn decoded_path(&self) -> Vec<u8> {
        decoded(&self.path)
    }
}

/// How an archive from elsewhere was taken in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakenIn {
    /// What it was, for people (`tar, compressed by zstd`).
    pub format: String,
    /// Which directory of it each volume is.
    pub places: Vec<TakenPlace>,
    /// What was left out of it and what was given to it. None of it is content of a file.
    #[serde(default)]
    pub remarks: Vec<ImportRemark>,
    /// What a person has allowed for this import alone (`set-id`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
}

/// Where in an archive a volume was. Escaped; the empty prefix is its root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakenPlace {
    pub volume: String,
    pub prefix: String,
}

/// Something that was left out or given, with the first names, escaped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportRemark {
    /// A stable word: `companions`, `labels`, `attributes`, `special`, `volume-labels`, `times`, `owners`, `unknown-owners`,
    /// `linked-links`, `lost-links`, `directories`, `outside`, or a plugin's own.
    pub class: String,
    pub count: u64,
    pub examples: Vec<String>,
}

/// `manifest.json`, the archive's first entry, repeated in the descriptor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: u32,
    pub workload: String,
    /// RFC 3339, UTC.
    #[schema(value_type = String, format = DateTime)]
    pub created: jiff::Timestamp,
    /// `manual`, `safety`, or what the caller said.
    pub reason: String,
    pub image: Image,
    pub volumes: Vec<ManifestVolume>,
    /// Volumes of other scopes, which are never captured.
    #[serde(default)]
    pub skipped: Vec<SkippedVolume>,
    /// Name of each environment variable and a keyed digest of its value.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
}

/// What ran: for the process runtime the command line and the digest of its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Image {
    pub reference: String,
    pub digest: String,
}

/// A captured volume. `source` is for people: a restore never looks at it. `target` tells volumes apart and leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ManifestVolume {
    pub index: u32,
    pub name: String,
    pub scope: String,
    pub source: String,
    pub target: String,
}

/// A volume whose scope is not supported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SkippedVolume {
    pub name: String,
    pub scope: String,
}

/// The archive as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
}

/// What one volume holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VolumeTotals {
    pub index: u32,
    /// Directories, files and links, the root counted.
    pub entries: u64,
    /// Sum of file sizes, each inode once.
    pub bytes: u64,
    /// What the data occupies, holes left out, rounded up to 4 KiB an inode.
    pub disk_bytes: u64,
    pub symlinks: u64,
    pub hard_links: u64,
    /// Sockets and fifos, left out and listed here (at most the first 100, escaped).
    pub special: u64,
    #[serde(default)]
    pub special_names: Vec<String>,
    /// Hexadecimal, see [`reforge_volumes::tree_digest`]. None only for imported archives.
    pub tree_digest: Option<String>,
}

/// A run of gzip members that can be read without what stands before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// First byte in the archive; the part ends where the next begins.
    pub offset: u64,
    /// Ordinal of the first entry whose header stands in this part, the manifest being 0.
    pub first_entry: u64,
    /// Set when the part begins inside a large file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<PartInside>,
}

/// Where in a large file a part begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartInside {
    pub volume: u32,
    /// Path inside the volume, percent-encoded (all but letters, digits, `-._~/`).
    pub path: String,
    pub size: u64,
    /// A multiple of 1 MiB.
    pub at: u64,
}
