//! Which image a deploy runs: the configuration's as it is now, the one before, or the one of another stage. Starts nothing.

use super::dispatch::Deployer;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
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
            let message = format!(
                "the file of the image `{}` changed since it was deployed",
                escape::text(&program(&spec.image))
            );
            return Err(Failure::new(Code::Drift, message).hint("put the old file back, or deploy what is there now"));
        }
        Ok(spec)
    }

    pub(super) fn previous(&self, workload: &Workload) -> Result<DeploySpec> {
        self.history.read(&workload.id)?.previous.ok_or_else(|| {
            Failure::new(Code::NotFound, format!("`{}` has no previous image", escape::text(&workload.id)))
                .hint("a rollback needs two deploys of different images before it")
        })
    }

    pub(super) fn promoted(&self, from: &str, to: &Workload) -> Result<DeploySpec> {
        let from = self.config.workload(from)?;
        let (shown_from, shown_to) = (escape::text(&from.id), escape::text(&to.id));
        let refuse = |clause: String, hint: &str| {
            Failure::new(Code::Usage, format!("cannot promote `{shown_from}` to `{shown_to}`: {clause}")).hint(hint)
        };
        if from.id == to.id {
            return Err(refuse("they are the same".to_owned(), "name two workloads"));
        }
        if from.project != to.project {
            let hint = "an image is promoted from one stage of a project to another";
            return Err(refuse(format!("their projects are `{}` and `{}`", from.project, to.project), hint));
        }
        if from.runtime != to.runtime {
            let clause = format!("their runtimes are {} and {}", from.runtime.as_str(), to.runtime.as_str());
            return Err(refuse(clause, "give both the same runtime"));
        }
        let current = self.history.read(&from.id)?.current;
        current.ok_or_else(|| refuse(format!("`{shown_from}` was never deployed"), "deploy it first"))
    }
}
