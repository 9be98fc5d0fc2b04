//! What ends a dialog: the one button that does it, once it is confirmed, and the way out.

use maud::{Markup, html};
use serde_json::Value;

use super::Reader;

/// What is done once the workload's name is typed.
pub(super) struct Confirm<'a> {
    pub post: &'a str,
    /// Of what is acted on.
    pub id: &'a str,
    pub body: &'a Value,
    pub workload: &'a str,
    pub verb: String,
    /// What is said when it is done; none if a restore begins, which is gone to.
    pub done: Option<String>,
}

pub(super) fn confirm(reader: &Reader, confirm: &Confirm<'_>) -> Markup {
    let say = reader.say;
    html! {
        form #confirm data-act="send" data-post=(confirm.post) data-confirm=(confirm.id) data-name=(confirm.workload)
            data-body=(confirm.body.to_string()) data-busy=(say.text("asking")) data-told="refused" data-follow[confirm.done.is_none()] data-done=[&confirm.done] {
            label for="name" { (say.with("type-the-name", [("workload", confirm.workload.into())])) }
            input #name autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby="loses wrong" autofocus;
            p #wrong .hint aria-live="polite" data-wrong=(say.text("wrong-name")) {}
            div #refused role="alert" {}
            p .buttons {
                button #do .danger disabled { (confirm.verb) }
                button #close type="button" data-act="close" { (say.text("leave-it")) }
            }
        }
    }
}

/// The only way out of a dialog that nothing can be done in.
pub(super) fn close(reader: &Reader) -> Markup {
    html! { p .buttons { button #close type="button" data-act="close" autofocus { (reader.say.text("close")) } } }
}
