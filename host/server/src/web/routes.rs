//! What can be shown: a route per screen and dialog, each made of what the API answers to the same request.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::middleware;
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{any, get, post};
use futures_util::StreamExt as _;
use maud::Markup;

use super::ask::{self, Api, Refused, part};
use super::language;
use super::views::{self, Reader};
use super::{assets, messages, stream};
use crate::api::Heard;
use reforge_base::Failure;
use reforge_documents::restore::Restores;
use reforge_documents::snapshot::Snapshots;
use reforge_documents::workload::{WholeWorkload, Workloads};

/// Says that an answer is HTML for the page. Nothing else is ever put into it, wherever it comes from.
const FRAGMENT: header::HeaderName = header::HeaderName::from_static("reforge-fragment");

/// Every screen, dialog and file of the page, made of what this API answers.
pub fn routes(api: Router) -> Router {
    Router::new()
        .route("/", get(shell))
        .route("/page/{file}", get(file))
        .route("/page/login", get(login))
        .route("/page/workloads", get(workloads))
        .route("/page/workloads/{workload}", get(workload))
        .route("/page/workloads/{workload}/plan", post(plan))
        .route("/page/workloads/{workload}/retention", get(retention))
        .route("/page/workloads/{workload}/snapshots/{snapshot}/names", get(names))
        .route("/page/notifications/test", post(test))
        .route("/page/restores/{restore}", get(restore))
        .route("/page/restores/{restore}/undo", get(undo))
        .route("/page/restores/{restore}/events", get(events))
        .route("/page/api/v1/{*rest}", any(act))
        .layer(middleware::map_response(assets::guarded))
        .with_state(Api::new(api))
}

async fn shell(request: Request) -> Response {
    fragment(StatusCode::OK, &assets::shell(reader(&request.into_parts().0).say))
}

async fn file(State(api): State<Api>, Path(name): Path<String>, request: Request) -> Response {
    match assets::file(&name) {
        Some(file) => file,
        None => api.ask(&request.into_parts().0, Method::GET, "/page/none", Body::empty()).await,
    }
}

async fn login(request: Request) -> Response {
    fragment(StatusCode::OK, &views::login::login(&reader(&request.into_parts().0), None))
}

async fn workloads(State(api): State<Api>, request: Request) -> Response {
    let from = request.into_parts().0;
    let view = async |reader: &Reader| {
        let Workloads { workloads } = api.get(&from, "/api/v1/workloads").await?;
        let Restores { restores, .. } = api.get(&from, "/api/v1/restores?running=true").await?;
        let recovery = api.get(&from, "/api/v1/recovery").await?;
        let notifications = api.get(&from, "/api/v1/notifications").await?;
        Ok(views::workloads::workloads(reader, &workloads, &restores, &recovery, &notifications))
    };
    screen(&api, &from, view).await
}

async fn workload(State(api): State<Api>, Path(id): Path<String>, request: Request) -> Response {
    let from = request.into_parts().0;
    let view = async |reader: &Reader| {
        let path = format!("/api/v1/workloads/{}", part(&id));
        let workload: Result<WholeWorkload, Failure> = match api.get(&from, &path).await {
            // Snapshots and what was restored are there also while nobody knows what the app does.
            Err(refused) if refused.status == StatusCode::SERVICE_UNAVAILABLE => Err(refused.failure),
            known => Ok(known?),
        };
        let Snapshots { snapshots, .. } = api.get(&from, &format!("{path}/snapshots?all=true")).await?;
        let restores = format!("/api/v1/restores?all=true&workload={}", part(&id));
        let Restores { restores, .. } = api.get(&from, &restores).await?;
        Ok(views::workload::workload(reader, &id, workload.as_ref(), &snapshots, &restores))
    };
    screen(&api, &from, view).await
}

async fn restore(State(api): State<Api>, Path(id): Path<String>, request: Request) -> Response {
    let from = request.into_parts().0;
    let view = async |reader: &Reader| {
        let restore = api.get(&from, &format!("/api/v1/restores/{}", part(&id))).await?;
        Ok(views::restore::restore(reader, &restore))
    };
    screen(&api, &from, view).await
}

async fn plan(State(api): State<Api>, Path(id): Path<String>, request: Request) -> Response {
    let (from, body) = request.into_parts();
    let view = async |reader: &Reader| {
        let path = format!("/api/v1/workloads/{}/plan", part(&id));
        let plan = ask::read(api.ask(&from, Method::POST, &path, body).await).await?;
        Ok(views::plan::plan(reader, &plan))
    };
    dialog(&api, &from, view).await
}

async fn retention(State(api): State<Api>, Path(id): Path<String>, request: Request) -> Response {
    let from = request.into_parts().0;
    let view = async |reader: &Reader| {
        let path = format!("/api/v1/workloads/{}/retention", part(&id));
        Ok(views::retention::retention(reader, &api.get(&from, &path).await?))
    };
    dialog(&api, &from, view).await
}

/// A part of the plan's dialog.
async fn names(State(api): State<Api>, Path((id, snapshot)): Path<(String, String)>, request: Request) -> Response {
    let from = request.into_parts().0;
    let asked = from.uri.query().and_then(|query| query.strip_prefix("from=")?.parse::<u64>().ok());
    let view = async |reader: &Reader| {
        let (id, snapshot) = (part(&id), part(&snapshot));
        let path = format!("/api/v1/workloads/{id}/snapshots/{snapshot}/diff?from={}", asked.unwrap_or(0));
        Ok(views::names::names(reader, &api.get(&from, &path).await?))
    };
    let (reader, shown) = shown(&api, &from, view).await;
    match shown {
        Ok(markup) => fragment(StatusCode::OK, &markup),
        Err(refused) => fragment(refused.status, &views::problem::failure(&reader, &refused.failure)),
    }
}

async fn test(State(api): State<Api>, request: Request) -> Response {
    let (from, body) = request.into_parts();
    let view = async |reader: &Reader| {
        let answer = api.ask(&from, Method::POST, "/api/v1/notifications/test", body).await;
        Ok(views::tested::tested(reader, &ask::read(answer).await?))
    };
    dialog(&api, &from, view).await
}

async fn undo(State(api): State<Api>, Path(id): Path<String>, request: Request) -> Response {
    let from = request.into_parts().0;
    let view = async |reader: &Reader| {
        let restore = api.get(&from, &format!("/api/v1/restores/{}", part(&id))).await?;
        Ok(views::undo::undo(reader, &restore))
    };
    dialog(&api, &from, view).await
}

async fn events(State(api): State<Api>, Path(id): Path<String>, request: Request) -> Response {
    let from = request.into_parts().0;
    let path = format!("/api/v1/restores/{}/events", part(&id));
    let mut answer = api.ask(&from, Method::GET, &path, Body::empty()).await;
    let Some(heard) = answer.extensions_mut().remove::<Heard>() else {
        return translated(&from, answer).await;
    };
    let events = stream::shown(heard, reader(&from).say).map(Ok::<_, Infallible>);
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::HeaderName::from_static("x-accel-buffering"), "no")];
    (headers, Sse::new(events).keep_alive(KeepAlive::new())).into_response()
}

/// Asks the API for something. What it turns down is told in the reader's language.
async fn act(State(api): State<Api>, request: Request) -> Response {
    let (from, body) = request.into_parts();
    let path = from.uri.path_and_query().map_or("", |path| path.as_str());
    let path = path.strip_prefix("/page").unwrap_or(path).to_owned();
    let answer = api.ask(&from, from.method.clone(), &path, body).await;
    if answer.status().is_success() { answer } else { translated(&from, answer).await }
}

fn reader(from: &Parts) -> Reader {
    Reader { say: messages::of(language::of(&from.headers)), now: jiff::Timestamp::now(), me: None }
}

/// A screen for whoever has the token, or one that asks who it is.
async fn screen(api: &Api, from: &Parts, view: impl AsyncFnOnce(&Reader) -> Result<Markup, Refused>) -> Response {
    let (reader, shown) = shown(api, from, view).await;
    match shown {
        Ok(markup) => fragment(StatusCode::OK, &markup),
        Err(refused) => {
            let problem = views::problem::failure(&reader, &refused.failure);
            let markup = match refused.status {
                StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS if reader.me.is_none() => {
                    views::login::login(&reader, Some(&problem))
                }
                _ => reader.screen(&reader.say.text("not-shown"), true, &problem),
            };
            fragment(refused.status, &markup)
        }
    }
}

/// What is put into the dialog.
async fn dialog(api: &Api, from: &Parts, view: impl AsyncFnOnce(&Reader) -> Result<Markup, Refused>) -> Response {
    let (reader, shown) = shown(api, from, view).await;
    match shown {
        Ok(markup) => fragment(StatusCode::OK, &markup),
        Err(refused) => fragment(refused.status, &views::problem::in_dialog(&reader, &refused.failure)),
    }
}

/// A view, and for whom: somebody whom the API knows, or else whoever reads that it does not.
async fn shown(
    api: &Api,
    from: &Parts,
    view: impl AsyncFnOnce(&Reader) -> Result<Markup, Refused>,
) -> (Reader, Result<Markup, Refused>) {
    let mut reader = reader(from);
    match api.get(from, "/api/v1/me").await {
        Ok(me) => reader.me = Some(me),
        Err(refused) => return (reader, Err(refused)),
    }
    let shown = view(&reader).await;
    (reader, shown)
}

/// What was turned down, in the reader's language.
async fn translated(from: &Parts, answer: Response) -> Response {
    let refused = ask::refusal(answer).await;
    fragment(refused.status, &views::problem::failure(&reader(from), &refused.failure))
}

fn fragment(status: StatusCode, markup: &Markup) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store"), (FRAGMENT, "1")];
    (status, headers, Html(markup.0.clone())).into_response()
}
