//! A restore while it runs: its events as the API tells them, turned into what a person sees of it.

use std::time::{Duration, Instant};

use maud::{Markup, html};
use reforge_base::Message;
use serde_json::Value;

use super::messages::Messages;
use super::views::{message_of, word};

/// Phases in which nobody looks whether to stop any more: from the swap, which ends with the commit, and on the way back.
const FIXED: [&str; 4] = ["starting", "waiting for health", "finishing", REVERTING];
const REVERTING: &str = "reverting";
/// Counters that come so soon after the first are those of the past.
const PAST: Duration = Duration::from_millis(100);
/// A rate needs some time to mean something.
const RATE_AFTER: Duration = Duration::from_secs(1);
/// Notes that are shown.
const NOTES_MAX: usize = 20;

pub(super) struct Live {
    say: &'static Messages,
    over: Vec<Phase>,
    now: Option<Phase>,
    notes: Vec<Message>,
    /// The end was told.
    pub is_over: bool,
}

struct Phase {
    name: String,
    bytes: u64,
    bytes_total: u64,
    entries: u64,
    /// When it was first looked at, and the bytes then.
    since: Instant,
    bytes_then: u64,
    /// The way back came next.
    failed: bool,
}

impl Live {
    pub(super) fn new(say: &'static Messages) -> Live {
        Live { say, over: Vec::new(), now: None, notes: Vec::new(), is_over: false }
    }

    /// As a document says that it is.
    pub(super) fn begin_as(&mut self, running: &Value, now: Instant) {
        self.begin(word(&running["phase"]), now);
        self.count(running, now);
    }

    /// Takes up an event. Answers what is to be said of it at once.
    pub(super) fn event(&mut self, name: &str, data: &Value, now: Instant) -> Option<String> {
        match name {
            "phase" => {
                self.begin(word(&data["phase"]), now);
                return self.now.as_ref().map(|phase| self.called(phase));
            }
            "progress" => self.count(data, now),
            "note" if self.notes.len() < NOTES_MAX => self.notes.push(message_of(data, "text", "")),
            "end" => self.is_over = true,
            _ => (),
        }
        None
    }

    pub(super) fn can_be_cancelled(&self) -> bool {
        self.now.as_ref().is_none_or(|phase| !FIXED.contains(&phase.name.as_str()))
    }

    fn begin(&mut self, name: &str, now: Instant) {
        // What is announced again goes on.
        if self.now.as_ref().is_some_and(|phase| phase.name == name) {
            return;
        }
        self.over.extend(self.now.take().filter(|phase| !phase.name.is_empty()));
        if let (REVERTING, Some(before)) = (name, self.over.last_mut()) {
            before.failed = true;
        }
        self.now = Some(Phase {
            name: name.to_owned(),
            bytes: 0,
            bytes_total: 0,
            entries: 0,
            since: now,
            bytes_then: 0,
            failed: false,
        });
    }

    fn count(&mut self, counters: &Value, now: Instant) {
        let Some(phase) = &mut self.now else { return };
        let read = |name: &str| counters[name].as_u64();
        phase.bytes = read("bytes").unwrap_or(phase.bytes);
        phase.entries = read("entries").unwrap_or(phase.entries);
        phase.bytes_total = read("bytes_total").unwrap_or(phase.bytes_total);
        if now.duration_since(phase.since) < PAST {
            phase.bytes_then = phase.bytes;
        }
    }

    pub(super) fn render(&self, now: Instant) -> Markup {
        html! {
            ol .phases {
                @for phase in &self.over {
                    li data-failed[phase.failed] { (self.called(phase)) " " span .quiet { (self.so_much(phase)) } }
                }
                @if let Some(phase) = &self.now {
                    li aria-current="step" data-phase=(phase.name) {
                        strong #phase-now { (self.called(phase)) } " "
                        @if phase.bytes_total > 0 {
                            progress aria-labelledby="phase-now" max=(phase.bytes_total)
                                value=(phase.bytes.min(phase.bytes_total)) {}
                        }
                        " " span .quiet { (self.formatting(phase, now)) }
                    }
                }
            }
            @if !self.notes.is_empty() {
                ul .notes { @for note in &self.notes { li { (self.say.told(note)) } } }
            }
        }
    }

    /// A phase of the host's has a name in each language; a plugin's own is called what it calls it.
    fn called(&self, phase: &Phase) -> String {
        let id = format!("phase-{}", phase.name.replace(' ', "-"));
        match phase.name.as_str() {
            "" => self.say.text("phase-beginning"),
            _ if self.say.has(&id) => self.say.text(&id),
            name => name.to_owned(),
        }
    }

    fn so_much(&self, phase: &Phase) -> String {
        let entries = (phase.entries > 0).then(|| self.say.with("entries", [("n", phase.entries.into())]));
        let bytes = (phase.bytes > 0).then(|| self.say.bytes(phase.bytes));
        entries.into_iter().chain(bytes).collect::<Vec<_>>().join(", ")
    }

    fn formatting(&self, phase: &Phase, now: Instant) -> String {
        let say = self.say;
        let mut parts = Vec::new();
        if phase.bytes_total > 0 {
            let values = [("bytes", say.bytes(phase.bytes).into()), ("total", say.bytes(phase.bytes_total).into())];
            parts.push(say.with("bytes-of", values));
        } else if phase.bytes > 0 {
            parts.push(say.bytes(phase.bytes));
        }
        if phase.entries > 0 {
            parts.push(say.with("entries", [("n", phase.entries.into())]));
        }
        if let Some(rate) = phase.rate(now) {
            parts.push(say.with("per-second", [("bytes", say.bytes(rate as u64).into())]));
            if phase.bytes_total > phase.bytes {
                let left = (phase.bytes_total - phase.bytes) as f64 / rate * 1000.0;
                parts.push(say.with("left", [("time", say.duration(left as u64).into())]));
            }
        }
        parts.join(", ")
    }
}

impl Phase {
    /// Bytes per second since it is looked at.
    fn rate(&self, now: Instant) -> Option<f64> {
        let passed = now.duration_since(self.since);
        let moved = self.bytes.checked_sub(self.bytes_then).filter(|moved| *moved > 0)?;
        (passed >= RATE_AFTER).then(|| moved as f64 / passed.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::language::Language;
    use super::super::messages::of;
    use super::*;

    #[test]
    fn a_restore_is_told_with_bytes_rate_and_time_left() {
        let mut live = Live::new(of(Language::English));
        let began = Instant::now();
        let said = live.event("phase", &json!({ "phase": "extracting" }), began);
        assert_eq!(said.as_deref(), Some("Unpacking"));
        // What a client that came late is told of the past is no speed.
        live.event("progress", &json!({ "bytes": 10 << 20, "bytes_total": 100 << 20 }), began);
        let later = began + Duration::from_secs(10);
        live.event("progress", &json!({ "bytes": 30 << 20, "bytes_total": 100 << 20, "entries": 2 }), later);
        let shown = live.render(later).into_string().replace('\u{a0}', " ");
        assert!(shown.contains("30.0 MiB of 100 MiB, 2 entries, 2.0 MiB/s, 35 s left"), "{shown}");
        assert!(live.can_be_cancelled());
        live.event("phase", &json!({ "phase": "starting" }), later);
        assert!(!live.can_be_cancelled());
        let shown = live.render(later).into_string().replace('\u{a0}', " ");
        assert!(shown.contains("Unpacking <span class=\"quiet\">2 entries, 30.0 MiB"), "{shown}");
    }

    #[test]
    fn a_plugins_own_words_are_text() {
        let mut live = Live::new(of(Language::Russian));
        let now = Instant::now();
        live.event("phase", &json!({ "phase": "<b>mine</b>" }), now);
        live.event("note", &json!({ "text": "<script>alert(1)</script>" }), now);
        let shown = live.render(now).into_string();
        assert!(!shown.contains("<b>") && !shown.contains("<script>"), "{shown}");
        assert!(shown.contains("&lt;b&gt;mine&lt;/b&gt;"), "{shown}");
    }

    #[test]
    fn every_phase_of_the_host_has_a_name() {
        for source in ["monitor/steps.rs", "monitor/archive.rs", "undo.rs", "conclude.rs", "../host/mod.rs"] {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/src/restore").join(source);
            let source = std::fs::read_to_string(path).unwrap();
            let begun = source.split("progress.begin(\"").skip(1).chain(source.split("show_as(\"").skip(1));
            for phase in begun.filter_map(|rest| rest.split('"').next()) {
                let id = format!("phase-{}", phase.replace(' ', "-"));
                assert!(of(Language::English).has(&id), "`{phase}` has no name");
            }
        }
    }
}
