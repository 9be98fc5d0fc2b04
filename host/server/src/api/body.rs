//! How a request is read: JSON of a bounded size, within a bounded time, of the right content type.

use reforge_base::{Message, message};
use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// No request says more than this in JSON.
pub(super) const JSON_BYTES_MAX: usize = 64 << 10;
/// A client that needs longer for it holds a request open for nothing.
const JSON_TIME: Duration = Duration::from_secs(10);

/// The body.
pub(super) struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Body<T>, Problem> {
        require_type(request.headers(), &["application/json"])?;
        let bytes = read(request, JSON_BYTES_MAX).await?;
        parse(&bytes).map(Body)
    }
}

pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let detail = message!("the-body-does-not-read", error);
        Problem::new(StatusCode::BAD_REQUEST, "usage", detail, message!("see-api-v1-openapi-json"))
    })
}

/// A whole small body.
async fn read(request: Request, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    each_piece(request, bytes_max, |piece| bytes.extend_from_slice(piece)).await?;
    Ok(bytes)
}

/// Hands a small body on as it comes.
pub(super) async fn each_piece(request: Request, bytes_max: usize, mut take: impl FnMut(&[u8])) -> Result<(), Problem> {
    let too_large = || {
        let detail = message!("the-body-is-longer-than-bytes", limit = bytes_max);
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail, "")
    };
    let declared =
        request.headers().get(header::CONTENT_LENGTH).and_then(|text| text.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|declared| declared > bytes_max as u64) {
        return Err(too_large());
    }
    let mut body = Limited::new(request.into_body(), bytes_max);
    let whole = async {
        while let Some(frame) = body.frame().await {
            let frame =
                frame.map_err(|error| if error.is::<LengthLimitError>() { too_large() } else { broken_off() })?;
            if let Some(piece) = frame.data_ref() {
                take(piece);
            }
        }
        Ok(())
    };
    tokio::time::timeout(JSON_TIME, whole).await.unwrap_or_else(|_| Err(slow()))
}

/// The client went away in the middle.
pub(super) fn broken_off() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "usage", message!("the-body-broke-off"), message!("send-it-again"))
}

/// The client takes its time.
pub(super) fn slow() -> Problem {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "timeout",
        message!("the-body-did-not-arrive"),
        message!("send-it-at-once"),
    )
}

/// 415 unless the content is of one of these types.
pub(super) fn require_type(headers: &HeaderMap, wanted: &[&str]) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|text| text.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if wanted.iter().any(|wanted| essence.eq_ignore_ascii_case(wanted)) {
        return Ok(());
    }
    let detail = message!("the-content-type-is", given = reforge_base::escape::text(given));
    let wanted =
        wanted.iter().map(|wanted| Message::from(*wanted)).reduce(|one, other| message!("either-or", one, other));
    let hint = message!("send", wanted = wanted.unwrap_or_default());
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type", detail, hint))
}

/// Parts of the path.
pub(super) struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Path<T>, Problem> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|path| Path(path.0)).map_err(|error| bad(message!("part-path"), &error.body_text()))
    }
}

/// What stands behind `?`.
pub(super) struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Query<T>, Problem> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query.map(|query| Query(query.0)).map_err(|error| bad(message!("part-query"), &error.body_text()))
    }
}

fn bad(what: Message, error: &str) -> Problem {
    let detail = message!("the-does-not-read", what, error);
    Problem::new(StatusCode::BAD_REQUEST, "usage", detail, message!("see-api-v1-openapi-json"))
}
