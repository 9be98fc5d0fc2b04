//! What was turned down or failed: its code in the reader's words, what the host says of it, and what to do.

use maud::{Markup, html};
use serde_json::Value;

use super::dialog::close;
use super::{Reader, list, message_of, word};

/// What the API turned down.
pub(crate) fn problem(reader: &Reader, problem: &Value) -> Markup {
    failed(reader, problem, "detail")
}

/// The same where a dialog's contents should be.
pub(crate) fn in_dialog(reader: &Reader, turned_down: &Value) -> Markup {
    html! {
        h2 #dialog-title { (reader.say.text("not-shown")) }
        div role="alert" { (problem(reader, turned_down)) }
        (close(reader))
    }
}

/// A failure in a document.
pub(crate) fn failure(reader: &Reader, failure: &Value) -> Markup {
    failed(reader, failure, "message")
}

/// Failures in a list, if there are any.
pub(crate) fn failures(reader: &Reader, failures: &Value) -> Markup {
    html! {
        @if !list(failures).is_empty() {
            ul .plain { @for one in list(failures) { li { (failure(reader, one)) } } }
        }
    }
}

/// Warnings in a list, those of one kind below one title.
pub(crate) fn warnings(reader: &Reader, warnings: &Value) -> Markup {
    let mut kinds: Vec<&str> = Vec::new();
    for warning in list(warnings) {
        let code = word(&warning["code"]);
        if !kinds.contains(&code) {
            kinds.push(code);
        }
    }
    html! {
        ul .plain {
            @for code in kinds {
                @let title = format!("warning-{code}");
                li .warning {
                    div .problem data-code=(code) {
                        p { strong { (reader.say.text(if reader.say.has(&title) { &title } else { "warning-other" })) } }
                        @for warning in list(warnings).iter().filter(|warning| word(&warning["code"]) == code) {
                            (told(reader, warning, "message"))
                        }
                    }
                }
            }
        }
    }
}

/// The message, and what to do.
fn told(reader: &Reader, document: &Value, text: &str) -> Markup {
    let (message, hint) = (message_of(document, text, ""), message_of(document, "hint", "hint_"));
    html! {
        @if !message.is_empty() { p { (reader.say.told(&message)) } }
        @if !hint.is_empty() { p .hint { (reader.say.told(&hint)) } }
    }
}

fn failed(reader: &Reader, document: &Value, text: &str) -> Markup {
    let code = word(&document["code"]);
    let id = format!("code-{code}");
    let known = reader.say.has(&id);
    html! {
        div .problem data-code=(code) {
            p { strong { @if known { (reader.say.text(&id)) } @else { (reader.say.text("other-failure")) } } }
            @if !known && !code.is_empty() { p { code { bdi { (code) } } } }
            (told(reader, document, text))
        }
    }
}
