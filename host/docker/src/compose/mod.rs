//! Runs workloads that are Compose projects: all containers of one go down and come up together, by their ids, over the
//! engine's API.
//!
//! In reading order: [`unit`] says which containers are a project's and [`needs`] in which order they stand on each other;
//! [`record`] what is written down; then the verbs: `down` (policies off, stopped), `up` (policies back, started),
//! [`health`]; [`mounts`] which directories they have, `project` what a new machine has to have; for the plan [`refusals`], with
//! [`drift`] and `supervised`; and `adopt`. `program` is the user's own Compose.
//!
//! No container is ever created, renamed or removed here, and Compose is never asked to stop or to start one: it runs
//! migrations again, starts what a person had stopped, and passes over profiles. What a project's files say is Compose's.

mod adopt;
mod deployed;
mod down;
mod drift;
mod health;
mod missing;
mod mounts;
mod needs;
mod program;
mod project;
mod record;
mod refusals;
mod supervised;
mod unit;
mod up;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use self::adopt::{ComposeAdoption, UnitVolume};

use self::record::UnitRecord;
use self::unit::Unit;
use super::client::Client;
use super::container::Found;
use super::events::Events;
use super::{engine_volumes, freeze, hook, members};
use reforge_base::consistency::Hook;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::not_captured::NotCaptured;
use reforge_base::project::Project;
use reforge_base::record_file;
use reforge_base::spec::{ComposeProject, DeploySpec, HealthCheck, HealthReport, Observation};
use reforge_base::{Message, spec};
use reforge_runtime::{DeployedMount, Freezable, HookEnd, ImageAtHand, Runtime, Survey};

/// Runs workloads as Compose projects.
#[derive(Clone, Debug)]
pub struct ComposeRuntime {
    socket: PathBuf,
    records: PathBuf,
    /// Where the runtime of single containers has its own.
    containers: PathBuf,
    projects: BTreeMap<String, ComposeProject>,
    /// The workloads' own checks, which run in a member each.
    checks: BTreeMap<String, HealthCheck>,
    /// What the engine tells of those that are held.
    events: Events,
}

/// One look at a workload: the engine, its project, what is written down, and its members.
struct View<'a> {
    client: Client,
    runtime: &'a ComposeRuntime,
    workload: &'a str,
    project: ComposeProject,
    record: UnitRecord,
    unit: Unit,
}

impl ComposeRuntime {
    /// Talks to the engine at `socket`. Nothing is asked yet. What the engine cannot keep is written to the directory
    /// `records`; `containers` is where [`DockerRuntime`](super::DockerRuntime) writes. `projects` are the workloads by their ids.
    pub fn new(
        socket: PathBuf,
        records: PathBuf,
        containers: PathBuf,
        projects: BTreeMap<String, ComposeProject>,
    ) -> ComposeRuntime {
        ComposeRuntime { socket, records, containers, projects, checks: BTreeMap::new(), events: Events::default() }
    }

    /// The same, with the checks that workloads have beside their members' own.
    pub fn with_checks(self, checks: BTreeMap<String, HealthCheck>) -> ComposeRuntime {
        ComposeRuntime { checks, ..self }
    }

    /// The same, which knows one more workload.
    pub fn with(&self, workload: &str, project: &ComposeProject) -> ComposeRuntime {
        let mut more = self.clone();
        more.projects.insert(workload.to_owned(), project.clone());
        more
    }

    /// What a project would be as this workload. Changes nothing.
    pub fn look_to_adopt(&self, project: &str, workload: &str) -> Result<ComposeAdoption> {
        adopt::look(self, project, workload)
    }

    /// From now on the project is the workload's. The caller holds its lease.
    pub fn adopt(&self, adoption: &ComposeAdoption, workload: &str) -> Result<()> {
        adopt::take(self, adoption, workload)
    }

    /// Takes that back.
    pub fn disown(&self, workload: &str) -> Result<()> {
        record_file::remove(&self.records, workload)
    }

    /// None if nobody knows the workload: it is in no configuration, and nothing holds it.
    fn view<'a>(&'a self, workload: &'a str) -> Result<Option<View<'a>>> {
        let record = UnitRecord::read(&self.records, workload)?;
        let held = record.hold.as_ref().map(|hold| hold.project.clone());
        let Some(project) = held.or_else(|| self.projects.get(workload).cloned()) else { return Ok(None) };
        let client = Client::open(&self.socket)?;
        let unit = unit::of(&client, &project.name, &record.held_ids())?;
        Ok(Some(View { client, runtime: self, workload, project, record, unit }))
    }

    fn known<'a>(&'a self, workload: &'a str) -> Result<View<'a>> {
        self.view(workload)?.ok_or_else(|| {
            Failure::new(Code::NotFound, message!("was-never-deployed", workload = escape::text(workload)))
        })
    }
}

impl View<'_> {
    /// Writes the record down.
    fn write(&self) -> Result<()> {
        self.record.write(&self.runtime.records, self.workload)
    }

    /// Of all members, those that were removed meanwhile, too.
    fn ids(&self) -> Vec<String> {
        let there = self.unit.members.iter().map(|member| member.found.id.clone());
        there.chain(self.record.held_ids()).collect()
    }

    /// The workload's own check.
    fn check(&self) -> Option<&HealthCheck> {
        self.runtime.checks.get(self.workload)
    }

    /// Looks at the members again.
    fn refresh(&mut self) -> Result<()> {
        self.unit = unit::of(&self.client, &self.project.name, &self.record.held_ids())?;
        Ok(())
    }

    fn found(&self) -> Vec<&Found> {
        self.unit.members.iter().map(|member| &member.found).collect()
    }

    /// What is deployed, in the words of every workload.
    fn spec(&self) -> Result<DeploySpec> {
        let mut spec = DeploySpec::new(self.workload, self.project.image());
        spec.image_digest = self.unit.images_digest();
        spec.mounts = deployed::mounts(self)?;
        spec.health = self.check().cloned();
        Ok(spec)
    }
}

impl Runtime for ComposeRuntime {
    fn observe(&self, workload: &str) -> Result<Observation> {
        let Some(view) = self.view(workload)? else { return Ok(Observation::absent()) };
        if view.unit.members.is_empty() {
            return Ok(Observation::absent());
        }
        view.refuse_other_project()?;
        Ok(Observation::new(view.unit.state()?, Some(view.spec()?)).with_detail(view.unit.detail()))
    }

    fn deployed(&self) -> Result<Vec<String>> {
        let is_there = |workload: &&String| self.view(workload).map(|view| view.is_some_and(|view| view.is_there()));
        let mut there = Vec::new();
        for workload in self.projects.keys() {
            if is_there(&workload)? {
                there.push(workload.clone());
            }
        }
        Ok(there)
    }

    fn deployed_mounts(&self, workload: &str) -> Result<Vec<DeployedMount>> {
        self.view(workload)?.map_or_else(|| Ok(Vec::new()), |view| deployed::with_given(&view))
    }

    fn create(&self, spec: &DeploySpec) -> Result<()> {
        let view = self.known(&spec.workload)?;
        if view.record.hold.is_none() {
            return Err(refusals::deploys_by_compose(&view.project));
        }
        up::start_again(view, &spec.mounts)
    }

    fn bring_back(&self, observation: &Observation) -> Result<()> {
        match &observation.spec {
            Some(spec) if observation.state.should_run() => up::start_again(self.known(&spec.workload)?, &spec.mounts),
            _ => Ok(()),
        }
    }

    fn start_again(&self, stopped: &Observation) -> Result<()> {
        match &stopped.spec {
            Some(spec) => up::start_stopped(&self.known(&spec.workload)?, &spec.mounts),
            None => Ok(()),
        }
    }

    fn hold(&self, workload: &str) -> Result<()> {
        let Some(view) = self.view(workload)? else { return Ok(()) };
        self.events.open(&self.socket, workload)?;
        down::hold(view)
    }

    fn release(&self, workload: &str) -> Result<()> {
        self.view(workload)?.map_or(Ok(()), up::release)?;
        self.events.close(workload);
        Ok(())
    }

    fn stop(&self, workload: &str) -> Result<()> {
        self.view(workload)?.map_or(Ok(()), down::stop)?;
        self.events.is_down(workload);
        Ok(())
    }

    fn members(&self, workload: &str) -> Result<Vec<i32>> {
        let Some(view) = self.view(workload)? else { return Ok(Vec::new()) };
        members::of(&view.unit.up().map(|member| member.found.id.as_str()).collect::<Vec<_>>())
    }

    fn is_down(&self, workload: &str) -> Result<bool> {
        Ok(self.not_down(workload)?.is_none())
    }

    fn not_down(&self, workload: &str) -> Result<Option<Message>> {
        Ok(self.view(workload)?.and_then(|view| down::not_down(&view)))
    }

    fn own_mounts(&self, workload: &str) -> Result<Vec<PathBuf>> {
        let Some(view) = self.view(workload)? else { return Ok(Vec::new()) };
        let own: Vec<_> = view.unit.members.iter().map(|member| &member.found).collect();
        engine_volumes::own_mounts(&view.client, &own)
    }

    fn not_captured(&self, workload: &str) -> Result<Vec<NotCaptured>> {
        let Some(view) = self.view(workload)? else { return Ok(Vec::new()) };
        Ok(mounts::of(&view.client, &view.unit)?.not_captured)
    }

    fn make_missing(&self, workload: &str) -> Result<()> {
        self.view(workload)?.map_or(Ok(()), |view| missing::make_before_the_stop(&view))
    }

    fn ran_meanwhile(&self, workload: &str, live: &[(String, PathBuf)]) -> Result<Vec<Message>> {
        let Some(view) = self.view(workload)? else { return Ok(Vec::new()) };
        self.events.ran(&view.client, workload, live, &view.ids())
    }

    fn suspects(&self, workload: &str) -> Result<Vec<Message>> {
        let Some(view) = self.view(workload)? else { return Ok(Vec::new()) };
        self.events.suspects(&view.client, workload, &view.ids())
    }

    fn project(&self, workload: &str, ask_compose: bool) -> Result<Option<Project>> {
        let Some(view) = self.view(workload)? else { return Ok(None) };
        project::of(&view, ask_compose).map(Some)
    }

    fn refuse_missing(&self, workload: &str) -> Result<()> {
        self.view(workload)?.map_or(Ok(()), |view| down::refuse_missing(&view))
    }

    fn member_downtimes(&self, workload: &str) -> Result<Vec<(String, Duration)>> {
        let Some(view) = self.view(workload)? else { return Ok(Vec::new()) };
        let down = |member: &unit::Member| Some((member.found.name.clone(), member.downtime()?));
        Ok(view.unit.up().filter_map(down).collect())
    }

    fn beside(&self, workload: &str) -> Result<Vec<Failure>> {
        Ok(self.view(workload)?.map_or_else(Vec::new, |view| refusals::beside(&view)))
    }

    fn starts_by_others(&self) -> bool {
        true
    }

    fn freezable(&self, workload: &str) -> Result<Option<Freezable>> {
        let Some(view) = self.view(workload)? else { return Ok(None) };
        view.refuse_other_project()?;
        freeze::plan(&view.found(), false).map(Some)
    }

    fn freeze(&self, _workload: &str, freezable: &Freezable) -> Result<()> {
        freeze::freeze(&Client::open(&self.socket)?, freezable)
    }

    fn is_frozen(&self, workload: &str, _freezable: &Freezable) -> Result<bool> {
        Ok(self.view(workload)?.is_some_and(|view| freeze::is_still(&view.found())))
    }

    fn thaw(&self, _workload: &str, freezable: &Freezable) -> Result<()> {
        freeze::thaw(&Client::open(&self.socket)?, freezable)
    }

    fn run_hook(&self, workload: &str, hook: &Hook) -> Result<HookEnd> {
        let view = self.known(workload)?;
        let name = hook.member.as_deref().unwrap_or_default();
        let is_it = |member: &&unit::Member| member.service == name || member.found.name == name;
        let named = || view.unit.members.iter().filter(is_it);
        // A service may have several; one that runs is as good as another.
        let Some(member) = named().find(|member| member.found.is_running()).or_else(|| named().next()) else {
            let known: Vec<&str> = view.unit.members.iter().map(|member| member.service.as_str()).collect();
            return Err(hook::no_member(name, &known));
        };
        hook::run(&view.client, &member.found, hook.command.clone(), hook.limit)
    }

    fn held(&self) -> Result<Vec<String>> {
        record::held(&self.records)
    }

    fn resume(&self, workload: &str) -> Result<()> {
        let Some(view) = self.view(workload)? else { return Ok(()) };
        let mounts = view.spec()?.mounts;
        up::start_again(view, &mounts)?;
        self.release(workload)
    }

    fn await_healthy(&self, workload: &str, cancelled: &dyn Fn() -> bool) -> Result<HealthReport> {
        let report = health::wait(self.known(workload)?, cancelled)?;
        Ok(self.events.beside(self, workload, report))
    }

    fn resolve_image(&self, spec: &DeploySpec) -> Result<String> {
        Ok(self.known(&spec.workload)?.unit.images_digest())
    }

    fn image_at_hand(&self, spec: &DeploySpec) -> Result<ImageAtHand> {
        // Nothing is created: the containers have their images.
        Ok(ImageAtHand { now: Some(self.resolve_image(spec)?), pinned: true })
    }

    fn survey(&self, workload: &str, allowed: &[String], live: &[(String, PathBuf)]) -> Result<Survey> {
        self.view(workload)?.map_or_else(|| Ok(Survey::default()), |view| refusals::survey(&view, allowed, live))
    }
}

/// Where a member of a service sees something: `SERVICE:PATH`.
fn place(service: &str, target: &str) -> String {
    format!("{service}:{target}")
}

/// A volume by its name, as a spec has it.
fn mount(volume: &str, live: PathBuf, place: &str) -> spec::Mount {
    spec::Mount::new(volume, live, place)
}
