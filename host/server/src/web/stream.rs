//! The events of a restore for the page: the API's own, read and shown in the reader's language.

use std::collections::VecDeque;
use std::time::Instant;

use axum::body::{Body, BodyDataStream};
use axum::response::sse::Event;
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use serde_json::Value;

use super::live::Live;
use super::messages::Messages;

/// More than any event of the API.
const FRAME_BYTES_MAX: usize = 1 << 20;

/// Shows what the API tells: `live` how it looks, `said` what a screen reader shall say, `fixed` once nothing cancels it
/// any more, and `end`.
pub(super) fn shown(body: Body, say: &'static Messages) -> impl Stream<Item = Event> {
    let frames = Frames { body: body.into_data_stream(), body_drain: Vec::new() };
    let shown = Shown { frames, live: Live::new(say), waiting: VecDeque::new(), is_fixed: false };
    futures_util::stream::unfold(shown, |mut shown| async move { Some((shown.next().await?, shown)) })
}

struct Shown {
    frames: Frames,
    live: Live,
    waiting: VecDeque<Event>,
    is_fixed: bool,
}

impl Shown {
    async fn next(&mut self) -> Option<Event> {
        while self.waiting.is_empty() {
            if self.live.is_over {
                return None;
            }
            let first = self.frames.next().await?;
            let mut said = self.take(first);
            // What is there already is shown at once: whoever comes late wants to see how it is, not how it was.
            while let Some(frame) = self.frames.ready() {
                said = self.take(frame).or(said);
            }
            self.show(said);
        }
        self.waiting.pop_front()
    }

    fn take(&mut self, frame: Frame) -> Option<String> {
        self.live.event(&frame.name, &frame.data, Instant::now())
    }

    fn show(&mut self, said: Option<String>) {
        let event = |name: &str, text: String| Event::default().event(name).data(text);
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

/// One event of the API.
struct Frame {
    name: String,
    data: Value,
}

struct Frames {
    body: BodyDataStream,
    body_drain: Vec<u8>,
}

impl Frames {
    /// The next one, if it has come.
    fn ready(&mut self) -> Option<Frame> {
        self.next().now_or_never().flatten()
    }

    /// The next one. May be dropped while it waits: what was read is kept.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            while let Some(end) = self.body_drain.windows(2).position(|pair| pair == b"\n\n") {
                let text: Vec<u8> = self.body_drain.drain(..end + 2).collect();
                if let Some(frame) = read(&String::from_utf8_lossy(&text)) {
                    return Some(frame);
                }
            }
            let bytes = self.body.next().await?.ok()?;
            self.body_drain.extend_from_slice(&bytes);
            if self.body_drain.len() > FRAME_BYTES_MAX {
                return None;
            }
        }
    }
}

/// None for what only says that the stream is there.
fn read(text: &str) -> Option<Frame> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    Some(Frame { name: field("event")?.to_owned(), data: serde_json::from_str(field("data")?).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_and_a_sign_of_life_is_none() {
        let frame = read("id: a-1\nevent: phase\ndata: {\"phase\":\"sealing\"}\n\n").unwrap();
        assert_eq!((frame.name.as_str(), &frame.data["phase"]), ("phase", &Value::from("sealing")));
        assert!(read(":\n\n").is_none());
        assert!(read("event: phase\ndata: nonsense\n\n").is_none());
    }
}
