//! A start: exactly what a stop has stopped runs again. What that was is written down before the stop, since afterwards
//! nothing tells an app that was stopped from one that never ran. Makes no directory and nothing else anew.

use std::path::Path;
use std::sync::Arc;

use super::deployed;
use super::dispatch::{Deployed, Deployer, lifecycle};
use super::resolve::{self, ResolvedVolume};
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{DeploySpec, Health};
use reforge_config::Workload;
use reforge_runtime::Runtime;
use reforge_transaction::app::Used;
use reforge_transaction::lease::Lease;
use reforge_volumes::claim;

impl Deployer {
    /// Writes down what is about to be stopped. That it cannot be keeps nobody from taking an app down.
    pub(super) fn note_stopped(&self, lease: &Lease, workload: &Workload, runtime: &Arc<dyn Runtime>) {
        let noted = runtime.observe(&workload.id).and_then(|observed| match observed.state.should_run() {
            true => self.history.stopping(lease, observed),
            // What was stopped before is what a start brings back.
            false => Ok(()),
        });
        if let Err(failure) = noted {
            self.tell(message!("what-is-stopped-could-not-be-written-down", failure));
        }
    }

    /// Starts what was stopped. The caller has asked whether the workload may be touched.
    pub(super) fn start(
        &self,
        lease: &Lease,
        workload: &Workload,
        runtime: &Arc<dyn Runtime>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Deployed> {
        let observed = runtime.observe(&workload.id)?;
        let spec = match observed.spec.filter(|_| observed.state.should_run()) {
            Some(spec) => {
                self.tell(message!("runs-already", workload = escape::text(&workload.id)));
                spec
            }
            None => self.start_stopped(workload, runtime)?,
        };
        let report = self.await_under(lease, runtime, cancelled)?;
        if report.health == Health::ConfirmedBad {
            let (workload, reason) = (escape::text(&workload.id), escape::text(&report.reason));
            let message = message!("was-started-and-is-bad", workload, reason);
            return Err(Failure::new(Code::AppBad, message).hint(message!("look-at-its-log-then-deploy")));
        }
        Ok(Deployed { name: workload.id.clone(), spec: Some(spec), health: Some(report), made: Vec::new() })
    }

    fn start_stopped(&self, workload: &Workload, runtime: &Arc<dyn Runtime>) -> Result<DeploySpec> {
        let stopped = self.history.read(&workload.id)?.stopped;
        let known = stopped.as_ref().and_then(|stopped| Some((stopped, stopped.spec.as_ref()?)));
        let (stopped, spec) = known.ok_or_else(|| never_stopped(&workload.id))?;
        let refuse = || self.refuse_start(workload, spec, runtime);
        refuse()?;
        // An app must not be started while another host exchanges its volumes.
        let held = claim::all(spec.mounts.iter().filter_map(|mount| mount.live.parent()), self.host_id())?;
        refuse()?;
        lifecycle("release", || runtime.release(&workload.id))?;
        lifecycle("start-app", || runtime.start_again(stopped))?;
        drop(held);
        Ok(spec.clone())
    }

    /// What stands in the way of its directories, all at once. An engine makes an empty one where one is missing.
    fn refuse_start(&self, workload: &Workload, spec: &DeploySpec, runtime: &Arc<dyn Runtime>) -> Result<()> {
        let used = |volume: &str, path: &Path| Used::at(volume, path.to_owned());
        let own = spec.mounts.iter().map(|mount| used(&mount.volume, &mount.live)).collect::<Result<Vec<_>>>()?;
        let mut refusals = deployed::used_by_others(&**runtime, &workload.id, &own)?;
        for used in own.iter().filter(|used| used.identity.is_none()) {
            let (volume, path) = (escape::text(&used.volume), escape::path(&used.path));
            let message = message!("the-directory-of-the-volume-is-missing", volume, path);
            refusals.push(Failure::new(Code::VolumeRefused, message).hint(message!("put-the-directory-back")));
        }
        let configured = resolve::resolve(self.config(), workload).volumes;
        let configured = configured.iter().map(|volume: &ResolvedVolume| used(&volume.name, &volume.path));
        let configured = configured.collect::<Result<Vec<_>>>()?;
        refusals.extend(deployed::refusals(&**runtime, &workload.id, &configured, &[])?);
        refusals.dedup();
        Failure::of_all(&refusals).map_or(Ok(()), Err)
    }
}

fn never_stopped(workload: &str) -> Failure {
    let workload = escape::text(workload);
    let message = message!("was-not-stopped-by-reforge-stop", workload);
    Failure::new(Code::NotFound, message).hint(message!("reforge-deploy-starts-what-is-configured", workload))
}

#[cfg(test)]
#[path = "start_tests.rs"]
mod tests;
