//! Counts what was answered. No label holds anything from outside: routes are those of the code.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use super::shared::Shared;

/// Those that something here is asked with. Any client can make others up.
fn method(asked: &Method) -> &'static str {
    match *asked {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        _ => "any",
    }
}

/// Counts what was answered.
pub(super) async fn count(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = method(request.method());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    shared.metrics.answered(method, route, status);
    response
}
