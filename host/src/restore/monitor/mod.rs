//! The reference monitor: what each call of a plugin requires, and what refuses it.
//!
//! | call | requires |
//! |---|---|
//! | `lock` | a restore is what was asked for, and no lease was given yet |
//! | `begin` | this lease; no transaction yet; exactly the volumes of the plan; a plan under the lock with the same digest |
//! | `stage` | this transaction; a volume of it; once |
//! | `run` of workers | not a worker: otherwise sandboxes would make sandboxes without end |
//! | `seal` | a staging of this transaction; once |
//! | `stop` | this lease; every volume sealed; the whole archive checked against its digest; not cancelled |
//! | `capture-safety` | this lease; this stop; not cancelled |
//! | `swap` | this transaction; the seal of every volume, each once; this stop; this safety; not cancelled |
//! | `redeploy`, `await-healthy` | this swap |
//! | `revert` | this swap; a failed redeploy or a confirmed-bad app |
//!
//! The rows are in [`steps`]; [`subject`] is what they stand on, [`archive_check`] the check of the whole archive. Anything
//! else is `out-of-order`. Whatever a plugin does or leaves undone, [`Monitor::settle`] ends the transaction. What only the
//! host can know (`busy`, `cancelled`, `needs-operator`) is not believed when a plugin says it: see [`Monitor::believe`].

mod archive_check;
mod steps;
mod subject;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::steps::Steps;
pub use self::subject::Subject;
use super::preflight;
use super::progress::Progress;
use crate::deployer::lease::Lease;
use crate::failure::{Code, Failure, Result};
use crate::plugins::limits::STALL_LIMIT;
use crate::volumes::live_tree::LiveTree;
use crate::volumes::parent::Parent;
use crate::volumes::staging::Staging;

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

/// What a plugin may know of a volume.
pub struct Facts {
    pub name: String,
    pub scope: String,
    pub exists: bool,
    pub entries: u64,
    pub bytes: u64,
}

/// How many different phases of a plugin count as progress.
const PHASES_MAX: usize = 32;

impl Monitor {
    pub fn new(purpose: Purpose, subject: Subject, progress: Arc<Progress>) -> Monitor {
        Monitor { subject: Some(subject), ..Monitor::bare(purpose, progress) }
    }

    /// For a restore, whose lease is held from its preparation on and given to the plugin when it asks.
    pub fn of_restore(subject: Subject, lease: Lease, progress: Arc<Progress>) -> Monitor {
        lease.hold(&format!("restore {}", subject.id));
        let monitor = Monitor::new(Purpose::Restore, subject, progress);
        monitor.steps().held = Some(lease);
        monitor
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

    /// Whether sandboxes may be made for parts of the archive.
    pub fn workers(&self, asked_by_a_worker: bool) -> Result<()> {
        match asked_by_a_worker {
            true => Err(out_of_order("a worker cannot have workers of its own")),
            false => Ok(()),
        }
    }

    /// A failure as the plugin answered it. Where it claims what only the host can know, and the host knows otherwise,
    /// it is the plugin's failure: an outcome or an exit code must not follow from a lie.
    pub(super) fn believe(&self, failure: Failure) -> Failure {
        let true_by_the_host = match failure.code {
            Code::Cancelled => self.is_cancelled(),
            // The lease is the host's from before the plugin was asked; and whatever needs an operator is in the
            // journal, where the host finds it by itself.
            Code::Busy | Code::NeedsOperator => false,
            _ => true,
        };
        if true_by_the_host {
            return failure;
        }
        let message = format!("the plugin failed and said `{}`, which is not so: {}", failure.code, failure.message);
        Failure { code: Code::Plugin, message, hint: failure.hint }
    }

    // What can be seen and stopped.

    /// Time in the guest without progress after which it is stalled.
    pub fn stall_limit(&self) -> Duration {
        self.subject.as_ref().map_or(STALL_LIMIT, |subject| subject.host.config.host.plugin_stall_limit)
    }

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
    Failure::new(Code::Cancelled, "cancelled before the commit")
}

#[cfg(test)]
mod tests;
