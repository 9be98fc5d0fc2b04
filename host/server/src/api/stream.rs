//! Events of one run as a stream: what was missed first, then what happens, until the end, the stop of the server, or
//! until the token is revoked.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::sse;
use futures_util::Stream;
use serde_json::json;
use tokio::sync::watch;

use super::events::{END, Event, Events, STANDING};
use super::metrics::Listening;
use super::shared::Shared;
use super::viewers;
use crate::documents::history::Shown;
use crate::tokens::Token;

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

pub(super) fn stream(
    shared: Arc<Shared>,
    token: Token,
    events: Arc<Events>,
    after: u64,
) -> impl Stream<Item = sse::Event> {
    let newest = events.newest();
    let listening = shared.metrics.listening();
    let listener = Listener {
        _listening: listening,
        shared,
        token,
        events,
        newest,
        seen: after,
        waiting: VecDeque::new(),
        over: false,
    };
    futures_util::stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        listener.shared.metrics.told();
        let id = format!("{}-{}", listener.shared.boot, event.number);
        let hidden = viewers::is_told_less(&listener.token).then(|| viewers::event(&event.data));
        let data = hidden.as_deref().unwrap_or(&event.data);
        Some((sse::Event::default().id(id).event(event.name).data(data), listener))
    })
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
