//! What a snapshot holds by name, what differs, and which snapshots hold a path.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use reforge_base::escape;
use reforge_base::failure::{Failure, Result};
use reforge_looking::Looked;
use reforge_looking::diff::{Aspect, Change, Difference, Differences, Page};
use reforge_looking::extract::Extracted;
use reforge_looking::versions::{Held, Version};
use reforge_snapshots::entries::{Entry as Listed, Kind};
use reforge_snapshots::format::encoded;

/// How many names are told at once.
pub const NAMES_MAX: usize = 100;
/// How many a program may ask for at once.
pub const PAGE_MAX: usize = 1000;

/// What stands for what is there now, instead of a snapshot.
pub const LIVE: &str = "live";

/// What a snapshot holds under one name.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Entry {
    /// What addresses it in this snapshot.
    pub number: u64,
    pub volume: String,
    /// Inside the volume, escaped; empty for its root.
    pub path: String,
    /// The same percent-encoded, where it is not what `path` shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoded: Option<String>,
    #[serde(flatten)]
    pub facts: EntryFacts,
}

/// What is said of it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct EntryFacts {
    /// `directory`, `file`, `symlink` or `hard-link`.
    pub kind: String,
    /// Permission bits, octal.
    pub mode: String,
    pub uid: u32,
    pub gid: u32,
    /// Of a file, or of a link's target.
    pub bytes: u64,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub modified: Option<jiff::Timestamp>,
    /// Of a file, if it is known: BLAKE3 over the digests of its blocks of 1 MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Where a symbolic link leads, or the first name of a hard link's file, escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Whether it has extended attributes.
    #[serde(default)]
    pub attributes: bool,
}

/// Some of what lies directly in a directory, or the volumes.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Entries {
    pub workload: String,
    pub snapshot: String,
    /// The directory itself; none for the volumes.
    pub under: Option<Entry>,
    /// How many of them stand before these.
    pub from: u64,
    /// How many there are.
    pub total: u64,
    pub entries: Vec<Entry>,
}

/// What differs between two snapshots, or from live to one.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SnapshotDiff {
    pub workload: String,
    /// A snapshot, or `live`.
    pub before: String,
    pub after: String,
    #[serde(flatten)]
    pub names: ChangedNames,
}

/// How many names differ, and some of them.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ChangedNames {
    pub added: u64,
    pub removed: u64,
    pub changed: u64,
    pub same: u64,
    /// Files whose contents were compared by size and time alone.
    pub by_size_and_time: u64,
    /// How many of them stand before these.
    pub from: u64,
    pub names: Vec<ChangedName>,
}

/// One name that differs.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ChangedName {
    /// `added`, `removed` or `changed`.
    pub change: String,
    pub volume: String,
    /// Escaped.
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoded: Option<String>,
    /// In what: `kind`, `content`, `target`, `mode`, `owner`, `time`, `attributes`.
    pub differs: Vec<String>,
    pub before: Option<EntryFacts>,
    pub after: Option<EntryFacts>,
}

/// Which snapshots hold a path, newest first.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Versions {
    pub workload: String,
    /// Escaped, as it was asked for.
    pub path: String,
    pub versions: Vec<EntryVersion>,
}

/// What one snapshot holds there.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct EntryVersion {
    pub snapshot: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created: Option<jiff::Timestamp>,
    /// None if nothing.
    pub entry: Option<Entry>,
    /// Whether it is what the snapshot before held; none for the first, and where nobody knows.
    pub same_as_before: Option<bool>,
    /// Why it could not be looked into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// A copy of some of a snapshot.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ExtractedCopy {
    pub id: String,
    pub to: String,
    pub entries: u64,
    pub bytes: u64,
    /// What the workload's policy does not let in.
    pub left_out: u64,
    /// The first hundred of them, escaped, each with its volume.
    pub left_out_names: Vec<String>,
    /// Entries that had inode flags, which a copy has not.
    #[serde(default)]
    pub without_flags: u64,
    /// The first hundred of them, escaped, each with its volume and its flags as `lsattr` writes them.
    #[serde(default)]
    pub without_flags_names: Vec<String>,
}

fn shown(path: &[u8]) -> (String, Option<String>) {
    let shown = escape::bytes(path);
    let differs = shown.as_bytes() != path;
    (shown, differs.then(|| encoded(path)))
}

fn facts(entry: &Listed) -> EntryFacts {
    let (kind, target) = match &entry.kind {
        Kind::Directory => ("directory", None),
        Kind::File { .. } => ("file", None),
        Kind::Symlink { target } => ("symlink", Some(target)),
        Kind::HardLink { leader } => ("hard-link", Some(leader)),
    };
    EntryFacts {
        kind: kind.to_owned(),
        mode: format!("{:04o}", entry.mode),
        uid: entry.uid,
        gid: entry.gid,
        bytes: entry.size(),
        modified: jiff::Timestamp::new(entry.mtime.seconds, entry.mtime.nanoseconds as i32).ok(),
        content: entry.content().map(hex::encode),
        target: target.map(|target| escape::bytes(target)),
        attributes: entry.attributes.is_some(),
    }
}

pub fn entry(volume: &str, number: u64, listed: &Listed) -> Entry {
    let (path, encoded) = shown(&listed.path);
    Entry { number, volume: volume.to_owned(), path, encoded, facts: facts(listed) }
}

fn entry_of(looked: &Looked, number: u64, listed: &Listed) -> Entry {
    let volume = looked.list.volume_of(number).and_then(|index| looked.volume_names().nth(index));
    entry(volume.unwrap_or_default(), number, listed)
}

/// The roots of all volumes.
pub fn volumes(looked: &Looked) -> Result<Entries> {
    let mut entries = Vec::new();
    for (index, name) in looked.volume_names().enumerate() {
        let range = looked.list.volume(index).unwrap_or_default();
        if let Some(root) = looked.list.get(range.start)?.filter(|_| !range.is_empty()) {
            entries.push(entry(name, range.start, &root));
        }
    }
    let total = entries.len() as u64;
    Ok(Entries { entries, total, ..of(looked, None, 0) })
}

/// What lies directly in a directory; of anything else, itself alone.
pub fn children(looked: &Looked, number: u64, listed: &Listed, page: Page) -> Result<Entries> {
    let found = looked.list.children(number, page.from, page.most)?;
    let entries = found.iter().map(|(number, listed)| entry_of(looked, *number, listed)).collect();
    let total = looked.list.count_children(number);
    Ok(Entries { entries, total, ..of(looked, Some(entry_of(looked, number, listed)), page.from) })
}

fn of(looked: &Looked, under: Option<Entry>, from: u64) -> Entries {
    let (workload, snapshot) = (looked.workload.id.clone(), looked.descriptor().id.clone());
    Entries { workload, snapshot, under, from, total: 0, entries: Vec::new() }
}

pub fn diff(workload: &str, before: &str, after: &str, found: &Differences, page: Page) -> SnapshotDiff {
    let (workload, before, after) = (workload.to_owned(), before.to_owned(), after.to_owned());
    SnapshotDiff { workload, before, after, names: names(found, page) }
}

pub fn names(found: &Differences, page: Page) -> ChangedNames {
    ChangedNames {
        added: found.added,
        removed: found.removed,
        changed: found.changed,
        same: found.same,
        by_size_and_time: found.by_size_and_time,
        from: page.from,
        names: found.page.iter().map(name).collect(),
    }
}

fn name(difference: &Difference) -> ChangedName {
    let (path, encoded) = shown(&difference.path);
    let change = match difference.change {
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Changed => "changed",
    };
    ChangedName {
        change: change.to_owned(),
        volume: difference.volume.clone(),
        path,
        encoded,
        differs: difference.aspects.iter().map(|aspect: &Aspect| aspect.as_str().to_owned()).collect(),
        before: difference.before.as_ref().map(facts),
        after: difference.after.as_ref().map(facts),
    }
}

pub fn versions(workload: &str, path: &[u8], found: Vec<Version>) -> Versions {
    let versions = found.into_iter().map(version).collect();
    Versions { workload: workload.to_owned(), path: escape::bytes(path), versions }
}

fn version(found: Version) -> EntryVersion {
    let created = found.snapshot.descriptor.as_ref().ok().map(|descriptor| descriptor.manifest.created);
    let (held, error) = match found.held {
        Ok(held) => (held, None),
        Err(failure) => (None, Some(failure)),
    };
    let same_as_before = held.as_ref().and_then(|held| held.same_as_before);
    EntryVersion { snapshot: found.snapshot.id, created, entry: held.as_ref().map(held_entry), same_as_before, error }
}

/// A hard link has the size and content of its file.
fn held_entry(held: &Held) -> Entry {
    let mut told = entry(&held.volume, held.number, &held.entry);
    if let Some(file) = &held.file {
        told.facts.bytes = file.size();
        told.facts.content = file.content().map(hex::encode);
    }
    told
}

pub fn extracted(id: &str, done: &Extracted) -> ExtractedCopy {
    ExtractedCopy {
        id: id.to_owned(),
        to: super::text(&done.to),
        entries: done.entries,
        bytes: done.bytes,
        left_out: done.left_out,
        left_out_names: done.left_out_names.iter().map(|name| escape::bytes(name)).collect(),
        without_flags: done.flags.count(),
        without_flags_names: done.flags.names().to_vec(),
    }
}
