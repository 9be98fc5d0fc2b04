//! A plan, and what it says about the time: how much would be lost, how long the app would be down.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::looking::ChangedNames;
use super::text;
use super::workload::WorkloadState;
use reforge_base::consistency::Taken;
use reforge_base::failure::Failure;
use reforge_base::not_captured::NotCaptured;
use reforge_base::remark::Remark;
use reforge_host::restore::preflight::Target;
use reforge_host::restore::run::Planned;
use reforge_plugins::bindings::exports::reforge::restore::restorer::VolumePlan;
use reforge_snapshots::format::Image;
use reforge_volumes::tree_digest::Mtime;

/// A safety snapshot is stored, not compressed: about the speed of a plain disk.
const SAFETY_BYTES_PER_SECOND: f64 = 200e6;
/// Small files cost more than their bytes.
const SAFETY_ENTRIES_PER_SECOND: f64 = 15e3;
/// Stop, renames and start of an app that is quick at both.
const STOP_AND_START: Duration = Duration::from_secs(2);

/// What a restore would do.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct RestorePlan {
    pub workload: String,
    pub snapshot: PlannedSnapshot,
    /// Holds a restore to this plan.
    pub digest: String,
    pub refused: bool,
    pub refusals: Vec<Failure>,
    pub warnings: Vec<Failure>,
    pub volumes: Vec<PlannedVolume>,
    /// Volumes that stay as they are.
    pub left: Vec<String>,
    /// What else the app has, which no snapshot holds and no restore touches.
    #[serde(default)]
    pub not_captured: Vec<NotCaptured>,
    /// What is to be known of what the snapshot holds.
    #[serde(default)]
    pub remarks: Vec<Remark>,
    pub keep_previous: bool,
    pub space: Vec<PlannedSpace>,
    pub app: PlannedApp,
    /// How much of what is live is younger than the snapshot.
    pub loses_ms: Option<u64>,
    /// None if the app does not run.
    pub downtime_estimate_ms: Option<u64>,
    /// Some of the names that would change, where they were asked for, as the host compares them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<ChangedNames>,
}

/// What would be restored.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct PlannedSnapshot {
    pub id: String,
    #[schema(value_type = String, format = DateTime)]
    pub created: jiff::Timestamp,
    pub reason: String,
    pub image: Image,
    pub imported: bool,
    /// What was done to the app meanwhile; none if it does not say.
    #[serde(default)]
    pub consistency: Option<Taken>,
}

/// A volume as it is and as it would be.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct PlannedVolume {
    pub name: String,
    /// What the snapshot calls it.
    #[serde(default)]
    pub snapshot_volume: String,
    pub scope: String,
    pub path: String,
    pub exists: bool,
    pub live_entries: u64,
    pub live_bytes: u64,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub live_newest: Option<jiff::Timestamp>,
    pub snapshot_entries: u64,
    pub snapshot_bytes: u64,
    /// None if the plugin did not compare them, or counted what cannot be.
    pub changes: Option<PlannedChanges>,
}

/// In entries, as the plugin counted them: its word, which adds up to what the snapshot holds.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct PlannedChanges {
    pub added: u64,
    pub removed: u64,
    pub changed: u64,
    pub same: u64,
}

/// What a file system needs to have free.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct PlannedSpace {
    pub directory: String,
    pub needs_bytes: u64,
    pub has_bytes: u64,
    pub needs_inodes: u64,
    /// None if it does not count them.
    pub has_inodes: Option<u64>,
}

/// What the app does, and whether it does so again at the end.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct PlannedApp {
    pub state: WorkloadState,
    pub comes_back: bool,
}

pub fn document(workload: &str, keep_previous: bool, planned: &Planned) -> RestorePlan {
    let plan = &planned.preflight;
    let descriptor = &planned.snapshot.descriptor;
    let space = plan.space.iter().map(|demand| PlannedSpace {
        directory: text(&demand.directory),
        needs_bytes: demand.bytes,
        has_bytes: demand.space.free_bytes,
        needs_inodes: demand.inodes,
        has_inodes: demand.space.free_inodes,
    });
    RestorePlan {
        workload: workload.to_owned(),
        snapshot: PlannedSnapshot {
            id: descriptor.id.clone(),
            created: descriptor.manifest.created,
            reason: descriptor.manifest.reason.clone(),
            image: descriptor.manifest.image.clone(),
            imported: descriptor.imported,
            consistency: descriptor.consistency.as_ref().map(Taken::without_hooks),
        },
        digest: plan.digest.clone(),
        refused: !plan.refusals.is_empty(),
        refusals: plan.refusals.clone(),
        warnings: plan.warnings.clone(),
        volumes: plan.targets.iter().map(|target| volume(target, planned)).collect(),
        left: plan.left.clone(),
        not_captured: plan.not_captured.clone(),
        remarks: plan.remarks.clone(),
        keep_previous,
        space: space.collect(),
        app: PlannedApp { state: plan.observation.state.into(), comes_back: plan.observation.state.should_run() },
        loses_ms: loses(planned).map(|lost| lost.as_millis() as u64),
        downtime_estimate_ms: downtime(planned).map(|downtime| downtime.as_millis() as u64),
        names: None,
    }
}

/// What the plugin found for a volume.
pub fn change_of<'a>(planned: &'a Planned, name: &str) -> Option<&'a VolumePlan> {
    planned.changes.as_ref()?.iter().find(|volume| volume.name == name)
}

/// How much of what is live is younger than the snapshot.
pub fn loses(planned: &Planned) -> Option<Duration> {
    let created = planned.snapshot.descriptor.manifest.created;
    let newest = planned.preflight.targets.iter().filter_map(|target| instant(target.live.newest?));
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

fn volume(target: &Target, planned: &Planned) -> PlannedVolume {
    let change = change_of(planned, &target.resolved.name).and_then(|volume| volume.changes.as_ref());
    PlannedVolume {
        name: target.resolved.name.clone(),
        snapshot_volume: target.called.name.clone(),
        scope: target.resolved.scope.as_str().to_owned(),
        path: text(&target.resolved.path),
        exists: target.identity.is_some(),
        live_entries: target.live.entries,
        live_bytes: target.live.bytes,
        live_newest: target.live.newest.and_then(instant),
        snapshot_entries: target.totals.entries,
        snapshot_bytes: target.totals.bytes,
        changes: change.map(|found| PlannedChanges {
            added: found.added,
            removed: found.removed,
            changed: found.changed,
            same: found.same,
        }),
    }
}

fn instant(at: Mtime) -> Option<jiff::Timestamp> {
    jiff::Timestamp::new(at.seconds, at.nanoseconds as i32).ok()
}
