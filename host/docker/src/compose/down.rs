//! Policies off, then everything down: whoever stands on others first, those without an order at the same time.
//!
//! Policies go off for every member, also for those that do not run: an engine that comes back starts what it was told to keep
//! up, even if a person had stopped it. What they were is written down before, and never overwritten by a second hold.

use std::time::{Duration, Instant};

use super::record::{Held, Ran, UnitHold};
use super::unit::{Member, Unit};
use super::{View, needs};
use crate::container::{self, Found};
use crate::{hold, stop};
use bollard::models::ContainerStateStatusEnum as Status;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::in_order;
use reforge_base::message;
use reforge_base::spec::{AppState, Restart};

/// How long members that were stopped may take to be seen down.
const SEEN_DOWN_LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// See [`reforge_runtime::Runtime::hold`].
pub(crate) fn hold(mut view: View<'_>) -> Result<()> {
    let mut members = match view.record.hold.take() {
        Some(hold) => hold.members,
        None => {
            view.refuse_other_project()?;
            Vec::new()
        }
    };
    for member in &view.unit.members {
        if members.iter().all(|held| held.id != member.found.id) {
            members.push(held(member, &view.unit, &|other| other.found.is_up())?);
        }
    }
    view.record.hold = Some(UnitHold { project: view.project.clone(), members, is_down: false });
    view.write()?;
    view.unit.members.iter().try_for_each(|member| switch_off(&view, &member.found))
}

pub(crate) fn held(member: &Member, unit: &Unit, ran: &dyn Fn(&Member) -> bool) -> Result<Held> {
    let doing = match member.found.app_state()? {
        AppState::Running if member.is_paused() => Ran::Paused,
        AppState::Running => Ran::Running,
        AppState::CrashLooping => Ran::Looping,
        AppState::Stopped | AppState::Absent => Ran::No,
    };
    Ok(Held {
        id: member.found.id.clone(),
        name: member.found.name.clone(),
        service: member.service.clone(),
        number: member.label("container-number").unwrap_or_default().to_owned(),
        policy: member.found.policy(),
        ran: doing,
        started: member.started_at().to_owned(),
        needs: needs::of(member, unit, ran),
    })
}

/// Between two restarts an older engine keeps the policy: such a one is stopped first.
fn switch_off(view: &View<'_>, found: &Found) -> Result<()> {
    if found.status() == Status::RESTARTING {
        stop::one(&view.client, found, None)?;
    }
    hold::set_policy(&view.client, found, &Restart::No)
}

/// See [`reforge_runtime::Runtime::stop`].
pub(crate) fn stop(mut view: View<'_>) -> Result<()> {
    let stopped: Vec<String> = view.unit.up().map(|member| member.found.id.clone()).collect();
    let deadline = Instant::now() + SEEN_DOWN_LIMIT;
    let mut is_asked = false;
    loop {
        let up: Vec<&Member> = view.unit.up().collect();
        match up.first() {
            None => break,
            Some(member) if is_asked && Instant::now() >= deadline => {
                let message = message!("the-container-is-still-up", shown = member.found.shown());
                return Err(Failure::new(Code::NotDown, message).hint(message!("its-process-may-hang")));
            }
            Some(_) => stop_all(&view, &up)?,
        }
        if is_asked {
            std::thread::sleep(POLL);
        }
        is_asked = true;
        view.refresh()?;
    }
    match &mut view.record.hold {
        Some(hold) => {
            for held in &mut hold.members {
                if let Some(member) = view.unit.by_id(&held.id) {
                    member.started_at().clone_into(&mut held.started);
                }
            }
            hold.is_down = true;
        }
        // Nothing ran: what an earlier stop has stopped is what a start starts.
        None if stopped.is_empty() => return Ok(()),
        None => view.record.stopped = stopped,
    }
    view.write()
}

fn stop_all(view: &View<'_>, up: &[&Member]) -> Result<()> {
    let needs: Vec<Vec<String>> = up
        .iter()
        .map(|member| match view.held(&member.found.id) {
            Some(held) => held.needs.iter().map(|need| need.id.clone()).collect(),
            None => {
                needs::of(member, &view.unit, &|other| other.found.is_up()).into_iter().map(|need| need.id).collect()
            }
        })
        .collect();
    // Whoever needs one goes before it.
    let after = |one: usize| (0..up.len()).filter(|other| needs[*other].contains(&up[one].found.id)).collect();
    let stop = |one: usize| {
        stop::one(&view.client, &up[one].found, None)?;
        // Without a hold nothing rests on it, and it is not for everybody to do.
        match container::inspect(&view.client, &up[one].found.id)?.filter(|_| view.record.hold.is_some()) {
            Some(found) => hold::sync_container(&found),
            None => Ok(()),
        }
    };
    let failures = in_order::run(up.len(), &after, &stop);
    Failure::of_all(&failures).map_or(Ok(()), Err)
}

/// What runs, or was started or made since all were seen down.
pub(crate) fn not_down(view: &View<'_>) -> Option<Message> {
    let up: Vec<&Member> = view.unit.up().collect();
    if !up.is_empty() {
        return Some(message!("members-run", shown = Unit::shown(up.into_iter())));
    }
    let hold = view.record.hold.as_ref().filter(|hold| hold.is_down)?;
    for held in &hold.members {
        if let Some(member) = view.unit.by_id(&held.id).filter(|member| member.started_at() != held.started) {
            return Some(message!("member-was-started-meanwhile", shown = member.found.shown()));
        }
    }
    let is_new = |member: &&Member| view.held(&member.found.id).is_none();
    let new = view.unit.members.iter().find(is_new);
    new.map(|member| message!("member-was-made-meanwhile", shown = member.found.shown()))
}

/// See [`reforge_runtime::Runtime::refuse_missing`].
pub(crate) fn refuse_missing(view: &View<'_>) -> Result<()> {
    let members = view.record.hold.iter().flat_map(|hold| &hold.members);
    let mut ran = members.filter(|held| held.ran != Ran::No);
    let Some(held) = ran.find(|held| view.unit.by_id(&held.id).is_none()) else { return Ok(()) };
    let message = message!("member-was-removed-meanwhile", name = reforge_base::escape::text(&held.name));
    Err(Failure::new(Code::Drift, message).hint(message!("make-it-again-with-compose")))
}

impl View<'_> {
    pub(crate) fn held(&self, id: &str) -> Option<&Held> {
        self.record.hold.as_ref()?.members.iter().find(|held| held.id == id)
    }
}
