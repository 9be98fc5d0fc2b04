//! Snapshots: taken, looked at, checked and deleted.

use reforge_base::message;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answered;
use crate::api::answer::Document;
use crate::api::body::{self, Body, Path, Query};
use crate::api::caller::{Admin, Viewer};
use crate::api::confirmation::Confirmed;
use crate::api::describe::{Change, Confirm, Look};
use crate::api::problem::Problem;
use crate::api::shared::{CancelOnDrop, Shared};
use crate::api::transfer;
use reforge_base::clock;
use reforge_base::consistency::Consistency;
use reforge_config::Workload;
use reforge_documents::snapshot::{
    self as documents, DeletedSnapshot, Snapshot, Snapshots, VerifiedSnapshot, WholeSnapshot,
};
use reforge_host::host::SnapshotRequest;
use reforge_host::restore::import;
use reforge_snapshots::bundle::Form;
use reforge_snapshots::proofs::Proofs;

/// The longest reason that a person gives.
const REASON_CHARS_MAX: usize = 200;

pub(super) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(import))
        .routes(routes!(export))
        .routes(routes!(list, create))
        .routes(routes!(show, delete))
        .routes(routes!(verify))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// All of them, and not just the newest hundred
    #[serde(default)]
    all: bool,
}

/// The newest snapshots of a workload, newest first
#[utoipa::path(get, path = "/api/v1/workloads/{workload}/snapshots", tag = "snapshots", params(("workload" = String, Path), Which), security(("token" = [])), responses((status = 200, description = "The newest hundred, or all", body = Snapshots), Look))]
async fn list(
    _: Viewer,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Document, Problem> {
    shared
        .look(move |shared| {
            let workload = shared.host.config.workload(&id)?;
            let (listed, older) = shared.host.store.newest(&workload.id, documents::most(which.all))?;
            let known = Proofs::new(shared.host.state.proofs()).read(&workload.id)?;
            Ok(Document::new(documents::list(&workload.id, listed, older, &known)))
        })
        .await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Create {
    /// Why, for whoever chooses one to restore
    #[schema(max_length = 200)]
    reason: Option<String>,
    /// What is done to an app that runs, if not what its workload says
    consistency: Option<Consistency>,
}

/// Takes a snapshot; answers when it is taken. It goes on when its client is gone
#[utoipa::path(post, path = "/api/v1/workloads/{workload}/snapshots", tag = "snapshots", params(("workload" = String, Path)), request_body = Create, security(("token" = [])), responses((status = 201, description = "The snapshot", body = Snapshot), Change))]
async fn create(
    admin: Admin,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Body(asked): Body<Create>,
) -> Answered {
    let reason = asked.reason.unwrap_or_else(|| "manual".to_owned());
    if reason.chars().count() > REASON_CHARS_MAX {
        let detail = message!("the-reason-is-longer-than-characters", limit = REASON_CHARS_MAX);
        return Err(Problem::new(StatusCode::BAD_REQUEST, "usage", detail, message!("say-it-in-fewer-words")));
    }
    let progress = shared.progress_of(&id);
    let request = SnapshotRequest { consistency: asked.consistency, ..SnapshotRequest::because(&reason) };
    shared
        .change(move |shared| {
            let (host, workload) = (&shared.host, known(&admin, shared, &id)?);
            let take = || host.take_snapshot(workload, &request, &admin.who(), &progress);
            let descriptor = host.counted(&workload.id, &progress, take)?;
            let location = format!("/api/v1/workloads/{id}/snapshots/{}", descriptor.id);
            Ok(Document::new(documents::summary(&descriptor)).begun(StatusCode::CREATED, &location))
        })
        .await
}

/// The workload that somebody wants to change something of.
fn known<'a>(admin: &Admin, shared: &'a Shared, id: &str) -> Result<&'a Workload, Problem> {
    admin.attempt.audited(&shared.host, shared.host.config.workload(id).map_err(Problem::from))
}

/// What a snapshot holds
#[utoipa::path(get, path = "/api/v1/workloads/{workload}/snapshots/{snapshot}", tag = "snapshots", params(("workload" = String, Path), ("snapshot" = String, Path, description = "Its id, or a beginning that no other has")), security(("token" = [])), responses((status = 200, description = "The snapshot", body = WholeSnapshot), Look))]
async fn show(
    _: Viewer,
    State(shared): State<Arc<Shared>>,
    Path((id, snapshot)): Path<(String, String)>,
) -> Result<Document, Problem> {
    shared
        .look(move |shared| {
            let workload = shared.host.config.workload(&id)?;
            let descriptor = shared.host.store.get(&workload.id, &snapshot)?;
            let pinned = shared.host.store.pinned(&workload.id)?.contains(&descriptor.id);
            let known = Proofs::new(shared.host.state.proofs()).read(&workload.id)?;
            Ok(Document::new(documents::whole(descriptor, pinned, &known)))
        })
        .await
}

/// Reads the whole archive and compares it with its descriptor; ends when its client is gone
#[utoipa::path(post, path = "/api/v1/workloads/{workload}/snapshots/{snapshot}/verify", tag = "snapshots", params(("workload" = String, Path), ("snapshot" = String, Path)), security(("token" = [])), responses((status = 200, description = "It is whole", body = VerifiedSnapshot), Change))]
async fn verify(
    _: Viewer,
    State(shared): State<Arc<Shared>>,
    Path((id, snapshot)): Path<(String, String)>,
) -> Result<Document, Problem> {
    let progress = shared.progress();
    let _while_asked = CancelOnDrop::new(&progress);
    shared
        .study(move |shared| {
            let workload = shared.host.config.workload(&id)?;
            let descriptor = shared.host.store.verify(&workload.id, &snapshot, &*progress)?;
            Proofs::new(shared.host.state.proofs()).note_read_back(&workload.id, &descriptor.id, clock::now())?;
            Ok(Document::new(documents::verified(descriptor)))
        })
        .await
}

/// Deletes a snapshot, named by its whole id, which is confirmed
#[utoipa::path(delete, path = "/api/v1/workloads/{workload}/snapshots/{snapshot}", tag = "snapshots", params(("workload" = String, Path), ("snapshot" = String, Path), ("X-Confirm-Restore" = String, Header, description = "The snapshot's id")), security(("token" = [])), responses((status = 200, description = "It is deleted", body = DeletedSnapshot), Confirm))]
async fn delete(
    confirmed: Confirmed,
    State(shared): State<Arc<Shared>>,
    Path((id, snapshot)): Path<(String, String)>,
) -> Result<Document, Problem> {
    let progress = shared.progress();
    shared
        .change(move |shared| {
            let snapshot = confirmed.meant(&shared.host, Ok(snapshot))?;
            shared.host.delete_snapshot(&id, &snapshot, false, &confirmed.who(), &progress.cancelled)?;
            Ok(Document::new(documents::deleted(&snapshot)))
        })
        .await
}

/// Takes in the archive that is the body, after the plugin has read it whole in its sandbox
#[utoipa::path(post, path = "/api/v1/workloads/{workload}/snapshots/import", tag = "snapshots", params(("workload" = String, Path)),
    request_body(content = String, description = "A gzip tar; `application/gzip` is as good", content_type = "application/octet-stream"), security(("token" = [])),
    responses((status = 201, description = "The snapshot", body = Snapshot), Change))]
async fn import(admin: Admin, State(shared): State<Arc<Shared>>, Path(id): Path<String>, request: Request) -> Answered {
    body::require_type(request.headers(), &["application/gzip", "application/octet-stream"])?;
    if let Err(failure) = shared.host.config.workload(&id) {
        return Err(admin.attempt.turned_down(&shared, failure.into()).await);
    }
    let carrying = shared.carrying().await?;
    let directory = shared.host.config.host.snapshot_dir.clone();
    let file = transfer::receive(request, directory, transfer::ARCHIVE_BYTES_MAX).await?;
    drop(carrying);
    let progress = shared.progress();
    shared
        .change(move |shared| {
            let request = import::Request {
                called: message!("the-upload"),
                workload: id,
                who: admin.who(),
                ..Default::default()
            };
            let file = Ok(import::Input::File(file));
            let descriptor = import::run_of(&shared.host, &shared.plugin()?, file, &request, &progress)?.snapshot()?;
            let location = format!("/api/v1/workloads/{}/snapshots/{}", request.workload, descriptor.id);
            Ok(Document::new(documents::summary(&descriptor)).begun(StatusCode::CREATED, &location))
        })
        .await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct As {
    /// With what is known of the snapshot, in one file that an import makes the same snapshot of
    #[serde(default)]
    bundle: bool,
}

/// The archive. One that does not match its descriptor breaks off before its end
#[utoipa::path(get, path = "/api/v1/workloads/{workload}/snapshots/{snapshot}/archive", tag = "snapshots",
    params(("workload" = String, Path), ("snapshot" = String, Path), As), security(("token" = [])),
    responses((status = 200, description = "A gzip tar, or the tar of a bundle",
        content((String = "application/gzip"), (String = "application/x-tar"))), Look))]
async fn export(
    _: Admin,
    State(shared): State<Arc<Shared>>,
    Path((id, snapshot)): Path<(String, String)>,
    Query(As { bundle }): Query<As>,
) -> Answered {
    let carrying = shared.carrying().await?;
    let found = shared
        .look(move |shared| {
            let workload = shared.host.config.workload(&id)?;
            Ok(shared.host.store.open(&workload.id, &snapshot)?)
        })
        .await?;
    let (form, kind, ending) = match bundle {
        true => (Form::Bundle, "application/x-tar", "tar"),
        false => (Form::Archive, "application/gzip", "tar.gz"),
    };
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_LENGTH, found.exported_bytes(form).to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.{ending}\"", found.descriptor.id)),
    ];
    let progress = shared.progress();
    let body = transfer::send(move |out| {
        let _carrying = carrying;
        found.export(form, out, &message!("the-exported-archive"), &*progress)
    });
    Ok((headers, body).into_response())
}
