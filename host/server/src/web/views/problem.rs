//! What was turned down or failed: its code in the reader's words, what the host says of it, and what to do.

use maud::{Markup, html};
use reforge_base::Failure;

use super::Reader;
use super::dialog::close;

/// Where a dialog's contents should be.
pub(crate) fn in_dialog(reader: &Reader, turned_down: &Failure) -> Markup {
    html! {
        h2 #dialog-title { (reader.say.text("not-shown")) }
        div role="alert" { (failure(reader, turned_down)) }
        (close(reader))
    }
}

pub(crate) fn failure(reader: &Reader, failure: &Failure) -> Markup {
    let code = failure.code.as_str();
    let id = format!("code-{code}");
    let known = reader.say.has(&id);
    html! {
        div .problem data-code=(code) {
            p { strong { @if known { (reader.say.text(&id)) } @else { (reader.say.text("other-failure")) } } }
            @if !known && !code.is_empty() { p { code { bdi { (code) } } } }
            (told(reader, failure))
        }
    }
}

/// A list, if there are any.
pub(crate) fn failures(reader: &Reader, failures: &[Failure]) -> Markup {
    html! {
        @if !failures.is_empty() {
            ul .plain { @for one in failures { li { (failure(reader, one)) } } }
        }
    }
}

/// A list, those of one kind below one title.
pub(crate) fn warnings(reader: &Reader, warnings: &[Failure]) -> Markup {
    let mut codes: Vec<&str> = Vec::new();
    for warning in warnings {
        let code = warning.code.as_str();
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    html! {
        ul .plain {
            @for code in codes {
                @let title = format!("warning-{code}");
                li .warning {
                    div .problem data-code=(code) {
                        p { strong { (reader.say.text(if reader.say.has(&title) { &title } else { "warning-other" })) } }
                        @for warning in warnings.iter().filter(|warning| warning.code.as_str() == code) {
                            (told(reader, warning))
                        }
                    }
                }
            }
        }
    }
}

/// The message, and what to do.
fn told(reader: &Reader, failure: &Failure) -> Markup {
    html! {
        @if !failure.message.is_empty() { p { (reader.say.told(&failure.message)) } }
        @if !failure.hint.is_empty() { p .hint { (reader.say.told(&failure.hint)) } }
    }
}
