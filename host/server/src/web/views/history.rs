//! What was restored and undone, newest first.

use maud::{Markup, html};

use super::Reader;
use super::problem::failure;
use reforge_documents::restore::Restore;

pub(super) fn section(reader: &Reader, restores: &[Restore]) -> Markup {
    let say = reader.say;
    html! {
        section #history aria-labelledby="history-title" {
            h2 #history-title { (say.text("history")) }
            @if restores.is_empty() { p { (say.text("no-restores")) } }
            ol .plain {
                @for restore in restores {
                    li {
                        a id={ "history-" (restore.id) } href={ "#/restores/" (restore.id) } {
                            (kind(reader, restore)) ", " (reader.when(restore.began))
                        }
                        ": " (standing(reader, restore))
                    }
                }
            }
        }
    }
}

/// A restore, or an undo.
pub(super) fn kind(reader: &Reader, restore: &Restore) -> String {
    reader.say.text(if restore.is_undo() { "an-undo" } else { "a-restore" })
}

/// That it runs.
pub(super) fn kind_runs(reader: &Reader, restore: &Restore) -> String {
    reader.say.text(if restore.is_undo() { "undo-runs" } else { "restore-runs" })
}

/// How it went, and for how long it can be taken back.
fn standing(reader: &Reader, restore: &Restore) -> Markup {
    let say = reader.say;
    html! {
        @if restore.is_running() { (say.text("runs")) }
        @else if restore.resolved { (say.text("is-resolved")) }
        @else if let Some(error) = &restore.error { (failure(reader, error)) }
        @else if let Some(outcome) = restore.outcome { (reader.translated("is", outcome.as_str())) }
        @else { (say.text("unfinished")) }
        @if restore.is_undone() { ". " (say.text("now-undone")) }
        @if let Some(left) = restore.undo_left_ms {
            ", " (say.with("undo-left", [("time", say.remaining(left).into())]))
        }
    }
}
