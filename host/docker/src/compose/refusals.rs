//! For the plan: what stands in the way of taking a project down and bringing it up again. Looks only.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bollard::query_parameters::InspectNetworkOptions;

use super::unit::{Member, shares};
use super::{View, drift, health, supervised};
use crate::{container, controllers, engines, kept, labels, survey};
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::ComposeProject;
use reforge_runtime::Survey;

/// See [`reforge_runtime::Runtime::survey`].
pub(crate) fn survey(view: &View<'_>, allowed: &[String], live: &[(String, PathBuf)]) -> Result<Survey> {
    let own: Vec<_> = view.unit.members.iter().map(|member| member.found.clone()).collect();
    let mut survey = survey::others_who_have(&view.client, &own, allowed, live)?;
    for member in &view.unit.members {
        survey.refusals.extend(controllers::of_own(&member.found));
        if let Some(owner) = view.other_workload(member)? {
            let (shown, owner) = (member.found.shown(), escape::text(&owner));
            let message = message!("member-is-another-workloads", shown, owner = owner.as_str());
            let hint = message!("forget-that-workload-first", owner);
            survey.refusals.push(Failure::new(Code::PolicyRefused, message).hint(hint));
        }
        if member.found.is_up() {
            survey.refusals.extend(removes_itself(member));
            survey.refusals.extend(cannot_start_again(view, member)?);
        }
    }
    survey.refusals.extend(asks_nobody(view));
    survey.refusals.extend(engines::refusal(&view.client)?);
    survey.warnings.extend(beside(view));
    survey.refusals.extend(supervised::refusals(&view.project)?);
    let drift = drift::of_view(view);
    survey.refusals.extend(drift.refusals);
    survey.warnings.extend(drift.warnings);
    Ok(survey)
}

/// See [`reforge_runtime::Runtime::beside`]: containers that an earlier version has kept beside the one that runs.
pub(crate) fn beside(view: &View<'_>) -> Vec<Failure> {
    view.unit.members.iter().filter_map(|member| kept::of_member(&member.found)).collect()
}

/// The workload's own check names no member: nobody would know how the app does.
fn asks_nobody(view: &View<'_>) -> Option<Failure> {
    let check = view.check()?;
    let members = view.unit.members.iter().map(|member| (member.service.as_str(), member.found.name.as_str()));
    // One that is gone is made again by Compose.
    let known = view.record.known.values().map(|known| (known.service.as_str(), known.name.as_str()));
    let all: BTreeSet<(&str, &str)> = members.chain(known).collect();
    if all.iter().any(|(service, name)| health::is_named(check, service, name)) {
        return None;
    }
    let known: BTreeSet<String> = all.iter().map(|(service, _)| escape::text(service)).collect();
    let member = escape::text(check.member.as_deref().unwrap_or_default());
    let known = known.into_iter().collect::<Vec<_>>().join(", ");
    Some(
        Failure::new(Code::PolicyRefused, message!("health-names-no-member", member))
            .hint(message!("there-are-these", known)),
    )
}

/// A deploy is Compose's.
pub(crate) fn deploys_by_compose(project: &ComposeProject) -> Failure {
    let name = escape::text(&project.name);
    Failure::new(Code::PolicyRefused, message!("a-compose-project-is-deployed-by-compose", name))
        .hint(message!("run-docker-compose-up", directory = escape::path(&project.working_dir)))
}

/// Stopping it would remove it, and its volumes that have no name.
fn removes_itself(member: &Member) -> Option<Failure> {
    member.found.removes_itself().then(|| {
        let message = message!("member-removes-itself", shown = member.found.shown());
        Failure::new(Code::PolicyRefused, message).hint(message!("wait-until-it-has-ended"))
    })
}

/// What the engine would say only when it is started.
fn cannot_start_again(view: &View<'_>, member: &Member) -> Result<Vec<Failure>> {
    let mut refusals = Vec::new();
    let shown = member.found.shown();
    for id in shares(&member.found) {
        if view.unit.by_id(&id).is_none() && container::inspect(&view.client, &id)?.is_none() {
            let message = message!("the-container-whose-namespace-it-has-is-gone", shown = shown.as_str());
            refusals.push(Failure::new(Code::PolicyRefused, message).hint(message!("let-compose-make-it-again")));
        }
    }
    let networks = member.found.inspect.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
    for (name, endpoint) in networks.into_iter().flatten() {
        let Some(id) = endpoint.network_id.as_deref().filter(|id| !id.is_empty()) else { continue };
        match view.client.ask(|docker| docker.inspect_network(id, None::<InspectNetworkOptions>)) {
            Ok(_) => {}
            Err(error) if error.is_gone() => {
                let message = message!("the-network-of-is-gone", shown = shown.as_str(), name = escape::text(name));
                refusals.push(Failure::new(Code::PolicyRefused, message).hint(message!("let-compose-make-it-again")));
            }
            Err(error) => {
                return Err(view.client.failed(message!("look-at-the-network", name = escape::text(name)))(error));
            }
        }
    }
    for point in member.found.inspect.mounts.iter().flatten().filter(|point| point.typ.as_deref() == Some("bind")) {
        let source = point.source.as_deref().unwrap_or_default();
        // One that cannot be looked at may be there.
        if Path::new(source).try_exists().is_ok_and(|there| !there) {
            let source = escape::text(source);
            let message = message!("the-source-of-a-mount-is-gone", shown = shown.as_str(), source);
            refusals.push(Failure::new(Code::VolumeRefused, message).hint(message!("put-it-back-or-let-compose")));
        }
    }
    Ok(refusals)
}

impl View<'_> {
    /// Its containers are of another directory or other files: another project of the same name has taken its place.
    pub(crate) fn refuse_other_project(&self) -> Result<()> {
        let of_another = |member: &&Member| member.is_own && !member.is_of(&self.project);
        let other = self.unit.members.iter().find(of_another).and_then(Member::origin);
        let Some((directory, files)) = other else { return Ok(()) };
        let name = escape::text(&self.project.name);
        let configured = shown(&self.project.working_dir, &self.project.config_files);
        let message = message!("project-is-of-another-directory", name, now = shown(&directory, &files), configured);
        Err(Failure::new(Code::VolumeRefused, message).hint(message!("adopt-the-project-under-another-id")))
    }

    /// The workload that a container belongs to which only joined a namespace: it has a lock of its own.
    fn other_workload(&self, member: &Member) -> Result<Option<String>> {
        if member.is_own {
            return Ok(None);
        }
        let by_label = member.found.labels().get(labels::WORKLOAD).cloned();
        let project = member.label("project");
        let is_of = |(_, other): &(&String, &ComposeProject)| Some(other.name.as_str()) == project;
        let by_project = || self.runtime.projects.iter().find(is_of).map(|(workload, _)| workload.clone());
        match by_label.or_else(by_project) {
            Some(owner) => Ok(Some(owner)),
            None => crate::record::adopted_as(&self.runtime.containers, &member.found.id),
        }
    }

    /// Whether the engine has any of it.
    pub(crate) fn is_there(&self) -> bool {
        !self.unit.members.is_empty()
    }
}

fn shown(directory: &Path, files: &[PathBuf]) -> String {
    let files: Vec<String> = files.iter().map(|file| escape::path(file)).collect();
    match files.is_empty() {
        true => escape::path(directory),
        false => format!("{} ({})", escape::path(directory), files.join(", ")),
    }
}
