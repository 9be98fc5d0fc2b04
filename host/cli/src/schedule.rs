//! `snapshot due`, `prune`, `pin` and `unpin`: snapshots by themselves, and which of them stay.

use std::sync::Arc;

use reforge_base::Failure;
use reforge_base::Result;
use reforge_base::clock;
use reforge_base::escape;
use reforge_base::message::Bytes;
use reforge_documents::schedule as documents;
use reforge_host::host::due::Pass;
use reforge_host::host::{Dealt, DueOutcome, Judged};
use reforge_host::restore::progress::{Progress, Unwatched};

use super::answer::Answer;
use super::args::Named;
use super::consent::{must_be_interactive, must_say_yes};
use super::session::Session;
use super::style;
use super::words::{self, say};

/// Does what is due. That one of them failed is the command's failure: whoever called it, a timer, shall show it.
pub(crate) fn due(session: &Session) -> Result<Answer> {
    let host = session.changing()?;
    // Workloads are captured on threads of their own, which know nothing of the session.
    let cancelled = session.cancelled.clone();
    let progress =
        |workload: &str| Arc::new(Progress::new(host.watched(workload, Arc::new(Unwatched)), cancelled.clone()));
    let pass = Pass { since: clock::now(), progress: &progress, cancelled: &cancelled, listener: &**host };
    let dealt = host.take_due(&pass)?;
    let mut lines: Vec<String> = dealt.iter().map(in_words).collect();
    let failure = dealt.iter().find(|one| one.outcome == DueOutcome::Failed).and_then(|one| one.failure.clone());
    let document = documents::due(host, dealt)?;
    if lines.is_empty() {
        lines.push(say!("nothing-is-due"));
    }
    for next in &document.next {
        let at = next.next.map_or_else(|| say!("never-again"), style::instant);
        lines.push(say!("next-snapshot-of", workload = escape::text(&next.workload), at));
    }
    let answer = Answer::done(lines.join("\n"), document);
    Ok(match failure {
        Some(failure) => answer.failed(failure),
        None => answer,
    })
}

/// One line of what was due.
pub(crate) fn in_words(dealt: &Dealt) -> String {
    let (workload, due) = (escape::text(&dealt.workload), style::instant(dealt.due));
    let why =
        |failure: &Option<Failure>| failure.as_ref().map(|failure| words::read(&failure.message)).unwrap_or_default();
    match (dealt.outcome, &dealt.snapshot) {
        (DueOutcome::Done, Some(snapshot)) if dealt.pruned.is_empty() => say!("due-done", workload, due, snapshot),
        (DueOutcome::Done, Some(snapshot)) => {
            say!("due-done-and-pruned", workload, due, snapshot, n = dealt.pruned.len())
        }
        (DueOutcome::Missed, _) => say!("due-missed", workload, due),
        _ => say!("due-failed", workload, due, why = why(&dealt.failure)),
    }
}

pub(crate) fn prune(session: &Session, workload: &str, dry_run: bool, yes: bool, wait: bool) -> Result<Answer> {
    if dry_run {
        let host = session.looking()?;
        let workload = host.config.workload(workload)?;
        let judged = host.judge_snapshots(workload)?;
        return Ok(told(session, &workload.id, true, &judged));
    }
    let host = session.changing()?;
    let workload = host.config.workload(workload)?;
    if !yes {
        must_be_interactive(session)?;
        let judged = host.judge_snapshots(workload)?;
        let n = judged.iter().filter(|one| one.goes()).count();
        if n > 0 {
            session.terminal.say(&table(session, true, &judged));
            must_say_yes(session, &say!("delete-these-snapshots", n, workload = escape::text(&workload.id)))?;
        }
    }
    let judged = host.prune_snapshots(&workload.id, wait, &session.who(), &session.cancelled)?;
    Ok(told(session, &workload.id, false, &judged))
}

fn told(session: &Session, workload: &str, dry_run: bool, judged: &[Judged]) -> Answer {
    let document = documents::retention(workload, dry_run, judged);
    let n = judged.iter().filter(|one| one.goes()).count();
    let bytes = Bytes(document.freed_bytes);
    let sum = match (n, dry_run) {
        (0, _) => say!("nothing-goes"),
        (n, true) => say!("so-many-would-go", n, bytes),
        (n, false) => say!("so-many-went", n, bytes),
    };
    let text = match judged.is_empty() {
        true => sum,
        false => format!("{}\n\n{sum}", table(session, dry_run, judged)),
    };
    Answer::done(text, document)
}

fn table(session: &Session, dry_run: bool, judged: &[Judged]) -> String {
    let row = |one: &Judged| {
        let why: Vec<String> = one.stays.iter().map(|stays| words::word("stays", stays.as_str())).collect();
        let what = match (one.goes(), dry_run) {
            (false, _) => say!("it-stays"),
            (true, true) => say!("it-would-go"),
            (true, false) => say!("it-went"),
        };
        let taken = one.created.map_or_else(|| "-".to_owned(), style::instant);
        vec![escape::text(&one.id), taken, what, why.join(", ")]
    };
    let heads = [say!("head-snapshot"), say!("head-taken"), say!("head-what"), say!("head-why")];
    style::table(session.terminal.style, &heads, &judged.iter().map(row).collect::<Vec<_>>())
}

pub(crate) fn pin(session: &Session, named: &Named) -> Result<Answer> {
    let host = session.changing()?;
    let id = host.pin_snapshot(&named.workload, &named.snapshot, &session.who(), &session.cancelled)?;
    let text = say!("snapshot-was-pinned", id = escape::text(&id));
    Ok(Answer::done(text, documents::PinnedSnapshot { id, pinned: true }))
}

pub(crate) fn unpin(session: &Session, named: &Named) -> Result<Answer> {
    let host = session.changing()?;
    let id = host.unpin_snapshot(&named.workload, &named.snapshot, &session.who(), &session.cancelled)?;
    let text = say!("snapshot-was-unpinned", id = escape::text(&id));
    Ok(Answer::done(text, documents::PinnedSnapshot { id, pinned: false }))
}
