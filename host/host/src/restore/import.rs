//! Taking an archive in: copied, read whole in the sandbox, and only then a snapshot, marked as imported.
//!
//! Nothing vouches for its contents, so no tree digest is written down. A failed inspection leaves nothing behind.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::progress::Progress;
use super::run::inspect;
use crate::host::Host;
use reforge_base::Message;
use reforge_base::Phase;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::limits::PIECE_BYTES_MAX;
use reforge_base::message;
use reforge_config::is_name;
use reforge_plugins::Plugin;
use reforge_plugins::bindings::exports::reforge::restore::restorer::{InspectedVolume, Inspection};
use reforge_snapshots::format::{Archive, Descriptor, FORMAT, Image, Manifest, VolumeTotals};
use reforge_snapshots::store::{OpenSnapshot, Pending, descriptor_problem};

#[derive(Clone, Debug)]
pub struct Request {
    /// What the archive is called, for people.
    pub called: Message,
    pub workload: String,
    pub wait: bool,
    pub who: String,
}

/// The whole import.
pub fn run(
    host: &Arc<Host>,
    plugin: &Plugin,
    file: &Path,
    request: &Request,
    progress: &Arc<Progress>,
) -> Result<Descriptor> {
    let file = File::open(file).map_err(|error| unreadable(request, &error));
    run_of(host, plugin, file, request, progress)
}

/// The same of a file that is open, whatever its name is.
pub fn run_of(
    host: &Arc<Host>,
    plugin: &Plugin,
    file: Result<File>,
    request: &Request,
    progress: &Arc<Progress>,
) -> Result<Descriptor> {
    let imported = file.and_then(|file| take_in(host, plugin, file, request, progress));
    let details = serde_json::json!({
        "workload": request.workload,
        "snapshot": imported.as_ref().ok().map(|descriptor| &descriptor.id),
        "failure": imported.as_ref().err(),
    });
    host.audit_event("import", &request.who, details)?;
    imported
}

fn unreadable(request: &Request, error: &std::io::Error) -> Failure {
    Failure::cannot(message!("doing-read-the-archive"), &request.called, error).with_code(Code::Usage)
}

fn take_in(
    host: &Arc<Host>,
    plugin: &Plugin,
    mut file: File,
    request: &Request,
    progress: &Arc<Progress>,
) -> Result<Descriptor> {
    let workload = host.config.workload(&request.workload)?;
    let refuse = |error: std::io::Error| unreadable(request, &error);
    let facts = file.metadata().map_err(refuse)?;
    if !facts.is_file() {
        let message = message!("file-is-not-a-file", file = request.called);
        return Err(Failure::new(Code::Usage, message));
    }
    let _lease = host.lease(&workload.id, message!("an-import"), request.wait, &progress.cancelled)?;
    let pending = host.store.begin(&workload.id, jiff::Timestamp::now())?;
    progress.begin(Phase::Copying, facts.len(), 0);
    let archive = copy(&mut file, &pending, request, progress)?;
    let undescribed = Descriptor {
        id: pending.id().to_owned(),
        manifest: unknown_manifest(&workload.id),
        archive,
        volumes: Vec::new(),
        parts: Vec::new(),
        imported: true,
        not_captured: Vec::new(),
        remarks: Vec::new(),
        flags: None,
    };
    let copied = pending.archive().try_clone().map_err(refuse)?;
    let inspection = inspect(host, plugin, &workload.id, OpenSnapshot::foreign(copied, undescribed.clone()), progress)?;
    let descriptor = described(undescribed, &inspection)?;
    progress.begin(Phase::Storing, 0, 0);
    pending.sync_archive()?;
    if progress.is_cancelled() {
        return Err(Failure::new(Code::Cancelled, message!("the-import-was-cancelled-nothing")));
    }
    pending.publish(&descriptor)?;
    Ok(descriptor)
}

fn copy(file: &mut File, pending: &Pending, request: &Request, progress: &Progress) -> Result<Archive> {
    let mut sha256 = Sha256::new();
    let mut buffer = vec![0; PIECE_BYTES_MAX];
    let mut bytes = 0;
    loop {
        if progress.is_cancelled() {
            return Err(Failure::new(Code::Cancelled, message!("the-import-was-cancelled-nothing")));
        }
        let read = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::cannot(message!("doing-read-the-archive"), &request.called, &error)),
        };
        sha256.update(&buffer[..read]);
        let mut out = pending.archive();
        reforge_base::effects::effect("import-write", || out.write_all(&buffer[..read]))
            .map_err(|error| Failure::cannot(message!("doing-copy-the-archive"), &request.called, &error))?;
        bytes += read as u64;
        progress.bytes.store(bytes, std::sync::atomic::Ordering::Relaxed);
    }
    Ok(Archive { bytes, sha256: hex::encode(sha256.finalize()) })
}

/// What stands in for a manifest until the plugin has read the archive's own.
fn unknown_manifest(workload: &str) -> Manifest {
    Manifest {
        format: FORMAT,
        workload: workload.to_owned(),
        created: jiff::Timestamp::UNIX_EPOCH,
        reason: String::new(),
        image: Image { reference: String::new(), digest: String::new() },
        volumes: Vec::new(),
        skipped: Vec::new(),
        environment: Default::default(),
    }
}

/// The descriptor from what the plugin found, which is only its word.
fn described(undescribed: Descriptor, inspection: &Inspection) -> Result<Descriptor> {
    let manifest: Manifest = serde_json::from_str(&inspection.manifest).map_err(|error| {
        let error = reforge_base::escape::text(&error.to_string());
        Failure::new(Code::ArchiveRefused, message!("the-archives-manifest-cannot-be-understood", error))
    })?;
    if manifest.format != FORMAT {
        let message = message!("the-archive-has-the-format", format = manifest.format, format_2 = FORMAT);
        return Err(Failure::new(Code::ArchiveRefused, message));
    }
    if manifest.volumes.is_empty() {
        let message = message!("the-archive-holds-no-volume");
        return Err(Failure::new(Code::ArchiveRefused, message).hint(message!("its-manifest-json-lists-the-volumes")));
    }
    let volumes = inspection.volumes.iter().map(totals).collect();
    let workload = undescribed.manifest.workload.clone();
    let descriptor = Descriptor { manifest, volumes, ..undescribed };
    let nameless = || {
        let named = descriptor.manifest.volumes.iter().all(|volume| is_name(&volume.name));
        (!named).then(|| message!("a-volume-has-no-name"))
    };
    match descriptor_problem(&descriptor, &workload).or_else(nameless) {
        Some(what) => {
            let message = message!("what-the-plugin-says", what);
            Err(Failure::new(Code::ArchiveRefused, message).hint(message!("another-plugin-can-be-used")))
        }
        None => Ok(descriptor),
    }
}

fn totals(volume: &InspectedVolume) -> VolumeTotals {
    VolumeTotals {
        index: volume.index,
        entries: volume.entries,
        bytes: volume.bytes,
        disk_bytes: volume.disk_bytes,
        symlinks: volume.symlinks,
        hard_links: volume.hard_links,
        special: volume.special,
        special_names: Vec::new(),
        tree_digest: None,
    }
}
