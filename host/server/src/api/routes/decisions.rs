//! What a person decides about a restore afterwards: taken back, ended, or, where only a person can, resolved.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answered;
use super::restores::{begun, refused};
use crate::api::answer::Document;
use crate::api::body::{Body, Path};
use crate::api::caller::Viewer;
use crate::api::confirmation::Confirmed;
use crate::api::describe::{Confirm, Look};
use crate::api::problem::Problem;
use crate::api::runs::{Run, Watched};
use crate::api::shared::Shared;
use reforge_documents::decision::{self as documents, Finished, Resolved, Trees};
use reforge_documents::restore::Restore;
use reforge_host::restore::{decide, undo};
use reforge_transaction::event::TransactionKind;
use reforge_transaction::resolve::Keep;

pub(super) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new().routes(routes!(undone)).routes(routes!(finish)).routes(routes!(trees)).routes(routes!(keep))
}

/// The whole id of the restore that was named and confirmed.
fn meant(shared: &Shared, confirmed: &Confirmed, id: &str) -> Result<String, Problem> {
    let found = decide::named(&shared.host, id).map(|named| named.id);
    confirmed.meant(&shared.host, found.map_err(Problem::from))
}

/// Begins an undo: the previous data is swapped back in. It goes on when its client is gone
#[utoipa::path(post, path = "/api/v1/restores/{restore}/undo", tag = "restores", params(("restore" = String, Path), ("X-Confirm-Restore" = String, Header, description = "The restore's whole id")), security(("token" = [])), responses((status = 202, description = "It has begun; `Location` says where it is", body = Restore), Confirm))]
async fn undone(confirmed: Confirmed, State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Answered {
    shared
        .change(move |shared| {
            let of = meant(shared, &confirmed, &id)?;
            let workload = decide::named(&shared.host, &of)?.workload.unwrap_or_default();
            let watched = Watched::of(&shared.host, &workload);
            let request = undo::Request { id: of.clone(), wait: false, who: confirmed.who() };
            let prepared = undo::prepare(&shared.host, &request, &watched.progress).map_err(refused)?;
            let kind = TransactionKind::Undo { of };
            let run = Run::new(prepared.id(), prepared.workload(), kind, &request.who, &watched);
            let (host, progress) = (shared.host.clone(), watched.progress);
            let work = move || host.counted(&workload, &progress, || prepared.run(&progress));
            let run = shared.runs.begin(run, work);
            Ok(begun(&*confirmed.admin.attempt.audited(&shared.host, run)?))
        })
        .await
}

/// Ends the undo window: the previous data is removed for good
#[utoipa::path(post, path = "/api/v1/restores/{restore}/finish", tag = "restores", params(("restore" = String, Path), ("X-Confirm-Restore" = String, Header, description = "The restore's whole id")), security(("token" = [])), responses((status = 200, description = "It is removed", body = Finished), Confirm))]
async fn finish(
    confirmed: Confirmed,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Document, Problem> {
    shared
        .change(move |shared| {
            let id = meant(shared, &confirmed, &id)?;
            let request = undo::Request { id, wait: false, who: confirmed.who() };
            Ok(Document::new(documents::finished(undo::finish(&shared.host, &request)?)))
        })
        .await
}

/// The trees of a restore that waits for a person's decision
#[utoipa::path(get, path = "/api/v1/restores/{restore}/trees", tag = "restores", params(("restore" = String, Path)), security(("token" = [])), responses((status = 200, description = "Its trees", body = Trees), Look))]
async fn trees(_: Viewer, State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Result<Document, Problem> {
    shared
        .look(move |shared| {
            let (named, trees) = decide::trees(&shared.host, &id)?;
            Ok(Document::new(documents::trees(named, trees)))
        })
        .await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Decision {
    /// Which trees shall be live
    keep: Keep,
}

/// Does what a person decided. The workload is stopped; the other trees stay until the restore is finished
#[utoipa::path(post, path = "/api/v1/restores/{restore}/resolve", tag = "restores", params(("restore" = String, Path), ("X-Confirm-Restore" = String, Header, description = "The restore's whole id")), request_body = Decision, security(("token" = [])), responses((status = 200, description = "It is resolved", body = Resolved), Confirm))]
async fn keep(
    confirmed: Confirmed,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Body(asked): Body<Decision>,
) -> Result<Document, Problem> {
    shared
        .change(move |shared| {
            let id = meant(shared, &confirmed, &id)?;
            let decided = decide::keep(&shared.host, &id, asked.keep, &confirmed.who())?;
            Ok(Document::new(documents::resolved(decided, asked.keep)))
        })
        .await
}
