//! Restore plugins: which there are, and which one is in use.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::answer::Document;
use crate::api::body::Path;
use crate::api::caller::{Admin, Viewer};
use crate::api::describe::{Confirmed, Look};
use crate::api::guard;
use crate::api::problem::Problem;
use crate::api::shared::Shared;
use crate::documents::plugin as documents;
use crate::plugins::registry::Registry;
use crate::plugins::{Plugin, changes};

pub fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(select)).routes(routes!(remove))
}

/// Every plugin that can be used, and the one that is
#[utoipa::path(get, path = "/api/v1/plugins", tag = "plugins", security(("token" = [])), responses((status = 200, description = "`built_in`, `plugins` and the one `in_use`", body = Document), Look))]
async fn list(_: Viewer, State(shared): State<Arc<Shared>>) -> Result<Document, Problem> {
    shared
        .look(|shared| {
            let registry = Registry::new(&shared.host.state, &shared.host.config);
            let (installed, active) = (registry.list()?, registry.active()?.map(|one| one.digest));
            let built_in = Plugin::embedded(shared.slot.engine())?;
            let mut document = documents::list(&installed, active.as_deref(), &built_in, &built_in.describe()?);
            document["in_use"] = json!(shared.plugin().digest());
            document["file"] = json!(shared.plugin_file);
            document["error"] = json!(shared.slot.refused());
            Ok(Document::new(document))
        })
        .await
}

/// Puts a plugin in use, with no restart: the next restore takes it, those that run end on theirs
#[utoipa::path(post, path = "/api/v1/plugins/{plugin}/use", tag = "plugins", params(("plugin" = String, Path, description = "The beginning of a digest, a name, `NAME@VERSION`, `previous` or `built-in`"), ("X-Confirm-Restore" = String, Header, description = "The same")), security(("token" = [])), responses((status = 200, description = "It is in use", body = Document), Confirmed))]
async fn select(
    admin: Admin,
    State(shared): State<Arc<Shared>>,
    Path(wanted): Path<String>,
    headers: HeaderMap,
) -> Result<Document, Problem> {
    guard::confirmed(&guard::confirmation(&headers)?, &wanted)?;
    shared
        .change(move |shared| {
            let selected = changes::select(&shared.host, shared.slot.engine(), &wanted, &admin.who())?;
            let document = selected.map_or_else(|| json!({ "digest": null }), |one| documents::installed(&one, true));
            Ok(Document::new(document))
        })
        .await
}

/// Removes a plugin that is not in use
#[utoipa::path(delete, path = "/api/v1/plugins/{plugin}", tag = "plugins", params(("plugin" = String, Path, description = "The beginning of a digest, a name or `NAME@VERSION`"), ("X-Confirm-Restore" = String, Header, description = "The same")), security(("token" = [])), responses((status = 200, description = "It is removed", body = Document), Confirmed))]
async fn remove(
    admin: Admin,
    State(shared): State<Arc<Shared>>,
    Path(wanted): Path<String>,
    headers: HeaderMap,
) -> Result<Document, Problem> {
    guard::confirmed(&guard::confirmation(&headers)?, &wanted)?;
    shared
        .change(move |shared| {
            Ok(Document::new(documents::installed(&changes::remove(&shared.host, &wanted, &admin.who())?, false)))
        })
        .await
}
