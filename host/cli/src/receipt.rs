//! A receipt for a person: the outcome first, then in what state things are, then what to do.

use std::time::Duration;

use reforge_base::escape;
use reforge_host::restore::Report;
use reforge_transaction::event::TransactionKind;
use reforge_transaction::receipt::{Outcome, Receipt};

use super::session::Session;
use super::style::{self, Style, entries_in_words};
use super::words::{self, say};

/// At the end of a restore or undo.
pub(crate) fn of_report(session: &Session, report: &Report) -> String {
    for warning in &report.warnings {
        session.terminal.warn(warning);
    }
    match &report.receipt {
        Some(receipt) => text(session, receipt),
        None => String::new(),
    }
}

/// With what can be done now.
pub(crate) fn text(session: &Session, receipt: &Receipt) -> String {
    let mut lines = vec![without_next(session, receipt)];
    lines.extend(next(session, receipt));
    lines.join("\n")
}

/// What happened, and no more.
pub(crate) fn without_next(session: &Session, receipt: &Receipt) -> String {
    let style = session.terminal.style;
    let mut lines = vec![format!("{}: {}", headline(style, receipt), state(receipt))];
    let mut line = |name: String, value: String| lines.push(format!("  {name:<10} {value}"));
    let id = escape::text(&receipt.id);
    match &receipt.kind {
        TransactionKind::Restore { snapshot } => {
            line(say!("label-restore"), say!("restore-to-snapshot", id, snapshot = escape::text(snapshot)));
        }
        TransactionKind::Undo { of } => line(say!("label-undo"), say!("undo-of-restore", id, of = escape::text(of))),
    }
    for volume in receipt.volumes.iter().filter(|_| is_forward(receipt)) {
        let size = format!("{}, {}", entries_in_words(volume.entries), style::bytes(volume.bytes));
        let name = escape::text(&volume.name);
        let digest = volume.tree_digest.as_deref().map(|digest| digest.get(..16).unwrap_or(digest));
        line(
            say!("label-volume"),
            match digest.map(escape::text) {
                Some(digest) => say!("volume-as-captured", name, size, digest),
                None => say!("volume-of-size", name, size),
            },
        );
    }
    if !is_forward(receipt) {
        let names: Vec<String> = receipt.volumes.iter().map(|volume| escape::text(&volume.name)).collect();
        line(say!("label-volumes"), names.join(", "));
    }
    for name in &receipt.left {
        line(say!("label-left"), say!("stays-as-it-was", name = escape::text(name)));
    }
    for one in &receipt.not_captured {
        line(say!("label-left"), escape::prose(&words::read(&one.message())));
    }
    for one in receipt.remarks.iter().filter(|_| is_forward(receipt)) {
        line(say!("label-to-know"), escape::prose(&words::read(&one.message())));
    }
    let app = receipt.app();
    if !app.is_empty() {
        line(say!("label-app"), escape::prose(&words::read(&app)));
    }
    let took = Duration::try_from(receipt.ended.duration_since(receipt.began)).unwrap_or_default();
    let down = match receipt.downtime_ms {
        Some(down) => say!("downtime-of", down = Duration::from_millis(down)),
        None if receipt.app_is_down() => say!("the-app-is-not-back"),
        None => say!("the-app-was-never-stopped"),
    };
    line(say!("label-took"), format!("{}, {down}", style::duration(took)));
    for member in &receipt.members {
        let down = say!("downtime-of", down = Duration::from_millis(member.downtime_ms));
        line(say!("label-member"), format!("{}: {down}", escape::text(&member.name)));
    }
    if let Some(safety) = &receipt.safety {
        line(say!("label-safety"), say!("snapshot-holds-what-was-live", safety = escape::text(safety)));
    }
    for kept in &receipt.later_writes {
        line(say!("label-later"), say!("written-meanwhile-kept-at", path = escape::text(kept)));
    }
    for left in receipt.left_behind() {
        line(say!("label-left-over"), escape::prose(&words::read(&left)));
    }
    lines.join("\n")
}

fn is_forward(receipt: &Receipt) -> bool {
    matches!(receipt.outcome, Outcome::Done | Outcome::Unconfirmed)
}

fn headline(style: Style, receipt: &Receipt) -> String {
    let word = words::word("outcome-name", receipt.outcome.as_str());
    match receipt.outcome {
        Outcome::Done => style.green(&word),
        Outcome::Unconfirmed | Outcome::Reverted | Outcome::Cancelled | Outcome::Busy => style.yellow(&word),
        Outcome::Failed | Outcome::Refused | Outcome::NeedsOperator => style.red(&word),
    }
}

fn state(receipt: &Receipt) -> String {
    match (receipt.outcome, &receipt.kind) {
        (Outcome::Done, TransactionKind::Restore { .. }) => say!("volumes-hold-the-snapshot"),
        (Outcome::Done, TransactionKind::Undo { .. }) => say!("volumes-hold-previous-data"),
        (Outcome::Unconfirmed, TransactionKind::Restore { .. }) => say!("volumes-hold-the-snapshot-unconfirmed"),
        (Outcome::Unconfirmed, TransactionKind::Undo { .. }) => say!("volumes-hold-previous-data-unconfirmed"),
        (Outcome::Reverted, _) => say!("it-was-taken-back"),
        (Outcome::NeedsOperator, _) if is_settled_by_a_start(receipt) => say!("it-is-not-settled-yet"),
        (Outcome::NeedsOperator, _) => say!("only-a-person-can-decide"),
        _ => say!("nothing-was-changed"),
    }
}

/// The way is clear, and only something that failed stands in it.
fn is_settled_by_a_start(receipt: &Receipt) -> bool {
    receipt.failure.as_ref().is_some_and(|failure| failure.hint.contains("`reforge recover`"))
}

/// What a person can do now.
fn next(session: &Session, receipt: &Receipt) -> Vec<String> {
    let id = escape::text(&receipt.id);
    match receipt.outcome {
        Outcome::NeedsOperator if is_settled_by_a_start(receipt) => {
            vec![say!("receipt-next", command = session.command("recover"))]
        }
        Outcome::NeedsOperator => {
            vec![say!("receipt-next", command = session.command(&format!("restore resolve {id}")))]
        }
        Outcome::Done | Outcome::Unconfirmed => {
            let undo = session.command(&format!("restore undo {id}"));
            let until = match receipt.undo_window_ms.map(Duration::from_millis) {
                Some(window) => say!("receipt-undo-until", until = style::instant(receipt.ended + window), window),
                None => {
                    say!("receipt-undo-until-finished", finish = session.command(&format!("restore finish {id}")))
                }
            };
            vec![until, format!("             {undo}")]
        }
        _ => Vec::new(),
    }
}
