//! What is said to a person, as data: which message, and what it says it of. Text is made where somebody reads it, in
//! their language. English is also what the journal, the API and the logs keep, beside the data.
//!
//! What is not the host's own, a plugin's words or an old journal's, is text and stays as it is.

mod arguments;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::catalogue::{self, Value};
use crate::formatting;
use crate::language::Language;
pub use arguments::{Bytes, ToArgument, reason};

/// A message of the host with what it says it of, or text that is not the host's.
#[derive(Clone, Default)]
pub struct Message {
    english: String,
    source: Option<Box<Source>>,
}

/// Which message of the catalogues it is, and what it says it of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = MessageSource)]
pub struct Source {
    #[schema(value_type = String)]
    pub id: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = HashMap<String, Value>)]
    pub arguments: Arguments,
}

/// What a message says something of, by name.
pub type Arguments = BTreeMap<Cow<'static, str>, Argument>;

/// One thing that a message says something of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Argument {
    /// The digits of a number, side by side.
    Integer(i64),
    /// A name, a path, something foreign: the same in every language.
    Text(String),
    Bytes {
        bytes: u64,
    },
    Duration {
        milliseconds: u64,
    },
    Instant {
        instant: jiff::Timestamp,
    },
    Message(#[serde(with = "whole")] Message),
    /// Messages that stand side by side.
    All(#[serde(with = "whole::list")] Vec<Message>),
}

/// A message of the catalogues: its id, and what it says it of. `name` alone is a variable of this name.
#[macro_export]
macro_rules! message {
    ($id:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::message::Message::of($id, [$((
            stringify!($name),
            $crate::message::ToArgument::to_argument(&$crate::message!(@value $name $(= $value)?)),
        )),*])
    };
    (@value $name:ident) => { $name };
    (@value $name:ident = $value:expr) => { $value };
}

impl Message {
    /// One of the catalogues. For [`message!`], whose ids and names a test holds against them.
    pub fn of(
        id: impl Into<Cow<'static, str>>,
        arguments: impl IntoIterator<Item = (&'static str, Argument)>,
    ) -> Message {
        let arguments = arguments.into_iter().map(|(name, argument)| (Cow::Borrowed(name), argument)).collect();
        let source = Source { id: id.into(), arguments };
        let english = source.in_language(Language::English);
        debug_assert!(english.is_some(), "there is no message `{}`", source.id);
        Message { english: english.unwrap_or_else(|| source.id.to_string()), source: Some(Box::new(source)) }
    }

    /// A word of a document, such as a phase or a state, by its message `kind-word`; what has none is text.
    pub fn named(kind: &str, word: &str) -> Message {
        let id = format!("{kind}-{}", word.replace(' ', "-"));
        if catalogue::has(&id) { Message::of(id, []) } else { Message::from(word) }
    }

    /// What was written down: the text as it was said then, and what it was said of if that was written, too.
    pub fn written(english: String, source: Option<Source>) -> Message {
        Message { english, source: source.map(Box::new) }
    }

    /// Several as one.
    pub fn all(messages: impl IntoIterator<Item = Message>) -> Message {
        let mut messages: Vec<Message> = messages.into_iter().collect();
        match messages.len() {
            0 | 1 => messages.pop().unwrap_or_default(),
            _ => Message::of("all", [("all", Argument::All(messages))]),
        }
    }

    /// In English.
    pub fn as_str(&self) -> &str {
        &self.english
    }

    /// None of what is text and nothing more.
    pub fn source(&self) -> Option<&Source> {
        self.source.as_deref()
    }

    /// Its id and arguments, as they stand beside its text in a document. None and nothing of what is only text.
    pub fn parts(&self) -> (Option<Cow<'static, str>>, Arguments) {
        match self.source() {
            Some(Source { id, arguments }) => (Some(id.clone()), arguments.clone()),
            None => (None, Arguments::new()),
        }
    }

    /// For somebody who reads this language. What is not the host's own, or is of a version that knows more, stays English.
    pub fn in_language(&self, language: Language) -> String {
        let said = match (language, &self.source) {
            (Language::English, _) | (_, None) => None,
            (_, Some(source)) => source.in_language(language),
        };
        said.unwrap_or_else(|| self.english.clone())
    }
}

impl Source {
    fn in_language(&self, language: Language) -> Option<String> {
        self.with(language, |argument| argument.in_language(language))
    }

    /// In a language, whatever is no number being shown by `show`.
    pub fn with(&self, language: Language, show: impl Fn(&Argument) -> String) -> Option<String> {
        let texts: Vec<(&str, Result<i64, String>)> = self
            .arguments
            .iter()
            .map(|(name, argument)| match argument {
                Argument::Integer(number) => (name.as_ref(), Ok(*number)),
                other => (name.as_ref(), Err(show(other))),
            })
            .collect();
        let values: Vec<(&str, Value<'_>)> = texts
            .iter()
            .map(|(name, value)| match value {
                Ok(number) => (*name, Value::Integer(*number)),
                Err(text) => (*name, Value::Text(text)),
            })
            .collect();
        catalogue::format(language, &self.id, &values)
    }
}

impl Argument {
    pub fn in_language(&self, language: Language) -> String {
        match self {
            Argument::Integer(number) => number.to_string(),
            Argument::Text(text) => text.clone(),
            Argument::Bytes { bytes } => formatting::bytes(language, *bytes),
            Argument::Duration { milliseconds } => formatting::duration(language, Duration::from_millis(*milliseconds)),
            Argument::Instant { instant } => format!("{instant:.0}"),
            Argument::Message(message) => message.in_language(language),
            Argument::All(all) => {
                all.iter().map(|message| message.in_language(language)).collect::<Vec<_>>().join("; ")
            }
        }
    }
}

impl Deref for Message {
    type Target = str;

    fn deref(&self) -> &str {
        &self.english
    }
}

impl fmt::Display for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.english)
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.english, formatter)
    }
}

/// Inside of an error of the system's kind.
impl std::error::Error for Message {}

/// Two are equal that say the same.
impl PartialEq for Message {
    fn eq(&self, other: &Message) -> bool {
        self.english == other.english
    }
}

impl Eq for Message {}

impl PartialOrd for Message {
    fn partial_cmp(&self, other: &Message) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Message {
    fn cmp(&self, other: &Message) -> std::cmp::Ordering {
        self.english.cmp(&other.english)
    }
}

impl std::hash::Hash for Message {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.english.hash(state);
    }
}

impl PartialEq<str> for Message {
    fn eq(&self, other: &str) -> bool {
        self.english == other
    }
}

impl PartialEq<&str> for Message {
    fn eq(&self, other: &&str) -> bool {
        self.english == *other
    }
}

impl PartialEq<String> for Message {
    fn eq(&self, other: &String) -> bool {
        self.english == *other
    }
}

impl From<String> for Message {
    fn from(english: String) -> Message {
        Message { english, source: None }
    }
}

impl From<&str> for Message {
    fn from(english: &str) -> Message {
        Message::from(english.to_owned())
    }
}

impl From<&Message> for Message {
    fn from(message: &Message) -> Message {
        message.clone()
    }
}

impl From<Message> for String {
    fn from(message: Message) -> String {
        message.english
    }
}

/// As its English text. What also keeps the data says so: [`whole`], [`crate::Failure`].
impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.english)
    }
}

impl utoipa::PartialSchema for Message {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

impl ToSchema for Message {}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Message, D::Error> {
        String::deserialize(deserializer).map(Message::from)
    }
}

/// A message with its data, in a field that only the host reads: an object, or its text if it is nothing more.
pub mod whole {
    use super::*;

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Whole<'a> {
        Text(Cow<'a, str>),
        Message {
            text: Cow<'a, str>,
            #[serde(flatten)]
            source: Cow<'a, Source>,
        },
        /// Which one it is was taken out, for somebody who is told less.
        Withheld {
            text: Cow<'a, str>,
        },
    }

    pub fn serialize<S: Serializer>(message: &Message, serializer: S) -> Result<S::Ok, S::Error> {
        let text = Cow::Borrowed(message.as_str());
        let whole = match message.source() {
            None => Whole::Text(text),
            Some(source) => Whole::Message { text, source: Cow::Borrowed(source) },
        };
        whole.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Message, D::Error> {
        Ok(match Whole::deserialize(deserializer)? {
            Whole::Text(text) => Message::from(text.into_owned()),
            Whole::Message { text, source } => Message::written(text.into_owned(), Some(source.into_owned())),
            Whole::Withheld { text } => Message::from(text.into_owned()),
        })
    }

    /// One that is not always there.
    pub mod optional {
        use super::*;

        #[derive(Serialize, Deserialize)]
        struct Whole(#[serde(with = "super")] Message);

        pub fn serialize<S: Serializer>(message: &Option<Message>, serializer: S) -> Result<S::Ok, S::Error> {
            message.clone().map(Whole).serialize(serializer)
        }

        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Message>, D::Error> {
            Ok(Option::<Whole>::deserialize(deserializer)?.map(|whole| whole.0))
        }
    }

    /// Any number.
    pub mod list {
        use super::*;

        #[derive(Serialize, Deserialize)]
        struct Whole(#[serde(with = "super")] Message);

        pub fn serialize<S: Serializer>(messages: &[Message], serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(messages.iter().cloned().map(Whole))
        }

        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Message>, D::Error> {
            Ok(Vec::<Whole>::deserialize(deserializer)?.into_iter().map(|whole| whole.0).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Message {
        message!("context", doing = message!("doing-open"), message = "no such\\u{a0} `x` }")
    }

    #[test]
    fn a_message_is_said_in_the_language_of_whoever_reads_it_and_foreign_text_stays() {
        assert_eq!(written(), "open: no such\\u{a0} `x` }");
        assert_eq!(written().in_language(Language::Russian), "открыть: no such\\u{a0} `x` }");
        assert_eq!(Message::from("open").in_language(Language::Russian), "open");
    }

    #[test]
    fn what_was_written_is_read_with_its_data_and_old_text_is_text() {
        #[derive(Serialize, Deserialize)]
        struct Field(#[serde(with = "whole")] Message);
        let message = Message::all([written(), Message::from("more"), message!("doing-open")]);
        let text = serde_json::to_string(&Field(message.clone())).unwrap();
        let Field(read) = serde_json::from_str(&text).unwrap();
        assert_eq!(read, message);
        assert_eq!(read.in_language(Language::Russian), message.in_language(Language::Russian));
        let Field(old) = serde_json::from_str("\"open: x\"").unwrap();
        assert_eq!((old.in_language(Language::Russian).as_str(), old.source().is_none()), ("open: x", true));
        let Field(withheld) = serde_json::from_str(r#"{"text":"open: x"}"#).unwrap();
        assert_eq!((withheld.as_str(), withheld.source().is_none()), ("open: x", true));
        // Of a version that knows more.
        let Field(newer) = serde_json::from_str(r#"{"text":"a b","id":"not-known-here","arguments":{"x":1}}"#).unwrap();
        assert_eq!(newer.in_language(Language::Russian), "a b");
    }

    #[test]
    fn every_kind_of_argument_survives_being_written() {
        let at: jiff::Timestamp = "2026-11-24T21:00:00Z".parse().unwrap();
        for argument in [
            3_i32.to_argument(),
            u64::MAX.to_argument(),
            "text".to_argument(),
            Bytes(1536).to_argument(),
            Duration::from_millis(1500).to_argument(),
            at.to_argument(),
            written().to_argument(),
            vec![written(), Message::from("a")].to_argument(),
        ] {
            let text = serde_json::to_string(&argument).unwrap();
            let read: Argument = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
            for language in Language::ALL {
                assert_eq!(read.in_language(language), argument.in_language(language), "{text}");
            }
        }
    }
}
