//! Waiting for a project after a start: healthy, confirmed bad, or unknown.
//!
//! Only members that ran before are judged, and only what the engine says of this start counts. One that ends with 0 is a job
//! that happened to run. One that ended again and again before may do so again: that is no reason to go back.
//!
//! The workload's own check comes on top: it is run in each container that ran of the member that it names, once that is well.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bollard::models::HealthStatusEnum;

use super::record::{Held, Ran};
use super::unit::Member;
use super::{View, down};
use crate::container::{self, Found};
use crate::health::{Check, LIMIT, images_check, takes_at_most, with_last_output};
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::Result;
use reforge_base::message;
use reforge_base::spec::{Health, HealthCheck, HealthReport, Restart};

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
    let mut asked = Asked::of(&view, &judged);
    let mut open: Vec<&Held> = judged.iter().collect();
    let mut unsure: Vec<Message> = asked.nobody.take().into_iter().collect();
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
                Verdict::Good => match asked.ask(&view, &found, held, began)? {
                    Answer::Passed => {}
                    Answer::Waits => still_open.push(held),
                    Answer::Unsure(why) => unsure.push(why),
                },
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

/// The workload's own check, and how it went in each container by its id.
struct Asked<'a> {
    check: Option<&'a HealthCheck>,
    of: BTreeMap<&'a str, Check>,
    /// That it can be asked nowhere.
    nobody: Option<Message>,
}

/// What the workload's own check says of one container.
enum Answer {
    /// It is not the one that is asked, too.
    Passed,
    Waits,
    Unsure(Message),
}

impl<'a> Asked<'a> {
    fn of(view: &'a View<'_>, judged: &'a [Held]) -> Asked<'a> {
        let check = view.check();
        let in_it = |held: &&Held| check.is_some_and(|check| is_named(check, &held.service, &held.name));
        let new = |check: &HealthCheck| Check::of_words(check.command.clone(), check.interval);
        let of: BTreeMap<&str, Check> =
            judged.iter().filter(in_it).filter_map(|held| Some((held.id.as_str(), new(check?)))).collect();
        let nobody = check.filter(|_| of.is_empty()).map(|check| {
            let member = check.member.as_deref().unwrap_or_default();
            message!("member-with-the-health-check-does-not-run", shown = escape::text(member))
        });
        Asked { check, of, nobody }
    }

    fn ask(&mut self, view: &View<'_>, found: &Found, held: &Held, began: Instant) -> Result<Answer> {
        let (Some(check), Some(run)) = (self.check, self.of.get_mut(held.id.as_str())) else {
            return Ok(Answer::Passed);
        };
        if !found.is_running() || found.status() == bollard::models::ContainerStateStatusEnum::PAUSED {
            let message = message!("member-with-the-health-check-does-not-run", shown = found.shown());
            return Ok(Answer::Unsure(message));
        }
        let deadline = began + check.limit;
        if run.passes(&view.client, found, deadline)? {
            return Ok(Answer::Passed);
        }
        if Instant::now() < deadline {
            return Ok(Answer::Waits);
        }
        let why = run.last.take().unwrap_or_else(|| message!("its-health-check-did-not-pass"));
        let why = message!("member-did-not-settle", shown = found.shown(), why);
        Ok(Answer::Unsure(with_last_output(
            &view.client,
            found,
            message!("until-the-limit-of", why, limit = check.limit),
        )))
    }
}

/// Whether a check is run in the containers of that service, or in the one of that name.
pub(crate) fn is_named(check: &HealthCheck, service: &str, name: &str) -> bool {
    check.member.as_deref().is_some_and(|member| member == service || member == name)
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
