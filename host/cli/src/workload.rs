//! `workload list` and `show`: what is configured, how it does, where its volumes are. Touches nothing.

use reforge_base::Code;
use reforge_base::Failure;
use reforge_base::Result;
use reforge_base::escape;
use reforge_server::documents::workload::{self as documents, word};
use reforge_snapshots::store::StoredSnapshot;

use super::answer::Answer;
use super::session::Session;
use super::style;

pub(crate) fn list(session: &Session) -> Result<Answer> {
    let host = session.looking()?;
    let lines = documents::list(host)?;
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            vec![
                line.workload.id.clone(),
                line.state().to_owned(),
                line.workload.runtime.as_str().to_owned(),
                line.workload.volumes.len().to_string(),
                line.newest.as_ref().map_or_else(|| "-".to_owned(), snapshot_in_words),
            ]
        })
        .collect();
    let heads = ["WORKLOAD", "STATE", "RUNTIME", "VOLUMES", "LAST SNAPSHOT"];
    let text = style::table(session.terminal.style, &heads, &rows);
    Ok(Answer::done(text, documents::list_document(&lines)))
}

pub(crate) fn show(session: &Session, id: &str) -> Result<Answer> {
    let host = session.looking()?;
    let whole = documents::whole(host, id)?;
    let documents::Whole { workload, observed, resolution, blocked, newest, snapshots, .. } = &whole;
    let style = session.terminal.style;
    let mut lines = vec![
        format!("{}  {}", style.bold(&workload.id), word(observed.state)),
        format!("project    {}, stage {}", workload.project, workload.stage),
        format!("runtime    {}", workload.runtime.as_str()),
    ];
    if let Some(spec) = &observed.spec {
        lines.push(format!("image      {}", escape::text(&spec.image)));
    }
    lines.push(format!("links      {}", workload.links.as_str()));
    let shown = newest.as_ref().map_or_else(|| "no snapshot yet".to_owned(), snapshot_in_words);
    lines.push(format!("snapshots  {snapshots}, newest: {shown}"));
    lines.push(String::new());
    let rows: Vec<Vec<String>> = resolution
        .volumes
        .iter()
        .map(|volume| {
            let path = escape::path(&volume.path);
            let path = if volume.exists { path } else { format!("{path} (not made yet)") };
            vec![volume.name.clone(), volume.scope.as_str().to_owned(), path]
        })
        .chain(resolution.skipped.iter().map(|skipped| {
            vec![escape::text(&skipped.name), escape::text(&skipped.scope), "never captured or restored".to_owned()]
        }))
        .collect();
    lines.push(style::table(style, &["VOLUME", "SCOPE", "LIVE"], &rows));
    for refusal in resolution.refusals.iter().chain(blocked) {
        lines.push(String::new());
        lines.extend(refusal_lines(session, refusal));
    }
    Ok(Answer::done(lines.join("\n"), documents::whole_document(&whole)))
}

fn snapshot_in_words(listed: &StoredSnapshot) -> String {
    let id = escape::text(&listed.id);
    match &listed.descriptor {
        Ok(descriptor) => format!("{id} ({})", style::age(descriptor.manifest.created)),
        Err(_) => format!("{id} (damaged)"),
    }
}

fn refusal_lines(session: &Session, refusal: &Failure) -> Vec<String> {
    let style = session.terminal.style;
    let head = if refusal.code == Code::Busy { style.yellow("running:") } else { style.red("refused:") };
    let mut lines = vec![format!("{head} {}", refusal.message)];
    if !refusal.hint.is_empty() {
        lines.push(format!("         {}", refusal.hint));
    }
    lines
}
