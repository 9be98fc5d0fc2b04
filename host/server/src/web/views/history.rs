//! What was restored and undone, newest first.

use maud::{Markup, html};
use serde_json::Value;

use super::problem::failure;
use super::{Reader, list, word};

pub(super) fn section(reader: &Reader, restores: &Value) -> Markup {
    let say = reader.say;
    let restores = list(&restores["restores"]);
    html! {
        section #history aria-labelledby="history-title" {
            h2 #history-title { (say.text("history")) }
            @if restores.is_empty() { p { (say.text("no-restores")) } }
            ol .plain {
                @for restore in restores {
                    li {
                        a id={ "history-" (word(&restore["id"])) } href={ "#/restores/" (word(&restore["id"])) } {
                            (kind(reader, restore)) ", " (reader.when(&restore["began"]))
                        }
                        ": " (standing(reader, restore))
                    }
                }
            }
        }
    }
}

/// A restore, or an undo.
pub(super) fn kind(reader: &Reader, restore: &Value) -> String {
    reader.say.text(if restore["kind"]["kind"] == "undo" { "an-undo" } else { "a-restore" })
}

/// How it went, and for how long it can be taken back.
fn standing(reader: &Reader, restore: &Value) -> Markup {
    let say = reader.say;
    html! {
        @if !restore["running"].is_null() || !restore["held_by"].is_null() { (say.text("runs")) }
        @else if restore["resolved"] == true { (say.text("is-resolved")) }
        @else if !restore["error"].is_null() { (failure(reader, &restore["error"])) }
        @else if let Some(outcome) = restore["outcome"].as_str() { (reader.translated("is", outcome)) }
        @else { (say.text("unfinished")) }
        @if restore["now"] == "undone" { ". " (say.text("now-undone")) }
        @if let Some(left) = restore["undo_left_ms"].as_u64() {
            ", " (say.with("undo-left", [("time", say.remaining(left).into())]))
        }
    }
}
