//! What is answered when a request was done: a document, all text in it passed through the one escape.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, http::header};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use reforge_base::escape;

/// An object with stable field names, the same as `--json` of the command of that name. What it holds is described by the
/// type that it is made from.
#[derive(Clone, Debug)]
pub(super) struct Document(Value);

impl PartialSchema for Document {
    fn schema() -> RefOr<Schema> {
        let additional = Some(AdditionalProperties::FreeForm(true));
        ObjectBuilder::new().additional_properties(additional).into()
    }
}

impl ToSchema for Document {}

impl Document {
    pub(super) fn new(document: impl Serialize) -> Document {
        Document(escaped(json!(document)))
    }

    /// As text, for an event.
    pub(super) fn text(&self) -> String {
        self.0.to_string()
    }

    /// With another status than 200.
    pub(super) fn with(self, status: StatusCode) -> Response {
        (status, self).into_response()
    }

    /// Begun, and to be found there.
    pub(super) fn begun(self, status: StatusCode, location: &str) -> Response {
        (status, [(header::LOCATION, location.to_owned())], self).into_response()
    }
}

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        // What is answered is of this instant and for this caller.
        ([(header::CACHE_CONTROL, "no-store")], Json(self.0)).into_response()
    }
}

/// Names of fields are the host's own; what they hold may come from anywhere.
fn escaped(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(escape::prose(&text)),
        Value::Array(values) => Value::Array(values.into_iter().map(escaped).collect()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (escape::prose(&name), escaped(value))).collect())
        }
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_document_can_steer_or_hide() {
        let document = Document::new(json!({ "a": ["\u{202e}", { "b\u{200b}": "\u{7}" }], "n": 1 }));
        assert_eq!(document.text(), r#"{"a":["\\u{202e}",{"b\\u{200b}":"\\u{7}"}],"n":1}"#);
    }
}
