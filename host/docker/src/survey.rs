//! For the plan: every other container that has a volume, whatever it is doing, what a recreation would lose, and what it
//! could not have.
//!
//! A container that is stopped today may be started while trees move, so it counts like one that runs. Where a mount
//! leads is compared by path, by identity and by its place in the file system, as volumes are; what cannot be compared
//! counts as a meeting. Looks only.

use std::collections::HashMap;
use std::path::PathBuf;

use bollard::models::{MountPoint, MountType};
use bollard::query_parameters::ListContainersOptions;

use super::client::Client;
use super::container::{self, Found};
use super::{DockerRuntime, changes, controllers, engines, kept};
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::mounts::{Location, MountTable};
use reforge_runtime::Survey;

/// See [`reforge_runtime::Runtime::survey`].
pub(crate) fn survey(
    runtime: &DockerRuntime,
    workload: &str,
    allowed: &[String],
    live: &[(String, PathBuf)],
) -> Result<Survey> {
    let view = runtime.view(workload)?;
    let mut survey = others_who_have(&view.client, &view.found, allowed, live)?;
    survey.refusals.extend(view.unsyncable());
    if let Some(current) = view.current() {
        survey.refusals.extend(controllers::of_own(current));
        survey.warnings.extend(view.followed()?);
        // One that is stopped is not started.
        let runs = current.app_state()?.should_run();
        if !current.is_ours() {
            survey.refusals.extend(engines::refusal(&view.client)?);
            survey.refusals.extend(leaves(current));
            if runs {
                survey.refusals.extend(view.unmet_again(current)?);
            }
        } else {
            survey.warnings.extend(changes::warning(&view.client, current)?);
            if runs {
                survey.refusals.extend(view.unmet(&view.spec_of(current)?)?);
            }
        }
    }
    survey.warnings.extend(kept::beside(&view));
    let up: Vec<String> = view.found.iter().filter(|found| found.is_up()).map(Found::shown).collect();
    if up.len() > 1 {
        let message = message!("runs-more-than-once", workload = escape::text(workload), up = up.join(", "));
        survey
            .warnings
            .push(Failure::warning("runs-more-than-once", message).hint(message!("all-are-stopped-and-the-newest")));
    }
    Ok(survey)
}

/// Who else has one of the volumes: every container but the workload's own, and every service.
pub(crate) fn others_who_have(
    client: &Client,
    own: &[Found],
    allowed: &[String],
    live: &[(String, PathBuf)],
) -> Result<Survey> {
    let mut look =
        Look { client, lives: Lives::locate(live)?, allowed, devices: HashMap::new(), survey: Survey::default() };
    for other in others(client, own)? {
        look.at_container(&other)?;
    }
    look.at_services()?;
    Ok(look.survey)
}

/// What removes itself when it stops cannot be started again.
pub(crate) fn leaves(found: &Found) -> Option<Failure> {
    found.removes_itself().then(|| {
        let message = message!("the-container-removes-itself", shown = found.shown());
        Failure::new(Code::PolicyRefused, message).hint(message!("create-it-without-rm"))
    })
}

/// Every container on the engine that is not the workload's.
fn others(client: &Client, own: &[Found]) -> Result<Vec<Found>> {
    let options = ListContainersOptions { all: true, ..Default::default() };
    let listed = client
        .ask(|docker| docker.list_containers(Some(options)))
        .map_err(client.failed(message!("list-all-containers")))?;
    let ids = listed.into_iter().filter_map(|summary| summary.id);
    let foreign = ids.filter(|id| own.iter().all(|found| found.id != *id));
    foreign.filter_map(|id| container::inspect(client, &id).transpose()).collect()
}

/// The volumes and where they are.
pub(crate) struct Lives<'a> {
    lives: Vec<(&'a str, Location)>,
    mounts: MountTable,
}

impl<'a> Lives<'a> {
    pub(crate) fn locate(live: &'a [(String, PathBuf)]) -> Result<Lives<'a>> {
        let mounts = MountTable::read()?;
        let located = live.iter().map(|(name, path)| Ok((name.as_str(), Location::of(path, &mounts)?)));
        Ok(Lives { lives: located.collect::<Result<_>>()?, mounts })
    }

    /// Which of these directories meets a volume, in words.
    pub(crate) fn met<'b>(&self, sources: impl Iterator<Item = &'b str>) -> Option<Message> {
        let meets = |source: &str| {
            let relation = self.meeting(source)?;
            Some(message!("which-meets", source = escape::text(source), relation))
        };
        sources.filter(|source| source.starts_with('/')).find_map(meets)
    }

    /// How a path of this machine meets which volume.
    fn meeting(&self, path: &str) -> Option<Message> {
        let there = match Location::of(path.as_ref(), &self.mounts) {
            Ok(there) => there,
            Err(failure) => {
                let (volume, _) = self.lives.first()?;
                return Some(message!("cannot-be-compared-with-volume", failure, volume));
            }
        };
        let relation =
            |(volume, here): &(&'a str, Location)| Some(there.relation(here)?.to(&message!("the-volume", volume)));
        self.lives.iter().find_map(relation)
    }
}

/// One pass over what the engine has.
struct Look<'a> {
    client: &'a Client,
    lives: Lives<'a>,
    allowed: &'a [String],
    /// Directories of this machine that named volumes stand for, by the volume's name.
    devices: HashMap<String, Option<String>>,
    survey: Survey,
}

impl Look<'_> {
    fn at_container(&mut self, other: &Found) -> Result<()> {
        for point in other.inspect.mounts.iter().flatten() {
            let device = self.device(point)?;
            let sources = point.source.iter().chain(&device).map(String::as_str);
            let Some(met) = self.lives.met(sources) else { continue };
            let shown = other.shown();
            let controller = controllers::of(other);
            let who = match &controller {
                Some(controller) => message!("the-container-of", shown, controller),
                None => message!("the-container", shown),
            };
            let has = Has { who, is_up: other.is_up(), met };
            match (point.rw == Some(false), controller) {
                (true, _) => self.survey.warnings.push(has.read_only()),
                (false, Some(_)) => self.survey.refusals.push(has.controlled()),
                (false, None) if self.allowed.contains(&other.name) => self.survey.warnings.push(has.allowed()),
                (false, None) => self.survey.refusals.push(has.read_write()),
            }
        }
        Ok(())
    }

    /// Services may have no container on this machine right now, and get one in the next second.
    fn at_services(&mut self) -> Result<()> {
        for (name, mounts) in controllers::services(self.client)? {
            for mount in mounts {
                let made_for =
                    mount.volume_options.and_then(|options| options.driver_config?.options?.remove("device"));
                let known = match (mount.typ, &mount.source) {
                    (Some(MountType::VOLUME), Some(volume)) => self.device_of(volume)?,
                    _ => None,
                };
                let sources = mount.source.iter().chain(&made_for).chain(&known).map(String::as_str);
                let Some(met) = self.lives.met(sources) else { continue };
                let who = message!("the-swarm-service", name = escape::text(&name));
                let has = Has { who, is_up: true, met };
                match mount.read_only {
                    Some(true) => self.survey.warnings.push(has.read_only()),
                    _ => self.survey.refusals.push(has.controlled()),
                }
            }
        }
        Ok(())
    }

    fn device(&mut self, point: &MountPoint) -> Result<Option<String>> {
        match (point.typ.as_deref(), &point.name) {
            (Some("volume"), Some(name)) => self.device_of(name),
            _ => Ok(None),
        }
    }

    /// The directory that a named volume stands for, if it was made for one (`-o device=…`).
    fn device_of(&mut self, name: &str) -> Result<Option<String>> {
        if let Some(known) = self.devices.get(name) {
            return Ok(known.clone());
        }
        let device = match self.client.ask(|docker| docker.inspect_volume(name)) {
            Ok(volume) => volume.options.get("device").cloned(),
            Err(error) if error.is_gone() => None,
            Err(error) => {
                return Err(self.client.failed(message!("look-at-the-volume", name = escape::text(name)))(error));
            }
        };
        self.devices.insert(name.to_owned(), device.clone());
        Ok(device)
    }
}

/// Something else than the workload that has a directory which meets a volume.
struct Has {
    who: Message,
    is_up: bool,
    met: Message,
}

impl Has {
    fn read_write(&self) -> Failure {
        Failure::new(Code::VolumeRefused, self.writes()).hint(message!("remove-that-container-or-take"))
    }

    fn controlled(&self) -> Failure {
        let Has { who, is_up, met } = self;
        let message = match is_up {
            true => message!("has-read-write-and-its-controller-starts", who, met),
            false => message!("is-stopped-and-has-read-write-and-its-controller-starts", who, met),
        };
        Failure::new(Code::VolumeRefused, message).hint(message!("take-the-volume-away"))
    }

    fn allowed(&self) -> Failure {
        Failure::warning("shared-volume", self.writes()).hint(message!("allow-containers-names-it"))
    }

    fn read_only(&self) -> Failure {
        let Has { who, is_up, met } = self;
        let message = match is_up {
            true => message!("has-read-only", who, met),
            false => message!("is-stopped-and-has-read-only", who, met),
        };
        Failure::warning("read-by-another", message).hint(message!("while-it-runs-it-goes"))
    }

    fn writes(&self) -> Message {
        let Has { who, is_up, met } = self;
        match is_up {
            true => message!("has-read-write", who, met),
            false => message!("is-stopped-and-has-read-write", who, met),
        }
    }
}
