//! What a container of a workload says of how it was deployed, and what it takes to bring it back.

use super::container::Found;
use super::image_defaults::ImageDefaults;
use super::{View, labels, mounts, request};
use reforge_base::failure::Result;
use reforge_base::spec::{DeploySpec, Restart};

impl View<'_> {
    /// How a container was deployed: what its label says, or what can be read off it if it was adopted.
    pub(crate) fn spec_of(&self, found: &Found) -> Result<DeploySpec> {
        if let Some(spec) = labels::spec(found.labels(), found.environment()) {
            return spec.map(|spec| with_its_image(spec, found));
        }
        let volumes = self.record.adopted.as_ref().map(|adopted| &adopted.volumes);
        let mut spec = request::spec_of(self.workload, found)?;
        let mounts = volumes.map(|volumes| mounts::volumes_of(&self.client, found, volumes)).transpose()?;
        spec.mounts = mounts.unwrap_or_default();
        spec.container.restart = self.policy_before(found);
        Ok(spec)
    }

    /// A spec with what the environment of the adopted container says beyond its image: that stays with the container, and
    /// is in no configuration.
    pub(crate) fn with_own_environment(&self, spec: &DeploySpec) -> Result<DeploySpec> {
        let mut spec = spec.clone();
        let definition = self.record.adopted.as_ref().and_then(|adopted| adopted.definition.as_ref());
        let own = match (definition, self.adopted()) {
            (Some(definition), _) => definition.environment.clone(),
            (None, Some(found)) => ImageDefaults::of(&self.client, found)?.own_environment(found),
            (None, None) => Vec::new(),
        };
        let is_said = |name: &String| spec.environment.iter().any(|(said, _)| said == name);
        let own: Vec<_> = own.into_iter().filter(|(name, _)| !is_said(name)).collect();
        spec.environment.extend(own);
        spec.environment.sort();
        Ok(spec)
    }

    /// Its policy as it was before policies were switched off.
    pub(crate) fn policy_before(&self, found: &Found) -> Restart {
        let held = self.record.hold.as_ref().and_then(|hold| hold.policies.get(&found.id));
        held.cloned().unwrap_or_else(|| found.policy())
    }

    /// What is needed to bring exactly this container back.
    pub(crate) fn detail(&self, found: &Found) -> serde_json::Value {
        let running = self.found.iter().filter(|found| found.is_up()).count();
        serde_json::json!({
            "id": found.id,
            "name": found.own_name,
            "status": found.status().to_string(),
            "restarts": found.restarts(),
            "policy": self.policy_before(found).text(),
            "health": found.inspect.state.as_ref().and_then(|state| state.health.as_ref()),
            "running": running,
            "request": request::of_container(found),
        })
    }
}

/// Something that copies labels may have made it anew from another image: what runs is the truth.
fn with_its_image(mut spec: DeploySpec, found: &Found) -> DeploySpec {
    if !found.image_id().is_empty() && found.image_id() != spec.image_digest {
        found.image_id().clone_into(&mut spec.image_digest);
        if !found.image_name().starts_with("sha256:") {
            found.image_name().clone_into(&mut spec.image);
        }
    }
    spec
}
