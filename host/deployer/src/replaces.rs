//! A deploy of what was adopted: the container that somebody else made is replaced by one of the host's own, so a person is
//! shown what would be otherwise, and asked. Nothing else ever goes back to what a configuration said on the day of an
//! adoption. Changes nothing.

use std::sync::Arc;

use super::dispatch::{DeployRequest, Deployer};
use super::prepare;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::DeploySpec;
use reforge_config::deploy_spec::{configured_image, spec};
use reforge_runtime::{Replaced, Runtime};

impl Deployer {
    /// What somebody else made that a deploy of the workload would put an end to.
    pub fn would_replace(&self, workload: &str) -> Result<Option<Replaced>> {
        let workload = self.config.workload(workload)?;
        let runtime = self.runtime(&workload.runtime, &workload.id)?;
        let mounts = prepare::planned(&self.config, workload)?;
        let mut wanted = spec(workload, &workload.id, &configured_image(workload)?, mounts)?;
        // One that is not there yet is another than the one that runs.
        wanted.image_digest = match runtime.resolve_image(&wanted) {
            Err(failure) if failure.code == Code::NotFound => String::new(),
            digest => digest?,
        };
        runtime.replaced_by(&wanted)
    }

    /// Asked under the lease, by everything but a deploy that was agreed to.
    pub(super) fn refuse_replacing(
        &self,
        request: &DeployRequest,
        spec: &DeploySpec,
        runtime: &Arc<dyn Runtime>,
    ) -> Result<()> {
        if let DeployRequest::Deploy { replace: true, .. } = request {
            return Ok(());
        }
        let Some(Replaced { what, changes }) = runtime.replaced_by(spec)? else { return Ok(()) };
        let changes = Message::all(changes);
        let message = match changes.is_empty() {
            true => message!("would-be-replaced", what),
            false => message!("would-be-replaced-and-changed", what, changes),
        };
        let workload = escape::text(&spec.workload);
        Err(Failure::new(Code::PolicyRefused, message).hint(message!("deploy-with-yes-replaces-it", workload)))
    }
}
