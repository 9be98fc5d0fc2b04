//! In which language this program speaks: to one person, the one who started it.

use std::sync::OnceLock;

use reforge_base::{Language, Message, escape};

static LANGUAGE: OnceLock<Language> = OnceLock::new();

/// Chooses it, once: as the person says, else as the environment does.
pub(crate) fn choose(named: Option<Language>) {
    let language = named.unwrap_or_else(|| Language::of_environment(|name| std::env::var(name).ok()));
    // It is chosen before anything is said.
    let _ = LANGUAGE.set(language);
}

pub(crate) fn language() -> Language {
    LANGUAGE.get().copied().unwrap_or_default()
}

/// A message as this person reads it.
pub(crate) fn read(message: &Message) -> String {
    message.in_language(language())
}

/// A word of a document, such as an outcome, as this person reads it.
pub(crate) fn word(kind: &str, word: &str) -> String {
    read(&Message::named(kind, word))
}

/// The same of a name that somebody gave, which is escaped if it is none of ours.
pub(crate) fn named_or(kind: &str, word: &str) -> String {
    let message = Message::named(kind, word);
    if message.source().is_some() { read(&message) } else { escape::text(word) }
}

/// A message of the catalogues as this person reads it: what is said here and nowhere else.
macro_rules! say {
    ($($message:tt)*) => { $crate::words::read(&reforge_base::message!($($message)*)) };
}

pub(crate) use say;
