//! Workloads: what is configured, how it does, where its volumes are.

use serde_json::{Value, json};

use crate::config::Workload;
use crate::deployer::dispatch::Deployed;
use crate::deployer::history::Deployments;
use crate::deployer::resolve::{self, Resolution};
use crate::failure::{Failure, Result};
use crate::host::Host;
use crate::runtime::{AppState, Health, Observation};
use crate::snapshots::store::Listed;

/// One workload in a list.
pub struct Line<'a> {
    pub workload: &'a Workload,
    /// One engine that does not answer must not hide the others.
    pub state: Result<AppState>,
    pub newest: Option<Listed>,
}

impl Line<'_> {
    pub fn state(&self) -> &'static str {
        self.state.as_ref().map_or("unknown", |state| word(*state))
    }
}

pub fn list(host: &Host) -> Result<Vec<Line<'_>>> {
    let mut lines = Vec::new();
    for workload in &host.config.workloads {
        let newest = host.store.list(&workload.id)?.into_iter().next();
        lines.push(Line { workload, state: state(host, workload), newest });
    }
    Ok(lines)
}

pub fn list_document(lines: &[Line<'_>]) -> Value {
    let documents: Vec<Value> = lines
        .iter()
        .map(|line| {
            json!({
                "id": line.workload.id,
                "state": line.state(),
                "error": line.state.as_ref().err(),
                "runtime": line.workload.runtime.as_str(),
                "project": line.workload.project,
                "stage": line.workload.stage,
                "volumes": line.workload.volumes.iter().map(|volume| &volume.name).collect::<Vec<_>>(),
                "last_snapshot": line.newest.as_ref().map(|newest| &newest.id),
                "last_snapshot_created": line.newest.as_ref().and_then(created),
            })
        })
        .collect();
    json!({ "workloads": documents })
}

/// When a snapshot was taken; none if it does not say.
fn created(listed: &Listed) -> Option<jiff::Timestamp> {
    listed.descriptor.as_ref().ok().map(|descriptor| descriptor.manifest.created)
}

/// Everything there is to know about one.
pub struct Whole<'a> {
    pub workload: &'a Workload,
    pub observed: Observation,
    pub resolution: Resolution,
    /// Why nothing may be done to it now.
    pub blocked: Vec<Failure>,
    /// Newest first.
    pub snapshots: Vec<Listed>,
    pub history: Deployments,
}

pub fn whole<'a>(host: &'a Host, id: &str) -> Result<Whole<'a>> {
    let workload = host.config.workload(id)?;
    Ok(Whole {
        workload,
        observed: host.runtime(workload)?.observe(&workload.id)?,
        resolution: resolve::resolve(&host.config, workload),
        blocked: host.blocked(workload)?,
        snapshots: host.store.list(&workload.id)?,
        history: host.deployer.history().read(&workload.id)?,
    })
}

pub fn whole_document(whole: &Whole<'_>) -> Value {
    let Whole { workload, observed, resolution, .. } = whole;
    let volumes: Vec<_> = resolution
        .volumes
        .iter()
        .map(|volume| {
            json!({
                "name": volume.name,
                "scope": volume.scope.as_str(),
                "path": volume.path,
                "exists": volume.exists,
                "target": volume.target,
            })
        })
        .collect();
    json!({
        "id": workload.id,
        "project": workload.project,
        "stage": workload.stage,
        "runtime": workload.runtime.as_str(),
        "state": word(observed.state),
        "image": observed.spec.as_ref().map(|spec| json!({ "reference": spec.image, "digest": spec.image_digest })),
        "previous_image": whole.history.previous.as_ref().map(|spec| &spec.image),
        "preview_image": whole.history.preview.as_ref().map(|spec| &spec.image),
        "links": workload.links.as_str(),
        "volumes": volumes,
        "skipped": resolution.skipped,
        "refusals": resolution.refusals,
        "blocked": whole.blocked,
        "last_snapshot": whole.snapshots.first().map(|newest| &newest.id),
    })
}

/// What a deploy or stop has led to.
pub fn deployed(done: &Deployed) -> Value {
    let (Some(spec), Some(report)) = (&done.spec, &done.health) else {
        return json!({ "workload": done.name, "state": "stopped" });
    };
    json!({
        "workload": done.name,
        "state": "running",
        "image": { "reference": spec.image, "digest": spec.image_digest },
        "health": health(report.health),
        "reason": report.reason,
    })
}

/// The word for how a deployed app does; one that is bad is a failure.
pub fn health(health: Health) -> &'static str {
    match health {
        Health::Unknown => "unconfirmed",
        Health::Healthy => "healthy",
        Health::ConfirmedBad => "bad",
    }
}

/// The word for what a workload is doing.
pub fn word(state: AppState) -> &'static str {
    match state {
        AppState::Absent => "never deployed",
        AppState::Stopped => "stopped",
        AppState::Running => "running",
        AppState::CrashLooping => "crash-looping",
    }
}

fn state(host: &Host, workload: &Workload) -> Result<AppState> {
    Ok(host.runtime(workload)?.observe(&workload.id)?.state)
}
