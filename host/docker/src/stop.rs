//! Everything of a workload down: asked nicely first, killed at the limit, and looked at until the engine says so.
//!
//! Each container is stopped by its id, also one that waits to be started once more: after its policy was changed, that
//! one still comes, once. A pause is ended first, or the app could not end itself.

use std::time::{Duration, Instant};

use bollard::query_parameters::{KillContainerOptions, StopContainerOptions};

use super::View;
use super::client::{CHANGE_LIMIT, Client};
use super::container::{self, Found};
use super::errors::EngineError;
use super::{hold, request};
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// What the engine may take beyond a stop timeout, for the kill and for its own books.
const STOP_MARGIN: Duration = Duration::from_secs(30);
/// What the engine gives one that was created without a stop timeout, in seconds.
const STOP_SECONDS: i64 = 10;
/// How long a container that was stopped may take to be seen down.
const SEEN_DOWN_LIMIT: Duration = Duration::from_secs(30);
/// How long one is asked that would be asked for ever.
const FOR_EVER_SECONDS: u64 = 600;
/// How long one that removes itself may take to be gone.
const REMOVED_LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);

impl View<'_> {
    /// Stops every container, and looks again until none is up or the limit is over.
    pub(crate) fn stop_all(&mut self) -> Result<()> {
        self.make_twins()?;
        let deadline = Instant::now() + SEEN_DOWN_LIMIT;
        let mut asked = Vec::new();
        loop {
            let up: Vec<Found> = self.found.iter().filter(|found| found.is_up()).cloned().collect();
            if up.is_empty() {
                self.await_removals()?;
                return self.note_starts();
            }
            for found in &up {
                self.stop(found)?;
                asked.push(found.id.clone());
            }
            self.refresh()?;
            let still_up = self.found.iter().find(|found| found.is_up() && asked.contains(&found.id));
            match still_up {
                Some(found) if Instant::now() >= deadline => {
                    let message = message!("the-container-is-still-up", shown = found.shown());
                    return Err(Failure::new(Code::NotDown, message).hint(message!("its-process-may-hang")));
                }
                Some(_) => std::thread::sleep(POLL),
                None => {}
            }
        }
    }

    /// One that removes itself has its name until the engine has removed it, a moment after its end. If that moment does
    /// not come, whoever needs the name says so.
    fn await_removals(&mut self) -> Result<()> {
        let leaves = |found: &Found| found.removes_itself() && !found.is_up() && found.started().is_some();
        let deadline = Instant::now() + REMOVED_LIMIT;
        while self.found.iter().any(leaves) && Instant::now() < deadline {
            std::thread::sleep(POLL);
            self.refresh()?;
        }
        Ok(())
    }

    pub(crate) fn stop(&self, found: &Found) -> Result<()> {
        // The timeout of one that somebody else made is its own.
        let seconds = match found.is_ours() {
            true => Some(request::stop_seconds(self.spec_of(found)?.stop_timeout)),
            false => None,
        };
        one(&self.client, found, seconds)?;
        // Without a hold nothing rests on it, and it is not for everybody to do.
        match container::inspect(&self.client, &found.id)?.filter(|_| self.record.hold.is_some()) {
            Some(found) => hold::sync_container(&found),
            None => Ok(()),
        }
    }
}

/// One container: woken, asked nicely for so many seconds, or as long as it was created with, and killed then.
pub(crate) fn one(client: &Client, found: &Found, seconds: Option<i64>) -> Result<()> {
    let doing = message!("stop-the-container", shown = found.shown());
    if found.status() == bollard::models::ContainerStateStatusEnum::PAUSED {
        let woken = client.change("docker-unpause", CHANGE_LIMIT, |docker| docker.unpause_container(&found.id));
        if let Err(error) = woken.or_else(unless_gone) {
            return Err(client.failed(&doing)(error));
        }
    }
    let own = || found.inspect.config.as_ref().and_then(|config| config.stop_timeout).unwrap_or(STOP_SECONDS);
    // One that says for ever does not get that long.
    let asked = u64::try_from(seconds.unwrap_or_else(own)).unwrap_or(FOR_EVER_SECONDS);
    let limit = Duration::from_secs(asked) + STOP_MARGIN;
    let options =
        StopContainerOptions { t: seconds.and_then(|seconds| i32::try_from(seconds).ok()), ..Default::default() };
    let stopped = client.change("docker-stop", limit, |docker| docker.stop_container(&found.id, Some(options)));
    match stopped.or_else(unless_gone) {
        Ok(()) => {}
        // The engine gave up on it: once more, without asking. That it is down is seen, not believed.
        Err(error @ EngineError::Said { status: 500.., .. }) => kill(client, found, error, &doing)?,
        Err(error) => return Err(client.failed(&doing)(error)),
    }
    Ok(())
}

fn kill(client: &Client, found: &Found, first: EngineError, doing: &Message) -> Result<()> {
    let options = KillContainerOptions { signal: "SIGKILL".to_owned() };
    let killed = client.change("docker-kill", CHANGE_LIMIT, |docker| docker.kill_container(&found.id, Some(options)));
    match killed.or_else(unless_gone) {
        // Not running: that is what was wanted.
        Err(error) if error.is_conflict() => Ok(()),
        // It answers, and cannot: the app is known to be up, as opposed to not known at all.
        Err(EngineError::Said { .. }) => {
            let failure = client.failed(doing)(first);
            Err(failure.with_code(Code::NotDown).hint(message!("its-process-may-hang")))
        }
        Err(error) => Err(client.failed(doing)(error)),
        Ok(()) => Ok(()),
    }
}

/// One that removed itself, or was removed by somebody, is down.
fn unless_gone(error: EngineError) -> Result<(), EngineError> {
    if error.is_gone() { Ok(()) } else { Err(error) }
}
