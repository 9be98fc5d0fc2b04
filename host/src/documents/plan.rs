//! A plan, and what it says about the time: how much would be lost, how long the app would be down.

use std::time::Duration;

use serde_json::{Value, json};

use super::workload::word;
use crate::plugins::bindings::exports::reforge::restore::restorer::VolumePlan;
use crate::restore::preflight::Target;
use crate::restore::run::Planned;

/// A safety snapshot is stored, not compressed: about the speed of a plain disk.
const SAFETY_BYTES_PER_SECOND: f64 = 200e6;
/// Small files cost more than their bytes.
const SAFETY_ENTRIES_PER_SECOND: f64 = 15e3;
/// Stop, renames and start of an app that is quick at both.
const STOP_AND_START: Duration = Duration::from_secs(2);

/// What a restore would do.
pub fn document(workload: &str, keep_previous: bool, planned: &Planned) -> Value {
    let plan = &planned.preflight;
    let descriptor = &planned.snapshot.descriptor;
    let volumes: Vec<Value> = plan.targets.iter().map(|target| volume_json(target, planned)).collect();
    let space: Vec<Value> = plan
        .space
        .iter()
        .map(|demand| {
            json!({
                "directory": demand.directory,
                "needs_bytes": demand.bytes,
                "has_bytes": demand.space.free_bytes,
                "needs_inodes": demand.inodes,
                "has_inodes": demand.space.free_inodes,
            })
        })
        .collect();
    json!({
        "workload": workload,
        "snapshot": {
            "id": descriptor.id,
            "created": descriptor.manifest.created,
            "reason": descriptor.manifest.reason,
            "image": descriptor.manifest.image,
            "imported": descriptor.imported,
        },
        "digest": plan.digest,
        "refused": !plan.refusals.is_empty(),
        "refusals": plan.refusals,
        "warnings": plan.warnings,
        "volumes": volumes,
        "left": plan.left,
        "keep_previous": keep_previous,
        "space": space,
        "app": {
            "state": word(plan.observation.state),
            "comes_back": plan.observation.state.should_run(),
        },
        "loses_ms": loses(planned).map(|lost| lost.as_millis() as u64),
        "downtime_estimate_ms": downtime(planned).map(|downtime| downtime.as_millis() as u64),
    })
}

/// What the plugin found for a volume.
pub fn change_of<'a>(planned: &'a Planned, name: &str) -> Option<&'a VolumePlan> {
    planned.changes.as_ref()?.volumes.iter().find(|volume| volume.name == name)
}

/// How much of what is live is younger than the snapshot.
pub fn loses(planned: &Planned) -> Option<Duration> {
    let created = planned.snapshot.descriptor.manifest.created;
    let newest = planned.preflight.targets.iter().filter_map(|target| {
        let newest = target.live.newest?;
        jiff::Timestamp::new(newest.seconds, newest.nanoseconds as i32).ok()
    });
    let lost = newest.max()?.duration_since(created);
    Duration::try_from(lost).ok().filter(|lost| !lost.is_zero())
}

/// From the stop to the healthy app; none if it does not run.
pub fn downtime(planned: &Planned) -> Option<Duration> {
    let plan = &planned.preflight;
    plan.observation.state.should_run().then(|| {
        let bytes: u64 = plan.targets.iter().map(|target| target.live.bytes).sum();
        let entries: u64 = plan.targets.iter().map(|target| target.live.entries).sum();
        let safety = bytes as f64 / SAFETY_BYTES_PER_SECOND + entries as f64 / SAFETY_ENTRIES_PER_SECOND;
        STOP_AND_START + Duration::from_secs_f64(safety)
    })
}

fn volume_json(target: &Target, planned: &Planned) -> Value {
    let change = change_of(planned, &target.resolved.name);
    let changes = change.and_then(|volume| volume.changes.as_ref()).map(
        |found| json!({ "added": found.added, "removed": found.removed, "changed": found.changed, "same": found.same }),
    );
    let newest = target.live.newest.and_then(|at| jiff::Timestamp::new(at.seconds, at.nanoseconds as i32).ok());
    json!({
        "name": target.resolved.name,
        "scope": target.resolved.scope.as_str(),
        "path": target.resolved.path,
        "exists": target.identity.is_some(),
        "live_entries": target.live.entries,
        "live_bytes": target.live.bytes,
        "live_newest": newest,
        "snapshot_entries": target.totals.entries,
        "snapshot_bytes": target.totals.bytes,
        "changes": changes,
    })
}
