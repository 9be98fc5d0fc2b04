//! What is asked of the host, and by whom.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::Plan;
use crate::restore::preflight::Choice;
use crate::restore::run::Request;
use reforge_base::consistency::Consistency;
use reforge_base::escape;

/// Who asks, whether they wait for a workload that is busy, and how they give up.
#[derive(Clone, Debug)]
pub struct Caller {
    pub(super) who: String,
    pub(super) wait: bool,
    pub(super) cancelled: Arc<AtomicBool>,
}

impl Caller {
    /// `who` is for receipts and the audit log. A busy workload is refused at once.
    pub fn new(who: &str) -> Caller {
        Caller { who: escape::text(who), wait: false, cancelled: Arc::default() }
    }

    /// Waits while the workload is busy.
    pub fn waiting(self) -> Caller {
        Caller { wait: true, ..self }
    }

    /// Gives up when the flag is set. A restore that is cancelled before its commit has changed nothing; after it nothing
    /// stops any more.
    pub fn cancelled_by(self, flag: Arc<AtomicBool>) -> Caller {
        Caller { cancelled: flag, ..self }
    }
}

/// A snapshot that is asked for.
#[derive(Clone, Debug)]
pub struct Capture {
    pub(super) workload: String,
    pub(super) reason: String,
    pub(super) consistency: Option<Consistency>,
}

impl Capture {
    /// Of every volume of a workload, with the app treated as that says.
    pub fn of(workload: &str, reason: &str) -> Capture {
        Capture { workload: workload.to_owned(), reason: reason.to_owned(), consistency: None }
    }

    /// With this done to an app that runs, whatever its workload says.
    pub fn with(self, consistency: Consistency) -> Capture {
        Capture { consistency: Some(consistency), ..self }
    }
}

/// A restore that is asked for.
#[derive(Clone, Debug)]
pub struct Restore {
    pub(super) workload: String,
    pub(super) snapshot: String,
    choice: Choice,
    plan: Option<String>,
}

impl Restore {
    /// Of every volume that the snapshot has. It is named by its id, or by a beginning that no other has.
    pub fn of(workload: &str, snapshot: &str) -> Restore {
        Restore { workload: workload.to_owned(), snapshot: snapshot.to_owned(), choice: Choice::default(), plan: None }
    }

    /// This volume stays as it is.
    pub fn leaving(mut self, volume: &str) -> Restore {
        self.choice.leave.push(volume.to_owned());
        self
    }

    /// The snapshot's volume goes onto this volume of the workload, whatever the two are called and wherever the app sees them.
    pub fn mapping(mut self, of_snapshot: &str, volume: &str) -> Restore {
        self.choice.map.insert(of_snapshot.to_owned(), volume.to_owned());
        self
    }

    /// Takes no safety snapshot: the previous data stays until it is finished.
    pub fn keeping_previous(mut self) -> Restore {
        self.choice.keep_previous = true;
        self
    }

    /// Only as it was planned: refused if anything that the plan stands on has moved since.
    pub fn as_planned(&self, plan: &Plan) -> Restore {
        Restore { plan: Some(plan.digest.clone()), ..self.clone() }
    }

    pub(super) fn request(&self, caller: &Caller) -> Request {
        Request {
            workload: self.workload.clone(),
            snapshot: self.snapshot.clone(),
            choice: self.choice.clone(),
            plan: self.plan.clone(),
            wait: caller.wait,
            who: caller.who.clone(),
        }
    }
}
