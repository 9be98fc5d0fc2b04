//! What a snapshot says of a project, for a machine that has none of it yet. It is read off labels and inspection; files are named
//! and not opened.
//!
//! What nothing tells: which files a service has as `env_file`, and which others a Compose file includes or extends; which values
//! came from the environment of whoever called Compose.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bollard::query_parameters::InspectNetworkOptions;

use super::record::Ran;
use super::unit::Member;
use super::{View, needs, program};
use crate::engine_volumes;
use crate::off_limits::OffLimits;
use reforge_base::escape;
use reforge_base::failure::Result;
use reforge_base::message;
use reforge_base::project::{
    FileKind, Project, ProjectFile, ProjectMember, ProjectNeed, ProjectNetwork, ProjectVolume,
};

/// Where Compose mounts secrets.
const SECRETS: &str = "/run/secrets/";
/// Single files from there are the machine's, whatever mounts them.
const OF_THE_MACHINE: [&str; 7] = ["/dev", "/etc", "/proc", "/run", "/sys", "/usr", "/var/run"];
/// Networks that every engine has.
const OF_THE_ENGINE: [&str; 3] = ["bridge", "host", "none"];

/// See [`reforge_runtime::Runtime::project`].
pub(crate) fn of(view: &View<'_>, ask_compose: bool) -> Result<Project> {
    let own = || view.unit.members.iter().filter(|member| member.is_own);
    let profiles = ask_compose.then(|| program::profiles(&view.project, &view.runtime.socket)).flatten();
    Ok(Project {
        name: view.project.name.clone(),
        working_dir: view.project.working_dir.display().to_string(),
        config_files: view.project.config_files.iter().map(|file| file.display().to_string()).collect(),
        profiles,
        compose_version: own().find_map(|member| member.label("version")).map(str::to_owned),
        engine_version: OffLimits::of(&view.client)?.version,
        members: view.in_order(view.project_members()?),
        networks: view.project_networks()?,
        volumes: view.project_volumes()?,
        files: view.project_file_names(),
        ..Project::default()
    })
}

impl View<'_> {
    fn project_members(&self) -> Result<Vec<ProjectMember>> {
        let mut digests: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut members = Vec::new();
        for member in &self.unit.members {
            let image = member.found.image_id().to_owned();
            if !digests.contains_key(&image) {
                // One whose image is gone can be pulled from nowhere.
                let found = self.client.ask(|docker| docker.inspect_image(&image)).ok();
                digests.insert(image.clone(), found.and_then(|found| found.repo_digests).unwrap_or_default());
            }
            members.push(ProjectMember {
                name: member.found.name.clone(),
                service: member.service.clone(),
                number: member.label("container-number").unwrap_or_default().to_owned(),
                state: self.state_of(member),
                image: member.found.image_name().to_owned(),
                repo_digests: digests[&image].clone(),
                image_id: image,
                needs: self.needs_of(member),
            });
        }
        Ok(members)
    }

    /// What it does when nobody holds it down.
    fn state_of(&self, member: &Member) -> String {
        let ran = self.held(&member.found.id).map(|held| held.ran);
        match ran {
            Some(Ran::Running) => "running".to_owned(),
            Some(Ran::Paused) => "paused".to_owned(),
            Some(Ran::Looping) => "restarting".to_owned(),
            Some(Ran::No) | None => member.found.status().to_string(),
        }
    }

    fn needs_of(&self, member: &Member) -> Vec<ProjectNeed> {
        let needs = match self.held(&member.found.id) {
            Some(held) => held.needs.clone(),
            None => needs::of(member, &self.unit, &|other| other.found.is_up()),
        };
        let by_name = |need: needs::Need| {
            let member = self.unit.by_id(&need.id)?.found.name.clone();
            Some(ProjectNeed { member, healthy: need.healthy })
        };
        needs.into_iter().filter_map(by_name).collect()
    }

    /// Each behind all that it waits for; what waits in a circle as it comes.
    fn in_order(&self, mut left: Vec<ProjectMember>) -> Vec<ProjectMember> {
        let mut ordered: Vec<ProjectMember> = Vec::new();
        while !left.is_empty() {
            let waits = |member: &ProjectMember| {
                member.needs.iter().any(|need| left.iter().any(|other| other.name == need.member))
            };
            let next = left.iter().position(|member| !waits(member)).unwrap_or_default();
            ordered.push(left.remove(next));
        }
        ordered
    }

    fn project_networks(&self) -> Result<Vec<ProjectNetwork>> {
        let endpoints = |member: &Member| {
            let networks = member.found.inspect.network_settings.as_ref().and_then(|all| all.networks.clone());
            networks.unwrap_or_default().into_keys()
        };
        let names: BTreeSet<String> = self.unit.members.iter().flat_map(endpoints).collect();
        let mut networks = Vec::new();
        for name in names.into_iter().filter(|name| !OF_THE_ENGINE.contains(&name.as_str())) {
            let asked = self.client.ask(|docker| docker.inspect_network(&name, None::<InspectNetworkOptions>));
            let network = match asked {
                Ok(found) => ProjectNetwork {
                    driver: found.driver.unwrap_or_default(),
                    external: self.is_external(found.labels.as_ref().and_then(|labels| labels.get(PROJECT_LABEL))),
                    name,
                },
                // That it is gone is told elsewhere.
                Err(error) if error.is_gone() => ProjectNetwork { name, ..ProjectNetwork::default() },
                Err(error) => {
                    return Err(self.client.failed(message!("look-at-the-network", name = escape::text(&name)))(error));
                }
            };
            networks.push(network);
        }
        Ok(networks)
    }

    fn project_volumes(&self) -> Result<Vec<ProjectVolume>> {
        let mounts = self.unit.members.iter().flat_map(|member| member.found.inspect.mounts.iter().flatten());
        let named = mounts.filter(|point| point.typ.as_deref() == Some("volume"));
        let names: BTreeSet<String> = named.filter_map(|point| point.name.clone()).collect();
        let mut volumes = Vec::new();
        for name in names {
            let asked = self.client.ask(|docker| docker.inspect_volume(&name));
            let volume = match asked {
                Ok(found) if engine_volumes::is_anonymous(&found) => continue,
                Ok(found) => ProjectVolume {
                    external: self.is_external(found.labels.get(PROJECT_LABEL)),
                    options: without_passwords(found.options),
                    labels: found.labels.into_iter().collect(),
                    driver: found.driver,
                    name,
                },
                Err(error) if error.is_gone() => ProjectVolume { name, ..ProjectVolume::default() },
                Err(error) => {
                    return Err(self.client.failed(message!("look-at-the-volume", name = escape::text(&name)))(error));
                }
            };
            volumes.push(volume);
        }
        Ok(volumes)
    }

    fn is_external(&self, label: Option<&String>) -> bool {
        label.is_none_or(|project| *project != self.project.name)
    }

    /// Files that labels and mounts name, each once.
    fn project_file_names(&self) -> Vec<ProjectFile> {
        let compose = self.project.config_files.iter().map(|file| (file.display().to_string(), FileKind::Compose));
        let own = self.unit.members.iter().filter(|member| member.is_own);
        let environment = own.clone().filter_map(|member| member.label("project.environment_file"));
        let environment = environment.flat_map(|text| text.split(',')).filter(|text| text.starts_with('/'));
        let environment = environment.map(|file| (file.to_owned(), FileKind::Environment));
        let mounted = own.flat_map(|member| mounted_files(member, &self.project.working_dir));
        let mut files: Vec<ProjectFile> = Vec::new();
        for (path, kind) in compose.chain(environment).chain(mounted) {
            if files.iter().all(|file| file.path != path) {
                files.push(ProjectFile::new(path, kind));
            }
        }
        files
    }
}

const PROJECT_LABEL: &str = "com.docker.compose.project";

/// Secrets and configs are mounts of single files. What is not there may have been one.
fn mounted_files(member: &Member, directory: &Path) -> Vec<(String, FileKind)> {
    let mut files = Vec::new();
    for point in member.found.inspect.mounts.iter().flatten().filter(|point| point.typ.as_deref() == Some("bind")) {
        let (Some(source), Some(target)) = (point.source.clone(), point.destination.as_deref()) else { continue };
        let is_secret = target.starts_with(SECRETS);
        let path = Path::new(&source);
        let is_file = path.metadata().map_or(is_secret, |facts| facts.is_file());
        let is_the_machines = OF_THE_MACHINE.iter().any(|of| path.starts_with(of)) && !path.starts_with(directory);
        if is_file && (is_secret || !is_the_machines) {
            files.push((source, if is_secret { FileKind::Secret } else { FileKind::Config }));
        }
    }
    files
}

fn without_passwords(options: impl IntoIterator<Item = (String, String)>) -> BTreeMap<String, String> {
    options.into_iter().map(|(key, value)| (key, ProjectVolume::without_passwords(&value))).collect()
}
