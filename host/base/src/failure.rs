//! The one error of the host: a stable code for programs, a sentence and a hint for people.
//!
//! A message is lower case without a final period and names what it is about. Names that came from outside pass
//! [`crate::escape`] before they enter a message.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use crate::catalogue;
use crate::message;
pub use crate::message::reason;
use crate::message::{Argument, Arguments, Message, Source, ToArgument};

/// Why something did not happen. The strings are part of the WIT, the HTTP API and `--json`: never renamed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    Usage,
    NotFound,
    Busy,
    Cancelled,
    Drift,
    VolumeRefused,
    ArchiveRefused,
    PolicyRefused,
    SnapshotDamaged,
    NoSpace,
    NotDown,
    OutOfOrder,
    TooLarge,
    Io,
    SyncFailed,
    Runtime,
    /// The engine cannot be reached or does not answer: what it runs is not known.
    EngineUnreachable,
    /// The engine speaks no API that this host does.
    EngineTooOld,
    AppBad,
    /// A command before or after a snapshot failed.
    HookFailed,
    NeedsOperator,
    /// A crash left a restore that the next start settles.
    Unfinished,
    /// The state directory is missing, not writable, or another host's.
    StateRefused,
    /// The file is no plugin for this host.
    PluginRefused,
    /// The plugin trapped, stalled or broke a rule.
    Plugin,
    /// A code of the plugin's own.
    Other(String),
}

impl Code {
    const TABLE: &'static [(Code, &'static str)] = &[
        (Code::Usage, "usage"),
        (Code::NotFound, "not-found"),
        (Code::Busy, "busy"),
        (Code::Cancelled, "cancelled"),
        (Code::Drift, "drift"),
        (Code::VolumeRefused, "volume-refused"),
        (Code::ArchiveRefused, "archive-refused"),
        (Code::PolicyRefused, "policy-refused"),
        (Code::SnapshotDamaged, "snapshot-damaged"),
        (Code::NoSpace, "no-space"),
        (Code::NotDown, "not-down"),
        (Code::OutOfOrder, "out-of-order"),
        (Code::TooLarge, "too-large"),
        (Code::Io, "io"),
        (Code::SyncFailed, "sync-failed"),
        (Code::Runtime, "runtime"),
        (Code::EngineUnreachable, "engine-unreachable"),
        (Code::EngineTooOld, "engine-too-old"),
        (Code::AppBad, "app-bad"),
        (Code::HookFailed, "hook-failed"),
        (Code::NeedsOperator, "needs-operator"),
        (Code::Unfinished, "unfinished"),
        (Code::StateRefused, "state-refused"),
        (Code::PluginRefused, "plugin-refused"),
        (Code::Plugin, "plugin"),
    ];

    /// What every code but a plugin's own is called.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::TABLE.iter().map(|(_, name)| *name)
    }

    pub fn as_str(&self) -> &str {
        if let Code::Other(name) = self {
            return name;
        }
        Self::TABLE.iter().find(|(code, _)| code == self).map_or("io", |(_, name)| name)
    }

    /// What to do about a refusal that says nothing better itself. Empty for what is no refusal, and for a cancel, which
    /// somebody wanted.
    pub fn usual_hint(&self) -> Message {
        let id = format!("usual-hint-{self}");
        if catalogue::has(&id) { Message::of(id, []) } else { Message::default() }
    }

    /// The code that a plugin or a stored record names.
    pub fn parse(name: &str) -> Code {
        let known = Self::TABLE.iter().find(|(_, known)| *known == name);
        known.map_or_else(|| Code::Other(name.to_owned()), |(code, _)| code.clone())
    }

    /// Whether the request was turned down for what it asks or finds, as opposed to something going wrong.
    pub fn is_refusal(&self) -> bool {
        !matches!(
            self,
            Code::Io
                | Code::SyncFailed
                | Code::Runtime
                | Code::EngineUnreachable
                | Code::AppBad
                | Code::HookFailed
                | Code::Plugin
                | Code::Other(_)
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Code::parse(&String::deserialize(deserializer)?))
    }
}

/// What went wrong and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(into = "Written", from = "Written")]
#[non_exhaustive]
pub struct Failure {
    /// Stable, for programs.
    pub code: Code,
    pub message: Message,
    /// Never empty for a refusal but a cancel.
    pub hint: Message,
}

/// A failure as it is written down and answered. Old ones have the English text alone, and what is not the host's own has
/// nothing more.
#[derive(Serialize, serde::Deserialize, ToSchema)]
struct Written {
    /// Stable, for programs.
    #[schema(value_type = String, example = "busy")]
    code: Code,
    message: String,
    /// Never empty for a refusal but a cancel.
    hint: String,
    /// Which message it is, for who shows it in another language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Cow<'static, str>>,
    /// What it says something of.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = HashMap<String, Value>)]
    arguments: Arguments,
    /// The same of the hint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint_id: Option<Cow<'static, str>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = HashMap<String, Value>)]
    hint_arguments: Arguments,
}

impl From<Failure> for Written {
    fn from(failure: Failure) -> Written {
        let (id, arguments) = failure.message.parts();
        let (hint_id, hint_arguments) = failure.hint.parts();
        let Failure { code, message, hint } = failure;
        Written { code, message: message.into(), hint: hint.into(), id, arguments, hint_id, hint_arguments }
    }
}

impl From<Written> for Failure {
    fn from(written: Written) -> Failure {
        let source = |id: Option<Cow<'static, str>>, arguments| id.map(|id| Source { id, arguments });
        Failure {
            code: written.code,
            message: Message::written(written.message, source(written.id, written.arguments)),
            hint: Message::written(written.hint, source(written.hint_id, written.hint_arguments)),
        }
    }
}

impl utoipa::PartialSchema for Failure {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        Written::schema()
    }
}

impl ToSchema for Failure {}

/// What every fallible function of the host answers.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    pub fn new(code: Code, message: impl Into<Message>) -> Self {
        let hint = code.usual_hint();
        Failure { code, message: message.into(), hint }
    }

    /// Something to know that stands in nobody's way, by a name of its own.
    pub fn warning(name: &str, message: impl Into<Message>) -> Self {
        Failure::new(Code::Other(name.to_owned()), message)
    }

    /// Leaves one of those that say the same.
    pub fn once(list: &mut Vec<Failure>) {
        let mut said = BTreeSet::new();
        list.retain(|failure| said.insert((failure.message.clone(), failure.hint.clone())));
    }

    /// The same failure with what to do about it.
    pub fn hint(mut self, hint: impl Into<Message>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The same failure under another code.
    pub fn with_code(mut self, code: Code) -> Self {
        self.code = code;
        self
    }

    /// The same failure in other words.
    pub fn with_message(mut self, message: impl Into<Message>) -> Self {
        self.message = message.into();
        self
    }

    /// Says what was being done: `doing` comes before the message.
    pub fn context(mut self, doing: impl Into<Message>) -> Self {
        self.message = message!("context", doing = doing.into(), message = self.message);
        self
    }

    /// One failure that says all of them: the code of the first, everything in the message, each hint once.
    pub fn of_all(refusals: &[Failure]) -> Option<Failure> {
        let first = refusals.first()?;
        let hints: BTreeSet<&Message> =
            refusals.iter().map(|refusal| &refusal.hint).filter(|hint| !hint.is_empty()).collect();
        Some(Failure {
            code: first.code.clone(),
            message: Message::all(refusals.iter().map(|refusal| refusal.message.clone())),
            hint: Message::all(hints.into_iter().cloned()),
        })
    }

    /// The same about an entry that this user may not read or give back.
    pub fn unreadable(self) -> Self {
        self.with_code(Code::VolumeRefused).hint(message!("run-as-root-or"))
    }

    /// A failed operation on a path. A full disk or quota is `no-space`, all else `io`. What was being done is one of the
    /// messages `doing-…`.
    pub fn io(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Failure::while_doing(Message::of(format!("doing-{}", doing.replace(' ', "-")), []), path, error)
    }

    /// The same where what was being done has something to say itself.
    pub fn while_doing(doing: Message, path: &std::path::Path, error: &std::io::Error) -> Self {
        Failure::cannot(doing, &Message::from(crate::escape::path(path)), error)
    }

    /// The same of what may have no path: what it is called.
    pub fn cannot(doing: Message, called: &Message, error: &std::io::Error) -> Self {
        let errno = rustix::io::Errno::from_io_error(error);
        let full = matches!(errno, Some(rustix::io::Errno::NOSPC | rustix::io::Errno::DQUOT));
        let code = if full { Code::NoSpace } else { Code::Io };
        Failure::new(code, message!("cannot", doing, path = argument(called), error))
    }
}

/// A name as it is, so that it stands in a document as the text it is.
fn argument(called: &Message) -> Argument {
    match called.source() {
        None => Argument::Text(called.to_string()),
        Some(_) => called.to_argument(),
    }
}

/// Whether the system refuses for want of a right, which trying again does not change.
pub fn is_denied(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::PermissionDenied
}

impl ToArgument for Code {
    fn to_argument(&self) -> Argument {
        Argument::Text(self.to_string())
    }
}

impl ToArgument for Failure {
    fn to_argument(&self) -> Argument {
        self.message.to_argument()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_what_to_do_and_a_cancel_is_no_advice() {
        for (code, name) in Code::TABLE {
            let failure = Failure::new(code.clone(), "no");
            let is_advised = code.is_refusal() && *code != Code::Cancelled;
            assert_eq!(!failure.hint.is_empty(), is_advised, "{name}: `{}`", failure.hint);
            assert_eq!(Code::parse(name), *code);
            assert_eq!(failure.hint("this").hint, "this");
        }
        assert_eq!(Failure::new(Code::Other("own".to_owned()), "no").hint, "");
    }
}
