//! Restores: planned, begun, watched, cancelled, taken back and ended.
//!
//! Whatever can be refused is refused in the answer; what is accepted goes on without its client.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answered;
use crate::api::answer::Document;
use crate::api::body::{Body, Path, Query};
use crate::api::caller::{Admin, Viewer};
use crate::api::describe::{Change, Confirmed, Look, ServerSentEvent};
use crate::api::guard;
use crate::api::problem::Problem;
use crate::api::runs::{Run, Watched};
use crate::api::shared::{Shared, WhileAsked};
use crate::api::stream;
use crate::documents::{history, plan as documents};
use crate::failure::{Code, Failure};
use crate::restore::preflight::Choice;
use crate::restore::{Report, decide, run, undo};
use crate::transaction::resolve::Keep;

pub fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(plan))
        .routes(routes!(begin))
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(events))
        .routes(routes!(cancel))
        .routes(routes!(undone))
        .routes(routes!(finish))
        .routes(routes!(trees))
        .routes(routes!(keep))
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
}

/// What a restore would change and what stands in its way. Changes nothing; ends when its client is gone
#[utoipa::path(post, path = "/api/v1/workloads/{workload}/plan", tag = "restores", params(("workload" = String, Path)), request_body = Plan, security(("token" = [])), responses((status = 200, description = "The plan, with its `refusals`", body = Document), Change))]
async fn plan(
    viewer: Viewer,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Body(asked): Body<Plan>,
) -> Result<Document, Problem> {
    let progress = shared.progress();
    let _while_asked = WhileAsked::new(&progress);
    shared
        .work(move |shared| {
            shared.host.config.workload(&id)?;
            let keep_previous = asked.keep_previous;
            let who = crate::api::caller::who(&viewer.0);
            let choice = Choice { leave: asked.leave, keep_previous };
            let request = run::Request { workload: id, snapshot: asked.snapshot, choice, plan: None, wait: false, who };
            let planned = run::plan(&shared.host, &shared.plugin(), &request, &progress)?;
            Ok(Document::new(documents::document(&request.workload, keep_previous, &planned)))
        })
        .await
}

/// Begins a restore. It goes on when its client is gone
#[utoipa::path(post, path = "/api/v1/workloads/{workload}/restores", tag = "restores", params(("workload" = String, Path), ("X-Confirm-Restore" = String, Header, description = "The snapshot's whole id")), request_body = Begin, security(("token" = [])), responses((status = 202, description = "It has begun; `Location` says where it is", body = Document), Confirmed))]
async fn begin(
    admin: Admin,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(asked): Body<Begin>,
) -> Answered {
    let confirmed = guard::confirmation(&headers)?;
    let watched = Watched::new();
    let handle = tokio::runtime::Handle::current();
    shared
        .change(move |shared| {
            let _entered = handle.enter();
            let workload = &shared.host.config.workload(&id)?.id;
            let snapshot = shared.host.store.resolve(workload, &asked.snapshot)?;
            guard::confirmed(&confirmed, &snapshot)?;
            let plugin = shared.plugin();
            let request = run::Request {
                workload: workload.clone(),
                snapshot: snapshot.clone(),
                choice: Choice { leave: asked.leave, keep_previous: asked.keep_previous },
                plan: asked.plan,
                wait: false,
                who: admin.who(),
            };
            let prepared = run::prepare(&shared.host, plugin.digest(), &request, &watched.progress).map_err(refused)?;
            let kind = json!({ "kind": "restore", "snapshot": snapshot });
            let run = Run::new(prepared.id(), workload, kind, &request.who, &watched);
            Ok(begun(&*shared.runs.begin(run, move || prepared.run(&plugin))?))
        })
        .await
}

fn begun(run: &Run) -> Response {
    Document::new(document_of(run)).begun(StatusCode::ACCEPTED, &format!("/api/v1/restores/{}", run.id))
}

/// As long as no journal tells of it.
fn document_of(run: &Run) -> Value {
    let mut document = run.document();
    document["running"] = json!(run.running());
    document
}

fn refused(report: Box<Report>) -> Problem {
    let nothing = || Failure::new(Code::Io, "it was turned down, and nothing says why");
    report.failure.unwrap_or_else(nothing).into()
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Of {
    /// Only those of this workload
    workload: Option<String>,
}

/// Restores and undos, newest first, those that run included
#[utoipa::path(get, path = "/api/v1/restores", tag = "restores", params(Of), security(("token" = [])), responses((status = 200, description = "`restores`", body = Document), Look))]
async fn list(_: Viewer, State(shared): State<Arc<Shared>>, Query(of): Query<Of>) -> Result<Document, Problem> {
    shared
        .look(move |shared| {
            // Before the journals: one that ends meanwhile is in those.
            let mut running = shared.runs.running();
            running.retain(|run| of.workload.as_ref().is_none_or(|workload| run.workload == *workload));
            let lines = history::list(&shared.host, of.workload.as_deref())?;
            let unknown = running.iter().filter(|run| lines.iter().all(|line| line.id != run.id));
            let mut restores: Vec<Value> = unknown.map(|run| document_of(run)).collect();
            restores.extend(lines.into_iter().map(|line| with_run(shared, &line.id, line.document)));
            Ok(Document::new(json!({ "restores": restores })))
        })
        .await
}

/// How far it is, while it runs here.
fn with_run(shared: &Shared, id: &str, mut document: Value) -> Value {
    let running = shared.runs.find(id).and_then(|run| run.running());
    if running.is_some() {
        document["now"] = json!("running");
    }
    document["running"] = json!(running);
    document
}

/// One restore: its receipt, or how far it is
#[utoipa::path(get, path = "/api/v1/restores/{restore}", tag = "restores", params(("restore" = String, Path)), security(("token" = [])), responses((status = 200, description = "The restore", body = Document), Look))]
async fn show(_: Viewer, State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Result<Document, Problem> {
    shared.look(move |shared| Ok(Document::new(find(shared, &id)?))).await
}

fn find(shared: &Shared, id: &str) -> Result<Value, Problem> {
    match (history::show(&shared.host, id), shared.runs.find(id)) {
        (Ok(shown), _) => {
            let id = shown.document["id"].as_str().unwrap_or(id).to_owned();
            Ok(with_run(shared, &id, shown.document))
        }
        // It has no journal yet, or never had one.
        (Err(_), Some(run)) => Ok(document_of(&run)),
        (Err(failure), None) => Err(failure.into()),
    }
}

/// What happens to a restore, as it happens: `phase`, `progress`, `note`, and `end` with the outcome. With
/// `Last-Event-ID` nothing that came after it is missed
#[utoipa::path(get, path = "/api/v1/restores/{restore}/events", tag = "restores", params(("restore" = String, Path), ("Last-Event-ID" = Option<String>, Header)), security(("token" = [])), responses((status = 200, description = "Server-sent events", body = ServerSentEvent, content_type = "text/event-stream"), Look))]
async fn events(
    Viewer(token): Viewer,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answered {
    let run = match shared.runs.find(&id) {
        Some(run) => run.events.clone(),
        None => {
            // It ran before this start, or on the command line: all there is to tell is how it stands.
            let document = shared.look(move |shared| find(shared, &id)).await?;
            stream::told(document)
        }
    };
    let after = stream::last_seen(&headers, &shared.boot);
    let events = stream::stream(shared, token, run, after);
    let events = futures_util::StreamExt::map(events, Ok::<_, Infallible>);
    let keep_alive = KeepAlive::new().interval(stream::KEEP_ALIVE).text("");
    Ok(([("cache-control", "no-store"), ("x-accel-buffering", "no")], Sse::new(events).keep_alive(keep_alive))
        .into_response())
}

/// Asks a restore that runs to stop: before the commit the swap never happens, after it nothing stops any more
#[utoipa::path(post, path = "/api/v1/restores/{restore}/cancel", tag = "restores", params(("restore" = String, Path)), security(("token" = [])), responses((status = 202, description = "It was asked", body = Document), Change))]
async fn cancel(admin: Admin, State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Answered {
    let Some(run) = shared.runs.find(&id).filter(|run| run.running().is_some()) else {
        shared.look(move |shared| find(shared, &id)).await?;
        let detail = "it does not run here";
        return Err(Problem::new(StatusCode::CONFLICT, "not-running", detail, "look at how it ended"));
    };
    run.cancel();
    let (id, workload) = (run.id.clone(), run.workload.clone());
    shared
        .look(move |shared| {
            let details = json!({ "restore": id, "workload": workload });
            Ok(shared.host.audit_event("cancel", &admin.who(), details)?)
        })
        .await?;
    Ok(Document::new(document_of(&run)).with(StatusCode::ACCEPTED))
}

/// Begins an undo: the previous data is swapped back in. It goes on when its client is gone
#[utoipa::path(post, path = "/api/v1/restores/{restore}/undo", tag = "restores", params(("restore" = String, Path), ("X-Confirm-Restore" = String, Header, description = "The restore's whole id")), security(("token" = [])), responses((status = 202, description = "It has begun; `Location` says where it is", body = Document), Confirmed))]
async fn undone(
    admin: Admin,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answered {
    let confirmed = guard::confirmation(&headers)?;
    let watched = Watched::new();
    let handle = tokio::runtime::Handle::current();
    shared
        .change(move |shared| {
            let _entered = handle.enter();
            let of = decide::subject(&shared.host, &id)?.id;
            guard::confirmed(&confirmed, &of)?;
            let request = undo::Request { id: of.clone(), wait: false, who: admin.who() };
            let prepared = undo::prepare(&shared.host, &request, &watched.progress).map_err(refused)?;
            let kind = json!({ "kind": "undo", "of": of });
            let run = Run::new(prepared.id(), prepared.workload(), kind, &request.who, &watched);
            Ok(begun(&*shared.runs.begin(run, move || prepared.run(&watched.progress))?))
        })
        .await
}

/// Ends the undo window: the previous data is removed for good
#[utoipa::path(post, path = "/api/v1/restores/{restore}/finish", tag = "restores", params(("restore" = String, Path), ("X-Confirm-Restore" = String, Header, description = "The restore's whole id")), security(("token" = [])), responses((status = 200, description = "It is removed", body = Document), Confirmed))]
async fn finish(
    admin: Admin,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Document, Problem> {
    let confirmed = guard::confirmation(&headers)?;
    shared
        .change(move |shared| {
            let id = decide::subject(&shared.host, &id)?.id;
            guard::confirmed(&confirmed, &id)?;
            let request = undo::Request { id, wait: false, who: admin.who() };
            let left = undo::finish(&shared.host, &request)?;
            Ok(Document::new(json!({ "finished": true, "left_behind": left })))
        })
        .await
}

/// The trees of a restore that waits for a person's decision
#[utoipa::path(get, path = "/api/v1/restores/{restore}/trees", tag = "restores", params(("restore" = String, Path)), security(("token" = [])), responses((status = 200, description = "`trees`", body = Document), Look))]
async fn trees(_: Viewer, State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Result<Document, Problem> {
    shared
        .look(move |shared| {
            let (subject, trees) = decide::trees(&shared.host, &id)?;
            Ok(Document::new(json!({ "id": subject.id, "workload": subject.workload, "trees": trees })))
        })
        .await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Decision {
    keep: Kept,
}

/// Which trees shall be live
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Kept {
    Old,
    New,
    Live,
}

/// Does what a person decided. The workload is stopped; the other trees stay until the restore is finished
#[utoipa::path(post, path = "/api/v1/restores/{restore}/resolve", tag = "restores", params(("restore" = String, Path), ("X-Confirm-Restore" = String, Header, description = "The restore's whole id")), request_body = Decision, security(("token" = [])), responses((status = 200, description = "It is resolved", body = Document), Confirmed))]
async fn keep(
    admin: Admin,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(asked): Body<Decision>,
) -> Result<Document, Problem> {
    let confirmed = guard::confirmation(&headers)?;
    let keep = match asked.keep {
        Kept::Old => Keep::Old,
        Kept::New => Keep::New,
        Kept::Live => Keep::Live,
    };
    shared
        .change(move |shared| {
            let id = decide::subject(&shared.host, &id)?.id;
            guard::confirmed(&confirmed, &id)?;
            let decide::Decided { subject, kept, .. } = decide::keep(&shared.host, &id, keep, &admin.who())?;
            let workload = subject.workload;
            Ok(Document::new(json!({ "id": id, "workload": workload, "keep": keep, "resolved": true, "kept": kept })))
        })
        .await
}
