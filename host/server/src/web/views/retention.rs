//! The dialog before a pruning: which snapshots stay and why, which go, and the one button that deletes them.

use maud::{Markup, html};
use serde_json::json;

use super::Reader;
use super::dialog::{Confirm, close, confirm};
use reforge_documents::schedule::{RetainedSnapshot, Retention};

pub(crate) fn retention(reader: &Reader, retention: &Retention) -> Markup {
    let (say, workload) = (reader.say, retention.workload.as_str());
    let going = retention.snapshots.iter().filter(|one| !one.kept).count() as u64;
    html! {
        h2 #dialog-title { (say.with("which-of-them-stay", [("workload", workload.into())])) }
        p #loses {
            @if going == 0 { (say.text("none-would-go")) }
            @else { (say.with("so-many-of-them-go", [("n", going.into()), ("size", say.bytes(retention.freed_bytes).into())])) }
        }
        ul #judged .cards { @for one in &retention.snapshots { li data-kept[one.kept] { (judged(reader, one)) } } }
        @if going == 0 || !reader.is_admin() {
            @if going > 0 { p { (say.text("only-admins-prune")) } }
            (close(reader))
        } @else {
            (confirm(reader, &Confirm {
                post: &format!("/api/v1/workloads/{workload}/prune"),
                id: workload,
                body: &json!({}),
                workload,
                verb: say.text("delete-them"),
                done: Some(say.text("they-were-deleted")),
            }))
        }
    }
}

fn judged(reader: &Reader, one: &RetainedSnapshot) -> Markup {
    let say = reader.say;
    let why: Vec<String> = one.reasons.iter().map(|reason| reader.translated("stays", reason)).collect();
    html! {
        h3 { @if one.created.is_some() { (reader.when(one.created)) } @else { bdi { (one.id) } } }
        p {
            @if one.kept { (say.text("this-one-stays")) } @else { (say.text("this-one-goes")) }
            @if !why.is_empty() { ": " (why.join(", ")) }
        }
    }
}
