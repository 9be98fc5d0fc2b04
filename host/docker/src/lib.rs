//! Runs workloads as containers of a Docker Engine on this machine.
//!
//! In reading order: `client` talks to the engine and `errors` says what it answers; `labels`, `container` and `record`
//! say which containers are a workload's and what is known of them, `deployed` which directories they have; `request`,
//! `mounts` and `policy` are what one is created from, `description` what one says of that, `defined` and
//! `image_defaults` what one that somebody else made says, `images` what it runs; then the verbs: `create`, `again`,
//! `hold`, `stop`, `start`, `health`, `kept`; for snapshots `freeze` and `hook`; and for the plan `survey`, with `controllers` and `changes`; for it and for a deploy
//! `needs`, with `ports`; and `adopt`, with `off_limits`, and `replaced`. Apps of several containers are `compose`'s.
//!
//! One container of a workload runs at most. What somebody else made is started again; what we made is made anew. The one
//! that was replaced is stopped, renamed, with restart policy `no`, and removed once the new one is healthy; none is ever
//! removed with its volumes. Volumes are bound by mounts and never by `-v` binds, which would make an
//! empty directory where live is missing. An engine that does not answer is an error, never "down".
//!
//! Internal: `reforge-host` is what others depend on, and this changes from one version to the next.

mod adopt;
mod again;
mod changes;
mod client;
mod compose;
mod container;
mod controllers;
mod create;
mod defined;
mod deployed;
mod description;
mod engine;
mod engine_volumes;
mod engines;
mod errors;
mod events;
mod freeze;
mod health;
mod hold;
mod hook;
mod image_defaults;
mod images;
mod kept;
mod labels;
mod members;
mod mounts;
mod needs;
mod off_limits;
mod policy;
mod ports;
mod privileges;
mod record;
mod replaced;
mod request;
pub mod root;
mod start;
mod stop;
mod survey;

use std::path::PathBuf;

pub use self::adopt::{Adoption, Barred};
pub use self::compose::{ComposeAdoption, ComposeRuntime, UnitVolume};
pub use self::engine::{Ended, Engine, Kind};

use self::client::Client;
use self::container::Found;
use self::events::Events;
use self::record::Record;
use reforge_base::Message;
use reforge_base::consistency::Hook;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::not_captured::NotCaptured;
use reforge_base::spec::{DeploySpec, HealthReport, Mount, Observation};
use reforge_runtime::{DeployedMount, Freezable, HookEnd, ImageAtHand, Replaced, Runtime, Survey};

/// Runs workloads as containers.
#[derive(Clone, Debug)]
pub struct DockerRuntime {
    socket: PathBuf,
    /// Whose containers they are: two hosts can share one engine.
    owner: String,
    records: PathBuf,
    /// What the engine tells of those that are held.
    events: Events,
}

/// One look at a workload: the engine, what is written down, and its containers, oldest first.
struct View<'a> {
    client: Client,
    runtime: &'a DockerRuntime,
    workload: &'a str,
    record: Record,
    found: Vec<Found>,
}

impl DockerRuntime {
    /// Talks to the engine at `socket`, and marks its containers with the host id `owner`. Nothing is asked yet. What
    /// the engine cannot keep is written to the directory `records`.
    pub fn new(socket: PathBuf, owner: &str, records: PathBuf) -> DockerRuntime {
        DockerRuntime { socket, owner: owner.to_owned(), records, events: Events::default() }
    }

    /// What a container that something else created would be as this workload. Changes nothing.
    pub fn look_to_adopt(&self, container: &str, workload: &str) -> Result<Adoption> {
        adopt::look(self, container, workload)
    }

    /// From now on the container is the workload's. The caller holds its lease.
    pub fn adopt(&self, adoption: &Adoption) -> Result<()> {
        adopt::take(self, adoption)
    }

    /// The container that has come in the place of the one that the workload was is the workload's from now on, as it is.
    /// The caller holds its lease.
    pub fn adopt_again(&self, adoption: &Adoption, volumes: &[Mount]) -> Result<()> {
        adopt::take_again(self, adoption, volumes)
    }

    /// Takes that back: it was never said to be a workload.
    pub fn disown(&self, adoption: &Adoption) -> Result<()> {
        adopt::give_back(self, adoption)
    }

    /// What was adopted as this workload is nobody's again. The caller holds its lease. Answers whether anything was.
    pub fn forget(&self, workload: &str) -> Result<bool> {
        adopt::forget(self, workload)
    }

    /// Whether something was adopted as this workload.
    pub fn has_adopted(&self, workload: &str) -> Result<bool> {
        Ok(Record::read(&self.records, workload)?.adopted.is_some())
    }

    /// Whether its restart policies are switched off.
    pub fn is_held(&self, workload: &str) -> Result<bool> {
        Ok(Record::read(&self.records, workload)?.hold.is_some())
    }

    /// Whether the container is this workload's already, because it was adopted.
    pub fn is_adopted_as(&self, adoption: &Adoption, workload: &str) -> Result<bool> {
        adopt::is_taken(self, adoption, workload)
    }

    fn view<'a>(&'a self, workload: &'a str) -> Result<View<'a>> {
        let client = Client::open(&self.socket)?;
        let record = Record::read(&self.records, workload)?;
        let found = container::of(&client, &self.owner, workload, &record)?;
        Ok(View { client, runtime: self, workload, record, found })
    }
}

impl View<'_> {
    /// The container that stands for the workload now.
    fn current(&self) -> Option<&Found> {
        container::current(&self.found)
    }

    fn ids(&self) -> Vec<String> {
        self.found.iter().map(|found| found.id.clone()).collect()
    }

    /// Looks at the containers again.
    fn refresh(&mut self) -> Result<()> {
        self.found = container::of(&self.client, &self.runtime.owner, self.workload, &self.record)?;
        Ok(())
    }

    /// Writes the record down.
    fn write(&self) -> Result<()> {
        self.record.write(&self.runtime.records, self.workload)
    }
}

impl Runtime for DockerRuntime {
    fn observe(&self, workload: &str) -> Result<Observation> {
        let view = self.view(workload)?;
        let Some(current) = view.current() else { return Ok(Observation::absent()) };
        let spec = view.spec_of(current)?;
        Ok(Observation::new(current.app_state()?, Some(spec)).with_detail(view.detail(current)))
    }

    fn deployed(&self) -> Result<Vec<String>> {
        deployed::workloads(&Client::open(&self.socket)?, &self.owner)
    }

    fn deployed_mounts(&self, workload: &str) -> Result<Vec<DeployedMount>> {
        let view = self.view(workload)?;
        if let Some(another) = view.another()? {
            return Err(another);
        }
        view.current().map_or_else(|| Ok(Vec::new()), |current| view.deployed_mounts(current))
    }

    fn replaced_by(&self, spec: &DeploySpec) -> Result<Option<Replaced>> {
        replaced::replaced(self, spec)
    }

    fn create(&self, spec: &DeploySpec) -> Result<()> {
        self.events.is_up(&spec.workload);
        create::create(self, spec)
    }

    fn bring_back(&self, observation: &Observation) -> Result<()> {
        match &observation.spec {
            Some(spec) if observation.state.should_run() => {
                self.events.is_up(&spec.workload);
                create::bring_back(self, spec, &observation.detail)
            }
            _ => Ok(()),
        }
    }

    fn start_again(&self, stopped: &Observation) -> Result<()> {
        start::start_again(self, stopped)
    }

    fn hold(&self, workload: &str) -> Result<()> {
        self.events.open(&self.socket, workload)?;
        hold::hold(self, workload)
    }

    fn release(&self, workload: &str) -> Result<()> {
        hold::release(self, workload)?;
        self.events.close(workload);
        Ok(())
    }

    fn stop(&self, workload: &str) -> Result<()> {
        let mut view = self.view(workload)?;
        view.stop_all()?;
        self.events.is_down(workload);
        // Whoever stops it does not want it started again.
        if let Some(hold) = &mut view.record.hold
            && hold.shall_run.take().is_some()
        {
            view.write()?;
        }
        Ok(())
    }

    fn members(&self, workload: &str) -> Result<Vec<i32>> {
        let view = self.view(workload)?;
        let alive: Vec<&str> = view.found.iter().filter(|found| found.is_up()).map(|found| found.id.as_str()).collect();
        members::of(&alive)
    }

    fn own_mounts(&self, workload: &str) -> Result<Vec<PathBuf>> {
        self.view(workload)?.own_mounts()
    }

    fn is_down(&self, workload: &str) -> Result<bool> {
        let view = self.view(workload)?;
        Ok(!view.found.iter().any(Found::is_up) && !view.was_started_meanwhile())
    }

    fn starts_by_others(&self) -> bool {
        true
    }

    fn ran_meanwhile(&self, workload: &str, live: &[(String, PathBuf)]) -> Result<Vec<Message>> {
        let view = self.view(workload)?;
        self.events.ran(&view.client, workload, live, &view.ids())
    }

    fn suspects(&self, workload: &str) -> Result<Vec<Message>> {
        let view = self.view(workload)?;
        self.events.suspects(&view.client, workload, &view.ids())
    }

    fn refuse_missing(&self, workload: &str) -> Result<()> {
        let view = self.view(workload)?;
        match view.to_start_again()? {
            Some(found) => Failure::of_all(&view.missing(&found)?).map_or(Ok(()), Err),
            None => Ok(()),
        }
    }

    fn freezable(&self, workload: &str) -> Result<Option<Freezable>> {
        freeze::plan(&self.view(workload)?.found.iter().collect::<Vec<_>>(), true).map(Some)
    }

    fn freeze(&self, _workload: &str, freezable: &Freezable) -> Result<()> {
        freeze::freeze(&Client::open(&self.socket)?, freezable)
    }

    fn is_frozen(&self, workload: &str, _freezable: &Freezable) -> Result<bool> {
        Ok(freeze::is_still(&self.view(workload)?.found.iter().collect::<Vec<_>>()))
    }

    fn thaw(&self, _workload: &str, freezable: &Freezable) -> Result<()> {
        freeze::thaw(&Client::open(&self.socket)?, freezable)
    }

    fn run_hook(&self, workload: &str, hook: &Hook) -> Result<HookEnd> {
        let view = self.view(workload)?;
        let Some(current) = view.current() else {
            let message = message!("was-never-deployed", workload = reforge_base::escape::text(workload));
            return Err(Failure::new(Code::NotFound, message));
        };
        let spec = view.spec_of(current)?;
        let words = hook.command.iter().map(|word| spec.fill(word, |mount| &mount.target));
        let words: Result<Vec<String>> = words.map(|word| Ok(word?.to_string_lossy().into_owned())).collect();
        hook::run(&view.client, current, words?, hook.limit)
    }

    fn confirmed(&self, workload: &str) -> Result<()> {
        kept::remove_replaced(self, workload)
    }

    fn beside(&self, workload: &str) -> Result<Vec<Failure>> {
        let view = self.view(workload)?;
        let replaced = view.another()?.into_iter().chain(view.followed()?);
        Ok(replaced.chain(kept::beside(&view)).collect())
    }

    fn await_healthy(&self, workload: &str, cancelled: &dyn Fn() -> bool) -> Result<HealthReport> {
        let report = health::wait(self, workload, cancelled)?;
        Ok(self.events.beside(self, workload, report))
    }

    fn resolve_image(&self, spec: &DeploySpec) -> Result<String> {
        images::find_id(&Client::open(&self.socket)?, spec)
    }

    fn fetch_image(&self, spec: &DeploySpec, tell: &dyn Fn(&Message), cancelled: &dyn Fn() -> bool) -> Result<()> {
        images::fetch(&Client::open(&self.socket)?, spec, tell, cancelled)
    }

    fn image_at_hand(&self, spec: &DeploySpec) -> Result<ImageAtHand> {
        images::at_hand(&Client::open(&self.socket)?, spec)
    }

    fn survey(&self, workload: &str, allowed: &[String], live: &[(String, PathBuf)]) -> Result<Survey> {
        survey::survey(self, workload, allowed, live)
    }

    fn not_captured(&self, workload: &str) -> Result<Vec<NotCaptured>> {
        self.view(workload)?.not_captured()
    }

    fn discard(&self, observation: &Observation) -> Result<()> {
        create::discard(self, observation)
    }
}
