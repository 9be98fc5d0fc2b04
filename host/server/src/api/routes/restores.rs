//! Restores: planned, begun, watched and cancelled.
//!
//! Whatever can be refused is refused in the answer; what is accepted goes on without its client.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answered;
use crate::api::answer::Document;
use crate::api::body::{Body, Path, Query};
use crate::api::caller::{Admin, Viewer};
use crate::api::confirmation::Confirmed;
use crate::api::describe::{Change, Confirm, Look, ServerSentEvent};
use crate::api::problem::Problem;
use crate::api::runs::{Run, Watched};
use crate::api::shared::{CancelOnDrop, Shared};
use crate::api::stream::{self, Heard};
use reforge_base::failure::{Code, Failure};
use reforge_base::message;
use reforge_documents::history::{self, List};
use reforge_documents::looking::{NAMES_MAX, names};
use reforge_documents::plan::{self as documents, RestorePlan};
use reforge_documents::restore::{Restore, Restores};
use reforge_host::restore::preflight::Choice;
use reforge_host::restore::{Report, run};
use reforge_looking::Look as LookInto;
use reforge_looking::diff::{self, Page};
use reforge_transaction::event::TransactionKind;
use reforge_transaction::registry;

pub(super) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(plan))
        .routes(routes!(begin))
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(events))
        .routes(routes!(cancel))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Plan {
    /// The snapshot's id, or a beginning that no other has
    snapshot: String,
    /// Volumes that stay as they are
    #[serde(default)]
    leave: Vec<String>,
    /// Take no safety snapshot: keep the previous data until the restore is finished
    #[serde(default)]
    keep_previous: bool,
    /// Volumes of the snapshot that go onto volumes of other names or targets: the snapshot's name to the workload's
    #[serde(default)]
    map: BTreeMap<String, String>,
    /// Also the names that would change: a hundred, behind so many
    names_from: Option<u64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Begin {
    /// The snapshot's id, or a beginning that no other has
    snapshot: String,
    /// Refuse unless the plan still has this digest
    plan: Option<String>,
    /// Volumes that stay as they are
    #[serde(default)]
    leave: Vec<String>,
    /// Take no safety snapshot: keep the previous data until the restore is finished
    #[serde(default)]
    keep_previous: bool,
    /// Volumes of the snapshot that go onto volumes of other names or targets: the snapshot's name to the workload's
    #[serde(default)]
    map: BTreeMap<String, String>,
}

/// What a restore would change and what stands in its way. Changes nothing; ends when its client is gone
#[utoipa::path(post, path = "/api/v1/workloads/{workload}/plan", tag = "restores", params(("workload" = String, Path)), request_body = Plan, security(("token" = [])), responses((status = 200, description = "The plan, with its `refusals`", body = RestorePlan), Change))]
async fn plan(
    viewer: Viewer,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Body(asked): Body<Plan>,
) -> Result<Document, Problem> {
    let progress = shared.progress();
    let _while_asked = CancelOnDrop::new(&progress);
    shared
        .study(move |shared| {
            shared.host.config.workload(&id)?;
            let keep_previous = asked.keep_previous;
            let who = viewer.who();
            let choice = Choice { leave: asked.leave, map: asked.map, keep_previous };
            let request = run::Request { workload: id, snapshot: asked.snapshot, choice, plan: None, wait: false, who };
            let planned = run::plan(&shared.host, &shared.plugin()?, &request, &progress)?;
            let mut told = documents::document(&request.workload, keep_previous, &planned);
            if let Some(from) = asked.names_from {
                let page = Page { from, most: NAMES_MAX };
                let (plugin, who) = (|| shared.plugin(), &*request.who);
                let look = LookInto { host: &shared.host, plugin: &plugin, progress: &progress, who };
                told.names = Some(names(&diff::of_plan(&look, &planned, &request.workload, page)?, page));
            }
            Ok(Document::new(told))
        })
        .await
}

/// Begins a restore. It goes on when its client is gone
#[utoipa::path(post, path = "/api/v1/workloads/{workload}/restores", tag = "restores", params(("workload" = String, Path), ("X-Confirm-Restore" = String, Header, description = "The snapshot's whole id")), request_body = Begin, security(("token" = [])), responses((status = 202, description = "It has begun; `Location` says where it is", body = Restore), Confirm))]
async fn begin(
    confirmed: Confirmed,
    State(shared): State<Arc<Shared>>,
    Path(workload): Path<String>,
    Body(asked): Body<Begin>,
) -> Answered {
    shared
        .change(move |shared| {
            let watched = Watched::of(&shared.host, &workload);
            let known = shared.host.config.workload(&workload);
            let found = known.and_then(|known| shared.host.store.resolve(&known.id, &asked.snapshot));
            let snapshot = confirmed.meant(&shared.host, found.map_err(Problem::from))?;
            let plugin = shared.plugin()?;
            let request = run::Request {
                workload,
                snapshot: snapshot.clone(),
                choice: Choice { leave: asked.leave, map: asked.map, keep_previous: asked.keep_previous },
                plan: asked.plan,
                wait: false,
                who: confirmed.who(),
            };
            let prepared = run::prepare(&shared.host, plugin, &request, &watched.progress).map_err(refused)?;
            let kind = TransactionKind::Restore { snapshot };
            let run = Run::new(prepared.id(), &request.workload, kind, &request.who, &watched);
            let (host, progress) = (shared.host.clone(), watched.progress);
            let work = move || host.counted(&request.workload, &progress, || prepared.run());
            let run = shared.runs.begin(run, work);
            Ok(begun(&*confirmed.admin.attempt.audited(&shared.host, run)?))
        })
        .await
}

pub(super) fn begun(run: &Run) -> Response {
    Document::new(run.document()).begun(StatusCode::ACCEPTED, &format!("/api/v1/restores/{}", run.id))
}

pub(super) fn refused(report: Box<Report>) -> Problem {
    let nothing = || Failure::new(Code::Io, message!("it-was-turned-down-and-nothing"));
    report.failure.unwrap_or_else(nothing).into()
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Of {
    /// Only those of this workload
    workload: Option<String>,
    /// Only those that run now, here or in another process
    #[serde(default)]
    running: bool,
    /// Also all that are over, and not just the newest hundred of them
    #[serde(default)]
    all: bool,
}

/// Restores and undos, newest first, those that run included
#[utoipa::path(get, path = "/api/v1/restores", tag = "restores", params(Of), security(("token" = [])), responses((status = 200, description = "All that are not over, and the newest that are", body = Restores), Look))]
async fn list(_: Viewer, State(shared): State<Arc<Shared>>, Query(of): Query<Of>) -> Result<Document, Problem> {
    shared
        .look(move |shared| {
            // Before the journals: one that ends meanwhile is in those.
            let mut running = shared.runs.running();
            running.retain(|run| of.workload.as_ref().is_none_or(|workload| run.workload == *workload));
            if of.running {
                let mut restores: Vec<Restore> = running.iter().map(|run| run.document()).collect();
                let held = history::held(&shared.host, of.workload.as_deref())?.into_iter();
                restores.extend(held.filter(|held| running.iter().all(|run| run.id != held.id)));
                return Ok(Document::new(Restores { restores, older: false }));
            }
            let List { lines, older } = history::list(&shared.host, of.workload.as_deref(), of.all)?;
            let unknown = running.iter().filter(|run| lines.iter().all(|line| line.id != run.id));
            let mut restores: Vec<Restore> = unknown.map(|run| run.document()).collect();
            restores.extend(lines.into_iter().map(|line| with_run(shared, &line.id, line.document)));
            Ok(Document::new(Restores { restores, older }))
        })
        .await
}

/// How far it is, while it runs here.
fn with_run(shared: &Shared, id: &str, mut document: Restore) -> Restore {
    document.running = shared.runs.find(id).and_then(|run| run.running());
    if document.running.is_some() {
        document.now = Some(message!("running"));
    }
    document
}

/// One restore: its receipt, or how far it is
#[utoipa::path(get, path = "/api/v1/restores/{restore}", tag = "restores", params(("restore" = String, Path)), security(("token" = [])), responses((status = 200, description = "The restore", body = Restore), Look))]
async fn show(_: Viewer, State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Result<Document, Problem> {
    shared.look(move |shared| Ok(Document::new(find(shared, &id)?))).await
}

fn find(shared: &Shared, id: &str) -> Result<Restore, Problem> {
    let id = whole_id(shared, id)?;
    match (history::show(&shared.host, &id), shared.runs.find(&id)) {
        (Ok(shown), run) => Ok(with_report(with_run(shared, &id, shown.document), run.as_deref())),
        // It has no journal yet, or never had one.
        (Err(_), Some(run)) => Ok(run.document()),
        (Err(failure), None) => Err(failure.into()),
    }
}

/// One that has ended and not been settled has no receipt: what this process told of it is all there is.
fn with_report(mut document: Restore, run: Option<&Run>) -> Restore {
    let is_untold = document.receipt.is_none() && document.running.is_none() && !document.resolved;
    if let Some(report) = run.filter(|_| is_untold).and_then(Run::report) {
        document.ended(report);
    }
    document
}

/// Which restore is meant by its id or by a beginning that no other has.
fn whole_id(shared: &Shared, id: &str) -> Result<String, Problem> {
    let mut ids = history::ids(&shared.host)?;
    ids.extend(shared.runs.ids());
    Ok(registry::meant(ids.iter().map(String::as_str), id)?.to_owned())
}

/// The same, and what runs here or is remembered of it.
async fn run_of(shared: &Arc<Shared>, id: String) -> Result<(String, Option<Arc<Run>>), Problem> {
    if let Some(run) = shared.runs.find(&id) {
        return Ok((id, Some(run)));
    }
    let id = shared.look(move |shared| whole_id(shared, &id)).await?;
    let run = shared.runs.find(&id);
    Ok((id, run))
}

/// What happens to a restore, as it happens: `phase`, `progress`, `note`, and `end` with the outcome. With
/// `Last-Event-ID` nothing that came after it is missed. One that does not run here has one event: `end`, or `standing`
/// while it is not over
#[utoipa::path(get, path = "/api/v1/restores/{restore}/events", tag = "restores", params(("restore" = String, Path), ("Last-Event-ID" = Option<String>, Header)), security(("token" = [])), responses((status = 200, description = "Server-sent events", body = ServerSentEvent, content_type = "text/event-stream"), Look))]
async fn events(
    Viewer(token): Viewer,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answered {
    let (id, run) = run_of(&shared, id).await?;
    let run = match run {
        Some(run) => run.events.clone(),
        // It runs or ran in another process or before this start: all there is to tell is how it stands.
        None => shared.look(move |shared| Ok(stream::told(&history::show(&shared.host, &id)?))).await?,
    };
    let after = stream::last_seen(&headers, &shared.boot);
    let boot = shared.boot.clone();
    let heard = Heard::new(shared, token, run, after);
    let events = futures_util::StreamExt::map(heard.clone().stream(boot), Ok::<_, Infallible>);
    let keep_alive = KeepAlive::new().interval(stream::KEEP_ALIVE).text("");
    let headers = [("cache-control", "no-store"), ("x-accel-buffering", "no")];
    Ok((headers, Extension(heard), Sse::new(events).keep_alive(keep_alive)).into_response())
}

/// Asks a restore that runs to stop: before the commit the swap never happens, after it nothing stops any more
#[utoipa::path(post, path = "/api/v1/restores/{restore}/cancel", tag = "restores", params(("restore" = String, Path)), security(("token" = [])), responses((status = 202, description = "It was asked", body = Restore), Change))]
async fn cancel(admin: Admin, State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Answered {
    let run = run_of(&shared, id).await.and_then(|(_, run)| {
        run.filter(|run| run.running().is_some()).ok_or_else(|| {
            let detail = message!("it-does-not-run-here");
            Problem::new(StatusCode::CONFLICT, "not-running", detail, message!("look-at-how-it-ended"))
        })
    });
    let run = match run {
        Ok(run) => run,
        Err(problem) => return Err(admin.attempt.turned_down(&shared, problem).await),
    };
    shared.note("cancel", admin.who(), json!({ "restore": run.id, "workload": run.workload })).await?;
    run.cancel();
    Ok(Document::new(run.document()).with(StatusCode::ACCEPTED))
}
