//! The description of the API, made from the code of its routes: what is not described here or there does not exist.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify, ToSchema};

use super::problem::CONTENT_TYPE;

/// What a request without a token may be answered.
pub(super) struct Open;
/// What a request that only looks may be answered besides what it asks for.
pub(super) struct Look;
/// The same for one that changes something or takes long.
pub(super) struct Change;
/// The same for one that must be confirmed.
pub(super) struct Confirm;

const OPEN: &[u16] = &[400, 403, 503];
const LOOK: &[u16] = &[400, 401, 403, 404, 409, 422, 429, 500, 503];
const CHANGE: &[u16] = &[400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 429, 500, 503, 507];
const CONFIRMED: &[u16] = &[400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 428, 429, 500, 503, 507];

fn problems(statuses: &[u16]) -> BTreeMap<String, RefOr<Response>> {
    let problem = |status: &u16| {
        let title = StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new().description(title.unwrap_or_default()).content(CONTENT_TYPE, content);
        (status.to_string(), RefOr::T(response.build()))
    };
    statuses.iter().map(problem).collect()
}

impl IntoResponses for Open {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(OPEN)
    }
}

impl IntoResponses for Look {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(LOOK)
    }
}

impl IntoResponses for Change {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(CHANGE)
    }
}

impl IntoResponses for Confirm {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(CONFIRMED)
    }
}

/// One event of a stream.
#[derive(ToSchema)]
#[allow(dead_code, reason = "it is described here and written by the stream")]
pub(super) struct ServerSentEvent {
    /// What `Last-Event-ID` takes up
    id: String,
    /// `phase`, `progress`, `note`, `standing` or `end`
    event: String,
    /// JSON
    data: String,
}

/// A bearer token, and nothing else.
pub(super) struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}
