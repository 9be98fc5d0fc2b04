//! A restore as a person asks for it: plan, hand over to the plugin, settle.

use std::sync::Arc;

use super::monitor::{Monitor, Purpose, Subject};
use super::preflight::{self, Choice, Look, Preflight};
use super::progress::Progress;
use super::report::Report;
use crate::failure::{Code, Failure, Result};
use crate::host::Host;
use crate::plugins::Plugin;
use crate::plugins::bindings::exports::reforge::restore::restorer::{Inspection, Job, RestorePlan};
use crate::snapshots::store::OpenSnapshot;

/// What to restore, and how.
#[derive(Clone, Debug)]
pub struct Request {
    pub workload: String,
    pub snapshot: String,
    pub choice: Choice,
    /// The digest of the plan that was looked at.
    pub plan: Option<String>,
    pub wait: bool,
    pub who: String,
}

/// A plan as host and plugin see it together.
pub struct Planned {
    pub preflight: Preflight,
    /// The plugin's part: none when the host's refusals already stand in the way of asking it.
    pub changes: Option<RestorePlan>,
    pub snapshot: OpenSnapshot,
}

/// What a restore would do. Changes nothing, also when something is unfinished.
pub fn plan(host: &Arc<Host>, plugin: &Plugin, request: &Request, progress: &Arc<Progress>) -> Result<Planned> {
    let subject = subject(host, plugin.digest(), request, Look::Whole)?;
    let job = job(&subject, true);
    progress.begin("reading the archive", subject.snapshot.bytes(), 0);
    let monitor = Arc::new(Monitor::new(Purpose::Plan, subject, progress.clone()));
    let answer = plugin.plan(monitor.clone(), &job);
    let Some(Subject { plan: mut preflight, snapshot, .. }) = Monitor::into_subject(monitor) else {
        return Err(Failure::new(Code::Plugin, "the plugin went on after it had answered"));
    };
    let changes = match answer {
        Ok(plan) => {
            for refusal in &plan.refusals {
                add(&mut preflight.refusals, refusal);
            }
            for warning in &plan.warnings {
                add(&mut preflight.warnings, warning);
            }
            Some(plan)
        }
        Err(failure) if failure.code == Code::Cancelled => return Err(failure),
        Err(failure) => {
            preflight.refusals.push(failure);
            None
        }
    };
    Ok(Planned { preflight, changes, snapshot })
}

/// The whole restore. Never fails without saying in what state things are.
pub fn run(host: &Arc<Host>, plugin: &Plugin, request: &Request, progress: &Arc<Progress>) -> Report {
    run_by(host, plugin.digest(), request, progress, |monitor, job| plugin.restore(monitor, job))
}

/// The same with restore logic that need not be in a sandbox; `digest` says which it is. The monitor watches over it
/// all the same, but nothing bounds its memory and its time.
pub fn run_by(
    host: &Arc<Host>,
    digest: &str,
    request: &Request,
    progress: &Arc<Progress>,
    restore: impl FnOnce(Arc<Monitor>, &Job) -> Result<String>,
) -> Report {
    match prepare(host, digest, request, progress) {
        Ok(prepared) => prepared.run_by(restore),
        Err(report) => *report,
    }
}

/// A restore that nothing stands in the way of. It holds the workload's lease: nothing else can begin.
pub struct Prepared {
    monitor: Arc<Monitor>,
    job: Job,
    id: String,
}

impl Prepared {
    /// The id that journal and receipt will have.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Hands over to the plugin that it was prepared for, and settles.
    pub fn run(self, plugin: &Plugin) -> Report {
        self.run_by(|monitor, job| plugin.restore(monitor, job))
    }

    fn run_by(self, restore: impl FnOnce(Arc<Monitor>, &Job) -> Result<String>) -> Report {
        let answer = restore(self.monitor.clone(), &self.job);
        self.monitor.settle(answer)
    }
}

/// Everything that can be refused before the restore logic of this digest is asked. A refusal is audited.
pub fn prepare(
    host: &Arc<Host>,
    digest: &str,
    request: &Request,
    progress: &Arc<Progress>,
) -> Result<Prepared, Box<Report>> {
    accept(host, digest, request, progress).map_err(|failure| {
        let mut report = Report::unchanged(failure);
        host.audit_refusal("restore", &request.workload, &request.snapshot, &request.who, &mut report);
        Box::new(report)
    })
}

fn accept(host: &Arc<Host>, digest: &str, request: &Request, progress: &Arc<Progress>) -> Result<Prepared> {
    progress.begin("planning", 0, 0);
    // Whether another one holds the workload is told first: its unfinished journal is no reason to call an operator.
    let what = "a restore that is being planned";
    let lease = host.lease(&request.workload, what, request.wait, &progress.cancelled)?;
    let subject = subject(host, digest, request, Look::Identities)?;
    if let Some(refusal) = subject.plan.refusal() {
        return Err(refusal);
    }
    if request.plan.as_ref().is_some_and(|wanted| *wanted != subject.plan.digest) {
        return Err(Failure::new(Code::Drift, "what the plan stands on has moved since it was made")
            .hint("configuration, snapshot, volumes, image or plugin changed: make a new plan and look at it again"));
    }
    let (job, id) = (job(&subject, false), subject.id.clone());
    let monitor = Arc::new(Monitor::of_restore(subject, lease, progress.clone()));
    Ok(Prepared { monitor, job, id })
}

fn subject(host: &Arc<Host>, plugin_digest: &str, request: &Request, look: Look) -> Result<Subject> {
    let workload = host.config.workload(&request.workload)?.clone();
    let snapshot = host.store.open(&workload.id, &request.snapshot)?;
    let plan = Preflight::make(host, &workload, &snapshot, &request.choice, plugin_digest, look)?;
    Ok(Subject {
        host: host.clone(),
        workload,
        snapshot,
        choice: request.choice.clone(),
        plugin_digest: plugin_digest.to_owned(),
        id: crate::transaction::new_id()?,
        who: request.who.clone(),
        plan,
    })
}

fn job(subject: &Subject, thorough: bool) -> Job {
    Job {
        workload: subject.workload.id.clone(),
        plan_digest: subject.plan.digest.clone(),
        leave: subject.choice.leave.clone(),
        policy: preflight::policy(&subject.workload),
        imported: subject.snapshot.descriptor.imported,
        thorough,
    }
}

/// Reads a foreign archive whole in the sandbox. Writes nothing.
pub fn inspect(
    host: &Arc<Host>,
    plugin: &Plugin,
    workload: &str,
    archive: OpenSnapshot,
    progress: &Arc<Progress>,
) -> Result<Inspection> {
    let workload = host.config.workload(workload)?.clone();
    let job = Job {
        workload: workload.id.clone(),
        plan_digest: String::new(),
        leave: Vec::new(),
        policy: preflight::policy(&workload),
        imported: true,
        thorough: true,
    };
    progress.begin("inspecting", archive.bytes(), 0);
    let subject = Subject {
        host: host.clone(),
        plan: Preflight::of_nothing(),
        workload,
        snapshot: archive,
        choice: Choice::default(),
        plugin_digest: plugin.digest().to_owned(),
        id: String::new(),
        who: String::new(),
    };
    plugin.inspect(Arc::new(Monitor::new(Purpose::Inspect, subject, progress.clone())), &job)
}

/// Adds what the plugin says unless the host has said it already.
fn add(to: &mut Vec<Failure>, said: &crate::plugins::bindings::reforge::restore::types::Failure) {
    let failure = crate::plugins::calls::own(said);
    if to.iter().all(|known| known.code != failure.code || !failure.message.contains(&known.message)) {
        to.push(failure);
    }
}
