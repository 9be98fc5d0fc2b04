//! Workloads: what is configured and how it does.

use std::sync::Arc;

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::answer::Document;
use crate::api::body::Path;
use crate::api::caller::Viewer;
use crate::api::describe::Look;
use crate::api::problem::Problem;
use crate::api::shared::Shared;
use reforge_documents::workload::{self as documents, WholeWorkload, Workloads};

pub(super) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

/// All workloads
#[utoipa::path(get, path = "/api/v1/workloads", tag = "workloads", security(("token" = [])), responses((status = 200, description = "All of them", body = Workloads), Look))]
async fn list(_: Viewer, State(shared): State<Arc<Shared>>) -> Result<Document, Problem> {
    shared.look(|shared| Ok(Document::new(documents::list_document(&documents::list(&shared.host)?)))).await
}

/// One workload: state, image, volumes, what stands in its way
#[utoipa::path(get, path = "/api/v1/workloads/{workload}", tag = "workloads", params(("workload" = String, Path)), security(("token" = [])), responses((status = 200, description = "The workload", body = WholeWorkload), Look))]
async fn show(_: Viewer, State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Result<Document, Problem> {
    shared.look(move |shared| Ok(Document::new(documents::whole_document(&documents::whole(&shared.host, &id)?)))).await
}
