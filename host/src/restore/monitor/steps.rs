//! The steps of a restore, each with what it requires: the table of the module, row by row.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::archive_check::ArchiveCheck;
use super::{Monitor, Proof, Purpose, check, out_of_order};
use crate::deployer::lease::Lease;
use crate::failure::{Code, Failure, Result};
use crate::restore::preflight;
use crate::runtime::{Health, HealthReport};
use crate::snapshots::Progress as _;
use crate::transaction::Transaction;
use crate::transaction::app::App;
use crate::volumes::staging::{Budget, Expected, Staging, Terms};

/// How far the restore got.
#[derive(Default)]
pub struct Steps {
    pub lease: Option<Proof>,
    /// The lease itself, from the preparation on, until the transaction takes it over.
    pub held: Option<Lease>,
    pub transaction: Option<(Proof, Transaction)>,
    /// One per volume of the transaction.
    pub stagings: Vec<Option<Arc<Staging>>>,
    pub sealed: Vec<Option<Proof>>,
    pub archive_check: Option<ArchiveCheck>,
    pub stopped: Option<Proof>,
    /// When the app was told to stop, and how long it may be down before the commit.
    pub stopped_at: Option<Instant>,
    pub stop_to_commit_max: Duration,
    /// Bytes and entries that were live when the restore began.
    pub live: (u64, u64),
    pub safety: Option<Proof>,
    pub swapped: Option<Proof>,
    pub redeploy: Option<Result<()>>,
    pub health: Option<HealthReport>,
    /// How a revert that the plugin asked for ended.
    pub reverted: Option<Result<crate::transaction::revert::Reverted>>,
    /// Phases that the plugin has announced.
    pub announced: Vec<String>,
}

impl Monitor {
    pub fn lock(&self) -> Result<Proof> {
        self.only_for(Purpose::Restore, "lock")?;
        if self.steps().lease.is_some() {
            return Err(out_of_order("the lease was given already"));
        }
        let proof = self.proof();
        self.steps().lease = Some(proof);
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
        steps.live = plan.live();
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
            let staging = match (steps.stagings.get(volume).cloned().flatten(), steps.sealed.get(volume)) {
                (Some(staging), Some(None)) => staging,
                _ => return Err(out_of_order("this staging was sealed already")),
            };
            // One phase for all volumes.
            if steps.sealed.iter().all(Option::is_none) {
                let (bytes, entries) = steps.staged();
                self.progress.begin("sealing", bytes, entries);
            }
            staging
        };
        let sealed = staging.seal()?;
        self.progress.advanced(sealed.bytes, sealed.entries);
        let mut steps = self.steps();
        let proof = self.proof();
        steps.sealed[volume] = Some(proof);
        if let (true, Some((_, transaction))) = (steps.sealed.iter().all(Option::is_some), &mut steps.transaction) {
            transaction.record_sealed()?;
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
            check.wait()?;
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
        let Steps { transaction: Some((_, transaction)), live, .. } = &mut *steps else {
            return Err(out_of_order("there is no transaction"));
        };
        if subject.choice.keep_previous {
            transaction.record_safety(None)?;
        } else {
            subject.host.capture_safety(&subject.workload, transaction, *live, &self.progress)?;
        }
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
        transaction.swap(&|| self.refuse_cancelled())?;
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
    /// Bytes and entries of all volumes that are restored.
    fn staged(&self) -> (u64, u64) {
        let volumes = self.transaction.iter().flat_map(|(_, transaction)| &transaction.spec().volumes);
        volumes.fold((0, 0), |(bytes, entries), volume| (bytes + volume.bytes, entries + volume.entries))
    }

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
