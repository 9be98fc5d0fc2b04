//! The one error of the host: a stable code for programs, a sentence and a hint for people.
//!
//! A message is lower case without a final period and names what it is about. Names that came from outside pass
//! [`crate::escape`] before they enter a message.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

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
    pub fn usual_hint(&self) -> &'static str {
        match self {
            Code::Usage => "`reforge help` says what can be asked for",
            Code::NotFound => "see `reforge workload list`, `reforge snapshot list` and `reforge restore list`",
            Code::Busy => "try again when that is over, or use `--wait`",
            Code::Drift => "make a new plan and look at it again",
            Code::VolumeRefused => "put the volume or the configuration right, and look at the plan again",
            Code::ArchiveRefused => {
                "one such entry refuses the whole archive, and nothing of it is restored: restore another snapshot, or \
                 look at this one with `tar -tvzf`"
            }
            Code::PolicyRefused => "allow it in the workload's configuration if that is meant, or take it out",
            Code::SnapshotDamaged => "restore another snapshot; `reforge snapshot verify` says which are whole",
            Code::NoSpace => "free some space on that file system and try again",
            Code::NotDown => "end whatever still uses the volume, and try again",
            Code::OutOfOrder => "the restore plugin made a mistake: use another one with `--plugin FILE`",
            Code::TooLarge => "no restore takes that much at once: split it up",
            Code::NeedsOperator => "everything was kept; `reforge restore list` shows what waits for a decision",
            Code::Unfinished => "`reforge recover` settles it, as every command that changes something does first",
            Code::EngineTooOld => "use a newer engine",
            Code::PluginRefused => "a plugin is a component of the world `reforge:restore/restore-plugin@0.1.0`",
            Code::StateRefused => "correct `state_dir` in `[host]`, or mount what belongs there",
            Code::Cancelled
            | Code::Io
            | Code::SyncFailed
            | Code::Runtime
            | Code::EngineUnreachable
            | Code::AppBad
            | Code::Plugin
            | Code::Other(_) => "",
        }
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
pub struct Failure {
    /// Stable, for programs.
    #[schema(value_type = String, example = "busy")]
    pub code: Code,
    pub message: String,
    /// Never empty for a refusal but a cancel.
    pub hint: String,
}

/// What every fallible function of the host answers.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let hint = code.usual_hint().to_owned();
        Failure { code, message: message.into(), hint }
    }

    /// Something to know that stands in nobody's way, by a name of its own.
    pub fn warning(name: &str, message: impl Into<String>) -> Self {
        Failure::new(Code::Other(name.to_owned()), message)
    }

    /// Leaves one of those that say the same.
    pub fn once(list: &mut Vec<Failure>) {
        let mut said = std::collections::BTreeSet::new();
        list.retain(|failure| said.insert((failure.message.clone(), failure.hint.clone())));
    }

    /// The same failure with what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Says what was being done: `while` comes before the message.
    pub fn context(mut self, doing: impl fmt::Display) -> Self {
        self.message = format!("{doing}: {}", self.message);
        self
    }

    /// One failure that says all of them: the code of the first, everything in the message, each hint once.
    pub fn of_all(refusals: &[Failure]) -> Option<Failure> {
        let first = refusals.first()?;
        let messages: Vec<&str> = refusals.iter().map(|refusal| refusal.message.as_str()).collect();
        let hints: std::collections::BTreeSet<&str> =
            refusals.iter().map(|refusal| refusal.hint.as_str()).filter(|hint| !hint.is_empty()).collect();
        let hint = hints.into_iter().collect::<Vec<_>>().join("; ");
        Some(Failure { code: first.code.clone(), message: messages.join("; "), hint })
    }

    /// The same about an entry that this user may not read or give back.
    pub fn unreadable(self) -> Self {
        let hint = "run as root or as the user who owns it all, or make it readable";
        Failure { code: Code::VolumeRefused, ..self }.hint(hint)
    }

    /// A failed operation on a path. A full disk or quota is `no-space`, all else `io`.
    pub fn io(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        let errno = rustix::io::Errno::from_io_error(error);
        let full = matches!(errno, Some(rustix::io::Errno::NOSPC | rustix::io::Errno::DQUOT));
        let code = if full { Code::NoSpace } else { Code::Io };
        Failure::new(code, format!("cannot {doing} `{}`: {}", crate::escape::path(path), reason(error)))
    }
}

/// Whether the system refuses for want of a right, which trying again does not change.
pub fn is_denied(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::PermissionDenied
}

/// An operating system error without the number that Rust puts behind it.
pub fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
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
