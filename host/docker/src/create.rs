//! One container of ours takes the place of another: the old one is stopped, renamed and kept until the new one is
//! healthy; and back again.
//!
//! In this order, so that a crash in between leaves at most one container running and every container there: image and
//! everything else that is needed looked at, policies off, all stopped, names moved, created, started. What is called by the workload's own name stands
//! for it; what is replaced by one whose health nobody knows is kept until an undo window or the number of instances lets it
//! go.

use bollard::models::NetworkConnectRequest;
use bollard::query_parameters::{
    CreateContainerOptions, RemoveContainerOptions, RenameContainerOptions, StartContainerOptions,
};

use super::client::CHANGE_LIMIT;
use super::container::Found;
use super::errors::EngineError;
use super::{DockerRuntime, View, images, request};
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::Restart;
use reforge_base::spec::{DeploySpec, Observation};

/// Containers of a workload, unless its configuration says how many.
pub(crate) const INSTANCES_MAX: u32 = 5;
/// What a start may take: the engine sets up networks and mounts in it.
pub(crate) const START_LIMIT: std::time::Duration = std::time::Duration::from_secs(120);

/// See [`reforge_runtime::Runtime::create`].
pub(crate) fn create(runtime: &DockerRuntime, spec: &DeploySpec) -> Result<()> {
    let mut view = runtime.view(&spec.workload)?;
    if let Some(found) = view.to_start_again()? {
        return view.start_as_it_was(&found);
    }
    let spec = &view.with_own_environment(spec)?;
    let image = images::pinned(&view.client, spec)?;
    let held = view.record.hold.is_some();
    let policy = if held { Restart::No } else { spec.container.restart.clone() };
    // Under a hold the plan has looked, and nothing runs any more.
    if !held {
        let mut unmet = view.unmet(spec)?;
        unmet.extend(view.full(spec));
        unmet.extend(view.unsyncable());
        Failure::of_all(&unmet).map_or(Ok(()), Err)?;
    }
    // One that is not there would be made, empty, also under a hold.
    Failure::of_all(&view.engine_volumes_unmet(spec)?).map_or(Ok(()), Err)?;
    let given = request::Given { inherited: view.inherited(spec), keep_empty: held };
    let request = request::of_spec(spec, &runtime.owner, &image, &policy, given)?;
    view.keep_image(&image)?;
    view.switch_policies_off()?;
    view.stop_all()?;
    view.note_kept();
    view.write()?;
    view.move_names(&request::name(spec), None)?;
    let id = view.create(spec, request)?;
    if let Some(hold) = &mut view.record.hold {
        hold.shall_run = Some(id.clone());
        hold.started = None;
        view.write()?;
    }
    view.start_seen(&id, spec)?;
    view.refresh()?;
    if !held {
        view.remove_surplus(spec)?;
    }
    Ok(())
}

/// See [`reforge_runtime::Runtime::bring_back`]: the old container if it is there, else a new one.
pub(crate) fn bring_back(runtime: &DockerRuntime, spec: &DeploySpec, detail: &serde_json::Value) -> Result<()> {
    let mut view = runtime.view(&spec.workload)?;
    if view.found.iter().any(Found::is_up) {
        return Ok(());
    }
    let id = detail["id"].as_str().unwrap_or_default();
    let old = view.found.iter().find(|found| found.id == id).or_else(|| view.twin_of(id)).cloned();
    let old = match (old, &view.record.adopted) {
        (Some(old), _) => old,
        // Its trouble, and the data is what it was.
        (None, Some(adopted)) if adopted.id == id => {
            view.successor(adopted).map_err(|failure| failure.with_code(Code::AppBad))?
        }
        (None, _) => return create(runtime, spec),
    };
    view.note_kept();
    view.record.kept.remove(&old.id);
    if let Some(hold) = &mut view.record.hold {
        hold.shall_run = Some(old.id.clone());
        hold.started = None;
    }
    view.write()?;
    view.move_names(&old.own_name.clone(), Some(&old))?;
    match old.is_ours() {
        true => view.start_seen(&old.id, spec),
        false => view.start_as_it_was(&old),
    }
}

/// See [`reforge_runtime::Runtime::discard`].
pub(crate) fn discard(runtime: &DockerRuntime, observation: &Observation) -> Result<()> {
    let (Some(spec), Some(observed)) = (&observation.spec, observation.detail["id"].as_str()) else { return Ok(()) };
    let mut view = runtime.view(&spec.workload)?;
    let kept: Vec<String> =
        view.record.kept.iter().filter(|(_, because)| *because == observed).map(|(id, _)| id.clone()).collect();
    for id in &kept {
        let stands = view.current().is_some_and(|current| current.id == *id);
        if let Some(found) = view.found.iter().find(|found| found.id == *id && !found.is_up() && !stands) {
            view.remove(found)?;
        }
    }
    if !kept.is_empty() {
        view.record.kept.retain(|_, because| because != observed);
        view.write()?;
        view.refresh()?;
    }
    // Also when nothing is kept any more: it may have ended here before.
    view.let_images_go()
}

impl View<'_> {
    /// As many containers as there may be are needed by undo windows.
    fn full(&self, spec: &DeploySpec) -> Option<Failure> {
        let needed = self.found.iter().filter(|found| self.record.kept.contains_key(&found.id)).count();
        let max = instances_max(spec);
        (needed + 2 > max).then(|| {
            let shown = escape::text(self.workload);
            let message = message!("has-containers-that-undo-windows-need", shown, needed, max);
            Failure::new(Code::PolicyRefused, message).hint(message!("end-an-undo-window-with-reforge"))
        })
    }

    /// Under a hold what is replaced is needed by the undo window of the transaction that holds: what stood for the
    /// workload when it began, and what was created since. Those that were kept before are not its own.
    fn note_kept(&mut self) {
        let Some(hold) = &self.record.hold else { return };
        let is_its_own = |found: &&Found| hold.observed.as_ref() == Some(&found.id) || hold.is_newer(&found.id);
        for found in self.found.iter().filter(is_its_own) {
            let because = hold.observed.clone().unwrap_or_else(|| found.id.clone());
            self.record.kept.entry(found.id.clone()).or_insert(because);
        }
    }

    /// Gives the workload's name to `to`, or frees it: whoever bears it gets one that says that it is kept.
    fn move_names(&self, name: &str, to: Option<&Found>) -> Result<()> {
        for found in self.found.iter().filter(|found| found.name == name) {
            if to.is_none_or(|to| to.id != found.id) {
                self.rename(found, &format!("{name}.kept-{}", found.short_id()))?;
            }
        }
        match to {
            Some(to) if to.name != name => self.rename(to, name),
            _ => Ok(()),
        }
    }

    fn rename(&self, found: &Found, name: &str) -> Result<()> {
        let options = RenameContainerOptions { name: name.to_owned() };
        let renamed =
            self.client.change("docker-rename", CHANGE_LIMIT, |docker| docker.rename_container(&found.id, options));
        match renamed {
            Err(error) if !error.is_gone() => {
                Err(self.client.failed(message!("rename-the-container", shown = found.shown()))(error))
            }
            _ => Ok(()),
        }
    }

    /// Makes the container and joins its networks. It does not run yet.
    fn create(&self, spec: &DeploySpec, request: request::CreateRequest) -> Result<String> {
        let name = request::name(spec);
        let options = CreateContainerOptions { name: Some(name.clone()), ..Default::default() };
        let body = request.body;
        let created = self
            .client
            .change("docker-create", START_LIMIT, |docker| docker.create_container(Some(options), body))
            .map_err(self.client.failed(message!("create-the-container", name = escape::text(&name))))?;
        for (network, endpoint_config) in request.further_networks {
            let join = NetworkConnectRequest { container: created.id.clone(), endpoint_config: Some(endpoint_config) };
            self.client
                .change("docker-connect", CHANGE_LIMIT, |docker| docker.connect_network(&network, join))
                .map_err(self.client.failed(message!("join-the-network", network = escape::text(&network))))?;
        }
        Ok(created.id)
    }

    /// One that removes itself when it stops takes its anonymous volumes and all that it wrote with it. So it gets a twin
    /// first, which is never started unless it is gone back to: the volumes are then in use, and stay.
    pub(crate) fn make_twins(&mut self) -> Result<()> {
        let leaving: Vec<Found> =
            self.found.iter().filter(|found| found.is_up() && found.removes_itself()).cloned().collect();
        for found in &leaving {
            if self.twin_of(&found.id).is_some() {
                continue;
            }
            let name = format!("{}.kept-{}", found.own_name, found.short_id());
            // A host that ended, or an engine that did not answer in time, may have left it there without a record.
            let made = self.found.iter().find(|other| other.name == name && other.id != found.id);
            let twin = match made {
                Some(made) => made.id.clone(),
                None => self.make_twin(found, name)?,
            };
            // Without a transaction that holds it is one of those that were replaced, like any other.
            if self.record.hold.is_some() {
                self.record.kept.insert(twin, found.id.clone());
                self.write()?;
            }
        }
        self.refresh()
    }

    fn make_twin(&self, found: &Found, name: String) -> Result<String> {
        let body = request::twin(&self.runtime.owner, self.workload, found)?;
        let options = CreateContainerOptions { name: Some(name), ..Default::default() };
        let doing = message!("make-a-container-that-keeps", shown = found.shown());
        let created = self
            .client
            .change("docker-create", START_LIMIT, |docker| docker.create_container(Some(options), body))
            .map_err(self.client.failed(&doing))?;
        Ok(created.id)
    }

    pub(crate) fn start(&self, id: &str, spec: &DeploySpec) -> Result<()> {
        let started = self
            .client
            .change("docker-start", START_LIMIT, |docker| docker.start_container(id, None::<StartContainerOptions>));
        started.map_err(|error| {
            let name = escape::text(&request::name(spec));
            app_bad(&error, &name).unwrap_or_else(|| self.client.failed(message!("start-the-container", name))(error))
        })
    }

    /// Starts one that ended while its policy was off.
    pub(crate) fn start_again(&self, found: &Found) -> Result<()> {
        self.start(&found.id, &self.spec_of(found)?)
    }

    /// For a container that removed itself: the one that was made to take its place.
    fn twin_of(&self, id: &str) -> Option<&Found> {
        let twins = self.record.kept.iter().filter(|(_, because)| *because == id);
        twins.filter_map(|(twin, _)| self.found.iter().find(|found| found.id == *twin)).next_back()
    }

    /// Removes the oldest that nothing needs, until there are no more than there may be.
    fn remove_surplus(&self, spec: &DeploySpec) -> Result<()> {
        let surplus = self.found.len().saturating_sub(instances_max(spec));
        let needed = |found: &&Found| {
            let stands = self.current().is_some_and(|current| current.id == found.id);
            found.is_up() || stands || self.record.kept.contains_key(&found.id)
        };
        for found in self.found.iter().filter(|found| !needed(found)).take(surplus) {
            self.remove(found)?;
        }
        if surplus > 0 { self.let_images_go() } else { Ok(()) }
    }

    /// Never with its volumes.
    pub(crate) fn remove(&self, found: &Found) -> Result<()> {
        let options = RemoveContainerOptions { v: false, force: false, link: false };
        let removed = self
            .client
            .change("docker-remove", CHANGE_LIMIT, |docker| docker.remove_container(&found.id, Some(options)));
        match removed {
            Err(error) if !error.is_gone() => {
                Err(self.client.failed(message!("remove-the-container", shown = found.shown()))(error))
            }
            _ => Ok(()),
        }
    }
}

pub(crate) fn instances_max(spec: &DeploySpec) -> usize {
    spec.container.instances_max.unwrap_or(INSTANCES_MAX) as usize
}

/// Whether a start failed because of what was to be started, as opposed to the engine or the machine.
pub(crate) fn app_bad(error: &EngineError, name: &str) -> Option<Failure> {
    let said = error.message();
    let reason = ["no such file or directory", "executable file not found", "permission denied", "exec format error"]
        .into_iter()
        .find(|reason| said.contains("OCI runtime") && said.contains("exec") && said.contains(reason))?;
    let said = escape::text(said);
    let message = match reason {
        "permission denied" => message!("the-container-cannot-be-started-not-executable", name, said),
        _ => message!("the-container-cannot-be-started", name, said),
    };
    Some(Failure::new(Code::AppBad, message).hint(message!("correct-command-or-entrypoint-or-deploy")))
}
