//! Waiting for a project after a start: healthy, confirmed bad, or unknown.
//!
//! Only members that ran before are judged, and only what the engine says of this start counts. One that ends with 0 is a job
//! that happened to run. One that ended again and again before may do so again: that is no reason to go back.

use std::time::{Duration, Instant};

use bollard::models::HealthStatusEnum;

use super::record::{Held, Ran};
use super::unit::Member;
use super::{View, down};
use crate::container::{self, Found};
use crate::health::{LIMIT, images_check, takes_at_most, with_last_output};
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::Result;
use reforge_base::message;
use reforge_base::spec::{Health, HealthReport, Restart};

/// How long one without a check must have run; after a restart, until the engine has forgotten that it looped.
const SETTLE: Duration = Duration::from_secs(1);
const SETTLE_AFTER_RESTART: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);

/// What is known of one member.
enum Verdict {
    Good,
    Waits(Message),
    Bad(Message),
}

/// See [`reforge_runtime::Runtime::await_healthy`].
pub(crate) fn wait(view: View<'_>, cancelled: &dyn Fn() -> bool) -> Result<HealthReport> {
    let judged: Vec<Held> = match view.record.hold.clone() {
        Some(hold) => hold.members.into_iter().filter(|held| held.ran != Ran::No).collect(),
        None => {
            let is_up = |member: &Member| member.found.is_up();
            view.unit.up().map(|member| down::held(member, &view.unit, &is_up)).collect::<Result<_>>()?
        }
    };
    let began = Instant::now();
    let mut open: Vec<&Held> = judged.iter().collect();
    let mut unsure: Vec<Message> = Vec::new();
    loop {
        if cancelled() {
            return Ok(unknown(message!("cancelled-before-the-app-was-known")));
        }
        let mut still_open = Vec::new();
        for held in open {
            let Some(found) = container::inspect(&view.client, &held.id)? else {
                unsure.push(message!("member-was-removed-meanwhile", name = escape::text(&held.name)));
                continue;
            };
            match judge(&found, held) {
                Verdict::Good => {}
                Verdict::Waits(_) if began.elapsed() < limit(&found) => still_open.push(held),
                Verdict::Waits(why) if is_up_or_looped(&found, held) => unsure.push(why),
                Verdict::Bad(why) | Verdict::Waits(why) => {
                    let reason = message!("member-is-bad", shown = found.shown(), why);
                    return Ok(HealthReport::new(Health::ConfirmedBad, with_last_output(&view.client, &found, reason)));
                }
            }
        }
        open = still_open;
        if open.is_empty() {
            return Ok(match unsure.into_iter().reduce(|one, other| Message::all([one, other])) {
                Some(why) => unknown(why),
                None => HealthReport::new(Health::Healthy, message!("all-members-are-up", count = judged.len())),
            });
        }
        std::thread::sleep(POLL);
    }
}

fn judge(found: &Found, held: &Held) -> Verdict {
    let waits = |why: Message| Verdict::Waits(message!("member-did-not-settle", shown = found.shown(), why));
    if found.status() == bollard::models::ContainerStateStatusEnum::PAUSED && held.ran == Ran::Paused {
        return Verdict::Good;
    }
    if !found.is_up() {
        let code = found.exit_code();
        return match code {
            0 => Verdict::Good,
            _ if held.policy == Restart::No && held.ran != Ran::Looping => {
                Verdict::Bad(message!("ended-with-status", code))
            }
            _ => waits(message!("ended-with-status", code)),
        };
    }
    if !found.is_running() {
        return waits(message!("it-is-started-again-and-again"));
    }
    if has_check(found) {
        return match of_this_start(found) {
            Some(HealthStatusEnum::HEALTHY) => Verdict::Good,
            _ => waits(message!("its-health-check-did-not-pass")),
        };
    }
    let settle = if found.restarts() > 0 { SETTLE_AFTER_RESTART } else { SETTLE };
    let up = found.started().map(|started| jiff::Timestamp::now().duration_since(started));
    match up.and_then(|up| Duration::try_from(up).ok()).is_some_and(|up| up >= settle) {
        true => Verdict::Good,
        false => waits(message!("it-is-started-again-and-again")),
    }
}

/// At the limit: one that is up may still come to itself, and one that looped before is as bad as it was.
fn is_up_or_looped(found: &Found, held: &Held) -> bool {
    found.is_running() || held.ran == Ran::Looping
}

/// What the engine says of its check, if that is about this start.
pub(crate) fn of_this_start(found: &Found) -> Option<HealthStatusEnum> {
    let health = images_check(found)?;
    let last = health.log.iter().flatten().next_back()?;
    let began: jiff::Timestamp = last.start.as_deref()?.parse().ok()?;
    health.status.filter(|_| found.started().is_some_and(|started| began >= started))
}

pub(crate) fn has_check(found: &Found) -> bool {
    images_check(found).is_some()
}

/// How long its health is waited for: what its check may take at worst.
pub(crate) fn limit(found: &Found) -> Duration {
    takes_at_most(found).max(LIMIT)
}

fn unknown(reason: Message) -> HealthReport {
    HealthReport::new(Health::Unknown, reason)
}
