//! Threads. One that the system does not give, for a limit or for want of memory, is a failure and never a panic.

use std::io;
use std::sync::Mutex;
use std::thread::{Builder, JoinHandle, Scope, ScopedJoinHandle};

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

use crate::failure::{Code, Failure, Result};
use crate::message;

/// What a thread takes at its start, with something to spare: its stack is 2 MiB of it.
const ROOM_BYTES: usize = 4 << 20;

/// One that may outlive its caller.
pub fn spawn<T: Send + 'static>(name: &str, run: impl FnOnce() -> T + Send + 'static) -> Result<JoinHandle<T>> {
    has_room().and_then(|()| Builder::new().name(name.to_owned()).spawn(run)).map_err(|error| failed(&error))
}

/// One of a scope.
pub fn spawn_in<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    run: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>> {
    has_room()
        .and_then(|()| Builder::new().name(name.to_owned()).spawn_scoped(scope, run))
        .map_err(|error| failed(&error))
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

/// A thread that has its stack and gets no memory for what it handles an overflow with panics before anything of ours runs.
fn has_room() -> io::Result<()> {
    let (flags, nowhere) = (MapFlags::PRIVATE, std::ptr::null_mut());
    // SAFETY: it is put wherever there is room, and goes before anybody knows of it.
    unsafe {
        let room = mmap_anonymous(nowhere, ROOM_BYTES, ProtFlags::READ | ProtFlags::WRITE, flags)?;
        munmap(room, ROOM_BYTES)?;
    }
    Ok(())
}

fn failed(error: &io::Error) -> Failure {
    Failure::new(Code::Io, message!("the-system-gives-no-thread", error))
        .hint(message!("see-the-limits-of-this-process"))
}
