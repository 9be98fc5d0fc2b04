//! The members of a project: every container with its label, one-offs included, and every container of any project that joins
//! a member's network, process or IPC namespace: it is deaf or dead without that one.
//!
//! Nothing is remembered here: each look asks the engine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::models::{ContainerStateStatusEnum as Status, ContainerSummary};
use bollard::query_parameters::{InspectContainerOptions, ListContainersOptions};
use futures_util::future::join_all;

use super::super::client::Client;
use super::super::container::Found;
use super::super::errors::EngineError;
use reforge_base::failure::Result;
use reforge_base::message;
use reforge_base::spec::{AppState, ComposeProject, compose};

/// Compose's labels begin so.
const LABEL: &str = "com.docker.compose.";

/// One container of a project.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub found: Found,
    /// Its service; of another project or none: its own name.
    pub service: String,
    /// Whether it is the project's own, as opposed to one that joined a namespace.
    pub is_own: bool,
}

/// All of them, in the order of their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unit {
    pub members: Vec<Member>,
}

/// Looks at the members. `held` are those that were members when they were held.
pub(crate) fn of(client: &Client, project: &str, held: &[String]) -> Result<Unit> {
    let all = list(client)?;
    let own = |summary: &ContainerSummary| {
        summary.labels.as_ref().and_then(|labels| labels.get(&label("project"))).is_some_and(|name| name == project)
    };
    let is_of_it = |summary: &ContainerSummary| own(summary) || summary.id.as_ref().is_some_and(|id| held.contains(id));
    let mut ids: Vec<String> = all.iter().filter(|one| is_of_it(one)).filter_map(|one| one.id.clone()).collect();
    let mut members = inspect(client, &ids)?;
    // Whoever joins a namespace is found by looking at everybody; in a project of none that is not needed.
    let others: Vec<String> = all.iter().filter_map(|one| one.id.clone()).filter(|id| !ids.contains(id)).collect();
    if !members.is_empty() && held.is_empty() {
        let mut others = inspect(client, &others)?;
        while let Some(index) = others.iter().position(|other| shares(other).iter().any(|id| ids.contains(id))) {
            let joined = others.swap_remove(index);
            ids.push(joined.id.clone());
            members.push(joined);
        }
    }
    let mut members: Vec<Member> = members.into_iter().map(|found| Member::of(found, project)).collect();
    members.sort_by(|one, other| one.found.name.cmp(&other.found.name));
    Ok(Unit { members })
}

/// Every container of the engine.
fn list(client: &Client) -> Result<Vec<ContainerSummary>> {
    let options = ListContainersOptions { all: true, ..Default::default() };
    client.ask(|docker| docker.list_containers(Some(options))).map_err(client.failed(message!("list-all-containers")))
}

/// Several at once. One that is gone meanwhile is left out.
pub(crate) fn inspect(client: &Client, ids: &[String]) -> Result<Vec<Found>> {
    let doing = message!("look-at-the-containers-of-a-project");
    let answers = client.ask(|docker| async move {
        let asked = ids.iter().map(|id| docker.inspect_container(id, None::<InspectContainerOptions>));
        Ok(join_all(asked).await)
    });
    let mut found = Vec::new();
    for answer in answers.map_err(client.failed(&doing))? {
        match answer.map_err(EngineError::of) {
            Ok(inspect) => found.push(Found::of(inspect)?),
            Err(error) if error.is_gone() => {}
            Err(error) => return Err(client.failed(&doing)(error)),
        }
    }
    Ok(found)
}

/// Containers whose namespaces this one has.
pub(crate) fn shares(found: &Found) -> Vec<String> {
    let host = found.inspect.host_config.clone().unwrap_or_default();
    let modes = [host.network_mode, host.pid_mode, host.ipc_mode];
    modes.into_iter().flatten().filter_map(|mode| Some(mode.strip_prefix("container:")?.to_owned())).collect()
}

fn label(key: &str) -> String {
    format!("{LABEL}{key}")
}

impl Member {
    fn of(found: Found, project: &str) -> Member {
        let is_own = found.labels().get(&label("project")).is_some_and(|name| name == project);
        let service = found.labels().get(&label("service")).filter(|_| is_own).cloned();
        Member { service: service.unwrap_or_else(|| found.name.clone()), is_own, found }
    }

    /// A label of Compose's.
    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        self.found.labels().get(&label(key)).map(String::as_str)
    }

    /// One that `compose run` made.
    pub(crate) fn is_one_off(&self) -> bool {
        self.label("oneoff").is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.found.status() == Status::PAUSED
    }

    /// When it was started last, in the engine's own words: they are on its disk, and outlive it.
    pub(crate) fn started_at(&self) -> &str {
        let state = self.found.inspect.state.as_ref();
        state.and_then(|state| state.started_at.as_deref()).unwrap_or_default()
    }

    /// From its end to its start, if it was started again.
    pub(crate) fn downtime(&self) -> Option<Duration> {
        let ended: jiff::Timestamp = self.found.inspect.state.as_ref()?.finished_at.as_deref()?.parse().ok()?;
        let down = self.found.started()?.duration_since(ended);
        // One that never ended has ended in the year 1.
        Duration::try_from(down).ok().filter(|_| ended > self.found.created)
    }

    /// The project's directory, and its files.
    pub(crate) fn origin(&self) -> Option<(PathBuf, Vec<PathBuf>)> {
        let (directory, several) = self.origins()?;
        let are_there = |files: &&Vec<PathBuf>| files.iter().all(|file| file.is_file());
        let files = several.iter().find(are_there).or(several.first()).cloned().unwrap_or_default();
        Some((directory, files))
    }

    /// Whether it says that it is of that directory and those files. One that does not say its files may be.
    pub(crate) fn is_of(&self, project: &ComposeProject) -> bool {
        self.origins().is_none_or(|(directory, several)| {
            directory == project.working_dir
                && several.iter().any(|files| files.is_empty() || *files == project.config_files)
        })
    }

    /// The directory, and which files the label can mean, the likeliest first.
    fn origins(&self) -> Option<(PathBuf, Vec<Vec<PathBuf>>)> {
        let directory = PathBuf::from(self.label("project.working_dir")?);
        let files = self.label("project.config_files").unwrap_or_default();
        let files: Vec<&Path> = files.split(',').filter(|file| !file.is_empty()).map(Path::new).collect();
        let several = compose::paths_of(&directory, &files);
        Some((directory, several))
    }
}

impl Unit {
    pub(crate) fn up(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.found.is_up())
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.found.id == id)
    }

    /// Whether any of it runs.
    pub(crate) fn state(&self) -> Result<AppState> {
        let mut state = if self.members.is_empty() { AppState::Absent } else { AppState::Stopped };
        for member in self.up() {
            match member.found.app_state()? {
                AppState::Running => return Ok(AppState::Running),
                AppState::CrashLooping => state = AppState::CrashLooping,
                AppState::Stopped | AppState::Absent => {}
            }
        }
        Ok(state)
    }

    /// Says whether any member has another image.
    pub(crate) fn images_digest(&self) -> String {
        let images: BTreeMap<&str, &str> =
            self.members.iter().map(|member| (member.found.name.as_str(), member.found.image_id())).collect();
        let mut hasher = blake3::Hasher::new();
        for (name, image) in images {
            hasher.update(name.as_bytes()).update(&[0]).update(image.as_bytes()).update(&[0]);
        }
        format!("blake3:{}", hasher.finalize().to_hex())
    }

    /// What each member was, for the journal: enough to make it again by hand.
    pub(crate) fn detail(&self) -> serde_json::Value {
        let member = |member: &Member| {
            serde_json::json!({
                "id": member.found.id,
                "name": member.found.name,
                "service": member.service,
                "status": member.found.status().to_string(),
                "started": member.started_at(),
                "policy": member.found.policy().text(),
                "image": member.found.image_id(),
                "request": super::super::request::of_container(&member.found),
            })
        };
        serde_json::json!({ "members": self.members.iter().map(member).collect::<Vec<_>>() })
    }

    /// Names of what is up, for people.
    pub(crate) fn shown<'a>(members: impl Iterator<Item = &'a Member>) -> String {
        members.map(|member| member.found.shown()).collect::<Vec<_>>().join(", ")
    }
}
