//! One restore or undo: how far it is while it runs, and its receipt when it is over.

use std::time::Instant;

use maud::{Markup, html};
use reforge_base::Failure;
use reforge_base::message::Message;

use super::super::live::Live;
use super::history::{kind, kind_runs};
use super::problem::failure;
use super::{Reader, field};
use reforge_documents::restore::{HeldBy, Restore, Running, settles_itself};
use reforge_transaction::event::TransactionKind;
use reforge_transaction::receipt::{Outcome, Receipt};

pub(crate) fn restore(reader: &Reader, restore: &Restore) -> Markup {
    let say = reader.say;
    let workload = restore.workload.as_deref().unwrap_or_default();
    let title = format!("{}: {workload}", kind(reader, restore));
    let content = html! {
        p { a #to-workload href={ "#/workloads/" (workload) } { (say.with("back-to", [("workload", workload.into())])) } }
        @if let Some(running) = &restore.running { (runs(reader, restore, running)) }
        @else if let Some(held_by) = &restore.held_by { (held(reader, restore, held_by)) }
        @else if restore.resolved { (resolved(reader)) }
        @else if let Some(receipt) = &restore.receipt { (ended(reader, restore, receipt)) }
        @else { (untold(reader, restore)) }
    };
    reader.screen(&title, restore.running.is_none(), &content)
}

/// When it began, and who asked for it.
fn begun(reader: &Reader, restore: &Restore) -> Markup {
    let who = restore.who.as_deref().unwrap_or_default();
    html! { p { (reader.say.text("begun")) " " (reader.when(restore.began)) ", " bdi { (who) } } }
}

fn runs(reader: &Reader, restore: &Restore, running: &Running) -> Markup {
    let (say, id) = (reader.say, &restore.id);
    let mut live = Live::new(say);
    live.begin_as(running, Instant::now());
    let cancelling = running.cancelling;
    html! {
        (begun(reader, restore))
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
fn held(reader: &Reader, restore: &Restore, held: &HeldBy) -> Markup {
    let phase = format!("phase-{}", held.phase.slug());
    let text = Message::written(held.text.to_string(), held.text_message.clone());
    html! {
        section #held aria-labelledby="held-title" {
            h2 #held-title { (kind_runs(reader, restore)) }
            (begun(reader, restore))
            p #held-phase { (reader.say.text(&phase)) }
            p { (reader.say.told(&text)) }
        }
    }
}

/// What happened.
fn ended(reader: &Reader, restore: &Restore, receipt: &Receipt) -> Markup {
    let (say, outcome) = (reader.say, receipt.outcome);
    let volume = |name: &str| say.with("volume", [("name", name.into())]);
    let app = receipt.app();
    html! {
        section #receipt data-outcome=(outcome.as_str()) aria-labelledby="outcome" {
            (heading(reader, outcome, Some(&receipt.kind), receipt.failure.as_ref()))
            @if restore.is_undone() { p #undone { (say.text("now-undone")) } }
            @if let Some(error) = &receipt.failure { (failure(reader, error)) }
            dl {
                (field(&say.text("begun"), say.instant(receipt.began)))
                (field(&say.text("who"), html! { bdi { (receipt.who) } }))
                (field(&say.text("took"), took(reader, receipt)))
                (field(&say.text("downtime"), downtime(reader, receipt)))
                @for member in &receipt.members {
                    (field(&member.name, say.duration(member.downtime_ms)))
                }
                @if matches!(outcome, Outcome::Done | Outcome::Unconfirmed) {
                    @for restored in &receipt.volumes {
                        (field(&volume(&restored.name), html! {
                            (reader.entries_and_bytes(restored.entries, restored.bytes))
                            @if restored.tree_digest.is_some() { ", " (say.text("as-captured")) }
                        }))
                    }
                }
                @if let Some(taken) = &receipt.consistency {
                    (field(&say.text("app-when-taken"), say.told(&taken.warning().unwrap_or_else(|| taken.message()))))
                }
                @for name in &receipt.left { (field(&volume(name), say.text("stays-as-it-is"))) }
                @for one in &receipt.not_captured { (field(&say.text("not-captured"), say.told(&one.message()))) }
                @for one in &receipt.remarks { (field(&say.text("to-know"), say.told(&one.message()))) }
                @if !app.is_empty() { (field(&say.text("app"), say.told(&app))) }
                @if let Some(safety) = &receipt.safety { (field(&say.text("safety"), html! { bdi { (safety) } })) }
                @for kept in &receipt.later_writes { (field(&say.text("later-writes"), html! { bdi { (kept) } })) }
                @for left in receipt.left_behind() { (field(&say.text("left-behind"), say.told(&left))) }
            }
            (undo(reader, restore))
        }
    }
}

/// How it ended, and what that means.
fn heading(reader: &Reader, outcome: Outcome, kind: Option<&TransactionKind>, failure: Option<&Failure>) -> Markup {
    html! {
        h2 #outcome { (reader.translated("is", outcome.as_str())) }
        p { (reader.say.text(meaning(outcome, kind, failure))) }
    }
}

/// What the outcome means depends on what was done, and on whether a start can go on with it.
fn meaning(outcome: Outcome, kind: Option<&TransactionKind>, failure: Option<&Failure>) -> &'static str {
    let is_undo = matches!(kind, Some(TransactionKind::Undo { .. }));
    match outcome {
        Outcome::NeedsOperator if failure.is_some_and(settles_itself) => "outcome-unsettled",
        Outcome::NeedsOperator => "outcome-needs-operator",
        Outcome::Done if is_undo => "outcome-undo-done",
        Outcome::Done => "outcome-restore-done",
        Outcome::Unconfirmed if is_undo => "outcome-undo-unconfirmed",
        Outcome::Unconfirmed => "outcome-restore-unconfirmed",
        Outcome::Reverted => "outcome-reverted",
        Outcome::Failed | Outcome::Refused | Outcome::Cancelled | Outcome::Busy => "outcome-unchanged",
    }
}

fn downtime(reader: &Reader, receipt: &Receipt) -> String {
    let say = reader.say;
    match receipt.downtime_ms {
        Some(down) => say.duration(down),
        None if receipt.app_is_down() => say.text("not-back"),
        None => say.text("never-stopped"),
    }
}

fn took(reader: &Reader, receipt: &Receipt) -> String {
    reader.say.duration(receipt.ended.duration_since(receipt.began).as_millis().max(0) as u64)
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

fn undo(reader: &Reader, restore: &Restore) -> Markup {
    let say = reader.say;
    html! {
        @if restore.can_undo {
            p #undo-left {
                @match restore.undo_left_ms {
                    Some(left) => (say.with("undo-left-for", [("time", say.remaining(left).into())])),
                    None => (say.text("undo-until-finished")),
                }
            }
            @if reader.is_admin() {
                button type="button" #undo data-act="dialog" data-get={ "/restores/" (restore.id) "/undo" }
                    data-looking=(say.text("looking")) {
                    (say.text("undo")) "…"
                }
            }
        }
    }
}

/// Neither over nor running here.
fn untold(reader: &Reader, restore: &Restore) -> Markup {
    let say = reader.say;
    html! {
        section #receipt data-outcome=(restore.outcome.map_or("", Outcome::as_str)) aria-labelledby="outcome" {
            @match restore.outcome {
                Some(outcome) => (heading(reader, outcome, restore.kind.as_ref(), restore.error.as_ref())),
                None => {
                    h2 #outcome { (say.text("unfinished")) }
                    p { (say.text("unfinished-means")) " " code { "reforge restore show " (restore.id) } }
                }
            }
            @if let Some(error) = &restore.error { (failure(reader, error)) }
        }
    }
}
