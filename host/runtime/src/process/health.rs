//! Waiting for an app after a start: healthy, confirmed bad, or unknown.
//!
//! Confirmed bad makes the host go back to the old data, so it is said only of what a living supervisor saw: the app
//! could not be started, or ended. A supervisor that is gone, a limit that is reached, a cancel: nobody knows.

use std::time::{Duration, Instant};

use super::control::{self, Answer, ControlRequest, Reached};
use super::log;
use super::state::{ENDS_MAX, Phase, Status};
use super::supervisor::SETTLE;
use super::workload_dir::WorkloadDir;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{DeploySpec, Health, HealthCheck, HealthReport};

/// How long one run of a health check may take.
const PROBE_LIMIT: Duration = Duration::from_secs(10);
/// Between two looks at the app and at whether somebody cancelled.
const POLL: Duration = Duration::from_millis(20);
/// How long a supervisor may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// An app without a check that neither settles nor ends (it is being stopped by somebody) is given up after this.
const SETTLE_LIMIT: Duration = Duration::from_secs(30);

/// Waits for the app of `spec`.
pub(super) fn wait(
    workload_dir: &WorkloadDir,
    spec: &DeploySpec,
    cancelled: &dyn Fn() -> bool,
) -> Result<HealthReport> {
    let limit = spec.health.as_ref().map_or(SETTLE_LIMIT, |check| check.limit);
    let deadline = Instant::now() + limit;
    let mut next_probe = Instant::now();
    let mut last_probe = None;
    let Some(first) = status(workload_dir)? else { return Ok(unsupervised()) };
    // Ends of long ago say nothing about this start.
    let ends_before = first.state.ends - u64::from(first.state.short_ends);
    loop {
        if cancelled() {
            return Ok(unknown(message!("cancelled-before-the-app-was-known")));
        }
        let Some(status) = status(workload_dir)? else { return Ok(unsupervised()) };
        if let Some(why) = confirmed_bad(&status, ends_before, spec.health.is_some()) {
            return Ok(HealthReport::new(Health::ConfirmedBad, with_log(workload_dir, &status, why)));
        }
        let running = status.state.phase == Phase::Running;
        match &spec.health {
            None if running && status.up_ms.is_some_and(|up| u128::from(up) >= SETTLE.as_millis()) => {
                return Ok(HealthReport::new(Health::Healthy, message!("ran-for", settle = SETTLE)));
            }
            Some(check) if running && Instant::now() >= next_probe => {
                last_probe = probe(workload_dir, &status, deadline)?;
                if last_probe.is_none() {
                    return Ok(HealthReport::new(Health::Healthy, message!("the-health-check-passed")));
                }
                next_probe = Instant::now() + interval(check);
            }
            _ => {}
        }
        if Instant::now() >= deadline {
            let why =
                last_probe.map_or_else(|| message!("the-app-did-not-settle"), |why| message!("the-health-check", why));
            return Ok(unknown(with_log(workload_dir, &status, message!("until-the-limit-of", why, limit))));
        }
        std::thread::sleep(POLL.min(deadline.saturating_duration_since(Instant::now())));
    }
}

/// Runs the check once; none if it passed while the same instance was running.
fn probe(workload_dir: &WorkloadDir, before: &Status, deadline: Instant) -> Result<Option<Message>> {
    let limit = PROBE_LIMIT.min(deadline.saturating_duration_since(Instant::now())).max(POLL);
    let request = ControlRequest::Probe { limit_ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX) };
    let result = match control::ask(workload_dir, &request, limit + ANSWER_LIMIT)? {
        Reached::Supervisor(Answer::Probed(result)) => result,
        // A check that cannot be run says nothing about the app.
        Reached::Supervisor(Answer::Failed(failure)) => Some(message!("could-not-be-run", failure)),
        Reached::Supervisor(other) => return Err(unexpected(&other)),
        Reached::Nobody(_) => Some(message!("could-not-be-run-the-supervisor")),
    };
    if result.is_some() {
        return Ok(result);
    }
    // Something else may have answered in the place of an app that is not there.
    let after = status(workload_dir)?;
    let same =
        after.is_some_and(|after| after.state.phase == Phase::Running && after.state.starts == before.state.starts);
    Ok((!same).then(|| message!("passed-but-the-app-ended-meanwhile")))
}

fn confirmed_bad(status: &Status, ends_before: u64, has_check: bool) -> Option<Message> {
    let ends = status.state.ends - ends_before;
    let bad = match status.state.phase {
        // Held: nothing starts it again.
        Phase::Ended => true,
        Phase::Clearing if status.state.hold => true,
        _ if has_check => ends >= u64::from(ENDS_MAX),
        _ => ends > 0,
    };
    bad.then(|| {
        let how = status.state.last_end.clone().unwrap_or_else(|| message!("ended"));
        if ends > 1 { message!("the-app-ended-times-and-last", ends, how) } else { message!("the-app", how) }
    })
}

fn with_log(workload_dir: &WorkloadDir, status: &Status, reason: Message) -> Message {
    match log::tail(&workload_dir.file("log"), status.state.log_start_bytes) {
        said if said.is_empty() => reason,
        said => message!("it-said", reason, said),
    }
}

/// A check that is due at once would keep a processor busy.
fn interval(check: &HealthCheck) -> Duration {
    check.interval.max(POLL)
}

fn unknown(reason: Message) -> HealthReport {
    HealthReport::new(Health::Unknown, reason)
}

fn unsupervised() -> HealthReport {
    unknown(message!("the-supervisor-is-gone-so-nobody"))
}

/// What a living supervisor says; none if there is none.
pub(super) fn status(workload_dir: &WorkloadDir) -> Result<Option<Status>> {
    match control::ask(workload_dir, &ControlRequest::Status, ANSWER_LIMIT)? {
        Reached::Supervisor(Answer::Status(status)) => Ok(Some(*status)),
        Reached::Supervisor(Answer::Failed(failure)) => Err(failure),
        Reached::Supervisor(other) => Err(unexpected(&other)),
        Reached::Nobody(_) => Ok(None),
    }
}

/// An answer that does not fit the question.
pub(super) fn unexpected(answer: &Answer) -> Failure {
    let answer = format!("{answer:?}");
    Failure::new(Code::Runtime, message!("the-supervisor-answered-something-else", answer))
}
