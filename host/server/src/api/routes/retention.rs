//! Which snapshots stay: what a pruning would leave, the pruning, and pins.

use std::sync::Arc;

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::answer::Document;
use crate::api::body::Path;
use crate::api::caller::{Admin, Viewer};
use crate::api::confirmation::Confirmed;
use crate::api::describe::{Change, Confirm, Look};
use crate::api::problem::Problem;
use crate::api::shared::Shared;
use reforge_documents::schedule::{self as documents, PinnedSnapshot, Retention};

pub(super) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new().routes(routes!(retention)).routes(routes!(prune)).routes(routes!(pin)).routes(routes!(unpin))
}

/// Which snapshots a pruning would keep and why; deletes nothing
#[utoipa::path(get, path = "/api/v1/workloads/{workload}/retention", tag = "snapshots", params(("workload" = String, Path)), security(("token" = [])), responses((status = 200, description = "All of them", body = Retention), Look))]
async fn retention(_: Viewer, State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Result<Document, Problem> {
    shared
        .look(move |shared| {
            let workload = shared.host.config.workload(&id)?;
            let judged = shared.host.judge_snapshots(workload)?;
            Ok(Document::new(documents::retention(&workload.id, true, &judged)))
        })
        .await
}

/// Deletes the snapshots that `keep` drops
#[utoipa::path(post, path = "/api/v1/workloads/{workload}/prune", tag = "snapshots", params(("workload" = String, Path), ("X-Confirm-Restore" = String, Header, description = "The workload's id")), security(("token" = [])), responses((status = 200, description = "What stayed and what went", body = Retention), Confirm))]
async fn prune(
    confirmed: Confirmed,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Document, Problem> {
    let progress = shared.progress();
    shared
        .change(move |shared| {
            let known = shared.host.config.workload(&id).map(|workload| workload.id.clone());
            let id = confirmed.meant(&shared.host, known.map_err(Problem::from))?;
            let judged = shared.host.prune_snapshots(&id, false, &confirmed.who(), &progress.cancelled)?;
            Ok(Document::new(documents::retention(&id, false, &judged)))
        })
        .await
}

/// Pins a snapshot: nothing deletes it until it is unpinned
#[utoipa::path(post, path = "/api/v1/workloads/{workload}/snapshots/{snapshot}/pin", tag = "snapshots", params(("workload" = String, Path), ("snapshot" = String, Path)), security(("token" = [])), responses((status = 200, description = "It is pinned", body = PinnedSnapshot), Change))]
async fn pin(
    admin: Admin,
    State(shared): State<Arc<Shared>>,
    Path(named): Path<(String, String)>,
) -> Result<Document, Problem> {
    set_pin(admin, shared, named, true).await
}

/// Takes the pin of a snapshot away; it may then be deleted and pruned
#[utoipa::path(post, path = "/api/v1/workloads/{workload}/snapshots/{snapshot}/unpin", tag = "snapshots", params(("workload" = String, Path), ("snapshot" = String, Path)), security(("token" = [])), responses((status = 200, description = "It is not pinned", body = PinnedSnapshot), Change))]
async fn unpin(
    admin: Admin,
    State(shared): State<Arc<Shared>>,
    Path(named): Path<(String, String)>,
) -> Result<Document, Problem> {
    set_pin(admin, shared, named, false).await
}

async fn set_pin(
    admin: Admin,
    shared: Arc<Shared>,
    (id, snapshot): (String, String),
    pinned: bool,
) -> Result<Document, Problem> {
    let progress = shared.progress();
    shared
        .change(move |shared| {
            let (who, cancelled) = (admin.who(), &progress.cancelled);
            let id = match pinned {
                true => shared.host.pin_snapshot(&id, &snapshot, &who, cancelled)?,
                false => shared.host.unpin_snapshot(&id, &snapshot, &who, cancelled)?,
            };
            Ok(Document::new(PinnedSnapshot { id, pinned }))
        })
        .await
}
