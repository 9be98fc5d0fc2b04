//! The parts of the page that are the same for everybody, from the binary, and what a browser must know of all of it:
//! nothing runs or is loaded that this host did not send, and no other page frames it.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::messages::Messages;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
     trusted-types fragments";

/// A file by its name.
pub(super) fn file(name: &str) -> Option<Response> {
    let (kind, text) = match name {
        "page.css" => ("text/css", include_str!("static/page.css")),
        "icon.svg" => ("image/svg+xml", include_str!("static/icon.svg")),
        "page.js" => ("text/javascript", include_str!("static/page.js")),
        "session.js" => ("text/javascript", include_str!("static/session.js")),
        "events.js" => ("text/javascript", include_str!("static/events.js")),
        "place.js" => ("text/javascript", include_str!("static/place.js")),
        _ => return None,
    };
    let headers =
        [(header::CONTENT_TYPE, format!("{kind}; charset=utf-8")), (header::CACHE_CONTROL, "no-cache".into())];
    Some((headers, text).into_response())
}

/// What everything is put into.
pub(super) fn shell(say: &Messages) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(say.language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Reforge" }
                link rel="icon" href="/page/icon.svg";
                link rel="stylesheet" href="/page/page.css";
                script type="module" src="/page/page.js" {}
            }
            body {
                p #gone .problem role="alert" hidden { (say.text("gone")) }
                div #page { noscript { main { h1 { "Reforge" } p { (say.text("no-script")) } } } }
                dialog #dialog aria-labelledby="dialog-title" {
                    div #inside {}
                    div #said-inside role="status" .only-read {}
                }
                div #said role="status" .only-read {}
            }
        }
    }
}

/// What every answer of the page says to a browser.
pub(super) async fn guarded(mut response: Response) -> Response {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::VARY, "accept-language"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
