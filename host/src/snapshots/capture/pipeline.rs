//! Many workers, one order: members are made side by side and handed on as they were cut, within bounded memory.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use super::cutter::{Member, Sink};
use super::worker::{Done, Worker};
use super::{Storage, stopped};
use crate::failure::{Code, Failure, Result};

/// Members that are cut, being made or waiting to be written. Each holds some 2 MiB and at most 16 open files.
const IN_FLIGHT_MAX: usize = 16;
/// More would not be fed by one walk and one writer.
const WORKERS_MAX: usize = 8;

struct Job {
    member: Member,
    answer: SyncSender<Result<Done>>,
}

/// What the walk puts members into. It blocks while too many are in flight.
pub(super) struct Queue {
    jobs: SyncSender<Job>,
    order: SyncSender<Receiver<Result<Done>>>,
}

impl Sink for Queue {
    fn send(&self, member: Member) -> Result<()> {
        let (answer, done) = sync_channel(1);
        self.order.send(done).map_err(|_| stopped())?;
        self.jobs.send(Job { member, answer }).map_err(|_| stopped())
    }
}

/// How many threads digest and compress, or read back.
pub(super) fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).clamp(2, WORKERS_MAX)
}

/// Runs `produce` on a thread of its own and `consume` on this one. The consumer's failure stops the producer and wins.
pub(super) fn run<T: Send>(
    storage: Storage,
    produce: impl FnOnce(Queue) -> Result<T> + Send,
    mut consume: impl FnMut(&mut Done) -> Result<()>,
) -> Result<T> {
    let (jobs, job_queue) = sync_channel(IN_FLIGHT_MAX);
    let (order, in_order) = sync_channel::<Receiver<Result<Done>>>(IN_FLIGHT_MAX);
    let job_queue = Mutex::new(job_queue);
    let spare = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..workers() {
            scope.spawn(|| work(&job_queue, &spare, Worker::new(storage)));
        }
        let producer = scope.spawn(move || produce(Queue { jobs, order }));
        let consumed = in_order.iter().try_for_each(|done| {
            let mut done = done.recv().map_err(|_| died())??;
            consume(&mut done)?;
            locked(&spare).push(done.bytes);
            Ok(())
        });
        // Without this the producer would wait for ever to put in what nobody takes out.
        drop(in_order);
        let produced = producer.join().map_err(|_| died())?;
        consumed.and(produced)
    })
}

/// `spare` is memory of members that have been written: never more than were in flight.
fn work(jobs: &Mutex<Receiver<Job>>, spare: &Mutex<Vec<Vec<u8>>>, mut worker: Worker) {
    loop {
        let next = locked(jobs).recv();
        let Ok(job) = next else { return };
        let memory = locked(spare).pop().unwrap_or_default();
        // Nobody listens once the capture has failed.
        let _ = job.answer.send(worker.make(job.member, memory));
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn died() -> Failure {
    Failure::new(Code::Io, "a thread of the snapshot ended unexpectedly")
}
