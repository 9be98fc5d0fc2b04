//! What a container needs before it can start: its name, networks, paths of this machine, other containers, room within
//! limits, ports. For the plan of a restore and before a deploy: looked at while the app still runs, since an engine says
//! most of it only when a container is started. Looks only.
//!
//! What cannot be told is not refused: then the engine has the last word.

use std::collections::BTreeSet;
use std::path::Path;

use bollard::models::{HostConfig, LocalNodeState, Mount as EngineMount, MountType, NetworkInspect, SystemInfo};
use bollard::query_parameters::InspectNetworkOptions;

use super::client::Client;
use super::container::{self, Found};
use super::errors::refused;
use super::request::{self, CreateRequest};
use super::{View, mounts, ports};
use reforge_base::escape;
use reforge_base::failure::{Failure, Result};
use reforge_base::message;
use reforge_base::spec::DeploySpec;
use reforge_base::spec::Restart;

/// The least memory that the engine takes for a container.
const MEMORY_MIN_BYTES: i64 = 6 << 20;
const NANO_CPUS: i64 = 1_000_000_000;

impl View<'_> {
    /// What stands in the way of a container for `spec` in the place of what there is now.
    pub(crate) fn unmet(&self, spec: &DeploySpec) -> Result<Vec<Failure>> {
        let mut unmet: Vec<Failure> = self.name_taken(spec)?.into_iter().collect();
        unmet.extend(self.engine_volumes_unmet(spec)?);
        let given = request::Given { inherited: self.inherited(spec), keep_empty: false };
        match request::of_spec(spec, &self.runtime.owner, &spec.image_digest, &Restart::No, given) {
            Ok(request) => unmet.extend(self.unmet_of(spec, &request)?),
            Err(failure) => unmet.push(failure),
        }
        Ok(unmet)
    }

    /// What stands in the way of starting a container that is there once more: the engine says it only then.
    pub(crate) fn unmet_again(&self, found: &Found) -> Result<Vec<Failure>> {
        let mut unmet = self.missing(found)?;
        unmet.extend(self.ports_taken(&found.inspect.host_config.clone().unwrap_or_default())?);
        Ok(unmet)
    }

    /// What it needs of others that is not there.
    pub(crate) fn missing(&self, found: &Found) -> Result<Vec<Failure>> {
        let host = found.inspect.host_config.clone().unwrap_or_default();
        let mut unmet = Vec::new();
        let networks = found.inspect.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
        for (name, endpoint) in networks.into_iter().flatten() {
            // By its id: another of the same name is not joined.
            let id = endpoint.network_id.as_ref().filter(|id| !id.is_empty()).unwrap_or(name);
            if !request::is_plain(name) && network(&self.client, id)?.is_none() {
                unmet.push(gone_network(name, found));
            }
        }
        // What it has of others' volumes is mounted by itself.
        let host = HostConfig { volumes_from: None, ..host };
        for needed in containers(&host) {
            if container::inspect(&self.client, &needed.name)?.is_none_or(|other| needed.runs && !other.is_up()) {
                let (shown, needed) = (found.shown(), escape::text(&needed.name));
                unmet.push(
                    refused(message!("the-container-stands-on-another", shown, needed))
                        .hint(message!("start-that-or-make-both-anew")),
                );
            }
        }
        let binds = found.inspect.mounts.iter().flatten().filter(|point| point.typ.as_deref() == Some("bind"));
        let missing = binds.filter_map(|point| path_missing(point.source.as_deref()?));
        unmet.extend(missing.map(|failure| failure.hint(message!("put-it-there-again"))));
        Ok(unmet)
    }

    fn unmet_of(&self, spec: &DeploySpec, request: &CreateRequest) -> Result<Vec<Failure>> {
        let host = request.body.host_config.clone().unwrap_or_default();
        let info = self.client.ask(|docker| docker.info());
        let info = info.map_err(self.client.failed(message!("ask-the-engine-about-its-machine")))?;
        let mut unmet = Vec::new();
        for name in networks(request) {
            if network(&self.client, name)?.is_none() && !may_come_from_a_manager(&info) {
                unmet.push(no_network(name));
            }
        }
        for needed in containers(&host) {
            unmet.extend(self.container_missing(&needed)?);
        }
        unmet.extend(paths(&host, spec).filter_map(path_missing));
        unmet.extend(beyond_limits(&host, &info));
        unmet.extend(self.ports_taken(&host)?);
        Ok(unmet)
    }

    /// The mounts that a container for `spec` takes over from the one that stands for the workload now.
    pub(crate) fn inherited(&self, spec: &DeploySpec) -> Vec<EngineMount> {
        let Some(old) = self.current() else { return Vec::new() };
        let adopted = self.record.adopted.as_ref();
        let unsaid = adopted.map(|adopted| mounts::unsaid(old, &adopted.volumes, spec)).unwrap_or_default();
        mounts::inherited(old, &[], false).into_iter().chain(unsaid).collect()
    }

    /// A container of somebody else's has the name.
    fn name_taken(&self, spec: &DeploySpec) -> Result<Option<Failure>> {
        let name = request::name(spec);
        let other = container::inspect(&self.client, &name)?.filter(|other| other.name == name && !self.has(other));
        Ok(other.map(|other| {
            refused(message!("the-name-of-the-container", shown = other.shown()))
                .hint(message!("rename-or-remove-it-or-set"))
        }))
    }

    fn has(&self, other: &Found) -> bool {
        self.found.iter().any(|ours| ours.id == other.id)
    }

    fn container_missing(&self, needed: &Needed) -> Result<Option<Failure>> {
        let failure = match container::inspect(&self.client, &needed.name)? {
            None => {
                let shown = escape::text(&needed.name);
                refused(message!("the-container-which-request-names", shown)).hint(message!("create-it-first-or-take"))
            }
            Some(other) if needed.runs && !other.is_up() => {
                refused(message!("the-container-which-request-names-does", shown = other.shown()))
                    .hint(message!("start-it-first-or-take"))
            }
            Some(_) => return Ok(None),
        };
        Ok(Some(failure))
    }

    fn ports_taken(&self, host: &HostConfig) -> Result<Vec<Failure>> {
        let mode = host.network_mode.as_deref().unwrap_or_default();
        let published = host.port_bindings.as_ref().is_some_and(|bindings| !bindings.is_empty());
        // One without a network of its own publishes nothing.
        if !published || request::is_without_own_network(mode) {
            return Ok(Vec::new());
        }
        let network = network(&self.client, if ["", "default"].contains(&mode) { "bridge" } else { mode })?;
        ports::taken(&self.client, &self.found, host, network.as_ref())
    }
}

/// Those that a container is created in or joins, without those that every engine has.
fn networks(request: &CreateRequest) -> BTreeSet<&str> {
    let mode = request.body.host_config.as_ref().and_then(|host| host.network_mode.as_deref());
    let further = request.further_networks.iter().map(|(name, _)| name.as_str());
    mode.into_iter().chain(further).filter(|name| !name.is_empty() && !request::is_plain(name)).collect()
}

fn network(client: &Client, name: &str) -> Result<Option<NetworkInspect>> {
    match client.ask(|docker| docker.inspect_network(name, None::<InspectNetworkOptions>)) {
        Ok(network) => Ok(Some(network)),
        Err(error) if error.is_gone() => Ok(None),
        Err(error) => Err(client.failed(message!("look-at-the-network", name = escape::text(name)))(error)),
    }
}

/// A worker of a swarm hears of a network when the first container joins it.
fn may_come_from_a_manager(info: &SystemInfo) -> bool {
    let swarm = info.swarm.clone().unwrap_or_default();
    swarm.local_node_state == Some(LocalNodeState::ACTIVE) && swarm.control_available != Some(true)
}

fn no_network(name: &str) -> Failure {
    let shown = escape::text(name);
    refused(message!("the-network-is-not-there", shown)).hint(message!("docker-network-create-or-name-another", shown))
}

fn gone_network(name: &str, found: &Found) -> Failure {
    let (network, shown) = (escape::text(name), found.shown());
    refused(message!("the-network-of-the-container-is-gone", network, shown))
        .hint(message!("make-it-anew-with-what-made-it", name = escape::text(&found.name)))
}

/// Another container that one stands on.
struct Needed {
    name: String,
    /// Whether it must run.
    runs: bool,
}

fn containers(host: &HostConfig) -> Vec<Needed> {
    let shared = [&host.network_mode, &host.pid_mode, &host.ipc_mode].into_iter();
    let joined = shared.filter_map(|mode| Some(mode.as_deref()?.strip_prefix("container:")?.to_owned()));
    let lent = host.volumes_from.iter().flatten();
    let lent = lent.map(|from| from.split_once(':').map_or(from.as_str(), |(name, _)| name).to_owned());
    let needed = |runs| move |name| Needed { name, runs };
    joined.map(needed(true)).chain(lent.map(needed(false))).collect()
}

/// What is to be seen of this machine, but for the volumes: those have a step of their own.
fn paths<'a>(host: &'a HostConfig, spec: &'a DeploySpec) -> impl Iterator<Item = &'a str> {
    let is_volume = |target: &Option<String>| {
        let target = target.as_deref().map(Path::new);
        spec.mounts.iter().any(|mount| Some(mount.target.as_path()) == target)
    };
    let made = |options: &Option<bollard::models::MountBindOptions>| {
        options.as_ref().and_then(|options| options.create_mountpoint) == Some(true)
    };
    let binds = host.mounts.iter().flatten().filter(move |mount| {
        mount.typ == Some(MountType::BIND) && !is_volume(&mount.target) && !made(&mount.bind_options)
    });
    let devices = host.devices.iter().flatten().filter_map(|device| device.path_on_host.as_deref());
    binds.filter_map(|mount| mount.source.as_deref()).chain(devices)
}

fn path_missing(path: &str) -> Option<Failure> {
    // One that cannot be looked at may be there.
    let gone = Path::new(path).try_exists().is_ok_and(|there| !there);
    gone.then(|| {
        refused(message!("which-the-container-is-to-see", path = escape::text(path)))
            .hint(message!("put-it-there-or-take"))
    })
}

/// Limits that no container can have on this machine.
fn beyond_limits(host: &HostConfig, info: &SystemInfo) -> Vec<Failure> {
    let mut beyond = Vec::new();
    if let (Some(wanted), Some(there)) = (host.nano_cpus, info.ncpu.filter(|there| *there > 0))
        && wanted > there.saturating_mul(NANO_CPUS)
    {
        let wanted = wanted as f64 / NANO_CPUS as f64;
        beyond.push(
            refused(message!("cpus-is-and-this-machine", wanted, there)).hint(message!("set-cpus-to-at-most", there)),
        );
    }
    if let Some(wanted) = host.memory.filter(|bytes| (1..MEMORY_MIN_BYTES).contains(bytes)) {
        beyond.push(refused(message!("memory-is-bytes-and-the-engine", wanted)).hint(message!("set-memory-to-6-mib")));
    }
    beyond
}
