//! Notifications: what waits, and a message that is sent for real.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::answer::Document;
use crate::api::body::Query;
use crate::api::caller::{Admin, Viewer};
use crate::api::describe::{Change, Look};
use crate::api::problem::Problem;
use crate::api::shared::Shared;
use reforge_documents::notification::{self as documents, NotificationTests, Notifications};

pub(super) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(test))
}

/// Every channel, and every message that waits or was given up
#[utoipa::path(get, path = "/api/v1/notifications", tag = "host", security(("token" = [])), responses((status = 200, description = "All of them", body = Notifications), Look))]
async fn list(_: Viewer, State(shared): State<Arc<Shared>>) -> Result<Document, Problem> {
    shared.look(|shared| Ok(Document::new(documents::list(&shared.host)?))).await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// One by its name; else all
    channel: Option<String>,
}

/// Sends a message for real and says of each channel what came back
#[utoipa::path(post, path = "/api/v1/notifications/test", tag = "host", params(Which), security(("token" = [])), responses((status = 200, description = "What came back", body = NotificationTests), Change))]
async fn test(
    admin: Admin,
    State(shared): State<Arc<Shared>>,
    Query(Which { channel }): Query<Which>,
) -> Result<Document, Problem> {
    let who = admin.who();
    let test = move |shared: &Shared| {
        let tried = shared.host.test_channels(channel.as_deref(), &who)?;
        Ok(Document::new(documents::tests(tried)))
    };
    shared.work(test).await
}
