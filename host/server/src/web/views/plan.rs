//! The dialog before a restore: what it changes, what it costs, what stands in its way, and the one button that does it.

use maud::{Markup, html};
use reforge_base::consistency::{self, Taken};
use serde_json::json;

use super::dialog::{Confirm, close, confirm};
use super::problem::{failures, warnings};
use super::{Reader, field, names};
use reforge_documents::plan::{PlannedSpace, PlannedVolume, RestorePlan};

pub(crate) fn plan(reader: &Reader, plan: &RestorePlan) -> Markup {
    let say = reader.say;
    let (workload, snapshot) = (plan.workload.as_str(), &plan.snapshot);
    html! {
        h2 #dialog-title { (say.with("restore-what", [("workload", workload.into())])) }
        p {
            (say.text("to-snapshot")) " " (reader.when(Some(snapshot.created))) ", " (reader.reason(&snapshot.reason))
        }
        @if plan.refused {
            div #refusals {
                h3 { (say.text("refused")) }
                (failures(reader, &plan.refusals))
            }
        }
        @if let Some(lost) = plan.loses_ms {
            p #loses .loss { (say.with("newest-change", [("time", say.duration(lost).into())])) }
        }
        (changes(reader, plan))
        (names::asked(reader, workload, &snapshot.id))
        @if !plan.warnings.is_empty() {
            h3 { (say.text("warnings")) }
            (warnings(reader, &plan.warnings))
        }
        dl {
            (field(&say.text("downtime"), downtime(reader, plan)))
            @for space in &plan.space { (field(&say.text("space"), needed(reader, space))) }
        }
        @if plan.refused || !reader.is_admin() {
            @if !plan.refused { p { (say.text("only-admins")) } }
            (close(reader))
        } @else {
            @let body = json!({ "snapshot": snapshot.id, "plan": plan.digest });
            (confirm(reader, &Confirm {
                post: &format!("/api/v1/workloads/{workload}/restores"),
                id: &snapshot.id,
                body: &body,
                workload,
                verb: say.text("restore"),
                done: None,
            }))
        }
    }
}

fn changes(reader: &Reader, plan: &RestorePlan) -> Markup {
    let say = reader.say;
    let taken = plan.snapshot.consistency.as_ref();
    html! {
        p #taken { (say.text("app-when-taken")) ": " (say.told(&consistency::sentence(taken))) }
        @if let Some(warning) = taken.and_then(Taken::warning) { p .warning { (say.told(&warning)) } }
        h3 { (say.text("what-changes")) }
        ul #changes .cards {
            @for volume in &plan.volumes {
                li {
                    h4 { (say.with("volume", [("name", volume.name.as_str().into())])) }
                    dl {
                        (field(&say.text("live-now"), live(reader, volume)))
                        (field(&say.text("in-snapshot"),
                            reader.entries_and_bytes(volume.snapshot_entries, volume.snapshot_bytes)))
                        @if let Some(changes) = &volume.changes {
                            @for (id, count) in [
                                ("come-back", changes.added),
                                ("go-away", changes.removed),
                                ("are-replaced", changes.changed),
                                ("stay-equal", changes.same),
                            ] {
                                (field(&say.text(id), say.with("entries", [("n", count.into())])))
                            }
                        }
                    }
                }
            }
            @for name in &plan.left {
                li { h4 { (say.with("volume", [("name", name.as_str().into())])) } p { (say.text("stays-as-it-is")) } }
            }
            @if !plan.not_captured.is_empty() {
                li .not-captured {
                    h4 { (say.text("not-captured")) }
                    @for one in &plan.not_captured { p { (say.told(&one.message())) } }
                }
            }
            @if !plan.remarks.is_empty() {
                li .to-know {
                    h4 { (say.text("to-know")) }
                    @for one in &plan.remarks { p { (say.told(&one.message())) } }
                }
            }
        }
    }
}

fn live(reader: &Reader, volume: &PlannedVolume) -> Markup {
    html! {
        @if volume.exists {
            (reader.entries_and_bytes(volume.live_entries, volume.live_bytes))
            @if let Some(newest) = volume.live_newest {
                ", " (reader.say.text("newest")) " " (reader.say.instant(newest))
            }
        }
        @else { (reader.say.text("absent")) }
    }
}

fn downtime(reader: &Reader, plan: &RestorePlan) -> String {
    let say = reader.say;
    match plan.downtime_estimate_ms {
        Some(down) => say.with("about", [("time", say.duration(down).into())]),
        None => say.text("stays-down"),
    }
}

fn needed(reader: &Reader, space: &PlannedSpace) -> Markup {
    let say = reader.say;
    let values = [("needs", say.bytes(space.needs_bytes).into()), ("has", say.bytes(space.has_bytes).into())];
    html! { bdi { (space.directory) } ": " (say.with("needs-and-has", values)) }
}
