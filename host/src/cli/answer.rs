//! What a command answers, and the one place where answers and failures are printed.
//!
//! A failure is `error:` and `hint:` for a person, one document for a program; never a backtrace, never a debug form.

use std::process::ExitCode;

use reforge_host::Failure;
use reforge_host::restore::Report;
use reforge_host::transaction::receipt::Outcome;
use serde::Serialize;
use serde_json::{Value, json};

use super::exit::Exit;
use super::terminal::Terminal;

/// What a command has led to: the same for people and for programs.
pub struct Answer {
    /// For people, without a line end.
    pub text: String,
    /// For programs: an object.
    pub json: Value,
    /// What went wrong although there is an answer.
    pub failure: Option<Failure>,
    pub exit: Exit,
}

impl Answer {
    /// It was done.
    pub fn done(text: impl Into<String>, document: impl Serialize) -> Answer {
        Answer { text: text.into(), json: json!(document), failure: None, exit: Exit::Done }
    }

    /// Of a restore or undo; `text` is its receipt.
    pub fn of_report(report: Report, text: String) -> Answer {
        let exit = Exit::of_outcome(report.outcome, report.failure.as_ref());
        Answer { text, json: json!(report), failure: report.failure, exit }
    }
}

/// Prints what became of a command and gives its exit code. `beside` are fields for the document that no command has.
pub fn print(terminal: &Terminal, answered: Result<Answer, Failure>, beside: Vec<(&'static str, Value)>) -> ExitCode {
    let answer = answered.unwrap_or_else(of_failure);
    if terminal.json {
        terminal.print(&document(&answer, beside).to_string());
    } else {
        if !answer.text.is_empty() {
            terminal.print(&answer.text);
        }
        if let Some(failure) = &answer.failure {
            terminal.complain(failure);
        }
    }
    answer.exit.into()
}

fn of_failure(failure: Failure) -> Answer {
    Answer {
        text: String::new(),
        json: json!({ "error": failure, "outcome": Outcome::of_unchanged(&failure) }),
        exit: Exit::of_failure(&failure),
        failure: Some(failure),
    }
}

fn document(answer: &Answer, beside: Vec<(&'static str, Value)>) -> Value {
    let mut document = answer.json.clone();
    if let Value::Object(fields) = &mut document {
        fields.extend(beside.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    document
}
