//! What a container sees of this machine: our volumes, and what it had besides them.
//!
//! Everything is a mount of its own (`--mount`), never a bind of the `-v` kind: those make an empty directory where the
//! source is missing. Named and anonymous volumes of a container that is replaced go to its successor.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use bollard::models::{
    Mount as EngineMount, MountBindOptions, MountBindOptionsPropagationEnum as Propagation, MountPoint, MountType,
};

use super::container::Found;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{DeploySpec, Mount};

/// Our volumes.
pub(crate) fn of_volumes(spec: &DeploySpec) -> Result<Vec<EngineMount>> {
    let text = |path: &std::path::Path| {
        path.to_str().map(str::to_owned).ok_or_else(|| {
            let message = message!("is-not-utf-8", path = escape::path(path));
            Failure::new(Code::VolumeRefused, message)
        })
    };
    let bind = |mount: &Mount| {
        Ok(EngineMount {
            typ: Some(MountType::BIND),
            source: Some(text(&mount.live)?),
            target: Some(text(&mount.target)?),
            ..Default::default()
        })
    };
    spec.mounts.iter().map(bind).collect()
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

/// The volumes of an adopted container: what it has mounted where it sees them.
pub(crate) fn volumes_of(found: &Found, volumes: &BTreeMap<String, PathBuf>) -> Vec<Mount> {
    let source = |target: &PathBuf| {
        let points = found.inspect.mounts.iter().flatten();
        let point =
            points.into_iter().find(|point| point.destination.as_deref().map(std::path::Path::new) == Some(target));
        point.and_then(|point| point.source.as_ref()).map(PathBuf::from)
    };
    let mount = |(volume, target): (&String, &PathBuf)| Some(Mount::new(volume, source(target)?, target));
    volumes.iter().filter_map(mount).collect()
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
