//! How the page finds out: it asks the API as any client does, with what the browser sent. So a view shows nothing that
//! its token may not see, and what is limited, refused or audited there is so here.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderName, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use tower::ServiceExt as _;

use crate::api::{Peer, ProblemDocument};
use reforge_base::{Code, Failure};

/// What one part of a path may hold as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// No document comes near it.
const DOCUMENT_BYTES_MAX: usize = 64 << 20;
/// What is handed on of a request.
const HANDED_ON: [HeaderName; 7] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::HOST,
    header::ORIGIN,
    HeaderName::from_static("x-confirm-restore"),
    HeaderName::from_static("x-forwarded-for"),
];

/// The API, as seen from the page.
#[derive(Clone)]
pub(super) struct Api(Router);

/// What the API turned down, as it said it.
#[derive(Debug)]
pub(super) struct Refused {
    pub status: StatusCode,
    pub failure: Failure,
}

impl Api {
    pub(super) fn new(api: Router) -> Api {
        Api(api)
    }

    /// The answer as it is.
    pub(super) async fn ask(&self, from: &Parts, method: Method, path: &str, body: Body) -> Response {
        let Ok(uri) = path.parse::<Uri>() else { return StatusCode::NOT_FOUND.into_response() };
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        for name in &HANDED_ON {
            for value in from.headers.get_all(name) {
                request.headers_mut().append(name, value.clone());
            }
        }
        if let Some(peer) = from.extensions.get::<Peer>() {
            request.extensions_mut().insert(*peer);
        }
        match self.0.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// A document.
    pub(super) async fn get<T: DeserializeOwned>(&self, from: &Parts, path: &str) -> Result<T, Refused> {
        read(self.ask(from, Method::GET, path, Body::empty()).await).await
    }
}

/// The document that was answered.
pub(super) async fn read<T: DeserializeOwned>(response: Response) -> Result<T, Refused> {
    let status = response.status();
    let bytes = bytes(response).await;
    match serde_json::from_slice(&bytes) {
        Ok(document) if status.is_success() => Ok(document),
        _ => Err(refused(status, &bytes)),
    }
}

/// What was said instead of a document.
pub(super) async fn refusal(response: Response) -> Refused {
    let status = response.status();
    refused(status, &bytes(response).await)
}

async fn bytes(response: Response) -> Bytes {
    axum::body::to_bytes(response.into_body(), DOCUMENT_BYTES_MAX).await.unwrap_or_default()
}

fn refused(status: StatusCode, body: &[u8]) -> Refused {
    match serde_json::from_slice::<ProblemDocument>(body) {
        Ok(problem) => Refused { status, failure: problem.into() },
        Err(_) => Refused { status: StatusCode::INTERNAL_SERVER_ERROR, failure: Failure::new(Code::Io, "").hint("") },
    }
}

/// As one part of a path.
pub(super) fn part(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}
