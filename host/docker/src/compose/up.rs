//! Policies back, then up again: exactly those that ran, by their ids, each after those that it stands on.
//!
//! Policies come first: many images end until their database answers, and live by being started again. A container that was
//! started is looked into: what it sees as a volume must be what is live, or it would go on with the tree that was exchanged
//! away.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bollard::models::HealthStatusEnum;
use bollard::query_parameters::StartContainerOptions;

use super::record::{Held, Ran};
use super::unit::Member;
use super::{View, down, drift, health, missing, mounts};
use crate::client::CHANGE_LIMIT;
use crate::container::{self, Found};
use crate::create::{START_LIMIT, app_bad};
use crate::deployed::given;
use crate::hold;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::in_order;
use reforge_base::message;
use reforge_base::spec::Mount;
use reforge_volumes::identity::Identity;

const POLL: Duration = Duration::from_millis(50);

/// Brings back what ran when it was held. `lives` are the volumes.
pub(crate) fn start_again(mut view: View<'_>, lives: &[Mount]) -> Result<()> {
    let Some(hold) = &mut view.record.hold else { return Ok(()) };
    // From here on a start is ours.
    hold.is_down = false;
    view.write()?;
    view.runtime.events.is_up(view.workload);
    missing::make(&mut view)?;
    let members = view.to_start();
    put_policies_back(&view)?;
    start_all(&view, &members, lives)
}

/// Starts what a person's stop has stopped.
pub(crate) fn start_stopped(view: &View<'_>, lives: &[Mount]) -> Result<()> {
    let was_stopped = |member: &Member| view.record.stopped.contains(&member.found.id);
    let mut members = Vec::new();
    for member in view.unit.members.iter().filter(|member| was_stopped(member)) {
        members.push(Held { ran: Ran::Running, ..down::held(member, &view.unit, &was_stopped)? });
    }
    start_all(view, &members, lives)
}

fn start_all(view: &View<'_>, members: &[Held], lives: &[Mount]) -> Result<()> {
    let after = |one: usize| {
        let needs = &members[one].needs;
        (0..members.len()).filter(|other| needs.iter().any(|need| need.id == members[*other].id)).collect()
    };
    let failures = in_order::run(members.len(), &after, &|one| start(view, &members[one], members, lives));
    Failure::of_all(&failures).map_or(Ok(()), Err)
}

/// See [`reforge_runtime::Runtime::release`].
pub(crate) fn release(mut view: View<'_>) -> Result<()> {
    if view.record.hold.is_none() {
        return Ok(());
    }
    put_policies_back(&view)?;
    view.refresh()?;
    view.record.known = drift::known(&view.unit);
    view.record.hold = None;
    view.write()
}

fn put_policies_back(view: &View<'_>) -> Result<()> {
    for held in view.record.hold.iter().flat_map(|hold| &hold.members) {
        if let Some(member) = view.unit.by_id(&held.id).filter(|member| member.found.policy() != held.policy) {
            hold::set_policy(&view.client, &member.found, &held.policy)?;
        }
    }
    Ok(())
}

fn start(view: &View<'_>, held: &Held, all: &[Held], lives: &[Mount]) -> Result<()> {
    let Some(found) = container::inspect(&view.client, &held.id)? else {
        let message = message!("member-was-removed-meanwhile", name = escape::text(&held.name));
        return Err(Failure::new(Code::Runtime, message).hint(message!("make-it-again-with-compose")));
    };
    for need in held.needs.iter().filter(|need| need.healthy && all.iter().any(|other| other.id == need.id)) {
        await_need(view, &need.id)?;
    }
    if !found.is_up() {
        let id = held.id.as_str();
        let started = view
            .client
            .change("docker-start", START_LIMIT, |docker| docker.start_container(id, None::<StartContainerOptions>));
        started.map_err(|error| {
            let name = escape::text(&held.name);
            let failed = view.client.failed(message!("start-the-container", name));
            app_bad(&error, &name).unwrap_or_else(|| failed(error))
        })?;
    }
    check_trees(view, held, lives)?;
    if held.ran == Ran::Paused {
        let paused = view.client.change("docker-pause", CHANGE_LIMIT, |docker| docker.pause_container(&held.id));
        let shown = found.shown();
        paused
            .or_else(|error| if error.is_conflict() { Ok(()) } else { Err(error) })
            .map_err(view.client.failed(message!("pause-the-container", shown)))?;
    }
    Ok(())
}

/// Until it is healthy, as far as it says so, or its limit is over: whoever stands on it is started all the same, and judged by
/// itself.
fn await_need(view: &View<'_>, id: &str) -> Result<()> {
    let Some(found) = container::inspect(&view.client, id)? else { return Ok(()) };
    let deadline = Instant::now() + health::limit(&found);
    loop {
        let Some(found) = container::inspect(&view.client, id)? else { return Ok(()) };
        let is_over = !found.is_up() || found.status() == bollard::models::ContainerStateStatusEnum::PAUSED;
        let status = health::of_this_start(&found);
        let is_ready = found.is_running() && (!health::has_check(&found) || status == Some(HealthStatusEnum::HEALTHY));
        if is_over || is_ready || status == Some(HealthStatusEnum::UNHEALTHY) || Instant::now() >= deadline {
            return Ok(());
        }
        std::thread::sleep(POLL);
    }
}

/// What it sees as a volume is what is live.
fn check_trees(view: &View<'_>, held: &Held, lives: &[Mount]) -> Result<()> {
    let Some(found) = container::inspect(&view.client, &held.id)? else { return Ok(()) };
    for (target, source) in sources(view, &found)? {
        let Some(live) = lives.iter().find(|live| is_at(&source, live)) else { continue };
        let (Some(seen), Some(there)) = (given(&found, &target), Identity::at(&live.live)?) else { continue };
        if seen != there {
            let message = message!(
                "member-sees-another-directory",
                shown = found.shown(),
                target = escape::path(&target),
                live = escape::path(&live.live)
            );
            return Err(Failure::new(Code::AppBad, message).hint(message!("the-engine-has-an-old-mount")));
        }
    }
    Ok(())
}

fn is_at(source: &std::path::Path, live: &Mount) -> bool {
    source == live.live || source.canonicalize().is_ok_and(|source| source == live.live)
}

fn sources(view: &View<'_>, found: &Found) -> Result<Vec<(PathBuf, PathBuf)>> {
    let places = mounts::directories(&view.client, found)?;
    Ok(places.into_iter().map(|one| (one.target, one.source)).collect())
}

impl View<'_> {
    /// Those that ran.
    fn to_start(&self) -> Vec<Held> {
        let held = self.record.hold.iter().flat_map(|hold| &hold.members);
        held.filter(|held| held.ran != Ran::No && self.unit.by_id(&held.id).is_some()).cloned().collect()
    }
}
