//! `[api]`: where the server listens, what it is called, whom it believes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use toml::Spanned;

use super::problems::Problems;
use super::raw::RawApi;
use super::{Api, host};
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::message;

/// Only this machine, unless told otherwise.
pub(crate) const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7878);

pub(super) fn check(raw: RawApi, base: &Path, problems: &mut Problems<'_>) -> Api {
    let RawApi { listen, hosts, trusted_proxies, webhook_secret_file } = raw;
    Api {
        listen: listen
            .and_then(|text| parsed("listen", &text, message!("write-for-example-127-0-0"), problems))
            .unwrap_or(LISTEN),
        hosts: hosts.into_iter().map(|name| host_name(name, problems)).collect(),
        trusted_proxies: trusted_proxies
            .iter()
            .filter_map(|text| parsed("trusted_proxies", text, message!("write-an-address-for-example-10"), problems))
            .collect(),
        webhook_secret_file: webhook_secret_file.map(|file| host::path("webhook_secret_file", base, file, problems)),
    }
}

fn parsed<T: std::str::FromStr>(
    key: &str,
    text: &Spanned<String>,
    hint: Message,
    problems: &mut Problems<'_>,
) -> Option<T> {
    let value = text.get_ref().parse().ok();
    if value.is_none() {
        let message = message!("is-which-is-not-an-address", key, get_ref = escape::text(text.get_ref()));
        problems.say(text.span(), message, hint);
    }
    value
}

/// As it stands in a request: lower case, no port.
fn host_name(name: Spanned<String>, problems: &mut Problems<'_>) -> String {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    if name.get_ref().is_empty() || !name.get_ref().bytes().all(plain) {
        let message = message!("hosts-has-which", get_ref = escape::text(name.get_ref()));
        problems.say(name.span(), message, message!("write-it-in-lower-case"));
    }
    name.into_inner()
}
