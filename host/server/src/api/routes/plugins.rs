//! Restore plugins: which there are, and which one is in use.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answered;
use crate::api::answer::Document;
use crate::api::body::{self, Path, Query};
use crate::api::caller::Viewer;
use crate::api::confirmation::Confirmed;
use crate::api::describe::{Confirm, Look};
use crate::api::problem::Problem;
use crate::api::shared::Shared;
use crate::api::transfer;
use reforge_conformance::changes;
use reforge_documents::plugin::{self as documents, InstalledPlugin, Plugins, SelectedPlugin};
use reforge_plugins::Plugin;
use reforge_plugins::limits::PLUGIN_BYTES_MAX;
use reforge_plugins::registry::BUILT_IN;
use reforge_plugins::registry::install::{InstallRequest as Asked, Source};

pub(super) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new().routes(routes!(list, install)).routes(routes!(select)).routes(routes!(remove))
}

/// Every plugin that can be used, and the one that is
#[utoipa::path(get, path = "/api/v1/plugins", tag = "plugins", security(("token" = [])), responses((status = 200, description = "All of them", body = Plugins), Look))]
async fn list(_: Viewer, State(shared): State<Arc<Shared>>) -> Result<Document, Problem> {
    shared
        .look(|shared| {
            let registry = shared.host.registry();
            let built_in = Plugin::embedded(shared.active_plugin.engine())?;
            let in_use = shared.plugin().ok();
            let says = built_in.describe()?;
            let mut document =
                documents::list(&registry.list()?, in_use.as_ref().map(Plugin::digest), &built_in, &says);
            document.file = shared.plugin_file.as_ref().map(|file| file.display().to_string());
            document.error = shared.active_plugin.refused();
            Ok(Document::new(document))
        })
        .await
}

/// What is acted on, found by what the path says and confirmed by what it is: its digest, or `built-in`.
fn meant(shared: &Shared, confirmed: &Confirmed, wanted: &str) -> Result<String, Problem> {
    let found = shared.host.registry().find(wanted);
    let id = found.map(|found| found.map_or_else(|| BUILT_IN.to_owned(), |one| one.digest));
    confirmed.meant(&shared.host, id.map_err(Problem::from))
}

/// Puts a plugin in use, with no restart: the next restore takes it, those that run end on theirs
#[utoipa::path(post, path = "/api/v1/plugins/{plugin}/use", tag = "plugins", params(("plugin" = String, Path, description = "The beginning of a digest, a name, `NAME@VERSION`, `previous` or `built-in`"), ("X-Confirm-Restore" = String, Header, description = "The whole digest of the plugin that this is, or `built-in`")), security(("token" = [])), responses((status = 200, description = "It is selected, and `in_use` unless a `file` goes before it", body = SelectedPlugin), Confirm))]
async fn select(
    confirmed: Confirmed,
    State(shared): State<Arc<Shared>>,
    Path(wanted): Path<String>,
) -> Result<Document, Problem> {
    shared
        .change(move |shared| {
            let wanted = meant(shared, &confirmed, &wanted)?;
            let selected = changes::select(&shared.host, shared.active_plugin.engine(), &wanted, &confirmed.who())?;
            Ok(Document::new(documents::selected(selected.as_ref(), shared.plugin_file.as_deref())))
        })
        .await
}

/// Removes a plugin that is not in use
#[utoipa::path(delete, path = "/api/v1/plugins/{plugin}", tag = "plugins", params(("plugin" = String, Path, description = "The beginning of a digest, a name or `NAME@VERSION`"), ("X-Confirm-Restore" = String, Header, description = "The whole digest of the plugin that this is")), security(("token" = [])), responses((status = 200, description = "It is removed", body = InstalledPlugin), Confirm))]
async fn remove(
    confirmed: Confirmed,
    State(shared): State<Arc<Shared>>,
    Path(wanted): Path<String>,
) -> Result<Document, Problem> {
    shared
        .change(move |shared| {
            let wanted = meant(shared, &confirmed, &wanted)?;
            let removed = changes::remove(&shared.host, &wanted, &confirmed.who())?;
            Ok(Document::new(documents::installed(&removed, false)))
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
    responses((status = 201, description = "It is installed", body = InstalledPlugin), Confirm))]
async fn install(
    confirmed: Confirmed,
    State(shared): State<Arc<Shared>>,
    Query(signed): Query<Signed>,
    request: Request,
) -> Answered {
    body::require_type(request.headers(), &["application/wasm", "application/octet-stream"])?;
    let carrying = shared.carrying().await?;
    let file = transfer::receive(request, shared.host.state.cache(), PLUGIN_BYTES_MAX as u64).await?;
    drop(carrying);
    shared
        .change(move |shared| {
            let source = Source::Upload { file, signature: signed.signature };
            let request = Asked { source, sha256: Some(confirmed.given()), who: confirmed.who() };
            let installed = changes::install(&shared.host, shared.active_plugin.engine(), &|_| {}, &request)?;
            let location = format!("/api/v1/plugins/{}", installed.digest);
            Ok(Document::new(documents::installed(&installed, false)).begun(StatusCode::CREATED, &location))
        })
        .await
}
