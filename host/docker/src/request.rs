//! The create request of a container: made from a deploy spec, and read off a container that something else created.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, EndpointSettings, HostConfig, Mount as EngineMount, MountType, NetworkingConfig, PortBinding,
    PortMap,
};

use super::container::Found;
use super::{labels, mounts, policy};
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{Container, DeploySpec};
use reforge_base::spec::{Port, Restart};

/// Networks that every engine has.
const PLAIN_NETWORKS: [&str; 4] = ["bridge", "default", "host", "none"];

/// A create request, and the networks that are joined once the container is there: older engines take one with it.
pub(crate) struct CreateRequest {
    pub body: ContainerCreateBody,
    pub further_networks: Vec<(String, EndpointSettings)>,
}

/// What a container gets besides what its spec says.
pub(crate) struct Given {
    /// The mounts that it takes over from the container before it.
    pub inherited: Vec<EngineMount>,
    /// The engine fills no empty volume.
    pub keep_empty: bool,
}

/// What a container for `spec` is created with: always from the image by its id.
pub(crate) fn of_spec(
    spec: &DeploySpec,
    owner: &str,
    image: &str,
    policy: &Restart,
    given: Given,
) -> Result<CreateRequest> {
    let mut body = base(&spec.container)?;
    let in_container = |word: &String| {
        let filled = spec.fill(word, |mount| &mount.target)?;
        filled.into_string().map_err(|word| {
            Failure::new(
                Code::Usage,
                message!("in-the-command-is-not-utf", as_encoded_bytes = escape::bytes(word.as_encoded_bytes())),
            )
        })
    };
    body.image = Some(image.to_owned());
    if !spec.command.is_empty() {
        body.cmd = Some(spec.command.iter().map(in_container).collect::<Result<_>>()?);
    }
    if let Some(entrypoint) = &spec.container.entrypoint {
        body.entrypoint = Some(entrypoint.iter().map(in_container).collect::<Result<_>>()?);
    }
    if spec.user.is_some() {
        body.user = spec.user.clone();
    }
    let variables = spec.environment.iter().map(|(name, value)| format!("{name}={value}"));
    body.env.get_or_insert_default().extend(variables);
    body.stop_signal = Some(spec.stop_signal.clone());
    body.stop_timeout = Some(stop_seconds(spec.stop_timeout));
    let all = body.labels.get_or_insert_default();
    all.extend(spec.container.labels.clone());
    all.extend(labels::of(owner, &name(spec), spec)?);
    let (exposed, bindings) = ports(&spec.container.ports)?;
    body.exposed_ports.get_or_insert_default().extend(exposed);
    let host = body.host_config.get_or_insert_default();
    host.port_bindings.get_or_insert_default().extend(bindings);
    host.restart_policy = Some(policy::engines(policy));
    // One that removes itself takes the way back with it.
    host.auto_remove = Some(false);
    host.memory = spec.container.memory_bytes.or(host.memory);
    host.nano_cpus = spec.container.nano_cpus.or(host.nano_cpus);
    host.pids_limit = spec.container.pids_max.or(host.pids_limit);
    add_mounts(host, spec, given)?;
    let further_networks = join(&mut body, spec);
    Ok(CreateRequest { body, further_networks })
}

/// Its name on the engine while it stands for the workload.
pub(crate) fn name(spec: &DeploySpec) -> String {
    spec.container.name.clone().unwrap_or_else(|| format!("reforge-{}", spec.workload))
}

/// Whole seconds, as the engine wants them, never less than was said.
pub(crate) fn stop_seconds(timeout: std::time::Duration) -> i64 {
    i64::try_from(timeout.as_millis().div_ceil(1000)).unwrap_or(i64::MAX)
}

fn base(container: &Container) -> Result<ContainerCreateBody> {
    let given = serde_json::Value::Object(container.request.clone());
    let unclear =
        |error: serde_json::Error| Failure::new(Code::Usage, message!("request-is-not-what-the-engine", error));
    let body: ContainerCreateBody = serde_json::from_value(given.clone()).map_err(unclear)?;

    // A key that the engine does not know would be lost without a word.
    let understood = serde_json::to_value(&body).map_err(unclear)?;
    if let Some(key) = lost(&given, &understood, "") {
        let message = message!("request-has-the-key", key = escape::text(&key));
        return Err(Failure::new(Code::Usage, message).hint(message!("the-keys-are-those")));
    }
    Ok(body)
}

/// A key of `given` that is not in `understood`; what is null says nothing.
fn lost(given: &serde_json::Value, understood: &serde_json::Value, at: &str) -> Option<String> {
    let serde_json::Value::Object(given) = given else { return None };
    given.iter().filter(|(_, value)| !value.is_null()).find_map(|(key, value)| {
        let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
        match understood.get(key) {
            None => Some(path),
            Some(understood) => lost(value, understood, &path),
        }
    })
}

fn add_mounts(host: &mut HostConfig, spec: &DeploySpec, given: Given) -> Result<()> {
    let Given { inherited, keep_empty } = given;
    let mut all = mounts::of_volumes(spec, keep_empty)?;
    // An anonymous volume that was asked for is the one that the container before it has.
    let is_new = |mount: &EngineMount| {
        let anonymous = mount.typ == Some(MountType::VOLUME) && mount.source.as_ref().is_none_or(String::is_empty);
        !anonymous || inherited.iter().all(|known| known.target != mount.target)
    };
    let mut given = host.mounts.take().unwrap_or_default();
    given.retain(is_new);
    for mount in given.into_iter().chain(inherited) {
        if all.iter().all(|known| known.target != mount.target) {
            all.push(mount);
        }
    }
    if host.binds.as_ref().is_some_and(|binds| !binds.is_empty()) {
        let message = message!("request-has-binds-which-make");
        return Err(Failure::new(Code::Usage, message).hint(message!("write-them-as-mounts")));
    }
    host.mounts = Some(all);
    Ok(())
}

/// Leaves the network that the container is created in, and answers the others.
fn join(body: &mut ContainerCreateBody, spec: &DeploySpec) -> Vec<(String, EndpointSettings)> {
    let given = body.networking_config.take().and_then(|config| config.endpoints_config).unwrap_or_default();
    let host = body.host_config.get_or_insert_default();
    if let Some(first) = spec.container.networks.first() {
        host.network_mode = Some(first.clone());
    }
    let mode = host.network_mode.clone().unwrap_or_default();
    let named = spec.container.networks.iter().map(|network| (network.clone(), endpoint(spec)));
    let mut all: Vec<(String, EndpointSettings)> =
        given.into_iter().chain(named).filter(|(network, _)| !is_plain(network)).collect();
    let first = all.iter().position(|(network, _)| *network == mode).map(|at| all.remove(at));
    body.networking_config = first.map(|first| NetworkingConfig { endpoints_config: Some(HashMap::from([first])) });
    all
}

/// Whether a container can have no names in it.
pub(crate) fn is_plain(network: &str) -> bool {
    PLAIN_NETWORKS.contains(&network) || network.starts_with("container:")
}

/// Whether a container with this mode uses a network that is not its own, or none.
pub(crate) fn is_without_own_network(mode: &str) -> bool {
    ["host", "none"].contains(&mode) || mode.starts_with("container:")
}

/// How a container is known in a network.
fn endpoint(spec: &DeploySpec) -> EndpointSettings {
    EndpointSettings { aliases: Some(vec![spec.workload.clone()]), ..Default::default() }
}

/// `[ADDRESS:]HOST:CONTAINER[/PROTOCOL]` in the engine's form.
fn ports(ports: &[String]) -> Result<(Vec<String>, PortMap)> {
    let mut exposed = Vec::new();
    let mut bindings: PortMap = HashMap::new();
    for text in ports {
        let port = Port::parse(text).ok_or_else(|| {
            Failure::new(Code::Usage, message!("is-not-a-port", text = escape::text(text)))
                .hint(message!("write-8080-80-127-0-0"))
        })?;
        let inside = format!("{}/{}", port.inside, port.protocol);
        let binding = PortBinding {
            host_ip: port.address.map(|address| address.to_string()),
            host_port: Some(port.host.to_string()),
        };
        bindings.entry(inside.clone()).or_default().get_or_insert_default().push(binding);
        if !exposed.contains(&inside) {
            exposed.push(inside);
        }
    }
    Ok((exposed, bindings))
}

/// The whole create request that would make a container like this one, without its image's own part.
pub(crate) fn of_container(found: &Found) -> serde_json::Map<String, serde_json::Value> {
    let value = |json: Result<serde_json::Value, serde_json::Error>| json.unwrap_or_default();
    let mut request = match value(serde_json::to_value(found.inspect.config.as_ref())) {
        serde_json::Value::Object(map) => map,
        _ => serde_json::Map::new(),
    };
    // The engine makes the host name of the id unless it is told one.
    if request.get("Hostname").and_then(|name| name.as_str()) == Some(found.short_id()) {
        request.remove("Hostname");
    }
    let mut host = found.inspect.host_config.clone().unwrap_or_default();
    host.binds = None;
    host.volumes_from = None;
    host.container_id_file = None;
    host.mounts = Some(mounts::inherited(found, &[], true));
    request.insert("HostConfig".to_owned(), value(serde_json::to_value(host)));
    let networks = found.inspect.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
    let endpoints: HashMap<&String, EndpointSettings> =
        networks.into_iter().flatten().map(|(name, endpoint)| (name, configured(endpoint, found))).collect();
    request.insert("NetworkingConfig".to_owned(), serde_json::json!({ "EndpointsConfig": endpoints }));
    drop_nulls(&mut request);
    request
}

/// What was asked for of an endpoint, without what the engine gave it.
fn configured(endpoint: &EndpointSettings, found: &Found) -> EndpointSettings {
    let aliases =
        endpoint.aliases.clone().map(|aliases| aliases.into_iter().filter(|alias| alias != found.short_id()).collect());
    EndpointSettings {
        ipam_config: endpoint.ipam_config.clone(),
        links: endpoint.links.clone(),
        aliases,
        driver_opts: endpoint.driver_opts.clone(),
        ..Default::default()
    }
}

/// The request of a container that could take the place of one that removes itself: the same, but that it stays, and
/// that it is known as the workload's.
pub(crate) fn twin(owner: &str, workload: &str, found: &Found) -> Result<ContainerCreateBody> {
    let request = serde_json::Value::Object(of_container(found));
    let mut body: ContainerCreateBody = serde_json::from_value(request).map_err(|error| {
        Failure::new(Code::Runtime, message!("what-the-container-was-created", shown = found.shown(), error))
    })?;
    body.image = Some(found.image_id().to_owned());
    let own = [(labels::HOST, owner), (labels::WORKLOAD, workload), (labels::NAME, &found.own_name)];
    body.labels.get_or_insert_default().extend(own.map(|(key, value)| (key.to_owned(), value.to_owned())));
    let host = body.host_config.get_or_insert_default();
    host.auto_remove = Some(false);
    host.restart_policy = Some(policy::engines(&Restart::No));
    Ok(body)
}

fn drop_nulls(map: &mut serde_json::Map<String, serde_json::Value>) {
    map.retain(|_, value| !value.is_null());
    map.values_mut().filter_map(serde_json::Value::as_object_mut).for_each(drop_nulls);
}

/// The spec of a container that something else created: everything is in its request.
pub(crate) fn spec_of(workload: &str, found: &Found) -> Result<DeploySpec> {
    let config = found.inspect.config.clone().unwrap_or_default();
    let environment = config.env.iter().flatten().filter_map(|variable| variable.split_once('='));
    let mut request = of_container(found);
    for said_elsewhere in ["Image", "Cmd", "Entrypoint", "User", "Env", "StopSignal", "StopTimeout", "Labels"] {
        request.remove(said_elsewhere);
    }
    let mut spec = DeploySpec::new(workload, config.image.unwrap_or_default());
    found.image_id().clone_into(&mut spec.image_digest);
    spec.command = config.cmd.unwrap_or_default();
    spec.user = config.user.filter(|user| !user.is_empty());
    spec.environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    spec.stop_signal = config.stop_signal.unwrap_or(spec.stop_signal);
    let stop_timeout = config.stop_timeout.and_then(|seconds| u64::try_from(seconds).ok());
    spec.stop_timeout = stop_timeout.map_or(spec.stop_timeout, std::time::Duration::from_secs);
    spec.container = Container {
        name: Some(found.own_name.clone()),
        entrypoint: config.entrypoint,
        restart: found.policy(),
        labels: config.labels.unwrap_or_default().into_iter().collect(),
        request,
        ..Container::default()
    };
    Ok(spec)
}
