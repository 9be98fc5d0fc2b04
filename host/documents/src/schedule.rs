//! Snapshots by themselves: what is due and what came of it, which stay and why, pins.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use reforge_base::failure::Result;
use reforge_config::Workload;
use reforge_host::host::{Dealt, Host, Judged, Scheduled};

/// How far a workload is with its schedule.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Schedule {
    /// When the next snapshot begins. None if none is due any more.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next: Option<jiff::Timestamp>,
    /// The newest that was due.
    pub last: Option<Dealt>,
    /// Whether one is missing for longer than it may take.
    pub overdue: bool,
    /// When that one was due.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub overdue_since: Option<jiff::Timestamp>,
}

pub fn schedule(scheduled: Scheduled) -> Schedule {
    Schedule {
        next: scheduled.next.map(|slot| slot.starts),
        last: scheduled.newest,
        overdue: scheduled.overdue.is_some(),
        overdue_since: scheduled.overdue,
    }
}

/// That of a workload; none if it has none.
pub fn of(host: &Host, workload: &Workload) -> Result<Option<Schedule>> {
    Ok(host.scheduled(workload)?.map(schedule))
}

/// What was due, and what is due next.
#[derive(Serialize, ToSchema)]
pub struct DueSnapshots {
    pub due: Vec<Dealt>,
    pub next: Vec<NextSnapshot>,
}

/// When a workload's next snapshot begins.
#[derive(Serialize, ToSchema)]
pub struct NextSnapshot {
    pub workload: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next: Option<jiff::Timestamp>,
}

pub fn due(host: &Host, due: Vec<Dealt>) -> Result<DueSnapshots> {
    let mut next = Vec::new();
    for workload in &host.config.workloads {
        if let Some(schedule) = of(host, workload)? {
            next.push(NextSnapshot { workload: workload.id.clone(), next: schedule.next });
        }
    }
    Ok(DueSnapshots { due, next })
}

/// Which snapshots of a workload stay, and why; newest first.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct Retention {
    pub workload: String,
    /// Whether nothing was deleted: what is not kept would be.
    pub dry_run: bool,
    pub snapshots: Vec<RetainedSnapshot>,
    /// Bytes of the archives that went or would go.
    pub freed_bytes: u64,
}

/// One of them.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct RetainedSnapshot {
    pub id: String,
    /// None if it does not read.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created: Option<jiff::Timestamp>,
    pub kept: bool,
    /// Why: `last`, `hourly`, `daily`, `weekly`, `monthly`, `yearly`, `newest`, `pinned`, `restore`, `safety`, `imported`,
    /// `damaged`, `no-rule`.
    pub reasons: Vec<String>,
}

pub fn retention(workload: &str, dry_run: bool, judged: &[Judged]) -> Retention {
    let one = |judged: &Judged| RetainedSnapshot {
        id: judged.id.clone(),
        created: judged.created,
        kept: !judged.goes(),
        reasons: judged.stays.iter().map(|stays| stays.as_str().to_owned()).collect(),
    };
    let freed_bytes = judged.iter().filter(|one| one.goes()).map(|one| one.bytes).sum();
    Retention { workload: workload.to_owned(), dry_run, snapshots: judged.iter().map(one).collect(), freed_bytes }
}

/// One that is pinned or not any more.
#[derive(Serialize, ToSchema)]
pub struct PinnedSnapshot {
    pub id: String,
    pub pinned: bool,
}
