//! What is told of a restore while it runs, an event at a time. What its end tells is [`super::history`]'s.

use serde::{Deserialize, Serialize};

use super::restore::Counters;
use reforge_base::Phase;
use reforge_base::message::{Message, Source};

/// A phase begins.
#[derive(Deserialize, Serialize)]
pub struct PhaseEvent {
    pub phase: Phase,
}

/// So much of the phase was done, of so much if that is told.
#[derive(Deserialize, Serialize)]
pub struct ProgressEvent {
    pub bytes: u64,
    pub entries: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_total: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries_total: Option<u64>,
}

impl From<Counters> for ProgressEvent {
    fn from(counters: Counters) -> ProgressEvent {
        let Counters { bytes, bytes_total, entries, entries_total } = counters;
        ProgressEvent { bytes, entries, bytes_total: Some(bytes_total), entries_total: Some(entries_total) }
    }
}

/// What a plugin or the host says while it runs, and which message of the host's it is.
#[derive(Deserialize, Serialize)]
pub struct NoteEvent {
    pub text: String,
    #[serde(flatten)]
    pub source: Option<Source>,
}

impl NoteEvent {
    pub fn of(message: &Message) -> NoteEvent {
        NoteEvent { text: message.as_str().to_owned(), source: message.source().cloned() }
    }
}
