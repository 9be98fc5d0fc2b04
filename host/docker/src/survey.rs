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
use super::{DockerRuntime, changes, controllers};
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
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
    let mut look = Look {
        client: &view.client,
        lives: Lives::locate(live)?,
        allowed,
        devices: HashMap::new(),
        survey: Survey::default(),
    };
    for other in others(&view.client, &view.found)? {
        look.at_container(&other)?;
    }
    look.at_services()?;
    let mut survey = look.survey;
    if let Some(current) = view.current() {
        survey.refusals.extend(controllers::of_own(current));
        survey.warnings.extend(changes::warning(&view.client, current)?);
        // One that is stopped is not started.
        if current.app_state()?.should_run() {
            survey.refusals.extend(view.unmet(&view.spec_of(current)?)?);
        }
    }
    let up: Vec<String> = view.found.iter().filter(|found| found.is_up()).map(Found::shown).collect();
    if up.len() > 1 {
        let message = format!("`{}` runs more than once: {}", escape::text(workload), up.join(", "));
        survey.warnings.push(
            Failure::warning("runs-more-than-once", message).hint("all are stopped, and the newest alone comes back"),
        );
    }
    Ok(survey)
}

/// Every container on the engine that is not the workload's.
fn others(client: &Client, own: &[Found]) -> Result<Vec<Found>> {
    let options = ListContainersOptions { all: true, ..Default::default() };
    let listed =
        client.ask(|docker| docker.list_containers(Some(options))).map_err(client.failed("list all containers"))?;
    let ids = listed.into_iter().filter_map(|summary| summary.id);
    let foreign = ids.filter(|id| own.iter().all(|found| found.id != *id));
    foreign.filter_map(|id| container::inspect(client, &id).transpose()).collect()
}

/// The volumes and where they are.
struct Lives<'a> {
    lives: Vec<(&'a str, Location)>,
    mounts: MountTable,
}

impl<'a> Lives<'a> {
    fn locate(live: &'a [(String, PathBuf)]) -> Result<Lives<'a>> {
        let mounts = MountTable::read()?;
        let located = live.iter().map(|(name, path)| Ok((name.as_str(), Location::of(path, &mounts)?)));
        Ok(Lives { lives: located.collect::<Result<_>>()?, mounts })
    }

    /// How a path of this machine meets which volume.
    fn meeting(&self, path: &str) -> Option<(&'a str, String)> {
        let there = match Location::of(path.as_ref(), &self.mounts) {
            Ok(there) => there,
            Err(failure) => {
                let (first, _) = self.lives.first()?;
                return Some((first, format!("cannot be compared with ({})", failure.message)));
            }
        };
        let relation = |(name, here): &(&'a str, Location)| Some((*name, there.relation(here)?.to_owned()));
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
            let Some(met) = self.meeting(point.source.iter().cloned().chain(device)) else { continue };
            let doing = if other.is_up() { "has" } else { "is stopped and has" };
            let who = match controllers::of(other) {
                Some(controller) => format!("the container {} of {controller}", other.shown()),
                None => format!("the container {}", other.shown()),
            };
            match (point.rw == Some(false), controllers::of(other)) {
                (true, _) => self.survey.warnings.push(read_only(&format!("{who} {doing}"), &met)),
                (false, Some(_)) => self.survey.refusals.push(controlled(&format!("{who} {doing}"), &met)),
                (false, None) if self.allowed.contains(&other.name) => {
                    self.survey.warnings.push(allowed(&format!("{who} {doing}"), &met));
                }
                (false, None) => self.survey.refusals.push(read_write(&format!("{who} {doing}"), &met)),
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
                let Some(met) = self.meeting(mount.source.into_iter().chain(made_for).chain(known)) else { continue };
                let who = format!("the swarm service `{}` has", escape::text(&name));
                match mount.read_only {
                    Some(true) => self.survey.warnings.push(read_only(&who, &met)),
                    _ => self.survey.refusals.push(controlled(&who, &met)),
                }
            }
        }
        Ok(())
    }

    /// Which of these directories meets a volume, in words.
    fn meeting(&self, sources: impl Iterator<Item = String>) -> Option<String> {
        sources.filter(|source| source.starts_with('/')).find_map(|source| {
            let (volume, relation) = self.lives.meeting(&source)?;
            Some(format!("`{}`, which {relation} volume `{volume}`", escape::text(&source)))
        })
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
                return Err(self.client.failed(format!("look at the volume `{}`", escape::text(name)))(error));
            }
        };
        self.devices.insert(name.to_owned(), device.clone());
        Ok(device)
    }
}

fn read_write(who: &str, met: &str) -> Failure {
    Failure::new(Code::VolumeRefused, format!("{who} {met}, read-write"))
        .hint("remove that container, or take its mount away; or name it in `allow_containers` and keep it stopped")
}

fn controlled(who: &str, met: &str) -> Failure {
    Failure::new(Code::VolumeRefused, format!("{who} {met}, read-write, and its controller starts it again"))
        .hint("take the volume away from it first: what its controller does cannot be held back")
}

fn allowed(who: &str, met: &str) -> Failure {
    Failure::warning("shared-volume", format!("{who} {met}, read-write")).hint("`allow_containers` names it")
}

fn read_only(who: &str, met: &str) -> Failure {
    Failure::warning("read-by-another", format!("{who} {met}, read-only"))
        .hint("while it runs it goes on seeing the previous data: start it again after the restore")
}
