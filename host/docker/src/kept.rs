//! Containers of a workload that stand beside the one that runs: each would write to live if somebody started it.

use super::container::Found;
use super::record::Hold;
use super::{DockerRuntime, View};
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Failure, Result};
use reforge_base::message;

/// Compose's label for whose a container is.
const PROJECT: &str = "com.docker.compose.project";

/// See [`reforge_runtime::Runtime::confirmed`]: what the newest container of ours replaced is not needed any more. What the
/// window of a transaction needs stays: one from before, or one whose redeploy nobody could confirm.
pub(crate) fn remove_replaced(runtime: &DockerRuntime, workload: &str) -> Result<()> {
    let mut view = runtime.view(workload)?;
    let Some(current) = view.current().filter(|current| current.is_ours()).cloned() else { return Ok(()) };
    let observed = view.record.hold.as_ref().and_then(|hold| hold.observed.clone());
    let is_needed = |id: &String| match view.record.kept.get(id) {
        Some(because) => Some(because) != observed.as_ref(),
        None => false,
    };
    // What somebody else made goes only with a deploy, to which a person has agreed.
    let may_go = |found: &Found| found.is_ours() || view.record.hold.is_none();
    let is_replaced =
        |found: &&Found| !found.is_up() && found.id != current.id && may_go(found) && !is_needed(&found.id);
    let replaced: Vec<Found> = view.found.iter().filter(is_replaced).cloned().collect();
    for found in &replaced {
        view.remove(found)?;
        if view.record.kept.remove(&found.id).is_some() {
            view.write()?;
        }
    }
    Ok(())
}

impl View<'_> {
    /// Once what was there when policies were switched off is back, whatever was created since was of no use.
    pub(crate) fn remove_failed(&mut self, hold: &Hold) -> Result<()> {
        if self.current().is_none_or(|current| hold.observed.as_ref() != Some(&current.id)) {
            return Ok(());
        }
        let is_failed = |found: &&Found| found.is_ours() && !found.is_up() && hold.is_newer(&found.id);
        for found in self.found.iter().filter(is_failed) {
            self.remove(found)?;
            self.record.kept.remove(&found.id);
        }
        Ok(())
    }
}

/// See [`reforge_runtime::Runtime::beside`].
pub(crate) fn beside(view: &View<'_>) -> Vec<Failure> {
    let Some(current) = view.current() else { return Vec::new() };
    let kept = view.found.iter().filter(|found| found.id != current.id && !found.is_up());
    let warning = |found: &Found| {
        Failure::warning("kept-beside", message!("is-kept-beside", shown = found.shown(), current = current.shown()))
            .hint(removal(found, view.workload))
    };
    kept.map(warning).collect()
}

/// How it is removed; one that Compose has made stands in the way of its project as one workload.
fn removal(found: &Found, workload: &str) -> Message {
    let (id, workload) = (found.short_id(), escape::text(workload));
    match found.labels().get(PROJECT) {
        Some(project) => message!("the-twin-makes-no-unit", id, workload, project = escape::text(project)),
        None => message!("docker-rm-removes-it", id),
    }
}

/// A member of a project that an earlier version has kept beside another one, when it was a workload by itself.
pub(crate) fn of_member(found: &Found) -> Option<Failure> {
    let id = found.short_id();
    let is_kept = !found.is_up() && found.name.ends_with(&format!(".kept-{id}"));
    let warning = || Failure::warning("kept-beside", message!("member-is-kept-beside", shown = found.shown()));
    is_kept.then(|| warning().hint(message!("docker-rm-removes-it", id)))
}
