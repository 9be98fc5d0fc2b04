//! The two webhooks. A signature over the body says who sends it; the deploy waits for its turn, and the answer does not
//! wait for the deploy.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::health::Answered;
use crate::api::answer::Document;
use crate::api::body::{self, Path};
use crate::api::caller;
use crate::api::describe::Change;
use crate::api::problem::Problem;
use crate::api::shared::Shared;
use crate::deployer::dispatch::DeployRequest;

/// The longest delivery.
const BODY_BYTES_MAX: usize = 1 << 20;
/// As the large forges call it.
const SIGNATURE: &str = "X-Hub-Signature-256";
/// Who asks, for the audit log.
const WHO: &str = "a webhook";

pub fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new().routes(routes!(deploy)).routes(routes!(generic))
}

/// Deploys a workload as configured, whatever the body says. The same body is taken once
#[utoipa::path(post, path = "/api/v1/workloads/{workload}/hooks/deploy", tag = "webhooks",
    params(("workload" = String, Path), ("X-Hub-Signature-256" = String, Header, description = "`sha256=` and the HMAC-SHA256 of the body, hexadecimal")),
    request_body(content = String, content_type = "application/json"),
    responses((status = 202, description = "It is taken", body = Document), (status = 200, description = "It was taken before", body = Document), Change))]
async fn deploy(State(shared): State<Arc<Shared>>, Path(workload): Path<String>, request: Request) -> Answered {
    let (delivery, _) = signed(&shared, request).await?;
    // A body that was signed for one workload is another delivery for the next.
    take(shared, format!("{delivery} deploy {workload}"), None, DeployRequest::Deploy { workload }).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Ask {
    /// Anything that no other delivery has
    delivery: String,
    action: Action,
}

/// What to do
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
enum Action {
    Deploy { workload: String },
    Rollback { workload: String },
    Promote { from: String, workload: String },
    Preview { workload: String, image: String },
}

/// Deploys, rolls back, promotes or previews, as the body says. The same body is taken once
#[utoipa::path(post, path = "/api/v1/hooks", tag = "webhooks",
    params(("X-Hub-Signature-256" = String, Header, description = "`sha256=` and the HMAC-SHA256 of the body, hexadecimal")),
    request_body = Ask,
    responses((status = 202, description = "It is taken", body = Document), (status = 200, description = "It was taken before", body = Document), Change))]
async fn generic(State(shared): State<Arc<Shared>>, request: Request) -> Answered {
    body::require_type(request.headers(), &["application/json"])?;
    let (delivery, bytes) = signed(&shared, request).await?;
    let Ask { delivery: name, action } = body::parse(&bytes)?;
    let request = match action {
        Action::Deploy { workload } => DeployRequest::Deploy { workload },
        Action::Rollback { workload } => DeployRequest::Rollback { workload },
        Action::Promote { from, workload } => DeployRequest::Promote { from, to: workload },
        Action::Preview { workload, image } => DeployRequest::Preview { workload, image },
    };
    take(shared, format!("{delivery} generic"), Some(name), request).await
}

/// The delivery and its body, if it is signed.
async fn signed(shared: &Arc<Shared>, request: Request) -> Result<(String, axum::body::Bytes), Problem> {
    if !shared.hooks.are_there() {
        let hint = "name a `webhook_secret_file` in `[api]`";
        return Err(Problem::new(StatusCode::NOT_FOUND, "not-found", "this host has no webhooks", hint));
    }
    let (parts, content) = request.into_parts();
    let signature = parts.headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let bytes = body::read(Request::from_parts(parts.clone(), content), BODY_BYTES_MAX).await?;
    match shared.hooks.delivery(&bytes, &signature) {
        Some(delivery) => Ok((delivery, bytes)),
        None => Err(caller::unsigned(&parts, shared).await),
    }
}

async fn take(shared: Arc<Shared>, delivery: String, name: Option<String>, request: DeployRequest) -> Answered {
    shared
        .work(move |shared| {
            shared.host.config.workload(request.workload())?;
            let status = match shared.hooks.take(&delivery)? {
                true => {
                    shared.hooks.ask(&shared.host, request, WHO)?;
                    StatusCode::ACCEPTED
                }
                false => StatusCode::OK,
            };
            Ok(Document::new(json!({ "delivery": name, "taken": status == StatusCode::ACCEPTED })).with(status))
        })
        .await
}
