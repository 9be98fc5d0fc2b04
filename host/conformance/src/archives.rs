//! Archives as no capture would make them: hostile ones by name, and how they become snapshots of a scene.
//!
//! Written with headers whose every field is open; nothing here reads an archive.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use tar::{EntryType, Header};

use super::scene::{Scene, VOLUMES, WORKLOAD};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_snapshots::format::{Archive, Descriptor, FORMAT, Image, Manifest, ManifestVolume, VolumeTotals};

/// What a hostile archive's descriptor says of each volume: enough that only what is hostile stands in the way.
const ENTRIES: u64 = 64;
const BYTES: u64 = 1 << 20;

/// A tar archive under construction.
pub(super) struct Tar(Vec<u8>);

/// The message that says what is wrong with an archive, and what makes it so of a good one.
type Hostile = (&'static str, fn(Tar) -> Tar);

/// What is wrong with each.
#[cfg(test)]
pub(super) fn called() -> impl Iterator<Item = reforge_base::Message> {
    HOSTILE.iter().chain(AGAINST_THE_POLICY).map(|(what, _)| reforge_base::Message::of(*what, []))
}

/// Archives that must be refused, whole, also where they are only taken in.
pub(super) const HOSTILE: &[Hostile] = &[
    ("a-name-with-dots", |tar| tar.file("volumes/0/../../escape")),
    ("an-absolute-name", |tar| tar.file("/escape")),
    ("a-name-outside-of-the-volumes", |tar| tar.file("elsewhere/file")),
    ("a-volume-that-the-manifest-does-not-have", |tar| tar.file("volumes/7/file")),
    ("a-volume-whose-index-is-no-number", |tar| tar.file("volumes/zero/file")),
    ("a-device", |tar| tar.special(EntryType::Char, "volumes/0/device")),
    ("a-fifo", |tar| tar.special(EntryType::Fifo, "volumes/0/fifo")),
    ("an-entry-of-an-unknown-type", |tar| tar.special(EntryType::new(b'Z'), "volumes/0/unknown")),
    ("a-path-that-comes-twice", |tar| tar.file("volumes/0/file")),
    ("a-file-where-a-directory-is", |tar| tar.directory("volumes/0/a/").file("volumes/0/a")),
    ("something-below-a-file", |tar| tar.file("volumes/0/file/below")),
    ("a-second-manifest", |tar| tar.file("manifest.json")),
    ("a-header-with-a-wrong-checksum", |tar| tar.file("volumes/0/other").spoiled()),
];

/// Archives that hold what a workload may allow and this one does not: refused when they are to be restored.
pub(super) const AGAINST_THE_POLICY: &[Hostile] = &[
    ("a-symbolic-link", |tar| tar.link(EntryType::Symlink, "volumes/0/link", "/etc")),
    ("a-hard-link", |tar| tar.link(EntryType::Link, "volumes/0/link", "volumes/0/file")),
    ("a-set-id-file", |tar| tar.entry(EntryType::Regular, "volumes/0/setid", 0o4755, "", b"x")),
];

impl Tar {
    /// With a manifest, the root of each volume, and a file in it.
    pub(super) fn good() -> Tar {
        let tar = Tar::empty().entry(EntryType::Regular, "manifest.json", 0o600, "", &manifest_text());
        (0..VOLUMES.len())
            .fold(tar, |tar, index| tar.directory(&format!("volumes/{index}/")).file(&format!("volumes/{index}/file")))
    }

    /// With nothing at all, which lacks a manifest.
    pub(super) fn empty() -> Tar {
        Tar(Vec::new())
    }

    pub(super) fn file(self, name: &str) -> Tar {
        self.entry(EntryType::Regular, name, 0o644, "", b"hostile")
    }

    fn directory(self, name: &str) -> Tar {
        self.entry(EntryType::Directory, name, 0o755, "", b"")
    }

    fn link(self, kind: EntryType, name: &str, target: &str) -> Tar {
        self.entry(kind, name, 0o777, target, b"")
    }

    fn special(self, kind: EntryType, name: &str) -> Tar {
        self.entry(kind, name, 0o644, "", b"")
    }

    fn entry(mut self, kind: EntryType, name: &str, mode: u32, target: &str, content: &[u8]) -> Tar {
        let mut header = Header::new_ustar();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        header.set_mtime(1_000_000_000);
        header.set_uid(0);
        header.set_gid(0);
        let fields = header.as_old_mut();
        fields.name[..name.len()].copy_from_slice(name.as_bytes());
        fields.linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    /// The last header no longer adds up.
    fn spoiled(mut self) -> Tar {
        let header = self.0.len() - 1024;
        self.0[header] ^= 1;
        self
    }

    /// Ended and compressed.
    pub(super) fn gzip(mut self) -> Result<Vec<u8>> {
        self.0.resize(self.0.len() + 1024, 0);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let compressed = encoder.write_all(&self.0).and_then(|()| encoder.finish());
        compressed.map_err(|error| Failure::new(Code::Io, message!("cannot-compress-an-archive", error)))
    }
}

impl Scene<'_> {
    /// Makes an archive a snapshot, as if it had been imported: its digest is right, and nothing vouches for the rest.
    pub(super) fn publish(&self, archive: &[u8]) -> Result<String> {
        let totals = |index| VolumeTotals {
            index,
            entries: ENTRIES,
            bytes: BYTES,
            disk_bytes: BYTES,
            ..VolumeTotals::default()
        };
        self.publish_as(archive, |id, archive| Descriptor {
            id,
            manifest: manifest(),
            archive,
            volumes: (0..).take(VOLUMES.len()).map(totals).collect(),
            parts: Vec::new(),
            imported: true,
            not_captured: Vec::new(),
            remarks: Vec::new(),
            flags: None,
            demands: None,
            project: None,
            consistency: None,
            taken_in: None,
        })
    }

    /// The same with a descriptor of one's own.
    pub(super) fn publish_as(&self, bytes: &[u8], of: impl FnOnce(String, Archive) -> Descriptor) -> Result<String> {
        let pending = self.host.store.begin(WORKLOAD, jiff::Timestamp::now())?;
        let id = pending.id().to_owned();
        let mut file = pending.archive();
        file.write_all(bytes).map_err(|error| Failure::new(Code::Io, message!("cannot-write-an-archive", error)))?;
        pending.sync_archive()?;
        let archive = Archive { bytes: bytes.len() as u64, sha256: hex::encode(Sha256::digest(bytes)) };
        pending.publish(&of(id.clone(), archive))?;
        Ok(id)
    }
}

fn manifest() -> Manifest {
    let volume = |(index, name): (u32, &&str)| ManifestVolume {
        index,
        name: (*name).to_owned(),
        scope: "project".to_owned(),
        source: "/where/it/was".to_owned(),
        target: format!("/{name}"),
    };
    Manifest {
        format: FORMAT,
        workload: WORKLOAD.to_owned(),
        created: jiff::Timestamp::UNIX_EPOCH,
        reason: "conformance".to_owned(),
        image: Image { reference: "/bin/true".to_owned(), digest: String::new() },
        volumes: (0..).zip(&VOLUMES).map(volume).collect(),
        skipped: Vec::new(),
        environment: Default::default(),
    }
}

fn manifest_text() -> Vec<u8> {
    // It is a plain value of strings and numbers, which always serialises.
    serde_json::to_vec(&manifest()).unwrap_or_default()
}
