//! What a stored snapshot must be before anything stands on it. Each thing that is wrong is one sentence.

use std::collections::BTreeSet;

use super::super::format::{Descriptor, ENTRIES_BYTES_MAX, FORMAT, Part, VolumeTotals};
use super::DESCRIPTOR_BYTES_MAX;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_volumes::tree_digest::BLOCK_BYTES;

/// Hexadecimal digits in a SHA-256 and in a tree digest.
const DIGEST_DIGITS: usize = 64;

/// What is counted of all volumes comes to less: a thousand times what the largest file system holds.
const COUNT_MAX: u64 = 1 << 60;

pub(super) fn damaged(id: &str, what: Message) -> Failure {
    Failure::new(Code::SnapshotDamaged, message!("snapshot-is-damaged", id = escape::text(id), what))
        .hint(message!("restore-another-snapshot"))
}

pub(super) fn gone(id: &str) -> Failure {
    Failure::new(Code::NotFound, message!("snapshot-is-gone", id = escape::text(id)))
}

/// Reads a descriptor and checks that it is this snapshot's and makes sense.
pub fn descriptor(text: &[u8], workload: &str, id: &str) -> Result<Descriptor> {
    if text.len() as u64 > DESCRIPTOR_BYTES_MAX {
        return Err(damaged(id, message!("its-descriptor-is-too-long")));
    }
    let descriptor: Descriptor = serde_json::from_slice(text).map_err(|error| {
        damaged(id, message!("its-descriptor-cannot-be-read", error = escape::text(&error.to_string())))
    })?;
    let of = &descriptor.manifest.workload;
    match wrong(&descriptor, workload, id) {
        // Copied from a machine on which the app is called otherwise: nothing is damaged.
        Some(what) if of != workload => Err(damaged(id, what).hint(message!(
            "it-is-of-workload-import-it",
            of = escape::text(of),
            id = escape::text(id),
            workload = escape::text(workload)
        ))),
        Some(what) => Err(damaged(id, what)),
        None => Ok(descriptor),
    }
}

/// Why a descriptor that is about to be made would make no sense.
pub fn problem(descriptor: &Descriptor, workload: &str) -> Option<Message> {
    wrong(descriptor, workload, &descriptor.id)
}

pub(super) fn archive_size(descriptor: &Descriptor, size: u64) -> Result<()> {
    let expected = descriptor.archive.bytes;
    if size == expected {
        return Ok(());
    }
    Err(damaged(&descriptor.id, message!("its-archive-has-bytes-instead-of", size, expected)))
}

fn wrong(descriptor: &Descriptor, workload: &str, id: &str) -> Option<Message> {
    let manifest = &descriptor.manifest;
    let names: BTreeSet<&str> = manifest.volumes.iter().map(|volume| &*volume.name).collect();
    let totals = descriptor.volumes.iter().map(|totals| totals.index);
    let digests = descriptor.volumes.iter().all(|totals| match &totals.tree_digest {
        Some(digest) => is_digest(digest),
        None => descriptor.imported,
    });
    let rows: [(bool, fn() -> Message); 11] = [
        (manifest.format == FORMAT, || message!("its-format-is")),
        (descriptor.id == id, || message!("its-descriptor-is-of-another-snapshot")),
        (manifest.workload == workload || descriptor.imported, || message!("its-descriptor-is-of-another-workload")),
        (names.len() == manifest.volumes.len(), || message!("its-descriptor-names-a-volume-twice")),
        (manifest.volumes.iter().map(|volume| volume.index).eq(totals), || message!("its-descriptor-does-not-say")),
        (manifest.volumes.iter().zip(0u32..).all(|(volume, position)| volume.index == position), || {
            message!("its-volumes-are-not-numbered")
        }),
        (counts_hold(&descriptor.volumes), || message!("its-descriptor-counts-more")),
        (is_digest(&descriptor.archive.sha256), || message!("its-descriptor-has-no-digest")),
        (digests, || message!("its-descriptor-has-no-digest-of")),
        (project_holds(descriptor), || message!("its-descriptors-project-does-not-fit")),
        (parts_hold(&descriptor.parts, descriptor), || message!("its-descriptors-parts-do-not-fit")),
    ];
    rows.iter().find(|(holds, _)| !holds).map(|(_, what)| what())
}

/// Whether what is counted can be: also added up over all volumes.
fn counts_hold(volumes: &[VolumeTotals]) -> bool {
    let columns: [fn(&VolumeTotals) -> u64; 6] = [
        |totals| totals.entries,
        |totals| totals.bytes,
        |totals| totals.disk_bytes,
        |totals| totals.symlinks,
        |totals| totals.hard_links,
        |totals| totals.special,
    ];
    columns.iter().all(|column| {
        let sum = volumes.iter().map(column).try_fold(0u64, u64::checked_add);
        sum.is_some_and(|sum| sum <= COUNT_MAX)
    })
}

fn parts_hold(parts: &[Part], descriptor: &Descriptor) -> bool {
    let Some(first) = parts.first() else { return descriptor.imported };
    let inside_holds = parts.iter().filter_map(|part| part.inside.as_ref()).all(|inside| {
        inside.at > 0
            && inside.at < inside.size
            && inside.at.is_multiple_of(BLOCK_BYTES)
            && descriptor.manifest.volumes.iter().any(|volume| volume.index == inside.volume)
    });
    first.offset == 0
        && first.first_entry == 0
        && first.inside.is_none()
        && parts.is_sorted_by(|left, right| left.offset < right.offset && left.first_entry <= right.first_entry)
        && parts.iter().all(|part| part.offset < descriptor.archive.bytes)
        && inside_holds
}

/// What plugins are not shown stands behind the last part's beginning, is small, and leaves the archive its end.
fn project_holds(descriptor: &Descriptor) -> bool {
    let Some(entries) = descriptor.project_entries() else { return true };
    let last = descriptor.parts.last().map_or(0, |part| part.offset);
    let end = entries.offset.checked_add(entries.bytes);
    entries.offset > last
        && entries.bytes <= 2 * ENTRIES_BYTES_MAX
        && entries.inflated <= ENTRIES_BYTES_MAX
        && end.is_some_and(|end| end < descriptor.archive.bytes)
}

fn is_digest(text: &str) -> bool {
    text.len() == DIGEST_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
