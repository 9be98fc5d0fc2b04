//! What a viewer is not told: command lines and environments. They hold secrets, and whoever may only look needs none.
//!
//! It stands between every answer and its caller, so that no route can forget it. Must never change what an admin is told.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};

use super::caller;
use super::shared::Shared;
use crate::tokens::{Role, Token};
use reforge_config::deploy_spec;
use reforge_host::restore::preflight::{ENVIRONMENT_CHANGED, ENVIRONMENT_CHANGED_ID};

/// No document comes near it.
const DOCUMENT_BYTES_MAX: usize = 64 << 20;
/// The fields whose text is an image reference, or of a process its command line.
const IMAGES: [&str; 4] = ["image", "previous_image", "preview_image", "reference"];
/// The field with the names of a workload's variables.
const ENVIRONMENT: &str = "environment";

/// The layer: documents for viewers lose what they are not told. Streams do that by themselves, event by event.
pub(super) async fn without_secrets(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let viewer = caller::admitted(request.headers(), &shared).is_some_and(|token| is_told_less(&token));
    let response = next.run(request).await;
    if !viewer || !is_document(&response) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let read = to_bytes(body, DOCUMENT_BYTES_MAX).await.ok();
    let Some(Ok(mut document)) = read.map(|bytes| serde_json::from_slice::<Value>(&bytes)) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    hide(&mut document);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(document.to_string()))
}

/// Whether a token's documents lose anything.
pub(super) fn is_told_less(token: &Token) -> bool {
    token.role == Role::Viewer
}

/// The data of an event without what no viewer is told.
pub(super) fn event(data: &str) -> String {
    serde_json::from_str(data).map_or_else(
        |_| Value::Null.to_string(),
        |mut document: Value| {
            hide(&mut document);
            document.to_string()
        },
    )
}

fn is_document(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    kind.starts_with(b"application/json") || kind.starts_with(b"application/problem+json")
}

fn hide(value: &mut Value) {
    match value {
        Value::String(text) => {
            // By name is what it is said by.
            if let Some(at) = text.find(ENVIRONMENT_CHANGED) {
                text.truncate(at + ENVIRONMENT_CHANGED.len());
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide),
        Value::Object(fields) => {
            // The names of variables are what it says something of.
            if fields.get("id").is_some_and(|id| id == ENVIRONMENT_CHANGED_ID) {
                fields.remove("arguments");
                fields.remove("id");
            }
            fields.iter_mut().for_each(|(name, value)| match value {
                Value::String(text) if IMAGES.contains(&name.as_str()) => *text = deploy_spec::program(text),
                Value::Object(variables) if name == ENVIRONMENT => *variables = Map::new(),
                value => hide(value),
            });
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_command_line_and_no_environment_is_left_wherever_it_stands() {
        let mut document = json!({
            "image": "/bin/app --token hunter2",
            "previous_image": "'/opt/my app' hunter2",
            "preview_image": null,
            "snapshots": [{ "image": { "reference": "acme/notes:1", "digest": "sha256:00" } }],
            "descriptor": { "manifest": { "environment": { "API_KEY": "hunter2" }, "image": { "reference": "a 'hunter2", "digest": "" } } },
            "warnings": [{
                "message": format!("{ENVIRONMENT_CHANGED}: API_KEY"),
                "hint": "a hint",
                "id": ENVIRONMENT_CHANGED_ID,
                "arguments": { "names": "API_KEY" },
            }],
        });
        hide(&mut document);
        let text = document.to_string();
        assert!(!text.contains("hunter2") && !text.contains("API_KEY"), "{text}");
        assert_eq!(document["image"], "/bin/app");
        assert_eq!(document["previous_image"], "/opt/my app");
        assert_eq!(document["snapshots"][0]["image"], json!({ "reference": "acme/notes:1", "digest": "sha256:00" }));
        assert_eq!(document["warnings"][0], json!({ "message": ENVIRONMENT_CHANGED, "hint": "a hint" }));
    }
}
