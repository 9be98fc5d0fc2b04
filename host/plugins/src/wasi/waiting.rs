//! Waiting on behalf of a guest, on the thread of its call: no longer than the guest may take, and never past a cancel.
//!
//! The only thing that a guest can wait for is a time: nothing else here is ever not ready. So a waiting thread sleeps
//! until the next time that was asked for, or until the next tick of the guest's limits, whichever comes first.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::limits::TICK;

thread_local! {
    /// The earliest time that what is polled on this thread waits for.
    static NEXT: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Runs `future` to its end, unless `tick` says that the guest's time is over: asked before each sleep.
pub(super) fn until<F: Future>(
    future: F,
    mut tick: impl FnMut() -> wasmtime::Result<()>,
) -> wasmtime::Result<F::Output> {
    let mut future = pin!(future);
    loop {
        NEXT.set(None);
        // Nobody wakes it: it is asked again when the time has come.
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Ok(output);
        }
        tick()?;
        let rest = NEXT.get().map_or(TICK, |at| at.saturating_duration_since(Instant::now()));
        std::thread::sleep(rest.clamp(Duration::from_micros(1), TICK));
    }
}

/// Ready at a time; never, when there is none.
pub(super) async fn ready_at(at: Option<Instant>) {
    poll_fn(|_| match at {
        Some(at) if at <= Instant::now() => Poll::Ready(()),
        Some(at) => {
            NEXT.set(Some(NEXT.get().map_or(at, |next| next.min(at))));
            Poll::Pending
        }
        None => Poll::Pending,
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_a_time_is_ready_then_and_not_a_tick_later() {
        let begun = Instant::now();
        until(ready_at(Some(begun + Duration::from_millis(5))), || Ok(())).unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(5));
    }

    #[test]
    fn what_never_comes_is_waited_for_until_the_time_is_over() {
        let mut ticks = 3;
        let waited = until(ready_at(None), || {
            ticks -= 1;
            if ticks == 0 { Err(wasmtime::Error::msg("over")) } else { Ok(()) }
        });
        assert_eq!((waited.unwrap_err().to_string().as_str(), ticks), ("over", 0));
    }
}
