//! The two webhooks. A signature over the body says who sends it; the deploy waits for its turn, and the answer does not
//! wait for the deploy.

use reforge_base::message;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answered;
use crate::api::answer::Document;
use crate::api::body::{self, Path};
use crate::api::caller;
use crate::api::describe::Change;
use crate::api::hooks::Hooks;
use crate::api::problem::Problem;
use crate::api::shared::Shared;
use reforge_deployer::dispatch::DeployRequest;

/// The longest delivery of a forge, of which nothing is kept.
const DELIVERY_BYTES_MAX: usize = 1 << 20;
/// As the large forges call it.
const SIGNATURE: &str = "X-Hub-Signature-256";

pub(super) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new().routes(routes!(deploy)).routes(routes!(generic))
}

/// Deploys a workload as configured, whatever the body says. The same body is taken once
#[utoipa::path(post, path = "/api/v1/workloads/{workload}/hooks/deploy", tag = "webhooks",
    params(("workload" = String, Path), ("X-Hub-Signature-256" = String, Header, description = "`sha256=` and the HMAC-SHA256 of the body, hexadecimal")),
    request_body(content = String, content_type = "application/json"),
    responses((status = 202, description = "It is taken", body = Taken), (status = 200, description = "It was taken before", body = Taken), Change))]
async fn deploy(State(shared): State<Arc<Shared>>, Path(workload): Path<String>, request: Request) -> Answered {
    let delivery = signed(&shared, request, DELIVERY_BYTES_MAX, |_| {}).await?;
    // A body that was signed for one workload is another delivery for the next.
    take(
        shared,
        format!("{delivery} deploy {workload}"),
        None,
        DeployRequest::Deploy { workload, make_empty: Vec::new(), replace: false },
    )
    .await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Ask {
    /// Anything that no other delivery has: one of the same name is taken to be the same
    delivery: String,
    action: Action,
}

/// What to do
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
enum Action {
    Deploy {
        workload: String,
        /// Volumes that get an empty directory although they have had another one
        #[serde(default)]
        make_empty: Vec<String>,
    },
    Rollback {
        workload: String,
    },
    Promote {
        from: String,
        workload: String,
    },
    Preview {
        workload: String,
        image: String,
    },
}

/// Deploys, rolls back, promotes or previews, as the body says. A `delivery` is taken once
#[utoipa::path(post, path = "/api/v1/hooks", tag = "webhooks",
    params(("X-Hub-Signature-256" = String, Header, description = "`sha256=` and the HMAC-SHA256 of the body, hexadecimal")),
    request_body = Ask,
    responses((status = 202, description = "It is taken", body = Taken), (status = 200, description = "It was taken before", body = Taken), Change))]
async fn generic(State(shared): State<Arc<Shared>>, request: Request) -> Answered {
    body::require_type(request.headers(), &["application/json"])?;
    let mut bytes = Vec::new();
    signed(&shared, request, body::JSON_BYTES_MAX, |piece| bytes.extend_from_slice(piece)).await?;
    let Ask { delivery: name, action } = body::parse(&bytes)?;
    let request = match action {
        Action::Deploy { workload, make_empty } => DeployRequest::Deploy { workload, make_empty, replace: false },
        Action::Rollback { workload } => DeployRequest::Rollback { workload },
        Action::Promote { from, workload } => DeployRequest::Promote { from, to: workload },
        Action::Preview { workload, image } => DeployRequest::Preview { workload, image },
    };
    // It may be long, and stands in a body that was signed.
    let delivery = hex::encode(Sha256::digest(name.as_bytes()));
    take(shared, format!("{delivery} generic"), Some(name), request).await
}

/// What tells the body from every other, if it is signed. Until that is known nothing of it is kept, unless `keep` does.
async fn signed(
    shared: &Arc<Shared>,
    request: Request,
    bytes_max: usize,
    mut keep: impl FnMut(&[u8]),
) -> Result<String, Problem> {
    let hooks = hooks(shared)?;
    let (parts, content) = request.into_parts();
    let given = parts.headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some(mut signature) = hooks.secret.signature(given) else {
        return Err(caller::unsigned(&parts, shared).await);
    };
    let request = Request::from_parts(parts.clone(), content);
    let piece = |piece: &[u8]| {
        signature.update(piece);
        keep(piece);
    };
    body::each_piece(request, bytes_max, piece).await?;
    match signature.verified() {
        Some(delivery) => Ok(delivery),
        None => Err(caller::unsigned(&parts, shared).await),
    }
}

fn hooks(shared: &Shared) -> Result<&Arc<Hooks>, Problem> {
    shared.hooks.as_ref().ok_or_else(|| {
        let hint = message!("name-a-webhook-secret-file");
        Problem::new(StatusCode::NOT_FOUND, "not-found", message!("this-host-has-no-webhooks"), hint)
    })
}

/// What became of a delivery.
#[derive(Serialize, ToSchema)]
struct Taken {
    /// As it called itself.
    delivery: Option<String>,
    /// False if it was taken before.
    taken: bool,
}

async fn take(shared: Arc<Shared>, delivery: String, name: Option<String>, request: DeployRequest) -> Answered {
    shared
        .work(move |shared| {
            if let Err(failure) = shared.host.config.workload(request.workload()) {
                return Err(hooks(shared)?.turned_down(&request, failure).into());
            }
            let taken = hooks(shared)?.take(&delivery, request)?;
            let status = if taken { StatusCode::ACCEPTED } else { StatusCode::OK };
            Ok(Document::new(Taken { delivery: name, taken }).with(status))
        })
        .await
}
