//! How the page looks: fragments of HTML, each made from the API's documents. What they hold has passed the escape; that
//! it is text and no markup is the templates' doing. Nothing here asks or changes anything.

pub(super) mod login;
pub(super) mod names;
pub(super) mod plan;
pub(super) mod problem;
pub(super) mod restore;
pub(super) mod retention;
pub(super) mod tested;
pub(super) mod undo;
pub(super) mod workload;
pub(super) mod workloads;

mod dialog;
mod history;
mod snapshots;

use jiff::Timestamp;
use maud::{Markup, html};

use super::language::Language;
use super::messages::Messages;
use crate::tokens::Role;
use reforge_documents::host::Me;

/// Who looks: in which language, when, and with which rights.
pub(super) struct Reader {
    pub say: &'static Messages,
    pub now: Timestamp,
    pub me: Option<Me>,
}

impl Reader {
    pub(super) fn is_admin(&self) -> bool {
        self.me.as_ref().is_some_and(|me| me.role == Role::Admin)
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
                        p #me { (me.name) ", " (say.text(&format!("role-{}", me.role.as_str()))) }
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
    pub(super) fn when(&self, at: Option<Timestamp>) -> Markup {
        match at {
            Some(at) => html! { (self.say.instant(at)) " " span .quiet { "(" (self.say.ago(at, self.now)) ")" } },
            None => html! { (self.say.text("unknown")) },
        }
    }

    pub(super) fn entries_and_bytes(&self, entries: u64, bytes: u64) -> String {
        format!("{}, {}", self.say.with("entries", [("n", entries.into())]), self.say.bytes(bytes))
    }

    /// How long ago it was; nothing of what is yet to come.
    pub(super) fn since(&self, at: Timestamp) -> String {
        self.say.duration(self.now.duration_since(at).as_millis().max(0) as u64)
    }

    /// A word of a document in the reader's own, or as it is.
    pub(super) fn translated(&self, kind: &str, of: &str) -> String {
        let id = format!("{kind}-{}", of.replace(' ', "-"));
        if self.say.has(&id) { self.say.text(&id) } else { of.to_owned() }
    }

    /// The names of the reasons that the host itself gives, others as they were given.
    pub(super) fn reason(&self, reason: &str) -> Markup {
        html! { bdi { (self.translated("reason", reason)) } }
    }
}

/// A field of something and what it holds.
pub(super) fn field(name: &str, content: impl maud::Render) -> Markup {
    html! { div { dt { (name) } dd { (content) } } }
}
