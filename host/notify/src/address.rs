//! The address of a channel: `SCHEME://HOST/…` over https, `SCHEME+http://HOST/…` without. Everything in it but scheme and
//! host may be a secret: a path that anybody may post to, a token, a topic. So nothing else of it is ever shown.

use std::fmt;

use percent_encoding::percent_decode_str;
use reforge_base::{Message, escape, message};
use url::Url;

use crate::scheme::{self, Scheme};

/// What stands behind the scheme of an address that is asked without TLS.
const PLAIN: &str = "+http";
/// Shorter parts of an address are words such as `api`, which anything may hold.
const SECRET_BYTES_MIN: usize = 6;

/// Where a channel sends to.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    text: String,
    pub scheme: Scheme,
    url: Url,
    is_plain: bool,
}

impl Address {
    /// Reads one, whatever it may lack. The error is one clause about the text, and shows nothing of it.
    pub(crate) fn parse(text: &str) -> Result<Address, Message> {
        let url = Url::parse(text).map_err(|_| message!("is-not-an-address"))?;
        let (name, is_plain) = match url.scheme().strip_suffix(PLAIN) {
            Some(name) => (name, true),
            None => (url.scheme(), false),
        };
        let known = || scheme::names().join(", ");
        let scheme = Scheme::of_name(name).filter(|scheme| !(is_plain && scheme.is_mail())).ok_or_else(|| {
            message!("has-a-scheme-that-is-not-known", scheme = escape::text(url.scheme()), known = known())
        })?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(message!("names-no-host"));
        }
        Ok(Address { text: text.to_owned(), scheme, is_plain, url })
    }

    /// As it was written, secrets and all: for the file that it came from.
    pub fn secret_text(&self) -> &str {
        &self.text
    }

    /// The host, and the port if one is named, as a request names them.
    pub(crate) fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    pub(crate) fn host(&self) -> &str {
        // Brackets belong to the text of an address, not to the host.
        self.url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    pub(crate) fn port(&self) -> Option<u16> {
        self.url.port()
    }

    /// `https://HOST:PORT`, or `http`.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", if self.is_plain { "http" } else { "https" }, self.authority())
    }

    /// The path as it was written, without a `/` at its end.
    pub(crate) fn path(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }

    /// The path as text, without the `/` before it.
    pub(crate) fn plain_path(&self) -> String {
        decoded(self.path().trim_start_matches('/'))
    }

    pub(crate) fn query(&self) -> Option<&str> {
        self.url.query()
    }

    /// The values of a query, by name.
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        self.url.query_pairs().into_owned().collect()
    }

    pub(crate) fn user(&self) -> Option<String> {
        Some(decoded(self.url.username())).filter(|user| !user.is_empty())
    }

    pub(crate) fn password(&self) -> Option<String> {
        self.url.password().map(decoded)
    }

    /// The parts that nobody may see, as they may come up in what a receiver answers.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let names = self.url.path().split('/').chain(self.url.query());
        let parts = names.chain([self.url.username()]).chain(self.url.password());
        let long = parts.filter(|part| part.len() >= SECRET_BYTES_MIN);
        long.flat_map(|part| [part.to_owned(), decoded(part)]).collect()
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Scheme and host.
impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}/…", self.url.scheme(), escape::text(&self.authority()))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_scheme_and_host_is_shown() {
        for (text, shown) in [
            ("ntfy://tk_secret@ntfy.example/secret-topic", "ntfy://ntfy.example/…"),
            ("gotify+http://secret@127.0.0.1:8080/gotify", "gotify+http://127.0.0.1:8080/…"),
            (
                "smtps://me:secret@mail.example:465?from=secret@b.example&to=secret@d.example",
                "smtps://mail.example:465/…",
            ),
            ("json://[::1]:99/secret", "json://[::1]:99/…"),
        ] {
            let address = Address::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(address.to_string(), shown);
            assert_eq!(format!("{address:?}"), shown);
            assert_eq!(address.secret_text(), text);
        }
    }

    #[test]
    fn parts_of_an_address_are_read_as_they_were_meant() {
        let address = Address::parse("matrix://matrix.example/!room%3Amatrix.example").unwrap();
        assert_eq!(address.plain_path(), "!room:matrix.example");
        let address = Address::parse("telegram://123%3Aabc@api.telegram.org/-100?thread=7").unwrap();
        assert_eq!(address.user().as_deref(), Some("123:abc"));
        assert_eq!(address.origin(), "https://api.telegram.org");
        assert!(address.secrets().contains(&"123:abc".to_owned()));
    }
}
