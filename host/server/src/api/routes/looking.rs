//! Looks into snapshots: names by number, contents, differences, versions of a path. What contents are only an admin may ask.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse as _;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answered;
use crate::api::answer::Document;
use crate::api::body::{Path, Query};
use crate::api::caller::{Admin, Viewer};
use crate::api::describe::Look as MayLook;
use crate::api::problem::Problem;
use crate::api::shared::{CancelOnDrop, Shared};
use crate::api::transfer;
use reforge_base::failure::{Code, Failure, Result as HostResult};
use reforge_base::message;
use reforge_documents::looking::{self as documents, Entries, SnapshotDiff, Versions};
use reforge_host::restore::progress::Progress;
use reforge_looking::Look;
use reforge_looking::diff::{self, Direction, Page};
use reforge_looking::place::Asked;

pub(super) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(entries))
        .routes(routes!(content))
        .routes(routes!(difference))
        .routes(routes!(versions))
}

fn looking<T>(
    shared: &Shared,
    progress: &Arc<Progress>,
    who: &str,
    act: impl FnOnce(&Look<'_>) -> HostResult<T>,
) -> HostResult<T> {
    act(&Look { host: &shared.host, plugin: &|| shared.plugin(), progress, who })
}

fn page(from: u64, max: Option<u32>) -> Page {
    Page { from, most: max.map_or(documents::NAMES_MAX, |max| (max as usize).min(documents::PAGE_MAX)) }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Where {
    /// The number of a directory; without it, the roots of all volumes
    under: Option<u64>,
    /// How many of what lies there to pass over
    #[serde(default)]
    from: u64,
    /// How many to tell: 100, and 1000 at most
    max: Option<u32>,
}

/// What a snapshot holds: its volumes, or what lies directly in a directory, by number
#[utoipa::path(get, path = "/api/v1/workloads/{workload}/snapshots/{snapshot}/entries", tag = "snapshots", params(("workload" = String, Path), ("snapshot" = String, Path), Where), security(("token" = [])), responses((status = 200, description = "Some of it, in path order", body = Entries), MayLook))]
async fn entries(
    viewer: Viewer,
    State(shared): State<Arc<Shared>>,
    Path((id, snapshot)): Path<(String, String)>,
    Query(asked): Query<Where>,
) -> Result<Document, Problem> {
    let progress = shared.progress();
    let _while_asked = CancelOnDrop::new(&progress);
    shared
        .study(move |shared| {
            let told = looking(shared, &progress, &viewer.who(), |look| {
                let looked = look.open(&id, &snapshot)?;
                let Some(number) = asked.under else { return documents::volumes(&looked) };
                let entry = looked.list.get(number)?.ok_or_else(|| no_entry(number))?;
                documents::children(&looked, number, &entry, page(asked.from, asked.max))
            })?;
            Ok(Document::new(told))
        })
        .await
}

fn no_entry(number: u64) -> Failure {
    Failure::new(Code::NotFound, message!("there-is-no-entry-of-this-number", number))
}

/// A file of a snapshot. One that is not what the snapshot held breaks off before its end
#[utoipa::path(get, path = "/api/v1/workloads/{workload}/snapshots/{snapshot}/entries/{entry}/content", tag = "snapshots",
    params(("workload" = String, Path), ("snapshot" = String, Path), ("entry" = u64, Path, description = "Its number")), security(("token" = [])),
    responses((status = 200, description = "Its bytes", body = String, content_type = "application/octet-stream"), MayLook))]
async fn content(
    admin: Admin,
    State(shared): State<Arc<Shared>>,
    Path((id, snapshot, number)): Path<(String, String, u64)>,
) -> Answered {
    let carrying = shared.carrying().await?;
    let (progress, who) = (shared.progress(), admin.who());
    let (of_looking, of_study, asked) = (progress.clone(), who.clone(), (id.clone(), snapshot.clone()));
    let size = shared
        .study(move |shared| {
            let (id, snapshot) = asked;
            Ok(looking(shared, &of_looking, &of_study, |look| Ok(look.open(&id, &snapshot)?.content(number)?.size))?)
        })
        .await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, size.to_string()),
        // Its own name could be anything.
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"entry-{number}\"")),
    ];
    let body = transfer::send(move |out| {
        let _carrying = carrying;
        looking(&shared, &progress, &who, |look| {
            let looked = look.open(&id, &snapshot)?;
            look.write_content(&looked, &looked.content(number)?, out, &message!("the-answer-to-the-client"))
        })
    });
    Ok((headers, body).into_response())
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Compared {
    /// A snapshot of the same workload; without it, what is live now
    other: Option<String>,
    /// How many differences to pass over
    #[serde(default)]
    from: u64,
    /// How many to tell: 100, and 1000 at most
    max: Option<u32>,
}

/// What differs from this snapshot to another one, or to what is live
#[utoipa::path(get, path = "/api/v1/workloads/{workload}/snapshots/{snapshot}/diff", tag = "snapshots", params(("workload" = String, Path), ("snapshot" = String, Path), Compared), security(("token" = [])), responses((status = 200, description = "How many names differ, and some of them", body = SnapshotDiff), MayLook))]
async fn difference(
    viewer: Viewer,
    State(shared): State<Arc<Shared>>,
    Path((id, snapshot)): Path<(String, String)>,
    Query(asked): Query<Compared>,
) -> Result<Document, Problem> {
    let progress = shared.progress();
    let _while_asked = CancelOnDrop::new(&progress);
    shared
        .study(move |shared| {
            let page = page(asked.from, asked.max);
            let told = looking(shared, &progress, &viewer.who(), |look| {
                let before = look.open(&id, &snapshot)?;
                let of = &before.descriptor().id;
                match &asked.other {
                    Some(other) => {
                        let after = look.open(&id, other)?;
                        let found = diff::of_snapshots(&before, &after, page)?;
                        Ok(documents::diff(&id, of, &after.descriptor().id, &found, page))
                    }
                    None => {
                        let volumes = diff::live_volumes(&shared.host.config, &before);
                        let found = diff::of_live(&before, &volumes, Direction::ToLive, page)?;
                        Ok(documents::diff(&id, of, documents::LIVE, &found, page))
                    }
                }
            })?;
            Ok(Document::new(told))
        })
        .await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Held {
    /// `VOLUME/PATH`, or `PATH` where there is one volume, or as the app sees it
    path: Option<String>,
    /// The same percent-encoded once more, for a path that is no text
    encoded: Option<String>,
    /// The volume that the path lies in; then the path says nothing else
    volume: Option<String>,
}

/// Which snapshots hold a path, and in which of them it changed
#[utoipa::path(get, path = "/api/v1/workloads/{workload}/versions", tag = "snapshots", params(("workload" = String, Path), Held), security(("token" = [])), responses((status = 200, description = "All snapshots, newest first", body = Versions), MayLook))]
async fn versions(
    viewer: Viewer,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Query(asked): Query<Held>,
) -> Result<Document, Problem> {
    let progress = shared.progress();
    let _while_asked = CancelOnDrop::new(&progress);
    shared
        .study(move |shared| {
            let path = match (asked.path, asked.encoded) {
                (Some(path), None) => path.into_bytes(),
                (None, Some(encoded)) => reforge_snapshots::format::decoded(&encoded),
                _ => return Err(Failure::new(Code::Usage, message!("one-of-path-and-encoded-is-wanted")).into()),
            };
            let found = looking(shared, &progress, &viewer.who(), |look| {
                look.versions(&id, Asked { volume: asked.volume.as_deref(), path: &path })
            })?;
            Ok(Document::new(documents::versions(&id, &path, found)))
        })
        .await
}
