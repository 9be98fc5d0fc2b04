//! What of this machine the members see: directories that can be volumes, and what cannot, with the reason.
//!
//! A volume of the engine's `local` driver is a directory of this machine: `_data` in its own directory, or the one that it
//! stands for (`type=none,o=bind`). Two places of one directory are one volume.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bollard::models::MountPoint;

use super::place;
use super::unit::Unit;
use crate::client::Client;
use crate::container::Found;
use crate::engine_volumes::{self, EngineVolume};
use crate::off_limits::OffLimits;
use reforge_base::failure::Result;
use reforge_base::not_captured::{NotCaptured, WhyNot};
use reforge_volumes::identity::Identity;

/// All members' together.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnitMounts {
    pub directories: Vec<UnitDirectory>,
    pub not_captured: Vec<NotCaptured>,
}

/// A directory that members may write to.
#[derive(Clone, Debug)]
pub(crate) struct UnitDirectory {
    pub source: PathBuf,
    /// Where members see it, in order.
    pub places: Vec<String>,
    /// The engine's volume, if it is one.
    pub engine_volume: Option<String>,
    /// Members that see it, by their numbers in the unit, and where each does.
    pub seen_by: Vec<(usize, PathBuf)>,
}

/// A directory that one container sees.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    pub target: PathBuf,
    pub source: PathBuf,
    pub engine_volume: Option<String>,
    pub writable: bool,
}

/// What the members of a project have.
pub(crate) fn of(client: &Client, unit: &Unit) -> Result<UnitMounts> {
    let mut volumes = Volumes { client, limits: Some(OffLimits::of(client)?), known: BTreeMap::new() };
    let mut all = UnitMounts::default();
    for (number, member) in unit.members.iter().enumerate() {
        for point in member.found.inspect.mounts.iter().flatten() {
            let place = place(&member.service, point.destination.as_deref().unwrap_or_default());
            match volumes.directory(point, &place)? {
                Ok(directory) if directory.writable => all.add(directory, place, number),
                Ok(directory) => all.leave(NotCaptured::new(place, shown(&directory.source), WhyNot::ReadOnly)),
                Err(left) => all.leave(left),
            }
        }
        for target in tmpfs(&member.found) {
            all.leave(NotCaptured::new(place(&member.service, &target), "tmpfs", WhyNot::InMemory));
        }
    }
    all.directories.sort_by(|one, other| one.places.cmp(&other.places));
    all.not_captured.sort();
    Ok(all)
}

/// Every directory that a container sees, whoever may write.
pub(crate) fn directories(client: &Client, found: &Found) -> Result<Vec<Directory>> {
    let mut volumes = Volumes { client, limits: None, known: BTreeMap::new() };
    let mut directories = Vec::new();
    for point in found.inspect.mounts.iter().flatten() {
        directories.extend(volumes.directory(point, "")?.ok());
    }
    Ok(directories)
}

impl UnitMounts {
    fn add(&mut self, directory: Directory, place: String, number: usize) {
        let Directory { target, source, engine_volume, .. } = directory;
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let known = self.directories.iter_mut().find(|known| real(&known.source) == real(&source));
        match known {
            Some(known) => {
                known.engine_volume = known.engine_volume.take().or(engine_volume);
                known.seen_by.push((number, target));
                if !known.places.contains(&place) {
                    known.places.push(place);
                    known.places.sort();
                }
            }
            None => self.directories.push(UnitDirectory {
                source,
                places: vec![place],
                engine_volume,
                seen_by: vec![(number, target)],
            }),
        }
    }

    fn leave(&mut self, left: NotCaptured) {
        if !self.not_captured.contains(&left) {
            self.not_captured.push(left);
        }
    }
}

/// The engine's volumes, each asked for once.
struct Volumes<'a> {
    client: &'a Client,
    /// None where everything counts that is a directory.
    limits: Option<OffLimits>,
    known: BTreeMap<String, Option<EngineVolume>>,
}

impl Volumes<'_> {
    /// The directory that a mount leads to, or why there is none that could be captured.
    fn directory(&mut self, point: &MountPoint, place: &str) -> Result<Result<Directory, NotCaptured>> {
        let left = |what: &str, why| Ok(Err(NotCaptured::new(place, what, why)));
        let source = point.source.clone().unwrap_or_default();
        let (source, engine_volume) = match (point.typ.as_deref(), &point.name) {
            (Some("bind"), _) => (PathBuf::from(source), None),
            (Some("volume"), Some(name)) => {
                let Some(volume) = self.volume(name)? else { return left(name, WhyNot::Gone) };
                match &volume.elsewhere {
                    Some((why, detail)) => return Ok(Err(NotCaptured::new(place, name, *why).because_of(detail))),
                    None if !volume.is_named => return left(name, WhyNot::Anonymous),
                    None => (volume.path.clone(), Some(name.clone())),
                }
            }
            (Some("tmpfs"), _) => return left("tmpfs", WhyNot::InMemory),
            (kind, _) => return left(kind.unwrap_or("?"), WhyNot::Other),
        };
        match source.metadata() {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return left(&shown(&source), WhyNot::SingleFile),
            Err(_) => return left(&shown(&source), WhyNot::Gone),
        }
        if self.limits.as_ref().is_some_and(|limits| limits.why(&source).is_some()) {
            return left(&shown(&source), WhyNot::OfTheMachine);
        }
        let target = point.destination.clone().unwrap_or_default().into();
        Ok(Ok(Directory { target, writable: point.rw != Some(false), source, engine_volume }))
    }

    fn volume(&mut self, name: &str) -> Result<Option<&EngineVolume>> {
        if !self.known.contains_key(name) {
            let volume = engine_volumes::look(self.client, name)?;
            self.known.insert(name.to_owned(), volume);
        }
        Ok(self.known.get(name).and_then(Option::as_ref))
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn tmpfs(found: &Found) -> Vec<String> {
    let host = found.inspect.host_config.as_ref();
    let tmpfs = host.and_then(|host| host.tmpfs.as_ref()).into_iter().flatten();
    let mut targets: Vec<String> = tmpfs.map(|(target, _)| target.clone()).collect();
    targets.sort();
    targets
}

impl UnitDirectory {
    /// What members that run see there now.
    pub(crate) fn seen(&self, unit: &Unit) -> Vec<Identity> {
        let given = |(number, target): &(usize, PathBuf)| crate::deployed::given(&unit.members[*number].found, target);
        self.seen_by.iter().filter_map(given).collect()
    }
}
