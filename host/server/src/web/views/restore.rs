//! One restore or undo: how far it is while it runs, and its receipt when it is over.

use std::time::Instant;

use maud::{Markup, html};
use serde_json::Value;

use super::super::live::Live;
use super::history::kind;
use super::problem::failure;
use super::{Reader, field, instant, list, message, word};

pub(crate) fn restore(reader: &Reader, restore: &Value) -> Markup {
    let say = reader.say;
    let workload = word(&restore["workload"]);
    let title = format!("{}: {workload}", kind(reader, restore));
    let running = &restore["running"];
    let content = html! {
        p { a #to-workload href={ "#/workloads/" (workload) } { (say.with("back-to", [("workload", workload.into())])) } }
        @if !running.is_null() { (runs(reader, restore)) }
        @else if !restore["held_by"].is_null() { (held(reader, restore)) }
        @else if restore["resolved"] == true { (resolved(reader)) }
        @else if restore["receipt"].is_object() { (receipt(reader, restore)) }
        @else { (untold(reader, restore)) }
    };
    reader.screen(&title, running.is_null(), &content)
}

fn runs(reader: &Reader, restore: &Value) -> Markup {
    let say = reader.say;
    let id = word(&restore["id"]);
    let mut live = Live::new(say);
    live.begin_as(&restore["running"], Instant::now());
    let cancelling = restore["running"]["cancelling"] == true;
    html! {
        p { (say.text("begun")) " " (reader.when(&restore["began"])) ", " bdi { (word(&restore["who"])) } }
        div #live data-events={ "/restores/" (id) "/events" } { (live.render(Instant::now())) }
        @if reader.is_admin() && live.can_be_cancelled() {
            button type="button" #cancel data-act="send" data-post={ "/api/v1/restores/" (id) "/cancel" }
                data-busy=(say.text("cancelling")) data-done=(say.text("cancelling"))
                aria-disabled=[cancelling.then_some("true")] {
                @if cancelling { (say.text("cancelling")) } @else { (say.text("cancel")) }
            }
        }
    }
}

/// One that another process runs: how far its journal is, and who is at it.
fn held(reader: &Reader, restore: &Value) -> Markup {
    let (say, held) = (reader.say, &restore["held_by"]);
    let title = if restore["kind"]["kind"] == "undo" { "undo-runs" } else { "restore-runs" };
    html! {
        section #held aria-labelledby="held-title" {
            h2 #held-title { (say.text(title)) }
            p { (say.text("begun")) " " (reader.when(&restore["began"])) ", " bdi { (word(&restore["who"])) } }
            p #held-phase { (reader.translated("phase", word(&held["phase"]))) }
            p { (say.told(&message(&held["text"], &held["text_message"]))) }
        }
    }
}

/// What happened.
fn receipt(reader: &Reader, restore: &Value) -> Markup {
    let say = reader.say;
    let receipt = &restore["receipt"];
    let outcome = word(&receipt["outcome"]);
    let forward = outcome == "done" || outcome == "unconfirmed";
    html! {
        section #receipt data-outcome=(outcome) aria-labelledby="outcome" {
            h2 #outcome { (reader.translated("is", outcome)) }
            p { (reader.translated("outcome", &outcome_of(outcome, word(&receipt["kind"]), &receipt["failure"]))) }
            @if restore["now"] == "undone" { p #undone { (say.text("now-undone")) } }
            @if !receipt["failure"].is_null() { (failure(reader, &receipt["failure"])) }
            dl {
                @if let Some(at) = instant(&receipt["began"]) { (field(&say.text("begun"), say.instant(at))) }
                (field(&say.text("who"), html! { bdi { (word(&receipt["who"])) } }))
                (field(&say.text("took"), took(reader, receipt)))
                (field(&say.text("downtime"), match receipt["downtime_ms"].as_u64() {
                    Some(down) => say.duration(down),
                    None if receipt["app"] == "down" => say.text("not-back"),
                    None => say.text("never-stopped"),
                }))
                @if forward {
                    @for volume in list(&receipt["volumes"]) {
                        (field(&say.with("volume", [("name", word(&volume["name"]).into())]), html! {
                            (reader.entries_and_bytes(&volume["entries"], &volume["bytes"]))
                            @if !volume["tree_digest"].is_null() { ", " (say.text("as-captured")) }
                        }))
                    }
                }
                @for name in list(&receipt["left"]) {
                    (field(&say.with("volume", [("name", word(name).into())]), say.text("stays-as-it-is")))
                }
                @if !word(&receipt["app"]).is_empty() {
                    (field(&say.text("app"), say.told(&message(&receipt["app"], &receipt["app_message"]))))
                }
                @if let Some(safety) = receipt["safety"].as_str() {
                    (field(&say.text("safety"), html! { bdi { (safety) } }))
                }
                @for kept in list(&receipt["later_writes"]) {
                    (field(&say.text("later-writes"), html! { bdi { (word(kept)) } }))
                }
                @for left in list(&receipt["left_behind"]) {
                    (field(&say.text("left-behind"), say.told(&word(left).into())))
                }
            }
            (undo(reader, restore))
        }
    }
}

/// Of which a person chose the trees.
fn resolved(reader: &Reader) -> Markup {
    html! {
        section #receipt data-outcome="resolved" aria-labelledby="outcome" {
            h2 #outcome { (reader.say.text("is-resolved")) }
            p { (reader.say.text("outcome-resolved")) }
        }
    }
}

/// What the outcome means depends on what was done, and on whether a start can go on with it.
fn outcome_of(outcome: &str, kind: &str, failure: &Value) -> String {
    match outcome {
        "needs-operator" if word(&failure["hint"]).contains("`reforge recover`") => "unsettled".to_owned(),
        "done" | "unconfirmed" => format!("{kind}-{outcome}"),
        "reverted" | "needs-operator" => outcome.to_owned(),
        _ => "unchanged".to_owned(),
    }
}

fn took(reader: &Reader, receipt: &Value) -> String {
    match (instant(&receipt["began"]), instant(&receipt["ended"])) {
        (Some(began), Some(ended)) => reader.say.duration(ended.duration_since(began).as_millis().max(0) as u64),
        _ => reader.say.text("unknown"),
    }
}

fn undo(reader: &Reader, restore: &Value) -> Markup {
    let say = reader.say;
    let id = word(&restore["id"]);
    html! {
        @if restore["can_undo"] == true {
            p #undo-left {
                @match restore["undo_left_ms"].as_u64() {
                    Some(left) => (say.with("undo-left-for", [("time", say.remaining(left).into())])),
                    None => (say.text("undo-until-finished")),
                }
            }
            @if reader.is_admin() {
                button type="button" #undo data-act="dialog" data-get={ "/restores/" (id) "/undo" }
                    data-looking=(say.text("looking")) {
                    (say.text("undo")) "…"
                }
            }
        }
    }
}

/// Neither over nor running here.
fn untold(reader: &Reader, restore: &Value) -> Markup {
    let say = reader.say;
    html! {
        section #receipt data-outcome=(word(&restore["outcome"])) aria-labelledby="outcome" {
            @if let Some(outcome) = restore["outcome"].as_str() {
                h2 #outcome { (reader.translated("is", outcome)) }
                p { (reader.translated("outcome", &outcome_of(outcome, word(&restore["kind"]["kind"]), &restore["error"]))) }
            } @else {
                h2 #outcome { (say.text("unfinished")) }
                p { (say.text("unfinished-means")) " " code { "reforge restore show " (word(&restore["id"])) } }
            }
            @if !restore["error"].is_null() { (failure(reader, &restore["error"])) }
        }
    }
}
