//! An app while a snapshot of it is taken: stopped, frozen or left alone, and back again whatever happens in between.
//!
//! | # | step | app | written down before it |
//! |---|---|---|---|
//! | 1 | hooks before | up | that hooks are to run after |
//! | 2 | stopped and seen down, or frozen and the file systems synced | down | what is done, how the app was, what is frozen |
//! | 3 | every byte is read and written | down | – |
//! | 4 | started, or thawed | up | – |
//! | 5 | hooks after | up | that the app is up |
//! | 6 | the descriptor is published | up | – |
//!
//! Steps 4 and 5 come also if anything before them failed. After a crash in between the next start does them, before anything is
//! served ([`recovery`]): as long as the record is there the workload is blocked.

mod end;
mod hooks;
mod interruption;
mod record;
mod recovery;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::interruption::Now;
use self::record::{CaptureRecord, Interrupts};
use super::Host;
use crate::restore::progress::Progress;
use reforge_base::consistency::{Consistency, HookRun, HookTime, Taken};
use reforge_base::failure::{Failure, Result};
use reforge_base::message;
use reforge_base::spec::Observation;
use reforge_base::threads;
use reforge_config::Workload;
use reforge_deployer::resolve::ResolvedVolume;
use reforge_runtime::{Runtime, cannot_freeze};
use reforge_snapshots::format::Descriptor;

pub(super) use self::record::blocked;

/// One capture of an app that runs. The caller holds the workload's lease.
pub(super) struct Meanwhile<'a> {
    host: &'a Host,
    workload: &'a Workload,
    runtime: Arc<dyn Runtime>,
    progress: &'a Progress,
    /// The volumes, by name and path.
    live: Vec<(String, PathBuf)>,
    /// What is to be done.
    consistency: Consistency,
    record: Mutex<CaptureRecord>,
    now: Mutex<Now>,
    moved: Condvar,
    /// Nobody has to watch it any more.
    is_read: AtomicBool,
    hooks: Mutex<Vec<HookRun>>,
    /// What went wrong although the snapshot is good.
    failures: Mutex<Vec<Failure>>,
}

impl<'a> Meanwhile<'a> {
    pub(super) fn new(
        host: &'a Host,
        workload: &'a Workload,
        consistency: Consistency,
        before: &Observation,
        (volumes, progress): (&[ResolvedVolume], &'a Progress),
    ) -> Result<Meanwhile<'a>> {
        let runtime = host.runtime(workload)?;
        let record = CaptureRecord {
            workload: workload.id.clone(),
            runtime: workload.runtime.as_str().to_owned(),
            began: jiff::Timestamp::now(),
            interrupts: Interrupts::Nothing,
            before: before.clone(),
            after: Vec::new(),
        };
        Ok(Meanwhile {
            host,
            workload,
            runtime,
            progress,
            live: volumes.iter().map(|volume| (volume.name.clone(), volume.path.clone())).collect(),
            consistency,
            record: Mutex::new(record),
            now: Mutex::new(Now::Up),
            moved: Condvar::new(),
            is_read: AtomicBool::new(false),
            hooks: Mutex::default(),
            failures: Mutex::default(),
        })
    }

    /// What stands in the way, before anything is done.
    pub(super) fn check(&self) -> Result<()> {
        match self.consistency {
            Consistency::Live => Ok(()),
            Consistency::Pause => match self.runtime.freezable(&self.workload.id)? {
                Some(_) => Ok(()),
                None => Err(cannot_freeze(&self.workload.id)),
            },
            Consistency::Stop => {
                let survey = self.runtime.survey(&self.workload.id, &self.workload.allow_containers, &self.live)?;
                let mut refusals = survey.refusals;
                refusals.extend(self.cannot_come_back().err());
                Failure::of_all(&refusals).map_or(Ok(()), Err)?;
                survey.warnings.iter().for_each(|warning| self.progress.note(&warning.message));
                Ok(())
            }
        }
    }

    fn cannot_come_back(&self) -> Result<()> {
        self.runtime.refuse_missing(&self.workload.id)?;
        match &self.record().before.spec {
            Some(spec) => self.runtime.image_at_hand(spec).map(drop).map_err(|failure| {
                failure.context(message!("the-app-could-not-be-started")).hint(message!("deploy-it-first"))
            }),
            None => Ok(()),
        }
    }

    /// Takes the snapshot with `capture`, which is told whether the app is down and calls [`Meanwhile::conclude`] at its end.
    pub(super) fn run(
        &self,
        volumes: &[(ResolvedVolume, cap_std::fs::Dir)],
        capture: impl FnOnce(bool) -> Result<Descriptor>,
    ) -> Result<Descriptor> {
        let is_down = self.consistency == Consistency::Stop;
        let captured = self.run_before().and_then(|()| {
            self.watched(|| {
                self.interrupt(volumes)?;
                capture(is_down)
            })
        });
        // Whatever happened: none of it is done twice.
        self.go_on();
        self.run_after();
        self.close();
        let mut failures = std::mem::take(&mut *locked(&self.failures));
        Failure::once(&mut failures);
        match (captured, Failure::of_all(&failures)) {
            (captured, None) => captured,
            (Ok(descriptor), Some(failure)) => {
                Err(failure.context(message!("the-snapshot-is-taken-and-yet", id = descriptor.id)))
            }
            (Err(first), Some(second)) => Err(second.context(first.message)),
        }
    }

    /// Nothing is read any more: the app goes on. Answers what was done to it.
    pub(super) fn conclude(&self) -> Result<Taken> {
        self.see_still()?;
        self.go_on();
        self.run_after();
        Ok(self.taken())
    }

    fn taken(&self) -> Taken {
        let mut taken = match &*self.now() {
            Now::Over(ended) => ended.taken(),
            // It is not back, and for how long it will not be nobody knows.
            Now::Down { .. } => Taken::new(Consistency::Stop, true),
            Now::Frozen { .. } => Taken::new(Consistency::Pause, true),
            Now::Up => Taken::new(Consistency::Live, true),
        };
        taken.hooks = locked(&self.hooks).clone();
        taken
    }

    /// What is done while the app is frozen, which is no longer than it may be.
    fn watched(&self, act: impl FnOnce() -> Result<Descriptor>) -> Result<Descriptor> {
        if self.consistency != Consistency::Pause {
            return act();
        }
        std::thread::scope(|scope| {
            let watch = || self.watch_pause(self.workload.capturing.pause_limit);
            let watching = threads::spawn_in(scope, "pause-limit", watch)?;
            let captured = act();
            self.is_read.store(true, Ordering::SeqCst);
            self.go_on();
            self.moved.notify_all();
            // It has nothing to say: what went wrong is among the failures.
            let _ = watching.join();
            captured
        })
    }

    fn run_before(&self) -> Result<()> {
        let capturing = &self.workload.capturing;
        if !capturing.after.is_empty() {
            self.write(|record| record.after.clone_from(&capturing.after))?;
        }
        for hook in &capturing.before {
            let run = hooks::run(&*self.runtime, &self.workload.id, HookTime::Before, hook);
            let failed = hooks::failure(&run);
            locked(&self.hooks).push(run);
            failed.map_or(Ok(()), Err)?;
        }
        Ok(())
    }

    /// Those that are to run after; each once.
    fn run_after(&self) {
        let hooks = self.record().after.clone();
        if hooks.is_empty() || !matches!(&*self.now(), Now::Over(_) | Now::Up) {
            return;
        }
        for hook in &hooks {
            let run = hooks::run(&*self.runtime, &self.workload.id, HookTime::After, hook);
            locked(&self.failures).extend(hooks::failure(&run));
            locked(&self.hooks).push(run);
        }
        // Only a crash would read it.
        locked(&self.record).after.clear();
    }

    /// Changes the record, durably.
    fn write(&self, change: impl FnOnce(&mut CaptureRecord)) -> Result<()> {
        let mut record = locked(&self.record);
        change(&mut record);
        record.write(&self.host.state.captures())
    }

    /// Nothing is to be done any more. An app that is not up again keeps its record.
    fn close(&self) {
        if matches!(&*self.now(), Now::Over(_) | Now::Up) {
            let removed = record::remove(&self.host.state.captures(), &self.workload.id);
            locked(&self.failures).extend(removed.err());
        }
    }

    fn record(&self) -> MutexGuard<'_, CaptureRecord> {
        locked(&self.record)
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        locked(&self.now)
    }
}

/// What the app's owner is told before: what is done, and how long it took last.
pub(super) fn outlook(host: &Host, workload: &Workload, consistency: Consistency) -> Option<reforge_base::Message> {
    outlook_of(consistency, expected(host, &workload.id, consistency), workload.capturing.pause_limit)
}

/// The same of what is known: how long it took last, and the limit of a pause.
pub fn outlook_of(consistency: Consistency, last: Option<Duration>, limit: Duration) -> Option<reforge_base::Message> {
    Some(match (consistency, last) {
        (Consistency::Live, _) => return None,
        (Consistency::Stop, None) => message!("the-app-will-be-stopped"),
        (Consistency::Stop, Some(last)) => message!("the-app-will-be-stopped-for-about", last),
        (Consistency::Pause, None) => message!("the-app-will-be-frozen", limit),
        (Consistency::Pause, Some(last)) => message!("the-app-will-be-frozen-for-about", last, limit),
    })
}

/// How many snapshots are looked at for the last one of a kind.
const LOOKED_AT: usize = 20;

/// How long the app was down or frozen for the last snapshot that was taken in this way; none if nobody knows.
pub(super) fn expected(host: &Host, workload: &str, consistency: Consistency) -> Option<Duration> {
    let (listed, _) = host.store.newest(workload, LOOKED_AT).ok()?;
    let taken = listed.into_iter().filter_map(|one| one.descriptor.ok()?.consistency);
    let mut of_this = taken.filter(|taken| match consistency {
        Consistency::Stop => taken.downtime_ms.is_some(),
        Consistency::Pause => taken.pause_ms.is_some(),
        Consistency::Live => false,
    });
    of_this.next()?.interruption()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
