//! `recover`: what a start does, by hand, and how every changing command tells what it did about a crash.

use std::fmt::Write as _;

use reforge_host::documents::history as documents;
use reforge_host::transaction::receipt::Outcome;
use reforge_host::transaction::recover::Recovered;
use reforge_host::{Failure, Result, escape};
use serde_json::json;

use super::answer::Answer;
use super::exit::Exit;
use super::session::Session;

pub fn recover(session: &Session) -> Result<Answer> {
    let recovered = session.open()?.recover()?;
    let lines: Vec<String> = recovered.iter().map(line).collect();
    let text = if lines.is_empty() { "nothing was unfinished".to_owned() } else { lines.join("\n") };
    let unsettled: Option<&Failure> = recovered.iter().find_map(|one| one.result.as_ref().err());
    let mut answer =
        Answer::done(text, json!({ "recovered": recovered.iter().map(documents::recovered).collect::<Vec<_>>() }));
    if unsettled.is_some() {
        answer.exit = Exit::NeedsOperator;
    }
    Ok(answer)
}

/// One line per transaction, and the hint where a person is needed.
pub fn line(one: &Recovered) -> String {
    let id = escape::text(&one.id);
    let of = one.workload.as_deref().map(|workload| format!(" of `{}`", escape::text(workload))).unwrap_or_default();
    let mut line = format!("recovered `{id}`{of}: ");
    match &one.result {
        Ok(receipt) => {
            let state = match receipt.outcome {
                Outcome::Done | Outcome::Unconfirmed => "it is complete, the restored data is live",
                _ => "every volume holds what it held before",
            };
            let _ = write!(line, "{}; {state}; app: {}", receipt.outcome.as_str(), escape::prose(&receipt.app));
        }
        Err(failure) => {
            line = format!("not recovered: `{id}`{of}: {}", failure.message);
            if !failure.hint.is_empty() {
                let _ = write!(line, "\nhint: {}", failure.hint);
            }
        }
    }
    line
}
