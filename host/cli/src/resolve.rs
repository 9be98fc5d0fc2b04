//! `restore resolve`: shows every tree of a restore that only a person can settle, and does what the person chose.

use reforge_base::Result;
use reforge_base::escape;
use reforge_host::restore::decide;
use reforge_server::documents::decision as documents;
use reforge_transaction::id::sibling_prefix;
use reforge_transaction::resolve::{self, Keep, Tree};

use super::answer::Answer;
use super::consent::{must_be_interactive, must_say_yes};
use super::session::Session;
use super::style;

/// Changes nothing.
pub(crate) fn show(session: &Session, id: &str) -> Result<Answer> {
    let host = session.looking()?;
    let (subject, trees) = decide::trees(host, id)?;
    let text = format!(
        "{}\n\nold is what was there before, new is what was being put there; choose with\n  {}",
        table(session, &trees),
        session.command(&format!("restore resolve {} --keep old|new|live", subject.id))
    );
    Ok(Answer::done(text, documents::trees(subject, trees)))
}

pub(crate) fn keep(session: &Session, id: &str, keep: Keep, yes: bool) -> Result<Answer> {
    let host = session.changing()?;
    let decide::NamedRestore { id, workload } = decide::subject(host, id)?;
    let shown = workload.as_deref().map_or_else(|| "a workload that it does not name".to_owned(), quoted);
    let word = match keep {
        Keep::Old => "old",
        Keep::New => "new",
        Keep::Live => "live",
    };
    if !yes {
        must_be_interactive(session)?;
        // A journal that does not read has no trees to show: then only what is live can be kept.
        if let Ok(trees) = resolve::show(&host.state.transactions(), &id) {
            session.terminal.say(&table(session, &trees));
        }
        let question = format!("\nstop {shown} and make the {word} trees live? [y/N]");
        must_say_yes(session, &question)?;
    }
    let decided = decide::keep(host, &id, keep, &session.who())?;
    let state = match keep {
        Keep::Live => "what was live stays live".to_owned(),
        Keep::Old | Keep::New => format!("the {word} trees are live"),
    };
    let app = match &workload {
        Some(workload) if decided.stopped => {
            format!("{shown} is stopped; start it with\n  {}", session.command(&format!("deploy {workload}")))
        }
        _ => format!(
            "its journal does not read, so nothing was touched; directories `{}N` beside the volumes, if there are any, \
             were its own: move them away, since a deploy is refused as long as they are there",
            sibling_prefix(&id)
        ),
    };
    let text = format!("resolved: {state}\n{}{app}", beside(session, &id, &decided.kept));
    Ok(Answer::done(text, documents::resolved(decided, keep)))
}

fn quoted(workload: &str) -> String {
    format!("`{}`", escape::text(workload))
}

/// What stays beside the volumes, and how to be rid of it.
fn beside(session: &Session, id: &str, kept: &[Tree]) -> String {
    if kept.is_empty() {
        return String::new();
    }
    let command = session.command(&format!("restore finish {id}"));
    format!(
        "the other trees stay beside them:\n{}\nwhen they are not needed any more:\n  {command}\n",
        table(session, kept)
    )
}

pub(super) fn table(session: &Session, trees: &[Tree]) -> String {
    let rows: Vec<Vec<String>> = trees
        .iter()
        .map(|tree| {
            vec![
                escape::text(&tree.volume),
                tree.place.to_owned(),
                tree.is.to_owned(),
                tree.entries.to_string(),
                style::bytes(tree.bytes),
                tree.newest.map_or_else(|| "-".to_owned(), style::instant),
                escape::path(&tree.path),
            ]
        })
        .collect();
    let heads = ["VOLUME", "PLACE", "IS", "ENTRIES", "DATA", "NEWEST CHANGE", "PATH"];
    style::table(session.terminal.style, &heads, &rows)
}
