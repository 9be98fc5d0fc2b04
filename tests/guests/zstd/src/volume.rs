//! One volume: a tar in one zstd frame, read to its last byte and checksum.
//!
//! What is not known here refuses the archive, and nothing is passed over: attributes, sparse maps, devices. The host
//! checks every path again.

use std::io::Read;

use ruzstd::decoding::StreamingDecoder;
use tar::{Archive, Entry, EntryType};

use crate::bindings::exports::reforge::restore::restorer::InspectedVolume;
use crate::bindings::reforge::restore::report;
use crate::bindings::reforge::restore::snapshots::Snapshot;
use crate::bindings::reforge::restore::transactions::Staging;
use crate::bindings::reforge::restore::types::{Failure, Metadata, Timestamp};
use crate::layout::{Bytes, Packed};
use crate::{Result, failure};

/// What the host takes in one write.
const PIECE_BYTES: u64 = 1 << 20;
const DISK_BLOCK_BYTES: u64 = 4096;
/// Memory that the frame may ask for, far below the sandbox's: what `zstd -19` uses.
const WINDOW_BYTES_MAX: u64 = 8 << 20;

type Inner<'a> = StreamingDecoder<Bytes<'a>, ruzstd::decoding::FrameDecoder>;

/// What the volume holds. Writes nothing.
pub(crate) fn count(snapshot: &Snapshot, index: u32, packed: &Packed) -> Result<InspectedVolume> {
    let mut counted = InspectedVolume {
        index,
        name: packed.name.clone(),
        scope: packed.scope.clone(),
        entries: 0,
        bytes: 0,
        disk_bytes: 0,
        symlinks: 0,
        hard_links: 0,
        special: 0,
    };
    read(snapshot, packed, |entry, _| {
        let kind = entry.header().entry_type();
        counted.entries += 1;
        counted.bytes += entry.size();
        counted.disk_bytes += entry.size().next_multiple_of(DISK_BLOCK_BYTES).max(DISK_BLOCK_BYTES);
        counted.symlinks += u64::from(kind == EntryType::Symlink);
        counted.hard_links += u64::from(kind == EntryType::Link);
        Ok(())
    })?;
    Ok(counted)
}

/// Stages what the volume holds.
pub(crate) fn extract(snapshot: &Snapshot, packed: &Packed, staging: &Staging) -> Result<()> {
    read(snapshot, packed, |entry, path| {
        let metadata = metadata(entry)?;
        match entry.header().entry_type() {
            EntryType::Directory => staging.directory(path, &metadata),
            EntryType::Symlink => staging.symlink(path, &metadata, &link(entry)),
            EntryType::Link => staging.hard_link(path, &metadata, below(&link(entry))),
            _ => file(staging, path, &metadata, entry),
        }
    })
}

fn read(
    snapshot: &Snapshot,
    packed: &Packed,
    mut take: impl FnMut(&mut Entry<'_, &mut Inner<'_>>, &[u8]) -> Result<()>,
) -> Result<()> {
    let bytes = Bytes::new(snapshot, packed.offset, packed.offset + packed.length);
    let mut inner = StreamingDecoder::new_with_max_window_size(bytes, WINDOW_BYTES_MAX)
        .map_err(|error| damaged(format!("{}.tar.zst is no zstd frame: {error}", packed.name)))?;
    let mut archive = Archive::new(&mut inner);
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let path = entry.path_bytes().into_owned();
        admit(&mut entry, &path)?;
        take(&mut entry, below(&path))?;
    }
    end(inner)
}

/// Nothing but zeros stands behind the end of the tar, nothing behind the frame, and its checksum holds.
fn end(mut inner: Inner<'_>) -> Result<()> {
    let mut rest = vec![0; 1 << 16];
    loop {
        match inner.read(&mut rest).map_err(unreadable)? {
            0 => break,
            count if rest[..count].iter().any(|byte| *byte != 0) => {
                return Err(failure("archive-refused", "something stands behind the end of a volume"));
            }
            _ => {}
        }
    }
    let (mut bytes, frame) = inner.into_parts();
    let stored = frame.get_checksum_from_data();
    if stored.is_some() && stored != frame.get_calculated_checksum() {
        return Err(damaged("a volume's checksum does not hold"));
    }
    match bytes.read(&mut rest[..1]).map_err(unreadable)? {
        0 => Ok(()),
        _ => Err(failure("archive-refused", "something stands behind a volume's zstd frame")),
    }
}

fn admit<R: Read>(entry: &mut Entry<'_, R>, path: &[u8]) -> Result<()> {
    let refused = |why: &str| failure("archive-refused", format!("entry `{}` {why}", path.escape_ascii()));
    let kind = entry.header().entry_type();
    if !matches!(kind, EntryType::Regular | EntryType::Directory | EntryType::Symlink | EntryType::Link) {
        return Err(refused("is of a type that is never restored"));
    }
    let Some(records) = entry.pax_extensions().map_err(unreadable)? else { return Ok(()) };
    for record in records {
        let record = record.map_err(unreadable)?;
        let known = ["path", "linkpath", "size", "uid", "gid", "mtime", "atime", "ctime", "uname", "gname"];
        if !known.iter().any(|key| key.as_bytes() == record.key_bytes()) {
            return Err(refused("has attributes that are not read"));
        }
    }
    Ok(())
}

fn file<R: Read>(staging: &Staging, path: &[u8], metadata: &Metadata, entry: &mut Entry<'_, R>) -> Result<()> {
    let size = entry.size();
    let mut piece = vec![0; PIECE_BYTES.min(size) as usize];
    if size <= PIECE_BYTES {
        entry.read_exact(&mut piece).map_err(unreadable)?;
        return staging.file(path, metadata, &piece);
    }
    let large = staging.large_file(path, metadata, size)?;
    let mut at = 0;
    while at < size {
        let piece = &mut piece[..PIECE_BYTES.min(size - at) as usize];
        entry.read_exact(piece).map_err(unreadable)?;
        large.write(at, piece)?;
        at += piece.len() as u64;
    }
    large.finish()
}

fn metadata<R: Read>(entry: &mut Entry<'_, R>) -> Result<Metadata> {
    let header = entry.header();
    let mode = header.mode().map_err(unreadable)? & 0o7777;
    let (uid, gid) = (header.uid().map_err(unreadable)? as u32, header.gid().map_err(unreadable)? as u32);
    let mut mtime = Timestamp { seconds: header.mtime().map_err(unreadable)? as i64, nanoseconds: 0 };
    if let Some(records) = entry.pax_extensions().map_err(unreadable)? {
        for record in records {
            let record = record.map_err(unreadable)?;
            if record.key_bytes() == b"mtime" {
                mtime = time(record.value().unwrap_or_default())?;
            }
        }
    }
    Ok(Metadata { mode, uid, gid, mtime, xattrs: Vec::new() })
}

/// Decimal seconds with a fraction. Times before 1970 are not read.
fn time(text: &str) -> Result<Timestamp> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    match (seconds.parse::<u64>(), digits.parse()) {
        (Ok(seconds), Ok(nanoseconds)) if seconds <= i64::MAX as u64 => {
            Ok(Timestamp { seconds: seconds as i64, nanoseconds })
        }
        _ => Err(failure("archive-refused", "an entry has a time that is not read")),
    }
}

fn link<R: Read>(entry: &Entry<'_, R>) -> Vec<u8> {
    entry.link_name_bytes().map(|name| name.into_owned()).unwrap_or_default()
}

/// A name as `tar -C directory .` writes it, as a path of the volume: the root is the empty one.
fn below(name: &[u8]) -> &[u8] {
    let name = name.strip_suffix(b"/").unwrap_or(name);
    if name == b"." { b"" } else { name.strip_prefix(b"./").unwrap_or(name) }
}

fn damaged(message: impl Into<String>) -> Failure {
    failure("snapshot-damaged", message)
}

fn unreadable(error: impl std::fmt::Display) -> Failure {
    match report::cancelled() {
        true => failure("cancelled", "the operator asked to stop"),
        false => damaged(format!("a volume cannot be read: {error}")),
    }
}
