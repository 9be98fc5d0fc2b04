//! Which image a deploy runs: the configuration's as it is now, the one before, or the one of another stage. Starts nothing.

use super::dispatch::Deployer;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{DeploySpec, Mount};
use reforge_config::Workload;
use reforge_config::deploy_spec::{image_is_command, program, spec};

impl Deployer {
    /// A spec for an image as it is now.
    pub(super) fn fresh(&self, workload: &Workload, image: &str, mounts: Vec<Mount>) -> Result<DeploySpec> {
        let mut spec = spec(workload, &workload.id, image, mounts)?;
        spec.image_digest = self.runtime(&workload.runtime, &workload.id)?.resolve_image(&spec)?;
        Ok(spec)
    }

    /// The same for a deploy, which fetches the image first.
    pub(super) fn fetched(
        &self,
        workload: &Workload,
        image: &str,
        mounts: Vec<Mount>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<DeploySpec> {
        let wanted = spec(workload, &workload.id, image, mounts.clone())?;
        self.runtime(&workload.runtime, &workload.id)?.fetch_image(&wanted, &*self.tell, cancelled)?;
        self.fresh(workload, image, mounts)
    }

    /// A spec for an image as it was when it was deployed. What has a name is found by its digest; the image of a command
    /// is the file at its path, which must not have changed.
    pub(super) fn earlier(&self, workload: &Workload, image: DeploySpec, mounts: Vec<Mount>) -> Result<DeploySpec> {
        let mut spec = spec(workload, &workload.id, &image.image, mounts)?;
        spec.image_digest = image.image_digest;
        let changed = image_is_command(workload)
            && self.runtime(&workload.runtime, &workload.id)?.resolve_image(&spec)? != spec.image_digest;
        if changed {
            let message = message!("the-file-of-the-image-changed", program = escape::text(&program(&spec.image)));
            return Err(Failure::new(Code::Drift, message).hint(message!("put-the-old-file-back")));
        }
        Ok(spec)
    }

    pub(super) fn previous(&self, workload: &Workload) -> Result<DeploySpec> {
        self.history.read(&workload.id)?.previous.ok_or_else(|| {
            Failure::new(Code::NotFound, message!("has-no-previous-image", id = escape::text(&workload.id)))
                .hint(message!("a-rollback-needs-two-deploys"))
        })
    }

    pub(super) fn promoted(&self, from: &str, to: &Workload) -> Result<DeploySpec> {
        let from = self.config.workload(from)?;
        let (shown_from, shown_to) = (escape::text(&from.id), escape::text(&to.id));
        let refuse = |clause: Message, hint: Message| {
            Failure::new(Code::Usage, message!("cannot-promote-to", shown_from, shown_to, clause)).hint(hint)
        };
        if from.id == to.id {
            return Err(refuse(message!("they-are-the-same"), message!("name-two-workloads")));
        }
        if from.project != to.project {
            let hint = message!("an-image-is-promoted");
            return Err(refuse(
                message!("their-projects-are-and", project = from.project, project_2 = to.project),
                hint,
            ));
        }
        if from.runtime != to.runtime {
            let clause =
                message!("their-runtimes-are-and", runtime = from.runtime.as_str(), runtime_2 = to.runtime.as_str());
            return Err(refuse(clause, message!("give-both-the-same-runtime")));
        }
        let current = self.history.read(&from.id)?.current;
        current
            .ok_or_else(|| refuse(message!("was-never-deployed", workload = shown_from), message!("deploy-it-first")))
    }
}
