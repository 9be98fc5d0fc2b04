//! How long a guest may go on: the time of its own without progress, over all sandboxes of a call; from the stop to the
//! commit; after the commit; and never past a cancel.
//!
//! [`Monitor::watch_guest`] is asked while a guest runs and while it waits for a time, at most once a tick each. Time inside any
//! other host call counts as one tick: those have limits of their own.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::step::{At, Underway};
use super::{Monitor, Purpose, cancelled};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_plugins::limits::FINISH_LIMIT;
use reforge_plugins::watch::stalled;

impl Monitor {
    /// Ends a guest whose time is over.
    pub(super) fn watch_guest(&self) -> Result<()> {
        // What is read is progress for what stages nothing.
        let mut progress = self.archive.furthest();
        if let Purpose::Look(look) = &self.purpose {
            // Its parts are read side by side, one of them from the end.
            progress += look.taken.load(Ordering::Relaxed);
        }
        if let Purpose::Restore(steps) = &self.purpose {
            // Whoever holds the step is in a host call, which has limits of its own.
            let Some(step) = steps.try_step() else { return Ok(()) };
            if let Some(Underway { at: At::Swapped(swapped), .. }) = step.underway() {
                return self.watch_unattended(swapped.unattended_since.elapsed());
            }
            step.underway().map_or(Ok(()), Underway::refuse_long_stop)?;
            progress = step.underway().map_or(0, Underway::staged);
        }
        if self.progress.is_cancelled() {
            return Err(cancelled());
        }
        self.watch.check(progress + self.messages.phases(), self.stall_limit)
    }

    /// The host finishes by itself, whatever becomes of the guest; until then the app may be down.
    fn watch_unattended(&self, elapsed: Duration) -> Result<()> {
        let limit = if self.progress.is_cancelled() { self.stall_limit.min(FINISH_LIMIT) } else { self.stall_limit };
        match elapsed > limit {
            true => Err(stalled(message!("the-plugin-did-not-go", limit))),
            false => Ok(()),
        }
    }
}

impl Underway {
    fn refuse_long_stop(&self) -> Result<()> {
        let limit = self.stop_to_commit_max;
        if self.at.down_since().is_some_and(|since| since.elapsed() > limit) {
            let message = message!("the-plugin-did-not-swap-within", seconds = limit.as_secs());
            return Err(Failure::new(Code::Plugin, message));
        }
        Ok(())
    }
}
