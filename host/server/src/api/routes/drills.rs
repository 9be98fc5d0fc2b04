//! Drills: what earlier ones said, and one more.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::answer::Document;
use crate::api::body::{Body, Path};
use crate::api::caller::{Admin, Viewer};
use crate::api::describe::{Change, Look};
use crate::api::problem::Problem;
use crate::api::shared::{CancelOnDrop, Shared};
use reforge_documents::drill::{self as documents, WorkloadDrills};
use reforge_drills::receipt::DrillReceipt;

pub(super) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new().routes(routes!(drills, drill))
}

/// What earlier drills of a workload said, newest first
#[utoipa::path(get, path = "/api/v1/workloads/{workload}/drills", tag = "snapshots", params(("workload" = String, Path)), security(("token" = [])), responses((status = 200, description = "All that are kept", body = WorkloadDrills), Look))]
async fn drills(_: Viewer, State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Result<Document, Problem> {
    shared.look(move |shared| Ok(Document::new(documents::of_workload(&shared.host, &id)?))).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Drill {
    /// The newest, unless said otherwise
    snapshot: Option<String>,
    /// On empty volumes: which probes prove nothing of the data
    #[serde(default)]
    empty: bool,
}

/// Starts the app a second time on a snapshot, isolated, and asks it; answers when it is over, and ends when its client is gone
#[utoipa::path(post, path = "/api/v1/workloads/{workload}/drills", tag = "snapshots", params(("workload" = String, Path)), request_body = Drill, security(("token" = [])), responses((status = 200, description = "What the drill said", body = DrillReceipt), Change))]
async fn drill(
    admin: Admin,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Body(asked): Body<Drill>,
) -> Result<Document, Problem> {
    let progress = shared.progress_of(&id);
    let _while_asked = CancelOnDrop::new(&progress);
    shared
        .work(move |shared| {
            let who = admin.who();
            let receipt = shared.drilling(&progress, &who, |drilling| match asked.empty {
                true => drilling.drill_on_empty(&id),
                false => drilling.drill(&id, asked.snapshot.as_deref()),
            })?;
            Ok(Document::new(receipt))
        })
        .await
}
