//! Taking over a project that runs already: which it is, which of its directories become volumes, and what stays out.
//!
//! Nothing of it is touched. The same project can be looked at again: what is known keeps its names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::mounts::{self, UnitDirectory};
use super::record::{Known, UnitRecord};
use super::unit::{self, Member, Unit};
use super::{ComposeRuntime, drift};
use crate::client::Client;
use crate::off_limits::OffLimits;
use crate::{controllers, engines, kept, labels, record};
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::not_captured::NotCaptured;
use reforge_base::spec::ComposeProject;

/// What a project would be as a workload.
#[derive(Clone, Debug)]
pub struct ComposeAdoption {
    pub project: ComposeProject,
    pub volumes: Vec<UnitVolume>,
    pub not_captured: Vec<NotCaptured>,
    /// The engine's version, as it says it.
    pub engine: String,
    /// Service, container and what it is doing.
    pub members: Vec<(String, String, String)>,
    /// Members that are workloads by themselves already: the container and the workload.
    pub workloads: Vec<(String, String)>,
    /// Members that an earlier version has kept beside others.
    pub kept: Vec<Failure>,
    /// Services that the project did not have when it was looked at last; none if it never was.
    pub new_services: Vec<String>,
    known: BTreeMap<String, Known>,
}

/// A directory of a project as a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitVolume {
    pub name: String,
    pub source: PathBuf,
    /// `SERVICE:PATH`, the first of all.
    pub target: String,
    /// All places.
    pub places: Vec<String>,
    pub engine_volume: Option<String>,
}

/// Looks at it. Changes nothing.
pub(crate) fn look(runtime: &ComposeRuntime, name: &str, workload: &str) -> Result<ComposeAdoption> {
    let client = Client::open(&runtime.socket)?;
    engines::refusal(&client)?.map_or(Ok(()), Err)?;
    let unit = unit::of(&client, name, &[])?;
    let project = project(name, &unit)?;
    for member in &unit.members {
        if let Some(refusal) = controllers::of_own(&member.found) {
            return Err(refusal);
        }
    }
    let before = UnitRecord::read(&runtime.records, workload)?;
    let all = mounts::of(&client, &unit)?;
    if all.directories.is_empty() {
        let message = message!("project-has-no-directory", name = escape::text(name));
        return Err(Failure::new(Code::PolicyRefused, message).hint(message!("only-directories-and-local-volumes")));
    }
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut volumes = Vec::new();
    // Names that were given stay with their places, whatever comes beside them.
    let given = |directory: &UnitDirectory| {
        let is_it = |places: &Vec<String>| places.iter().any(|place| directory.places.contains(place));
        before.volumes.iter().find(|(_, places)| is_it(places)).map(|(name, _)| name.clone())
    };
    let names: Vec<Option<String>> =
        all.directories.iter().map(|directory| given(directory).filter(|name| taken.insert(name.clone()))).collect();
    for (directory, name) in all.directories.iter().zip(names) {
        let name = name.unwrap_or_else(|| free_name(&project, directory, &mut taken));
        volumes.push(UnitVolume {
            name,
            source: directory.source.clone(),
            target: directory.places[0].clone(),
            places: directory.places.clone(),
            engine_volume: directory.engine_volume.clone(),
        });
    }
    let members = unit
        .members
        .iter()
        .map(|member| (member.service.clone(), member.found.name.clone(), member.found.status().to_string()));
    let known = drift::known(&unit);
    let was_there = |service: &String| before.known.values().any(|known| known.service == *service);
    let services: BTreeSet<String> = known.values().map(|known| known.service.clone()).collect();
    let is_new = |service: &String| !before.known.is_empty() && !was_there(service);
    Ok(ComposeAdoption {
        members: members.collect(),
        workloads: workloads(runtime, &unit)?,
        kept: unit.members.iter().filter_map(|member| kept::of_member(&member.found)).collect(),
        new_services: services.into_iter().filter(is_new).collect(),
        engine: OffLimits::of(&client)?.version,
        known,
        not_captured: all.not_captured,
        volumes,
        project,
    })
}

/// Which containers are workloads of the runtime of single containers.
fn workloads(runtime: &ComposeRuntime, unit: &Unit) -> Result<Vec<(String, String)>> {
    let mut workloads = Vec::new();
    for member in &unit.members {
        let by_label = member.found.labels().get(labels::WORKLOAD).cloned();
        let of = match by_label {
            Some(workload) => Some(workload),
            None => record::adopted_as(&runtime.containers, &member.found.id)?,
        };
        workloads.extend(of.map(|workload| (member.found.shown(), workload)));
    }
    Ok(workloads)
}

/// Writes down whose it is from now on. The caller holds the workload's lease: what was written down of a hold before is kept,
/// as it is now.
pub(crate) fn take(runtime: &ComposeRuntime, adoption: &ComposeAdoption, workload: &str) -> Result<()> {
    let (known, volumes) = (adoption.known.clone(), adoption.places());
    UnitRecord { known, volumes, ..UnitRecord::read(&runtime.records, workload)? }.write(&runtime.records, workload)
}

impl ComposeAdoption {
    /// Where members see each volume, by its name.
    fn places(&self) -> BTreeMap<String, Vec<String>> {
        self.volumes.iter().map(|volume| (volume.name.clone(), volume.places.clone())).collect()
    }
}

/// Name, directory and files, as Compose wrote them on every container.
fn project(name: &str, unit: &Unit) -> Result<ComposeProject> {
    let shown = escape::text(name);
    let own: Vec<&Member> = unit.members.iter().filter(|member| member.is_own).collect();
    if own.is_empty() {
        let message = message!("there-is-no-compose-project", shown);
        return Err(Failure::new(Code::NotFound, message).hint(message!("see-docker-compose-ls")));
    }
    let mut origins: Vec<(PathBuf, Vec<PathBuf>)> = own.iter().filter_map(|member| member.origin()).collect();
    origins.sort();
    origins.dedup();
    match origins.as_slice() {
        [(directory, files)] if !files.is_empty() => Ok(ComposeProject::new(name, directory, files.clone())),
        [] | [_] => {
            let message = message!("project-does-not-say-its-files", shown);
            Err(Failure::new(Code::PolicyRefused, message).hint(message!("make-it-with-a-newer-compose")))
        }
        several => {
            let directories: Vec<String> = several.iter().map(|(directory, _)| escape::path(directory)).collect();
            let message = message!("project-is-of-several-directories", shown, directories = directories.join(", "));
            Err(Failure::new(Code::PolicyRefused, message).hint(message!("give-each-project-a-name-of-its-own")))
        }
    }
}

/// A name that the configuration takes, and that no other volume has: the engine's without the project's, or the end of the
/// path that a service sees.
pub(crate) fn free_name(project: &ComposeProject, directory: &UnitDirectory, taken: &mut BTreeSet<String>) -> String {
    let (service, path) = directory.places[0].split_once(':').unwrap_or(("", &directory.places[0]));
    let last = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or("data");
    let first = match &directory.engine_volume {
        Some(volume) => volume.strip_prefix(&format!("{}_", project.name)).unwrap_or(volume).to_owned(),
        None => last.to_owned(),
    };
    let numbered = (2..).map(|number| format!("{service}-{last}-{number}"));
    let names = [first, format!("{service}-{last}")].into_iter().chain(numbered);
    names.map(|name| plain(&name)).find(|name| taken.insert(name.clone())).unwrap_or_default()
}

/// Of the letters that a name may have.
fn plain(text: &str) -> String {
    let lower = text.to_lowercase();
    let plain: String =
        lower.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).take(48).collect();
    let plain = plain.trim_matches('-');
    if plain.is_empty() { "data".to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(place: &str, engine_volume: Option<&str>) -> UnitDirectory {
        UnitDirectory {
            source: "/x".into(),
            places: vec![place.to_owned()],
            engine_volume: engine_volume.map(str::to_owned),
            seen_by: Vec::new(),
        }
    }

    #[test]
    fn every_volume_has_a_name_of_its_own_that_a_person_knows() {
        let project = ComposeProject::new("shop", "/srv/shop", Vec::new());
        let mut taken = BTreeSet::new();
        let mut name = |place: &str, volume: Option<&str>| free_name(&project, &directory(place, volume), &mut taken);
        assert_eq!(name("db:/var/lib/postgresql/data", Some("shop_db-data")), "db-data");
        assert_eq!(name("web:/srv/uploads", None), "uploads");
        assert_eq!(name("api:/data/uploads", None), "api-uploads");
        assert_eq!(name("api:/other/uploads", None), "api-uploads-2");
        assert_eq!(name("x:/", Some("elsewhere")), "elsewhere");
        assert_eq!(name("x:/Daten & Mehr", None), "daten---mehr");
    }
}
