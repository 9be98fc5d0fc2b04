//! What a command answers, and the one place where answers and failures are printed.
//!
//! A failure is `error:` and `hint:` for a person, one document for a program; never a backtrace, never a debug form.

use std::path::Path;
use std::process::ExitCode;

use reforge_base::{Failure, Message, message};
use reforge_host::restore::Report;
use reforge_transaction::receipt::Outcome;
use serde::Serialize;
use serde_json::{Value, json};

use super::exit::Exit;
use super::terminal::Terminal;

/// What a command has led to: the same for people and for programs.
pub(crate) struct Answer {
    /// For people, without a line end.
    pub text: String,
    /// For programs: an object.
    pub json: Value,
    /// What went wrong although there is an answer.
    pub failure: Option<Failure>,
    pub exit: Exit,
    /// Takes back what nobody was told of, if the answer cannot be written.
    pub take_back: Option<TakeBack>,
}

/// Makes it as if the command had not been given.
pub(crate) type TakeBack = Box<dyn FnOnce() -> Result<(), Failure>>;

impl Answer {
    /// It was done.
    pub(crate) fn done(text: impl Into<String>, document: impl Serialize) -> Answer {
        Answer { text: text.into(), json: json!(document), failure: None, exit: Exit::Done, take_back: None }
    }

    /// Something of what was to be done failed; all else is told.
    pub(crate) fn failed(self, failure: Failure) -> Answer {
        Answer { exit: Exit::Failed, failure: Some(failure), ..self }
    }

    /// Of a restore or undo; `text` is its receipt.
    pub(crate) fn of_report(report: Report, text: String) -> Answer {
        let exit = Exit::of_outcome(report.outcome, report.failure.as_ref());
        Answer { text, json: json!(report), failure: report.failure, exit, take_back: None }
    }
}

/// Prints what became of a command and gives its exit code. `beside` are fields for the document that no command has.
pub(crate) fn print(
    terminal: &Terminal,
    answered: Result<Answer, Failure>,
    beside: Vec<(&'static str, Value)>,
) -> ExitCode {
    let answer = answered.unwrap_or_else(of_failure);
    let text = if terminal.json { document(&answer, beside).to_string() } else { answer.text };
    let written = if text.is_empty() { Ok(()) } else { terminal.answer(&text) };
    if let Some(failure) = &answer.failure {
        terminal.complain(failure);
    }
    let exit = match written {
        Ok(()) => answer.exit,
        Err(error) => untold(terminal, &error, answer.exit, answer.take_back),
    };
    terminal.drain();
    exit.into()
}

/// What the exit code of an answer becomes that could not be written. One that says more than `done` stays.
fn untold(terminal: &Terminal, error: &std::io::Error, exit: Exit, take_back: Option<TakeBack>) -> Exit {
    let failure = Failure::io("write", Path::new("standard output"), error);
    let message = failure.message.clone();
    let (message, hint, exit) = match (take_back.map(|take_back| take_back()), exit) {
        (Some(Ok(())), _) => (
            message!("what-was-made-was-taken-back", message),
            message!("try-again-where-the-answer-can"),
            Exit::Failed,
        ),
        (Some(Err(left)), _) => {
            terminal.complain(&left);
            (message!("what-was-made-is-still-there", message), message!("take-it-back-by-hand"), Exit::Untold)
        }
        (None, Exit::Done | Exit::Unconfirmed) => {
            (message!("it-was-done-but-its-answer", message), message!("it-need-not-be-done-again"), Exit::Untold)
        }
        (None, exit) => (message!("the-answer-could-not-be-told", message), Message::default(), exit),
    };
    terminal.complain(&failure.with_message(message).hint(hint));
    exit
}

fn of_failure(failure: Failure) -> Answer {
    Answer {
        text: String::new(),
        json: json!({ "error": failure, "outcome": Outcome::of_unchanged(&failure) }),
        exit: Exit::of_failure(&failure),
        failure: Some(failure),
        take_back: None,
    }
}

fn document(answer: &Answer, beside: Vec<(&'static str, Value)>) -> Value {
    let mut document = answer.json.clone();
    if let Value::Object(fields) = &mut document {
        fields.extend(beside.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    document
}
