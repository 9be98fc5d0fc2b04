//! The dialog before an undo: what comes back and what is lost.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::dialog::{Confirm, confirm};
use super::{Reader, instant, word};

pub(crate) fn undo(reader: &Reader, restore: &Value) -> Markup {
    let say = reader.say;
    let (id, workload) = (word(&restore["id"]), word(&restore["workload"]));
    let since = instant(&restore["receipt"]["ended"]);
    let passed = since.map(|since| reader.now.duration_since(since).as_millis().max(0) as u64);
    let what = if restore["kind"]["kind"] == "undo" { "undo-an-undo" } else { "undo-what" };
    html! {
        h2 #dialog-title { (say.with(what, [("workload", workload.into())])) }
        @if let Some(passed) = passed {
            p #loses .loss { (say.with("undo-loses", [("time", say.duration(passed).into())])) }
        }
        p { (say.text("undo-does")) }
        (confirm(reader, &Confirm {
            post: &format!("/api/v1/restores/{id}/undo"),
            id,
            body: &json!({}),
            workload,
            verb: say.text("undo"),
        }))
    }
}
