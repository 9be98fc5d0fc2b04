//! The one table of receivers: of each scheme the method, the address, the headers and the body that it wants, how long a text
//! it takes, and what an address of it has to name.
//!
//! Where a receiver bounds a text the bound is its documentation's, of November 2026.

use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reforge_base::{Message, escape, message};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::address::Address;
use crate::cut;
use crate::scheme::Scheme;

/// What the body of a `json` channel with a token is signed with, as `sha256=HEX`: the header that webhooks to the host have.
pub const SIGNATURE: &str = "X-Hub-Signature-256";

/// What is not encoded in one component of a path or a query.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A message of ntfy in bytes; a longer one would become an attachment.
const NTFY_BYTES_MAX: usize = 4096;
/// An embed of Discord: its title and its description.
const DISCORD_TITLE_MAX: usize = 256;
const DISCORD_TEXT_MAX: usize = 4096;
/// What Slack asks for; it cuts only far behind.
const SLACK_TEXT_MAX: usize = 4000;
/// After the entities were read.
const TELEGRAM_TEXT_MAX: usize = 4096;
const PUSHOVER_TITLE_MAX: usize = 250;
const PUSHOVER_TEXT_MAX: usize = 1024;
/// What is kept of the body of a ping, by Healthchecks, and what fits an address, for Kuma.
const HEALTHCHECKS_BYTES_MAX: usize = 10_000;
const KUMA_BYTES_MAX: usize = 250;
/// Well below what an event of Matrix may have, twice over.
const MATRIX_BYTES_MAX: usize = 16 << 10;

/// How urgent a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    Low,
    Usual,
    High,
}

/// What a ping says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ping {
    Start,
    Fail,
    Done,
}

/// One message, in words.
#[derive(Clone, Debug)]
pub struct Content {
    /// The same at each try.
    pub id: String,
    pub title: String,
    pub text: String,
    pub urgency: Urgency,
    /// What a program is told.
    pub document: Value,
    /// None of what is no night and no test.
    pub ping: Option<Ping>,
}

/// What is sent over HTTP.
#[derive(Debug, PartialEq)]
pub struct Request {
    pub method: &'static str,
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Vec<u8>>,
}

/// Reads an address that its receiver can do something with. The error is one clause about the text, and shows nothing of it.
pub fn address(text: &str) -> Result<Address, Message> {
    let address = Address::parse(text)?;
    check(&address)?;
    Ok(address)
}

fn check(address: &Address) -> Result<(), Message> {
    let parts = address.path().split('/').filter(|part| !part.is_empty()).count();
    let names: Vec<String> = address.pairs().into_iter().map(|(name, _)| name).collect();
    let known: &[&str] = match address.scheme {
        Scheme::Telegram => &["thread"],
        Scheme::Smtp => &["from", "to", "tls"],
        Scheme::Smtps => &["from", "to"],
        _ => &[],
    };
    let is_free = address.scheme == Scheme::Json;
    if !is_free && (address.query() == Some("") || names.iter().any(|name| !known.contains(&name.as_str()))) {
        return Err(message!("has-something-behind-a-question-mark"));
    }
    match address.scheme {
        Scheme::Ntfy if parts != 1 => Err(message!("names-no-topic")),
        Scheme::Telegram if parts != 1 => Err(message!("names-no-chat")),
        Scheme::Pushover if parts != 1 => Err(message!("names-no-user")),
        Scheme::Matrix if !address.plain_path().starts_with('!') => Err(message!("names-no-room")),
        Scheme::Discord | Scheme::Slack | Scheme::Apprise | Scheme::Healthchecks | Scheme::Kuma if parts == 0 => {
            Err(message!("has-no-path"))
        }
        Scheme::Smtp | Scheme::Smtps => mail(address).map(drop),
        _ => Ok(()),
    }
}

/// What an address of mail says.
pub(crate) struct Mail {
    pub from: lettre::message::Mailbox,
    pub to: Vec<lettre::message::Mailbox>,
    /// Whether the server is asked without TLS.
    pub is_plain: bool,
}

pub(crate) fn mail(address: &Address) -> Result<Mail, Message> {
    let pairs = address.pairs();
    let all = |name: &str| -> Result<Vec<lettre::message::Mailbox>, Message> {
        let values = pairs.iter().filter(|(known, _)| known == name).flat_map(|(_, value)| value.split(','));
        values.map(|value| value.trim().parse().map_err(|_| message!("has-what-is-no-address-of-mail", name))).collect()
    };
    let from = all("from")?.into_iter().next().ok_or_else(|| message!("names-no-sender"))?;
    let to = all("to")?;
    if to.is_empty() {
        return Err(message!("names-no-recipient"));
    }
    let is_plain = match pairs.iter().find(|(name, _)| name == "tls").map(|(_, value)| value.as_str()) {
        None => false,
        Some("none") => true,
        Some(_) => return Err(message!("has-something-behind-a-question-mark")),
    };
    Ok(Mail { from, to, is_plain })
}

/// The token that an address itself has, where there is no file of one.
pub(crate) fn token_in(address: &Address) -> Option<String> {
    match (address.user(), address.password()) {
        (Some(user), Some(password)) => Some(format!("{user}:{password}")),
        (user, password) => password.or(user),
    }
}

/// What a receiver wants for a message. Mail is sent otherwise.
pub(crate) fn request(address: &Address, token: Option<&str>, content: &Content) -> Request {
    let Content { title, text, urgency, .. } = content;
    let url = |path: &str| format!("{}{path}", address.origin());
    let token_text = token.unwrap_or_default();
    let authorization = |bearer: bool| {
        token.map(|token| ("Authorization", if bearer { format!("Bearer {token}") } else { cut::basic(token) }))
    };
    let is_pair = token.is_some_and(|token| token.contains(':'));
    match address.scheme {
        Scheme::Ntfy => {
            let priority = by_urgency(*urgency, ["2", "3", "4"]).to_owned();
            let mut headers = vec![("Title", cut::header(title)), ("Priority", priority)];
            headers.extend(authorization(!is_pair));
            headers.push(("Content-Type", "text/plain; charset=utf-8".to_owned()));
            post(url(address.path()), headers, cut::to_bytes(text, NTFY_BYTES_MAX).into_bytes())
        }
        Scheme::Gotify => {
            let priority = by_urgency(*urgency, [2, 5, 8]);
            let body = json!({ "title": title, "message": text, "priority": priority });
            let key = ("X-Gotify-Key", token_text.to_owned());
            as_json("POST", url(&format!("{}/message", address.path())), vec![key], &body)
        }
        Scheme::Discord => {
            let (title, text) = (cut::to_units(title, DISCORD_TITLE_MAX), cut::to_units(text, DISCORD_TEXT_MAX));
            let colour = by_urgency(*urgency, [0x2e_9e_5b, 0xd9_8c_00, 0xc9_2a_2a]);
            // Nobody is called by what the name of something holds.
            let embed = json!({ "title": title, "description": text, "color": colour });
            let body = json!({ "username": "Reforge", "embeds": [embed], "allowed_mentions": { "parse": [] } });
            as_json("POST", url(address.path()), Vec::new(), &body)
        }
        Scheme::Slack => {
            let text = format!("*{}*\n{}", cut::slack(title), cut::slack(text));
            as_json("POST", url(address.path()), Vec::new(), &json!({ "text": cut::to_units(&text, SLACK_TEXT_MAX) }))
        }
        Scheme::Telegram => {
            let room = TELEGRAM_TEXT_MAX.saturating_sub(title.encode_utf16().count() + 1);
            let text = format!("<b>{}</b>\n{}", cut::html(title), cut::html(&cut::to_units(text, room)));
            let mut body = json!({
                "chat_id": address.plain_path(),
                "text": text,
                "parse_mode": "HTML",
                "link_preview_options": { "is_disabled": true },
            });
            if let Some((_, thread)) = address.pairs().into_iter().find(|(name, _)| name == "thread") {
                body["message_thread_id"] = thread.parse::<i64>().map_or(Value::String(thread), Value::from);
            }
            as_json("POST", url(&format!("/bot{token_text}/sendMessage")), Vec::new(), &body)
        }
        Scheme::Matrix => {
            let (room, id) = (component(&address.plain_path()), component(&content.id));
            let text = cut::to_bytes(text, MATRIX_BYTES_MAX);
            let html = format!("<b>{}</b><br>{}", cut::html(title), cut::html(&text).replace('\n', "<br>"));
            let body = json!({
                "msgtype": "m.text",
                "body": format!("{title}\n{text}"),
                "format": "org.matrix.custom.html",
                "formatted_body": html,
            });
            // The same id at each try: what came through and was not told to have is not sent again.
            let path = format!("/_matrix/client/v3/rooms/{room}/send/m.room.message/{id}");
            as_json("PUT", url(&path), authorization(true).into_iter().collect(), &body)
        }
        Scheme::Pushover => {
            let body = json!({
                "token": token_text,
                "user": address.plain_path(),
                "title": cut::to_units(title, PUSHOVER_TITLE_MAX),
                "message": cut::to_units(text, PUSHOVER_TEXT_MAX),
                "priority": by_urgency(*urgency, [-1, 0, 1]),
            });
            as_json("POST", url("/1/messages.json"), Vec::new(), &body)
        }
        Scheme::Apprise => {
            let kind = by_urgency(*urgency, ["success", "warning", "failure"]);
            let body = json!({ "title": title, "body": text, "type": kind });
            as_json("POST", url(address.path()), authorization(!is_pair).into_iter().collect(), &body)
        }
        Scheme::Healthchecks => {
            let end = match content.ping {
                Some(Ping::Start) => "/start",
                Some(Ping::Fail) => "/fail",
                _ => "",
            };
            let body = cut::to_bytes(&format!("{title}\n{text}"), HEALTHCHECKS_BYTES_MAX).into_bytes();
            let plain = ("Content-Type", "text/plain; charset=utf-8".to_owned());
            post(url(&format!("{}{end}", address.path())), vec![plain], body)
        }
        Scheme::Kuma => {
            let status = if content.ping == Some(Ping::Fail) { "down" } else { "up" };
            let said = component(&cut::to_bytes(title, KUMA_BYTES_MAX));
            let url = url(&format!("{}?status={status}&msg={said}&ping=", address.path()));
            Request { method: "GET", url, headers: Vec::new(), body: None }
        }
        Scheme::Json | Scheme::Smtp | Scheme::Smtps => {
            let body = content.document.to_string().into_bytes();
            let mut headers = vec![("Content-Type", "application/json".to_owned())];
            headers.extend(token.map(|token| (SIGNATURE, signature(token, &body))));
            let query = address.query().map(|query| format!("?{query}")).unwrap_or_default();
            post(url(&format!("{}{query}", address.path())), headers, body)
        }
    }
}

fn by_urgency<T: Copy>(urgency: Urgency, [low, usual, high]: [T; 3]) -> T {
    match urgency {
        Urgency::Low => low,
        Urgency::Usual => usual,
        Urgency::High => high,
    }
}

fn component(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}

fn post(url: String, headers: Vec<(&'static str, String)>, body: Vec<u8>) -> Request {
    Request { method: "POST", url, headers, body: Some(body) }
}

fn as_json(method: &'static str, url: String, mut headers: Vec<(&'static str, String)>, body: &Value) -> Request {
    headers.push(("Content-Type", "application/json".to_owned()));
    Request { method, ..post(url, headers, body.to_string().into_bytes()) }
}

/// HMAC-SHA256 over a body.
fn signature(secret: &str, body: &[u8]) -> String {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// A token as it is shown in what a receiver answers: not at all.
pub(crate) fn without_secrets(text: &str, secrets: &[String]) -> String {
    let mut text = escape::text(text);
    let mut secrets: Vec<&String> = secrets.iter().filter(|secret| !secret.is_empty()).collect();
    // The longest first: one may hold another.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in secrets {
        text = text.replace(secret.as_str(), "…").replace(&escape::text(secret), "…").replace(&component(secret), "…");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Content {
        Content {
            id: "20261130T020000Z-00ff".to_owned(),
            title: "shop: снимка нет <&>".to_owned(),
            text: "`db` did not stop & \"waits\" <b>".to_owned(),
            urgency: Urgency::High,
            document: json!({ "event": "failed" }),
            ping: None,
        }
    }

    fn made(address: &str, token: Option<&str>, content: &Content) -> (String, Vec<(&'static str, String)>, Value) {
        let address = super::address(address).unwrap_or_else(|why| panic!("{address}: {why}"));
        let token = token.map(str::to_owned).or_else(|| token_in(&address));
        let Request { method, url, headers, body } = request(&address, token.as_deref(), content);
        let body = body.unwrap_or_default();
        let text = String::from_utf8(body).unwrap();
        (format!("{method} {url}"), headers, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    fn header(headers: &[(&'static str, String)], name: &str) -> Option<String> {
        headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }

    #[test]
    fn each_receiver_gets_what_it_wants_where_it_wants_it() {
        let content = content();
        for (address, token, asked, authorization) in [
            ("ntfy://ntfy.example/topic", Some("tk_1"), "POST https://ntfy.example/topic", Some("Bearer tk_1")),
            ("ntfy://me:pass@ntfy.example/topic", None, "POST https://ntfy.example/topic", Some("Basic bWU6cGFzcw==")),
            ("ntfy+http://[::1]:80/topic/", None, "POST http://[::1]:80/topic", None),
            ("gotify://push.example/below", Some("A1"), "POST https://push.example/below/message", None),
            ("discord://discord.com/api/webhooks/1/t", None, "POST https://discord.com/api/webhooks/1/t", None),
            ("slack://hooks.slack.com/services/T/B/x", None, "POST https://hooks.slack.com/services/T/B/x", None),
            ("telegram://1:a@api.telegram.org/-1", None, "POST https://api.telegram.org/bot1:a/sendMessage", None),
            (
                "matrix://matrix.example/!r:m.example",
                Some("syt"),
                "PUT https://matrix.example/_matrix/client/v3/rooms/%21r%3Am.example/send/m.room.message/20261130T020000Z-00ff",
                Some("Bearer syt"),
            ),
            ("pushover://api.pushover.net/user", Some("app"), "POST https://api.pushover.net/1/messages.json", None),
            ("apprise://a.example/notify/key", None, "POST https://a.example/notify/key", None),
            ("healthchecks://hc-ping.com/uuid", None, "POST https://hc-ping.com/uuid", None),
            ("json+http://a.example:99/x?y=z", Some("secret"), "POST http://a.example:99/x?y=z", None),
        ] {
            let (found, headers, _) = made(address, token, &content);
            assert_eq!(found, asked, "{address}");
            assert_eq!(header(&headers, "Authorization").as_deref(), authorization, "{address}");
        }
        let (asked, _, _) = made("kuma://kuma.example/api/push/token", None, &content);
        assert!(asked.starts_with("GET https://kuma.example/api/push/token?status=up&msg=shop%3A%20"), "{asked}");
    }

    #[test]
    fn each_body_says_the_message_as_its_receiver_reads_it() {
        let content = content();
        let (_, headers, body) = made("ntfy://ntfy.example/topic", None, &content);
        assert_eq!(body, json!(content.text));
        assert_eq!(header(&headers, "Title").unwrap(), cut::header(&content.title));
        assert_eq!(header(&headers, "Priority").as_deref(), Some("4"));
        let (_, headers, body) = made("gotify://push.example", Some("A1"), &content);
        assert_eq!(body, json!({ "title": content.title, "message": content.text, "priority": 8 }));
        assert_eq!(header(&headers, "X-Gotify-Key").as_deref(), Some("A1"));
        let (_, _, body) = made("discord://discord.com/api/webhooks/1/t", None, &content);
        assert_eq!(body["allowed_mentions"], json!({ "parse": [] }));
        assert_eq!(body["embeds"][0]["description"], content.text);
        let (_, _, body) = made("slack://hooks.slack.com/services/x", None, &content);
        assert_eq!(body["text"], "*shop: снимка нет &lt;&amp;&gt;*\n`db` did not stop &amp; \"waits\" &lt;b&gt;");
        let (_, _, body) = made("telegram://1:a@api.telegram.org/-1?thread=7", None, &content);
        assert_eq!((&body["chat_id"], &body["message_thread_id"]), (&json!("-1"), &json!(7)));
        assert_eq!(
            body["text"],
            "<b>shop: снимка нет &lt;&amp;&gt;</b>\n`db` did not stop &amp; &quot;waits&quot; &lt;b&gt;"
        );
        let (_, _, body) = made("matrix://matrix.example/!r:m.example", Some("syt"), &content);
        assert_eq!(body["body"], format!("{}\n{}", content.title, content.text));
        let (_, _, body) = made("pushover://api.pushover.net/user", Some("app"), &content);
        assert_eq!((&body["token"], &body["user"], &body["priority"]), (&json!("app"), &json!("user"), &json!(1)));
        let (_, _, body) = made("apprise://a.example/notify/key", None, &content);
        assert_eq!(body, json!({ "title": content.title, "body": content.text, "type": "failure" }));
    }

    #[test]
    fn no_receiver_gets_more_than_it_takes() {
        let long = Content { title: "т".repeat(500), text: "😀".repeat(9000), ..content() };
        let units = |value: &Value| value.as_str().unwrap().encode_utf16().count();
        let (_, _, body) = made("discord://discord.com/api/webhooks/1/t", None, &long);
        assert_eq!(units(&body["embeds"][0]["title"]), 256);
        assert!((4095..=4096).contains(&units(&body["embeds"][0]["description"])));
        let (_, _, body) = made("slack://hooks.slack.com/services/x", None, &long);
        assert!(units(&body["text"]) <= 4000);
        let (_, _, body) = made("telegram://1:a@api.telegram.org/-1", None, &long);
        assert!(units(&body["text"]) <= 4096 + "<b></b>".len());
        let (_, _, body) = made("pushover://api.pushover.net/user", Some("app"), &long);
        assert!(units(&body["title"]) == 250 && units(&body["message"]) <= 1024);
        let (_, _, body) = made("ntfy://ntfy.example/topic", None, &long);
        assert!(body.as_str().unwrap().len() <= 4096);
        let (asked, _, _) = made("kuma://kuma.example/api/push/token", None, &long);
        assert!(asked.len() < 1000, "{asked}");
    }

    #[test]
    fn a_ping_says_how_the_night_went() {
        for (ping, of_healthchecks, of_kuma) in [
            (Ping::Start, "/uuid/start", "status=up"),
            (Ping::Fail, "/uuid/fail", "status=down"),
            (Ping::Done, "/uuid", "status=up"),
        ] {
            let content = Content { ping: Some(ping), ..content() };
            assert!(made("healthchecks://hc-ping.com/uuid", None, &content).0.ends_with(of_healthchecks));
            assert!(made("kuma://kuma.example/api/push/t", None, &content).0.contains(of_kuma));
        }
    }

    #[test]
    fn a_body_is_signed_with_the_token() {
        let (_, headers, _) = made("json://a.example/x", Some("a secret of this length"), &content());
        // As `openssl dgst -sha256 -hmac` says of `{"event":"failed"}`.
        let signed = "sha256=3e9f6565e7c2869e2e786dd17b188524f013ef9c332040c8f2200c8eb0fc991a";
        assert_eq!(header(&headers, SIGNATURE).as_deref(), Some(signed));
        assert_eq!(header(&made("json://a.example/x", None, &content()).1, SIGNATURE), None);
    }

    #[test]
    fn what_a_receiver_answers_shows_no_secret() {
        let secrets = ["tk_secret".to_owned(), "a b/c".to_owned()];
        let text = "no such token tk_secret at /a%20b%2Fc or a b/c\n";
        let shown = without_secrets(text, &secrets);
        assert!(!shown.contains("secret") && !shown.contains("a b/c") && !shown.contains("a%20b"), "{shown}");
        assert!(shown.starts_with("no such token … at /…"), "{shown}");
    }

    #[test]
    fn what_is_wrong_with_an_address_is_told_without_the_address() {
        for (text, said) in [
            ("", "is not an address"),
            ("secret", "is not an address"),
            ("https://discord.com/api/webhooks/1/secret", "has the scheme `https`"),
            ("smtp+http://secret.example", "has the scheme `smtp+http`"),
            ("ntfy:///secret", "names no host"),
            ("ntfy://ntfy.example", "names no topic"),
            ("ntfy://ntfy.example/secret/more", "names no topic"),
            ("ntfy://ntfy.example/secret?priority=5", "has something behind a `?`"),
            ("telegram://api.telegram.org", "names no chat"),
            ("matrix://matrix.example/%23secret:matrix.example", "names no room"),
            ("pushover://api.pushover.net", "names no user"),
            ("discord://discord.com", "has no path"),
            ("smtp://mail.example?to=a@b.example", "names no sender"),
            ("smtp://mail.example?from=a@b.example", "names no recipient"),
            ("smtp://mail.example?from=a&to=a@b.example", "is no address of mail"),
            ("smtp://mail.example?from=a@b.example&to=a@b.example&tls=maybe", "has something behind a `?`"),
        ] {
            let why = super::address(text).unwrap_err();
            assert!(why.contains(said), "{text}: {why}");
            assert!(!why.contains("secret"), "{text}: {why}");
        }
    }
}
