//! The one function through which every deploy goes: deploy, rollback, promote, preview, stop, and whatever asks for
//! them from outside. Promise 5: each takes the workload's lease first, so none can run into a restore.
//!
//! [`Deployer::create_under`] is the same past the lock, for a restore that holds it. Nothing here may start or stop
//! an app without a lease, and nothing live is touched but directories that did not exist.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::config::{Config, PREVIEW_SUFFIX, RuntimeKind, Workload};
use crate::deployer::history::{Deployments, History};
use crate::deployer::lease::{Lease, Locks};
use crate::deployer::resolve::ResolvedVolume;
use crate::deployer::workload::{configured_image, spec};
use crate::deployer::{prepare, preview};
use crate::effects::effect;
use crate::escape;
use crate::failure::{Code, Failure, Result};
use crate::runtime::{DeploySpec, Health, HealthReport, Runtime};
use crate::state_dir::StateDir;

/// What runs workloads of each kind.
pub type Runtimes = BTreeMap<RuntimeKind, Arc<dyn Runtime>>;

/// Asked with the lease held whether a workload may be deployed: not while a restore is unfinished, needs a person, or
/// left siblings behind.
pub type Gate = Arc<dyn Fn(&str) -> Result<()> + Send + Sync>;

/// Deploys workloads. Clones share locks and runtimes.
#[derive(Clone)]
pub struct Deployer {
    config: Arc<Config>,
    locks: Locks,
    history: History,
    runtimes: Runtimes,
    before_deploy: Gate,
    tell: Tell,
}

/// Hears what takes long, such as an image that is pulled.
pub type Tell = Arc<dyn Fn(&str) + Send + Sync>;

/// What is asked for. Workloads by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub enum DeployRequest {
    /// What the configuration says.
    Deploy { workload: String },
    /// The previous image.
    Rollback { workload: String },
    /// The image that runs as `from`, in `to`.
    Promote { from: String, to: String },
    /// Another image beside the workload, with empty volumes.
    Preview { workload: String, image: String },
    /// The workload and its preview down.
    Stop { workload: String },
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
}

impl Deployer {
    pub fn new(
        config: Arc<Config>,
        state: &StateDir,
        locks: Locks,
        runtimes: Runtimes,
        before_deploy: Gate,
    ) -> Deployer {
        Deployer { config, locks, history: History::new(state), runtimes, before_deploy, tell: Arc::new(|_| {}) }
    }

    /// The same, telling somebody what takes long.
    pub fn telling(self, tell: Tell) -> Deployer {
        Deployer { tell, ..self }
    }

    /// Does what is asked, under the workload's lease. With `wait` a busy workload is waited for.
    pub fn dispatch(&self, request: &DeployRequest, wait: bool, cancelled: &dyn Fn() -> bool) -> Result<Deployed> {
        self.dispatch_leased(&self.lease(request, wait, cancelled)?, cancelled)
    }

    /// The first half of [`Deployer::dispatch`]: nothing has begun.
    pub fn lease(&self, request: &DeployRequest, wait: bool, cancelled: &dyn Fn() -> bool) -> Result<Leased> {
        let workload = self.config.workload(request.workload())?;
        let lease = match wait {
            true => self.locks.wait_lease(&workload.id, request.what(), cancelled)?,
            false => self.locks.try_lease(&workload.id, request.what())?,
        };
        Ok(Leased { request: request.clone(), lease })
    }

    /// The second half.
    pub fn dispatch_leased(&self, leased: &Leased, cancelled: &dyn Fn() -> bool) -> Result<Deployed> {
        let Leased { request, lease } = leased;
        let workload = self.config.workload(request.workload())?;
        let runtime = self.runtime(workload.runtime, &workload.id)?;
        if let DeployRequest::Stop { .. } = request {
            // Not asked: a workload that waits for a person can always be taken down.
            return self.stop(lease, workload, runtime);
        }
        (self.before_deploy)(&workload.id)?;
        if let DeployRequest::Preview { image, .. } = request {
            return self.preview(lease, workload, image, runtime, cancelled);
        }
        let earlier = match request {
            DeployRequest::Rollback { .. } => Some(self.previous(workload)?),
            DeployRequest::Promote { from, .. } => Some(self.promoted(from, workload)?),
            _ => None,
        };
        let volumes = prepare::volumes(&self.config, workload)?;
        let spec = match earlier {
            Some(image) => self.earlier(workload, image, &volumes)?,
            None => self.fetched(workload, &configured_image(workload)?, &volumes, cancelled)?,
        };
        // Nothing holds the workload: a hold that is left of what was broken off would go on without end.
        lifecycle("release", || runtime.release(&workload.id))?;
        self.create_under(lease, &spec, runtime)?;
        let report = self.await_under(lease, runtime, cancelled)?;
        deployed(spec, report)
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
        lifecycle("await-app", || runtime.await_healthy(lease.workload(), cancelled))
    }

    /// What a deploy of the configuration would run now. Changes nothing, so every volume must be there.
    pub fn spec_for(&self, workload: &Workload) -> Result<DeploySpec> {
        let volumes = crate::deployer::resolve::resolve(&self.config, workload).accept()?;
        self.fresh(workload, &configured_image(workload)?, &volumes)
    }

    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    pub fn locks(&self) -> &Locks {
        &self.locks
    }

    /// The runtime of a name that a journal recorded.
    pub fn runtime_named(&self, name: &str) -> Result<&Arc<dyn Runtime>> {
        let named = self.runtimes.iter().find(|(kind, _)| kind.as_str() == name);
        named
            .map(|(_, runtime)| runtime)
            .ok_or_else(|| Failure::new(Code::Runtime, format!("this host has no runtime `{}`", escape::text(name))))
    }

    /// Records how an app was deployed that something else deployed: what a rollback goes back to.
    pub fn history_of_adopted(&self, lease: &Lease, spec: &DeploySpec) -> Result<()> {
        self.history.deploying(lease, spec).map(|_| ())
    }

    pub fn history(&self) -> &History {
        &self.history
    }

    /// The runtime of a workload or preview by name, also of one that the configuration no longer has.
    pub fn runtime_of(&self, name: &str) -> Result<&Arc<dyn Runtime>> {
        let id = name.strip_suffix(PREVIEW_SUFFIX).unwrap_or(name);
        match (self.config.workload(id), self.runtimes.len()) {
            (Ok(workload), _) => self.runtime(workload.runtime, id),
            (Err(_), 1) => self.runtimes.values().next().ok_or_else(|| no_runtime("any", id)),
            (Err(failure), _) => Err(failure),
        }
    }

    fn runtime(&self, kind: RuntimeKind, id: &str) -> Result<&Arc<dyn Runtime>> {
        self.runtimes.get(&kind).ok_or_else(|| no_runtime(kind.as_str(), id))
    }

    /// A spec for an image as it is now.
    fn fresh(&self, workload: &Workload, image: &str, volumes: &[ResolvedVolume]) -> Result<DeploySpec> {
        let mut spec = spec(workload, &workload.id, image, volumes.iter().map(ResolvedVolume::mount).collect())?;
        spec.image_digest = self.runtime(workload.runtime, &workload.id)?.resolve_image(&spec)?;
        Ok(spec)
    }

    /// The same for a deploy, which fetches the image first.
    fn fetched(
        &self,
        workload: &Workload,
        image: &str,
        volumes: &[ResolvedVolume],
        cancelled: &dyn Fn() -> bool,
    ) -> Result<DeploySpec> {
        let wanted = spec(workload, &workload.id, image, volumes.iter().map(ResolvedVolume::mount).collect())?;
        self.runtime(workload.runtime, &workload.id)?.fetch_image(&wanted, &*self.tell, cancelled)?;
        self.fresh(workload, image, volumes)
    }

    /// A spec for an image as it was when it was deployed. A container's image is found by its digest; a process's is
    /// the file at its path, which must not have changed.
    fn earlier(&self, workload: &Workload, image: DeploySpec, volumes: &[ResolvedVolume]) -> Result<DeploySpec> {
        let mounts = volumes.iter().map(ResolvedVolume::mount).collect();
        let mut spec = spec(workload, &workload.id, &image.image, mounts)?;
        spec.image_digest = image.image_digest;
        let changed = workload.runtime == RuntimeKind::Process
            && self.runtime(workload.runtime, &workload.id)?.resolve_image(&spec)? != spec.image_digest;
        if changed {
            let message =
                format!("the file of the image `{}` changed since it was deployed", escape::text(&spec.image));
            return Err(Failure::new(Code::Drift, message).hint("put the old file back, or deploy what is there now"));
        }
        Ok(spec)
    }

    fn previous(&self, workload: &Workload) -> Result<DeploySpec> {
        self.history.read(&workload.id)?.previous.ok_or_else(|| {
            Failure::new(Code::NotFound, format!("`{}` has no previous image", escape::text(&workload.id)))
                .hint("a rollback needs two deploys of different images before it")
        })
    }

    fn promoted(&self, from: &str, to: &Workload) -> Result<DeploySpec> {
        let from = self.config.workload(from)?;
        let (shown_from, shown_to) = (escape::text(&from.id), escape::text(&to.id));
        let refuse = |clause: String, hint: &str| {
            Failure::new(Code::Usage, format!("cannot promote `{shown_from}` to `{shown_to}`: {clause}")).hint(hint)
        };
        if from.id == to.id {
            return Err(refuse("they are the same".to_owned(), "name two workloads"));
        }
        if from.project != to.project {
            let hint = "an image is promoted from one stage of a project to another";
            return Err(refuse(format!("their projects are `{}` and `{}`", from.project, to.project), hint));
        }
        if from.runtime != to.runtime {
            let clause = format!("their runtimes are {} and {}", from.runtime.as_str(), to.runtime.as_str());
            return Err(refuse(clause, "give both the same runtime"));
        }
        let current = self.history.read(&from.id)?.current;
        current.ok_or_else(|| refuse(format!("`{shown_from}` was never deployed"), "deploy it first"))
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
        let mounts = preview::mounts(&self.config, workload)?;
        let mut spec = spec(workload, &name, image, mounts)?;
        preview::set_apart(&mut spec);
        runtime.fetch_image(&spec, &*self.tell, cancelled)?;
        spec.image_digest = runtime.resolve_image(&spec)?;
        let mut record = self.history.read(&workload.id)?;
        take_down(runtime, &name)?;
        preview::make(&self.config, workload, &spec.mounts)?;
        record.preview = Some(spec.clone());
        self.history.write(lease, &record)?;
        lifecycle("create-app", || runtime.create(&spec))?;
        let report = lifecycle("await-app", || runtime.await_healthy(&name, cancelled))?;
        deployed(spec, report)
    }

    fn stop(&self, lease: &Lease, workload: &Workload, runtime: &Arc<dyn Runtime>) -> Result<Deployed> {
        let preview = preview_name(workload);
        take_down(runtime, &workload.id)?;
        take_down(runtime, &preview)?;
        preview::remove(&self.config, workload)?;
        let mut record = self.history.read(&workload.id)?;
        if record.preview.take().is_some() {
            self.history.write(lease, &record)?;
        }
        Ok(Deployed { name: workload.id.clone(), spec: None, health: None })
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
            DeployRequest::Deploy { workload }
            | DeployRequest::Rollback { workload }
            | DeployRequest::Preview { workload, .. }
            | DeployRequest::Stop { workload } => workload,
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
        }
    }

    fn what(&self) -> &'static str {
        match self {
            DeployRequest::Deploy { .. } => "a deploy",
            DeployRequest::Rollback { .. } => "a rollback",
            DeployRequest::Promote { .. } => "a promotion",
            DeployRequest::Preview { .. } => "a preview",
            DeployRequest::Stop { .. } => "a stop",
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
        let message =
            format!("`{}` was deployed and is bad: {}", escape::text(&spec.workload), escape::text(&report.reason));
        return Err(Failure::new(Code::AppBad, message).hint("look at its log, then deploy again or roll back"));
    }
    Ok(Deployed { name: spec.workload.clone(), spec: Some(spec), health: Some(report) })
}

fn take_down(runtime: &Arc<dyn Runtime>, name: &str) -> Result<()> {
    lifecycle("stop", || runtime.stop(name))?;
    if lifecycle("is-down", || runtime.is_down(name))? {
        return Ok(());
    }
    let message = format!("`{}` is still alive after it was stopped", escape::text(name));
    Err(Failure::new(Code::NotDown, message).hint("find out what starts it again"))
}

fn no_runtime(kind: &str, id: &str) -> Failure {
    let message = format!("`{}` needs the runtime `{kind}`, which this build does not have", escape::text(id));
    Failure::new(Code::Runtime, message).hint("use a build with it, or set `runtime = \"process\"` with a `command`")
}

/// A lifecycle call as an effect of its own, so that a test can fail it.
fn lifecycle<T: 'static>(name: &str, call: impl FnOnce() -> Result<T>) -> Result<T> {
    let injected = |error: io::Error| Failure::new(Code::Runtime, format!("cannot {name}: {error}"));
    effect(name, || Ok(call())).map_err(injected)?
}

#[cfg(test)]
#[path = "dispatch_tests.rs"]
mod tests;
