//! Over HTTP: one request, and whatever is no success is why it did not arrive. No redirect is followed: a token would go where
//! nobody meant it to.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use reforge_base::failure::{Code, Failure};
use reforge_base::{Message, escape, message};
use ureq::http;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body, Error};

use super::{ANSWER_BYTES_MAX, Answer, CONNECT_TIME, NotSent, too_slow};
use crate::address::Address;
use crate::cut;
use crate::table::{self, Content, Request};

/// Longest that a receiver may ask to be left alone.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
/// What is read of an answer.
const READ_BYTES_MAX: u64 = 64 << 10;

/// Reads whom the system believes, once.
static TLS: LazyLock<TlsConfig> = LazyLock::new(|| {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    TlsConfig::builder().unversioned_rustls_crypto_provider(provider).root_certs(RootCerts::PlatformVerifier).build()
});

pub(super) fn send(
    address: &Address,
    token: Option<&str>,
    content: &Content,
    limit: Duration,
) -> Result<Answer, NotSent> {
    let mut secrets = address.secrets();
    secrets.extend(token.map(str::to_owned));
    if address.scheme.needs_token() && token.is_none() {
        let failure = Failure::new(Code::Usage, message!("it-needs-a-token"));
        return Err(failure.hint(message!("name-the-file-of-it-with-token-file")).into());
    }
    let answered = run(table::request(address, token, content), limit);
    let (status, body, retry_after) = answered.map_err(|error| not_asked(&error, limit, &secrets))?;
    let said = cut::to_bytes(table::without_secrets(body.trim(), &secrets).trim(), ANSWER_BYTES_MAX);
    match status {
        200..300 => Ok(status.to_string()),
        300..400 => {
            let failure = Failure::new(Code::Io, message!("it-redirects", status));
            Err(failure.hint(message!("write-the-address-that-it-redirects-to")).into())
        }
        _ => {
            let message = match said.is_empty() {
                true => message!("it-answers", status),
                false => message!("it-answers-and-says", status, said),
            };
            Err(NotSent { failure: Failure::new(Code::Io, message), retry_after })
        }
    }
}

/// Status, body and how long to wait.
fn run(request: Request, limit: Duration) -> Result<(u16, String, Option<Duration>), Error> {
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(limit))
        .timeout_connect(Some(CONNECT_TIME.min(limit)))
        .tls_config(TLS.clone())
        .user_agent(concat!("reforge/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let mut builder = http::Request::builder().method(request.method).uri(&request.url);
    for (name, value) in &request.headers {
        builder = builder.header(*name, value);
    }
    let answer = match request.body {
        Some(body) => agent.run(builder.body(body)?)?,
        None => agent.run(builder.body(())?)?,
    };
    let retry_after = seconds(&answer).map(|asked| asked.min(RETRY_AFTER_MAX));
    let status = answer.status().as_u16();
    // That it was taken is in the status: a body that breaks off changes nothing.
    let body = answer.into_body().with_config().limit(READ_BYTES_MAX).lossy_utf8(true).read_to_string();
    Ok((status, body.unwrap_or_default(), retry_after))
}

fn seconds(answer: &http::Response<Body>) -> Option<Duration> {
    let text = answer.headers().get("retry-after")?.to_str().ok()?;
    Some(Duration::from_secs(text.trim().parse().ok()?))
}

/// Why there is no answer, in words that show nothing of the address.
fn not_asked(error: &Error, limit: Duration, secrets: &[String]) -> NotSent {
    let why: Message = match error {
        Error::Timeout(_) => return too_slow(limit).into(),
        Error::HostNotFound => message!("its-host-is-not-found"),
        Error::Io(error) => message!("it-cannot-be-reached", error),
        other => {
            let text = table::without_secrets(&other.to_string(), secrets);
            message!("it-cannot-be-asked", text = escape::prose(&text))
        }
    };
    Failure::new(Code::Io, why).into()
}
