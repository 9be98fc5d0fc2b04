//! `restore list` and `show`: what happened and what is still open. Touches nothing.

use reforge_host::documents::history::{self, Line, Restores, Shown};
use reforge_host::transaction::event::{Begin, Kind};
use reforge_host::transaction::journal::Journal;
use reforge_host::{Failure, Result, escape};

use super::answer::Answer;
use super::receipt;
use super::session::Session;
use super::style;

pub fn list(session: &Session, workload: Option<&str>) -> Result<Answer> {
    let lines = history::list(session.looking()?, workload)?;
    let text = match lines.is_empty() {
        true => "no restores yet".to_owned(),
        false => {
            let heads = ["RESTORE", "WORKLOAD", "WHAT", "BEGAN", "OUTCOME", "NOW"];
            let rows: Vec<_> = lines.iter().map(cells).collect();
            style::table(session.terminal.style, &heads, &rows)
        }
    };
    Ok(Answer::done(text, Restores { restores: lines.into_iter().map(|line| line.document).collect() }))
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

pub fn show(session: &Session, id: &str) -> Result<Answer> {
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
        (None, Some((journal, begin))) => unfinished(session, journal, begin, &now),
        (None, None) => String::new(),
    };
    Ok(Answer::done(text, document))
}

fn unfinished(session: &Session, journal: &Journal, begin: &Begin, now: &str) -> String {
    let mut lines = vec![
        format!(
            "{}: {} of `{}`",
            session.terminal.style.yellow("unfinished"),
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

fn what(kind: &Kind) -> String {
    match kind {
        Kind::Restore { snapshot } => format!("restore {}", escape::text(snapshot)),
        Kind::Undo { of } => format!("undo {}", escape::text(of)),
    }
}
