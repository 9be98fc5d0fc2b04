//! The snapshots of a workload, newest first, each with what a person chooses by.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::problem::failure;
use super::{Reader, field, instant, list, word};

pub(super) fn section(reader: &Reader, workload: &str, snapshots: &Value) -> Markup {
    let say = reader.say;
    let snapshots = list(&snapshots["snapshots"]);
    html! {
        section #snapshots aria-labelledby="snapshots-title" {
            h2 #snapshots-title { (say.text("snapshots")) }
            @if reader.is_admin() {
                button type="button" #capture data-act="send" data-post={ "/api/v1/workloads/" (workload) "/snapshots" }
                    data-body=(json!({}).to_string()) data-busy=(say.text("capturing")) data-done=(say.text("captured")) {
                    (say.text("capture"))
                }
            }
            @if reader.is_admin() {
                form #import data-act="send" data-post={ "/api/v1/workloads/" (workload) "/snapshots/import" }
                    data-busy=(say.text("importing")) data-done=(say.text("was-imported")) {
                    label for="archive" { (say.text("import-archive")) }
                    p .buttons {
                        input #archive type="file" accept=".gz,.tgz" required;
                        button #import-it { (say.text("import")) }
                    }
                }
            }
            @if snapshots.is_empty() { p { (say.text("no-snapshots")) } }
            ol .cards { @for snapshot in snapshots { li { (card(reader, workload, snapshot)) } } }
        }
    }
}

fn card(reader: &Reader, workload: &str, snapshot: &Value) -> Markup {
    let say = reader.say;
    let id = word(&snapshot["id"]);
    if !snapshot["error"].is_null() {
        return html! { h3 { bdi { (id) } } (failure(reader, &snapshot["error"])) };
    }
    html! {
        h3 { (reader.when(&snapshot["created"])) }
        dl {
            (field(&say.text("size"), say.bytes(snapshot["archive"]["bytes"].as_u64().unwrap_or(0))))
            (field(&say.text("holds"), holds(reader, snapshot)))
            (field(&say.text("reason"), html! {
                (reader.reason(&snapshot["reason"]))
                @if snapshot["imported"] == true { ", " (say.text("imported")) }
            }))
            (field(&say.text("image"), html! { bdi { (word(&snapshot["image"]["reference"])) } }))
        }
        button type="button" id={ "restore-" (id) } data-act="dialog" data-post={ "/workloads/" (workload) "/plan" }
            data-body=(json!({ "snapshot": id }).to_string()) data-looking=(say.text("looking")) {
            (say.text("restore")) "…"
            span .only-read { " " @if let Some(at) = instant(&snapshot["created"]) { (say.instant(at)) } }
        }
    }
}

fn holds(reader: &Reader, snapshot: &Value) -> String {
    let sum = |name: &str| list(&snapshot["volumes"]).iter().filter_map(|volume| volume[name].as_u64()).sum::<u64>();
    reader.entries_and_bytes(&json!(sum("entries")), &json!(sum("bytes")))
}
