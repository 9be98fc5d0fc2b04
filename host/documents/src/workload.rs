//! Workloads: what is configured, how it does, where its volumes are.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::schedule::Schedule;
use super::{schedule, text};
use reforge_base::Message;
use reforge_base::consistency::{Consistency, milliseconds};
use reforge_base::failure::{Failure, Result};
use reforge_base::spec::{AppState, DeploySpec, Health, Observation};
use reforge_config::Workload;
use reforge_deployer::dispatch::Deployed;
use reforge_deployer::prepare::Made;
use reforge_deployer::resolve::{self, Resolution};
use reforge_host::host::{Host, Scheduled};
use reforge_snapshots::format::{Image, SkippedVolume};
use reforge_snapshots::store::StoredSnapshot;
use reforge_transaction::deployments::Deployments;

/// What a workload is doing, as documents say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WorkloadState {
    #[serde(rename = "never deployed")]
    NeverDeployed,
    Stopped,
    Running,
    CrashLooping,
    /// Its engine could not be asked.
    Unknown,
}

impl WorkloadState {
    pub fn as_str(self) -> &'static str {
        match self {
            WorkloadState::NeverDeployed => "never deployed",
            WorkloadState::Stopped => "stopped",
            WorkloadState::Running => "running",
            WorkloadState::CrashLooping => "crash-looping",
            WorkloadState::Unknown => "unknown",
        }
    }
}

impl From<AppState> for WorkloadState {
    fn from(state: AppState) -> WorkloadState {
        match state {
            AppState::Absent => WorkloadState::NeverDeployed,
            AppState::Stopped => WorkloadState::Stopped,
            AppState::Running => WorkloadState::Running,
            AppState::CrashLooping => WorkloadState::CrashLooping,
        }
    }
}

/// One workload in a list.
pub struct Line<'a> {
    pub workload: &'a Workload,
    /// One engine that does not answer must not hide the others.
    pub state: Result<AppState>,
    pub newest: Option<StoredSnapshot>,
    /// None without a schedule.
    pub scheduled: Option<Scheduled>,
}

impl Line<'_> {
    pub fn state(&self) -> WorkloadState {
        self.state.as_ref().map_or(WorkloadState::Unknown, |state| WorkloadState::from(*state))
    }
}

pub fn list(host: &Host) -> Result<Vec<Line<'_>>> {
    let mut lines = Vec::new();
    for workload in &host.config.workloads {
        let newest = host.store.newest(&workload.id, 1)?.0.pop();
        lines.push(Line { workload, state: state(host, workload), newest, scheduled: host.scheduled(workload)? });
    }
    Ok(lines)
}

/// What is configured.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct Workloads {
    pub workloads: Vec<ListedWorkload>,
}

/// One in a list.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct ListedWorkload {
    pub id: String,
    pub state: WorkloadState,
    /// Why it is not known.
    pub error: Option<Failure>,
    pub runtime: String,
    pub project: String,
    pub stage: String,
    /// Their names.
    pub volumes: Vec<String>,
    pub last_snapshot: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_snapshot_created: Option<jiff::Timestamp>,
    /// None without a schedule.
    #[serde(default)]
    pub schedule: Option<Schedule>,
}

pub fn list_document(lines: &[Line<'_>]) -> Workloads {
    let one = |line: &Line<'_>| ListedWorkload {
        id: line.workload.id.clone(),
        state: line.state(),
        error: line.state.as_ref().err().cloned(),
        runtime: line.workload.runtime.as_str().to_owned(),
        project: line.workload.project.clone(),
        stage: line.workload.stage.clone(),
        volumes: line.workload.volumes.iter().map(|volume| volume.name.clone()).collect(),
        last_snapshot: line.newest.as_ref().map(|newest| newest.id.clone()),
        last_snapshot_created: line.newest.as_ref().and_then(created),
        schedule: line.scheduled.clone().map(schedule::schedule),
    };
    Workloads { workloads: lines.iter().map(one).collect() }
}

/// When a snapshot was taken; none if it does not say.
fn created(listed: &StoredSnapshot) -> Option<jiff::Timestamp> {
    listed.descriptor.as_ref().ok().map(|descriptor| descriptor.manifest.created)
}

/// Everything there is to know about one.
pub struct Whole<'a> {
    pub workload: &'a Workload,
    pub observed: Observation,
    pub resolution: Resolution,
    /// Why nothing may be done to it now.
    pub blocked: Vec<Failure>,
    pub newest: Option<StoredSnapshot>,
    /// How many there are.
    pub snapshots: usize,
    pub history: Deployments,
    /// What has come in the place of the instance that was known, and what stands beside it.
    pub beside: Vec<Failure>,
    /// None without a schedule.
    pub scheduled: Option<Scheduled>,
    /// How long the app was down or frozen for the last snapshot.
    pub expected: Option<Duration>,
}

pub fn whole<'a>(host: &'a Host, id: &str) -> Result<Whole<'a>> {
    let workload = host.config.workload(id)?;
    let (mut newest, older) = host.store.newest(&workload.id, 1)?;
    let newest = newest.pop();
    Ok(Whole {
        workload,
        observed: host.runtime(workload)?.observe(&workload.id)?,
        resolution: resolve::resolve(&host.config, workload),
        blocked: host.in_the_way(workload)?,
        snapshots: older + usize::from(newest.is_some()),
        newest,
        history: host.deployer.history().read(&workload.id)?,
        beside: host.runtime(workload)?.beside(&workload.id)?,
        scheduled: host.scheduled(workload)?,
        expected: host.expected_interruption(workload),
    })
}

/// One workload: what it is, how it does, and what stands in its way.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct WholeWorkload {
    pub id: String,
    pub project: String,
    pub stage: String,
    pub runtime: String,
    pub state: WorkloadState,
    /// None if it was never deployed.
    pub image: Option<Image>,
    /// What a rollback goes back to.
    pub previous_image: Option<String>,
    pub preview_image: Option<String>,
    pub links: String,
    pub volumes: Vec<WorkloadVolume>,
    pub skipped: Vec<SkippedVolume>,
    /// Volumes that are only mounted, never captured and never restored.
    #[serde(default)]
    pub uncaptured: Vec<UncapturedVolume>,
    /// What is wrong with its volumes.
    pub refusals: Vec<Failure>,
    /// Why nothing may be done to it now.
    pub blocked: Vec<Failure>,
    /// What has come in the place of the instance that was known, and what stands beside it and could be started.
    #[serde(default)]
    pub beside: Vec<Failure>,
    pub last_snapshot: Option<String>,
    /// None without a schedule.
    #[serde(default)]
    pub schedule: Option<Schedule>,
    /// What is done to the app while a snapshot is taken.
    #[serde(default)]
    pub consistency: Consistency,
    /// How long it may be frozen.
    #[serde(default)]
    pub pause_limit_ms: u64,
    /// How long it was down or frozen for the last snapshot that was taken so; none if nobody knows.
    #[serde(default)]
    pub expected_interruption_ms: Option<u64>,
}

/// Where a volume is.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct WorkloadVolume {
    pub name: String,
    pub scope: String,
    pub path: String,
    pub exists: bool,
    /// Where the app sees it.
    pub target: String,
}

/// A volume with `capture = false`.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct UncapturedVolume {
    pub name: String,
    pub path: String,
    /// Where the app sees it.
    pub target: String,
}

pub fn whole_document(whole: &Whole<'_>) -> WholeWorkload {
    let Whole { workload, observed, resolution, .. } = whole;
    let image_of = |spec: &Option<DeploySpec>| spec.as_ref().map(|spec| spec.image.clone());
    let volumes = resolution.volumes.iter().map(|volume| WorkloadVolume {
        name: volume.name.clone(),
        scope: volume.scope.as_str().to_owned(),
        path: text(&volume.path),
        exists: volume.exists,
        target: text(&volume.target),
    });
    let uncaptured = resolution.uncaptured.iter().map(|mount| UncapturedVolume {
        name: mount.volume.clone(),
        path: text(&mount.live),
        target: text(&mount.target),
    });
    WholeWorkload {
        id: workload.id.clone(),
        project: workload.project.clone(),
        stage: workload.stage.clone(),
        runtime: workload.runtime.as_str().to_owned(),
        state: observed.state.into(),
        image: observed.spec.as_ref().map(image),
        previous_image: image_of(&whole.history.previous),
        preview_image: image_of(&whole.history.preview),
        links: workload.links.as_str().to_owned(),
        volumes: volumes.collect(),
        skipped: resolution.skipped.clone(),
        uncaptured: uncaptured.collect(),
        refusals: resolution.refusals.clone(),
        blocked: whole.blocked.clone(),
        beside: whole.beside.clone(),
        last_snapshot: whole.newest.as_ref().map(|newest| newest.id.clone()),
        schedule: whole.scheduled.clone().map(schedule::schedule),
        consistency: workload.capturing.consistency,
        pause_limit_ms: milliseconds(workload.capturing.pause_limit),
        expected_interruption_ms: whole.expected.map(milliseconds),
    }
}

fn image(spec: &DeploySpec) -> Image {
    Image { reference: spec.image.clone(), digest: spec.image_digest.clone() }
}

/// What a deploy or stop has led to. After a stop there is no image and no health.
#[derive(Serialize, ToSchema)]
pub struct DeployedWorkload {
    /// Its id, or its preview's name.
    pub workload: String,
    pub state: WorkloadState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// `healthy` or `unconfirmed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<&'static str>,
    /// How that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Message>,
    /// Directories that were made for volumes, which are empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<MadeDirectory>,
}

/// A directory that a deploy made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeDirectory {
    pub volume: String,
    pub path: String,
}

pub fn deployed(done: &Deployed) -> DeployedWorkload {
    DeployedWorkload {
        workload: done.name.clone(),
        state: if done.spec.is_some() { WorkloadState::Running } else { WorkloadState::Stopped },
        image: done.spec.as_ref().map(image),
        health: done.health.as_ref().map(|report| health(report.health)),
        reason: done.health.as_ref().map(|report| report.reason.clone()),
        made: done.made.iter().map(made).collect(),
    }
}

fn made(made: &Made) -> MadeDirectory {
    MadeDirectory { volume: made.volume.clone(), path: made.path.display().to_string() }
}

/// The word for how a deployed app does; one that is bad is a failure.
pub fn health(health: Health) -> &'static str {
    match health {
        Health::Unknown => "unconfirmed",
        Health::Healthy => "healthy",
        Health::ConfirmedBad => "bad",
    }
}

fn state(host: &Host, workload: &Workload) -> Result<AppState> {
    Ok(host.runtime(workload)?.observe(&workload.id)?.state)
}
