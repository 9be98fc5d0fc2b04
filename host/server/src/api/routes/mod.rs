//! What can be asked, a file per thing. Each route is one call of the function that its command makes, too.

mod decisions;
mod deploys;
mod drills;
mod health;
mod hooks;
mod looking;
mod notifications;
mod plugins;
mod restores;
mod retention;
mod snapshots;
mod workloads;

use reforge_base::message;
use std::sync::{Arc, LazyLock};

use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use utoipa::{OpenApi, openapi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::count::count;
use super::describe::{Bearer, Open};
use super::guard;
use super::problem::Problem;
use super::shared::Shared;
use super::viewers;

/// For routes that answer with more than a document.
type Answered = Result<Response, Problem>;

#[derive(OpenApi)]
#[openapi(
    info(title = "Reforge", description = "Restores of app volumes: all or nothing."),
    modifiers(&Bearer),
    components(schemas(Problem)),
)]
struct Description;

/// The whole description.
pub fn openapi() -> openapi::OpenApi {
    described().1
}

/// Every route and its description.
pub(super) fn described() -> (Router<Arc<Shared>>, openapi::OpenApi) {
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(health::routes())
        .merge(workloads::routes())
        .merge(snapshots::routes())
        .merge(retention::routes())
        .merge(drills::routes())
        .merge(looking::routes())
        .merge(restores::routes())
        .merge(decisions::routes())
        .merge(deploys::routes())
        .merge(plugins::routes())
        .merge(hooks::routes())
        .merge(notifications::routes())
        .routes(routes!(description))
        .split_for_parts()
}

/// All of it and the page, behind what every request must pass.
pub(super) fn router(shared: &Arc<Shared>) -> Router {
    let api = guarded(described().0.fallback(nowhere), shared);
    page(&api, shared).fallback_service(api)
}

/// The API alone, behind the same, for somebody else's server: what is asked of it besides is theirs to answer.
pub(super) fn mounted(shared: &Arc<Shared>) -> Router {
    guarded(described().0, shared)
}

/// The page, too.
pub(super) fn mounted_with_page(shared: &Arc<Shared>) -> Router {
    let api = guarded(described().0.fallback(nowhere), shared);
    page(&api, shared).merge(mounted(shared))
}

fn guarded(router: Router<Arc<Shared>>, shared: &Arc<Shared>) -> Router {
    router
        .method_not_allowed_fallback(not_so)
        .layer(middleware::from_fn_with_state(shared.clone(), viewers::without_secrets))
        .layer(middleware::from_fn_with_state(shared.clone(), guard::same_site))
        .layer(middleware::from_fn_with_state(shared.clone(), count))
        .with_state(shared.clone())
}

fn page(api: &Router, shared: &Arc<Shared>) -> Router {
    crate::web::routes(api.clone()).layer(middleware::from_fn_with_state(shared.clone(), guard::same_site))
}

/// This description
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "host", responses((status = 200, description = "OpenAPI 3.1", body = super::answer::Document), Open))]
async fn description() -> Response {
    static DESCRIPTION: LazyLock<openapi::OpenApi> = LazyLock::new(|| described().1);
    Json(&*DESCRIPTION).into_response()
}

async fn nowhere() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not-found",
        message!("there-is-nothing-here"),
        message!("see-api-v1-openapi-json"),
    )
}

async fn not_so() -> Problem {
    let detail = message!("this-can-not-be-asked");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", detail, message!("see-api-v1-openapi-json"))
}
