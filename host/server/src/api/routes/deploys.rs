//! Deploys of every kind: each is one request to the deployer, which takes the workload's lock.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::answer::Document;
use crate::api::body::{Body, Path, Query};
use crate::api::caller::Admin;
use crate::api::describe::Change;
use crate::api::problem::Problem;
use crate::api::shared::Shared;
use reforge_deployer::dispatch::DeployRequest;
use reforge_documents::workload::{self as documents, DeployedWorkload};

pub(super) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(deploy))
        .routes(routes!(rollback))
        .routes(routes!(stop))
        .routes(routes!(start))
        .routes(routes!(promote))
        .routes(routes!(preview))
}

async fn dispatch(admin: Admin, shared: Arc<Shared>, request: DeployRequest) -> Result<Document, Problem> {
    shared
        .change(move |shared| {
            let done = shared.host.dispatch(&request, false, &admin.who(), &|| shared.is_stopping())?;
            Ok(Document::new(documents::deployed(&done)))
        })
        .await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct HowToDeploy {
    /// Names of volumes, separated by commas, that get an empty directory although they have had another one
    make_empty: Option<String>,
    /// Also if that replaces something that this host did not make
    replace: Option<bool>,
}

/// Deploys a workload as configured; answers when its health is known
#[utoipa::path(post, path = "/api/v1/workloads/{workload}/deploy", tag = "deploys", params(("workload" = String, Path), HowToDeploy), security(("token" = [])), responses((status = 200, description = "It is deployed", body = DeployedWorkload), Change))]
async fn deploy(
    admin: Admin,
    State(shared): State<Arc<Shared>>,
    Path(workload): Path<String>,
    Query(asked): Query<HowToDeploy>,
) -> Result<Document, Problem> {
    let replace = asked.replace.unwrap_or_default();
    let make_empty = asked.make_empty.unwrap_or_default();
    let make_empty = make_empty.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    dispatch(admin, shared, DeployRequest::Deploy { workload, make_empty, replace }).await
}

/// Deploys the previous image, with the volumes as they are
#[utoipa::path(post, path = "/api/v1/workloads/{workload}/rollback", tag = "deploys", params(("workload" = String, Path)), security(("token" = [])), responses((status = 200, description = "It is deployed", body = DeployedWorkload), Change))]
async fn rollback(
    admin: Admin,
    State(shared): State<Arc<Shared>>,
    Path(workload): Path<String>,
) -> Result<Document, Problem> {
    dispatch(admin, shared, DeployRequest::Rollback { workload }).await
}

/// Stops a workload and its preview
#[utoipa::path(post, path = "/api/v1/workloads/{workload}/stop", tag = "deploys", params(("workload" = String, Path)), security(("token" = [])), responses((status = 200, description = "It is stopped", body = DeployedWorkload), Change))]
async fn stop(
    admin: Admin,
    State(shared): State<Arc<Shared>>,
    Path(workload): Path<String>,
) -> Result<Document, Problem> {
    dispatch(admin, shared, DeployRequest::Stop { workload }).await
}

/// Starts again what a stop has stopped; answers when its health is known
#[utoipa::path(post, path = "/api/v1/workloads/{workload}/start", tag = "deploys", params(("workload" = String, Path)), security(("token" = [])), responses((status = 200, description = "It runs", body = DeployedWorkload), Change))]
async fn start(
    admin: Admin,
    State(shared): State<Arc<Shared>>,
    Path(workload): Path<String>,
) -> Result<Document, Problem> {
    dispatch(admin, shared, DeployRequest::Start { workload }).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Promote {
    /// The workload whose image is taken
    from: String,
}

/// Deploys the image that runs as another stage of the project
#[utoipa::path(post, path = "/api/v1/workloads/{workload}/promote", tag = "deploys", params(("workload" = String, Path)), request_body = Promote, security(("token" = [])), responses((status = 200, description = "It is deployed", body = DeployedWorkload), Change))]
async fn promote(
    admin: Admin,
    State(shared): State<Arc<Shared>>,
    Path(to): Path<String>,
    Body(asked): Body<Promote>,
) -> Result<Document, Problem> {
    dispatch(admin, shared, DeployRequest::Promote { from: asked.from, to }).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Preview {
    /// The image to look at
    image: String,
}

/// Deploys another image beside the workload, with empty volumes
#[utoipa::path(post, path = "/api/v1/workloads/{workload}/preview", tag = "deploys", params(("workload" = String, Path)), request_body = Preview, security(("token" = [])), responses((status = 200, description = "It is deployed", body = DeployedWorkload), Change))]
async fn preview(
    admin: Admin,
    State(shared): State<Arc<Shared>>,
    Path(workload): Path<String>,
    Body(asked): Body<Preview>,
) -> Result<Document, Problem> {
    dispatch(admin, shared, DeployRequest::Preview { workload, image: asked.image }).await
}
