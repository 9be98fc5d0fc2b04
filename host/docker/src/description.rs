//! What a container of a workload says of how it was deployed, and what it takes to bring it back.

use super::container::Found;
use super::{View, labels, mounts, request};
use reforge_base::failure::Result;
use reforge_base::spec::{DeploySpec, Restart};

impl View<'_> {
    /// How a container was deployed: what its label says, or what can be read off it if it was adopted.
    pub(crate) fn spec_of(&self, found: &Found) -> Result<DeploySpec> {
        if let Some(spec) = labels::spec(found.labels(), found.environment()) {
            return spec;
        }
        let volumes = self.record.adopted.as_ref().map(|adopted| &adopted.volumes);
        let mut spec = request::spec_of(self.workload, found)?;
        let mounts = volumes.map(|volumes| mounts::volumes_of(&self.client, found, volumes)).transpose()?;
        spec.mounts = mounts.unwrap_or_default();
        spec.container.restart = self.policy_before(found);
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
