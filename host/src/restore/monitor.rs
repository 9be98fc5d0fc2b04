//! The reference monitor: what each call of a plugin requires, and what refuses it.
//!
//! | call | requires |
//! |---|---|
//! | `lock` | a restore is what was asked for, and no lease was given yet |
//! | `begin` | this lease; no transaction yet; exactly the volumes of the plan; a plan under the lock with the same digest |
//! | `stage` | this transaction; a volume of it; once |
//! | `seal` | a staging of this transaction; once |
//! | `stop` | this lease; every volume sealed; the whole archive checked against its digest; not cancelled |
//! | `capture-safety` | this lease; this stop; not cancelled |
//! | `swap` | this transaction; the seal of every volume, each once; this stop; this safety; not cancelled |
//! | `redeploy`, `await-healthy` | this swap |
//! | `revert` | this swap; a failed redeploy or a confirmed-bad app |
//!
//! Anything else is `out-of-order`. Whatever a plugin does or leaves undone, [`Monitor::settle`] ends the transaction.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::preflight::{self, Choice, Look, Preflight};
use super::progress::{Progress, Uncounted};
use crate::config::Workload;
use crate::deployer::lease::Lease;
use crate::failure::{Code, Failure, Result};
use crate::host::Host;
use crate::runtime::{Health, HealthReport};
use crate::snapshots::store::OpenSnapshot;
use crate::transaction::app::App;
use crate::transaction::event::{Begin, BeginVolume, Kind, Moment};
use crate::transaction::{Transaction, sibling_name};
use crate::volumes::live_tree::LiveTree;
use crate::volumes::parent::Parent;
use crate::volumes::staging::{Budget, Expected, Policy, Staging, Terms};

/// A number that only the monitor can have given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof(u64);

/// What a plugin was called for, and so what it may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Describe,
    Plan,
    Restore,
    Inspect,
}

/// Everything that one call of a plugin stands on.
pub struct Subject {
    pub host: Arc<Host>,
    pub workload: Workload,
    pub snapshot: OpenSnapshot,
    pub choice: Choice,
    pub plugin_digest: String,
    /// Id of the restore to be, and who asked for it.
    pub id: String,
    pub who: String,
    /// Wait for the lock instead of being refused.
    pub wait: bool,
    pub plan: Preflight,
}

/// Watches over one call of a plugin and the sandboxes that it makes.
pub struct Monitor {
    purpose: Purpose,
    subject: Option<Subject>,
    pub progress: Arc<Progress>,
    steps: Mutex<Steps>,
    next_proof: AtomicU64,
    /// Grows with every staged byte and entry, and with every new phase.
    phases: AtomicU64,
    /// The furthest byte of the archive that was read: progress for what stages nothing.
    furthest_read: AtomicU64,
}

/// How far the restore got.
#[derive(Default)]
pub(super) struct Steps {
    pub lease: Option<Proof>,
    /// The lease itself, until the transaction takes it over.
    pub held: Option<Lease>,
    pub transaction: Option<(Proof, Transaction)>,
    /// One per volume of the transaction.
    pub stagings: Vec<Option<Arc<Staging>>>,
    pub sealed: Vec<Option<Proof>>,
    pub archive_check: Option<std::thread::JoinHandle<Result<()>>>,
    pub stopped: Option<Proof>,
    /// When the app was told to stop, and how long it may be down before the commit.
    pub stopped_at: Option<Instant>,
    pub stop_to_commit_max: Duration,
    pub safety: Option<Proof>,
    pub swapped: Option<Proof>,
    pub redeploy: Option<Result<()>>,
    pub health: Option<HealthReport>,
    /// How a revert that the plugin asked for ended.
    pub reverted: Option<Result<crate::transaction::revert::Reverted>>,
    /// Phases that the plugin has announced.
    pub announced: Vec<String>,
}

/// What a plugin may know of a volume.
pub struct Facts {
    pub name: String,
    pub scope: String,
    pub exists: bool,
    pub entries: u64,
    pub bytes: u64,
}

/// How much the check of the archive gives way to everything else.
const CHECK_NICENESS: i32 = 19;

/// How many different phases of a plugin count as progress.
const PHASES_MAX: usize = 32;

impl Monitor {
    pub fn new(purpose: Purpose, subject: Subject, progress: Arc<Progress>) -> Monitor {
        Monitor { subject: Some(subject), ..Monitor::bare(purpose, progress) }
    }

    /// For a plugin that is only asked who it is.
    pub fn without_handles() -> Monitor {
        Monitor::bare(Purpose::Describe, Arc::new(Progress::unwatched()))
    }

    fn bare(purpose: Purpose, progress: Arc<Progress>) -> Monitor {
        Monitor {
            purpose,
            subject: None,
            progress,
            steps: Mutex::default(),
            next_proof: AtomicU64::new(1),
            phases: AtomicU64::new(0),
            furthest_read: AtomicU64::new(0),
        }
    }

    /// What the call stood on, once every sandbox of it is gone.
    pub(super) fn into_subject(monitor: Arc<Monitor>) -> Option<Subject> {
        Arc::into_inner(monitor)?.subject
    }

    pub(super) fn subject(&self) -> Result<&Subject> {
        self.subject.as_ref().ok_or_else(|| out_of_order("this call was given no snapshot and no volumes"))
    }

    pub(super) fn steps(&self) -> MutexGuard<'_, Steps> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn proof(&self) -> Proof {
        Proof(self.next_proof.fetch_add(1, Ordering::Relaxed))
    }

    fn only_for(&self, purpose: Purpose, call: &str) -> Result<&Subject> {
        if self.purpose != purpose {
            return Err(out_of_order(&format!("`{call}` belongs to a restore, and this is none")));
        }
        self.subject()
    }

    // The archive.

    pub fn descriptor_text(&self) -> &str {
        self.subject.as_ref().map_or("", |subject| &subject.snapshot.descriptor_text)
    }

    pub fn archive_bytes(&self) -> u64 {
        self.subject.as_ref().map_or(0, |subject| subject.snapshot.bytes())
    }

    pub fn read_archive(&self, offset: u64, max: usize) -> Result<Vec<u8>> {
        let bytes = self.subject()?.snapshot.read_at(offset, max)?;
        let end = offset + bytes.len() as u64;
        self.furthest_read.fetch_max(end, Ordering::Relaxed);
        if self.purpose != Purpose::Restore {
            self.progress.bytes.fetch_max(end, Ordering::Relaxed);
        }
        Ok(bytes)
    }

    // The volumes.

    pub fn resolve(&self, name: &str, scope: &str) -> Result<()> {
        let subject = self.subject()?;
        let target = subject.plan.targets.iter().find(|target| target.resolved.name == name);
        match target {
            Some(target) if target.resolved.scope.as_str() == scope => Ok(()),
            // What the plan refuses says so by itself, with all the others.
            _ => match subject.plan.refusal() {
                Some(refusal) => Err(refusal),
                None => {
                    let (name, scope) = (crate::escape::text(name), crate::escape::text(scope));
                    let message = format!("there is no volume `{name}` of scope `{scope}` to restore");
                    Err(Failure::new(Code::NotFound, message))
                }
            },
        }
    }

    fn target(&self, name: &str) -> Result<&preflight::Target> {
        let target = self.subject()?.plan.targets.iter().find(|target| target.resolved.name == name);
        target.ok_or_else(|| Failure::new(Code::NotFound, "there is no such volume"))
    }

    pub fn volume_facts(&self, name: &str) -> Result<Facts> {
        let target = self.target(name)?;
        Ok(Facts {
            name: name.to_owned(),
            scope: target.resolved.scope.as_str().to_owned(),
            exists: target.identity.is_some(),
            entries: target.live.entries,
            bytes: target.live.bytes,
        })
    }

    pub fn live_tree(&self, name: &str) -> Result<LiveTree> {
        let resolved = &self.target(name)?.resolved;
        let live = Parent::open(&resolved.parent)?.open_live(&resolved.live)?;
        let live =
            live.ok_or_else(|| Failure::new(Code::NotFound, format!("volume `{name}` has no live directory")))?;
        LiveTree::open(live)
    }

    pub fn policy(&self) -> Vec<String> {
        self.subject.as_ref().map_or_else(Vec::new, |subject| preflight::policy(&subject.workload))
    }

    // What can be seen and stopped.

    pub fn plugin_phase(&self, name: &str) {
        let mut steps = self.steps();
        if steps.announced.len() < PHASES_MAX && !steps.announced.iter().any(|known| known == name) {
            steps.announced.push(name.to_owned());
            self.phases.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub fn plugin_progress(&self, done: u64, total: u64) {
        if self.purpose != Purpose::Restore {
            self.progress.bytes.store(done, Ordering::Relaxed);
            self.progress.bytes_total.store(total, Ordering::Relaxed);
        }
    }

    pub fn plugin_note(&self, text: &str) {
        self.progress.note(text);
    }

    /// So much more was handed to staging: shown, and never what anything is decided by.
    pub fn staged(&self, entries: u64, bytes: usize) {
        self.progress.entries.fetch_add(entries, Ordering::Relaxed);
        self.progress.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub fn is_cancelled(&self) -> bool {
        self.progress.is_cancelled()
    }

    /// What counts as progress for the stall limit.
    pub fn progress_count(&self) -> u64 {
        let staged: u64 = match self.steps.try_lock() {
            Ok(steps) => steps.stagings.iter().flatten().map(|staging| staging_count(staging)).sum(),
            Err(_) => 0,
        };
        let read = if self.purpose == Purpose::Restore { 0 } else { self.furthest_read.load(Ordering::Relaxed) };
        staged + read + self.phases.load(Ordering::Relaxed)
    }

    /// Ends a guest that goes on although it was cancelled, or that keeps the app down for too long, before the commit.
    pub fn interrupt(&self) -> Result<()> {
        // Whoever holds the steps is in a host call, which has limits of its own.
        let Ok(steps) = self.steps.try_lock() else { return Ok(()) };
        if steps.swapped.is_some() {
            return Ok(());
        }
        let limit = steps.stop_to_commit_max;
        if steps.stopped_at.is_some_and(|at| at.elapsed() > limit) {
            let message = format!("the plugin did not swap within {} s of the stop", limit.as_secs());
            return Err(Failure::new(Code::Plugin, message));
        }
        if self.is_cancelled() { Err(cancelled()) } else { Ok(()) }
    }

    fn refuse_cancelled(&self) -> Result<()> {
        if self.is_cancelled() { Err(cancelled()) } else { Ok(()) }
    }

    // The steps.

    pub fn lock(&self) -> Result<Proof> {
        let subject = self.only_for(Purpose::Restore, "lock")?;
        if self.steps().lease.is_some() {
            return Err(out_of_order("the lease was given already"));
        }
        self.progress.begin("locking", 0, 0);
        let what = format!("restore {}", subject.id);
        let locks = subject.host.deployer.locks();
        let lease = match subject.wait {
            true => locks.wait_lease(&subject.workload.id, &what, &|| self.is_cancelled())?,
            false => locks.try_lease(&subject.workload.id, &what)?,
        };
        let proof = self.proof();
        let mut steps = self.steps();
        steps.lease = Some(proof);
        steps.held = Some(lease);
        Ok(proof)
    }

    pub fn begin(&self, lease: Proof, plan_digest: &str, names: &[String]) -> Result<Proof> {
        let subject = self.only_for(Purpose::Restore, "begin")?;
        self.refuse_cancelled()?;
        let mut steps = self.steps();
        check(steps.lease, lease, "lease")?;
        if steps.transaction.is_some() {
            return Err(out_of_order("this lease has had its transaction"));
        }
        self.progress.begin("planning", 0, 0);
        let plan = subject.revalidate()?;
        if plan.digest != plan_digest {
            return Err(Failure::new(Code::Drift, "what the plan stands on moved before the lock was taken")
                .hint("make a new plan and look at it again"));
        }
        let mut wanted: Vec<&str> = plan.targets.iter().map(|target| target.resolved.name.as_str()).collect();
        let mut given: Vec<&str> = names.iter().map(String::as_str).collect();
        wanted.sort_unstable();
        given.sort_unstable();
        if wanted != given {
            return Err(out_of_order("a restore begins with exactly the volumes of its plan"));
        }
        let begin = subject.begin(&plan)?;
        let Some(held) = steps.held.take() else { return Err(out_of_order("this lease has had its transaction")) };
        let app = App::new(&subject.host.deployer, held, &begin.runtime)?;
        let transaction = Transaction::begin(&subject.host.state.transactions(), app, begin)?;
        steps.stop_to_commit_max = plan.stop_to_commit_max();
        steps.stagings = plan.targets.iter().map(|_| None).collect();
        steps.sealed = vec![None; plan.targets.len()];
        let proof = self.proof();
        steps.transaction = Some((proof, transaction));
        let (bytes, entries) = plan.totals();
        self.progress.begin("extracting", bytes, entries);
        steps.archive_check = Some(subject.check_archive(&self.progress));
        Ok(proof)
    }

    pub fn stage(&self, transaction: Proof, name: &str) -> Result<(usize, Arc<Staging>)> {
        let subject = self.only_for(Purpose::Restore, "stage")?;
        let mut steps = self.steps();
        check(steps.transaction.as_ref().map(|(proof, _)| *proof), transaction, "transaction")?;
        let Steps { transaction: Some((_, transaction)), stagings, .. } = &mut *steps else {
            return Err(out_of_order("there is no transaction"));
        };
        let volume = transaction.spec().volumes.iter().position(|volume| volume.name == name);
        let volume =
            volume.ok_or_else(|| Failure::new(Code::NotFound, "there is no such volume in the transaction"))?;
        if stagings[volume].is_some() {
            return Err(out_of_order("this volume has its staging already"));
        }
        transaction.make_sibling(volume)?;
        let place = &transaction.places()[volume];
        let spec = &place.volume;
        let terms = Terms {
            policy: subject.staging_policy(),
            budget: Budget { reserve_bytes: preflight::RESERVE_BYTES, reserve_inodes: preflight::RESERVE_INODES },
            expected: Expected { tree_digest: spec.tree_digest.clone(), entries: spec.entries, bytes: spec.bytes },
            cancelled: self.progress.cancelled.clone(),
        };
        let live = place.parent.open_live(&spec.live)?;
        let staging = Arc::new(Staging::create(&place.parent, &spec.sibling, live, terms)?);
        stagings[volume] = Some(staging.clone());
        Ok((volume, staging))
    }

    pub fn seal(&self, volume: usize) -> Result<Proof> {
        self.only_for(Purpose::Restore, "seal")?;
        let staging = {
            let steps = self.steps();
            match (steps.stagings.get(volume).cloned().flatten(), steps.sealed.get(volume)) {
                (Some(staging), Some(None)) => staging,
                _ => return Err(out_of_order("this staging was sealed already")),
            }
        };
        self.progress.begin("sealing", 0, 0);
        staging.seal()?;
        let mut steps = self.steps();
        let proof = self.proof();
        steps.sealed[volume] = Some(proof);
        if steps.sealed.iter().all(Option::is_some) {
            if let Some((_, transaction)) = &mut steps.transaction {
                transaction.record_sealed()?;
            }
        }
        Ok(proof)
    }

    pub fn stop(&self, lease: Proof) -> Result<Proof> {
        self.only_for(Purpose::Restore, "stop")?;
        self.refuse_cancelled()?;
        let mut steps = self.steps();
        check(steps.lease, lease, "lease")?;
        if steps.stopped.is_some() || steps.sealed.is_empty() || steps.sealed.iter().any(Option::is_none) {
            return Err(out_of_order("the app is stopped once, when every volume is sealed"));
        }
        if let Some(check) = steps.archive_check.take() {
            self.progress.begin("checking the archive", 0, 0);
            check.join().map_err(|_| Failure::new(Code::Io, "the archive could not be checked"))??;
        }
        let Some((_, transaction)) = &mut steps.transaction else {
            return Err(out_of_order("there is no transaction"));
        };
        self.progress.begin("stopping", 0, 0);
        let at = Instant::now();
        transaction.stop()?;
        steps.stopped_at = Some(at);
        let proof = self.proof();
        steps.stopped = Some(proof);
        Ok(proof)
    }

    pub fn capture_safety(&self, lease: Proof, stopped: Proof) -> Result<Proof> {
        let subject = self.only_for(Purpose::Restore, "capture-safety")?;
        self.refuse_cancelled()?;
        let mut steps = self.steps();
        check(steps.lease, lease, "lease")?;
        check(steps.stopped, stopped, "stop")?;
        if steps.safety.is_some() {
            return Err(out_of_order("there is a safety snapshot already"));
        }
        let Some((_, transaction)) = &mut steps.transaction else {
            return Err(out_of_order("there is no transaction"));
        };
        let without = subject.choice.keep_previous;
        subject.host.capture_safety(&subject.workload, transaction, without, &self.progress)?;
        let proof = self.proof();
        steps.safety = Some(proof);
        Ok(proof)
    }

    pub fn swap(&self, transaction: Proof, sealed: &[Proof], stopped: Proof, safety: Proof) -> Result<Proof> {
        self.only_for(Purpose::Restore, "swap")?;
        self.refuse_cancelled()?;
        let mut steps = self.steps();
        check(steps.transaction.as_ref().map(|(proof, _)| *proof), transaction, "transaction")?;
        check(steps.stopped, stopped, "stop")?;
        check(steps.safety, safety, "safety snapshot")?;
        if steps.swapped.is_some() {
            return Err(out_of_order("this transaction was swapped already"));
        }
        let mut given: Vec<u64> = sealed.iter().map(|proof| proof.0).collect();
        let mut wanted: Vec<u64> = steps.sealed.iter().flatten().map(|proof| proof.0).collect();
        given.sort_unstable();
        wanted.sort_unstable();
        if given != wanted || wanted.len() != steps.sealed.len() {
            return Err(out_of_order("a swap takes the seal of every volume, each once"));
        }
        let Some((_, transaction)) = &mut steps.transaction else {
            return Err(out_of_order("there is no transaction"));
        };
        self.progress.begin("swapping", 0, 0);
        transaction.swap()?;
        let proof = self.proof();
        steps.swapped = Some(proof);
        Ok(proof)
    }

    pub fn redeploy(&self, swapped: Proof) -> Result<()> {
        self.only_for(Purpose::Restore, "redeploy")?;
        let mut steps = self.steps();
        check(steps.swapped, swapped, "swap")?;
        if steps.redeploy.is_some() {
            return Err(out_of_order("the app was started already"));
        }
        self.progress.begin("starting", 0, 0);
        steps.redeploy()
    }

    pub fn await_healthy(&self, swapped: Proof) -> Result<Health> {
        self.only_for(Purpose::Restore, "await-healthy")?;
        let mut steps = self.steps();
        check(steps.swapped, swapped, "swap")?;
        if !matches!(steps.redeploy, Some(Ok(()))) || steps.health.is_some() {
            return Err(out_of_order("health is awaited once, after a redeploy that worked"));
        }
        self.progress.begin("waiting for health", 0, 0);
        steps.await_healthy()
    }

    pub fn revert(&self, swapped: Proof) -> Result<()> {
        self.only_for(Purpose::Restore, "revert")?;
        let mut steps = self.steps();
        check(steps.swapped, swapped, "swap")?;
        if !steps.is_bad() || steps.reverted.is_some() {
            return Err(out_of_order("only a failed redeploy or an app that is bad for certain is reverted"));
        }
        self.progress.begin("reverting", 0, 0);
        let Some((_, transaction)) = &mut steps.transaction else {
            return Err(out_of_order("there is no transaction"));
        };
        let reverted = transaction.revert();
        let answer = reverted.as_ref().map(|_| ()).map_err(Clone::clone);
        steps.reverted = Some(reverted);
        answer
    }
}

impl Steps {
    /// Starts the app, and remembers how that went.
    pub fn redeploy(&mut self) -> Result<()> {
        let Some((_, transaction)) = &mut self.transaction else { return Err(out_of_order("there is no transaction")) };
        let result = transaction.redeploy();
        self.redeploy = Some(result.clone());
        result
    }

    /// Waits for the app, and remembers what it is.
    pub fn await_healthy(&mut self) -> Result<Health> {
        let Some((_, transaction)) = &mut self.transaction else { return Err(out_of_order("there is no transaction")) };
        // After the commit nothing is cancelled any more: the app is brought up.
        let report = transaction.await_healthy(&|| false)?;
        let health = report.health;
        self.health = Some(report);
        Ok(health)
    }

    /// Whether the app failed for certain, so that going back is right.
    pub fn is_bad(&self) -> bool {
        let failed = matches!(&self.redeploy, Some(Err(failure)) if failure.code == Code::AppBad);
        failed || self.health.as_ref().is_some_and(|report| report.health == Health::ConfirmedBad)
    }
}

impl Subject {
    /// The plan once more, now that nothing can be deployed.
    fn revalidate(&self) -> Result<Preflight> {
        let plan = Preflight::make(
            &self.host,
            &self.workload,
            &self.snapshot,
            &self.choice,
            &self.plugin_digest,
            Look::Whole,
        )?;
        plan.refusal().map_or(Ok(plan), Err)
    }

    fn staging_policy(&self) -> Policy {
        let policy = preflight::policy(&self.workload);
        Policy {
            links: policy.iter().any(|allowed| allowed == "links"),
            privileged: !self.snapshot.descriptor.imported || policy.iter().any(|allowed| allowed == "privileged"),
        }
    }

    /// What the journal begins with.
    fn begin(&self, plan: &Preflight) -> Result<Begin> {
        let volumes = plan.targets.iter().enumerate().map(|(number, target)| {
            let live = target.resolved.live.to_str().ok_or_else(|| {
                let message = format!("volume `{}` has a name that is not UTF-8", target.resolved.name);
                Failure::new(Code::VolumeRefused, message)
            })?;
            Ok(BeginVolume {
                name: target.resolved.name.clone(),
                parent: target.resolved.parent.clone(),
                parent_identity: target.parent_identity.clone(),
                live: live.to_owned(),
                live_identity: target.identity.clone(),
                sibling: sibling_name(&self.id, number),
                entries: target.totals.entries,
                bytes: target.totals.bytes,
                tree_digest: target.totals.tree_digest.clone(),
            })
        });
        Ok(Begin {
            id: self.id.clone(),
            workload: self.workload.id.clone(),
            kind: Kind::Restore { snapshot: self.snapshot.descriptor.id.clone() },
            runtime: self.workload.runtime.as_str().to_owned(),
            at: Moment::now(),
            who: self.who.clone(),
            plan_digest: plan.digest.clone(),
            plugin_digest: Some(self.plugin_digest.clone()),
            deployed: plan.observation.spec.clone(),
            volumes: volumes.collect::<Result<Vec<_>>>()?,
            left: plan.left.clone(),
            keep_previous: self.choice.keep_previous || self.snapshot.descriptor.imported,
            undo_window_ms: self.host.config.host.undo_window.as_millis() as u64,
        })
    }

    /// Checks the archive against its digest beside the extraction, which reads the same pages. It takes what time the
    /// extraction leaves, and is waited for before the app is stopped.
    fn check_archive(&self, progress: &Arc<Progress>) -> std::thread::JoinHandle<Result<()>> {
        let (host, workload) = (self.host.clone(), self.workload.id.clone());
        let (id, progress) = (self.snapshot.descriptor.id.clone(), progress.clone());
        std::thread::spawn(move || {
            // Only this thread; a kernel that refuses it makes the check no less true.
            let _ = rustix::process::nice(CHECK_NICENESS);
            host.store.open(&workload, &id)?.check(&Uncounted(&progress))
        })
    }
}

fn staging_count(staging: &Staging) -> u64 {
    let progress = staging.progress();
    progress.bytes.load(Ordering::Relaxed) + progress.entries.load(Ordering::Relaxed)
}

fn check(known: Option<Proof>, given: Proof, what: &str) -> Result<()> {
    if known == Some(given) {
        Ok(())
    } else {
        Err(out_of_order(&format!("this is not the proof of a {what} of this restore")))
    }
}

fn out_of_order(message: &str) -> Failure {
    Failure::new(Code::OutOfOrder, message)
}

pub(super) fn cancelled() -> Failure {
    Failure::new(Code::Cancelled, "cancelled before the commit: the swap never happened")
}

#[cfg(test)]
#[path = "monitor_tests.rs"]
mod tests;
