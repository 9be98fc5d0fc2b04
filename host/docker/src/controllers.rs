//! Containers and services that something other than the engine brings back: a swarm replaces a stopped task in
//! seconds, whatever its restart policy says. Looks only.

use bollard::models::{LocalNodeState, Mount};
use bollard::query_parameters::ListServicesOptions;

use super::client::Client;
use super::container::Found;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// Whose a container is, by a label's value.
type IsOf = fn(&str) -> Message;

/// Labels that a controller puts on what it creates, with what the label's value is of. Compose is none: it acts only
/// when somebody runs it.
const LABELS: [(&str, IsOf); 5] = [
    ("com.docker.swarm.service.name", |name| message!("the-swarm-service", name)),
    ("io.kubernetes.pod.name", |name| message!("the-kubernetes-pod", name)),
    ("com.hashicorp.nomad.alloc_id", |name| message!("the-nomad-allocation", name)),
    ("com.amazonaws.ecs.task-arn", |name| message!("the-ecs-task", name)),
    ("io.balena.service-name", |name| message!("the-balena-service", name)),
];

/// Whose a container is, in words.
pub(crate) fn of(found: &Found) -> Option<Message> {
    let (is_of, name) = LABELS.iter().find_map(|(label, is_of)| Some((is_of, found.labels().get(*label)?)))?;
    Some(is_of(&escape::text(name)))
}

/// A workload that a controller brings back cannot be held down.
pub(crate) fn of_own(current: &Found) -> Option<Failure> {
    let controller = of(current)?;
    let message = message!("the-container-belongs-to-which-starts", shown = current.shown(), controller);
    Some(Failure::new(Code::PolicyRefused, message).hint(message!("remove-it-from-its-controller")))
}

/// The services of a swarm that this engine manages, with their mounts.
pub(crate) fn services(client: &Client) -> Result<Vec<(String, Vec<Mount>)>> {
    let doing = message!("ask-the-engine-about-its-swarm");
    let info = client.ask(|docker| docker.info()).map_err(client.failed(&doing))?;

    let swarm = info.swarm.unwrap_or_default();
    match swarm.local_node_state {
        None | Some(LocalNodeState::EMPTY | LocalNodeState::INACTIVE) => return Ok(Vec::new()),
        // Only a manager knows the services; the tasks on this machine are containers and were looked at.
        Some(LocalNodeState::ACTIVE) if swarm.control_available != Some(true) => return Ok(Vec::new()),
        Some(_) => {}
    }
    let options = None::<ListServicesOptions>;
    let services = client.ask(|docker| docker.list_services(options)).map_err(client.failed(&doing))?;
    let mounts = services.into_iter().filter_map(|service| {
        let spec = service.spec?;
        let mounts = spec.task_template?.container_spec?.mounts?;
        Some((spec.name.unwrap_or_default(), mounts))
    });
    Ok(mounts.collect())
}
