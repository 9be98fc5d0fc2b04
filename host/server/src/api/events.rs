//! What is told of one run, kept so that a client which comes again misses nothing: phases, notes and the end for good,
//! counters as far back as makes sense, since a later one says all that an earlier one said.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::watch;

use super::answer::Document;
use reforge_base::{Message, Phase};
use reforge_documents::event::{NoteEvent, PhaseEvent, ProgressEvent};
use reforge_host::restore::progress::Watcher;

/// Counters that are kept of one run.
const COUNTERS_KEPT: usize = 256;
/// Everything that is kept of one run; a plugin can announce and say only so much.
const EVENTS_MAX: usize = 4096;

/// The names of events.
pub(crate) const PHASE: &str = "phase";
pub(crate) const PROGRESS: &str = "progress";
pub(crate) const NOTE: &str = "note";
pub(crate) const END: &str = "end";
/// Instead of an end: how one stands that is not over and of which nothing more is told here.
pub(super) const STANDING: &str = "standing";

/// One event. Numbers grow by one and begin with 1.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub number: u64,
    pub name: &'static str,
    /// JSON.
    pub data: Arc<str>,
}

/// The events of one run.
pub(super) struct Events {
    log: Mutex<Log>,
    /// The number of the newest one.
    newest: watch::Sender<u64>,
}

#[derive(Default)]
struct Log {
    events: VecDeque<Event>,
    counters: usize,
    newest: u64,
    over: bool,
}

impl Events {
    pub(super) fn new() -> Events {
        Events { log: Mutex::default(), newest: watch::channel(0).0 }
    }

    pub(super) fn tell(&self, name: &'static str, data: impl Serialize) {
        let data: Arc<str> = Document::new(data).text().into();
        let mut log = self.log();
        if log.over {
            return;
        }
        log.newest += 1;
        let number = log.newest;
        log.over = name == END || name == STANDING;
        log.counters += usize::from(name == PROGRESS);
        log.events.push_back(Event { number, name, data });
        if log.counters > COUNTERS_KEPT {
            log.drop_oldest(PROGRESS);
            log.counters -= 1;
        }
        if log.events.len() > EVENTS_MAX {
            log.drop_oldest(NOTE);
        }
        drop(log);
        self.newest.send_replace(number);
    }

    /// Those after a number, and whether no more will come.
    pub(super) fn after(&self, number: u64) -> (Vec<Event>, bool) {
        let log = self.log();
        let from = log.events.partition_point(|event| event.number <= number);
        (log.events.range(from..).cloned().collect(), log.over)
    }

    /// Changes with every event.
    pub(super) fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    /// Drops the oldest of a kind.
    fn drop_oldest(&mut self, name: &str) {
        if let Some(index) = self.events.iter().position(|event| event.name == name) {
            self.events.remove(index);
        }
    }
}

impl Watcher for Events {
    fn phase(&self, phase: Phase) {
        self.tell(PHASE, PhaseEvent { phase });
    }

    fn ended(&self, bytes: u64, entries: u64) {
        if bytes > 0 || entries > 0 {
            self.tell(PROGRESS, ProgressEvent { bytes, entries, bytes_total: None, entries_total: None });
        }
    }

    fn note(&self, text: &Message) {
        self.tell(NOTE, NoteEvent::of(text));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whoever_comes_again_misses_no_phase_and_no_end_however_many_counters_there_were() {
        let events = Events::new();
        events.phase(Phase::Extracting);
        for bytes in 1..=10_000 {
            events.ended(bytes, 1);
        }
        events.phase(Phase::Swapping);
        events.tell(END, json!({ "outcome": "done" }));
        events.phase(Phase::Finishing);
        let (all, over) = events.after(0);
        assert!(over && all.len() == COUNTERS_KEPT + 3, "{}", all.len());
        assert_eq!((all[0].name, all[0].number), (PHASE, 1));
        assert!(all.is_sorted_by_key(|event| event.number));
        assert_eq!(&*all[all.len() - 3].data, r#"{"bytes":10000,"entries":1}"#, "the newest counters are there");
        let (rest, _) = events.after(all[all.len() - 2].number);
        assert_eq!(rest.iter().map(|event| event.name).collect::<Vec<_>>(), [END]);
    }
}
