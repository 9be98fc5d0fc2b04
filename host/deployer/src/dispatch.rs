//! The one function through which every deploy goes: deploy, rollback, promote, preview, stop, start, and whatever asks
//! for them from outside. Promise 5: each takes the workload's lease first, so none can run into a restore.
//!
//! [`Deployer::create_under`] is the same past the lock, for a restore that holds it. Nothing here may start or stop
//! an app without a lease, and nothing live is touched but directories that did not exist.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::absent::Known;
use crate::deployed::used_by_others;
use crate::prepare::{self, Made, Prepared};
use crate::{absent, preview};
use reforge_base::Message;
use reforge_base::effects::effect;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{DeploySpec, Health, HealthReport, Mount};
use reforge_base::state_dir::StateDir;
use reforge_config::deploy_spec::{configured_image, spec};
use reforge_config::{Config, PREVIEW_SUFFIX, RuntimeName, Workload};
use reforge_runtime::Runtime;
use reforge_snapshots::store::Store;
use reforge_transaction::app::Used;
use reforge_transaction::deployments::{Deployments, History};
use reforge_transaction::generation::Generations;
use reforge_transaction::lease::{Lease, Locks};
use reforge_volumes::claim;

/// What runs workloads, by name.
pub type Runtimes = BTreeMap<RuntimeName, Arc<dyn Runtime>>;

/// Asked with the lease held whether a workload may be deployed: not while a restore is unfinished, needs a person, or
/// left siblings behind.
pub type Gate = Arc<dyn Fn(&str) -> Result<()> + Send + Sync>;

/// Deploys workloads. Clones share locks and runtimes.
#[derive(Clone)]
pub struct Deployer {
    pub(super) config: Arc<Config>,
    locks: Locks,
    pub(super) history: History,
    generations: Generations,
    runtimes: Runtimes,
    before_deploy: Gate,
    host_id: String,
    pub(super) tell: Tell,
}

/// Hears what takes long, such as an image that is pulled, and what was found on the way.
pub type Tell = Arc<dyn Fn(&Message) + Send + Sync>;

/// What is asked for. Workloads by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub enum DeployRequest {
    /// What the configuration says.
    Deploy {
        workload: String,
        /// Volumes that get an empty directory although they have had another one.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        make_empty: Vec<String>,
        /// Also if that puts an end to something that nobody here made.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        replace: bool,
    },
    /// The previous image.
    Rollback { workload: String },
    /// The image that runs as `from`, in `to`.
    Promote { from: String, to: String },
    /// Another image beside the workload, with empty volumes.
    Preview { workload: String, image: String },
    /// The workload and its preview down.
    Stop { workload: String },
    /// What a stop has stopped runs again, without its preview.
    Start { workload: String },
}

/// A request that holds its workload's lease.
pub struct Leased {
    request: DeployRequest,
    lease: Lease,
}

/// What a request has led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// The runtime's name of it: the workload's id, or the preview's name.
    pub name: String,
    /// What was deployed. None after a stop.
    pub spec: Option<DeploySpec>,
    /// Healthy or unknown; confirmed bad is a failure. None after a stop.
    pub health: Option<HealthReport>,
    /// The directories that were made for volumes, which are empty.
    pub made: Vec<Made>,
}

impl Deployer {
    pub fn new(
        config: Arc<Config>,
        state: &StateDir,
        locks: Locks,
        runtimes: Runtimes,
        before_deploy: Gate,
    ) -> Deployer {
        let (history, generations, host_id) =
            (History::new(state), Generations::new(state), state.host_id().to_owned());
        Deployer { config, locks, history, generations, runtimes, before_deploy, host_id, tell: Arc::new(|_| {}) }
    }

    /// The same, telling somebody what takes long.
    pub fn telling(self, tell: Tell) -> Deployer {
        Deployer { tell, ..self }
    }

    /// Tells it to them.
    pub fn tell(&self, text: impl Into<Message>) {
        (self.tell)(&text.into());
    }

    /// Does what is asked, under the workload's lease. With `wait` a busy workload is waited for.
    pub fn dispatch(&self, request: &DeployRequest, wait: bool, cancelled: &dyn Fn() -> bool) -> Result<Deployed> {
        self.dispatch_leased(&self.lease(request, wait, cancelled)?, cancelled)
    }

    /// The first half of [`Deployer::dispatch`]: nothing has begun.
    pub fn lease(&self, request: &DeployRequest, wait: bool, cancelled: &dyn Fn() -> bool) -> Result<Leased> {
        let id = match (self.config.workload(request.workload()), request) {
            (Ok(workload), _) => &workload.id,
            // What runs can be stopped although its configuration is gone.
            (Err(_), DeployRequest::Stop { workload }) if self.is_deployed(workload) => workload,
            (Err(failure), _) => return Err(failure),
        };
        let lease = match wait {
            true => self.locks.wait_lease(id, request.what(), cancelled)?,
            false => self.locks.try_lease(id, request.what())?,
        };
        Ok(Leased { request: request.clone(), lease })
    }

    /// The second half.
    pub fn dispatch_leased(&self, leased: &Leased, cancelled: &dyn Fn() -> bool) -> Result<Deployed> {
        let Leased { request, lease } = leased;
        let workload = match (self.config.workload(request.workload()), request) {
            (Err(_), DeployRequest::Stop { workload }) if self.is_deployed(workload) => {
                return self.stop_unconfigured(workload);
            }
            (workload, _) => workload?,
        };
        let runtime = self.runtime(&workload.runtime, &workload.id)?;
        if let DeployRequest::Stop { .. } = request {
            // Not asked: a workload that waits for a person can always be taken down.
            return self.stop(lease, workload, runtime);
        }
        (self.before_deploy)(&workload.id)?;
        if let DeployRequest::Start { .. } = request {
            return self.start(lease, workload, runtime, cancelled);
        }
        if let DeployRequest::Preview { image, .. } = request {
            return self.preview(lease, workload, image, runtime, cancelled);
        }
        let earlier = match request {
            DeployRequest::Rollback { .. } => Some(self.previous(workload)?),
            DeployRequest::Promote { from, .. } => Some(self.promoted(from, workload)?),
            _ => None,
        };
        self.check_absent(request, workload, runtime)?;
        // All that can be refused is refused before a directory is made.
        let planned = prepare::planned(&self.config, workload)?;
        refuse_used_by_others(runtime, workload, &captured(workload, &planned))?;
        let mut spec = match earlier {
            Some(image) => self.earlier(workload, image, planned)?,
            None => self.fetched(workload, &configured_image(workload)?, planned, cancelled)?,
        };
        self.refuse_replacing(request, &spec, runtime)?;
        // An image can take long to come: what was there before may be gone.
        self.check_absent(request, workload, runtime)?;
        let Prepared { volumes, mounts, made } = prepare::volumes(&self.config, workload)?;
        spec.mounts = mounts;
        // An app must not be started while another host exchanges its volumes.
        let held = claim::all(volumes.iter().map(|volume| volume.parent.as_path()), &self.host_id)?;
        refuse_used_by_others(runtime, workload, &captured(workload, &spec.mounts))?;
        // Nothing holds the workload: a hold that is left of what was broken off would go on without end.
        lifecycle("release", || runtime.release(&workload.id))?;
        self.create_under(lease, &spec, runtime)?;
        drop(held);
        let report = self.await_under(lease, runtime, cancelled)?;
        Ok(Deployed { made, ..deployed(spec, report)? })
    }

    /// No directory comes into being for a volume that has had one, unless that is asked for.
    fn check_absent(&self, request: &DeployRequest, workload: &Workload, runtime: &Arc<dyn Runtime>) -> Result<()> {
        let wanted = match request {
            DeployRequest::Deploy { make_empty, .. } => make_empty.as_slice(),
            _ => &[],
        };
        let snapshots = Store::new(self.config.host.snapshot_dir.clone());
        absent::check(&self.config, workload, wanted, || {
            let record = match self.history.read(&workload.id) {
                // Kept beside by the deploy.
                Err(failure) if failure.code == Code::NeedsOperator => Deployments::default(),
                read => read?,
            };
            Ok(Known { record, observed: runtime.observe(&workload.id)?, snapshots: &snapshots })
        })
    }

    /// Creates the app from a spec and records it. Policies stay as they are held. For whoever holds the lease: a
    /// dispatch, or a restore, which brings the runtime that its journal names. The record is written first: a rollback
    /// after a crash in between then goes to what ran before, not to what ran before that.
    pub fn create_under(&self, lease: &Lease, spec: &DeploySpec, runtime: &Arc<dyn Runtime>) -> Result<()> {
        let before = self.history.deploying(lease, spec)?;
        let created = lifecycle("create-app", || runtime.create(spec));
        match &created {
            Err(failure) if failure.code != Code::AppBad => self.take_back(lease, spec, &before, runtime)?,
            _ => {}
        }
        created
    }

    /// Waits for the app that was created last.
    pub fn await_under(
        &self,
        lease: &Lease,
        runtime: &Arc<dyn Runtime>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<HealthReport> {
        self.await_app(lease.workload(), runtime, cancelled)
    }

    /// The same for a preview. What was replaced may go only when the new one is healthy; that it stays is no failure of it.
    fn await_app(&self, name: &str, runtime: &Arc<dyn Runtime>, cancelled: &dyn Fn() -> bool) -> Result<HealthReport> {
        let report = lifecycle("await-app", || runtime.await_healthy(name, cancelled))?;
        if report.health == Health::Healthy
            && let Err(failure) = runtime.confirmed(name)
        {
            self.tell(failure.message);
        }
        Ok(report)
    }

    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Which host this is, for what other hosts must not do at the same time.
    pub fn host_id(&self) -> &str {
        &self.host_id
    }

    pub fn locks(&self) -> &Locks {
        &self.locks
    }

    /// The runtime of a name that a journal recorded.
    pub fn runtime_named(&self, name: &str) -> Result<&Arc<dyn Runtime>> {
        self.runtimes
            .get(&RuntimeName::from(name))
            .ok_or_else(|| Failure::new(Code::Runtime, message!("this-host-has-no-runtime", name = escape::text(name))))
    }

    /// All of them.
    pub fn runtimes(&self) -> impl Iterator<Item = &Arc<dyn Runtime>> {
        self.runtimes.values()
    }

    /// Records how an app was deployed that something else deployed: what a rollback goes back to.
    pub fn history_of_adopted(&self, lease: &Lease, spec: &DeploySpec) -> Result<()> {
        self.history.deploying(lease, spec).map(|_| ())
    }

    /// Whether the state directory is the newest.
    pub fn generations(&self) -> &Generations {
        &self.generations
    }

    pub fn history(&self) -> &History {
        &self.history
    }

    /// The runtime of a workload or preview by name, also of one that the configuration no longer has.
    pub fn runtime_of(&self, name: &str) -> Result<&Arc<dyn Runtime>> {
        let id = name.strip_suffix(PREVIEW_SUFFIX).unwrap_or(name);
        match (self.config.workload(id), self.runtimes.len()) {
            (Ok(workload), _) => self.runtime(&workload.runtime, id),
            (Err(_), 1) => self.runtimes.values().next().ok_or_else(|| no_runtime("any", id)),
            (Err(failure), _) => Err(failure),
        }
    }

    pub(super) fn runtime(&self, name: &RuntimeName, id: &str) -> Result<&Arc<dyn Runtime>> {
        self.runtimes.get(name).ok_or_else(|| no_runtime(name.as_str(), id))
    }

    fn preview(
        &self,
        lease: &Lease,
        workload: &Workload,
        image: &str,
        runtime: &Arc<dyn Runtime>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Deployed> {
        let name = preview_name(workload);
        let mounts = preview::mounts(&self.config, &self.history, workload)?;
        let mut spec = spec(workload, &name, image, mounts)?;
        preview::isolate(&mut spec);
        runtime.fetch_image(&spec, &*self.tell, cancelled)?;
        spec.image_digest = runtime.resolve_image(&spec)?;
        take_down(runtime, &name)?;
        preview::make(&self.config, &self.history, lease, workload, &spec)?;
        lifecycle("create-app", || runtime.create(&spec))?;
        let report = self.await_app(&name, runtime, cancelled)?;
        deployed(spec, report)
    }

    fn stop(&self, lease: &Lease, workload: &Workload, runtime: &Arc<dyn Runtime>) -> Result<Deployed> {
        let preview = preview_name(workload);
        self.note_stopped(lease, workload, runtime);
        take_down(runtime, &workload.id)?;
        take_down(runtime, &preview)?;
        preview::remove(&self.history, lease, workload)?;
        Ok(Deployed { name: workload.id.clone(), spec: None, health: None, made: Vec::new() })
    }

    /// Whether some runtime has something of this name. One that cannot be asked has nothing that could be stopped.
    fn is_deployed(&self, name: &str) -> bool {
        let has = |runtime: &Arc<dyn Runtime>| runtime.deployed().is_ok_and(|all| all.iter().any(|one| one == name));
        self.runtimes.values().any(has)
    }

    fn stop_unconfigured(&self, name: &str) -> Result<Deployed> {
        for runtime in self.runtimes.values() {
            if runtime.deployed().is_ok_and(|all| all.iter().any(|one| one == name)) {
                take_down(runtime, name)?;
            }
        }
        Ok(Deployed { name: name.to_owned(), spec: None, health: None, made: Vec::new() })
    }

    /// A create that failed before it replaced anything leaves the record as it was.
    fn take_back(
        &self,
        lease: &Lease,
        spec: &DeploySpec,
        before: &Deployments,
        runtime: &Arc<dyn Runtime>,
    ) -> Result<()> {
        match runtime.observe(&spec.workload) {
            Ok(seen) if seen.spec.as_ref() == Some(spec) => Ok(()),
            _ => self.history.write(lease, before),
        }
    }
}

impl DeployRequest {
    /// The workload whose lease it takes.
    pub fn workload(&self) -> &str {
        match self {
            DeployRequest::Deploy { workload, .. }
            | DeployRequest::Rollback { workload }
            | DeployRequest::Preview { workload, .. }
            | DeployRequest::Stop { workload }
            | DeployRequest::Start { workload } => workload,
            DeployRequest::Promote { to, .. } => to,
        }
    }

    /// Its name in the audit log.
    pub fn verb(&self) -> &'static str {
        match self {
            DeployRequest::Deploy { .. } => "deploy",
            DeployRequest::Rollback { .. } => "rollback",
            DeployRequest::Promote { .. } => "promote",
            DeployRequest::Preview { .. } => "preview",
            DeployRequest::Stop { .. } => "stop",
            DeployRequest::Start { .. } => "start",
        }
    }

    fn what(&self) -> Message {
        match self {
            DeployRequest::Deploy { .. } => message!("a-deploy"),
            DeployRequest::Rollback { .. } => message!("a-rollback"),
            DeployRequest::Promote { .. } => message!("a-promotion"),
            DeployRequest::Preview { .. } => message!("a-preview"),
            DeployRequest::Stop { .. } => message!("a-stop"),
            DeployRequest::Start { .. } => message!("a-start"),
        }
    }
}

/// The runtime's name of a workload's preview. No workload can have it.
pub fn preview_name(workload: &Workload) -> String {
    format!("{}{PREVIEW_SUFFIX}", workload.id)
}

/// A bad deploy is a failure; the app is left as it is, for a person to look at or roll back.
fn deployed(spec: DeploySpec, report: HealthReport) -> Result<Deployed> {
    if report.health == Health::ConfirmedBad {
        let message = message!(
            "was-deployed-and-is-bad",
            workload = escape::text(&spec.workload),
            reason = escape::text(&report.reason)
        );
        return Err(Failure::new(Code::AppBad, message).hint(message!("look-at-its-log-then-deploy")));
    }
    Ok(Deployed { name: spec.workload.clone(), spec: Some(spec), health: Some(report), made: Vec::new() })
}

/// Those that are not only mounted: what nobody captures may be had by many.
fn captured(workload: &Workload, mounts: &[Mount]) -> Vec<Mount> {
    let is_captured = |mount: &&Mount| workload.volumes.iter().any(|one| one.name == mount.volume && one.capture);
    mounts.iter().filter(is_captured).cloned().collect()
}

fn refuse_used_by_others(runtime: &Arc<dyn Runtime>, workload: &Workload, mounts: &[Mount]) -> Result<()> {
    let used = mounts.iter().map(|mount| Used::at(&mount.volume, mount.live.clone())).collect::<Result<Vec<_>>>()?;
    Failure::of_all(&used_by_others(&**runtime, &workload.id, &used)?).map_or(Ok(()), Err)
}

fn take_down(runtime: &Arc<dyn Runtime>, name: &str) -> Result<()> {
    lifecycle("stop", || runtime.stop(name))?;
    if lifecycle("is-down", || runtime.is_down(name))? {
        return Ok(());
    }
    let message = message!("is-still-alive", name = escape::text(name));
    Err(Failure::new(Code::NotDown, message).hint(message!("find-out-what-starts-it-again")))
}

fn no_runtime(kind: &str, id: &str) -> Failure {
    let message = message!("needs-the-runtime-which-this-build", id = escape::text(id), kind);
    Failure::new(Code::Runtime, message).hint(message!("use-a-build"))
}

/// A lifecycle call as an effect of its own, so that a test can fail it.
pub(super) fn lifecycle<T: 'static>(name: &str, call: impl FnOnce() -> Result<T>) -> Result<T> {
    let injected = |error: io::Error| Failure::new(Code::Runtime, message!("cannot-do", doing = name, error));
    effect(name, || Ok(call())).map_err(injected)?
}

#[cfg(test)]
#[path = "dispatch_tests.rs"]
mod tests;
