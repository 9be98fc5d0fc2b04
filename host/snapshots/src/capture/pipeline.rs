//! Many workers, one order: members are made side by side and handed on as they were cut, within bounded memory.

use std::sync::Mutex;

use super::Storage;
use super::ordered::{self, Width, locked};
use super::splitter::{Member, Sink};
use super::worker::{Done, Worker};
use reforge_base::failure::Result;

/// Members that are cut, being made or waiting to be written. Each holds some 2 MiB and at most 16 open files.
const IN_FLIGHT_MAX: usize = 16;
/// More would not be fed by one walk and one writer.
const WORKERS_MAX: usize = 8;

/// What the walk puts members into.
pub(super) type Queue = ordered::Queue<Member, Done>;

impl Sink for Queue {
    fn send(&self, member: Member) -> Result<()> {
        ordered::Queue::send(self, member)
    }
}

/// How many threads digest and compress, or read back.
pub(super) fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).clamp(2, WORKERS_MAX)
}

/// Runs `produce` on a thread of its own and `consume` on this one.
pub(super) fn run<T: Send>(
    storage: Storage,
    produce: impl FnOnce(Queue) -> Result<T> + Send,
    mut consume: impl FnMut(&mut Done) -> Result<()>,
) -> Result<T> {
    // Memory of members that have been written: never more than were in flight.
    let spare = Mutex::new(Vec::new());
    let worker = || {
        let (mut worker, spare) = (Worker::new(storage), &spare);
        move |member| {
            let memory = locked(spare).pop().unwrap_or_default();
            worker.make(member, memory)
        }
    };
    let width = Width { workers: workers(), in_flight: IN_FLIGHT_MAX };
    ordered::run(width, worker, produce, |mut done: Done| {
        consume(&mut done)?;
        locked(&spare).push(done.bytes);
        Ok(())
    })
}
