//! Who asks: a bearer token, its role, and the address that it comes from. No cookies: a forged cross-site request
//! carries nothing.
//!
//! A valid token is found before any limit is looked at, so that nobody's failed tries delay somebody else.

use reforge_base::message;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

use super::attempt::Attempt;
use super::problem::Problem;
use super::shared::Shared;
use crate::tokens::{Role, Token};

/// The other end of the connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// A request that may look.
#[derive(Clone)]
pub(super) struct Viewer(pub Token);

/// A request that may change.
#[derive(Clone)]
pub(super) struct Admin {
    pub attempt: Attempt,
}

impl Admin {
    /// For receipts and the audit log.
    pub(super) fn who(&self) -> String {
        self.attempt.who.clone()
    }
}

impl Viewer {
    /// The same.
    pub(super) fn who(&self) -> String {
        format!("token {}", self.0.name)
    }
}

impl FromRequestParts<Arc<Shared>> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Viewer, Problem> {
        admit(parts, shared).await.map(Viewer)
    }
}

impl FromRequestParts<Arc<Shared>> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Admin, Problem> {
        let viewer = Viewer::from_request_parts(parts, shared).await?;
        let attempt = Attempt::of(viewer.who(), parts);
        if viewer.0.role == Role::Admin {
            return Ok(Admin { attempt });
        }
        let detail = message!("the-token-is-a-viewers", name = viewer.0.name);
        let problem = Problem::new(StatusCode::FORBIDDEN, "forbidden", detail, message!("an-admins-token-is-needed"));
        Err(attempt.turned_down(shared, problem).await)
    }
}

async fn admit(parts: &Parts, shared: &Arc<Shared>) -> Result<Token, Problem> {
    if let Some(token) = admitted(&parts.headers, shared) {
        return Ok(token);
    }
    let offered = offered(&parts.headers);
    let from = address(parts, &shared.host.config.api.trusted_proxies);
    may_fail(shared, from)?;
    let detail = if offered.is_some() { message!("that-is-no-valid-token") } else { message!("there-is-no-token") };
    let hint = message!("send-authorization-bearer-token-reforge-token");
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail, hint);
    Err(match offered {
        Some(_) => nobody(parts, from).turned_down(shared, problem).await,
        None => problem,
    })
}

/// Whose request this is, if somebody's.
pub(super) fn admitted(headers: &HeaderMap, shared: &Shared) -> Option<Token> {
    offered(headers).and_then(|offered| shared.tokens.admit(offered))
}

fn offered(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().and_then(bearer),
        // Which of two counts would be a guess.
        _ => None,
    }
}

/// 429 when an address tried too often.
fn may_fail(shared: &Shared, from: IpAddr) -> Result<(), Problem> {
    shared.metrics.failed_try();
    if shared.throttle.may_fail(from, Instant::now()) {
        return Ok(());
    }
    let detail = message!("too-many-tries-without-a-valid");
    Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-tries", detail, message!("wait-a-minute")))
}

/// What somebody is told whose delivery is not signed as it must be.
pub(super) async fn unsigned(parts: &Parts, shared: &Arc<Shared>) -> Problem {
    let from = address(parts, &shared.host.config.api.trusted_proxies);
    if let Err(problem) = may_fail(shared, from) {
        return problem;
    }
    let hint = message!("send-x-hub-signature-256-sha256");
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", message!("the-body-is-not-signed"), hint);
    nobody(parts, from).turned_down(shared, problem).await
}

fn nobody(parts: &Parts, from: IpAddr) -> Attempt {
    Attempt::of(format!("nobody from {from}"), parts)
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The peer's, or the one that a trusted proxy saw: the last that is not a trusted proxy's.
fn address(parts: &Parts, trusted: &[IpAddr]) -> IpAddr {
    // Ours, or that of a server in which this is mounted.
    let peer = parts.extensions.get::<Peer>().map(|peer| peer.0);
    let peer = peer.or_else(|| parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0));
    let peer = peer.map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.ip().to_canonical());
    forwarded(peer, &parts.headers, trusted)
}

fn forwarded(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let mut address = peer;
    let lines = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
    let mut hops: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    while trusted.contains(&address) {
        let Some(hop) = hops.pop().and_then(|hop| hop.parse::<IpAddr>().ok()) else { break };
        address = hop.to_canonical();
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwarded_addresses_count_only_from_trusted_proxies() {
        let headers =
            |text: &'static str| HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), text.parse().unwrap())]);
        let [proxy, inner, client]: [IpAddr; 3] =
            ["10.0.0.1", "10.0.0.2", "192.0.2.9"].map(|text| text.parse().unwrap());
        let chain = headers("203.0.113.5, 192.0.2.9, 10.0.0.2");
        assert_eq!(forwarded(client, &chain, &[proxy, inner]), client, "a client cannot say where it is");
        assert_eq!(forwarded(proxy, &chain, &[]), proxy);
        assert_eq!(forwarded(proxy, &chain, &[proxy]), inner);
        assert_eq!(forwarded(proxy, &chain, &[proxy, inner]), client, "what the client claimed is not believed");
        assert_eq!(forwarded(proxy, &headers("nonsense"), &[proxy]), proxy);
        assert_eq!(forwarded(proxy, &HeaderMap::new(), &[proxy]), proxy);
    }

    #[test]
    fn a_token_stands_behind_the_word_bearer() {
        assert_eq!(bearer("Bearer x"), Some("x"));
        assert_eq!(bearer("bearer x"), Some("x"));
        for other in ["x", "Basic x", "Bearer"] {
            assert_eq!(bearer(other), None, "{other}");
        }
    }
}
