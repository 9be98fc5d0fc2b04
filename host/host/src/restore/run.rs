//! A restore as a person asks for it: plan, hand over to the plugin, settle.

use std::sync::Arc;

use super::monitor::{Given, Monitor, Subject};
use super::preflight::{self, Choice, Look, Preflight};
use super::progress::Progress;
use super::report::Report;
use super::word;
use crate::host::Host;
use reforge_base::Phase;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_plugins::Plugin;
use reforge_plugins::bindings::exports::reforge::restore::restorer::{Inspection, Job, VolumePlan};
use reforge_plugins::policy;
use reforge_snapshots::store::OpenSnapshot;
use reforge_volumes::claim;

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
    /// The plugin's account of each volume; none when it gave no plan.
    pub changes: Option<Vec<VolumePlan>>,
    pub snapshot: OpenSnapshot,
}

/// What a restore would do. Changes nothing, also when something is unfinished.
pub fn plan(host: &Arc<Host>, plugin: &Plugin, request: &Request, progress: &Arc<Progress>) -> Result<Planned> {
    let given = given(host, request)?;
    let mut preflight = preflight(&given, plugin.digest(), request, Look::Whole)?;
    let waits = |refusal: &Failure| matches!(refusal.code, Code::NeedsOperator | Code::Unfinished);
    if preflight.refusals.iter().any(waits) {
        let in_the_way = host.in_the_way(&given.workload)?;
        preflight.refusals.retain(|refusal| !waits(refusal));
        preflight.refusals.splice(0..0, in_the_way);
    }
    let job = job(&given, &preflight, true);
    progress.begin(Phase::ReadingTheArchive, given.snapshot.shown_bytes(), 0);
    let monitor = Arc::new(Monitor::of_plan(given, preflight, progress.clone()));
    let answer = plugin.plan(monitor.clone(), &job);
    let Some((mut preflight, snapshot)) = Monitor::into_plan(monitor) else {
        return Err(Failure::new(Code::Plugin, message!("the-plugin-went")));
    };
    let changes = match answer {
        Ok(answer) => Some(word::take(answer, &mut preflight)),
        Err(failure) if failure.code == Code::Cancelled => return Err(failure),
        Err(failure) => {
            preflight.refusals.push(failure);
            None
        }
    };
    Failure::once(&mut preflight.warnings);
    Failure::once(&mut preflight.refusals);
    Ok(Planned { preflight, changes, snapshot })
}

/// What restores: a plugin in its sandbox, or other code in its place. The monitor watches over it either way, but only
/// a sandbox bounds its memory and its time.
pub trait Logic {
    /// Which it is.
    fn digest(&self) -> &str;

    /// The restore as far as it takes it; the host settles what it leaves. Answers its summary.
    fn restore(&self, monitor: Arc<Monitor>, job: &Job) -> Result<String>;
}

impl Logic for Plugin {
    fn digest(&self) -> &str {
        self.digest()
    }

    fn restore(&self, monitor: Arc<Monitor>, job: &Job) -> Result<String> {
        self.restore(monitor, job)
    }
}

impl<L: Logic> Logic for &L {
    fn digest(&self) -> &str {
        (*self).digest()
    }

    fn restore(&self, monitor: Arc<Monitor>, job: &Job) -> Result<String> {
        (*self).restore(monitor, job)
    }
}

/// The whole restore: [`prepare`] and [`Prepared::run`]. Never fails without saying in what state things are.
pub fn run(host: &Arc<Host>, logic: impl Logic, request: &Request, progress: &Arc<Progress>) -> Report {
    match prepare(host, logic, request, progress) {
        Ok(prepared) => prepared.run(),
        Err(report) => *report,
    }
}

/// A restore that nothing stands in the way of, by the logic that it was prepared for. It holds the workload's lease:
/// nothing else can begin.
pub struct Prepared<L> {
    host: Arc<Host>,
    logic: L,
    monitor: Arc<Monitor>,
    job: Job,
    id: String,
}

impl<L: Logic> Prepared<L> {
    /// The id that journal and receipt will have.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Hands over and settles.
    pub fn run(self) -> Report {
        let Prepared { host, logic, monitor, job, .. } = self;
        let answer = logic.restore(monitor.clone(), &job);
        let report = monitor.conclude(answer);
        // The lease goes with it.
        drop(monitor);
        host.end_superseded(&report);
        report
    }
}

/// Everything that can be refused before the restore logic is asked: the first half, for whoever tells the id before the
/// rest is run. A refusal is audited.
pub fn prepare<L: Logic>(
    host: &Arc<Host>,
    logic: L,
    request: &Request,
    progress: &Arc<Progress>,
) -> Result<Prepared<L>, Box<Report>> {
    accept(host, logic, request, progress).map_err(|failure| {
        let mut report = Report::unchanged(failure);
        host.audit_refusal("restore", &request.workload, &request.snapshot, &request.who, &mut report);
        Box::new(report)
    })
}

fn accept<L: Logic>(host: &Arc<Host>, logic: L, request: &Request, progress: &Arc<Progress>) -> Result<Prepared<L>> {
    progress.begin(Phase::Planning, 0, 0);
    if let Some(given) = request.plan.as_ref().filter(|given| !preflight::is_digest(given)) {
        let message = message!("is-no-plan-digest", given = reforge_base::escape::text(given));
        return Err(Failure::new(Code::Usage, message).hint(message!("reforge-restore-plan-shows")));
    }
    // Whether another one holds the workload is told first: its unfinished journal is no reason to call an operator.
    let what = message!("a-restore-that-is-being-planned");
    let lease = host.lease(&request.workload, what, request.wait, &progress.cancelled)?;
    let given = given(host, request)?;
    let plan = preflight(&given, logic.digest(), request, Look::Identities)?;
    let id = reforge_transaction::id::new_id(&host.state.transactions(), &host.state.receipts())?;
    if let Some(refusal) = plan.refusal() {
        return Err(refusal);
    }
    if request.plan.as_ref().is_some_and(|wanted| *wanted != plan.digest) {
        return Err(Failure::new(Code::Drift, message!("what-the-plan-stands"))
            .hint(message!("configuration-snapshot-volumes-image-or-plugin")));
    }
    // Before the plugin is asked, so that another host at work there is told at once. The plan is made again after it.
    let parents = plan.targets.iter().map(|target| target.resolved.parent.as_path());
    let claims = claim::all(parents, host.state.host_id())?;
    let job = job(&given, &plan, false);
    let subject = Subject {
        given,
        choice: request.choice.clone(),
        plugin_digest: logic.digest().to_owned(),
        id: id.clone(),
        who: request.who.clone(),
        plan,
    };
    let monitor = Arc::new(Monitor::of_restore(subject, lease, claims, progress.clone()));
    Ok(Prepared { host: host.clone(), logic, monitor, job, id })
}

fn given(host: &Arc<Host>, request: &Request) -> Result<Given> {
    let workload = host.config.workload(&request.workload)?.clone();
    let snapshot = Arc::new(host.store.open(&workload.id, &request.snapshot)?);
    Ok(Given { host: host.clone(), workload, snapshot })
}

fn preflight(given: &Given, plugin_digest: &str, request: &Request, look: Look) -> Result<Preflight> {
    Preflight::make(&given.host, &given.workload, &given.snapshot, &request.choice, plugin_digest, look)
}

fn job(given: &Given, plan: &Preflight, thorough: bool) -> Job {
    Job {
        workload: given.workload.id.clone(),
        plan_digest: plan.digest.clone(),
        leave: plan.not_restored.clone(),
        policy: policy::words(preflight::policy(&given.workload, &given.snapshot.descriptor)),
        imported: given.snapshot.descriptor.imported,
        thorough,
    }
}

/// Reads a foreign archive whole in the sandbox. Writes nothing. `bounds` are further words of its policy.
pub fn inspect(
    host: &Arc<Host>,
    plugin: &Plugin,
    workload: &str,
    archive: OpenSnapshot,
    bounds: &[String],
    progress: &Arc<Progress>,
) -> Result<Inspection> {
    let workload = host.config.workload(workload)?.clone();
    let given = Given { host: host.clone(), workload, snapshot: Arc::new(archive) };
    let mut policy = policy::words(preflight::policy(&given.workload, &given.snapshot.descriptor));
    policy.extend_from_slice(bounds);
    let job = Job {
        workload: given.workload.id.clone(),
        // There is no plan, and the WIT has one job for all calls.
        plan_digest: String::new(),
        leave: Vec::new(),
        policy,
        imported: true,
        thorough: true,
    };
    progress.begin(Phase::Inspecting, given.snapshot.shown_bytes(), 0);
    plugin.inspect(Arc::new(Monitor::of_inspection(given, progress.clone())), &job)
}
