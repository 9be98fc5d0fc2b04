//! One workload: how it does, its snapshots, what was restored.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::problem::{failure, failures};
use super::workloads::{running, state};
use super::{Reader, field, history, list, snapshots, word};

pub(crate) fn workload(reader: &Reader, workload: &Value, snapshots: &Value, restores: &Value) -> Markup {
    let say = reader.say;
    let id = word(&workload["id"]);
    let content = html! {
        p { (state(reader, word(&workload["state"]))) }
        (running(reader, id, restores))
        @if !workload["error"].is_null() { (failure(reader, &workload["error"])) }
        (failures(reader, &workload["blocked"]))
        (failures(reader, &workload["refusals"]))
        dl {
            @if !workload["image"].is_null() {
                (field(&say.text("image"), html! { bdi { (word(&workload["image"]["reference"])) } }))
            }
            (field(&say.text("volumes"), html! {
                @for (index, volume) in list(&workload["volumes"]).iter().enumerate() {
                    @if index > 0 { ", " }
                    bdi { (word(&volume["name"])) }
                }
            }))
        }
        (snapshots::section(reader, id, snapshots))
        (history::section(reader, restores))
    };
    reader.screen(id, true, &content)
}

/// One of which only the name is known, and why.
pub(crate) fn unknown(id: &str, problem: &Value) -> Value {
    let mut failure = problem.clone();
    failure["message"] = problem["detail"].clone();

    json!({ "id": id, "state": "unknown", "error": failure })
}
