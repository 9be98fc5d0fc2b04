//! The events of a restore for the page: the API's own, shown in the reader's language.

use std::collections::VecDeque;
use std::time::Instant;

use axum::response::sse;
use futures_util::{FutureExt as _, Stream};
use reforge_base::Message;

use super::live::{Live, Told};
use super::messages::Messages;
use crate::api::{END, Event, Heard, NOTE, PHASE, PROGRESS};
use reforge_documents::event::{NoteEvent, PhaseEvent};

/// Shows what the API tells: `live` how it looks, `said` what a screen reader shall say, `fixed` once nothing cancels it
/// any more, and `end`.
pub(super) fn shown(heard: Heard, say: &'static Messages) -> impl Stream<Item = sse::Event> {
    let shown = Shown { heard, live: Live::new(say), waiting: VecDeque::new(), is_fixed: false };
    futures_util::stream::unfold(shown, |mut shown| async move { Some((shown.next().await?, shown)) })
}

struct Shown {
    heard: Heard,
    live: Live,
    waiting: VecDeque<sse::Event>,
    is_fixed: bool,
}

impl Shown {
    async fn next(&mut self) -> Option<sse::Event> {
        while self.waiting.is_empty() {
            if self.live.is_over {
                return None;
            }
            let first = self.heard.next().await?;
            let mut said = self.take(&first);
            // What is there already is shown at once: whoever comes late wants to see how it is, not how it was.
            while let Some(event) = self.heard.next().now_or_never().flatten() {
                said = self.take(&event).or(said);
            }
            self.show(said);
        }
        self.waiting.pop_front()
    }

    fn take(&mut self, event: &Event) -> Option<String> {
        self.live.take(told(event)?, Instant::now())
    }

    fn show(&mut self, said: Option<String>) {
        let event = |name: &str, text: String| sse::Event::default().event(name).data(text);
        self.waiting.push_back(event("live", self.live.render(Instant::now()).into_string()));
        self.waiting.extend(said.map(|said| event("said", said)));
        if !self.is_fixed && !self.live.can_be_cancelled() {
            self.is_fixed = true;
            self.waiting.push_back(event("fixed", String::new()));
        }
        if self.live.is_over {
            self.waiting.push_back(event("end", String::new()));
        }
    }
}

/// None of what the page shows nothing of.
fn told(event: &Event) -> Option<Told> {
    let data = &event.data;
    match event.name {
        PHASE => serde_json::from_str(data).ok().map(|PhaseEvent { phase }| Told::Phase(phase)),
        PROGRESS => serde_json::from_str(data).ok().map(Told::Progress),
        NOTE => {
            let NoteEvent { text, source } = serde_json::from_str(data).ok()?;
            Some(Told::Note(Message::written(text, source)))
        }
        END => Some(Told::End),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use reforge_base::{Phase, message};
    use serde_json::json;

    use super::*;

    fn event(name: &'static str, data: &serde_json::Value) -> Event {
        Event { number: 1, name, data: data.to_string().into() }
    }

    #[test]
    fn an_event_is_what_the_api_tells_and_what_is_not_known_here_is_passed_over() {
        assert!(matches!(told(&event(PHASE, &json!({ "phase": "sealing" }))), Some(Told::Phase(Phase::Sealing))));
        let counted = told(&event(PROGRESS, &json!({ "bytes": 2, "entries": 1 })));
        assert!(
            matches!(counted, Some(Told::Progress(progress)) if progress.bytes == 2 && progress.bytes_total.is_none())
        );
        let own = message!("try-again");
        let noted = told(&event(NOTE, &json!(NoteEvent::of(&own))));
        assert!(matches!(noted, Some(Told::Note(note)) if note.source() == own.source()));
        let foreign = told(&event(NOTE, &json!({ "text": "mine" })));
        assert!(matches!(foreign, Some(Told::Note(note)) if note == "mine" && note.source().is_none()));
        assert!(matches!(told(&event(END, &json!({ "outcome": "done" }))), Some(Told::End)));
        assert!(told(&event("standing", &json!({}))).is_none());
        assert!(told(&event(PHASE, &json!({ "phase": "of a later version" }))).is_none());
    }
}
