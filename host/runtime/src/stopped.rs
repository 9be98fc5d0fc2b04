//! An app that is down while something is done, and brought up again whatever happens in between. If the host ends there, its
//! next start brings it up.

use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

use crate::Runtime;

/// Does it with the app held and seen down. The caller holds the lease.
pub fn while_stopped<T>(runtime: &dyn Runtime, workload: &str, act: impl FnOnce() -> Result<T>) -> Result<T> {
    let done = taken_down(runtime, workload).and_then(|()| act());
    let resumed = runtime.resume(workload).map_err(|failure| {
        let message = message!("the-app-is-not-up-again", message = failure.message);
        failure.with_message(message).hint(message!("reforge-recover-brings-it-back"))
    });
    match (done, resumed) {
        (Ok(done), resumed) => resumed.map(|()| done),
        (Err(failure), Ok(())) => Err(failure),
        (Err(failure), Err(second)) => Err(second.context(failure.message)),
    }
}

/// Ends every hold that a host left which ended in between. What cannot be brought up is told, and stands in no other's way.
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

fn taken_down(runtime: &dyn Runtime, workload: &str) -> Result<()> {
    runtime.hold(workload)?;
    runtime.stop(workload)?;
    match runtime.not_down(workload)? {
        None => Ok(()),
        Some(why) => Err(Failure::new(Code::NotDown, message!("is-not-down-because", workload, why))),
    }
}
