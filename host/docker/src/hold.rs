//! Restart policies off, and back: while trees move nothing but the host may start the app.
//!
//! What a policy was is written down, durably, before it is changed, and is never overwritten by a second hold. The
//! engine's own record of the change is synced, so that a power cut does not bring the old policy back.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bollard::models::ContainerUpdateBody;

use super::client::CHANGE_LIMIT;
use super::container::Found;
use super::errors::EngineError;
use super::{DockerRuntime, View, policy};
use reforge_base::durable;
use reforge_base::failure::{Failure, Result};
use reforge_base::message;
use reforge_base::spec::Restart;

/// How long an engine may take to see that a container has ended.
const ENDING_LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);
/// What an engine writes about a container, in the container's directory.
const RECORDS: [&str; 2] = ["config.v2.json", "hostconfig.json"];

/// See [`reforge_runtime::Runtime::hold`].
pub(crate) fn hold(runtime: &DockerRuntime, workload: &str) -> Result<()> {
    let mut view = runtime.view(workload)?;
    let current = view.current().map(|current| (current.id.clone(), current.is_up(), current.image_id().to_owned()));
    let first = view.record.hold.is_none();
    let hold = view.record.hold.get_or_insert_default();
    if let (true, Some((id, is_up, _))) = (first, &current) {
        hold.observed = Some(id.clone());
        hold.shall_run = is_up.then(|| id.clone());
    }
    for found in &view.found {
        hold.policies.entry(found.id.clone()).or_insert_with(|| found.policy());
    }
    view.write()?;
    view.switch_policies_off()?;
    match current {
        Some((_, _, image)) if !image.is_empty() => view.keep_image(&image),
        _ => Ok(()),
    }
}

/// See [`reforge_runtime::Runtime::release`]: the container that stands for the workload gets its policy, every other
/// keeps `no`. One that ended meanwhile by itself is started again if its policy would have done so.
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
    }
    view.record.hold = None;
    view.write()
}

impl View<'_> {
    /// Every container of the workload: from now on the engine starts none of them by itself.
    pub(crate) fn switch_policies_off(&self) -> Result<()> {
        self.found.iter().try_for_each(|found| self.set_policy(found, &Restart::No))
    }

    fn set_policy(&self, found: &Found, policy: &Restart) -> Result<()> {
        // Asked for again even if it looks so already, except for one that removes itself, which can have no other.
        if found.removes_itself() {
            return Ok(());
        }
        let doing = message!("set-the-restart-policy", shown = found.shown());
        let restart_policy = Some(policy::engines(policy));
        let deadline = Instant::now() + ENDING_LIMIT;
        loop {
            let body = ContainerUpdateBody { restart_policy: restart_policy.clone(), ..Default::default() };
            let updated =
                self.client.change("docker-update", CHANGE_LIMIT, |docker| docker.update_container(&found.id, body));
            match updated {
                Ok(()) => return sync_container(found),
                Err(error) if error.is_gone() => return Ok(()),
                Err(error) if has_just_ended(&error) && Instant::now() < deadline => std::thread::sleep(POLL),
                Err(error) => return Err(self.client.failed(&doing)(error)),
            }
        }
    }
}

/// A container that ended a moment ago, of which the engine does not know yet: it has taken the change back.
fn has_just_ended(error: &EngineError) -> bool {
    ["stopped container", "deleted container", "already finished"].iter().any(|said| error.message().contains(said))
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
