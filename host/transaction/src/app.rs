//! The app of one workload while its lease is held: every lifecycle call of a transaction, each an effect that can be
//! failed, stalled or cut. To hold one is to hold the lock, so that nothing else can deploy meanwhile.

use std::path::PathBuf;
use std::time::Duration;

use super::generation::Generations;
use super::lease::{Lease, Locks};
use reforge_base::Message;
use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{DeploySpec, HealthReport, Observation};
use reforge_holders::{Idle, LiveDirectory, in_flight::InFlight};
use reforge_volumes::identity::Identity;

/// The apps of one host, as far as transactions know them: no configuration, no image, no engine.
pub trait Apps {
    /// Each workload's lock.
    fn locks(&self) -> &Locks;

    fn host_id(&self) -> &str;

    fn generations(&self) -> &Generations;

    /// What runs the workloads of the runtime that a journal names.
    fn lifecycle(&self, runtime: &str) -> Result<Box<dyn Lifecycle>>;
}

/// Starts and stops apps. What is called with a workload's id or lease is called with that lease held, may be called again
/// after a crash, and answers what it sees.
pub trait Lifecycle: Send + Sync {
    /// What the app is doing. Changes nothing.
    fn observe(&self, workload: &str) -> Result<Observation>;

    /// Why what is deployed has another directory than one of these, if it has (protocol, rule 16). `left` are the volumes
    /// that are not touched.
    fn elsewhere(&self, workload: &str, used: &[Used], left: &[String]) -> Result<Option<Failure>>;

    /// Switches every restart policy off. Durable.
    fn hold(&self, workload: &str) -> Result<()>;

    /// Puts restart policies back.
    fn release(&self, workload: &str) -> Result<()>;

    /// Stops every instance, and returns when none is alive.
    fn stop(&self, workload: &str) -> Result<()>;

    /// Whether none is alive.
    fn is_down(&self, workload: &str) -> Result<bool>;

    /// What is alive, or was since everything was stopped, in words; none if nothing is and was.
    fn not_down(&self, workload: &str) -> Result<Option<Message>> {
        Ok((!self.is_down(workload)?).then(|| message!("its-runtime-still-has-it")))
    }

    /// Everybody else who was started with one of these while the app was down, in words. `live` are volumes by name and path.
    fn ran_meanwhile(&self, _workload: &str, _live: &[(String, PathBuf)]) -> Result<Vec<Message>> {
        Ok(Vec::new())
    }

    /// Who may have written to a volume while the app was down, in words.
    fn suspects(&self, _workload: &str) -> Result<Vec<Message>> {
        Ok(Vec::new())
    }

    /// How long each part of an app that has several was down last. Changes nothing.
    fn member_downtimes(&self, _workload: &str) -> Result<Vec<(String, Duration)>> {
        Ok(Vec::new())
    }

    /// Whether something other than this host can start the app, and be gone before anybody looks.
    fn starts_by_others(&self) -> bool {
        false
    }

    /// Fails if something that is needed for bringing the app back is not there any more. Changes nothing.
    fn refuse_missing(&self, _workload: &str) -> Result<()> {
        Ok(())
    }

    /// Creates the app anew, by the function that every deploy goes through.
    fn create(&self, lease: &Lease, spec: &DeploySpec) -> Result<()>;

    /// Waits for the health of what was started last.
    fn await_healthy(&self, lease: &Lease, cancelled: &dyn Fn() -> bool) -> Result<HealthReport>;

    /// Brings back what was observed, the old instance if there is one.
    fn bring_back(&self, observation: &Observation) -> Result<()>;

    /// What was kept for going back to what was observed may go.
    fn discard(&self, observation: &Observation) -> Result<()>;
}

/// A directory that is about to be captured or exchanged.
#[derive(Clone, Debug)]
pub struct Used {
    pub volume: String,
    pub path: PathBuf,
    /// None when nothing is there.
    pub identity: Option<Identity>,
}

impl Used {
    /// What is at a volume's place now.
    pub fn at(volume: &str, path: PathBuf) -> Result<Used> {
        Ok(Used { volume: volume.to_owned(), identity: Identity::at(&path)?, path })
    }

    /// Whether both are one directory.
    pub fn is(&self, other: &Used) -> bool {
        self.path == other.path || (self.identity.is_some() && self.identity == other.identity)
    }
}

/// See the module.
pub struct App {
    lease: Lease,
    host_id: String,
    generations: Generations,
    lifecycle: Box<dyn Lifecycle>,
}

impl App {
    /// The app of the lease's workload, run by the runtime of this name.
    pub fn new(apps: &dyn Apps, lease: Lease, runtime: &str) -> Result<App> {
        let lifecycle = apps.lifecycle(runtime)?;
        Ok(App { lease, host_id: apps.host_id().to_owned(), generations: apps.generations().clone(), lifecycle })
    }

    /// Which host holds it.
    pub fn host_id(&self) -> &str {
        &self.host_id
    }

    pub fn workload(&self) -> &str {
        self.lease.workload()
    }

    /// What it is doing. Changes nothing.
    pub fn observe(&self) -> Result<Observation> {
        self.call("observe", || self.lifecycle.observe(self.workload()))
    }

    /// Fails where what is deployed has another directory than one of these.
    pub fn refuse_elsewhere(&self, used: &[Used], left: &[String]) -> Result<()> {
        self.lifecycle.elsewhere(self.workload(), used, left)?.map_or(Ok(()), Err)
    }

    pub fn generations(&self) -> &Generations {
        &self.generations
    }

    /// Policies off, then stopped. May be repeated.
    pub fn stop(&self) -> Result<()> {
        self.call("hold", || self.lifecycle.hold(self.workload()))?;
        self.call("stop", || self.lifecycle.stop(self.workload()))
    }

    /// Whether the runtime says that it is down.
    pub fn is_down(&self) -> Result<bool> {
        self.call("is-down", || self.lifecycle.is_down(self.workload()))
    }

    /// What of it is not down, in words.
    pub fn not_down(&self) -> Result<Option<Message>> {
        self.call("is-down", || self.lifecycle.not_down(self.workload()))
    }

    /// Who else was started with one of these while it was down.
    pub fn ran_meanwhile(&self, live: &[(String, PathBuf)]) -> Result<Vec<Message>> {
        self.lifecycle.ran_meanwhile(self.workload(), live)
    }

    /// Who may have written to a volume while it was down.
    pub fn suspects(&self) -> Result<Vec<Message>> {
        self.lifecycle.suspects(self.workload())
    }

    /// How long each of its parts was down last. A runtime that does not say so takes nothing from what is told.
    pub fn member_downtimes(&self) -> Vec<(String, Duration)> {
        self.lifecycle.member_downtimes(self.workload()).unwrap_or_default()
    }

    /// Whether something other than this host can start it, and be gone before anybody looks.
    pub fn starts_by_others(&self) -> bool {
        self.lifecycle.starts_by_others()
    }

    /// Fails if something is gone that it needs to come back.
    pub fn refuse_missing(&self) -> Result<()> {
        self.lifecycle.refuse_missing(self.workload())
    }

    /// What is open for writing in these directories while it still runs, and who has nothing of them. Changes nothing.
    pub fn note_writers(&self, directories: &[LiveDirectory]) -> Result<(InFlight, Idle)> {
        self.call("note-writers", || InFlight::note(directories))
    }

    /// Returns when nothing that was submitted can land any more.
    pub fn await_writes(&self, in_flight: &InFlight) -> Result<()> {
        self.call("await-writes", || in_flight.wait())
    }

    /// Created anew, by the function that every deploy goes through. Policies stay off.
    pub fn create(&self, spec: &DeploySpec) -> Result<()> {
        self.lifecycle.create(&self.lease, spec)
    }

    /// Waits for its health.
    pub fn await_healthy(&self, cancelled: &dyn Fn() -> bool) -> Result<HealthReport> {
        self.lifecycle.await_healthy(&self.lease, cancelled)
    }

    /// As it was observed, the old instance if there is one.
    pub fn bring_back(&self, observation: &Observation) -> Result<()> {
        self.call("bring-back", || self.lifecycle.bring_back(observation))
    }

    /// The way back to what was observed is not needed any more.
    pub fn discard(&self, observation: &Observation) -> Result<()> {
        self.call("forget", || self.lifecycle.discard(observation))
    }

    /// Policies as the spec says.
    pub fn release(&self) -> Result<()> {
        self.call("release", || self.lifecycle.release(self.workload()))
    }

    fn call<T: 'static>(&self, name: &str, call: impl FnOnce() -> Result<T>) -> Result<T> {
        effect(name, || Ok(call())).map_err(|error| {
            let workload = reforge_base::escape::text(self.workload());
            Failure::new(Code::Runtime, message!("cannot-do-to-workload", name, workload, error))
        })?
    }
}
