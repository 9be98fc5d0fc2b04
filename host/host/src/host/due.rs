//! Takes the snapshots that are due, prunes after each, and tells what came of it.
//!
//! One process at a time does it, whether `serve` or a command that a timer calls. Workloads come one after the other, or as
//! many at once as the configuration says. One that is busy, with a restore or a deploy, comes when all others are done, waits
//! as long as its schedule says, and is then told as failed. What a host that ended had begun is due again, a few times.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::Host;
use super::schedule::{Dealt, DueOutcome, Record, ScheduleLock};
use super::snapshots::SnapshotRequest;
use crate::restore::progress::Progress;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{clock, message, threads};
use reforge_config::{Schedule, Workload};
use reforge_schedule::calendar::Slot;
use reforge_snapshots::format::Descriptor;

/// Why scheduled snapshots are taken, as they say it.
pub const SCHEDULED: &str = "scheduled";
/// Who takes them, in the audit log.
const WHO: &str = "schedule";
/// What is later than that when somebody begins to look was missed.
const MISSED_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// How often one is begun by a host that then ends: a capture that ends the host must not do so for ever.
const BEGUN_MAX: u32 = 3;
/// How often it is looked whether a busy workload is free.
const BUSY_POLL: Duration = Duration::from_millis(200);

/// What is told of the schedule.
pub enum Occasion<'a> {
    /// These are due, and the first begins.
    Began(&'a [String]),
    /// One was dealt with.
    Dealt(&'a Dealt),
    /// One that was due at this instant is missing. Told once, until there is one again.
    Overdue { workload: &'a str, due: Timestamp, last_success: Option<Timestamp> },
    /// All that were due are dealt with.
    Ended(&'a [Dealt]),
}

/// Hears of the schedule, as the host itself does, which tells people elsewhere. Must return quickly; what it cannot do it
/// keeps to itself.
pub trait Listener: Sync {
    fn heard(&self, occasion: &Occasion<'_>);
}

/// Who does it, and how it is watched and stopped.
pub struct Pass<'a> {
    /// When whoever does it began to look: what was due long before was missed.
    pub since: Timestamp,
    /// Makes the progress of one workload's snapshot.
    pub progress: &'a (dyn Fn(&str) -> Arc<Progress> + Sync),
    /// Becomes true when it shall stop: what was not dealt with stays due.
    pub cancelled: &'a AtomicBool,
    pub listener: &'a dyn Listener,
}

/// A snapshot to take.
struct Due<'a> {
    workload: &'a Workload,
    schedule: &'a Schedule,
    record: Record,
    slot: Slot,
}

/// What becomes of one whose workload is busy.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Busy {
    /// It comes when all others are done.
    Later,
    /// It waits, as long as its schedule says.
    Waits,
}

enum Ended<'a> {
    Dealt(Box<Dealt>),
    Busy(Box<Due<'a>>),
    /// It stays due.
    Stopped,
}

impl Host {
    /// Does what is due now. Answers what was dealt with, in that order; `busy` if somebody else is at it.
    pub fn take_due(&self, pass: &Pass<'_>) -> Result<Vec<Dealt>> {
        let lock = self.lock_schedule()?;
        let now = clock::now();
        let mut due = VecDeque::new();
        let mut dealt = Vec::new();
        for workload in &self.config.workloads {
            let Some(schedule) = &workload.schedule else { continue };
            let mut record = self.record(&lock, workload, schedule, now)?;
            self.tell_overdue(&lock, pass, (workload, schedule), &mut record, now)?;
            let Some(slot) = schedule.calendar.due(&workload.id, record.progress(), now) else { continue };
            let one = Due { workload, schedule, record, slot };
            if !schedule.catch_up && pass.since.duration_since(slot.starts) > MISSED_AFTER {
                let missed = Failure::new(Code::Cancelled, message!("it-was-missed", due = slot.due));
                dealt.push(*self.dealt(&lock, pass, one, DueOutcome::Missed, Err(missed))?);
            } else {
                due.push_back(one);
            }
        }
        if due.is_empty() {
            return Ok(dealt);
        }
        // The earliest first, and of equals as they are configured.
        due.make_contiguous().sort_by_key(|one| one.slot.starts);
        let ids: Vec<String> = due.iter().map(|one| one.workload.id.clone()).collect();
        pass.listener.heard(&Occasion::Began(&ids));
        let busy = self.side_by_side(&lock, pass, due, &mut dealt, Busy::Later)?;
        self.side_by_side(&lock, pass, busy, &mut dealt, Busy::Waits)?;
        pass.listener.heard(&Occasion::Ended(&dealt));
        Ok(dealt)
    }

    /// Deals with all of them, so many at once as the configuration says, and answers those that come later.
    fn side_by_side<'a>(
        &self,
        lock: &ScheduleLock,
        pass: &Pass<'_>,
        due: VecDeque<Due<'a>>,
        dealt: &mut Vec<Dealt>,
        if_busy: Busy,
    ) -> Result<VecDeque<Due<'a>>> {
        let at_once = usize::try_from(self.config.host.snapshots_at_once).unwrap_or(1).min(due.len());
        let began = Instant::now();
        let (queue, done, later) = (Mutex::new(due), Mutex::new(Vec::new()), Mutex::new(VecDeque::new()));
        let next = || locked(&queue).pop_front();
        let work = || -> Result<()> {
            while let Some(one) = next() {
                match self.deal_with(lock, pass, one, if_busy, began)? {
                    Ended::Dealt(dealt) => locked(&done).push(*dealt),
                    Ended::Busy(one) => locked(&later).push_back(*one),
                    Ended::Stopped => return Ok(()),
                }
            }
            Ok(())
        };
        let worked = std::thread::scope(|scope| {
            let others: Result<Vec<_>> = (1..at_once).map(|_| threads::spawn_in(scope, "due", work)).collect();
            let worked = work();
            let joined = others?.into_iter().map(|other| other.join().unwrap_or_else(|_| Err(died())));
            worked.and(joined.collect())
        });
        dealt.extend(done.into_inner().unwrap_or_else(PoisonError::into_inner));
        worked.map(|()| later.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes one snapshot. `began` is when those that wait began to.
    fn deal_with<'a>(
        &self,
        lock: &ScheduleLock,
        pass: &Pass<'_>,
        mut one: Due<'a>,
        if_busy: Busy,
        began: Instant,
    ) -> Result<Ended<'a>> {
        let is_stopped = || pass.cancelled.load(Ordering::Relaxed);
        if one.record.begun >= BEGUN_MAX {
            let failure = Failure::new(Code::Io, message!("the-host-ended-in-it", n = one.record.begun));
            let failure = failure.hint(message!("take-one-by-hand-and-look"));
            self.notify_of_failed_snapshot(one.workload.id.clone(), &failure);
            return self.dealt(lock, pass, one, DueOutcome::Failed, Err(failure)).map(Ended::Dealt);
        }
        let id = one.workload.id.as_str();
        let is_busy = || Ok::<bool, Failure>(self.deployer.locks().held(id)?.is_some());
        match if_busy {
            Busy::Later if is_busy()? => return Ok(Ended::Busy(Box::new(one))),
            Busy::Later => {}
            Busy::Waits => {
                while !is_stopped() && began.elapsed() < one.schedule.wait && is_busy()? {
                    std::thread::sleep(BUSY_POLL);
                }
            }
        }
        if is_stopped() {
            return Ok(Ended::Stopped);
        }
        one.record.begun += 1;
        self.write_record(lock, id, &one.record)?;
        let progress = (pass.progress)(id);
        let asked = SnapshotRequest::because(SCHEDULED);
        let taken = self.counted(id, &progress, || self.take_snapshot(one.workload, &asked, WHO, &progress));
        one.record.begun -= 1;
        let (outcome, code) = match &taken {
            Ok(_) => (DueOutcome::Done, None),
            Err(failure) => (DueOutcome::Failed, Some(failure.code.clone())),
        };
        match code {
            Some(Code::Cancelled) if is_stopped() => {
                self.write_record(lock, id, &one.record)?;
                Ok(Ended::Stopped)
            }
            // Somebody was faster.
            Some(Code::Busy) if if_busy == Busy::Later => {
                self.write_record(lock, id, &one.record)?;
                Ok(Ended::Busy(Box::new(one)))
            }
            _ => self.dealt(lock, pass, one, outcome, taken).map(Ended::Dealt),
        }
    }

    /// Writes down what came of it and tells it. After a new one, what `keep` drops goes.
    fn dealt(
        &self,
        lock: &ScheduleLock,
        pass: &Pass<'_>,
        one: Due<'_>,
        outcome: DueOutcome,
        taken: Result<Descriptor>,
    ) -> Result<Box<Dealt>> {
        let Due { workload, mut record, slot, .. } = one;
        let failures_before = record.failures;
        let pruned = match &taken {
            Ok(_) if !workload.keep.is_empty() => self.prune_snapshots(&workload.id, true, WHO, pass.cancelled),
            _ => Ok(Vec::new()),
        };
        let (snapshot, failure) = match taken {
            Ok(descriptor) => (Some(descriptor.id), pruned.as_ref().err().cloned()),
            Err(failure) => (None, Some(failure)),
        };
        let gone = pruned.unwrap_or_default().into_iter().filter(|one| one.goes()).map(|one| one.id);
        let dealt = Dealt {
            workload: workload.id.clone(),
            due: slot.due,
            at: clock::now(),
            outcome,
            snapshot,
            failure,
            pruned: gone.collect(),
            failures_before,
        };
        record.failures = match outcome {
            DueOutcome::Done => 0,
            DueOutcome::Failed => failures_before + 1,
            DueOutcome::Missed => failures_before,
        };
        record.last = Some(slot.due);
        record.begun = 0;
        record.newest = Some(dealt.clone());
        self.write_record(lock, &workload.id, &record)?;
        let details = json!({ "workload": dealt.workload, "due": dealt.due, "outcome": outcome.as_str(),
            "snapshot": dealt.snapshot, "failure": dealt.failure });
        self.audit.append("due", WHO, details)?;
        pass.listener.heard(&Occasion::Dealt(&dealt));
        Ok(Box::new(dealt))
    }

    /// Tells that one is overdue, once, and forgets it when it is not any more.
    fn tell_overdue(
        &self,
        lock: &ScheduleLock,
        pass: &Pass<'_>,
        (workload, schedule): (&Workload, &Schedule),
        record: &mut Record,
        now: Timestamp,
    ) -> Result<()> {
        let missing = self.overdue(workload, schedule, record, now)?;
        if missing == record.overdue || (missing.is_some() && record.overdue.is_some()) {
            return Ok(());
        }
        record.overdue = missing;
        // Written first: told once too few is better than told at every look by one that cannot write.
        self.write_record(lock, &workload.id, record)?;
        let Some(due) = missing else { return Ok(()) };
        let last_success = self.captured(&workload.id)?.map(|captured| captured.at);
        let details = json!({ "workload": workload.id, "due": due, "last_success": last_success });
        self.audit.append("overdue", WHO, details)?;
        pass.listener.heard(&Occasion::Overdue { workload: &workload.id, due, last_success });
        Ok(())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn died() -> Failure {
    Failure::new(Code::Io, message!("a-thread-of-the-schedule-died"))
}
