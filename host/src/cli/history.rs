//! `restore list` and `show`: what happened and what is still open. Touches nothing.

use std::time::Duration;

use reforge_host::host::Host;
use reforge_host::transaction::event::{Begin, BeginVolume, Event, Kind, Moment};
use reforge_host::transaction::journal::Journal;
use reforge_host::transaction::receipt::{self as receipts, Receipt};
use reforge_host::transaction::registry::{self, Entry};
use reforge_host::transaction::state::Phase;
use reforge_host::transaction::{resolve, window};
use reforge_host::{Code, Failure, Result, escape};
use serde_json::{Value, json};

use super::answer::Answer;
use super::receipt;
use super::session::Session;
use super::style;

/// How a restore stands whose journal was forgotten.
const OVER: &str = "over";

pub fn list(session: &Session, workload: Option<&str>) -> Result<Answer> {
    let host = session.looking()?;
    if let Some(id) = workload {
        host.config.workload(id)?;
    }
    let mut entries = registry::read_all(&host.state.transactions())?;
    entries.retain(|entry| workload.is_none_or(|workload| entry.is_of(workload)));
    let mut lines: Vec<Line> = entries.iter().map(|entry| of_entry(host, &entries, entry)).collect::<Result<_>>()?;
    let forgotten = forgotten(host)?.into_iter().filter(|id| entries.iter().all(|entry| entry.id() != id));
    for id in forgotten {
        lines.extend(of_forgotten(host, &id).filter(|line| workload.is_none_or(|workload| line.workload == workload)));
    }
    lines.sort_by(|left, right| right.id.cmp(&left.id));
    let (rows, documents): (Vec<_>, Vec<_>) = lines.into_iter().map(|line| (line.cells, line.document)).unzip();
    let text = match rows.is_empty() {
        true => "no restores yet".to_owned(),
        false => {
            let heads = ["RESTORE", "WORKLOAD", "WHAT", "BEGAN", "OUTCOME", "NOW"];
            style::table(session.terminal.style, &heads, &rows)
        }
    };
    Ok(Answer::done(text, json!({ "restores": documents })))
}

/// One restore in a list, for a person and for a program.
struct Line {
    id: String,
    workload: String,
    cells: Vec<String>,
    document: Value,
}

fn of_entry(host: &Host, entries: &[Entry], entry: &Entry) -> Result<Line> {
    match entry {
        Entry::Open(journal, begin) => {
            let receipt = told(host, &begin.id)?;
            let newest = is_newest(entries, begin);
            let (now, _) = standing(journal, begin, newest);
            let untold = if resolve::is_resolved(journal.directory()) { "resolved" } else { "unfinished" };
            let outcome = receipt.as_ref().map_or(untold, |receipt| receipt.outcome.as_str());
            Ok(Line {
                id: begin.id.clone(),
                workload: begin.workload.clone(),
                cells: cells(&begin.id, &begin.workload, &begin.kind, begin.at.wall, outcome, now),
                document: document(journal, begin, newest, receipt.as_ref()),
            })
        }
        Entry::Damaged { id, workload, failure } => {
            let none = || "-".to_owned();
            let of = workload.as_deref().map_or_else(none, escape::text);
            Ok(Line {
                id: id.clone(),
                workload: workload.clone().unwrap_or_default(),
                cells: vec![escape::text(id), of, none(), none(), "damaged".to_owned(), failure.message.clone()],
                document: json!({ "id": id, "workload": workload, "error": failure }),
            })
        }
    }
}

/// Of one whose journal was forgotten, since it was long over. None if it was forgotten altogether meanwhile.
fn of_forgotten(host: &Host, id: &str) -> Option<Line> {
    let receipt = match told(host, id) {
        Ok(receipt) => receipt?,
        Err(failure) => {
            let none = || "-".to_owned();
            return Some(Line {
                id: id.to_owned(),
                workload: String::new(),
                cells: vec![escape::text(id), none(), none(), none(), "damaged".to_owned(), failure.message.clone()],
                document: json!({ "id": id, "workload": null, "error": failure }),
            });
        }
    };
    let outcome = receipt.outcome.as_str();
    Some(Line {
        id: receipt.id.clone(),
        workload: receipt.workload.clone(),
        cells: cells(&receipt.id, &receipt.workload, &receipt.kind, receipt.began, outcome, OVER.to_owned()),
        document: over(&receipt),
    })
}

fn cells(id: &str, workload: &str, kind: &Kind, began: jiff::Timestamp, outcome: &str, now: String) -> Vec<String> {
    vec![escape::text(id), escape::text(workload), what(kind), style::age(began), outcome.to_owned(), now]
}

/// Receipts by id, also those whose journal is still there.
fn forgotten(host: &Host) -> Result<Vec<String>> {
    receipts::ids(&host.state.receipts())
}

pub fn show(session: &Session, id: &str) -> Result<Answer> {
    let host = session.looking()?;
    let (journal, begin) = match registry::find(&host.state.transactions(), id) {
        Ok(Entry::Open(journal, begin)) => (journal, begin),
        Ok(Entry::Damaged { failure, .. }) => return Err(failure),
        Err(failure) if failure.code == Code::NotFound => return show_forgotten(session, host, id, failure),
        Err(failure) => return Err(failure),
    };
    let newest = is_newest(&registry::read_all(&host.state.transactions())?, &begin);
    let receipt = told(host, &begin.id)?;
    let (now, _) = standing(&journal, &begin, newest);
    let can_undo = journal.state().phase == Phase::Completed && newest;
    let text = match &receipt {
        Some(receipt) => {
            let failure = receipt.failure.as_ref().map(why).unwrap_or_default();
            let shown = match can_undo {
                true => receipt::text(session, receipt),
                false => receipt::without_next(session, receipt),
            };
            format!("{shown}{failure}\n  now        {now}")
        }
        None => unfinished(session, &journal, &begin, &now),
    };
    Ok(Answer::done(text, document(&journal, &begin, newest, receipt.as_ref())))
}

/// Only its receipt is left; named by its id or by a beginning that no other has.
fn show_forgotten(session: &Session, host: &Host, id: &str, unknown: Failure) -> Result<Answer> {
    let mut ids = forgotten(host)?;
    ids.retain(|known| known.starts_with(id));
    let receipt = match ids.as_slice() {
        [id] => told(host, id)?,
        _ => None,
    };
    let receipt = receipt.ok_or(unknown)?;
    let failure = receipt.failure.as_ref().map(why).unwrap_or_default();
    let text = format!("{}{failure}\n  now        {OVER}", receipt::without_next(session, &receipt));
    Ok(Answer::done(text, over(&receipt)))
}

fn over(receipt: &Receipt) -> Value {
    json!({
        "id": receipt.id,
        "workload": receipt.workload,
        "kind": receipt.kind,
        "began": receipt.began,
        "who": receipt.who,
        "outcome": receipt.outcome,
        "now": OVER,
        "undo_left_ms": null,
        "keep_previous": false,
        "newest_record": null,
        "receipt": receipt,
    })
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

fn document(journal: &Journal, begin: &Begin, newest: bool, receipt: Option<&Receipt>) -> Value {
    let (now, undo_left) = standing(journal, begin, newest);
    json!({
        "id": begin.id,
        "workload": begin.workload,
        "kind": begin.kind,
        "began": begin.at.wall,
        "who": begin.who,
        "outcome": receipt.map(|receipt| receipt.outcome),
        "now": now,
        "undo_left_ms": undo_left,
        "keep_previous": begin.keep_previous,
        "newest_record": journal.records().last().map(|record| record.event.name()),
        "receipt": receipt,
    })
}

fn what(kind: &Kind) -> String {
    match kind {
        Kind::Restore { snapshot } => format!("restore {}", escape::text(snapshot)),
        Kind::Undo { of } => format!("undo {}", escape::text(of)),
    }
}

fn told(host: &Host, id: &str) -> Result<Option<Receipt>> {
    receipts::read(&host.state.receipts(), id)
}

/// Only a workload's newest restore can be undone.
fn is_newest(entries: &[Entry], begin: &Begin) -> bool {
    entries.iter().all(|entry| match entry {
        Entry::Open(other, newer) => {
            newer.workload != begin.workload || newer.at.wall <= begin.at.wall || !other.state().committed
        }
        Entry::Damaged { .. } => true,
    })
}

/// What can still be done about a transaction, and for how many milliseconds it can be undone.
fn standing(journal: &Journal, begin: &Begin, newest_restore: bool) -> (String, Option<u64>) {
    let state = journal.state();
    let newest = journal.records().last().map_or("nothing", |record| record.event.name());
    if resolve::is_resolved(journal.directory()) {
        let beside = |volume: &BeginVolume| volume.parent.join(&volume.sibling).symlink_metadata().is_ok();
        let kept = if begin.volumes.iter().any(beside) { ", the other trees kept until finished" } else { "" };
        return (format!("resolved by a person{kept}"), None);
    }
    if !state.in_window() {
        let now = match newest {
            "undone" => "undone".to_owned(),
            "closed" if state.committed => "previous data removed".to_owned(),
            "closed" => "closed".to_owned(),
            "dropping" => "previous data is being removed".to_owned(),
            newest => format!("got to `{newest}`"),
        };
        return (now, None);
    }
    let began = journal.records().iter().rev().find_map(|record| match &record.event {
        Event::Completed { at } | Event::Reverted { at } => Some(at),
        _ => None,
    });
    let can_undo = state.phase == Phase::Completed && newest_restore;
    let verb = if can_undo { "undo" } else { "previous data kept" };
    match began {
        _ if begin.keep_previous => (format!("{verb} until finished"), None),
        Some(began) => {
            let left = window::left_ms(journal.directory(), began, begin.undo_window_ms, &Moment::now());
            (format!("{verb}: {} left", style::duration(Duration::from_millis(left))), can_undo.then_some(left))
        }
        None => (format!("got to `{newest}`"), None),
    }
}
