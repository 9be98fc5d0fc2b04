//! `restore run`, `undo`, `finish`: asks first, recovers first, then hands over and shows the receipt.

use reforge_host::documents::decision as documents;
use reforge_host::restore::undo;
use reforge_host::restore::{Report, run as restore};
use reforge_host::transaction::event::Kind;
use reforge_host::transaction::receipt::Outcome;
use reforge_host::transaction::registry::{self, Entry};
use reforge_host::transaction::resolve;
use reforge_host::{Code, Failure, Result, escape};

use super::answer::Answer;
use super::args::What;
use super::plan;
use super::progress::Display;
use super::receipt;
use super::resolve as cli_resolve;
use super::session::Session;
use super::style;

pub struct Run {
    pub what: What,
    pub plan: Option<String>,
    pub yes: bool,
    pub wait: bool,
}

pub fn run(session: &Session, mut asked: Run) -> Result<Answer> {
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

pub fn undo(session: &Session, id: &str, yes: bool, wait: bool) -> Result<Answer> {
    let host = session.changing()?;
    let request = undo::Request { id: id.to_owned(), wait, who: session.who() };
    if !yes {
        must_be_interactive(session)?;
        let begin = undo::plan(host, &request)?;
        let of = match &begin.kind {
            Kind::Undo { of } => escape::text(of),
            Kind::Restore { .. } => String::new(),
        };
        let names: Vec<String> =
            begin.volumes.iter().map(|volume| format!("`{}`", escape::text(&volume.name))).collect();
        session.terminal.say(&format!(
            "undo of {of}: {} of `{}` get back what they held before it;\n\
             what is live now is kept for {}",
            names.join(", "),
            escape::text(&begin.workload),
            style::duration(host.config.host.undo_window)
        ));
        must_type_name(session, &begin.workload)?;
    }
    let display = Display::new(session);
    let report = undo::run(host, &request, &display.progress);
    drop(display);
    Ok(told(session, report))
}

pub fn finish(session: &Session, id: &str, yes: bool) -> Result<Answer> {
    let host = session.changing()?;
    // What was not chosen when a person decided is shown before it goes.
    let trees = match registry::find(&host.state.transactions(), id)? {
        Entry::Open(journal, begin) if resolve::is_resolved(journal.directory()) => {
            Some(resolve::unchosen(&host.state.transactions(), &begin.id)?)
        }
        _ => None,
    };
    if !yes {
        must_be_interactive(session)?;
        let what = match &trees {
            Some(trees) => {
                session.terminal.say(&cli_resolve::table(session, trees));
                "the trees that were not chosen"
            }
            None => "the previous data",
        };
        let question = format!("remove {what} of {} for good? this can not be undone [y/N]", escape::text(id));
        must_say_yes(session, &question)?;
    }
    let request = undo::Request { id: id.to_owned(), wait: false, who: session.who() };
    let left = undo::finish(host, &request)?;
    let what =
        if trees.is_some() { "the trees that were not chosen are removed" } else { "the previous data is removed" };
    let mut lines = vec![format!("finished: {what}")];
    lines.extend(left.iter().map(|left| format!("could not be removed, left where it is: {}", escape::text(left))));
    Ok(Answer::done(lines.join("\n"), documents::finished(left)))
}

fn told(session: &Session, report: Report) -> Answer {
    // A failure after a success would be a contradiction; one that comes with it is about what is left to do.
    debug_assert!(report.outcome != Outcome::Done || report.failure.is_none());
    let text = receipt::of_report(session, &report);
    Answer::of_report(report, text)
}

/// Nobody can be asked: then only `--yes` will do.
pub fn must_be_interactive(session: &Session) -> Result<()> {
    if session.terminal.is_interactive() {
        return Ok(());
    }
    let message = "this changes data, and there is no terminal to ask on";
    Err(Failure::new(Code::Usage, message).hint("say `--yes`"))
}

fn must_type_name(session: &Session, workload: &str) -> Result<()> {
    let question = format!("\ntype the workload's name (`{}`) to go on:", escape::text(workload));
    match session.terminal.ask(&question, &session.cancelled)? {
        typed if typed == workload => Ok(()),
        _ => Err(Failure::new(Code::Cancelled, "that is not its name; nothing was changed")),
    }
}

pub fn must_say_yes(session: &Session, question: &str) -> Result<()> {
    match session.terminal.ask(question, &session.cancelled)?.to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::new(Code::Cancelled, "cancelled; nothing was changed")),
    }
}
