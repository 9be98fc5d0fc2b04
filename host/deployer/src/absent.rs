//! Which directories a deploy may make: none for a volume that has had one.
//!
//! A volume whose directory is missing although the deployed app has it somewhere, or a snapshot holds data of it, is a
//! typing error, a disk that is not mounted or data that is lost; an app that is started on an empty directory instead
//! looks healthy. So it is refused unless it was asked for by name. Looks only.

use std::path::{Path, PathBuf};

use crate::configured::configured_path;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{DeploySpec, Observation};
use reforge_config::{Config, Volume, Workload};
use reforge_snapshots::store::Store;
use reforge_transaction::deployments::Deployments;
use reforge_volumes::ambient;

/// What is known of the app's volumes.
pub(super) struct Known<'a> {
    pub record: Deployments,
    pub observed: Observation,
    pub snapshots: &'a Store,
}

/// Refuses everything that must not be made, at once. `wanted` are the volumes that an empty directory was asked for;
/// `known` is asked only if something is missing.
pub(super) fn check<'a>(
    config: &Config,
    workload: &Workload,
    wanted: &[String],
    known: impl FnOnce() -> Result<Known<'a>>,
) -> Result<()> {
    if let Some(unknown) = wanted.iter().find(|name| workload.volumes.iter().all(|volume| volume.name != **name)) {
        let (name, id) = (escape::text(unknown), escape::text(&workload.id));
        return Err(Failure::new(Code::Usage, message!("has-no-volume", id, name))
            .hint(message!("reforge-workload-show-names-its-volumes")));
    }
    let asked_for = |volume: &Volume| wanted.contains(&volume.name);
    let volumes = workload.volumes.iter().filter(|volume| !asked_for(volume));
    let missing: Vec<_> = volumes.filter_map(|volume| missing(config, workload, volume)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let known = known()?;
    let mut refusals = Vec::new();
    for (volume, path) in missing {
        refusals.extend(had(workload, volume, &known)?.map(|why| refused(workload, volume, &path, &why)));
    }
    Failure::of_all(&refusals).map_or(Ok(()), Err)
}

/// What cannot be looked at is refused, and said, when it is resolved.
fn missing<'a>(config: &Config, workload: &Workload, volume: &'a Volume) -> Option<(&'a Volume, PathBuf)> {
    let path = configured_path(config, workload, volume)?;
    let is_missing = ambient::look(&path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
    is_missing.then_some((volume, path))
}

/// Where the volume was, or which snapshot holds it.
fn had(workload: &Workload, volume: &Volume, known: &Known<'_>) -> Result<Option<Message>> {
    let deployed = [known.observed.spec.as_ref(), known.record.current.as_ref(), known.record.previous.as_ref()];
    let mounts = deployed.into_iter().flatten().flat_map(|spec: &DeploySpec| &spec.mounts);
    if let Some(mount) = mounts.into_iter().find(|mount| mount.volume == volume.name) {
        return Ok(Some(message!("the-deployed-app-has-it-at", live = escape::path(&mount.live))));
    }
    for snapshot in known.snapshots.list(&workload.id)? {
        // A damaged one says nothing, and is told elsewhere.
        let Ok(descriptor) = snapshot.descriptor else { continue };
        let held = descriptor.manifest.volumes.iter().zip(&descriptor.volumes);
        let held = held.filter(|(named, _)| named.name == volume.name).map(|(_, totals)| totals);
        if held.into_iter().any(|totals| totals.entries > 1) {
            return Ok(Some(message!("snapshot-holds-data-of-it", id = snapshot.id)));
        }
    }
    Ok(None)
}

fn refused(workload: &Workload, volume: &Volume, path: &Path, why: &Message) -> Failure {
    let (id, name) = (escape::text(&workload.id), escape::text(&volume.name));
    let message = message!("volume-of-has-no-directory-and", name, id, path = escape::path(path), why);
    Failure::new(Code::VolumeRefused, message).hint(message!("correct-its-source-mount-its-disk", id, name))
}
