//! One message to one channel. Whatever a receiver does, this ends within its limit, and what it answers shows no secret.

mod command;
mod http;
mod mail;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{message, threads};

use crate::channel::{Channel, Way};
use crate::table::Content;

/// A receiver that is there answers a connection by then.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// What is shown of an answer at most, in bytes.
const ANSWER_BYTES_MAX: usize = 200;

/// Why a message did not arrive.
#[derive(Debug)]
pub(crate) struct NotSent {
    pub failure: Failure,
    /// How long the receiver asks to be left alone.
    pub retry_after: Option<Duration>,
}

impl From<Failure> for NotSent {
    fn from(failure: Failure) -> NotSent {
        NotSent { failure, retry_after: None }
    }
}

/// What came back, for people: `200`, `250 ok`.
pub(crate) type Answer = String;

/// Sends it, within the limit. Bounded by a thread of its own: neither a name that is not resolved nor a server that sends a
/// byte a second can hold up whoever waits here.
pub(crate) fn send(channel: &Channel, content: &Content, limit: Duration) -> Result<Answer, NotSent> {
    let token = channel.token()?;
    let until = Instant::now() + limit;
    let (channel, content) = (channel.clone(), content.clone());
    let (told, answered) = mpsc::sync_channel(1);
    let act = move || {
        // Whoever waited for it may be gone.
        let _ = told.send(act(&channel, token.as_deref(), &content, limit));
    };
    threads::spawn("notify-send", act)?;
    let left = until.saturating_duration_since(Instant::now());
    answered.recv_timeout(left).unwrap_or_else(|_| Err(too_slow(limit).into()))
}

fn act(channel: &Channel, token: Option<&str>, content: &Content, limit: Duration) -> Result<Answer, NotSent> {
    match &channel.way {
        Way::Address(address) if address.scheme.is_mail() => mail::send(address, token, content, limit),
        Way::Address(address) => http::send(address, token, content, limit),
        Way::Command(words) => command::run(words, content, limit).map_err(NotSent::from),
    }
}

fn too_slow(limit: Duration) -> Failure {
    Failure::new(Code::Io, message!("no-answer-within", limit))
}
