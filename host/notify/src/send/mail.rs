//! By mail: one connection, one message.

use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Message as Letter, SmtpTransport, Transport as _};
use reforge_base::failure::{Code, Failure};
use reforge_base::message;

use super::{ANSWER_BYTES_MAX, Answer, NotSent};
use crate::address::Address;
use crate::cut;
use crate::scheme::Scheme;
use crate::table::{self, Content};

const PORT: u16 = 25;
const STARTTLS_PORT: u16 = 587;
const TLS_PORT: u16 = 465;

pub(super) fn send(
    address: &Address,
    token: Option<&str>,
    content: &Content,
    limit: Duration,
) -> Result<Answer, NotSent> {
    let mut secrets = address.secrets();
    secrets.extend(token.map(str::to_owned));
    let failed = |text: String| {
        let said = cut::to_bytes(&table::without_secrets(&text, &secrets), ANSWER_BYTES_MAX);
        NotSent::from(Failure::new(Code::Io, message!("the-mail-server-says", said)))
    };
    let mail = table::mail(address).map_err(|why| Failure::new(Code::Usage, why))?;
    let mut letter = Letter::builder().from(mail.from).subject(&content.title).header(ContentType::TEXT_PLAIN);
    for recipient in mail.to {
        letter = letter.to(recipient);
    }
    // The same at each try, so that a mail that came through twice is seen to be one.
    letter = letter.message_id(Some(format!("<{}@reforge>", content.id)));
    let letter = letter.body(content.text.clone()).map_err(|error| failed(error.to_string()))?;
    let host = address.host();
    let parameters = || TlsParameters::new(host.to_owned()).map_err(|error| failed(error.to_string()));
    let (tls, port) = match address.scheme {
        Scheme::Smtps => (Tls::Wrapper(parameters()?), TLS_PORT),
        _ if mail.is_plain => (Tls::None, PORT),
        _ => (Tls::Required(parameters()?), STARTTLS_PORT),
    };
    let mut server = SmtpTransport::builder_dangerous(host)
        .port(address.port().unwrap_or(port))
        .tls(tls)
        .hello_name(ClientId::Domain(own_name()))
        .timeout(Some(limit));
    let password = address.password().or_else(|| token.map(str::to_owned));
    if let (Some(user), Some(password)) = (address.user(), password) {
        server = server.credentials(Credentials::new(user, password));
    }
    let answer = server.build().send(&letter).map_err(|error| failed(chain(&error)))?;
    Ok(format!("{} {}", answer.code(), answer.message().collect::<Vec<_>>().join(" ")).trim().to_owned())
}

/// What this machine is called, for the server's greeting.
fn own_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.');
    if !name.is_empty() && name.chars().all(plain) { name } else { "localhost".to_owned() }
}

/// An error with those below it, which say what the server said.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(error) = below {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        below = error.source();
    }
    text
}
