//! `workload list` and `show`: what is configured, how it does, where its volumes are. Touches nothing.

use reforge_host::config::Workload;
use reforge_host::deployer::resolve;
use reforge_host::host::Host;
use reforge_host::runtime::AppState;
use reforge_host::snapshots::store::Listed;
use reforge_host::{Failure, Result, escape};
use serde_json::json;

use super::answer::Answer;
use super::session::Session;
use super::style;

pub fn list(session: &Session) -> Result<Answer> {
    let host = session.looking()?;
    let mut rows = Vec::new();
    let mut documents = Vec::new();
    for workload in &host.config.workloads {
        // One engine that does not answer must not hide the others.
        let state = state(host, workload);
        let shown = state.as_ref().map_or_else(|_| "unknown".to_owned(), |state| word(*state).to_owned());
        let newest = host.store.list(&workload.id)?.into_iter().next();
        rows.push(vec![
            workload.id.clone(),
            shown.clone(),
            workload.runtime.as_str().to_owned(),
            workload.volumes.len().to_string(),
            newest.as_ref().map_or_else(|| "-".to_owned(), snapshot_in_words),
        ]);
        documents.push(json!({
            "id": workload.id,
            "state": shown,
            "error": state.err(),
            "runtime": workload.runtime.as_str(),
            "project": workload.project,
            "stage": workload.stage,
            "volumes": workload.volumes.iter().map(|volume| &volume.name).collect::<Vec<_>>(),
            "last_snapshot": newest.map(|newest| newest.id),
        }));
    }
    let heads = ["WORKLOAD", "STATE", "RUNTIME", "VOLUMES", "LAST SNAPSHOT"];
    let text = style::table(session.terminal.style, &heads, &rows);
    Ok(Answer::done(text, json!({ "workloads": documents })))
}

pub fn show(session: &Session, id: &str) -> Result<Answer> {
    let host = session.looking()?;
    let workload = host.config.workload(id)?;
    let observed = host.runtime(workload)?.observe(&workload.id)?;
    let resolution = resolve::resolve(&host.config, workload);
    let blocked = host.blocked(workload)?;
    let snapshots = host.store.list(&workload.id)?;
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
    let shown = snapshots.first().map_or_else(|| "no snapshot yet".to_owned(), snapshot_in_words);
    lines.push(format!("snapshots  {}, newest: {shown}", snapshots.len()));
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
    for refusal in resolution.refusals.iter().chain(&blocked) {
        lines.push(String::new());
        lines.extend(refusal_lines(session, refusal));
    }
    let volumes: Vec<_> = resolution
        .volumes
        .iter()
        .map(|volume| {
            json!({
                "name": volume.name,
                "scope": volume.scope.as_str(),
                "path": volume.path,
                "exists": volume.exists,
                "target": volume.target,
            })
        })
        .collect();
    let history = host.deployer.history().read(&workload.id)?;
    let json = json!({
        "id": workload.id,
        "project": workload.project,
        "stage": workload.stage,
        "runtime": workload.runtime.as_str(),
        "state": word(observed.state),
        "image": observed.spec.as_ref().map(|spec| json!({ "reference": spec.image, "digest": spec.image_digest })),
        "previous_image": history.previous.map(|spec| spec.image),
        "preview_image": history.preview.map(|spec| spec.image),
        "links": workload.links.as_str(),
        "volumes": volumes,
        "skipped": resolution.skipped,
        "refusals": resolution.refusals,
        "blocked": blocked,
        "last_snapshot": snapshots.first().map(|newest| &newest.id),
    });
    Ok(Answer::done(lines.join("\n"), json))
}

/// The word for what a workload is doing.
pub fn word(state: AppState) -> &'static str {
    match state {
        AppState::Absent => "never deployed",
        AppState::Stopped => "stopped",
        AppState::Running => "running",
        AppState::CrashLooping => "crash-looping",
    }
}

fn state(host: &Host, workload: &Workload) -> Result<AppState> {
    Ok(host.runtime(workload)?.observe(&workload.id)?.state)
}

fn snapshot_in_words(listed: &Listed) -> String {
    let id = escape::text(&listed.id);
    match &listed.descriptor {
        Ok(descriptor) => format!("{id} ({})", style::age(descriptor.manifest.created)),
        Err(_) => format!("{id} (damaged)"),
    }
}

fn refusal_lines(session: &Session, refusal: &Failure) -> Vec<String> {
    let mut lines = vec![format!("{} {}", session.terminal.style.red("refused:"), refusal.message)];
    if !refusal.hint.is_empty() {
        lines.push(format!("         {}", refusal.hint));
    }
    lines
}
