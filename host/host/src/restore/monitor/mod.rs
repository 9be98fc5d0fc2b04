//! The reference monitor: what each call of a plugin requires, and what refuses it.
//!
//! | call | requires |
//! |---|---|
//! | `lock` | a restore is what was asked for, and no lease was given yet |
//! | `begin` | this lease; no transaction yet, and planned under the lock only once; exactly the volumes of the plan; a plan under the lock with the same digest |
//! | `stage` | this transaction; a volume of it; once |
//! | `run` of workers | not a worker: otherwise sandboxes would make sandboxes without end; the app not stopped yet |
//! | `seal` | a staging of this transaction; once |
//! | `stop` | this lease; every volume sealed; the whole archive checked against its digest; not cancelled |
//! | `capture-safety` | this lease; this stop; not cancelled |
//! | `swap` | this transaction; the seal of every volume, each once; this stop; this safety; not cancelled |
//! | `redeploy`, `await-healthy` | this swap |
//! | `revert` | this swap; a failed redeploy or a confirmed-bad app |
//!
//! [`looking`] answers a restore that somebody only looks at, up to the stop, which is refused: so plugins of every layout show
//! what an archive holds. [`calls`] is where each call arrives. [`archive`] reads and checks the archive, [`volumes`] shows the volumes; the rows
//! are in [`steps`], which take a restore from one [`step`] to the next, and [`subject`] is what they stand on. [`messages`]
//! bounds what a plugin tells, and [`watch`] ends a guest that goes on for too long. Anything else is `out-of-order`.
//! Whatever a plugin does or leaves undone, [`Monitor::conclude`] ends the transaction. What only the
//! host can know (`busy`, `cancelled`, `needs-operator`) is not believed when a plugin says it: see [`Monitor::believe`].

mod archive;
mod calls;
mod looking;
mod messages;
pub(super) mod step;
pub(super) mod steps;
mod subject;
mod volumes;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use self::archive::ArchiveReader;
use self::looking::Looking;
pub use self::looking::Shown;
use self::messages::Messages;
use self::steps::Steps;
pub use self::subject::{Given, Subject};
use self::volumes::VolumeViews;
use super::conversion::Output;
use super::preflight::{self, Preflight};
use super::progress::Progress;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_plugins::descriptors::Descriptors;
use reforge_plugins::watch::Watch;
use reforge_snapshots::store::OpenSnapshot;
use reforge_transaction::lease::Lease;
use reforge_volumes::claim::Claim;
use reforge_volumes::staging::Policy;

/// What a plugin was called for, with what it may ask about.
enum Purpose {
    /// To say what a restore would do.
    Plan(Box<Preflight>),
    Restore(Box<Steps>),
    /// To say what a foreign archive holds: it is about no volume.
    Inspect,
    /// To make an archive of ours of a foreign one.
    Convert(Arc<Output>),
    /// To read a snapshot for somebody who only looks.
    Look(Looking),
}

/// Watches over one call of a plugin and the sandboxes that it makes.
pub struct Monitor {
    purpose: Purpose,
    archive: ArchiveReader,
    /// What a worker may let pass.
    policy: Policy,
    messages: Messages,
    watch: Watch,
    /// Time in the guest without progress after which it is stalled.
    stall_limit: Duration,
    progress: Arc<Progress>,
    /// What the handles of this call hold open.
    descriptors: Descriptors,
}

impl Monitor {
    fn new(
        purpose: Purpose,
        snapshot: Arc<OpenSnapshot>,
        worker_limits: (Policy, Duration),
        progress: Arc<Progress>,
    ) -> Monitor {
        let (policy, stall_limit) = worker_limits;
        Monitor {
            purpose,
            archive: ArchiveReader::new(snapshot),
            policy,
            messages: Messages::default(),
            watch: Watch::new(),
            stall_limit,
            progress,
            descriptors: Descriptors::default(),
        }
    }

    /// For a plan, which is there again at its end; see [`Monitor::into_plan`].
    pub fn of_plan(given: Given, plan: Preflight, progress: Arc<Progress>) -> Monitor {
        let worker_limits = given.worker_limits();
        Monitor::new(Purpose::Plan(Box::new(plan)), given.snapshot, worker_limits, progress)
    }

    pub fn of_inspection(given: Given, progress: Arc<Progress>) -> Monitor {
        let worker_limits = given.worker_limits();
        Monitor::new(Purpose::Inspect, given.snapshot, worker_limits, progress)
    }

    /// For whoever only looks. Nothing that is read lands where a policy would matter, so everything may pass.
    pub fn of_look(given: Given, into: Vec<Shown>, progress: Arc<Progress>) -> Monitor {
        let (_, stall_limit) = given.worker_limits();
        let policy = Policy { links: true, privileged: true };
        Monitor::new(Purpose::Look(Looking::new(into)), given.snapshot, (policy, stall_limit), progress)
    }

    /// Whether a plugin that was asked to restore has read all that whoever only looks wanted.
    pub fn was_read(&self) -> bool {
        matches!(&self.purpose, Purpose::Look(look) if look.was_read())
    }

    /// For a conversion, which writes to `output`.
    pub(super) fn of_conversion(given: Given, output: Arc<Output>, progress: Arc<Progress>) -> Monitor {
        let worker_limits = given.worker_limits();
        Monitor::new(Purpose::Convert(output), given.snapshot, worker_limits, progress)
    }

    /// For a restore, whose lease is held from its preparation on and given to the plugin when it asks. So are the parents
    /// of its volumes.
    pub fn of_restore(subject: Subject, lease: Lease, claims: Vec<Claim>, progress: Arc<Progress>) -> Monitor {
        lease.hold(message!("held-for-restore", id = subject.id));
        let (snapshot, worker_limits) = (subject.given.snapshot.clone(), subject.given.worker_limits());

        let steps = Steps::new(subject, lease, claims, progress.clone());
        Monitor::new(Purpose::Restore(Box::new(steps)), snapshot, worker_limits, progress)
    }

    /// The plan and the snapshot that a call for a plan stood on, once every sandbox of it is gone.
    pub(super) fn into_plan(monitor: Arc<Monitor>) -> Option<(Preflight, OpenSnapshot)> {
        let Monitor { purpose: Purpose::Plan(plan), archive, .. } = Arc::into_inner(monitor)? else { return None };
        Some((*plan, Arc::into_inner(archive.snapshot)?))
    }

    fn volumes(&self) -> VolumeViews<'_> {
        VolumeViews(match &self.purpose {
            Purpose::Plan(plan) => Some(plan),
            Purpose::Restore(steps) => Some(&steps.subject.plan),
            Purpose::Inspect | Purpose::Convert(_) | Purpose::Look(_) => None,
        })
    }

    /// The steps of a restore, for whoever asks for this one.
    pub(super) fn steps(&self, call: &str) -> Result<&Steps> {
        match &self.purpose {
            Purpose::Restore(steps) => Ok(steps),
            Purpose::Plan(_) | Purpose::Inspect | Purpose::Convert(_) | Purpose::Look(_) => {
                Err(out_of_order(message!("belongs-to-a-restore", call)))
            }
        }
    }

    /// A failure as the plugin answered it. Where it claims what only the host can know, and the host knows otherwise,
    /// it is the plugin's failure: an outcome or an exit code must not follow from a lie.
    pub(super) fn believe(&self, failure: Failure) -> Failure {
        let true_by_the_host = match failure.code {
            Code::Cancelled => self.progress.is_cancelled(),
            // The lease is the host's from before the plugin was asked; and whatever needs an operator is in the
            // journal, where the host finds it by itself.
            Code::Busy | Code::NeedsOperator | Code::Unfinished => false,
            _ => true,
        };
        if true_by_the_host {
            return failure;
        }
        let message = message!("the-plugin-failed-and-said", code = failure.code, message = failure.message);
        failure.with_code(Code::Plugin).with_message(message)
    }
}

impl Purpose {
    /// Whether what is taken of the archive is what is shown, and not how far it was read.
    fn counts_taken(&self) -> bool {
        matches!(self, Purpose::Restore(_) | Purpose::Look(_))
    }
}

impl Given {
    /// What a worker may let pass, and how long a guest may go on without progress.
    fn worker_limits(&self) -> (Policy, Duration) {
        (preflight::policy(&self.workload, &self.snapshot.descriptor), self.host.config.host.plugin_stall_limit)
    }
}

fn out_of_order(message: Message) -> Failure {
    Failure::new(Code::OutOfOrder, message)
}

pub(super) fn cancelled() -> Failure {
    Failure::new(Code::Cancelled, message!("cancelled-before-the-commit"))
}

#[cfg(test)]
mod tests;
