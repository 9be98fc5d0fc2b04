//! The containers of a workload as the engine has them, and which of them stands for it.
//!
//! A container is a workload's if it has our labels, or if it was adopted: then it is known by its id, and by its name
//! when something else has created it anew. Nothing is remembered here: each look asks the engine.

use std::collections::HashMap;

use bollard::models::{ContainerInspectResponse, ContainerStateStatusEnum as Status};
use bollard::query_parameters::{InspectContainerOptions, ListContainersOptions};

use super::client::Client;
use super::labels;
use super::policy::of_engine;
use super::record::{Adopted, Record};
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{AppState, Restart};

/// A container that has run so long after a restart no longer loops; the engine forgets its back-off then, too.
const LOOP_FORGOTTEN: jiff::SignedDuration = jiff::SignedDuration::from_secs(10);

/// One container.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub id: String,
    /// Without the slash.
    pub name: String,
    /// Its name while it stands for the workload.
    pub own_name: String,
    pub created: jiff::Timestamp,
    pub inspect: ContainerInspectResponse,
}

/// All containers of a workload, oldest first.
pub(crate) fn of(client: &Client, owner: &str, workload: &str, record: &Record) -> Result<Vec<Found>> {
    let doing = message!("list-the-containers-of", workload = reforge_base::escape::text(workload));

    let wanted = [(labels::HOST, owner), (labels::WORKLOAD, workload)].map(|(key, value)| format!("{key}={value}"));
    let filters = Some(HashMap::from([("label".to_owned(), wanted.to_vec())]));
    let options = ListContainersOptions { all: true, filters, ..Default::default() };
    let listed = client.ask(|docker| docker.list_containers(Some(options))).map_err(client.failed(&doing))?;
    let mut found = Vec::new();
    for id in listed.into_iter().filter_map(|summary| summary.id) {
        found.extend(inspect(client, &id)?);
    }
    if let Some(adopted) = &record.adopted {
        found.extend(find_adopted(client, adopted)?);
    }
    found.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
    Ok(found)
}

/// The one that stands for the workload: the newest of those that run; else the one that bears the name; else the newest.
pub(crate) fn current(found: &[Found]) -> Option<&Found> {
    let running = found.iter().rev().find(|found| found.is_up());
    let named = || found.iter().rev().find(|found| found.name == found.own_name);
    running.or_else(named).or_else(|| found.last())
}

/// One container by id or name; none if there is none (any more).
pub(crate) fn inspect(client: &Client, id: &str) -> Result<Option<Found>> {
    match client.ask(|docker| docker.inspect_container(id, None::<InspectContainerOptions>)) {
        Ok(inspect) => Found::of(inspect).map(Some),
        Err(error) if error.is_gone() => Ok(None),
        Err(error) => Err(client.failed(message!("look-at-the-container", id = reforge_base::escape::text(id)))(error)),
    }
}

/// One that Compose has created anew has another id and the same name. One of ours by that name is listed already.
fn find_adopted(client: &Client, adopted: &Adopted) -> Result<Option<Found>> {
    let by_id = inspect(client, &adopted.id)?;
    let found = match by_id {
        Some(found) => Some(found),
        None => inspect(client, &adopted.name)?.filter(|found| !found.is_ours()),
    };
    // A person may have given it another name; the one that it has while it is kept is ours.
    let is_kept = |found: &Found| found.name.starts_with(&format!("{}.kept-", adopted.name));
    Ok(found.map(|found| match is_kept(&found) {
        true => Found { own_name: adopted.name.clone(), ..found },
        false => Found { own_name: found.name.clone(), ..found },
    }))
}

impl Found {
    pub(crate) fn of(inspect: ContainerInspectResponse) -> Result<Found> {
        let unclear = |what: Message| Failure::new(Code::Runtime, message!("the-engine-does-not-say", what));
        let id = inspect.id.clone().ok_or_else(|| unclear(message!("the-id")))?;
        let name = inspect.name.as_deref().unwrap_or_default().trim_start_matches('/').to_owned();
        let created = inspect.created.as_deref().and_then(|text| text.parse().ok());
        let created = created.ok_or_else(|| unclear(message!("when-it-was-created")))?;
        let mut found = Found { own_name: name.clone(), id, name, created, inspect };
        if let Some(own_name) = found.labels().get(labels::NAME).cloned() {
            found.own_name = own_name;
        }
        Ok(found)
    }

    /// For messages.
    pub(crate) fn shown(&self) -> String {
        format!("`{}` ({})", reforge_base::escape::text(&self.name), self.short_id())
    }

    pub(crate) fn short_id(&self) -> &str {
        self.id.get(..12).unwrap_or(&self.id)
    }

    pub(crate) fn labels(&self) -> &HashMap<String, String> {
        static NONE: std::sync::LazyLock<HashMap<String, String>> = std::sync::LazyLock::new(HashMap::new);
        let config = self.inspect.config.as_ref();
        config.and_then(|config| config.labels.as_ref()).unwrap_or(&NONE)
    }

    pub(crate) fn status(&self) -> Status {
        let state = self.inspect.state.as_ref();
        state.and_then(|state| state.status).unwrap_or(Status::EMPTY)
    }

    /// Whether it has processes, or the engine is about to start some. A state that is not known counts.
    pub(crate) fn is_up(&self) -> bool {
        !matches!(self.status(), Status::CREATED | Status::EXITED | Status::DEAD | Status::REMOVING)
    }

    pub(crate) fn is_running(&self) -> bool {
        self.status() == Status::RUNNING
    }

    pub(crate) fn exit_code(&self) -> i64 {
        self.inspect.state.as_ref().and_then(|state| state.exit_code).unwrap_or_default()
    }

    /// Whether a host created it, as opposed to something that it was adopted from.
    pub(crate) fn is_ours(&self) -> bool {
        self.labels().contains_key(labels::WORKLOAD)
    }

    /// The engine's own word for when it was started last, which stays as it is until the next start.
    pub(crate) fn started_at(&self) -> &str {
        self.inspect.state.as_ref().and_then(|state| state.started_at.as_deref()).unwrap_or_default()
    }

    /// When it was started last; none if it never was.
    pub(crate) fn started(&self) -> Option<jiff::Timestamp> {
        let text = self.inspect.state.as_ref()?.started_at.as_deref()?;
        text.parse().ok().filter(|started: &jiff::Timestamp| *started > self.created)
    }

    pub(crate) fn restarts(&self) -> i64 {
        self.inspect.restart_count.unwrap_or_default()
    }

    pub(crate) fn app_state(&self) -> Result<AppState> {
        let looping = || {
            let fresh = |started| jiff::Timestamp::now().duration_since(started) < LOOP_FORGOTTEN;
            self.restarts() > 0 && self.started().is_some_and(fresh)
        };
        match self.status() {
            Status::RESTARTING => Ok(AppState::CrashLooping),
            Status::RUNNING if looping() => Ok(AppState::CrashLooping),
            Status::RUNNING | Status::PAUSED | Status::STOPPING => Ok(AppState::Running),
            Status::CREATED | Status::EXITED | Status::DEAD | Status::REMOVING => Ok(AppState::Stopped),
            Status::EMPTY => {
                let message = message!("the-engine-does-not-say-what", shown = self.shown());
                Err(Failure::new(Code::Runtime, message))
            }
        }
    }

    /// Its restart policy right now.
    pub(crate) fn policy(&self) -> Restart {
        let policy = self.inspect.host_config.as_ref().and_then(|config| config.restart_policy.as_ref());
        policy.map_or(Restart::No, of_engine)
    }

    /// The image that it was created from.
    pub(crate) fn image_id(&self) -> &str {
        self.inspect.image.as_deref().unwrap_or_default()
    }

    /// What that image was called.
    pub(crate) fn image_name(&self) -> &str {
        self.inspect.config.as_ref().and_then(|config| config.image.as_deref()).unwrap_or_default()
    }

    pub(crate) fn removes_itself(&self) -> bool {
        self.inspect.host_config.as_ref().and_then(|config| config.auto_remove).unwrap_or_default()
    }

    pub(crate) fn environment(&self) -> &[String] {
        self.inspect.config.as_ref().and_then(|config| config.env.as_deref()).unwrap_or_default()
    }
}
