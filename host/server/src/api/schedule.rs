//! Takes the snapshots and does the drills that are due, for as long as the server runs.
//!
//! Somebody else may be at it, such as a command that a timer calls: then that one does it. What cannot be done now, since the
//! state directory cannot be written, is told and tried again; what became of each snapshot is in the audit log.

use std::sync::Weak;
use std::time::Duration;

use super::shared::Shared;
use reforge_base::clock;
use reforge_base::failure::Code;
use reforge_base::message;
use reforge_config::Workload;
use reforge_host::host::due::Pass;

/// Who does the drills that are due, in the audit log.
const WHO: &str = "schedule";
/// How often it is looked what is due.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// Goes on for as long as anybody else has what is shared. It looks when it begins, too: something may have been missed.
pub(super) async fn take_due(shared: Weak<Shared>) {
    let since = clock::now();
    let mut told = None;
    loop {
        let Some(shared) = shared.upgrade() else { return };
        let is_due = |workload: &Workload| workload.schedule.is_some() || workload.drill.schedule.is_some();
        if !shared.host.config.workloads.iter().any(is_due) {
            return;
        }
        let taken = shared
            .work(move |shared| {
                let stopping = shared.progress().cancelled.clone();
                let pass = Pass {
                    since,
                    progress: &|workload: &str| shared.progress_of(workload),
                    cancelled: &stopping,
                    listener: &*shared.host,
                };
                let taken = shared.host.take_due(&pass).map(drop);
                drill_due(shared);
                // That the server stops is no failure of the schedule.
                Ok(taken.err().filter(|failure| failure.code != Code::Busy && !shared.is_stopping()))
            })
            .await;
        // Once for the same thing: it is looked at every few seconds.
        let failure = taken.ok().flatten();
        if let Some(failure) = failure.as_ref().filter(|failure| told.as_ref() != Some(*failure)) {
            shared.host.deployer.tell(message!("what-is-due-cannot-be-taken", failure));
        }
        told = failure;
        drop(shared);
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// After the snapshots: a new one is drilled first. That one failed is told where it is drilled.
fn drill_due(shared: &Shared) {
    let drilled = shared.drilling(&shared.progress(), WHO, |drilling| drilling.take_due());
    if let Err(failure) = drilled
        && !shared.is_stopping()
    {
        shared.host.deployer.tell(message!("what-is-due-cannot-be-drilled", failure));
    }
}
