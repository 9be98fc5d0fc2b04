//! What can go wrong between us and the engine, and what each is called to a person.
//!
//! An engine that cannot be reached or does not answer has said nothing about any container.

use std::path::Path;
use std::time::Duration;

use bollard::errors::Error;

use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure};
use reforge_base::message;

/// How a call of the engine failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EngineError {
    /// Nobody listens, or the connection broke off.
    Unreachable(String),
    /// No answer in time. What was asked for may happen all the same.
    Silent(Duration),
    /// It answered, and not with what was asked for.
    Said { status: u16, message: String },
    /// Its answer makes no sense.
    Unclear(Message),
    /// A fault that a test asked for.
    Injected(String),
}

impl EngineError {
    pub(crate) fn of(error: Error) -> EngineError {
        match error {
            Error::DockerResponseServerError { status_code, message } => {
                EngineError::Said { status: status_code, message }
            }
            Error::DockerStreamError { error } => EngineError::Said { status: 500, message: error },
            Error::JsonDataError { message, .. } => EngineError::Unclear(Message::from(escape::text(&message))),
            Error::JsonSerdeError { err } => EngineError::Unclear(Message::from(escape::text(&err.to_string()))),
            Error::APIVersionParseError {} => EngineError::Unclear(message!("it-does-not-say-which-api")),
            other => EngineError::Unreachable(with_causes(&other)),
        }
    }

    /// What was asked about is not there.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self, EngineError::Said { status: 404, .. })
    }

    /// The state of what was asked about does not allow it, or a name is taken.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, EngineError::Said { status: 409, .. })
    }

    /// Whether asking once more may help.
    pub(crate) fn is_passing(&self) -> bool {
        !matches!(self, EngineError::Said { status: 400..=499, .. } | EngineError::Injected(_))
    }

    /// What the engine said, if it said anything.
    pub(crate) fn message(&self) -> &str {
        match self {
            EngineError::Said { message, .. } => message,
            _ => "",
        }
    }

    /// In words: `doing` is what was tried, as in "cannot …".
    pub(crate) fn failure(&self, socket: &Path, doing: &Message) -> Failure {
        let at = escape::path(socket);
        match self {
            EngineError::Unreachable(why) => {
                let message = message!("cannot-the-engine-at-cannot", doing, at, why = escape::text(why));
                Failure::new(Code::EngineUnreachable, message).hint(message!("start-the-engine-or-correct-docker"))
            }
            EngineError::Silent(limit) => {
                let message = message!("cannot-the-engine", doing, at, limit);
                Failure::new(Code::EngineUnreachable, message).hint(message!("look-at-the-engines-log-nothing"))
            }
            EngineError::Said { status: 404, message } => {
                Failure::new(Code::NotFound, message!("cannot-do", doing, error = escape::text(message)))
                    .hint(message!("something-else-removed-it-just-now"))
            }
            EngineError::Said { status, message } => {
                let message = message!("cannot-the-engine-said", doing, message = escape::text(message), status);
                Failure::new(Code::Runtime, message)
            }
            EngineError::Unclear(why) => Failure::new(Code::Runtime, message!("cannot-the-engines-answer", doing, why)),
            EngineError::Injected(why) => Failure::new(Code::Runtime, message!("cannot-do", doing, error = why)),
        }
    }
}

/// What a container needs and would not get.
pub(crate) fn refused(message: Message) -> Failure {
    Failure::new(Code::PolicyRefused, message)
}

/// The error with what caused it, since the outermost says least.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}
