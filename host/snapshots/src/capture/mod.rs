//! Captures live volumes into an archive: PAX tar in gzip members, first `manifest.json`, then volume by volume its
//! root and everything below it, depth first, siblings in byte order.
//!
//! One thread walks and a few read ahead (`read_ahead`), one puts entries in their place (`source`, `splitter`), all cores read
//! large files, digest and compress (`worker`), and one writes the members down in order and digests the trees
//! (`writer`), while another sees to it that they are on disk (`verification`). A descriptor is published only for an archive
//! that is on disk and was read back from there; a capture that fails leaves nothing behind.
//!
//! A compressed snapshot may be taken while the app runs: each entry is whole and as long as it says, but entries are
//! of different instants, and what appears or vanishes meanwhile may be missing. A stored one is a safety snapshot,
//! taken while nothing may write: any change that is seen fails it. Of an app that is down each file is read only when
//! nothing can land in it any more (`landing`).

mod landing;
mod ordered;
mod pipeline;
mod read_ahead;
mod sha256;
mod source;
mod splitter;
mod verification;
mod worker;
mod writer;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::mpsc::channel;

use cap_std::fs::Dir;

use self::landing::Landing;
use self::read_ahead::Look;
use self::splitter::Splitter;
use self::verification::Unverified;
use self::writer::{ArchiveWriter, Finished};
use super::format::{Descriptor, FORMAT, Image, Manifest, ManifestVolume, SkippedVolume, TakenIn, VolumeTotals};
use super::store::Store;
use super::walk::Changes;
use super::{Progress, check_cancelled};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::not_captured::NotCaptured;
use reforge_base::threads;

pub use super::format::SAFETY;
pub use super::members::Storage;

/// One live volume. Its index in the archive is its place in the request.
pub struct CaptureVolume<'a> {
    pub name: String,
    pub scope: String,
    pub source: String,
    pub target: String,
    /// The live root, which may be a mere handle.
    pub live: &'a Dir,
}

/// What to capture and what to write down about it.
pub struct CaptureRequest<'a> {
    pub workload: String,
    /// `manual`, [`SAFETY`], or what the caller says.
    pub reason: String,
    pub image: Image,
    pub skipped: Vec<SkippedVolume>,
    /// What else the app has.
    pub not_captured: Vec<NotCaptured>,
    pub environment: BTreeMap<String, String>,
    pub volumes: Vec<CaptureVolume<'a>>,
    pub storage: Storage,
    /// Set when a directory from elsewhere is taken in: then it is an imported snapshot, and has no parts.
    pub taken_in: Option<TakenIn>,
    /// Nothing may write: what is still under way is waited for, and refused when it does not end.
    pub app_is_down: bool,
}

/// Takes a snapshot. The caller holds the workload's lock, and for [`Storage::Stored`] has seen the app down.
pub fn capture(store: &Store, request: &CaptureRequest<'_>, progress: &dyn Progress) -> Result<Descriptor> {
    let manifest = manifest_of(request);
    let pending = store.begin(&request.workload, manifest.created)?;
    let (written, volumes) = write_and_prove(request, &manifest, pending.archive(), progress)?;
    pending.sync_archive()?;
    verification::read_back(pending.archive(), &written.unverified, progress)?;
    let descriptor = Descriptor {
        id: pending.id().to_owned(),
        manifest,
        archive: written.archive,
        volumes,
        parts: if request.taken_in.is_some() { Vec::new() } else { written.parts },
        imported: request.taken_in.is_some(),
        not_captured: request.not_captured.clone(),
        taken_in: request.taken_in.clone(),
    };
    check_cancelled(progress, message!("the-snapshot"))?;
    pending.publish(&descriptor)?;
    Ok(descriptor)
}

/// Writes everything; most of it is proved to be on disk by the time the last byte is written.
fn write_and_prove(
    request: &CaptureRequest<'_>,
    manifest: &Manifest,
    file: &File,
    progress: &dyn Progress,
) -> Result<(Finished, Vec<VolumeTotals>)> {
    std::thread::scope(|scope| {
        let (stretches, queue) = channel();
        let prover = threads::spawn_in(scope, "prover", move || verification::verify(file, &queue, progress))?;
        let written = write_archive(request, manifest, file, Unverified::new(stretches), progress);
        // A proof that failed has ended the writing, too.
        prover.join().map_err(|_| ordered::died())??;
        written
    })
}

fn write_archive(
    request: &CaptureRequest<'_>,
    manifest: &Manifest,
    file: &File,
    unverified: Unverified,
    progress: &dyn Progress,
) -> Result<(Finished, Vec<VolumeTotals>)> {
    let changes = match request.storage {
        Storage::Compressed => Changes::Tolerated,
        Storage::Stored => Changes::Refused,
    };
    let mut writer = ArchiveWriter::new(file, request.volumes.len(), unverified)?;
    let mut volumes = pipeline::run(
        request.storage,
        |queue| {
            let mut splitter = Splitter::new(&queue);
            let totals = read_volumes(request, manifest, changes, &mut splitter, progress)?;
            splitter.finish()?;
            Ok(totals)
        },
        |done| {
            check_cancelled(progress, message!("the-snapshot"))?;
            writer.take(done, progress)
        },
    )?;
    let finished = writer.finish()?;
    for (totals, tree) in volumes.iter_mut().zip(&finished.tree_digests) {
        totals.tree_digest = Some(tree.clone());
    }
    Ok((finished, volumes))
}

fn read_volumes(
    request: &CaptureRequest<'_>,
    manifest: &Manifest,
    changes: Changes,
    splitter: &mut Splitter<'_>,
    progress: &dyn Progress,
) -> Result<Vec<VolumeTotals>> {
    source::manifest(manifest, splitter)?;
    let landing = request.app_is_down.then(|| Landing::new(request.storage, progress));
    let look = Look { changes, landing: landing.as_ref(), progress };
    let volumes = (0u32..).zip(&request.volumes);
    volumes.map(|(index, volume)| source::volume(index, volume, look, splitter)).collect()
}

fn manifest_of(request: &CaptureRequest<'_>) -> Manifest {
    let volumes = (0u32..).zip(&request.volumes).map(|(index, volume)| ManifestVolume {
        index,
        name: volume.name.clone(),
        scope: volume.scope.clone(),
        source: volume.source.clone(),
        target: volume.target.clone(),
    });
    Manifest {
        format: FORMAT,
        workload: request.workload.clone(),
        created: jiff::Timestamp::now(),
        reason: request.reason.clone(),
        image: request.image.clone(),
        volumes: volumes.collect(),
        skipped: request.skipped.clone(),
        environment: request.environment.clone(),
    }
}

/// What the pipeline's other half says when this half has failed; never shown, since that failure comes first.
fn stopped() -> Failure {
    Failure::new(Code::Cancelled, message!("the-snapshot-was-stopped"))
}
