//! Policies off, then everything down: whoever stands on others first, those without an order at the same time.
//!
//! Policies go off for every member, also for those that do not run: an engine that comes back starts what it was told to keep
//! up, even if a person had stopped it. What they were is written down before, and never overwritten by a second hold.

use std::time::{Duration, Instant};

use super::record::{Held, Ran, UnitHold};
use super::unit::{Member, Unit};
use super::{View, needs, schedule};
use crate::container::Found;
use crate::{hold, stop};
use bollard::models::ContainerStateStatusEnum as Status;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
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
            members.push(held(member, &view.unit)?);
        }
    }
    view.record.hold = Some(UnitHold { project: view.project.clone(), members, is_down: false });
    view.write()?;
    for member in &view.unit.members {
        switch_off(&view, &member.found)?;
    }
    view.refresh()?;
    match view.unit.members.iter().find(|member| member.found.policy() != Restart::No && !member.found.removes_itself())
    {
        None => Ok(()),
        Some(member) => {
            Err(Failure::new(Code::Runtime, message!("still-has-its-restart-policy", shown = member.found.shown())))
        }
    }
}

fn held(member: &Member, unit: &Unit) -> Result<Held> {
    let ran = match member.found.app_state()? {
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
        ran,
        started: member.started_at().to_owned(),
        gone: false,
        needs: needs::of(member, unit),
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
                let member = view.unit.by_id(&held.id);
                held.gone = member.is_none();
                if let Some(member) = member {
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
            None => needs::of(member, &view.unit).into_iter().map(|need| need.id).collect(),
        })
        .collect();
    // Whoever needs one goes before it.
    let after = |one: usize| (0..up.len()).filter(|other| needs[*other].contains(&up[one].found.id)).collect();
    let failures = schedule::run(up.len(), &after, &|one| stop::one(&view.client, &up[one].found, None));
    Failure::of_all(&failures).map_or(Ok(()), Err)
}

/// Why it is not down, or was not all the time since it was seen down, or is not whole any more.
pub(crate) fn not_down(view: &View<'_>) -> Option<Message> {
    started(view).or_else(|| removed(view))
}

/// What runs, or was started or made since all were seen down.
pub(crate) fn started(view: &View<'_>) -> Option<Message> {
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

/// A member that was there when all were seen down.
fn removed(view: &View<'_>) -> Option<Message> {
    let hold = view.record.hold.as_ref().filter(|hold| hold.is_down)?;
    let is_removed = |held: &&Held| !held.gone && view.unit.by_id(&held.id).is_none();
    let removed = hold.members.iter().find(is_removed);
    removed.map(|held| message!("member-was-removed-meanwhile", name = reforge_base::escape::text(&held.name)))
}

impl View<'_> {
    pub(crate) fn held(&self, id: &str) -> Option<&Held> {
        self.record.hold.as_ref()?.members.iter().find(|held| held.id == id)
    }
}
