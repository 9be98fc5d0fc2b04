//! `restore list` and `show`: what happened and what is still open. Touches nothing.

use reforge_base::Failure;
use reforge_base::Result;
use reforge_base::escape;
use reforge_server::documents::history::{self, Line, List, Restores, Shown};
use reforge_transaction::event::{Begin, TransactionKind};
use reforge_transaction::journal::Journal;

use super::answer::Answer;
use super::receipt;
use super::session::Session;
use super::style;

pub(crate) fn list(session: &Session, workload: Option<&str>, all: bool) -> Result<Answer> {
    let List { lines, older } = history::list(session.looking()?, workload, all)?;
    let mut text = match lines.is_empty() {
        true => "no restores yet".to_owned(),
        false => {
            let heads = ["RESTORE", "WORKLOAD", "WHAT", "BEGAN", "OUTCOME", "NOW"];
            let rows: Vec<_> = lines.iter().map(cells).collect();
            style::table(session.terminal.style, &heads, &rows)
        }
    };
    if older {
        text.push_str("\nolder ones are left out: `--all` lists them");
    }
    Ok(Answer::done(text, Restores { restores: lines.into_iter().map(|line| line.document).collect(), older }))
}

fn cells(line: &Line) -> Vec<String> {
    let none = || "-".to_owned();
    let workload = if line.workload.is_empty() { none() } else { escape::text(&line.workload) };
    let (kind, began) = match &line.what {
        Some((kind, began)) => (what(kind), style::age(*began)),
        None => (none(), none()),
    };
    vec![escape::text(&line.id), workload, kind, began, line.outcome.clone(), line.now.clone()]
}

pub(crate) fn show(session: &Session, id: &str) -> Result<Answer> {
    let Shown { receipt, journal, now, can_undo, document } = history::show(session.looking()?, id)?;
    let text = match (&receipt, &journal) {
        (Some(receipt), _) => {
            let failure = receipt.failure.as_ref().map(why).unwrap_or_default();
            let shown = match can_undo {
                true => receipt::text(session, receipt),
                false => receipt::without_next(session, receipt),
            };
            format!("{shown}{failure}\n  now        {now}")
        }
        (None, Some((journal, begin))) => unfinished(session, journal, begin, &now, document.held_by.is_some()),
        (None, None) => String::new(),
    };
    Ok(Answer::done(text, document))
}

fn unfinished(session: &Session, journal: &Journal, begin: &Begin, now: &str, is_held: bool) -> String {
    let standing = if is_held { "running" } else { "unfinished" };
    let mut lines = vec![
        format!(
            "{}: {} of `{}`",
            session.terminal.style.yellow(standing),
            what(&begin.kind),
            escape::text(&begin.workload)
        ),
        format!("  restore    {}", begin.id),
        format!("  began      {} by {}", style::instant(begin.at.wall), escape::text(&begin.who)),
        format!("  now        {now}"),
    ];
    let records: Vec<&str> = journal.records().iter().map(|record| record.event.name()).collect();
    lines.push(format!("  journal    {}", records.join(", ")));
    for volume in &begin.volumes {
        lines.push(format!(
            "  volume     {}: {}",
            escape::text(&volume.name),
            escape::path(&volume.parent.join(&volume.live))
        ));
    }
    lines.join("\n")
}

fn why(failure: &Failure) -> String {
    match failure.hint.is_empty() {
        true => format!("\n  why        {}", escape::prose(&failure.message)),
        false => {
            format!("\n  why        {}\n             {}", escape::prose(&failure.message), escape::prose(&failure.hint))
        }
    }
}

fn what(kind: &TransactionKind) -> String {
    match kind {
        TransactionKind::Restore { snapshot } => format!("restore {}", escape::text(snapshot)),
        TransactionKind::Undo { of } => format!("undo {}", escape::text(of)),
    }
}
