//! `recover`: what a start does, by hand.

use reforge_base::Failure;
use reforge_base::Result;
use reforge_documents::history as documents;
use serde_json::json;

use super::answer::Answer;
use super::exit::Exit;
use super::recovered::line;
use super::session::Session;
use super::words::say;

pub(crate) fn recover(session: &Session, accept: Option<&str>) -> Result<Answer> {
    let host = session.open()?;
    accept.map_or(Ok(()), |workload| host.accept_state(workload, &session.who()))?;
    let recovered = session.recover()?;
    let lines: Vec<String> = recovered.iter().map(line).collect();
    let text = if lines.is_empty() { say!("nothing-was-unfinished") } else { lines.join("\n") };
    let unsettled: Option<&Failure> = recovered.iter().find_map(|one| one.result.as_ref().err());
    let mut answer =
        Answer::done(text, json!({ "recovered": recovered.iter().map(documents::recovered).collect::<Vec<_>>() }));
    if unsettled.is_some() {
        answer.exit = Exit::NeedsOperator;
    }
    Ok(answer)
}
