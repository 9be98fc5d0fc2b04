//! `restore resolve`: shows every tree of a restore that only a person can settle, and does what the person chose.

use reforge_base::Result;
use reforge_base::escape;
use reforge_documents::decision as documents;
use reforge_host::restore::decide;
use reforge_transaction::id::sibling_prefix;
use reforge_transaction::resolve::{self, Keep, Tree};

use super::answer::Answer;
use super::consent::{must_be_interactive, must_say_yes};
use super::session::Session;
use super::style;
use super::words::{self, say};

/// Changes nothing.
pub(crate) fn show(session: &Session, id: &str) -> Result<Answer> {
    let host = session.looking()?;
    let (named, trees) = decide::trees(host, id)?;
    let command = session.command(&format!("restore resolve {} --keep old|new|live", named.id));
    let text = format!("{}\n\n{}\n  {command}", table(session, &trees), say!("resolve-old-and-new"));
    Ok(Answer::done(text, documents::trees(named, trees)))
}

pub(crate) fn keep(session: &Session, id: &str, keep: Keep, yes: bool) -> Result<Answer> {
    let host = session.changing()?;
    let decide::NamedRestore { id, workload } = decide::named(host, id)?;
    let shown = workload.as_deref().map_or_else(|| say!("a-workload-that-it-does-not-name"), quoted);

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
        let question = format!("\n{}", say!("stop-and-make-trees-live", shown, word));
        must_say_yes(session, &question)?;
    }
    let decided = decide::keep(host, &id, keep, &session.who())?;
    let state = match keep {
        Keep::Live => say!("what-was-live-stays-live"),
        Keep::Old | Keep::New => say!("trees-are-live", word),
    };
    let app = match &workload {
        Some(workload) if decided.stopped => {
            let command = session.command(&format!("deploy {workload}"));
            format!("{}\n  {command}", say!("stopped-start-it-with", shown))
        }
        _ => say!("resolved-without-a-journal", prefix = sibling_prefix(&id)),
    };
    let text = format!("{}\n{}{app}", say!("resolved-so", state), beside(session, &id, &decided.kept));
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
    let (beside, then) = (say!("the-other-trees-stay"), say!("when-they-are-not-needed"));
    format!("{beside}\n{}\n{then}\n  {command}\n", table(session, kept))
}

pub(super) fn table(session: &Session, trees: &[Tree]) -> String {
    let rows: Vec<Vec<String>> = trees
        .iter()
        .map(|tree| {
            vec![
                escape::text(&tree.volume),
                words::word("tree", tree.place),
                words::word("tree", tree.is),
                tree.entries.to_string(),
                style::bytes(tree.bytes),
                tree.newest.map_or_else(|| "-".to_owned(), style::instant),
                escape::path(&tree.path),
            ]
        })
        .collect();
    let heads = [
        say!("head-volume"),
        say!("head-place"),
        say!("head-is"),
        say!("head-entries"),
        say!("head-data"),
        say!("head-newest-change"),
        say!("head-path"),
    ];
    style::table(session.terminal.style, &heads, &rows)
}
