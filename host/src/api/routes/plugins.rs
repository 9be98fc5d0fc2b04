//! Restore plugins: which there are, and which one is in use.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answered;
use crate::api::answer::Document;
use crate::api::body::{self, Path, Query};
use crate::api::caller::{Admin, Viewer};
use crate::api::describe::{Confirmed, Look};
use crate::api::guard;
use crate::api::problem::Problem;
use crate::api::shared::Shared;
use crate::api::transfer;
use crate::documents::plugin as documents;
use crate::failure::Failure;
use crate::plugins::registry::Registry;
use crate::plugins::registry::install::{Request as Asked, Workshop};
use crate::plugins::{Plugin, changes};

pub fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new().routes(routes!(list, install)).routes(routes!(select)).routes(routes!(remove))
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

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Signed {
    /// The text of its detached minisign signature
    signature: Option<String>,
}

/// Checks the plugin that is the body, with every promise, and keeps it for use
#[utoipa::path(post, path = "/api/v1/plugins", tag = "plugins", params(Signed, ("X-Confirm-Restore" = String, Header, description = "The SHA-256 of the plugin, hexadecimal")),
    request_body(content = String, description = "A component; `application/wasm` is as good", content_type = "application/octet-stream"), security(("token" = [])),
    responses((status = 201, description = "It is installed", body = Document), Confirmed))]
async fn install(
    admin: Admin,
    State(shared): State<Arc<Shared>>,
    Query(signed): Query<Signed>,
    request: Request,
) -> Answered {
    body::require_type(request.headers(), &["application/wasm", "application/octet-stream"])?;
    let sha256 = guard::confirmation(request.headers())?;
    let carrying = shared.carrying().await?;
    let directory = shared.host.state.cache();
    let made = || tempfile::Builder::new().prefix(".upload-").tempdir_in(&directory);
    let place = made().map_err(|error| Failure::io("write in", &directory, &error))?;
    let file = place.path().join("plugin.wasm");
    let failed = |error: std::io::Error| Failure::io("write", &file, &error);
    let out = std::fs::File::create(&file).map_err(failed)?;
    transfer::receive(request, out, transfer::PLUGIN_BYTES_MAX).await?;
    if let Some(signature) = signed.signature {
        std::fs::write(file.with_extension("wasm.minisig"), signature).map_err(failed)?;
    }
    drop(carrying);
    shared
        .change(move |shared| {
            let compiler = shared.compiler();
            let workshop = Workshop {
                engine: shared.slot.engine(),
                state: &shared.host.state,
                compiler: &compiler,
                step: &|_| {},
            };
            let request = Asked { file, sha256: Some(sha256), signature: None, who: admin.who() };
            let installed = changes::install(&shared.host, &workshop, &request, "an upload")?;
            drop(place);
            let location = format!("/api/v1/plugins/{}", installed.digest);
            Ok(Document::new(documents::installed(&installed, false)).begun(StatusCode::CREATED, &location))
        })
        .await
}
