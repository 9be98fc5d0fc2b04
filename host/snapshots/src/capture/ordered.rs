//! Work that is done side by side and handed on in the order in which it was asked for, within bounded memory.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::ScopedJoinHandle;

use super::stopped;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::threads;

/// How much goes on at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Width {
    pub(super) workers: usize,
    /// Jobs that wait to be done or to be handed on.
    pub(super) in_flight: usize,
}

struct Asked<J, D> {
    job: J,
    answer: SyncSender<Result<D>>,
}

/// What jobs are put into. It blocks while too many are in flight.
pub(super) struct Queue<J, D> {
    jobs: SyncSender<Asked<J, D>>,
    order: SyncSender<Receiver<Result<D>>>,
}

impl<J, D> Queue<J, D> {
    pub(super) fn send(&self, job: J) -> Result<()> {
        let (answer, done) = sync_channel(1);
        self.order.send(done).map_err(|_| stopped())?;
        self.jobs.send(Asked { job, answer }).map_err(|_| stopped())
    }
}

/// Runs `produce` on a thread of its own, what `worker` makes on several, and `consume` on this one. The consumer's
/// failure stops the producer and wins. A thread that panics is a failure like any other.
pub(super) fn run<J: Send, D: Send, T: Send, W: FnMut(J) -> Result<D>>(
    width: Width,
    worker: impl Fn() -> W + Sync,
    produce: impl FnOnce(Queue<J, D>) -> Result<T> + Send,
    mut consume: impl FnMut(D) -> Result<()>,
) -> Result<T> {
    let (jobs, job_queue) = sync_channel(width.in_flight);
    let (order, in_order) = sync_channel::<Receiver<Result<D>>>(width.in_flight);
    let job_queue = Mutex::new(job_queue);
    std::thread::scope(|scope| {
        let work = || {
            work(&job_queue, worker());
            Ok(())
        };
        // Fewer do it, too; with none nothing would ever be done.
        let spawned = (0..width.workers).map(|_| threads::spawn_in(scope, "worker", work));
        let (workers, failed): (Vec<_>, Vec<_>) = spawned.partition(Result::is_ok);
        let workers: Vec<_> = workers.into_iter().flatten().collect();
        if let Some(Err(failure)) = failed.into_iter().next().filter(|_| workers.is_empty()) {
            return Err(failure);
        }
        let producer = threads::spawn_in(scope, "producer", move || produce(Queue { jobs, order }))?;
        let consumed = in_order.iter().try_for_each(|done| consume(done.recv().map_err(|_| died())??));
        // Without this the producer would wait for ever to put in what nobody takes out.
        drop(in_order);
        let produced = producer.join().unwrap_or_else(|_| Err(died()));
        consumed.and(join_all(workers)).and(produced)
    })
}

/// Waits for every thread. Answers the first failure; one that panicked is one.
pub(super) fn join_all(threads: Vec<ScopedJoinHandle<'_, Result<()>>>) -> Result<()> {
    let ended = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(died())));
    ended.fold(Ok(()), Result::and)
}

fn work<J, D>(jobs: &Mutex<Receiver<Asked<J, D>>>, mut worker: impl FnMut(J) -> Result<D>) {
    loop {
        let next = locked(jobs).recv();
        let Ok(asked) = next else { return };
        // Nobody listens once the capture has failed.
        let _ = asked.answer.send(worker(asked.job));
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn died() -> Failure {
    Failure::new(Code::Io, message!("a-thread-of-the-snapshot-ended"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: Width = Width { workers: 3, in_flight: 4 };

    #[test]
    fn what_is_done_side_by_side_comes_in_the_order_asked_for() {
        let mut taken = Vec::new();
        let produce = |queue: Queue<u64, u64>| (0..1000).try_for_each(|number| queue.send(number));
        run(
            WIDTH,
            || |number| Ok(2 * number),
            produce,
            |done| {
                taken.push(done);
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(taken, (0..1000).map(|number| 2 * number).collect::<Vec<_>>());
    }

    #[test]
    fn a_failure_anywhere_ends_everything_and_the_first_one_is_told() {
        let failure = |what: &str| Failure::new(Code::Io, what);
        let endless = |queue: Queue<u64, u64>| -> Result<()> { (0..).try_for_each(|number| queue.send(number)) };
        let fails_at = |number| move |job| if job == number { Err(failure("worker")) } else { Ok(job) };
        assert_eq!(run(WIDTH, || fails_at(7), endless, |_| Ok(())).unwrap_err().message, "worker");
        let refuses = |done| if done == 5 { Err(failure("consumer")) } else { Ok(()) };
        assert_eq!(run(WIDTH, || fails_at(7), endless, refuses).unwrap_err().message, "consumer");
        let produce = |queue: Queue<u64, u64>| queue.send(1).and_then(|()| Err::<(), _>(failure("producer")));
        assert_eq!(run(WIDTH, || fails_at(7), produce, |_| Ok(())).unwrap_err().message, "producer");
    }

    #[test]
    fn a_thread_that_panics_is_a_failure_and_nothing_waits_for_it() {
        let endless = |queue: Queue<u64, u64>| -> Result<()> { (0..).try_for_each(|number| queue.send(number)) };
        let every_worker = || |_: u64| -> Result<u64> { panic!("a worker") };
        assert_eq!(run(WIDTH, every_worker, endless, |_| Ok(())).unwrap_err().message, died().message);
        let first_job = || |job| if job == 0 { panic!("a worker") } else { Ok(job) };
        assert_eq!(run(WIDTH, first_job, endless, |_| Ok(())).unwrap_err().message, died().message);
        let producer = |_: Queue<u64, u64>| -> Result<()> { panic!("the producer") };
        assert_eq!(run(WIDTH, || Ok, producer, |_| Ok(())).unwrap_err().message, died().message);
    }
}
