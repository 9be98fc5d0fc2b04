//! `restore run`, `undo`, `finish`: asks first, recovers first, then hands over and shows the receipt.

use reforge_base::Result;
use reforge_base::escape;
use reforge_documents::decision as documents;
use reforge_host::host::Host;
use reforge_host::restore::undo;
use reforge_host::restore::{Report, run as restore};
use reforge_transaction::event::TransactionKind;
use reforge_transaction::receipt::{self as receipts, Outcome};
use reforge_transaction::registry::{self, KnownTransaction};
use reforge_transaction::{later_writes, resolve};

use super::answer::Answer;
use super::args::What;
use super::consent::{must_be_interactive, must_say_yes, must_type_name};
use super::plan;
use super::progress::Display;
use super::receipt;
use super::resolve as cli_resolve;
use super::session::Session;
use super::words::say;

pub(crate) struct Run {
    pub what: What,
    pub plan: Option<String>,
    pub yes: bool,
    pub wait: bool,
}

pub(crate) fn run(session: &Session, mut asked: Run) -> Result<Answer> {
    let host = session.changing()?;
    let workload = host.config.workload(&asked.what.named.workload)?.id.clone();
    if !asked.yes {
        must_be_interactive(session)?;
        let planned = plan::make(session, &asked.what)?;
        session.terminal.say(&plan::text(session, &asked.what, &planned));
        if let Some(refusal) = planned.preflight.refusal() {
            return Err(refusal);
        }
        // What was shown is what is done.
        asked.plan.get_or_insert(planned.preflight.digest);
        must_type_name(session, &workload)?;
    }
    let plugin = session.plugin()?;
    let request = restore::Request { plan: asked.plan, wait: asked.wait, ..plan::request(session, &asked.what) };
    let display = Display::new(session);
    let report = restore::run(host, &plugin, &request, &display.progress);
    drop(display);
    Ok(told(session, report))
}

pub(crate) fn undo(session: &Session, id: &str, yes: bool, wait: bool) -> Result<Answer> {
    let host = session.changing()?;
    let request = undo::Request { id: id.to_owned(), wait, who: session.who() };
    if !yes {
        must_be_interactive(session)?;
        let begin = undo::plan(host, &request)?;
        let of = match &begin.kind {
            TransactionKind::Undo { of } => escape::text(of),
            TransactionKind::Restore { .. } => String::new(),
        };
        let names: Vec<String> =
            begin.volumes.iter().map(|volume| format!("`{}`", escape::text(&volume.name))).collect();
        let (names, workload) = (names.join(", "), escape::text(&begin.workload));
        session.terminal.say(&say!("undo-gives-back", of, names, workload));
        session.terminal.say(&say!("undo-keeps-what-is-live", window = host.config.host.undo_window));
        must_type_name(session, &begin.workload)?;
    }
    let display = Display::new(session);
    let report = undo::run(host, &request, &display.progress);
    drop(display);
    Ok(told(session, report))
}

pub(crate) fn finish(session: &Session, id: &str, yes: bool) -> Result<Answer> {
    // What a start finds now, nobody knew of who asked for this.
    let told = told_of_later_writes(session.open()?, id);
    let host = session.changing()?;
    if told_of_later_writes(host, id) > told {
        let whole = registry::find(&host.state.transactions(), id)?;
        let receipt = receipts::read(&host.state.receipts(), whole.id())?;
        return Err(later_writes::kept(&receipt.map_or(Vec::new(), |receipt| receipt.later_writes)));
    }
    // What was not chosen when a person decided is shown before it goes.
    let trees = match registry::find(&host.state.transactions(), id)? {
        KnownTransaction::Open(journal, begin) if resolve::is_resolved(journal.directory()) => {
            Some(resolve::unchosen(&host.state.transactions(), &begin.id)?)
        }
        _ => None,
    };
    if !yes {
        must_be_interactive(session)?;
        let id = escape::text(id);
        let question = match &trees {
            Some(trees) => {
                session.terminal.say(&cli_resolve::table(session, trees));
                say!("remove-unchosen-trees-for-good", id)
            }
            None => say!("remove-previous-data-for-good", id),
        };
        must_say_yes(session, &question)?;
    }
    let request = undo::Request { id: id.to_owned(), wait: false, who: session.who() };
    let finished = undo::finish(host, &request)?;
    let mut lines = vec![match trees {
        Some(_) => say!("finished-unchosen-trees-are-removed"),
        None => say!("finished-previous-data-is-removed"),
    }];
    lines.extend(finished.removed.iter().map(|volume| went_with_the_volume(volume)));
    let left = &finished.left;
    lines.extend(left.iter().map(|left| escape::prose(&say!("could-not-be-removed", left))));
    if !left.is_empty() {
        lines.push(say!("restore-finish-tries-again", id = escape::text(id)));
    }
    Ok(Answer::done(lines.join("\n"), documents::finished(finished)))
}

fn went_with_the_volume(volume: &str) -> String {
    say!("previous-data-went-with-the-volume", volume = escape::text(volume))
}

/// Ends what all restores of a workload keep but the newest one.
pub(crate) fn finish_all_but_newest(session: &Session, workload: &str, yes: bool) -> Result<Answer> {
    let host = session.changing()?;
    let ids = undo::all_but_newest(host, workload)?;
    if !yes && !ids.is_empty() {
        must_be_interactive(session)?;
        let (n, ids) = (ids.len(), ids.join(", "));
        must_say_yes(session, &say!("remove-previous-data-of-these", n, ids))?;
    }
    let (mut left, mut removed) = (Vec::new(), Vec::new());
    for id in &ids {
        let request = undo::Request { id: id.clone(), wait: false, who: session.who() };
        let finished = undo::finish(host, &request)?;
        left.extend(finished.left);
        removed.extend(finished.removed);
    }
    let mut lines = vec![match ids.len() {
        0 => say!("only-the-newest-keeps-anything"),
        n => say!("finished-so-many", n),
    }];
    lines.extend(removed.iter().map(|volume| went_with_the_volume(volume)));
    lines.extend(left.iter().map(|left| escape::prose(&say!("could-not-be-removed", left))));
    Ok(Answer::done(lines.join("\n"), documents::finished_all(ids, left)))
}

/// How often something was written to trees of a restore that were about to go, as far as its journal says.
fn told_of_later_writes(host: &Host, id: &str) -> usize {
    match registry::find(&host.state.transactions(), id) {
        Ok(KnownTransaction::Open(journal, _)) => later_writes::times(&journal),
        _ => 0,
    }
}

fn told(session: &Session, report: Report) -> Answer {
    // A failure after a success would be a contradiction; one that comes with it is about what is left to do.
    debug_assert!(report.outcome != Outcome::Done || report.failure.is_none());
    let text = receipt::of_report(session, &report);
    let is_said = report.outcome == Outcome::Cancelled && report.receipt.is_some();
    let answer = Answer::of_report(report, text);
    // The receipt begins with it, and whoever cancelled knows why; what is left to do is said.
    let failure = answer.failure.filter(|failure| !is_said || !failure.hint.is_empty());
    Answer { failure, ..answer }
}
