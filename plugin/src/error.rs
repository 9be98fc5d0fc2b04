//! The one error of the plugin: what crosses the WIT as `failure`.
//!
//! A message is lower case without a final period. Names from an archive pass [`crate::escape`] before they enter one.

use std::borrow::Cow;
use std::fmt;
use std::io;

/// Why something did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One of the codes of the WIT; the host's own failures keep theirs.
    pub code: Cow<'static, str>,
    pub message: String,
    /// What to do about it; empty only where the host's own words are enough.
    pub hint: String,
}

const ARCHIVE_HINT: &str = "one such entry refuses the whole archive, and nothing of it is restored: restore another snapshot, or look \
                            at this one with `tar -tvzf`";
const DAMAGED_HINT: &str = "restore another snapshot; `reforge snapshot verify` says which are whole";
const TOO_LARGE_HINT: &str = "no restore takes that much: take it out of what is captured";

/// What every fallible function of the plugin answers.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Failure { code: code.into(), message: message.into(), hint: String::new() }
    }

    /// The archive holds something that is never restored.
    pub fn archive(message: impl Into<String>) -> Self {
        Self::new("archive-refused", message).hint(ARCHIVE_HINT)
    }

    /// The workload's policy does not allow it.
    pub fn policy(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new("policy-refused", message).hint(hint)
    }

    /// Bytes are not what was written.
    pub fn damaged(message: impl Into<String>) -> Self {
        Self::new("snapshot-damaged", message).hint(DAMAGED_HINT)
    }

    /// A bound was exceeded.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new("too-large", message).hint(TOO_LARGE_HINT)
    }

    /// A call makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new("usage", message).hint("the host and this plugin disagree: use the plugin that the host came with")
    }

    /// The same failure with what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The same for a file that is no snapshot yet: there is no other one to restore.
    pub fn of_import(mut self) -> Self {
        let hint = match &*self.hint {
            ARCHIVE_HINT | TOO_LARGE_HINT => {
                "one such entry refuses the whole archive, and nothing of it was taken in: unpack it into an empty directory, \
                 take that out, and import the directory"
            }
            DAMAGED_HINT => {
                "nothing of it was taken in: get the file once more from where it is kept, and compare the two"
            }
            _ => return self,
        };
        self.hint = hint.to_owned();
        self
    }

    /// Says what it is about: `what` comes before the message.
    pub fn context(mut self, what: impl fmt::Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// One failure for several: the first one's code and hint, every message up to `shown`.
    pub fn all(failures: Vec<Failure>, found: u64, shown: usize) -> Option<Failure> {
        let first = failures.first()?;
        let mut messages = failures.iter().take(shown).map(|failure| &*failure.message).collect::<Vec<_>>().join("; ");
        let more = found.saturating_sub(failures.len().min(shown) as u64);
        if more > 0 {
            messages.push_str(&format!("; and {more} more"));
        }
        Some(Failure { code: first.code.clone(), message: messages, hint: first.hint.clone() })
    }

    /// A failure on its way through a reader of the standard library.
    pub fn into_io(self) -> io::Error {
        io::Error::other(self)
    }

    /// What a reader over a stream of this packing answered: the host's failure unchanged, all else is damage.
    pub fn from_stream(error: io::Error, packing: &str) -> Self {
        let (kind, text) = (error.kind(), error.to_string());
        match error.downcast::<Failure>() {
            Ok(failure) => failure,
            Err(_) if kind == io::ErrorKind::UnexpectedEof => {
                Failure::damaged(format!("the archive ends in the middle of its {packing} stream"))
            }
            Err(_) => Failure::damaged(format!("the archive's {packing} stream is damaged: {text}")),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
