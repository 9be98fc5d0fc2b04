//! How the page looks: fragments of HTML, each made from the API's documents. What they hold has passed the escape; that
//! it is text and no markup is the templates' doing. Nothing here asks or changes anything.

pub(super) mod login;
pub(super) mod plan;
pub(super) mod problem;
pub(super) mod restore;
pub(super) mod undo;
pub(super) mod workload;
pub(super) mod workloads;

mod dialog;
mod history;
mod snapshots;

use jiff::Timestamp;
use maud::{Markup, html};
use reforge_base::Message;
use serde_json::{Value, json};

use super::language::Language;
use super::messages::Messages;

/// Who looks: in which language, when, and with which rights.
pub(super) struct Reader {
    pub say: &'static Messages,
    pub now: Timestamp,
    pub me: Option<Me>,
}

/// Whose token it is.
pub(super) struct Me {
    pub name: String,
    pub is_admin: bool,
}

impl Me {
    pub(super) fn of(document: &Value) -> Me {
        Me { name: word(&document["name"]).to_owned(), is_admin: document["role"] == "admin" }
    }
}

impl Reader {
    pub(super) fn is_admin(&self) -> bool {
        self.me.as_ref().is_some_and(|me| me.is_admin)
    }

    /// A whole screen. `refresh` if it is worth looking at again.
    pub(super) fn screen(&self, title: &str, refresh: bool, content: &Markup) -> Markup {
        let say = self.say;
        html! {
            div #view lang=(say.language.tag()) data-title=(format!("{title} · Reforge")) data-refresh[refresh] {
                header {
                    a #home href="#/" { "Reforge" }
                    nav aria-label=(say.text("language")) {
                        @for language in Language::ALL {
                            button type="button" id={ "language-" (language.tag()) } data-act="language"
                                data-language=(language.tag()) lang=(language.tag())
                                aria-pressed=(language == say.language) { (language.name()) }
                        }
                    }
                    @if let Some(me) = &self.me {
                        p #me { (me.name) ", " (say.text(if me.is_admin { "role-admin" } else { "role-viewer" })) }
                        button type="button" #leave data-act="leave" { (say.text("log-out")) }
                    }
                }
                main {
                    h1 #title tabindex="-1" { (title) }
                    div #told role="alert" {}
                    (content)
                }
            }
        }
    }

    /// An instant and how long ago it was.
    pub(super) fn when(&self, at: &Value) -> Markup {
        match instant(at) {
            Some(at) => html! { (self.say.instant(at)) " " span .quiet { "(" (self.say.ago(at, self.now)) ")" } },
            None => html! { (self.say.text("unknown")) },
        }
    }

    pub(super) fn entries_and_bytes(&self, entries: &Value, bytes: &Value) -> String {
        let entries = self.say.with("entries", [("n", entries.as_u64().unwrap_or(0).into())]);
        format!("{entries}, {}", self.say.bytes(bytes.as_u64().unwrap_or(0)))
    }

    /// A word of a document in the reader's own, or as it is.
    pub(super) fn translated(&self, kind: &str, of: &str) -> String {
        let id = format!("{kind}-{}", of.replace(' ', "-"));
        if self.say.has(&id) { self.say.text(&id) } else { of.to_owned() }
    }

    /// The names of the reasons that the host itself gives, others as they were given.
    pub(super) fn reason(&self, reason: &Value) -> Markup {
        html! { bdi { (self.translated("reason", word(reason))) } }
    }
}

/// Text of a document.
pub(super) fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A message of a document: its text, and which one it is if that is known.
pub(super) fn message(text: &Value, source: &Value) -> Message {
    Message::written(word(text).to_owned(), serde_json::from_value(source.clone()).ok())
}

/// The same where id and arguments are fields of the document itself.
pub(super) fn message_of(document: &Value, text: &str, prefix: &str) -> Message {
    let field = |name: &str| &document[format!("{prefix}{name}")];
    let arguments = field("arguments");
    let arguments = if arguments.is_null() { json!({}) } else { arguments.clone() };
    message(&document[text], &json!({ "id": field("id"), "arguments": arguments }))
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn instant(value: &Value) -> Option<Timestamp> {
    word(value).parse().ok()
}

/// A field of something and what it holds.
pub(super) fn field(name: &str, content: impl maud::Render) -> Markup {
    html! { div { dt { (name) } dd { (content) } } }
}
