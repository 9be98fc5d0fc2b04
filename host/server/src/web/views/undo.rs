//! The dialog before an undo: what comes back and what is lost.

use maud::{Markup, html};
use serde_json::json;

use super::Reader;
use super::dialog::{Confirm, confirm};
use reforge_documents::restore::Restore;

pub(crate) fn undo(reader: &Reader, restore: &Restore) -> Markup {
    let (say, id) = (reader.say, &restore.id);
    let workload = restore.workload.as_deref().unwrap_or_default();
    let what = if restore.is_undo() { "undo-an-undo" } else { "undo-what" };
    html! {
        h2 #dialog-title { (say.with(what, [("workload", workload.into())])) }
        @if let Some(receipt) = &restore.receipt {
            p #loses .loss { (say.with("undo-loses", [("time", reader.since(receipt.ended).into())])) }
        }
        p { (say.text("undo-does")) }
        (confirm(reader, &Confirm {
            post: &format!("/api/v1/restores/{id}/undo"),
            id,
            body: &json!({}),
            workload,
            verb: say.text("undo"),
            done: None,
        }))
    }
}
