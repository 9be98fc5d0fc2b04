//! Events of one run as a stream: what was missed first, then what happens, until the end, the stop of the server, or
//! until the token is revoked.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::sse;
use futures_util::Stream;
use serde_json::json;
use tokio::sync::{Mutex, watch};

use super::events::{END, Event, Events, STANDING};
use super::metrics::Listening;
use super::shared::Shared;
use super::viewers;
use crate::tokens::Token;
use reforge_documents::history::Shown;

/// How often a silent stream says that it is there.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How soon a stream notices that its token was revoked.
const TOKEN_INTERVAL: Duration = Duration::from_secs(1);

/// How it stands, as the only event of something that does not run here.
pub(super) fn told(shown: &Shown) -> Arc<Events> {
    let events = Events::new();
    let document = &shown.document;
    events.tell(
        if shown.is_unfinished() { STANDING } else { END },
        json!({
            "outcome": document.outcome,
            "error": document.error,
            "now": document.now,
            "receipt": document.receipt,
        }),
    );
    Arc::new(events)
}

/// The number of the last event that a client has seen; 0 if it has seen none of this start.
pub(super) fn last_seen(headers: &HeaderMap, boot: &str) -> u64 {
    let id = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let number = id.and_then(|id| id.strip_prefix(boot)?.strip_prefix('-')?.parse().ok());
    number.unwrap_or(0)
}

/// Whoever listens to one run, and what it has still to be told.
struct Listener {
    shared: Arc<Shared>,
    token: Token,
    events: Arc<Events>,
    newest: watch::Receiver<u64>,
    seen: u64,
    waiting: VecDeque<Event>,
    over: bool,
    _listening: Listening,
}

/// The events of one run for one caller. An answer carries it beside its text: the page, which asks in this process, takes
/// the events from it and reads no text. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Heard(Arc<Mutex<Listener>>);

impl Heard {
    pub(super) fn new(shared: Arc<Shared>, token: Token, events: Arc<Events>, after: u64) -> Heard {
        let newest = events.newest();
        let listening = shared.metrics.listening();
        Heard(Arc::new(Mutex::new(Listener {
            _listening: listening,
            shared,
            token,
            events,
            newest,
            seen: after,
            waiting: VecDeque::new(),
            over: false,
        })))
    }

    /// The next one, as far as this caller is told it. May be dropped while it waits: nothing is lost.
    pub(crate) async fn next(&self) -> Option<Event> {
        let mut listener = self.0.lock().await;
        let event = listener.next().await?;
        listener.shared.metrics.told();
        Some(match viewers::is_told_less(&listener.token) {
            true => Event { data: viewers::event(&event.data).into(), ..event },
            false => event,
        })
    }

    /// As text.
    pub(super) fn stream(self, boot: String) -> impl Stream<Item = sse::Event> {
        futures_util::stream::unfold((self, boot), |(heard, boot)| async move {
            let event = heard.next().await?;
            let id = format!("{boot}-{}", event.number);
            Some((sse::Event::default().id(id).event(event.name).data(&event.data), (heard, boot)))
        })
    }
}

impl Listener {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if !self.shared.tokens.is_valid(&self.token) {
                return None;
            }
            if let Some(event) = self.waiting.pop_front() {
                self.seen = event.number;
                return Some(event);
            }
            if self.over {
                return None;
            }
            // Seen before it is looked at: what comes in between is looked at again.
            self.newest.borrow_and_update();
            let (missed, over) = self.events.after(self.seen);
            (self.waiting, self.over) = (missed.into(), over);
            if self.waiting.is_empty() && !self.over {
                // Either way it is looked at again. The sender lives as long as the events do.
                let _ = tokio::time::timeout(TOKEN_INTERVAL, self.newest.changed()).await;
            }
        }
    }
}
