//! A receipt for a person: the outcome first, then in what state things are, then what to do.

use std::time::Duration;

use reforge_base::escape;
use reforge_host::restore::Report;
use reforge_transaction::event::TransactionKind;
use reforge_transaction::receipt::{Outcome, Receipt};

use super::session::Session;
use super::style::{self, Style};

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
    let mut line = |name: &str, value: String| lines.push(format!("  {name:<10} {value}"));
    let (what, of) = match &receipt.kind {
        TransactionKind::Restore { snapshot } => ("restore", format!("to snapshot {}", escape::text(snapshot))),
        TransactionKind::Undo { of } => ("undo", format!("of {}", escape::text(of))),
    };
    line(what, format!("{} {of}", escape::text(&receipt.id)));
    for volume in receipt.volumes.iter().filter(|_| is_forward(receipt)) {
        let digest = volume.tree_digest.as_deref().map(|digest| digest.get(..16).unwrap_or(digest));
        let checked = digest.map(|digest| format!(", tree digest {} as captured", escape::text(digest)));
        let size = format!("{}, {}", style::count(volume.entries, "entry", "entries"), style::bytes(volume.bytes));
        line("volume", format!("{}: {size}{}", escape::text(&volume.name), checked.unwrap_or_default()));
    }
    if !is_forward(receipt) {
        let names: Vec<String> = receipt.volumes.iter().map(|volume| escape::text(&volume.name)).collect();
        line("volumes", names.join(", "));
    }
    for name in &receipt.left {
        line("left", format!("{} stays as it was", escape::text(name)));
    }
    if !receipt.app.is_empty() {
        line("app", escape::prose(&receipt.app));
    }
    let took = Duration::try_from(receipt.ended.duration_since(receipt.began)).unwrap_or_default();
    let down = match receipt.downtime_ms {
        Some(down) => format!("downtime {}", style::duration(Duration::from_millis(down))),
        None if receipt.app == "down" => "the app is not back yet".to_owned(),
        None => "the app was never stopped".to_owned(),
    };
    line("took", format!("{}, {down}", style::duration(took)));
    if let Some(safety) = &receipt.safety {
        line("safety", format!("snapshot {} holds what was live before", escape::text(safety)));
    }
    for kept in &receipt.later_writes {
        line("later", format!("what was written meanwhile is kept at {}", escape::text(kept)));
    }
    for left in &receipt.left_behind {
        line("left over", escape::text(left));
    }
    lines.join("\n")
}

fn is_forward(receipt: &Receipt) -> bool {
    matches!(receipt.outcome, Outcome::Done | Outcome::Unconfirmed)
}

fn headline(style: Style, receipt: &Receipt) -> String {
    let word = receipt.outcome.as_str();
    match receipt.outcome {
        Outcome::Done => style.green(word),
        Outcome::Unconfirmed | Outcome::Reverted | Outcome::Cancelled | Outcome::Busy => style.yellow(word),
        Outcome::Failed | Outcome::Refused | Outcome::NeedsOperator => style.red(word),
    }
}

fn state(receipt: &Receipt) -> &'static str {
    match (receipt.outcome, &receipt.kind) {
        (Outcome::Done, TransactionKind::Restore { .. }) => "every volume holds the snapshot",
        (Outcome::Done, TransactionKind::Undo { .. }) => "every volume holds its previous data again",
        (Outcome::Unconfirmed, TransactionKind::Restore { .. }) => {
            "every volume holds the snapshot, but nobody knows how the app does"
        }
        (Outcome::Unconfirmed, TransactionKind::Undo { .. }) => {
            "every volume holds its previous data again, but nobody knows how the app does"
        }
        (Outcome::Reverted, _) => "it was taken back; every volume holds what it held before",
        (Outcome::NeedsOperator, _) if is_settled_by_a_start(receipt) => "it is not settled yet; everything was kept",
        (Outcome::NeedsOperator, _) => "only a person can decide; everything was kept",
        _ => "nothing was changed",
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
            vec![format!("  next       {}", session.command("recover"))]
        }
        Outcome::NeedsOperator => {
            vec![format!("  next       {}", session.command(&format!("restore resolve {id}")))]
        }
        Outcome::Done | Outcome::Unconfirmed => {
            let until = match receipt.undo_window_ms {
                Some(window) => {
                    let until = receipt.ended + Duration::from_millis(window);
                    format!(
                        "until {} ({} from now on)",
                        style::instant(until),
                        style::duration(Duration::from_millis(window))
                    )
                }
                None => format!("until `{}`", session.command(&format!("restore finish {id}"))),
            };
            vec![format!("  undo       {until}:\n             {}", session.command(&format!("restore undo {id}")))]
        }
        _ => Vec::new(),
    }
}
