//! The outer tar: which volumes there are, and where each one's bytes lie. It has no compression, so that its contents
//! are found without being read.

use std::io::{self, Read, Seek, SeekFrom};

use serde_json::{Value, json};
use tar::{Archive, EntryType};

use crate::bindings::exports::reforge::restore::restorer::Job;
use crate::bindings::reforge::restore::report;
use crate::bindings::reforge::restore::snapshots::Snapshot;
use crate::bindings::reforge::restore::workers::Part;
use crate::{Result, failure};

/// One `<scope>/<volume>.tar.zst`.
pub(crate) struct Packed {
    pub scope: String,
    pub name: String,
    pub offset: u64,
    pub length: u64,
}

impl Packed {
    pub(crate) fn part(&self) -> Part {
        Part { offset: self.offset, length: self.length, inside: None }
    }
}

/// Every volume of the archive, in its order.
pub(crate) fn packed(snapshot: &Snapshot) -> Result<Vec<Packed>> {
    let mut outer = Archive::new(Bytes::new(snapshot, 0, snapshot.size()));
    let entries = outer.entries_with_seek().map_err(|error| unreadable(&error))?;
    let mut packed = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(&error))?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        match entry.header().entry_type() {
            EntryType::Directory => continue,
            EntryType::Regular => {}
            _ => return Err(refused(&name)),
        }
        let inside = name.strip_prefix("./").unwrap_or(&name).strip_suffix(".tar.zst");
        let (scope, volume) = inside.and_then(|inside| inside.split_once('/')).ok_or_else(|| refused(&name))?;
        let (offset, length) = (entry.raw_file_position(), entry.size());
        packed.push(Packed { scope: scope.into(), name: volume.into(), offset, length });
    }
    match packed.is_empty() {
        true => Err(failure("archive-refused", "the archive holds no volume `SCOPE/VOLUME.tar.zst`")),
        false => Ok(packed),
    }
}

/// The manifest that the archive lacks.
pub(crate) fn manifest(packed: &[Packed], job: &Job) -> String {
    let volumes = packed.iter().enumerate().map(|(index, packed)| {
        json!({ "index": index, "name": packed.name, "scope": packed.scope, "source": "", "target": "" })
    });
    json!({
        "format": 1,
        "workload": job.workload,
        "created": "1970-01-01T00:00:00Z",
        "reason": "packed by hand",
        "image": { "reference": "", "digest": "" },
        "volumes": volumes.collect::<Vec<_>>(),
        "skipped": [],
        "environment": {},
    })
    .to_string()
}

/// Entries and bytes of each volume, as the inspection counted them and the host wrote them down.
pub(crate) fn totals(descriptor: &str) -> Result<Vec<(u64, u64)>> {
    let descriptor: Value =
        serde_json::from_str(descriptor).map_err(|_| failure("snapshot-damaged", "the descriptor is malformed"))?;
    let volumes = descriptor["volumes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of = |volume: &Value, key: &str| volume[key].as_u64().unwrap_or_default();
    Ok(volumes.iter().map(|volume| (of(volume, "entries"), of(volume, "bytes"))).collect())
}

fn refused(name: &str) -> crate::Failure {
    let name = name.escape_debug();
    failure("archive-refused", format!("entry `{name}` is no volume `SCOPE/VOLUME.tar.zst`"))
}

fn unreadable(error: &io::Error) -> crate::Failure {
    failure("archive-refused", format!("the archive cannot be read: {error}"))
}

/// The bytes `[start, end)` of the archive, a large piece at a time.
pub(crate) struct Bytes<'a> {
    snapshot: &'a Snapshot,
    start: u64,
    end: u64,
    at: u64,
    piece: Vec<u8>,
    used: usize,
}

const PIECE_BYTES: u64 = 1 << 20;

impl<'a> Bytes<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, start: u64, end: u64) -> Bytes<'a> {
        Bytes { snapshot, start, end, at: start, piece: Vec::new(), used: 0 }
    }
}

impl Read for Bytes<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.used == self.piece.len() {
            if report::cancelled() {
                return Err(io::Error::other("the operator asked to stop"));
            }
            let wanted = PIECE_BYTES.min(self.end.saturating_sub(self.at)) as u32;
            let piece = self.snapshot.read_at(self.at, wanted);
            self.piece = piece.map_err(|failure| io::Error::other(failure.message))?;
            self.used = 0;
            self.at += self.piece.len() as u64;
        }
        let count = into.len().min(self.piece.len() - self.used);
        into[..count].copy_from_slice(&self.piece[self.used..self.used + count]);
        self.used += count;
        Ok(count)
    }
}

impl Seek for Bytes<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let here = self.at - (self.piece.len() - self.used) as u64;
        let target = match to {
            SeekFrom::Start(offset) => self.start.checked_add(offset),
            SeekFrom::Current(by) => here.checked_add_signed(by),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
        };
        let target = target.filter(|target| (self.start..=self.end).contains(target));
        self.at = target.ok_or_else(|| io::Error::other("an entry ends outside the archive"))?;
        (self.piece, self.used) = (Vec::new(), 0);
        Ok(self.at - self.start)
    }
}
