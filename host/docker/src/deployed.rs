//! Which directories the container of a workload has, asked of the container itself: something else may have created it
//! anew, with our labels and other mounts.
//!
//! A container that runs is looked into through its own root, since a directory that was renamed meanwhile is still what
//! it has. Changes nothing.

use std::collections::{BTreeSet, HashMap};
use std::os::fd::AsFd as _;
use std::path::Path;

use bollard::query_parameters::ListContainersOptions;
use rustix::fs::{Mode, OFlags, ResolveFlags};

use super::client::Client;
use super::container::Found;
use super::{View, labels, mounts};
use reforge_base::failure::Result;
use reforge_base::message;
use reforge_base::spec::Mount;
use reforge_runtime::DeployedMount;
use reforge_volumes::identity::Identity;

/// Every workload of this host that has containers.
pub(crate) fn workloads(client: &Client, owner: &str) -> Result<Vec<String>> {
    let filters = HashMap::from([("label".to_owned(), vec![format!("{}={owner}", labels::HOST)])]);
    let options = ListContainersOptions { all: true, filters: Some(filters), ..Default::default() };
    let listed = client.ask(|docker| docker.list_containers(Some(options)));
    let listed = listed.map_err(client.failed(message!("list-the-containers-of-this-host")))?;
    let workloads = listed.into_iter().filter_map(|summary| summary.labels?.remove(labels::WORKLOAD));
    Ok(workloads.collect::<BTreeSet<_>>().into_iter().collect())
}

impl View<'_> {
    /// The workload's volumes as this container has them. One that it has not mounted is left out.
    pub(crate) fn deployed_mounts(&self, found: &Found) -> Result<Vec<DeployedMount>> {
        let spec = self.spec_of(found)?;
        let targets = spec.mounts.into_iter().map(|mount| (mount.volume, mount.target)).collect();
        let deployed =
            |Mount { volume, live, target, .. }| DeployedMount { volume, live, given: given(found, &target) };
        Ok(mounts::volumes_of(&self.client, found, &targets)?.into_iter().map(deployed).collect())
    }
}

/// What a container that runs sees at a place. None if it does not run, or cannot be looked into.
pub(crate) fn given(found: &Found, target: &Path) -> Option<Identity> {
    let pid = found.inspect.state.as_ref()?.pid.filter(|pid| *pid > 0 && found.is_up())?;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = rustix::fs::open(format!("/proc/{pid}/root"), flags, Mode::empty()).ok()?;
    let below = target.strip_prefix("/").ok()?;
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    let seen = rustix::fs::openat2(&root, below, flags, Mode::empty(), resolve).ok()?;
    // The process may have ended meanwhile, and another have its number: a control group names its container.
    let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    Identity::of_open(seen.as_fd(), target).ok().filter(|_| groups.contains(&found.id))
}
