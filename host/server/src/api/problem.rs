//! Why a request was not done: `application/problem+json` with the stable code of the failure. The one place that maps
//! codes to statuses; clients rely on both.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use reforge_base::escape;
use reforge_base::failure::{Code, Failure};
use reforge_base::message;
use reforge_base::message::{Arguments, Message, Source};

pub(super) const CONTENT_TYPE: &str = "application/problem+json";

/// What was wrong, in what state things are, and what to do.
#[derive(Clone, Debug, Serialize)]
#[serde(into = "ProblemDocument")]
pub(super) struct Problem {
    status: StatusCode,
    code: String,
    detail: Message,
    hint: Message,
}

/// One as it is answered.
#[derive(Deserialize, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemDocument {
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: Cow<'static, str>,
    /// The status in words.
    title: Cow<'static, str>,
    status: u16,
    /// Stable, for programs.
    #[schema(example = "busy")]
    code: String,
    /// For people.
    detail: String,
    /// What to do about it; may be empty.
    hint: String,
    /// Which message the detail is, for who shows it in another language.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Cow<'static, str>>,
    /// What it says something of.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = HashMap<String, Value>)]
    arguments: Arguments,
    /// The same of the hint.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint_id: Option<Cow<'static, str>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = HashMap<String, Value>)]
    hint_arguments: Arguments,
}

impl From<Problem> for ProblemDocument {
    fn from(problem: Problem) -> ProblemDocument {
        let Problem { status, code, detail, hint } = problem;
        let ((id, arguments), (hint_id, hint_arguments)) = (detail.parts(), hint.parts());
        ProblemDocument {
            kind: "about:blank".into(),
            title: status.canonical_reason().unwrap_or_default().into(),
            status: status.as_u16(),
            code,
            detail: detail.into(),
            hint: hint.into(),
            id,
            arguments,
            hint_id,
            hint_arguments,
        }
    }
}

/// As the page reads it.
impl From<ProblemDocument> for Failure {
    fn from(problem: ProblemDocument) -> Failure {
        let message = |text: String, id: Option<Cow<'static, str>>, arguments| {
            Message::written(text, id.map(|id| Source { id, arguments }))
        };
        Failure::new(Code::parse(&problem.code), message(problem.detail, problem.id, problem.arguments)).hint(message(
            problem.hint,
            problem.hint_id,
            problem.hint_arguments,
        ))
    }
}

impl utoipa::PartialSchema for Problem {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        ProblemDocument::schema()
    }
}

impl ToSchema for Problem {}

impl Problem {
    /// One of the API's own, which no failure of the host has.
    pub(crate) fn new(status: StatusCode, code: &str, detail: impl Into<Message>, hint: impl Into<Message>) -> Problem {
        Problem { status, code: escape::text(code), detail: escaped(detail.into()), hint: escaped(hint.into()) }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn code(&self) -> &str {
        &self.code
    }

    /// The host is ending.
    pub(super) fn stopping() -> Problem {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "stopping",
            message!("the-host-is-stopping"),
            message!("ask-again-when-it-runs"),
        )
    }

    /// More is being done than this host does at once.
    pub(super) fn overloaded() -> Problem {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "overloaded",
            message!("too-much-is-being-done-already"),
            message!("ask-again-later"),
        )
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Problem {
        Problem::new(status_of(&failure.code), failure.code.as_str(), failure.message, failure.hint)
    }
}

/// What the escape changes is not the host's own words, but text.
fn escaped(message: Message) -> Message {
    let text = escape::prose(&message);
    if message == text { message } else { Message::from(text) }
}

/// The status of a failure that changed nothing.
fn status_of(code: &Code) -> StatusCode {
    match code {
        Code::Usage => StatusCode::BAD_REQUEST,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Busy | Code::NeedsOperator | Code::Unfinished => StatusCode::CONFLICT,
        Code::Drift => StatusCode::PRECONDITION_FAILED,
        Code::NoSpace => StatusCode::INSUFFICIENT_STORAGE,
        Code::TooLarge
        | Code::VolumeRefused
        | Code::ArchiveRefused
        | Code::PolicyRefused
        | Code::SnapshotDamaged
        | Code::NotDown
        | Code::OutOfOrder
        | Code::PluginRefused
        // What was asked to run does not run, and what was asked to restore does not work: nothing is wrong here.
        | Code::AppBad | Code::HookFailed
        | Code::Plugin
        | Code::Other(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Code::Cancelled | Code::StateRefused | Code::EngineUnreachable | Code::EngineTooOld => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Code::Io | Code::SyncFailed | Code::Runtime => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_the_status_that_the_readme_says() {
        for (code, status) in [
            ("usage", 400),
            ("not-found", 404),
            ("busy", 409),
            ("needs-operator", 409),
            ("drift", 412),
            ("volume-refused", 422),
            ("archive-refused", 422),
            ("policy-refused", 422),
            ("snapshot-damaged", 422),
            ("not-down", 422),
            ("out-of-order", 422),
            ("too-large", 422),
            ("app-bad", 422),
            ("hook-failed", 422),
            ("plugin", 422),
            ("a-plugins-own", 422),
            ("no-space", 507),
            ("cancelled", 503),
            ("state-refused", 503),
            ("io", 500),
            ("sync-failed", 500),
            ("runtime", 500),
        ] {
            let problem = Problem::from(Failure::new(Code::parse(code), "x"));
            assert_eq!((problem.status.as_u16(), problem.code.as_str()), (status, code));
        }
    }

    #[test]
    fn foreign_text_is_escaped() {
        let problem = Problem::from(Failure::new(Code::Other("o\u{202e}wn".into()), "a\u{200b}b\n").hint("\u{1b}[2J"));
        assert_eq!((problem.code.as_str(), problem.detail.as_str()), ("o\\u{202e}wn", "a\\u{200b}b\\u{a}"));
        assert_eq!(problem.hint, "\\u{1b}[2J");
    }
}
