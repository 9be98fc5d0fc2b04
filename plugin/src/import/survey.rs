//! What a foreign archive holds, for a person to choose from. Reads it to its last byte and writes nothing.

use super::Rules;
use super::layout;
use super::place;
use super::tree::{Place, Tree};
use crate::archive::codec::Codec;
use crate::archive::entry_path::MANIFEST;
use crate::archive::harmless::{self, APPLE_DOUBLE};
use crate::archive::headers::Kind;
use crate::archive::known;
use crate::archive::limits::{FOREIGN_RATIO_MAX, IMPORT_RATIO, MANIFEST_BYTES_MAX, bound};
use crate::archive::policy::about;
use crate::archive::reader::{Entry, Reader};
use crate::archive::totals::Totals;
use crate::diff;
use crate::host::{ArchiveBytes, Report, Timestamp};
use crate::manifest::Manifest;
use crate::{Failure, Result};

/// See the module.
#[derive(Debug)]
pub struct Contents {
    /// For people.
    pub format: String,
    /// As it stands in the archive; empty if there is none.
    pub manifest: String,
    /// Where the volumes of the manifest are.
    pub volumes: Vec<Vec<u8>>,
    /// Where the data of a single volume begins, if that is certain.
    pub root: Option<Vec<u8>>,
    pub places: Vec<Place>,
    pub entries: u64,
    pub bytes: u64,
    pub newest: Timestamp,
    /// Whether nothing would be left out or changed.
    pub tidy: bool,
    pub advice: Option<Failure>,
}

/// Reads the archive to its last byte.
pub fn survey<R: Report, A: ArchiveBytes>(report: &R, archive: &A, rules: &Rules) -> Result<Contents> {
    report.phase("surveying");
    read(report, archive, rules).map_err(Failure::of_import)
}

/// Opens a file that is a tar, however it is packed, or says what it is instead.
pub(super) fn open<'a, A: ArchiveBytes>(
    archive: &'a A,
    rules: &Rules,
    watch: &'a dyn Fn(u64) -> Result<()>,
) -> Result<Reader<'a, A>> {
    known::refuse_no_archive(archive)?;
    let ratio_max = bound(&rules.policy, IMPORT_RATIO, FOREIGN_RATIO_MAX);
    let mut reader = Reader::open_foreign(archive, ratio_max, watch)?;
    let codec = reader.codec();
    known::refuse_no_tar(codec, reader.head()?)?;
    Ok(reader)
}

fn read<R: Report, A: ArchiveBytes>(report: &R, archive: &A, rules: &Rules) -> Result<Contents> {
    let total = archive.size();
    let watch = |offset| diff::watch(report, offset, total);
    let mut reader = open(archive, rules, &watch)?;
    let mut tree = Tree::default();
    let mut totals = Totals::new(&rules.policy);
    let mut newest = Timestamp { seconds: i64::MIN, nanoseconds: 0 };
    let mut manifest = None;
    let mut tidy = true;
    let mut entry = Entry::default();
    while reader.next(&mut entry)? {
        totals.add(&entry)?;
        tidy &= rules.leave_as_it_is(&entry);
        if harmless::of_kind(entry.kind).is_some() {
            continue;
        }
        if harmless::is_named_companion(&entry.path) && entry.kind == Kind::File && !entry.is_sparse {
            let begin = reader.content(entry.size.min(APPLE_DOUBLE.len() as u64) as usize)?;
            if begin == APPLE_DOUBLE {
                tidy = false;
                continue;
            }
        }
        let path = place::plain(&entry.path, entry.kind).map_err(|failure| about(&entry, failure))?;
        let Some(path) = place::stripped(path, rules.strip) else { continue };
        newest = newest.max(entry.metadata.mtime);
        tree.add(path, entry.size, entry.kind == Kind::Directory);
        let is_manifest = path == MANIFEST && entry.kind == Kind::File && !entry.is_sparse;
        if is_manifest && manifest.is_none() && entry.size <= MANIFEST_BYTES_MAX {
            manifest = Some(reader.content(entry.size as usize)?.to_vec());
        }
    }
    let manifest = manifest.filter(|_| tree.has("volumes")).map(|bytes| ours(&bytes)).transpose()?.flatten();
    let (manifest, volumes) = manifest.map_or_else(Default::default, |(text, manifest)| {
        let volumes = manifest.volumes.iter().map(|volume| format!("volumes/{}", volume.index).into_bytes());
        (text, volumes.collect())
    });
    Ok(Contents {
        format: format(reader.codec()),
        manifest,
        volumes,
        root: tree.data(),
        places: tree.places(),
        entries: totals.entries,
        bytes: totals.bytes,
        newest: newest.max(Timestamp::default()),
        tidy,
        advice: layout::advice(&tree),
    })
}

/// A manifest of ours; none if the file is somebody else's of the same name.
fn ours(bytes: &[u8]) -> Result<Option<(String, Manifest)>> {
    let is_ours = serde_json::from_slice::<serde_json::Value>(bytes)
        .is_ok_and(|value| value.get("format").is_some() || value.get("volumes").is_some());
    if !is_ours {
        return Ok(None);
    }
    let manifest = Manifest::parse(bytes)?;
    Ok(String::from_utf8(bytes.to_vec()).ok().map(|text| (text, manifest)))
}

fn format(codec: Codec) -> String {
    match codec {
        Codec::Plain => "tar, not compressed".to_owned(),
        codec => format!("tar, compressed by {}", codec.name()),
    }
}
