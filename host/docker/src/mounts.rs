//! What a container sees of this machine: our volumes, and what it had besides them.
//!
//! Everything is a mount of its own (`--mount`), never a bind of the `-v` kind: those make an empty directory where the
//! source is missing. Named and anonymous volumes of a container that is replaced go to its successor.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bollard::models::{
    Mount as EngineMount, MountBindOptions, MountBindOptionsPropagationEnum as Propagation, MountPoint, MountType,
    MountVolumeOptions,
};

use super::client::Client;
use super::container::Found;
use super::engine_volumes;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{DeploySpec, Mount};

/// Our volumes: a directory is bound, and what the engine has a name for stays a mount by that name. With `keep_empty` the
/// engine fills no empty volume with what the image has there: what was restored is what was captured.
pub(crate) fn of_volumes(spec: &DeploySpec, keep_empty: bool) -> Result<Vec<EngineMount>> {
    let text = |path: &std::path::Path| {
        path.to_str().map(str::to_owned).ok_or_else(|| {
            let message = message!("is-not-utf-8", path = escape::path(path));
            Failure::new(Code::VolumeRefused, message)
        })
    };
    let mounted = |mount: &Mount| {
        if let Some(name) = &mount.engine_volume {
            return Ok(EngineMount {
                typ: Some(MountType::VOLUME),
                source: Some(name.clone()),
                target: Some(text(&mount.target)?),
                volume_options: keep_empty
                    .then(|| MountVolumeOptions { no_copy: Some(true), ..MountVolumeOptions::default() }),
                ..Default::default()
            });
        }
        Ok(EngineMount {
            typ: Some(MountType::BIND),
            source: Some(text(&mount.live)?),
            target: Some(text(&mount.target)?),
            ..Default::default()
        })
    };
    spec.mounts.iter().map(mounted).collect()
}

/// What a container has at places that are not taken yet: its volumes, or with `all` its binds and the rest, too. Sorted:
/// the engine lists them in another order each time, and a plan that differs for nothing is refused.
pub(crate) fn inherited(found: &Found, taken: &[EngineMount], all: bool) -> Vec<EngineMount> {
    let taken: BTreeSet<&str> = taken.iter().filter_map(|mount| mount.target.as_deref()).collect();
    let points = found.inspect.mounts.iter().flatten();
    let free = points.filter(|point| point.destination.as_deref().is_some_and(|target| !taken.contains(target)));
    let mut inherited: Vec<EngineMount> = free.filter_map(|point| again(point, all)).collect();
    inherited.sort_by(|one, other| one.target.cmp(&other.target));
    inherited
}

/// The same mount for another container.
fn again(point: &MountPoint, all: bool) -> Option<EngineMount> {
    let mount = |typ, source: &Option<String>| EngineMount {
        typ: Some(typ),
        source: source.clone(),
        target: point.destination.clone(),
        read_only: Some(!point.rw.unwrap_or(true)),
        ..Default::default()
    };
    match point.typ.as_deref() {
        Some("volume") => Some(mount(MountType::VOLUME, &point.name)),
        Some("bind") if all => {
            let propagation = point.propagation.as_deref().and_then(|text| text.parse::<Propagation>().ok());
            let bind_options = Some(MountBindOptions { propagation, ..Default::default() });
            Some(EngineMount { bind_options, ..mount(MountType::BIND, &point.source) })
        }
        _ => None,
    }
}

/// Directories of an adopted container that `spec` no longer says anything of: a line that somebody takes out of a
/// configuration takes no mount from an app that it has had.
pub(crate) fn unsaid(found: &Found, volumes: &BTreeMap<String, PathBuf>, spec: &DeploySpec) -> Vec<EngineMount> {
    let is_unsaid = |name: &String| spec.mounts.iter().all(|mount| mount.volume != *name);
    let targets: BTreeSet<&str> =
        volumes.iter().filter(|(name, _)| is_unsaid(name)).filter_map(|(_, target)| target.to_str()).collect();
    let all = inherited(found, &[], true).into_iter();
    all.filter(|mount| mount.target.as_deref().is_some_and(|target| targets.contains(target))).collect()
}

/// The volumes of an adopted container: what it has mounted where it sees them.
pub(crate) fn volumes_of(client: &Client, found: &Found, volumes: &BTreeMap<String, PathBuf>) -> Result<Vec<Mount>> {
    let mut mounts = Vec::new();
    for (volume, target) in volumes {
        let mut points = found.inspect.mounts.iter().flatten();
        let is_there = |point: &&MountPoint| point.destination.as_deref().map(Path::new) == Some(target);
        let Some(point) = points.find(is_there) else { continue };
        let Some(source) = engine_volumes::source(client, point)? else { continue };
        let named = point.name.clone().filter(|_| point.typ.as_deref() == Some("volume"));
        mounts.push(Mount::new(volume, source, target).with_engine_volume(named));
    }
    Ok(mounts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_mounts(points: &[&str]) -> Found {
        let point = |target: &&str| serde_json::json!({ "Type": "volume", "Name": "v", "Destination": target });
        let inspect = serde_json::json!({ "Mounts": points.iter().map(point).collect::<Vec<_>>() });
        Found {
            id: String::new(),
            name: String::new(),
            own_name: String::new(),
            created: jiff::Timestamp::UNIX_EPOCH,
            inspect: serde_json::from_value(inspect).unwrap(),
        }
    }

    #[test]
    fn what_is_inherited_does_not_depend_on_the_order_in_which_the_engine_says_it() {
        let one = inherited(&with_mounts(&["/a", "/b", "/c"]), &[], true);
        let other = inherited(&with_mounts(&["/c", "/a", "/b"]), &[], true);
        assert_eq!((one.len(), &one), (3, &other));
    }
}
