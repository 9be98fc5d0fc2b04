//! `notify`: which channels there are and what waits, a message that is sent for real, and sending what waits.

use std::time::Duration;

use reforge_base::{Code, Failure, Result, escape, message};
use reforge_documents::notification::{self as documents, NotificationDelivery, NotificationMessage};
use reforge_host::host::Host;
use reforge_notify::delivery::Which;

use super::answer::Answer;
use super::exit::Exit;
use super::session::Session;
use super::style;
use super::words::{self, say};

/// How long `notify send` may take for all that is due.
const SEND_TIME: Duration = Duration::from_secs(60);

pub(crate) fn list(session: &Session) -> Result<Answer> {
    let host = session.looking()?;
    let document = documents::list(host)?;
    if document.channels.is_empty() {
        return Ok(Answer::done(say!("no-channels"), document));
    }
    let channel = |one: &documents::NotificationChannel| {
        let hears = one.on.iter().map(|kind| words::named_or("notify-kind", kind)).collect::<Vec<_>>().join(", ");
        let of = if one.workloads.is_empty() { hears } else { format!("{hears} ({})", one.workloads.join(", ")) };
        let sent = one.last_sent.map_or_else(|| "-".to_owned(), style::age);
        vec![one.name.clone(), one.to.clone(), of, sent, one.waiting.to_string(), one.given_up.to_string()]
    };
    let heads = [
        say!("head-channel"),
        say!("head-to"),
        say!("head-hears-of"),
        say!("head-last-sent"),
        say!("head-waiting"),
        say!("head-given-up"),
    ];
    let rows: Vec<_> = document.channels.iter().map(channel).collect();
    let mut text = style::table(session.terminal.style, &heads, &rows);
    let left = document.messages.iter().flat_map(|message| message.deliveries.iter().map(move |one| (message, one)));
    let rows: Vec<_> =
        left.filter(|(_, one)| one.state != "sent").map(|(message, one)| delivery(message, one)).collect();
    if !rows.is_empty() {
        let heads =
            [say!("head-message"), say!("head-channel"), say!("head-state"), say!("head-tries"), say!("head-why")];
        text = format!("{text}\n\n{}", style::table(session.terminal.style, &heads, &rows));
    }
    Ok(Answer::done(text, document))
}

fn delivery(message: &NotificationMessage, one: &NotificationDelivery) -> Vec<String> {
    let why = one.error.as_ref().map_or_else(|| "-".to_owned(), |error| escape::prose(&words::read(&error.message)));
    let state = words::named_or("notify-state", &one.state);
    vec![escape::prose(&words::read(&message.title)), one.channel.clone(), state, one.tries.to_string(), why]
}

/// Sends for real. One that does not arrive is a failure.
pub(crate) fn test(session: &Session, channel: Option<&str>) -> Result<Answer> {
    let host = session.open()?;
    let document = documents::tests(host.test_channels(channel, &session.who())?);
    let line = |one: &documents::NotificationTest| {
        let took = style::duration(Duration::from_millis(one.took_ms));
        match (&one.answer, &one.error) {
            (Some(answer), _) => say!("channel-answered", channel = one.channel, answer = escape::prose(answer), took),
            (None, Some(failure)) => {
                let hint = failure.hint.clone();
                let failed = say!("channel-failed", channel = one.channel, why = failure.message, took);
                if hint.is_empty() {
                    failed
                } else {
                    format!("{failed}\n{} {}", say!("label-hint"), words::read(&hint))
                }
            }
            (None, None) => one.channel.clone(),
        }
    };
    let text = document.channels.iter().map(line).collect::<Vec<_>>().join("\n");
    let failed = document.channels.iter().filter(|one| !one.sent).count();
    let n = document.channels.len();
    let mut answer = Answer::done(text, document);
    if failed > 0 {
        answer.failure = Some(Failure::new(Code::Io, message!("channels-failed", failed, n)));
        answer.exit = Exit::Failed;
    }
    Ok(answer)
}

/// Sends what waits, also what only the time brings. For a timer, where no server runs.
pub(crate) fn send(session: &Session, again: bool) -> Result<Answer> {
    let host = session.open()?;
    if host.notifier().channels().is_empty() {
        return Err(none());
    }
    host.notify_of_time();
    let before = count(host)?;
    host.notifier().send(if again { Which::Everything } else { Which::Due }, SEND_TIME)?;
    let after = documents::list(host)?;
    let sent = before.saturating_sub(after.waiting + after.given_up);
    let (waiting, given_up) = (after.waiting, after.given_up);
    let text = say!("notifications-sent", sent, waiting, given_up);
    Ok(Answer::done(text, serde_json::json!({ "sent": sent, "waiting": waiting, "given_up": given_up })))
}

/// What did not arrive yet.
fn count(host: &Host) -> Result<u64> {
    let overview = host.notifier().overview()?;
    Ok(overview.waiting() + overview.given_up())
}

fn none() -> Failure {
    Failure::new(Code::NotFound, message!("there-is-no-channel")).hint(message!("add-notify-to-the-configuration"))
}
