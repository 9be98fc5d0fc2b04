//! How long a guest may go on without progress: its own time, over all sandboxes of a call.
//!
//! Time inside a host call counts as one tick: those have limits of their own.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::limits::TICK;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// Counts the ticks in which a guest ran and nothing went on.
#[derive(Debug)]
pub struct Watch {
    began: Instant,
    idle: Mutex<Idle>,
}

#[derive(Debug, Default)]
struct Idle {
    /// The most progress that was seen.
    progress: u64,
    /// The tick that was counted last: sandboxes side by side count it once.
    tick: u128,
    ticks: u128,
}

impl Watch {
    #[allow(clippy::new_without_default, reason = "it begins now")]
    pub fn new() -> Watch {
        Watch { began: Instant::now(), idle: Mutex::default() }
    }

    /// Counts this tick, in which so much was done by now, and fails if the guest was idle for longer than the limit.
    pub fn check(&self, progress: u64, limit: Duration) -> Result<()> {
        match self.idle(progress) > limit {
            true => Err(stalled(message!("the-plugin-made-no-progress", limit))),
            false => Ok(()),
        }
    }

    fn idle(&self, progress: u64) -> Duration {
        let mut idle = self.locked();
        let tick = self.began.elapsed().as_millis() / TICK.as_millis();
        if progress > idle.progress {
            *idle = Idle { progress, tick, ticks: 0 };
        } else if tick != idle.tick {
            idle.tick = tick;
            idle.ticks += 1;
        }
        Duration::from_millis((idle.ticks * TICK.as_millis()) as u64)
    }

    fn locked(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The failure of a guest that did not go on.
pub fn stalled(message: Message) -> Failure {
    Failure::new(Code::Plugin, message).hint(message!("another-plugin-can-be-used"))
}
