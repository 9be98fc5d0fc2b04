//! Reads a foreign archive whole, writing nothing: what it holds, or everything that refuses it.
//!
//! What staging would find out while it is filled is found out here: names that come twice, a file where a directory
//! is, directories that nobody describes. Links are counted, since the workload's policy decides about them in the
//! plan; set-id bits and security attributes are in no count and are judged here.

use crate::archive::headers::Kind;
use crate::archive::known;
use crate::archive::limits::{DISK_BLOCK_BYTES, FOREIGN_RATIO_MAX, IMPORT_RATIO, REFUSALS_SHOWN_MAX, bound};
use crate::archive::policy::{Admitted, Policy, about};
use crate::archive::reader::{Entry, Reader};
use crate::archive::totals::Totals;
use crate::diff;
use crate::host::{ArchiveBytes, Job, Report};
use crate::manifest::Manifest;
use crate::seen::Seen;
use crate::{Failure, Result, escape};

/// What one volume of a foreign archive holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InspectedVolume {
    pub index: u32,
    pub name: String,
    pub scope: String,
    pub entries: u64,
    pub bytes: u64,
    pub disk_bytes: u64,
    pub symlinks: u64,
    pub hard_links: u64,
}

/// A foreign archive that may be imported.
#[derive(Debug)]
pub struct Inspection {
    /// JSON, as it stands in the archive.
    pub manifest: String,
    pub volumes: Vec<InspectedVolume>,
}

/// Reads the archive to its last byte.
pub fn inspect<R: Report, A: ArchiveBytes>(report: &R, archive: &A, job: &Job) -> Result<Inspection> {
    report.phase("reading");
    let total = archive.size();
    let watch = |offset| diff::watch(report, offset, total);
    known::refuse_no_gzip(archive)?;
    let mut reader = Reader::open(archive, 0, total, &watch)?;
    reader.believe_nothing(bound(&job.policy, IMPORT_RATIO, FOREIGN_RATIO_MAX));
    reader.refuse_no_tar()?;
    let bytes = reader.manifest()?;
    let manifest = Manifest::parse(&bytes)?;
    let mut inspector = Inspector::new(&manifest, job);
    let mut entry = Entry::default();
    while reader.next(&mut entry)? {
        inspector.entry(&entry)?;
    }
    match inspector.project_files {
        0 => {}
        1 => report.note("1 file of the project stands beside the volumes: no restore touches it"),
        files => {
            report.note(&format!("{files} files of the project stand beside the volumes: no restore touches them"))
        }
    }
    let volumes = inspector.finish()?;
    let manifest = String::from_utf8(bytes).map_err(|_| Failure::archive("the manifest is not UTF-8"))?;
    Ok(Inspection { manifest, volumes })
}

struct Inspector {
    policy: Policy,
    volumes: Vec<InspectedVolume>,
    seen: Seen,
    /// Beside the volumes.
    project_files: u64,
    totals: Totals,
    refused: Vec<Failure>,
    found: u64,
}

impl Inspector {
    fn new(manifest: &Manifest, job: &Job) -> Self {
        let volumes = manifest.volumes.iter().map(|volume| InspectedVolume {
            index: volume.index,
            name: volume.name.clone(),
            scope: volume.scope.clone(),
            ..InspectedVolume::default()
        });
        Inspector {
            policy: Policy { links: true, ..Policy::new(&job.policy, true) },
            volumes: volumes.collect(),
            seen: Seen::default(),
            project_files: 0,
            totals: Totals::new(&job.policy),
            refused: Vec::new(),
            found: 0,
        }
    }

    /// Counts one entry or remembers why it is refused. Limits end the reading.
    fn entry(&mut self, entry: &Entry) -> Result<()> {
        self.totals.add(entry)?;
        if let Err(failure) = self.count(entry) {
            self.refuse(failure);
        }
        Ok(())
    }

    fn count(&mut self, entry: &Entry) -> Result<()> {
        let admitted = self.policy.admit(entry, self.volumes.len())?;
        let Admitted::Entry { volume, path, leader } = admitted else {
            self.project_files += u64::from(entry.kind == Kind::File);
            return Ok(());
        };
        if entry.kind == Kind::HardLink && !self.seen.is_file(volume, leader) {
            let message = "is a hard link to something that is no file before it";
            return Err(about(entry, Failure::archive(message)));
        }
        self.seen.add(volume, path, entry.kind).map_err(|failure| about(entry, failure))?;
        let counts = &mut self.volumes[volume as usize];
        counts.entries += 1;
        counts.bytes += entry.size;
        counts.disk_bytes += match entry.kind {
            Kind::HardLink => 0,
            Kind::File => entry.stored.next_multiple_of(DISK_BLOCK_BYTES),
            _ => DISK_BLOCK_BYTES,
        };
        counts.symlinks += u64::from(entry.kind == Kind::Symlink);
        counts.hard_links += u64::from(entry.kind == Kind::HardLink);
        Ok(())
    }

    fn refuse(&mut self, failure: Failure) {
        self.found += 1;
        if self.refused.len() < REFUSALS_SHOWN_MAX {
            self.refused.push(failure);
        }
    }

    fn finish(mut self) -> Result<Vec<InspectedVolume>> {
        for volume in 0..self.volumes.len() {
            if !self.seen.is_claimed(volume as u32, b"") {
                let name = escape::text(&self.volumes[volume].name);
                self.refuse(Failure::archive(format!("volume `{name}` has no root: no entry `volumes/{volume}/`")));
            }
        }
        if let Some(failure) = self.seen.unclaimed() {
            self.refuse(failure);
        }
        match Failure::all(self.refused, self.found, REFUSALS_SHOWN_MAX) {
            Some(failure) => Err(failure),
            None => Ok(self.volumes),
        }
    }
}
