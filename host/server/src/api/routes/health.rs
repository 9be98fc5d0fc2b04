//! The host itself: whether it runs, who asks, what a start did, what was done.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answered;
use crate::api::answer::Document;
use crate::api::body::Query;
use crate::api::caller::Viewer;
use crate::api::describe::{Look, Open};
use crate::api::problem::Problem;
use crate::api::shared::Shared;
use reforge_base::message;
use reforge_documents::host::{Me, Recovery, Unfinished};
use reforge_host::audit::AuditLines;
use reforge_transaction::registry;

/// Lines of the audit log that are answered at most.
const LINES_MAX: usize = 1000;

pub(super) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .routes(routes!(me))
        .routes(routes!(recovery))
        .routes(routes!(metrics))
        .routes(routes!(audit))
}

/// It answers.
#[derive(Serialize, ToSchema)]
struct Healthy {
    /// Always true.
    healthy: bool,
}

/// Whether the host answers
#[utoipa::path(get, path = "/healthz", tag = "host", responses((status = 200, description = "It does", body = Healthy), Open))]
async fn healthz() -> Document {
    Document::new(Healthy { healthy: true })
}

/// It can be asked for something.
#[derive(Serialize, ToSchema)]
struct Ready {
    /// Always true.
    ready: bool,
}

/// Whether it can be asked for something: nothing answers before what a crash left was settled
#[utoipa::path(get, path = "/readyz", tag = "host", responses((status = 200, description = "It can", body = Ready), Open))]
async fn readyz(State(shared): State<Arc<Shared>>) -> Result<Document, Problem> {
    match shared.is_stopping() {
        true => Err(Problem::stopping()),
        false => Ok(Document::new(Ready { ready: true })),
    }
}

/// Whose token this is
#[utoipa::path(get, path = "/api/v1/me", tag = "host", security(("token" = [])), responses((status = 200, description = "Its name and role", body = Me), Look))]
async fn me(Viewer(token): Viewer) -> Document {
    Document::new(Me { name: token.name, role: token.role })
}

/// What the start did about unfinished restores, and which are unfinished now
#[utoipa::path(get, path = "/api/v1/recovery", tag = "host", security(("token" = [])), responses((status = 200, description = "Both", body = Recovery), Look))]
async fn recovery(_: Viewer, State(shared): State<Arc<Shared>>) -> Result<Document, Problem> {
    shared
        .look(|shared| {
            let entries = registry::read_open(&shared.host.state.transactions())?;
            let unfinished = entries.iter().filter_map(|entry| {
                let why = entry.blocks()?;
                let running = shared.runs.find(entry.id()).is_some_and(|run| run.running().is_some());
                Some(Unfinished { id: entry.id().to_owned(), running, error: (!running).then_some(why) })
            });
            Ok(Document::new(Recovery { recovered: shared.recovered.clone(), unfinished: unfinished.collect() }))
        })
        .await
}

/// Figures for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "host", security(("token" = [])),
    responses((status = 200, description = "OpenMetrics", body = String, content_type = crate::api::metrics::CONTENT_TYPE), Look))]
async fn metrics(_: Viewer, State(shared): State<Arc<Shared>>) -> Answered {
    let running = shared.runs.running().len();
    let text = shared.look(move |shared| Ok(shared.metrics.text(&shared.host, running)?)).await?;
    Ok(([(header::CONTENT_TYPE, crate::api::metrics::CONTENT_TYPE)], text).into_response())
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Lines {
    /// How many
    #[param(minimum = 1, maximum = 1000)]
    lines: Option<usize>,
}

/// The newest lines of the audit log, oldest first
#[utoipa::path(get, path = "/api/v1/audit", tag = "host", params(Lines), security(("token" = [])), responses((status = 200, description = "The lines", body = AuditLines), Look))]
async fn audit(_: Viewer, State(shared): State<Arc<Shared>>, Query(asked): Query<Lines>) -> Result<Document, Problem> {
    let lines = asked.lines.unwrap_or(20);
    if !(1..=LINES_MAX).contains(&lines) {
        let detail = message!("lines-is", lines);
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "usage",
            detail,
            message!("ask-for-1-to", limit = LINES_MAX),
        ));
    }
    shared.look(move |shared| Ok(Document::new(shared.host.audit().newest(lines)?))).await
}
