//! What every request must pass whoever sends it: it means this host, and it was not sent by another site's page.

use reforge_base::message;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::problem::Problem;
use super::shared::Shared;

/// `Host` and `Origin`: a page of another site that a browser was led to, or whose name was bound to this address, is
/// turned away.
pub(super) async fn same_site(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    match check(request.headers(), &shared.host.config.api.hosts) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn check(headers: &HeaderMap, names: &[String]) -> Result<(), Problem> {
    let one = |name: header::HeaderName| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    };
    let host = one(header::HOST).unwrap_or_default();
    let name = without_port(host).to_ascii_lowercase();
    let is_address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
    if !is_address && name != "localhost" && !names.contains(&name) {
        let detail = message!("this-host-is-not-called", host = reforge_base::escape::text(host));
        return Err(Problem::new(StatusCode::FORBIDDEN, "host-refused", detail, message!("add-the-name-to-hosts")));
    }
    if !headers.contains_key(header::ORIGIN) {
        return Ok(());
    }
    let origin = one(header::ORIGIN).unwrap_or_default();
    let of = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    if of.is_some_and(|of| of.eq_ignore_ascii_case(host)) {
        return Ok(());
    }
    let detail = message!("a-page-of-may-not-ask", origin = reforge_base::escape::text(origin));
    Err(Problem::new(StatusCode::FORBIDDEN, "origin-refused", detail, message!("use-the-page-that-this-host")))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(host: &str, origin: Option<&str>) -> Result<(), String> {
        let mut headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
        headers.extend(origin.map(|origin| (header::ORIGIN, origin.parse().unwrap())));
        check(&headers, &["reforge.example".to_owned()]).map_err(|problem| problem.code().to_owned())
    }

    #[test]
    fn a_request_means_this_host_and_comes_from_its_own_page() {
        for host in ["127.0.0.1:7878", "[::1]:7878", "localhost", "LOCALHOST:1", "reforge.example", "192.0.2.1"] {
            assert_eq!(asked(host, None), Ok(()), "{host}");
            assert_eq!(asked(host, Some(&format!("http://{host}"))), Ok(()), "{host}");
            assert_eq!(asked(host, Some("http://evil.example")), Err("origin-refused".into()), "{host}");
            assert_eq!(asked(host, Some("null")), Err("origin-refused".into()), "{host}");
        }
        for host in ["evil.example", "reforge.example.evil", "", "127.0.0.1.evil.example:7878"] {
            assert_eq!(asked(host, None), Err("host-refused".into()), "{host}");
        }
        assert_eq!(asked("127.0.0.1:7878", Some("http://127.0.0.1:1")), Err("origin-refused".into()));
    }
}
