//! A restore while it runs: its events as the API tells them, turned into what a person sees of it.

use std::time::{Duration, Instant};

use maud::{Markup, html};
use reforge_base::{Message, Phase};

use super::messages::Messages;
use reforge_documents::event::ProgressEvent;
use reforge_documents::restore::Running;

/// Counters that come so soon after the first are those of the past.
const PAST: Duration = Duration::from_millis(100);
/// A rate needs some time to mean something.
const RATE_AFTER: Duration = Duration::from_secs(1);
/// Notes that are shown.
const NOTES_MAX: usize = 20;

/// What is told of a restore.
pub(super) enum Told {
    Phase(Phase),
    Progress(ProgressEvent),
    Note(Message),
    End,
}

pub(super) struct Live {
    say: &'static Messages,
    over: Vec<Shown>,
    now: Option<Shown>,
    notes: Vec<Message>,
    /// The end was told.
    pub is_over: bool,
}

/// A phase as it is shown.
struct Shown {
    phase: Phase,
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
    pub(super) fn begin_as(&mut self, running: &Running, now: Instant) {
        self.begin(running.phase, now);
        self.count(&running.counters.into(), now);
    }

    /// Takes up what was told. Answers what is to be said of it at once.
    pub(super) fn take(&mut self, told: Told, now: Instant) -> Option<String> {
        match told {
            Told::Phase(phase) => {
                self.begin(phase, now);
                return Some(self.called(phase));
            }
            Told::Progress(progress) => self.count(&progress, now),
            Told::Note(note) if self.notes.len() < NOTES_MAX => self.notes.push(note),
            Told::Note(_) => (),
            Told::End => self.is_over = true,
        }
        None
    }

    pub(super) fn can_be_cancelled(&self) -> bool {
        self.now.as_ref().is_none_or(|shown| shown.phase.can_be_cancelled())
    }

    fn begin(&mut self, phase: Phase, now: Instant) {
        // What is announced again goes on.
        if self.now.as_ref().is_some_and(|shown| shown.phase == phase) {
            return;
        }
        self.over.extend(self.now.take().filter(|shown| shown.phase != Phase::Beginning));
        if let (Phase::Reverting, Some(before)) = (phase, self.over.last_mut()) {
            before.failed = true;
        }
        let (bytes, bytes_total, entries, bytes_then) = (0, 0, 0, 0);
        self.now = Some(Shown { phase, bytes, bytes_total, entries, since: now, bytes_then, failed: false });
    }

    fn count(&mut self, progress: &ProgressEvent, now: Instant) {
        let Some(shown) = &mut self.now else { return };
        shown.bytes = progress.bytes;
        shown.entries = progress.entries;
        shown.bytes_total = progress.bytes_total.unwrap_or(shown.bytes_total);
        if now.duration_since(shown.since) < PAST {
            shown.bytes_then = shown.bytes;
        }
    }

    pub(super) fn render(&self, now: Instant) -> Markup {
        html! {
            ol .phases {
                @for shown in &self.over {
                    li data-failed[shown.failed] { (self.called(shown.phase)) " " span .quiet { (self.so_much(shown)) } }
                }
                @if let Some(shown) = &self.now {
                    li aria-current="step" data-phase=(shown.phase) {
                        strong #phase-now { (self.called(shown.phase)) } " "
                        @if shown.bytes_total > 0 {
                            progress aria-labelledby="phase-now" max=(shown.bytes_total)
                                value=(shown.bytes.min(shown.bytes_total)) {}
                        }
                        " " span .quiet { (self.counted(shown, now)) }
                    }
                }
            }
            @if !self.notes.is_empty() {
                ul .notes { @for note in &self.notes { li { (self.say.told(note)) } } }
            }
        }
    }

    fn called(&self, phase: Phase) -> String {
        self.say.text(&format!("phase-{}", phase.slug()))
    }

    fn so_much(&self, shown: &Shown) -> String {
        let entries = (shown.entries > 0).then(|| self.say.with("entries", [("n", shown.entries.into())]));
        let bytes = (shown.bytes > 0).then(|| self.say.bytes(shown.bytes));
        entries.into_iter().chain(bytes).collect::<Vec<_>>().join(", ")
    }

    fn counted(&self, shown: &Shown, now: Instant) -> String {
        let say = self.say;
        let mut parts = Vec::new();
        if shown.bytes_total > 0 {
            let values = [("bytes", say.bytes(shown.bytes).into()), ("total", say.bytes(shown.bytes_total).into())];
            parts.push(say.with("bytes-of", values));
        } else if shown.bytes > 0 {
            parts.push(say.bytes(shown.bytes));
        }
        if shown.entries > 0 {
            parts.push(say.with("entries", [("n", shown.entries.into())]));
        }
        if let Some(rate) = shown.rate(now) {
            parts.push(say.with("per-second", [("bytes", say.bytes(rate as u64).into())]));
            if shown.bytes_total > shown.bytes {
                let left = (shown.bytes_total - shown.bytes) as f64 / rate * 1000.0;
                parts.push(say.with("left", [("time", say.duration(left as u64).into())]));
            }
        }
        parts.join(", ")
    }
}

impl Shown {
    /// Bytes per second since it is looked at.
    fn rate(&self, now: Instant) -> Option<f64> {
        let passed = now.duration_since(self.since);
        let moved = self.bytes.checked_sub(self.bytes_then).filter(|moved| *moved > 0)?;
        (passed >= RATE_AFTER).then(|| moved as f64 / passed.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::super::language::Language;
    use super::super::messages::of;
    use super::*;

    fn progress(bytes: u64, entries: u64) -> Told {
        Told::Progress(ProgressEvent { bytes, entries, bytes_total: Some(100 << 20), entries_total: None })
    }

    #[test]
    fn a_restore_is_told_with_bytes_rate_and_time_left() {
        let mut live = Live::new(of(Language::English));
        let began = Instant::now();
        let said = live.take(Told::Phase(Phase::Extracting), began);
        assert_eq!(said.as_deref(), Some("Unpacking"));
        // What a client that came late is told of the past is no speed.
        live.take(progress(10 << 20, 1), began);
        let later = began + Duration::from_secs(10);
        live.take(progress(30 << 20, 2), later);
        let shown = live.render(later).into_string().replace('\u{a0}', " ");
        assert!(shown.contains("30.0 MiB of 100 MiB, 2 entries, 2.0 MiB/s, 35 s left"), "{shown}");
        assert!(live.can_be_cancelled());
        live.take(Told::Phase(Phase::Starting), later);
        assert!(!live.can_be_cancelled());
        let shown = live.render(later).into_string().replace('\u{a0}', " ");
        assert!(shown.contains("Unpacking <span class=\"quiet\">2 entries, 30.0 MiB"), "{shown}");
    }

    #[test]
    fn a_plugins_own_words_are_text() {
        let mut live = Live::new(of(Language::Russian));
        let now = Instant::now();
        live.take(Told::Phase(Phase::Extracting), now);
        live.take(Told::Note("<script>alert(1)</script>".into()), now);
        let shown = live.render(now).into_string();
        assert!(shown.contains("&lt;script&gt;") && !shown.contains("<script>"), "{shown}");
    }

    #[test]
    fn every_phase_has_a_name() {
        for phase in Phase::ALL {
            assert!(of(Language::English).has(&format!("phase-{}", phase.slug())), "`{phase}` has no name");
        }
    }
}
