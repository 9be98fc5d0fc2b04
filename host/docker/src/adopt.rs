//! Taking over a container that runs already, whoever created it: what it is, and which of its mounts become volumes.
//!
//! The container itself is not touched: it is known by its id, and another by its name if that was created with the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bollard::models::MountPoint;

use super::client::Client;
use super::container::{self, Found};
use super::defined::define;
use super::engine_volumes;
use super::image_defaults::ImageDefaults;
use super::off_limits::OffLimits;
use super::record::{Adopted, Record};
use super::{DockerRuntime, controllers, engines, labels, request, survey};
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{DeploySpec, Mount};

/// Labels of Compose: whose project and service it is.
const COMPOSE: [&str; 2] = ["com.docker.compose.project", "com.docker.compose.service"];

/// What a container would be as a workload.
#[derive(Clone, Debug)]
pub struct Adoption {
    pub container: String,
    /// What it was created with beyond what its image says, and without its environment, which stays with it; its mounts
    /// are the volumes.
    pub spec: DeploySpec,
    /// Volumes of the engine that are no directories of this machine or have no name: they stay with it and are never captured.
    pub left: Vec<String>,
    /// Project and service, if Compose created it.
    pub compose: Option<(String, String)>,
    /// What will stand in the way of a restore.
    pub obstacles: Vec<Failure>,
    /// What it can write to of this machine and is no directory of its own: that stays mounted and is never captured.
    pub barred: Vec<Barred>,
    /// The engine's version, as it says it.
    pub engine: String,
    record: Adopted,
}

/// A directory of the machine or of the engine that a container has, or a single file.
#[derive(Clone, Debug)]
pub struct Barred {
    pub source: PathBuf,
    pub target: PathBuf,
    pub why: Message,
}

/// Looks at it. Changes nothing.
pub(crate) fn look(runtime: &DockerRuntime, name: &str, workload: &str) -> Result<Adoption> {
    let client = Client::open(&runtime.socket)?;
    engines::refusal(&client)?.map_or(Ok(()), Err)?;
    let shown = escape::text(name);
    let found = container::inspect(&client, name)?.ok_or_else(|| {
        Failure::new(Code::NotFound, message!("there-is-no-container", shown)).hint(message!("see-docker-ps-all"))
    })?;
    if let Some(owner) = found.labels().get(labels::WORKLOAD) {
        let message = message!("the-container-is-workload-already", shown = found.shown(), owner = escape::text(owner));
        return Err(Failure::new(Code::Usage, message).hint(message!("see-reforge-workload-list")));
    }
    if let Some(refusal) = controllers::of_own(&found) {
        return Err(refusal);
    }
    let limits = OffLimits::of(&client)?;
    let (volumes, barred) = volumes(&client, &found, &limits)?;
    if volumes.is_empty() {
        let message = match barred.first() {
            Some(Barred { source, why, .. }) => {
                message!(
                    "the-container-has-only-the-machines",
                    shown = found.shown(),
                    source = escape::path(source),
                    why
                )
            }
            None => message!("the-container-has-no-directory", shown = found.shown()),
        };
        return Err(Failure::new(Code::PolicyRefused, message).hint(message!("only-bound-directories-are-captured")));
    }
    let mut spec = request::spec_of(workload, &found)?;
    let targets: BTreeMap<String, PathBuf> =
        volumes.values().map(|mount| (mount.volume.clone(), mount.target.clone())).collect();
    spec.mounts = volumes.into_values().collect();
    strip_volumes(&mut spec);
    ImageDefaults::of(&client, &found)?.strip(&mut spec);
    let points = found.inspect.mounts.iter().flatten();
    let is_volume = |point: &&MountPoint| {
        let target = point.destination.as_deref().map(Path::new);
        targets.values().any(|volume| Some(volume.as_path()) == target)
    };
    let is_captured = |point: &MountPoint| {
        spec.mounts.iter().any(|mount| mount.engine_volume.is_some() && mount.engine_volume == point.name)
    };
    let left =
        points.filter(|point| point.typ.as_deref() == Some("volume") && !is_volume(point) && !is_captured(point));
    let compose = COMPOSE.map(|label| found.labels().get(label).cloned());
    Ok(Adoption {
        container: found.shown(),
        left: left.filter_map(|point| point.destination.clone()).collect(),
        compose: compose[0].clone().zip(compose[1].clone()),
        barred,
        engine: limits.version,
        obstacles: survey::leaves(&found).into_iter().collect(),
        record: Adopted {
            id: found.id.clone(),
            name: found.name.clone(),
            volumes: targets,
            definition: Some(define(&client, &found)?),
        },
        spec,
    })
}

/// Writes down whose it is from now on. The caller holds the workload's lease.
pub(crate) fn take(runtime: &DockerRuntime, adoption: &Adoption) -> Result<()> {
    let workload = &adoption.spec.workload;
    let mut record = Record::read(&runtime.records, workload)?;
    record.adopted = Some(adoption.record.clone());
    record.write(&runtime.records, workload)
}

/// Takes over what has come in the place of the container that the workload was, as it is now. `volumes` are the workload's,
/// by name, with where they are and where the app sees them. The caller holds the workload's lease.
pub(crate) fn take_again(runtime: &DockerRuntime, adoption: &Adoption, volumes: &[Mount]) -> Result<()> {
    let workload = &adoption.spec.workload;
    let client = Client::open(&runtime.socket)?;
    let mut record = Record::read(&runtime.records, workload)?;
    let known = record.adopted.as_ref().filter(|known| known.id != adoption.record.id);
    let is_gone = |known: &Adopted| Ok::<_, Failure>(container::inspect(&client, &known.id)?.is_none());
    if !known.map_or(Ok(false), is_gone)? {
        let owner = escape::text(workload);
        let message = message!("there-is-a-workload-of-that-name", owner);
        return Err(Failure::new(Code::Usage, message).hint(message!("adopt-under-another-id")));
    }
    let mut named = BTreeMap::new();
    for mount in &adoption.spec.mounts {
        let target = escape::path(&mount.target);
        let Some(volume) = volumes.iter().find(|volume| volume.target == mount.target) else { continue };
        if volume.live != mount.live {
            let (configured, deployed) = (escape::path(&volume.live), escape::path(&mount.live));
            let message = message!("the-configuration-has-another-directory", target, configured, deployed);
            return Err(
                Failure::new(Code::VolumeRefused, message).hint(message!("correct-its-source-then-adopt-again"))
            );
        }
        named.insert(volume.volume.clone(), volume.target.clone());
    }
    if let Some(missing) = volumes.iter().find(|volume| !named.contains_key(&volume.volume)) {
        let (target, volume) = (escape::path(&missing.target), escape::text(&missing.volume));
        let message = message!("the-container-has-nothing-at", shown = adoption.container, target, volume);
        return Err(Failure::new(Code::VolumeRefused, message).hint(message!("take-the-volume-out-then-adopt-again")));
    }
    record.adopted = Some(Adopted { volumes: named, ..adoption.record.clone() });
    record.write(&runtime.records, workload)
}

/// Undoes [`take`].
pub(crate) fn give_back(runtime: &DockerRuntime, adoption: &Adoption) -> Result<()> {
    let workload = &adoption.spec.workload;
    let record = Record { adopted: None, ..Record::read(&runtime.records, workload)? };
    record.write(&runtime.records, workload)
}

/// Writes down that nothing is adopted any more. Answers whether anything was.
pub(crate) fn forget(runtime: &DockerRuntime, workload: &str) -> Result<bool> {
    let record = Record::read(&runtime.records, workload)?;
    let was_adopted = record.adopted.is_some();
    if was_adopted {
        Record { adopted: None, ..record }.write(&runtime.records, workload)?;
    }
    Ok(was_adopted)
}

/// Whether it is written down as that workload's.
pub(crate) fn is_taken(runtime: &DockerRuntime, adoption: &Adoption, workload: &str) -> Result<bool> {
    let record = Record::read(&runtime.records, workload)?;
    Ok(record.adopted.is_some_and(|adopted| adopted.id == adoption.record.id))
}

/// Directories of this machine that it can write to, those of the engine's named volumes too, by a name made from where it
/// sees them; and those that are no app's own.
fn volumes(client: &Client, found: &Found, limits: &OffLimits) -> Result<(BTreeMap<String, Mount>, Vec<Barred>)> {
    let (mut volumes, mut barred) = (BTreeMap::new(), Vec::new());
    let mut points: Vec<&MountPoint> =
        found.inspect.mounts.iter().flatten().filter(|point| point.rw != Some(false)).collect();
    points.sort_by(|one, other| one.destination.cmp(&other.destination));
    let mut taken = BTreeSet::new();
    for point in points {
        let Some(target) = &point.destination else { continue };
        let (source, named) = match (point.typ.as_deref(), &point.name, &point.source) {
            (Some("bind"), _, Some(source)) => (PathBuf::from(source), None),
            (Some("volume"), Some(name), _) if !is_part(found, target) => match engine_volumes::look(client, name)? {
                Some(volume) if volume.is_volume() => (volume.path, Some(name.clone())),
                _ => continue,
            },
            _ => continue,
        };
        let no_directory = || (!source.is_dir()).then(|| message!("it-is-no-directory"));
        if let Some(why) = limits.why(&source).or_else(no_directory) {
            barred.push(Barred { source, target: target.into(), why });
            continue;
        }
        // Two places of one directory are one volume.
        if !taken.insert(source.canonicalize().unwrap_or_else(|_| source.clone())) {
            continue;
        }
        let name = name_of(target);
        let name = (1..).map(|n| if n == 1 { name.clone() } else { format!("{name}-{n}") });
        if let Some(free) = name.into_iter().find(|name| !volumes.contains_key(name)) {
            volumes.insert(free.clone(), Mount::new(free, source, target).with_engine_volume(named));
        }
    }
    Ok((volumes, barred))
}

/// Whether it sees only a part of a volume at a place: a mount by the volume's name would show it all.
fn is_part(found: &Found, target: &str) -> bool {
    let mounts = found.inspect.host_config.iter().filter_map(|host| host.mounts.as_ref()).flatten();
    let subpath = |mount: &bollard::models::Mount| mount.volume_options.as_ref()?.subpath.clone();
    mounts.filter(|mount| mount.target.as_deref() == Some(target)).any(|mount| subpath(mount).is_some())
}

/// The last component of a path as a name that the configuration takes.
fn name_of(target: &str) -> String {
    let last = target.rsplit('/').find(|part| !part.is_empty()).unwrap_or("data").to_lowercase();
    let plain: String = last.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    let plain = plain.trim_matches('-');
    if plain.is_empty() {
        "data".to_owned()
    } else {
        plain.chars().take(32).collect::<String>().trim_end_matches('-').to_owned()
    }
}

/// The request names every mount; those that are volumes are bound as such.
fn strip_volumes(spec: &mut DeploySpec) {
    let targets: Vec<String> = spec.mounts.iter().map(|mount| mount.target.to_string_lossy().into_owned()).collect();
    let host = spec.container.request.get_mut("HostConfig").and_then(|host| host.as_object_mut());
    if let Some(mounts) = host.and_then(|host| host.get_mut("Mounts")).and_then(|mounts| mounts.as_array_mut()) {
        mounts.retain(|mount| !targets.iter().any(|target| mount["Target"] == target.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_called_by_where_the_app_sees_it() {
        for (target, name) in [
            ("/var/lib/postgresql/data", "data"),
            ("/Config/", "config"),
            ("/", "data"),
            ("/srv/..", "data"),
            ("/srv/my files", "my-files"),
        ] {
            assert_eq!(name_of(target), name, "{target}");
        }
    }
}
