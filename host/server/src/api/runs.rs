//! Restores and undos that were begun over HTTP. Each has a thread of its own and goes on when its client is gone.
//!
//! Whether one may begin is decided by the workload's lease alone, before it comes here. One that is over is remembered
//! for a while, for clients that still listen; the journal and the receipt are what counts.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::events::{END, Events, PROGRESS};
use super::metrics::Metrics;
use super::problem::Problem;
use reforge_base::failure::{Code, Failure};
use reforge_base::message;
use reforge_documents::event::ProgressEvent;
use reforge_documents::restore::{Counters, Restore, Running};
use reforge_host::host::Host;
use reforge_host::restore::Report;
use reforge_host::restore::progress::Progress;
use reforge_transaction::event::TransactionKind;

/// How often counters are told.
const COUNTERS_INTERVAL: Duration = Duration::from_millis(250);
/// Those that are over and remembered.
const OVER_KEPT: usize = 64;

/// One restore or undo.
pub(super) struct Run {
    pub id: String,
    pub workload: String,
    pub kind: TransactionKind,
    pub who: String,
    pub progress: Arc<Progress>,
    pub events: Arc<Events>,
    began: jiff::Timestamp,
    /// Once it is over.
    report: Mutex<Option<Report>>,
}

/// All of them.
pub(super) struct Runs {
    known: Mutex<Known>,
    /// How many there are that are not over.
    active: watch::Sender<usize>,
    metrics: Metrics,
}

#[derive(Default)]
struct Known {
    running: Vec<Arc<Run>>,
    over: VecDeque<Arc<Run>>,
    /// None begins any more.
    closed: bool,
}

/// What is watched of a run before anybody knows whether it begins.
pub(super) struct Watched {
    pub progress: Arc<Progress>,
    events: Arc<Events>,
}

impl Watched {
    pub(super) fn of(host: &Host, workload: &str) -> Watched {
        let events = Arc::new(Events::new());
        let watcher = host.watched(workload, events.clone());
        Watched { progress: Arc::new(Progress::new(watcher, Arc::new(AtomicBool::new(false)))), events }
    }
}

impl Run {
    pub(super) fn new(id: &str, workload: &str, kind: TransactionKind, who: &str, watched: &Watched) -> Run {
        Run {
            id: id.to_owned(),
            workload: workload.to_owned(),
            kind,
            who: who.to_owned(),
            progress: watched.progress.clone(),
            events: watched.events.clone(),
            began: jiff::Timestamp::now(),
            report: Mutex::default(),
        }
    }

    /// Asks it to stop: before the commit the swap never happens, after it nothing stops any more.
    pub(super) fn cancel(&self) {
        self.progress.cancelled.store(true, Ordering::Relaxed);
    }

    pub(super) fn report(&self) -> Option<Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How far it got; none when it is over.
    pub(super) fn running(&self) -> Option<Running> {
        self.report().is_none().then(|| Running {
            phase: self.progress.phase(),
            cancelling: self.progress.is_cancelled(),
            counters: counters(&self.progress),
        })
    }

    /// For as long as no journal tells of it.
    pub(super) fn document(&self) -> Restore {
        let mut document = Restore {
            id: self.id.clone(),
            workload: Some(self.workload.clone()),
            kind: Some(self.kind.clone()),
            began: Some(self.began),
            who: Some(self.who.clone()),
            now: Some(message!("running")),
            running: self.running(),
            ..Restore::default()
        };
        if let Some(report) = self.report() {
            document.now = Some(message!("over"));
            document.ended(report);
        }
        document
    }

    fn end(&self, report: Report) {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).replace(report.clone());
        self.events.tell(END, report);
    }

    fn tell_counters(&self, told: &mut Option<Counters>) {
        let now = Some(counters(&self.progress));
        if *told != now {
            self.events.tell(PROGRESS, now.map(ProgressEvent::from));
            *told = now;
        }
    }
}

fn counters(progress: &Progress) -> Counters {
    let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    Counters {
        bytes: read(&progress.bytes),
        bytes_total: read(&progress.bytes_total),
        entries: read(&progress.entries),
        entries_total: read(&progress.entries_total),
    }
}

impl Runs {
    pub(super) fn new(metrics: Metrics) -> Runs {
        Runs { known: Mutex::default(), active: watch::channel(0).0, metrics }
    }

    /// Begins one. `work` must end whatever it has begun before it returns.
    pub(super) fn begin(
        self: &Arc<Self>,
        run: Run,
        work: impl FnOnce() -> Report + Send + 'static,
    ) -> Result<Arc<Run>, Problem> {
        let run = Arc::new(run);
        let mut known = self.known();
        if known.closed {
            return Err(Problem::stopping());
        }
        known.running.push(run.clone());
        self.active.send_modify(|active| *active += 1);
        drop(known);
        let (runs, own) = (self.clone(), run.clone());
        let thread = std::thread::Builder::new().name("restore".to_owned()).spawn(move || {
            let ending = Ending { runs, run: own.clone() };
            own.end(work());
            drop(ending);
        });
        if let Err(error) = thread {
            self.retire(&run);
            return Err(Failure::new(Code::Io, message!("cannot-begin-a-thread", error)).into());
        }
        tokio::spawn(tell(run.clone()));
        Ok(run)
    }

    /// One that runs or was remembered, by its whole id.
    pub(super) fn find(&self, id: &str) -> Option<Arc<Run>> {
        let known = self.known();
        known.running.iter().chain(&known.over).find(|run| run.id == id).cloned()
    }

    /// Those that run or were remembered.
    pub(super) fn ids(&self) -> Vec<String> {
        let known = self.known();
        known.running.iter().chain(&known.over).map(|run| run.id.clone()).collect()
    }

    /// Those that run.
    pub(super) fn running(&self) -> Vec<Arc<Run>> {
        self.known().running.clone()
    }

    /// None begins any more. With `cancel` those that run are asked to stop.
    pub(super) fn close(&self, cancel: bool) {
        let mut known = self.known();
        known.closed = true;
        known.running.iter().filter(|_| cancel).for_each(|run| run.cancel());
    }

    /// Waits until none runs.
    pub(super) async fn idle(&self) {
        // The sender is this one's own: it cannot be gone.
        let _ = self.active.subscribe().wait_for(|active| *active == 0).await;
    }

    fn retire(&self, run: &Arc<Run>) {
        let mut known = self.known();
        known.running.retain(|one| !Arc::ptr_eq(one, run));
        known.over.push_back(run.clone());
        if known.over.len() > OVER_KEPT {
            known.over.pop_front();
        }
        drop(known);
        self.active.send_modify(|active| *active -= 1);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a run off the list, also when its thread panicked: then the next start settles what it left.
struct Ending {
    runs: Arc<Runs>,
    run: Arc<Run>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        if self.run.report().is_none() {
            let failure = Failure::new(Code::Io, message!("the-host-failed-in-the-middle"))
                .hint(message!("reforge-recover-settles-it"));
            self.run.end(Report::unchanged(failure));
        }
        self.runs.metrics.ended(self.run.report().map_or("", |report| report.outcome.as_str()));
        self.runs.retire(&self.run);
    }
}

/// Tells counters for as long as it runs.
async fn tell(run: Arc<Run>) {
    let mut told = None;
    let began = Instant::now();
    while run.report().is_none() {
        run.tell_counters(&mut told);
        // Short restores are watched closely, long ones need not be.
        let pace = if began.elapsed() > Duration::from_secs(60) { 4 } else { 1 };
        tokio::time::sleep(COUNTERS_INTERVAL * pace).await;
    }
}
