//! The names that a restore would change, some at a time, in the dialog of its plan.

use maud::{Markup, html};

use super::Reader;
use reforge_documents::looking::{ChangedName, SnapshotDiff};

/// Where they are put.
const ROOM: &str = "names";

/// The button that asks for them.
pub(super) fn asked(reader: &Reader, workload: &str, snapshot: &str) -> Markup {
    html! {
        div id=(ROOM) { p .buttons { (button(reader, workload, snapshot, 0, ("show-names", "show-names"))) } }
    }
}

/// What differs from the snapshot to live: a restore does the opposite.
pub(crate) fn names(reader: &Reader, diff: &SnapshotDiff) -> Markup {
    let say = reader.say;
    let (workload, snapshot, found) = (&diff.workload, &diff.before, &diff.names);
    let total = found.added + found.removed + found.changed;
    let behind = found.from + found.names.len() as u64;
    let before = found.from.saturating_sub(reforge_documents::looking::NAMES_MAX as u64);
    let range = [("from", (found.from + 1).to_string().into()), ("to", behind.to_string().into()), ("n", total.into())];
    html! {
        h3 #names-title tabindex="-1" { (say.text("names-that-change")) }
        @if total == 0 { p { (say.text("no-name-changes")) } }
        @else {
            p #names-range { (say.with("names-from-to", range)) }
            ul .plain { @for name in &found.names { li { (one(reader, name)) } } }
        }
        @if found.by_size_and_time > 0 {
            p .quiet { (say.with("so-many-by-size-and-time", [("n", found.by_size_and_time.into())])) }
        }
        p .buttons {
            @if found.from > 0 { (button(reader, workload, snapshot, before, ("names-before", "names-before"))) }
            @if behind < total { " " (button(reader, workload, snapshot, behind, ("names-behind", "names-behind"))) }
        }
    }
}

fn one(reader: &Reader, name: &ChangedName) -> Markup {
    let becomes = match name.change.as_str() {
        "added" => "name-goes-away",
        "removed" => "name-comes-back",
        _ => "name-is-replaced",
    };
    let differs: Vec<String> = name.differs.iter().map(|aspect| reader.translated("differs", aspect)).collect();
    html! {
        bdi { (name.volume) @if !name.path.is_empty() { "/" (name.path) } } " "
        span .quiet {
            (reader.say.text(becomes))
            @if !differs.is_empty() { " (" (differs.join(", ")) ")" }
        }
    }
}

fn button(reader: &Reader, workload: &str, snapshot: &str, from: u64, (id, words): (&str, &str)) -> Markup {
    html! {
        button type="button" id=(id) data-act="fill" data-into=(ROOM) data-busy=(reader.say.text("comparing-names"))
            data-get={ "/workloads/" (workload) "/snapshots/" (snapshot) "/names?from=" (from) } {
            (reader.say.text(words))
        }
    }
}
