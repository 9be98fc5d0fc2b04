//! Stops or freezes the app for a snapshot, and lets it go on: once, whoever comes first, the end of the snapshot, a failure or the
//! limit of a pause.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use cap_std::fs::Dir;
use std::os::fd::AsFd as _;

use super::end::Ended;
use super::record::Interrupts;
use super::{Meanwhile, locked};
use reforge_base::consistency::{Consistency, WhyLive};
use reforge_base::durable::FileSystem;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{AppState, Health};
use reforge_deployer::resolve::ResolvedVolume;
use reforge_runtime::{Freezable, cannot_freeze, stopped};

/// What the app does.
pub(super) enum Now {
    /// Nothing was done to it yet.
    Up,
    /// It was told to stop then.
    Down { since: Instant },
    /// It was frozen from then on.
    Frozen { since: Instant, freezable: Freezable },
    /// It is as it was.
    Over(Ended),
}

/// How long is waited until an app that could not be thawed is thawed again.
const AGAIN: Duration = Duration::from_secs(1);

impl Meanwhile<'_> {
    /// Stops or freezes it, as is to be done.
    pub(super) fn interrupt(&self, volumes: &[(ResolvedVolume, Dir)]) -> Result<()> {
        if self.progress.is_cancelled() {
            return Err(Failure::new(Code::Cancelled, message!("the-snapshot-was-stopped")));
        }
        match self.consistency {
            Consistency::Live => Ok(()),
            Consistency::Stop => self.take_down(),
            Consistency::Pause => self.freeze(volumes),
        }
    }

    fn take_down(&self) -> Result<()> {
        self.runtime.make_missing(&self.workload.id)?;
        self.write(|record| record.interrupts = Interrupts::Stop)?;
        *self.now() = Now::Down { since: Instant::now() };
        stopped::take_down(&*self.runtime, &self.workload.id)
    }

    fn freeze(&self, volumes: &[(ResolvedVolume, Dir)]) -> Result<()> {
        let id = &self.workload.id;
        let freezable = self.runtime.freezable(id)?.ok_or_else(|| cannot_freeze(id))?;
        // Opened before anything is frozen: an error of a write that comes after this is seen.
        let file_systems = volumes.iter().map(|(volume, live)| FileSystem::of(live.as_fd(), &volume.path));
        let file_systems = file_systems.collect::<Result<Vec<_>>>()?;
        self.write(|record| record.interrupts = Interrupts::Pause(freezable.clone()))?;
        *self.now() = Now::Frozen { since: Instant::now(), freezable: freezable.clone() };
        self.moved.notify_all();
        self.runtime.freeze(id, &freezable)?;
        file_systems.iter().try_for_each(FileSystem::sync)?;
        match &*self.now() {
            // Its limit was over before all of it stood still.
            Now::Over(_) => self.runtime.thaw(id, &freezable),
            _ => Ok(()),
        }
    }

    /// At the end of what was read: the app was down or frozen all the time, or the snapshot is not what it says. An app that was
    /// stopped fails it then, and one that was frozen makes it a live one.
    pub(super) fn see_still(&self) -> Result<()> {
        let mut now = self.now();
        let is_still = match &*now {
            Now::Up | Now::Over(_) => true,
            Now::Down { .. } => {
                stopped::see_down(&*self.runtime, &self.workload.id)?;
                let ran = self.runtime.ran_meanwhile(&self.workload.id, &self.live)?;
                ran.iter().for_each(|ran| self.progress.note(ran));
                return Ok(());
            }
            Now::Frozen { freezable, .. } => self.runtime.is_frozen(&self.workload.id, freezable)?,
        };
        if is_still { Ok(()) } else { self.thaw(&mut now, Some(WhyLive::Woken)) }
    }

    /// As it was before. Does nothing if it is.
    pub(super) fn go_on(&self) {
        let mut now = self.now();
        let done = match *now {
            Now::Up | Now::Over(_) => Ok(()),
            Now::Down { since } => self.bring_up().map(|()| {
                let members = self.runtime.member_downtimes(&self.workload.id).unwrap_or_default();
                *now = Now::Over(Ended::stopped(since.elapsed(), members));
            }),
            Now::Frozen { .. } => self.thaw(&mut now, None),
        };
        self.moved.notify_all();
        drop(now);
        locked(&self.failures).extend(done.err());
    }

    fn bring_up(&self) -> Result<()> {
        let before = self.record().before.clone();
        stopped::bring_up(&*self.runtime, &self.workload.id, &before)?;
        // A crash from here on stops it no second time.
        let noted = self.write(|record| record.interrupts = Interrupts::Nothing);
        // One that ended again and again may do so again.
        let health = (before.state == AppState::Running)
            .then(|| self.runtime.await_healthy(&self.workload.id, &|| self.progress.is_cancelled()));
        let bad = match health {
            Some(Ok(report)) if report.health == Health::ConfirmedBad => {
                Some(Failure::new(Code::AppBad, message!("the-app-is-bad-since-the-snapshot", why = report.reason)))
            }
            Some(Err(failure)) => Some(failure),
            _ => None,
        };
        locked(&self.failures).extend(noted.err().into_iter().chain(bad));
        Ok(())
    }

    fn thaw(&self, now: &mut Now, why_live: Option<WhyLive>) -> Result<()> {
        let Now::Frozen { since, freezable } = &*now else { return Ok(()) };
        self.runtime.thaw(&self.workload.id, freezable)?;
        let ended = Ended::frozen(since.elapsed(), &freezable.members, why_live);
        *now = Now::Over(ended);
        Ok(())
    }

    /// Thaws the app when it has been frozen for as long as it may be.
    pub(super) fn watch_pause(&self, limit: Duration) {
        let mut now = self.now();
        loop {
            if self.is_read.load(Ordering::SeqCst) {
                return;
            }
            let since = match &*now {
                Now::Frozen { since, .. } => *since,
                Now::Over(_) => return,
                Now::Up | Now::Down { .. } => {
                    now = self.moved.wait(now).unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
            };
            let left = limit.saturating_sub(since.elapsed());
            if left.is_zero() {
                match self.thaw(&mut now, Some(WhyLive::PauseLimit)) {
                    Ok(()) => {
                        self.progress.note(message!("the-app-is-thawed-at-the-limit", limit));
                        return;
                    }
                    Err(failure) => self.progress.note(&failure.message),
                }
            }
            let (next, _) = self
                .moved
                .wait_timeout(now, if left.is_zero() { AGAIN } else { left })
                .unwrap_or_else(PoisonError::into_inner);
            now = next;
        }
    }
}
