//! The steps of a restore, each with what it requires: the table of the module, row by row.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::step::{AppStep, At, Safe, Step, Stopped, Swapped, Underway, VolumeStep, WentBack, no_proof};
use super::{Subject, cancelled, out_of_order};
use crate::restore::preflight;
use crate::restore::progress::Progress;
use reforge_base::Phase;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::remark::About;
use reforge_base::spec::Health;
use reforge_plugins::host_calls::Token;
use reforge_snapshots::Progress as _;
use reforge_transaction::Transaction;
use reforge_transaction::app::App;
use reforge_transaction::lease::Lease;
use reforge_volumes::claim::Claim;
use reforge_volumes::staging::{Expected, Quota, Staging};

/// Takes a restore from step to step.
pub(crate) struct Steps {
    pub subject: Subject,
    pub progress: Arc<Progress>,
    /// No other host works beside the volumes.
    _claims: Vec<Claim>,
    step: Mutex<Step>,
    next_token: AtomicU64,
}

impl Steps {
    pub(crate) fn new(subject: Subject, lease: Lease, claims: Vec<Claim>, progress: Arc<Progress>) -> Steps {
        let step = Mutex::new(Step::Prepared(lease));
        Steps { subject, progress, _claims: claims, step, next_token: AtomicU64::new(1) }
    }

    pub(crate) fn step(&self) -> MutexGuard<'_, Step> {
        self.step.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// None while somebody is in a step.
    pub(crate) fn try_step(&self) -> Option<MutexGuard<'_, Step>> {
        self.step.try_lock().ok()
    }

    fn token(&self) -> Token {
        Token(self.next_token.fetch_add(1, Ordering::Relaxed))
    }

    fn refuse_cancelled(&self) -> Result<()> {
        if self.progress.is_cancelled() { Err(cancelled()) } else { Ok(()) }
    }

    pub(crate) fn lock(&self) -> Result<Token> {
        let mut step = self.step();
        let lease = self.token();
        match std::mem::replace(&mut *step, Step::Spent { lease }) {
            Step::Prepared(held) => {
                *step = Step::Locked { lease, held };
                Ok(lease)
            }
            given => {
                *step = given;
                Err(out_of_order(message!("the-lease-was-given-already")))
            }
        }
    }

    pub(crate) fn begin(&self, lease: Token, plan_digest: &str, names: &[String]) -> Result<Token> {
        let subject = &self.subject;
        self.refuse_cancelled()?;
        let mut step = self.step();
        check_lease(&step, lease)?;
        let drift = || {
            Failure::new(Code::Drift, message!("what-the-plan-stands-on-moved"))
                .hint(message!("make-a-new-plan-and-look"))
        };
        if subject.plan.digest != plan_digest {
            return Err(drift());
        }
        let mut wanted: Vec<&str> = subject.plan.targets.iter().map(|target| target.called.name.as_str()).collect();
        let mut given: Vec<&str> = names.iter().map(String::as_str).collect();
        wanted.sort_unstable();
        given.sort_unstable();
        if wanted != given {
            return Err(out_of_order(message!("a-restore-begins-with-exactly")));
        }
        // A plan under the lock takes its time: there is one.
        match std::mem::replace(&mut *step, Step::Spent { lease }) {
            Step::Locked { held, .. } => *step = Step::Replanned { lease, held },
            had => {
                *step = had;
                return Err(has_had_its_transaction());
            }
        }
        self.progress.begin(Phase::Planning, 0, 0);
        let plan = subject.revalidate()?;
        if plan.digest != plan_digest {
            return Err(drift());
        }
        // Only this plan has counted what live holds.
        for warning in preflight::not_brought_back(&subject.given.snapshot, &plan.targets) {
            self.progress.note(&warning.message);
        }
        let begin = subject.begin(&plan)?;
        let Step::Replanned { held, .. } = std::mem::replace(&mut *step, Step::Spent { lease }) else {
            return Err(has_had_its_transaction());
        };
        let app = App::new(&subject.given.host.deployer, held, &begin.runtime)?;
        let transaction = Transaction::begin(&subject.given.host.state.transactions(), app, begin)?;
        let token = self.token();
        *step = Step::Underway(Box::new(Underway {
            lease,
            token,
            transaction,
            volumes: plan.targets.iter().map(|_| VolumeStep::Unstaged).collect(),
            live: plan.live(),
            stop_to_commit_max: plan.stop_to_commit_max(),
            at: At::Begun,
        }));
        let (bytes, entries) = plan.totals();
        self.progress.begin(Phase::Extracting, bytes, entries);
        let check = subject.check_archive(&self.progress)?;
        step.begun(token)?.at = At::Extracting(check);
        Ok(token)
    }

    pub(crate) fn stage(&self, transaction: Token, name: &str) -> Result<(usize, Arc<Staging>)> {
        let mut step = self.step();
        let Underway { transaction, volumes, .. } = step.begun(transaction)?;
        // The transaction has the volumes of the plan, in its order.
        let volume = self.subject.plan.targets.iter().position(|target| target.called.name == name);
        let volume = volume.ok_or_else(|| Failure::new(Code::NotFound, message!("there-is-no-such-volume")))?;
        if !matches!(volumes[volume], VolumeStep::Unstaged) {
            return Err(out_of_order(message!("this-volume-has-its-staging-already")));
        }
        transaction.make_sibling(volume)?;
        let place = &transaction.open_volumes()[volume];
        let spec = &place.volume;
        let quota = Quota {
            policy: self.subject.staging_policy(),
            budget: preflight::BUDGET,
            flags: self.subject.flags(volume),
            expected: Expected { tree_digest: spec.tree_digest.clone(), entries: spec.entries, bytes: spec.bytes },
            cancelled: self.progress.cancelled.clone(),
        };
        let live = spec.live_identity.as_ref().map(|known| place.parent.open_known(&spec.live, known)).transpose()?;
        let made =
            transaction.made_sibling(volume).ok_or_else(|| out_of_order(message!("this-volume-has-no-sibling")))?;
        let staging = Arc::new(Staging::create_known(&place.parent, &spec.sibling, made, live, quota)?);
        volumes[volume] = VolumeStep::Staged(staging.clone());
        Ok((volume, staging))
    }

    pub(crate) fn seal(&self, volume: usize) -> Result<Token> {
        let already = || out_of_order(message!("this-staging-was-sealed-already"));

        let staging = {
            let step = self.step();
            let underway = step.underway().ok_or_else(already)?;
            let Some(VolumeStep::Staged(staging)) = underway.volumes.get(volume) else { return Err(already()) };
            // One phase for all volumes.
            if !underway.volumes.iter().any(VolumeStep::is_sealed) {
                let (bytes, entries) = underway.totals();
                self.progress.begin(Phase::Sealing, bytes, entries);
            }
            staging.clone()
        };
        // Not under the lock: volumes are sealed beside each other.
        let sealed = staging.seal()?;
        self.progress.advanced(sealed.bytes, sealed.entries);
        let name = &self.subject.plan.targets[volume].resolved.name;
        if let Some(without) = sealed.without_flags.remark(name, About::Flags) {
            self.progress.note(without.message());
        }
        let mut step = self.step();
        let underway = step.underway_mut().ok_or_else(already)?;
        let token = self.token();
        underway.volumes[volume] = VolumeStep::Sealed(staging, token);
        underway.transaction.keep_sealed(volume, sealed.tree);
        if underway.is_sealed() {
            underway.transaction.record_sealed()?;
            underway.become_sealed();
        }
        Ok(token)
    }

    pub(crate) fn stop(&self, lease: Token) -> Result<Token> {
        self.refuse_cancelled()?;
        let mut step = self.step();
        check_lease(&step, lease)?;
        let once = || out_of_order(message!("the-app-is-stopped-once-when"));
        let underway = step.underway_mut().ok_or_else(once)?;
        underway.try_to_stop().ok_or_else(once)?.wait()?;
        self.progress.begin(Phase::Stopping, 0, 0);
        // Also when that fails: it may be down then.
        let since = Instant::now();
        underway.at = At::Stopping(Some(since));
        underway.transaction.stop()?;
        let token = self.token();
        underway.at = At::Stopped(Stopped { token, since });
        Ok(token)
    }

    pub(crate) fn capture_safety(&self, lease: Token, stopped: Token) -> Result<Token> {
        self.refuse_cancelled()?;
        let mut step = self.step();
        check_lease(&step, lease)?;
        let underway = step.stopped(stopped)?;
        let At::Stopped(stopped) = underway.at else {
            return Err(out_of_order(message!("there-is-a-safety-snapshot-already")));
        };
        let transaction = &mut underway.transaction;
        if self.subject.choice.keep_previous {
            transaction.record_safety(None)?;
        } else {
            let given = &self.subject.given;
            given.host.capture_safety(&given.workload, transaction, underway.live, &self.progress)?;
        }
        let token = self.token();
        underway.at = At::Safe(Safe { stopped, token });
        Ok(token)
    }

    pub(crate) fn swap(&self, transaction: Token, sealed: &[Token], stopped: Token, safety: Token) -> Result<Token> {
        self.refuse_cancelled()?;
        let mut step = self.step();
        let underway = step.begun(transaction)?;
        if !underway.at.is_stopped_by(stopped) {
            return Err(no_proof(message!("proof-stop")));
        }
        if !underway.at.is_safe_by(safety) {
            return Err(no_proof(message!("proof-safety-snapshot")));
        }
        let At::Safe(safe) = underway.at else {
            return Err(out_of_order(message!("this-transaction-was-swapped-already")));
        };
        let mut given = sealed.to_vec();
        given.sort_unstable();
        if underway.seals().is_none_or(|wanted| wanted != given) {
            return Err(out_of_order(message!("a-swap-takes-the-seal")));
        }
        self.progress.begin(Phase::Swapping, 0, 0);
        underway.transaction.swap(&|| self.refuse_cancelled())?;
        self.progress.committed();
        let token = self.token();
        let unattended_since = Instant::now();
        underway.at = At::Swapped(Swapped { safe, token, unattended_since, app: AppStep::Down, back: None });
        Ok(token)
    }

    /// Starts the app, and remembers how that went.
    pub(crate) fn redeploy(&self, swapped: Token) -> Result<()> {
        let mut step = self.step();
        let (transaction, swapped) = step.swapped(swapped)?;
        if !matches!(swapped.app, AppStep::Down) {
            return Err(out_of_order(message!("the-app-was-started-already")));
        }
        self.progress.begin(Phase::Starting, 0, 0);
        let result = transaction.redeploy();
        swapped.app = result.clone().map_or_else(AppStep::NotStarted, |()| AppStep::Started);
        swapped.unattended_since = Instant::now();
        result
    }

    /// Waits for the app, and remembers what it is.
    pub(crate) fn await_healthy(&self, swapped: Token) -> Result<Health> {
        let mut step = self.step();
        let (transaction, swapped) = step.swapped(swapped)?;
        if !matches!(swapped.app, AppStep::Started) {
            return Err(out_of_order(message!("health-is-awaited-once")));
        }
        swapped.app = AppStep::Awaited(None);
        self.progress.begin(Phase::WaitingForHealth, 0, 0);
        // After the commit nothing is cancelled any more: the app is brought up.
        let report = transaction.await_healthy(&|| false);
        swapped.unattended_since = Instant::now();
        let report = report?;
        let health = report.health;
        swapped.app = AppStep::Awaited(Some(report));
        Ok(health)
    }

    pub(crate) fn revert(&self, swapped: Token) -> Result<()> {
        let mut step = self.step();
        let (transaction, swapped) = step.swapped(swapped)?;
        let (Some(why), None) = (swapped.app.bad(), &swapped.back) else {
            return Err(out_of_order(message!("only-a-failed-redeploy")));
        };
        self.progress.begin(Phase::Reverting, 0, 0);
        let how = transaction.revert();
        let answer = how.as_ref().map(|_| ()).map_err(Clone::clone);
        swapped.back = Some(Box::new(WentBack { why, how }));
        swapped.unattended_since = Instant::now();
        answer
    }
}

fn check_lease(step: &Step, given: Token) -> Result<()> {
    if step.lease() == Some(given) { Ok(()) } else { Err(no_proof(message!("proof-lease"))) }
}

fn has_had_its_transaction() -> Failure {
    out_of_order(message!("this-lease-has-had-its-transaction"))
}
