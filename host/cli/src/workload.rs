//! `workload list` and `show`: what is configured, how it does, where its volumes are. Touches nothing.

use reforge_base::Code;
use reforge_base::Failure;
use reforge_base::Result;
use reforge_base::escape;
use reforge_documents::workload::{self as documents, WorkloadState};
use reforge_host::host::Scheduled;
use reforge_snapshots::store::StoredSnapshot;
use serde_json::json;

use super::answer::Answer;
use super::schedule;
use super::session::Session;
use super::style;
use super::words::{self, say};

pub(crate) fn list(session: &Session) -> Result<Answer> {
    let host = session.looking()?;
    let lines = documents::list(host)?;
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            vec![
                line.workload.id.clone(),
                words::word("state", line.state().as_str()),
                line.workload.runtime.as_str().to_owned(),
                line.workload.volumes.len().to_string(),
                line.newest.as_ref().map_or_else(|| "-".to_owned(), snapshot_in_words),
            ]
        })
        .collect();
    let heads = [
        say!("head-workload"),
        say!("head-state"),
        say!("head-runtime"),
        say!("head-volumes"),
        say!("head-last-snapshot"),
    ];
    let mut text = style::table(session.terminal.style, &heads, &rows);
    let notifications = host.notifier().overview()?;
    if !notifications.channels.is_empty() {
        let (waiting, given_up) = (notifications.waiting(), notifications.given_up());
        session.beside("notifications", json!({ "waiting": waiting, "given_up": given_up }));
        if given_up > 0 {
            let note = say!("notifications-given-up", n = given_up);
            text = format!("{text}\n\n{}", session.terminal.style.yellow(&note));
        }
    }
    Ok(Answer::done(text, documents::list_document(&lines)))
}

pub(crate) fn show(session: &Session, id: &str) -> Result<Answer> {
    let host = session.looking()?;
    let whole = documents::whole(host, id)?;
    let documents::Whole { workload, observed, resolution, blocked, newest, snapshots, .. } = &whole;
    let style = session.terminal.style;
    let mut lines = vec![
        format!("{}  {}", style.bold(&workload.id), words::word("state", WorkloadState::from(observed.state).as_str())),
        say!("workload-project", project = workload.project, stage = workload.stage),
        say!("workload-runtime", runtime = workload.runtime.as_str()),
    ];
    if let Some(spec) = &observed.spec {
        lines.push(say!("workload-image", image = escape::text(&spec.image)));
    }
    lines.push(say!("workload-links", links = workload.links.as_str()));
    let shown = newest.as_ref().map_or_else(|| say!("no-snapshot-yet"), snapshot_in_words);
    lines.push(say!("workload-snapshots", snapshots, shown));
    lines.extend(whole.scheduled.as_ref().map(scheduled_in_words).unwrap_or_default());
    let expected = host.expected_interruption(workload);
    let expected = expected.map_or_else(String::new, |time| say!("workload-consistency-expected", time));
    lines.push(say!("workload-consistency", consistency = workload.capturing.consistency.as_str(), expected));
    lines.push(String::new());
    let rows: Vec<Vec<String>> = resolution
        .volumes
        .iter()
        .map(|volume| {
            let path = escape::path(&volume.path);
            let path = if volume.exists { path } else { say!("path-not-made-yet", path) };
            vec![volume.name.clone(), volume.scope.as_str().to_owned(), path]
        })
        .chain(resolution.skipped.iter().map(|skipped| {
            vec![escape::text(&skipped.name), escape::text(&skipped.scope), say!("never-captured-or-restored")]
        }))
        .chain(resolution.uncaptured.iter().map(|mount| {
            let path = say!("path-only-mounted", path = escape::path(&mount.live));
            vec![escape::text(&mount.volume), say!("only-mounted"), path]
        }))
        .collect();
    lines.push(style::table(style, &[say!("head-volume"), say!("head-scope"), say!("head-live")], &rows));
    for refusal in resolution.refusals.iter().chain(blocked) {
        lines.push(String::new());
        lines.extend(refusal_lines(session, refusal));
    }
    for warning in &whole.beside {
        lines.push(String::new());
        lines.extend(warning_lines(session, warning));
    }
    Ok(Answer::done(lines.join("\n"), documents::whole_document(&whole)))
}

/// When the next one is due, what became of the last, and whether one is missing.
fn scheduled_in_words(scheduled: &Scheduled) -> Vec<String> {
    let next = scheduled.next.map_or_else(|| say!("never-again"), |slot| style::instant(slot.starts));
    let mut lines = vec![say!("workload-next-snapshot", next)];
    lines.extend(scheduled.newest.as_ref().map(|last| say!("workload-last-due", last = schedule::in_words(last))));
    lines.extend(scheduled.overdue.map(|due| say!("workload-snapshot-is-overdue", due = style::instant(due))));
    lines
}

fn snapshot_in_words(listed: &StoredSnapshot) -> String {
    let id = escape::text(&listed.id);
    match &listed.descriptor {
        Ok(descriptor) => format!("{id} ({})", style::age(descriptor.manifest.created)),
        Err(_) => say!("snapshot-damaged", id),
    }
}

fn warning_lines(session: &Session, warning: &Failure) -> [String; 2] {
    let label = say!("label-warning");
    let hint = format!("{:width$} {}", "", words::read(&warning.hint), width = label.chars().count());
    [format!("{} {}", session.terminal.style.yellow(&label), words::read(&warning.message)), hint]
}

fn refusal_lines(session: &Session, refusal: &Failure) -> Vec<String> {
    let style = session.terminal.style;
    let head = match refusal.code {
        Code::Busy => style.yellow(&say!("label-running")),
        _ => style.red(&say!("label-refused")),
    };
    let mut lines = vec![format!("{head} {}", words::read(&refusal.message))];
    if !refusal.hint.is_empty() {
        lines.push(format!("         {}", words::read(&refusal.hint)));
    }
    lines
}
