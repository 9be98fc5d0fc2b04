//! The dialog before a restore: what it changes, what it costs, what stands in its way, and the one button that does it.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::dialog::{Confirm, close, confirm};
use super::problem::{failures, warnings};
use super::{Reader, field, instant, list, word};

pub(crate) fn plan(reader: &Reader, plan: &Value) -> Markup {
    let say = reader.say;
    let (workload, snapshot) = (word(&plan["workload"]), &plan["snapshot"]);
    let refused = plan["refused"] == true;
    html! {
        h2 #dialog-title { (say.with("restore-what", [("workload", workload.into())])) }
        p { (say.text("to-snapshot")) " " (reader.when(&snapshot["created"])) ", " (reader.reason(&snapshot["reason"])) }
        @if refused {
            div #refusals {
                h3 { (say.text("refused")) }
                (failures(reader, &plan["refusals"]))
            }
        }
        (lost(reader, plan))
        (changes(reader, plan))
        @if !list(&plan["warnings"]).is_empty() {
            h3 { (say.text("warnings")) }
            (warnings(reader, &plan["warnings"]))
        }
        dl {
            (field(&say.text("downtime"), downtime(reader, plan)))
            @for demand in list(&plan["space"]) { (field(&say.text("space"), space(reader, demand))) }
        }
        @if refused || !reader.is_admin() {
            @if !refused { p { (say.text("only-admins")) } }
            (close(reader))
        } @else {
            @let body = json!({ "snapshot": snapshot["id"], "plan": plan["digest"] });
            (confirm(reader, &Confirm {
                post: &format!("/api/v1/workloads/{workload}/restores"),
                id: word(&snapshot["id"]),
                body: &body,
                workload,
                verb: say.text("restore"),
            }))
        }
    }
}

/// What may happen to entries, and what that is called.
const CHANGES: [(&str, &str); 4] =
    [("added", "come-back"), ("removed", "go-away"), ("changed", "are-replaced"), ("same", "stay-equal")];

fn lost(reader: &Reader, plan: &Value) -> Markup {
    html! {
        @if let Some(lost) = plan["loses_ms"].as_u64() {
            p #loses .loss { (reader.say.with("newest-change", [("time", reader.say.duration(lost).into())])) }
        }
    }
}

fn changes(reader: &Reader, plan: &Value) -> Markup {
    let say = reader.say;
    html! {
        h3 { (say.text("what-changes")) }
        ul #changes .cards {
            @for volume in list(&plan["volumes"]) {
                li {
                    h4 { (say.with("volume", [("name", word(&volume["name"]).into())])) }
                    dl {
                        (field(&say.text("live-now"), live(reader, volume)))
                        (field(&say.text("in-snapshot"),
                            reader.entries_and_bytes(&volume["snapshot_entries"], &volume["snapshot_bytes"])))
                        @if let Some(changes) = volume["changes"].as_object() {
                            @for (name, id) in CHANGES {
                                @if let Some(count) = changes.get(name).and_then(Value::as_u64) {
                                    (field(&say.text(id), say.with("entries", [("n", count.into())])))
                                }
                            }
                        }
                    }
                }
            }
            @for name in list(&plan["left"]) {
                li { h4 { (say.with("volume", [("name", word(name).into())])) } p { (say.text("stays-as-it-is")) } }
            }
        }
    }
}

fn live(reader: &Reader, volume: &Value) -> Markup {
    html! {
        @if volume["exists"] == false { (reader.say.text("absent")) }
        @else {
            (reader.entries_and_bytes(&volume["live_entries"], &volume["live_bytes"]))
            @if let Some(newest) = instant(&volume["live_newest"]) {
                ", " (reader.say.text("newest")) " " (reader.say.instant(newest))
            }
        }
    }
}

fn downtime(reader: &Reader, plan: &Value) -> String {
    let say = reader.say;
    match plan["downtime_estimate_ms"].as_u64() {
        Some(down) => say.with("about", [("time", say.duration(down).into())]),
        None => say.text("stays-down"),
    }
}

fn space(reader: &Reader, demand: &Value) -> Markup {
    let say = reader.say;
    let bytes = |name: &str| say.bytes(demand[name].as_u64().unwrap_or(0));
    let values = [("needs", bytes("needs_bytes").into()), ("has", bytes("has_bytes").into())];
    html! { bdi { (word(&demand["directory"])) } ": " (say.with("needs-and-has", values)) }
}
