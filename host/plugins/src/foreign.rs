//! What a guest says, before anybody reads it: escaped, and no more of it than its limits allow.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::bindings::reforge::restore::types;
use super::limits;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure};
use reforge_base::message;

/// A failure in the guest's words: its text is foreign. Guests escape names themselves, so backslashes stay as they
/// are; control characters and the like do not.
pub fn own(failure: &types::Failure) -> Failure {
    let code = match Code::parse(&failure.code) {
        Code::Other(name) => Code::Other(reforge_base::escape::text(&shortened(&name, limits::NAME_CHARACTERS_MAX))),
        known => known,
    };
    let own = Failure::new(code, of_text(text(&failure.message)));
    if failure.hint.trim().is_empty() { own } else { own.hint(of_text(text(&failure.hint))) }
}

/// Messages of the host that are remembered: more than the workers of a call can be told at once.
const TOLD_MAX: usize = 64;

/// What guests were told of late.
static TOLD: Mutex<VecDeque<Message>> = Mutex::new(VecDeque::new());

/// Remembers what a guest is told: what it passes on comes back as text, and is known by it.
pub(crate) fn told(failure: &Failure) {
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    for message in [&failure.message, &failure.hint] {
        if message.source().is_some() && !told.contains(message) {
            told.push_back(message.clone());
        }
    }
    while told.len() > TOLD_MAX {
        told.pop_front();
    }
}

/// The host's own message if the text is one, or ends with one: what stands before it stays the guest's.
fn of_text(text: String) -> Message {
    let told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let known = |known: &&Message| {
        text.strip_suffix(known.as_str()).is_some_and(|before| before.is_empty() || before.ends_with(": "))
    };
    let Some(message) = told.iter().filter(known).max_by_key(|known| known.len()) else { return Message::from(text) };
    match text.strip_suffix(message.as_str()).and_then(|before| before.strip_suffix(": ")) {
        Some(doing) => message!("context", doing, message),
        None => message.clone(),
    }
}

fn text(foreign: &str) -> String {
    reforge_base::escape::prose(&shortened(foreign, limits::SENTENCE_CHARACTERS_MAX))
}

/// No more of it than that.
pub(crate) fn shortened(foreign: &str, characters: usize) -> String {
    match foreign.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &foreign[..end]),
        None => foreign.to_owned(),
    }
}
