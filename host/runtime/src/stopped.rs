//! An app that is down, and how it is brought up again: while a snapshot is taken, and after a host that ended meanwhile.

use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::Observation;

use crate::Runtime;

/// Holds the app, stops it and sees it down. The caller holds the lease.
pub fn take_down(runtime: &dyn Runtime, workload: &str) -> Result<()> {
    runtime.hold(workload)?;
    runtime.stop(workload)?;
    see_down(runtime, workload)
}

/// Fails if anything of it is alive, or was since it was stopped.
pub fn see_down(runtime: &dyn Runtime, workload: &str) -> Result<()> {
    match runtime.not_down(workload)? {
        None => Ok(()),
        Some(why) => Err(Failure::new(Code::NotDown, message!("is-not-down-because", workload, why))),
    }
}

/// As it was observed before, with its policies back.
pub fn bring_up(runtime: &dyn Runtime, workload: &str, before: &Observation) -> Result<()> {
    let up = runtime.bring_back(before).and_then(|()| runtime.release(workload));
    up.map_err(|failure| {
        let message = message!("the-app-is-not-up-again", message = failure.message);
        failure.with_message(message).hint(message!("reforge-recover-brings-it-back"))
    })
}

/// The same after a host that ended at any point in between: an app that still runs may be about to end.
pub fn bring_up_after_a_crash(runtime: &dyn Runtime, workload: &str, before: &Observation) -> Result<()> {
    if !runtime.is_down(workload)? {
        runtime.hold(workload)?;
        runtime.stop(workload)?;
    }
    bring_up(runtime, workload, before)
}

/// Ends every hold that a version before left which ended while it captured. What cannot be brought up is told, and stands in no
/// other's way.
pub fn resume_all(runtime: &dyn Runtime, resume: &dyn Fn(&str) -> Result<()>, tell: &dyn Fn(Message)) {
    match runtime.held() {
        Err(failure) => tell(message!("held-workloads-are-not-known", failure)),
        Ok(held) => {
            for workload in held {
                if let Err(failure) = resume(&workload) {
                    let workload = reforge_base::escape::text(&workload);
                    tell(message!("held-workload-is-not-up-again", workload, failure));
                }
            }
        }
    }
}
