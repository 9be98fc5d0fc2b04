//! Threads. One that the system does not give, for a limit or for want of memory, is a failure and never a panic.

use std::io;
use std::sync::Mutex;
use std::thread::{Builder, JoinHandle, Scope, ScopedJoinHandle};

use crate::failure::{Code, Failure, Result};
use crate::message;

/// One that may outlive its caller.
pub fn spawn<T: Send + 'static>(name: &str, run: impl FnOnce() -> T + Send + 'static) -> Result<JoinHandle<T>> {
    Builder::new().name(name.to_owned()).spawn(run).map_err(|error| failed(&error))
}

/// One of a scope.
pub fn spawn_in<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    run: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>> {
    Builder::new().name(name.to_owned()).spawn_scoped(scope, run).map_err(|error| failed(&error))
}

/// Fails unless so many more can be had right now. For what starts threads by itself and panics where it gets none.
pub fn require(count: usize) -> Result<()> {
    let gate = Mutex::new(());
    std::thread::scope(|scope| {
        // All of them at once: each waits until the last was started.
        let closed = gate.lock();
        let wait = || drop(gate.lock());
        let started = (0..count).try_for_each(|_| spawn_in(scope, "probe", wait).map(drop));
        drop(closed);
        started
    })
}

fn failed(error: &io::Error) -> Failure {
    Failure::new(Code::Io, message!("the-system-gives-no-thread", error))
        .hint(message!("see-the-limits-of-this-process"))
}
