//! Webhooks: deliveries that are signed, each taken once, and the deploys that they ask for, one after the other per
//! workload. While one waits for its workload, a newer one takes its place. Previews wait apart: a preview is no newer
//! deploy of the workload itself.
//!
//! In reading order: [`signature`] who sends, [`deliveries`] what was taken. A delivery is open on disk from before it is
//! answered until its deploy has ended, so that a stop and a crash lose none.

mod deliveries;
mod signature;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::json;
use tokio::sync::watch;

use self::deliveries::{Deliveries, Open};
use self::signature::Secret;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_deployer::dispatch::DeployRequest;
use reforge_host::host::Host;

/// Who asks, for the audit log.
const WHO: &str = "a webhook";

/// All webhooks of a host that has a secret for them.
pub(super) struct Hooks {
    pub secret: Secret,
    host: Arc<Host>,
    deliveries: Deliveries,
    /// What shall be done next. One thread per lane that is here.
    waiting: Mutex<BTreeMap<Lane, Option<Asked>>>,
    working: watch::Sender<usize>,
    closed: AtomicBool,
}

/// Those that take each other's place: of one workload, its previews apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Lane {
    workload: String,
    is_preview: bool,
}

/// What a delivery asks for.
#[derive(Clone, Debug)]
struct Asked {
    delivery: String,
    request: DeployRequest,
}

impl Lane {
    fn of(request: &DeployRequest) -> Lane {
        let is_preview = matches!(request, DeployRequest::Preview { .. });
        Lane { workload: request.workload().to_owned(), is_preview }
    }
}

impl Hooks {
    /// None without a secret.
    pub(super) fn new(host: &Arc<Host>) -> Result<Option<Arc<Hooks>>> {
        let Some(file) = &host.config.api.webhook_secret_file else { return Ok(None) };
        let deliveries = Deliveries::open(&host.state)?;
        if let Some(damaged) = deliveries.damaged() {
            host.deployer.tell(message!("no-webhook-is-taken-until", damaged));
        }
        Ok(Some(Arc::new(Hooks {
            secret: Secret::read(file)?,
            deliveries,
            host: host.clone(),
            waiting: Mutex::default(),
            working: watch::channel(0).0,
            closed: AtomicBool::new(false),
        })))
    }

    /// What an earlier start took and did not end: asked for again, or told if it may have been done.
    pub(super) fn resume(self: &Arc<Self>) -> Result<()> {
        let asked = |(delivery, open): (String, Open)| Asked { delivery, request: open.request };
        let (begun, waiting): (Vec<_>, Vec<_>) = self.deliveries.unfinished().into_iter().partition(|one| one.1.begun);
        for one in begun.into_iter().map(asked) {
            self.leave(&one, "interrupted", message!("the-host-ended-in-the-middle"))?;
        }
        for one in waiting.into_iter().map(asked) {
            // One that no thread can be had for stays open for the next start.
            let _ = self.ask(one);
        }
        Ok(())
    }

    /// Takes a delivery and has what it asks for done as soon as its workload is free. False if it was taken before.
    pub(super) fn take(self: &Arc<Self>, delivery: &str, request: DeployRequest) -> Result<bool> {
        if !self.deliveries.take(delivery, request.clone())? {
            return Ok(false);
        }
        self.ask(Asked { delivery: delivery.to_owned(), request }).map_err(|failure| {
            // Whoever sent it is told that it was not taken, and may send it again.
            match self.deliveries.give_back(delivery) {
                Ok(()) => failure,
                Err(_) => failure.hint(message!("it-is-done-at-the-next")),
            }
        })?;
        Ok(true)
    }

    /// One that makes no sense is not taken.
    pub(super) fn turned_down(&self, request: &DeployRequest, failure: Failure) -> Failure {
        let refused = self.host.dispatch_leased(request, Err(failure.clone()), WHO, &|| true);
        refused.err().unwrap_or(failure)
    }

    fn ask(self: &Arc<Self>, asked: Asked) -> Result<()> {
        let lane = Lane::of(&asked.request);
        let mut waiting = self.waiting();
        if let Some(next) = waiting.get_mut(&lane) {
            let older = next.replace(asked);
            drop(waiting);
            // What is told here is of the older one: the newer one is taken whatever becomes of that.
            if let Some(older) = older {
                let _ = self.leave(&older, "skipped", message!("a-newer-delivery-took-its-place"));
            }
            return Ok(());
        }
        waiting.insert(lane.clone(), Some(asked));
        self.working.send_modify(|working| *working += 1);
        let working = Working { hooks: self.clone(), lane: lane.clone() };
        let work = move || {
            while let Some(asked) = working.hooks.next(&working.lane) {
                working.hooks.deploy(&asked);
            }
        };
        let thread = std::thread::Builder::new().name("webhook".to_owned()).spawn(work);
        thread.map(drop).map_err(|error| {
            waiting.remove(&lane);
            Failure::new(Code::Io, message!("cannot-begin-a-thread", error))
        })
    }

    /// Nothing that waits is begun any more: it is asked for again at the next start.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Waits until nothing is being deployed.
    pub(super) async fn idle(&self) {
        // The sender is this one's own: it cannot be gone.
        let _ = self.working.subscribe().wait_for(|working| *working == 0).await;
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    fn next(&self, lane: &Lane) -> Option<Asked> {
        let mut waiting = self.waiting();
        let next = waiting.get_mut(lane).and_then(Option::take).filter(|_| !self.is_closed());
        if next.is_none() {
            // In the same breath: whoever asks now begins a thread.
            waiting.remove(lane);
        }
        next
    }

    /// What becomes of it is in the audit log: nobody waits for an answer.
    fn deploy(&self, asked: &Asked) {
        let closed = || self.is_closed();
        // What cannot be settled blocks the workload, and that is what the deploy is refused for.
        let _ = self.host.recover();
        let leased = match self.host.deployer.lease(&asked.request, true, &closed) {
            // Nothing has begun.
            Err(failure) if failure.code == Code::Cancelled => return,
            leased => leased.and_then(|leased| self.deliveries.begin(&asked.delivery).map(|()| leased)),
        };
        let _ = self.host.dispatch_leased(&asked.request, leased, WHO, &closed);
        // Where this cannot be written down, the next start tells it as interrupted.
        let _ = self.deliveries.end(&asked.delivery);
    }

    /// Nothing is done about it, or no more.
    fn leave(&self, asked: &Asked, outcome: &str, why: Message) -> Result<()> {
        let details = json!({ "workload": asked.request.workload(), "outcome": outcome, "reason": why });
        self.host.audit_event(asked.request.verb(), WHO, details)?;
        self.deliveries.end(&asked.delivery)
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<Lane, Option<Asked>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread that deploys, also one that panicked or did not begin.
struct Working {
    hooks: Arc<Hooks>,
    lane: Lane,
}

impl Drop for Working {
    fn drop(&mut self) {
        // One that ended has removed it in the same breath, and another may have begun.
        if std::thread::panicking() {
            self.hooks.waiting().remove(&self.lane);
        }
        self.hooks.working.send_modify(|working| *working -= 1);
    }
}
