//! `restore list` and `show`: what happened and what is still open. Touches nothing.

use reforge_base::Failure;
use reforge_base::Message;
use reforge_base::Result;
use reforge_base::escape;
use reforge_documents::history::{self, Line, List, Shown};
use reforge_documents::restore::Restores;
use reforge_transaction::event::{Begin, TransactionKind};
use reforge_transaction::journal::Journal;

use super::answer::Answer;
use super::receipt;
use super::session::Session;
use super::style;
use super::words::{self, say};

pub(crate) fn list(session: &Session, workload: Option<&str>, all: bool) -> Result<Answer> {
    let List { lines, older } = history::list(session.looking()?, workload, all)?;
    let mut text = match lines.is_empty() {
        true => say!("no-restores-yet"),
        false => {
            let heads = [
                say!("head-restore"),
                say!("head-workload"),
                say!("head-what"),
                say!("head-began"),
                say!("head-outcome"),
                say!("head-now"),
            ];
            let rows: Vec<_> = lines.iter().map(cells).collect();
            style::table(session.terminal.style, &heads, &rows)
        }
    };
    if older {
        text.push_str(&format!("\n{}", say!("older-ones-are-left-out")));
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
    vec![
        escape::text(&line.id),
        workload,
        kind,
        began,
        words::word("outcome-name", &line.outcome),
        words::read(&line.now),
    ]
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
            format!("{shown}{failure}\n{}", now_line(&now))
        }
        (None, Some((journal, begin))) => unfinished(session, journal, begin, &now, document.held_by.is_some()),
        (None, None) => String::new(),
    };
    Ok(Answer::done(text, document))
}

fn unfinished(session: &Session, journal: &Journal, begin: &Begin, now: &Message, is_held: bool) -> String {
    let standing = words::word("outcome-name", if is_held { "running" } else { "unfinished" });
    let (what, workload) = (what(&begin.kind), escape::text(&begin.workload));
    let mut lines = vec![
        say!("unfinished-of", standing = session.terminal.style.yellow(&standing), what, workload),
        say!("unfinished-restore", id = begin.id),
        say!("unfinished-began", instant = style::instant(begin.at.wall), who = escape::text(&begin.who)),
        now_line(now),
    ];
    let records: Vec<&str> = journal.records().iter().map(|record| record.event.name()).collect();
    lines.push(say!("unfinished-journal", records = records.join(", ")));
    for volume in &begin.volumes {
        let path = escape::path(&volume.parent.join(&volume.live));
        lines.push(say!("unfinished-volume", name = escape::text(&volume.name), path));
    }
    lines.join("\n")
}

fn now_line(now: &Message) -> String {
    say!("restore-now", now)
}

fn why(failure: &Failure) -> String {
    let why = say!("restore-why", message = escape::prose(&words::read(&failure.message)));
    match failure.hint.is_empty() {
        true => format!("\n{why}"),
        false => format!("\n{why}\n             {}", escape::prose(&words::read(&failure.hint))),
    }
}

fn what(kind: &TransactionKind) -> String {
    match kind {
        TransactionKind::Restore { snapshot } => say!("restore-of-snapshot", snapshot = escape::text(snapshot)),
        TransactionKind::Undo { of } => say!("undo-of-a-restore", of = escape::text(of)),
    }
}
