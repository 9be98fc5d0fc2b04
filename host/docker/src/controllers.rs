//! Containers and services that something other than the engine brings back: a swarm replaces a stopped task in
//! seconds, whatever its restart policy says. Looks only.

use bollard::models::{LocalNodeState, Mount};
use bollard::query_parameters::ListServicesOptions;

use super::client::Client;
use super::container::Found;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};

/// Labels that a controller puts on what it creates, with what the label's value is of. Compose is none: it acts only
/// when somebody runs it.
const LABELS: [(&str, &str); 5] = [
    ("com.docker.swarm.service.name", "the swarm service"),
    ("io.kubernetes.pod.name", "the Kubernetes pod"),
    ("com.hashicorp.nomad.alloc_id", "the Nomad allocation"),
    ("com.amazonaws.ecs.task-arn", "the ECS task"),
    ("io.balena.service-name", "the balena service"),
];

/// Whose a container is, in words.
pub(crate) fn of(found: &Found) -> Option<String> {
    let known = LABELS.iter().find_map(|(label, what)| Some((what, found.labels().get(*label)?)))?;
    Some(format!("{} `{}`", known.0, escape::text(known.1)))
}

/// A workload that a controller brings back cannot be held down.
pub(crate) fn of_own(current: &Found) -> Option<Failure> {
    let controller = of(current)?;
    let message = format!("the container {} belongs to {controller}, which starts it again", current.shown());
    Some(Failure::new(Code::PolicyRefused, message).hint("remove it from its controller and deploy it here"))
}

/// The services of a swarm that this engine manages, with their mounts.
pub(crate) fn services(client: &Client) -> Result<Vec<(String, Vec<Mount>)>> {
    let doing = "ask the engine about its swarm";
    let info = client.ask(|docker| docker.info()).map_err(client.failed(doing))?;
    let swarm = info.swarm.unwrap_or_default();
    match swarm.local_node_state {
        None | Some(LocalNodeState::EMPTY | LocalNodeState::INACTIVE) => return Ok(Vec::new()),
        // Only a manager knows the services; the tasks on this machine are containers and were looked at.
        Some(LocalNodeState::ACTIVE) if swarm.control_available != Some(true) => return Ok(Vec::new()),
        Some(_) => {}
    }
    let options = None::<ListServicesOptions>;
    let services = client.ask(|docker| docker.list_services(options)).map_err(client.failed(doing))?;
    let mounts = services.into_iter().filter_map(|service| {
        let spec = service.spec?;
        let mounts = spec.task_template?.container_spec?.mounts?;
        Some((spec.name.unwrap_or_default(), mounts))
    });
    Ok(mounts.collect())
}
