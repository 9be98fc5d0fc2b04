//! Captures live volumes into an archive: PAX tar in gzip members, first `manifest.json`, then volume by volume its
//! root and everything below it, depth first, siblings in byte order.
//!
//! One thread walks and a few read ahead (`read_ahead`), one puts entries in their place (`source`, `splitter`), all cores read
//! large files, digest and compress (`worker`), and one writes the members down in order, digests the trees
//! and lists the names (`writer`, `lister`), while another sees to it that they are on disk (`verification`). A descriptor is published only for an archive
//! that is on disk and was read back from there; a capture that fails leaves nothing behind.
//!
//! A compressed snapshot may be taken while the app runs: each entry is as long as it says, but entries are of different
//! instants, and what appears or vanishes meanwhile may be missing. What changes is read again a few times, then it is as it
//! was read, a shorter file filled up with zeros; the descriptor names it (`noticed`). A stored one is a safety snapshot,
//! taken while nothing may write: any change that is seen fails it. Of an app that is down each file is read only when
//! nothing can land in it any more (`landing`).

mod landing;
mod lister;
mod noticed;
mod ordered;
mod pipeline;
mod project;
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
use std::path::PathBuf;
use std::sync::mpsc::channel;

use cap_std::fs::Dir;

use self::landing::Landing;
use self::noticed::{Noticed, Roots};
use self::read_ahead::Look;
use self::source::ReadVolume;
use self::splitter::Splitter;
use self::verification::Unverified;
use self::writer::{ArchiveWriter, Finished};
use super::format::{Descriptor, FORMAT, Image, Manifest, ManifestVolume, SkippedVolume, TakenIn, VolumeTotals};
use super::store::Store;
use super::walk::Changes;
use super::{Progress, check_cancelled};
use reforge_base::clock;
use reforge_base::consistency::Taken;
use reforge_base::durable;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::not_captured::NotCaptured;
use reforge_base::project::{Project, ProjectEntries};
use reforge_base::remark::Remark;
use reforge_base::threads;
use reforge_volumes::inode_flags::Inheritance;
use reforge_volumes::space::Budget;

pub use super::format::SAFETY;
pub use super::members::Storage;

/// One live volume. Its index in the archive is its place in the request.
pub struct CaptureVolume<'a> {
    pub name: String,
    pub scope: String,
    pub source: String,
    pub target: String,
    /// Where the app and the host have it: a link to below one of these stays in the volume.
    pub seen_at: Vec<PathBuf>,
    /// The live root, which may be a mere handle.
    pub live: &'a Dir,
}

/// What a capture has to keep to, and what its caller knows of the volumes.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// What stays free where snapshots are kept: rather than fill the disk, a capture ends.
    pub budget: Budget,
    /// A restore would refuse links.
    pub links_refused: bool,
    pub remarks: Vec<Remark>,
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
    /// The Compose project, if it is one, with the names of its files.
    pub project: Option<Project>,
    pub volumes: Vec<CaptureVolume<'a>>,
    pub storage: Storage,
    /// Set when a directory from elsewhere is taken in: then it is an imported snapshot, and has no parts.
    pub taken_in: Option<TakenIn>,
    /// Nothing may write: what is still under way is waited for, and refused when it does not end.
    pub app_is_down: bool,
    pub terms: Terms,
    /// Called once, when nothing is read any more: lets the app go on, and says what was done to it.
    pub conclude: &'a (dyn Fn() -> Result<Taken> + Sync),
}

/// Takes a snapshot. The caller holds the workload's lock, and for [`Storage::Stored`] has seen the app down.
pub fn capture(store: &Store, request: &CaptureRequest<'_>, progress: &dyn Progress) -> Result<Descriptor> {
    let manifest = manifest_of(request);
    let mut pending = store.begin(&request.workload, manifest.created)?;
    let all = request.volumes.iter().flat_map(|volume| volume.seen_at.iter().cloned()).collect::<Vec<_>>();
    // While nothing may write, nothing is done that can be done later.
    let list = match request.storage {
        Storage::Compressed => Some(pending.begin_list()?),
        Storage::Stored => None,
    };
    let (mut written, read) = write_and_prove(request, &manifest, &all, (pending.archive(), list), progress)?;
    let taken = (request.conclude)()?;
    written.list.take().as_ref().map_or(Ok(()), durable::sync_file)?;
    pending.sync_archive()?;
    verification::read_back(pending.archive(), &written.unverified, progress)?;
    let descriptor = described(request, manifest, pending.id(), (written, read), taken);
    check_cancelled(progress, message!("the-snapshot"))?;
    pending.publish(&descriptor)?;
    Ok(descriptor)
}

/// What was read on the way into the archive.
struct Read<'a> {
    volumes: Vec<ReadVolume<'a>>,
    project: Option<Project>,
}

fn described(
    request: &CaptureRequest<'_>,
    manifest: Manifest,
    id: &str,
    (written, read): (Finished, Read<'_>),
    taken: Taken,
) -> Descriptor {
    let mut descriptor = Descriptor {
        id: id.to_owned(),
        manifest,
        archive: written.archive,
        volumes: Vec::new(),
        parts: if request.taken_in.is_some() { Vec::new() } else { written.parts },
        imported: request.taken_in.is_some(),
        not_captured: request.not_captured.clone(),
        remarks: request.terms.remarks.clone(),
        flags: None,
        demands: None,
        project: read.project,
        consistency: request.taken_in.is_none().then_some(taken),
        taken_in: request.taken_in.clone(),
    };
    let (mut flags, mut demands) = (Vec::new(), Vec::new());
    for ((volume, read), tree_digest) in request.volumes.iter().zip(read.volumes).zip(written.tree_digests) {
        let ReadVolume { totals, noticed, names_outside, tree } = read;
        descriptor.volumes.push(VolumeTotals { tree_digest: Some(tree_digest), ..totals });
        let (remarks, of_entries, asked) = noticed.finish(&volume.name, names_outside, tree.all_changed());
        descriptor.remarks.extend(remarks);
        flags.extend(of_entries);
        demands.push(asked);
    }
    Descriptor { flags: Some(flags), demands: Some(demands), ..descriptor }
}

/// Writes everything; most of it is proved to be on disk by the time the last byte is written.
fn write_and_prove<'a>(
    request: &'a CaptureRequest<'_>,
    manifest: &Manifest,
    all: &'a [PathBuf],
    (file, list): (&File, Option<File>),
    progress: &dyn Progress,
) -> Result<(Finished, Read<'a>)> {
    std::thread::scope(|scope| {
        let (stretches, queue) = channel();
        let prover = threads::spawn_in(scope, "prover", move || verification::verify(file, &queue, progress))?;
        let writer = ArchiveWriter::new((file, list), request, Unverified::new(stretches));
        let written = writer.and_then(|writer| write_archive(request, manifest, all, writer, progress));
        // A proof that failed has ended the writing, too.
        prover.join().map_err(|_| ordered::died())??;
        written
    })
}

fn write_archive<'a>(
    request: &'a CaptureRequest<'_>,
    manifest: &Manifest,
    all: &'a [PathBuf],
    mut writer: ArchiveWriter<'_>,
    progress: &dyn Progress,
) -> Result<(Finished, Read<'a>)> {
    let changes = match request.storage {
        Storage::Compressed => Changes::Tolerated,
        Storage::Stored => Changes::Refused,
    };
    let (mut read, inflated) = pipeline::run(
        request.storage,
        |queue| {
            let mut splitter = Splitter::new(&queue);
            let volumes = read_volumes(request, manifest, (changes, all), &mut splitter, progress)?;
            let (project, inflated) = project::read(request.project.clone(), &mut splitter)?;
            splitter.finish()?;
            Ok((Read { volumes, project }, inflated))
        },
        |done| {
            check_cancelled(progress, message!("the-snapshot"))?;
            writer.take(done, progress)
        },
    )?;
    let finished = writer.finish()?;
    if let Some(project) = &mut read.project {
        let entries = |(offset, bytes)| ProjectEntries { offset, bytes, inflated };
        project.entries = finished.apart.map(entries);
    }
    Ok((finished, read))
}

fn read_volumes<'a>(
    request: &'a CaptureRequest<'_>,
    manifest: &Manifest,
    (changes, all): (Changes, &'a [PathBuf]),
    splitter: &mut Splitter<'_>,
    progress: &dyn Progress,
) -> Result<Vec<ReadVolume<'a>>> {
    source::manifest(manifest, splitter)?;
    let landing = request.app_is_down.then(|| Landing::new(request.storage, progress));
    let look = Look { changes, landing: landing.as_ref(), progress };
    let read = |(index, volume): (u32, &'a CaptureVolume<'_>)| {
        let roots = Roots { own: &volume.seen_at, all };
        let noticed = Noticed::new(index, roots, request.terms.links_refused, Inheritance::of(volume.live));
        source::volume(index, volume, look, noticed, splitter)
    };
    (0u32..).zip(&request.volumes).map(read).collect()
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
        created: clock::now(),
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
