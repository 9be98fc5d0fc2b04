//! All workloads: how each does, and how old its last snapshot is.

use maud::{Markup, html};
use serde_json::Value;

use super::problem::failure;
use super::{Reader, list, word};

pub(crate) fn workloads(reader: &Reader, workloads: &Value, restores: &Value, recovery: &Value) -> Markup {
    let say = reader.say;
    let content = html! {
        (recovered(reader, recovery))
        @if list(&workloads["workloads"]).is_empty() { p { (say.text("no-workloads")) } }
        ul .cards {
            @for workload in list(&workloads["workloads"]) { li { (card(reader, workload, restores)) } }
        }
    };
    reader.screen(&say.text("workloads"), true, &content)
}

fn card(reader: &Reader, workload: &Value, restores: &Value) -> Markup {
    let say = reader.say;
    let id = word(&workload["id"]);
    html! {
        h2 { a id={ "workload-" (id) } href={ "#/workloads/" (id) } { bdi { (id) } } }
        p { (state(reader, word(&workload["state"]))) }
        (running(reader, id, restores))
        p {
            (say.text("last-snapshot")) ": "
            @if workload["last_snapshot"].is_null() { (say.text("never")) }
            @else { (reader.when(&workload["last_snapshot_created"])) }
        }
        @if !workload["error"].is_null() { (failure(reader, &workload["error"])) }
    }
}

/// What a workload does.
pub(crate) fn state(reader: &Reader, state: &str) -> Markup {
    html! { span .state data-state=(state) { (reader.translated("state", state)) } }
}

/// A way to the restore that runs for a workload.
pub(crate) fn running(reader: &Reader, workload: &str, restores: &Value) -> Markup {
    let running = list(&restores["restores"])
        .iter()
        .filter(|restore| restore["workload"] == workload)
        .filter(|restore| !restore["running"].is_null() || !restore["held_by"].is_null());
    html! {
        @for restore in running {
            @let id = word(&restore["id"]);
            p .running {
                a id={ "running-" (id) } href={ "#/restores/" (id) } {
                    (reader.say.text(if restore["kind"]["kind"] == "undo" { "undo-runs" } else { "restore-runs" }))
                }
            }
        }
    }
}

/// What this start of the host settled, and what it could not.
fn recovered(reader: &Reader, recovery: &Value) -> Markup {
    let say = reader.say;
    let (settled, unsettled): (Vec<_>, Vec<_>) =
        list(&recovery["recovered"]).iter().partition(|one| one["error"].is_null());
    html! {
        @for (name, recovered) in [("recovered", settled), ("unsettled", unsettled)] {
            @if !recovered.is_empty() {
                section .notice aria-labelledby=(name) {
                    h2 id=(name) { (say.text(name)) }
                    ul .plain { @for one in recovered { li { (one_recovered(reader, one)) } } }
                }
            }
        }
    }
}

fn one_recovered(reader: &Reader, one: &Value) -> Markup {
    let id = word(&one["id"]);
    html! {
        a id={ "recovered-" (id) } href={ "#/restores/" (id) } { bdi { (one["workload"].as_str().unwrap_or(id)) } }
        ": "
        @if one["error"].is_null() { (reader.translated("is", word(&one["receipt"]["outcome"]))) }
        @else { (failure(reader, &one["error"])) }
    }
}
