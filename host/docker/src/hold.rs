//! Restart policies off, and back: while trees move nothing but the host may start the app.
//!
//! What a policy was is written down, durably, before it is changed, and is never overwritten by a second hold. The
//! engine's own record of the change is synced, so that a power cut does not bring the old policy back.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bollard::models::{ContainerStateStatusEnum as Status, ContainerUpdateBody};

use super::client::{CHANGE_LIMIT, Client};
use super::container::Found;
use super::errors::EngineError;
use super::{DockerRuntime, View, container, policy};
use reforge_base::durable;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{AppState, Restart};

/// How long an engine may take to see that a container has ended.
const ENDING_LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);
/// What an engine writes about a container, in the container's directory.
const RECORDS: [&str; 2] = ["config.v2.json", "hostconfig.json"];

/// See [`reforge_runtime::Runtime::hold`].
pub(crate) fn hold(runtime: &DockerRuntime, workload: &str) -> Result<()> {
    let mut view = runtime.view(workload)?;
    view.follow()?;
    let current = view.current().cloned();
    let first = view.record.hold.is_none();
    let hold = view.record.hold.get_or_insert_default();
    if let (true, Some(current)) = (first, &current) {
        hold.observed = Some(current.id.clone());
        hold.shall_run = current.is_up().then(|| current.id.clone());
        hold.looped = current.app_state().is_ok_and(|state| state == AppState::CrashLooping);
        hold.paused = current.status() == Status::PAUSED;
    }
    for found in &view.found {
        if !first && hold.is_newer(&found.id) && !hold.made.contains(&found.id) {
            hold.made.push(found.id.clone());
        }
        hold.policies.entry(found.id.clone()).or_insert_with(|| found.policy());
    }
    view.write()?;
    view.switch_policies_off()?;
    match current.map(|current| current.image_id().to_owned()) {
        Some(image) if !image.is_empty() => view.keep_image(&image),
        _ => Ok(()),
    }
}

/// See [`reforge_runtime::Runtime::release`]: the container that stands for the workload gets its policy, every other
/// keeps `no`. What was created in vain, since the one that was there came back, goes. One that ended meanwhile by itself is started again if its policy would have done so.
pub(crate) fn release(runtime: &DockerRuntime, workload: &str) -> Result<()> {
    let mut view = runtime.view(workload)?;
    let Some(hold) = view.record.hold.clone() else { return Ok(()) };
    if let Some(current) = view.current() {
        let policy = match hold.policies.get(&current.id) {
            Some(before) => before.clone(),
            // It took the place of another.
            None => view.spec_of(current)?.container.restart,
        };
        view.set_policy(current, &policy)?;
        let ended = hold.shall_run.as_ref() == Some(&current.id) && !current.is_up();
        if ended && current.started().is_some() && policy.brings_back(current.exit_code()) {
            view.start_again(current)?;
        }
        // What somebody had paused is paused again.
        if hold.paused && !current.is_ours() && hold.shall_run.as_ref() == Some(&current.id) && current.is_running() {
            view.pause(current)?;
        }
    }
    view.remove_failed(&hold)?;
    view.record.hold = None;
    view.write()
}

impl View<'_> {
    /// Every container of the workload: from now on the engine starts none of them by itself.
    pub(crate) fn switch_policies_off(&self) -> Result<()> {
        self.found.iter().try_for_each(|found| self.set_policy(found, &Restart::No))
    }

    fn pause(&self, found: &Found) -> Result<()> {
        let paused = self.client.change("docker-pause", CHANGE_LIMIT, |docker| docker.pause_container(&found.id));
        match paused {
            // It ended meanwhile.
            Err(error) if !error.is_gone() && !error.is_conflict() => {
                Err(self.client.failed(message!("pause-the-container", shown = found.shown()))(error))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn set_policy(&self, found: &Found, policy: &Restart) -> Result<()> {
        set_policy(&self.client, found, policy)
    }
}

/// Gives a container a policy, durably. Returns when the engine has it so: one that is between two restarts can take the
/// change back.
pub(crate) fn set_policy(client: &Client, found: &Found, policy: &Restart) -> Result<()> {
    // Asked for again even if it looks so already, except for one that removes itself, which can have no other.
    if found.removes_itself() {
        return Ok(());
    }
    let doing = message!("set-the-restart-policy", shown = found.shown());
    let restart_policy = Some(policy::engines(policy));
    let deadline = Instant::now() + ENDING_LIMIT;
    loop {
        let body = ContainerUpdateBody { restart_policy: restart_policy.clone(), ..Default::default() };
        let updated = client.change("docker-update", CHANGE_LIMIT, |docker| docker.update_container(&found.id, body));
        match updated {
            Ok(()) => match container::inspect(client, &found.id)? {
                Some(now) if now.policy() != *policy => {
                    if Instant::now() >= deadline {
                        let message = message!("the-engine-keeps-the-policy", shown = found.shown());
                        return Err(Failure::new(Code::Runtime, message));
                    }
                    std::thread::sleep(POLL);
                }
                Some(_) => return sync_container(found),
                None => return Ok(()),
            },
            Err(error) if error.is_gone() => return Ok(()),
            Err(error) if has_just_ended(&error) && Instant::now() < deadline => std::thread::sleep(POLL),
            Err(error) => return Err(client.failed(&doing)(error)),
        }
    }
}

/// A container that ended a moment ago, of which the engine does not know yet: it has taken the change back.
fn has_just_ended(error: &EngineError) -> bool {
    ["stopped container", "deleted container", "deleted process", "already finished"]
        .iter()
        .any(|said| error.message().contains(said))
}

/// Makes what the engine wrote about a container durable. One whose directory is not here is another machine's, or has
/// never run.
pub(crate) fn sync_container(found: &Found) -> Result<()> {
    let Some(directory) = directory(found) else { return Ok(()) };
    for path in records(found) {
        match std::fs::File::open(&path) {
            Ok(file) => durable::sync_file(&file)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Failure::io("open", &path, &error)),
        }
    }
    match durable::sync_directory(&directory) {
        // It went with its container meanwhile.
        Err(_) if directory.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) => {
            Ok(())
        }
        synced => synced,
    }
}

/// The files that the engine keeps about a container.
pub(crate) fn records(found: &Found) -> impl Iterator<Item = PathBuf> {
    let directory = directory(found);
    RECORDS.into_iter().filter_map(move |name| Some(directory.as_ref()?.join(name)))
}

/// Where the engine keeps what it knows of a container.
fn directory(found: &Found) -> Option<PathBuf> {
    let known = [&found.inspect.hostname_path, &found.inspect.resolv_conf_path, &found.inspect.log_path];
    let paths = known.into_iter().flatten().filter(|path| !path.is_empty());
    paths.filter_map(|path| Path::new(path).parent()).find(|parent| parent.ends_with(&found.id)).map(Path::to_owned)
}
