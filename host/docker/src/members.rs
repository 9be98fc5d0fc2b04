//! Which processes of this machine belong to containers: those whose control group is the container's.
//!
//! A control group names its container by the whole id, under every driver and version of control groups. Processes
//! that were started beside the app (`docker exec`) are in it, too.

use std::path::Path;

use reforge_base::failure::{Failure, Result};
use reforge_holders::proc_stat;

/// Process ids of everything in these containers.
pub(crate) fn of(containers: &[&str]) -> Result<Vec<i32>> {
    if containers.is_empty() {
        return Ok(Vec::new());
    }
    let pids = proc_stat::pids().map_err(|error| Failure::io("list", Path::new("/proc"), &error))?;
    let belongs = |pid: &i32| {
        // One that has ended meanwhile belongs to nobody.
        let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
        groups.lines().any(|line| containers.iter().any(|id| line.contains(id)))
    };
    Ok(pids.into_iter().filter(belongs).collect())
}
