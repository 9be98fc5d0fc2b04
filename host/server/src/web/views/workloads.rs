//! All workloads: how each does, and how old its last snapshot is.

use maud::{Markup, html};

use super::history::kind_runs;
use super::problem::failure;
use super::{Reader, tested};
use reforge_documents::host::Recovery;
use reforge_documents::notification::Notifications;
use reforge_documents::restore::{RecoveredRestore, Restore};
use reforge_documents::workload::{ListedWorkload, WorkloadState};

pub(crate) fn workloads(
    reader: &Reader,
    workloads: &[ListedWorkload],
    restores: &[Restore],
    recovery: &Recovery,
    notifications: &Notifications,
) -> Markup {
    let say = reader.say;
    let content = html! {
        (recovered(reader, &recovery.recovered))
        (given_up(reader, notifications))
        @if workloads.is_empty() { p { (say.text("no-workloads")) } }
        ul .cards {
            @for workload in workloads { li { (card(reader, workload, restores)) } }
        }
        (tested::asked(reader, notifications))
    };
    reader.screen(&say.text("workloads"), true, &content)
}

fn card(reader: &Reader, workload: &ListedWorkload, restores: &[Restore]) -> Markup {
    let (say, id) = (reader.say, &workload.id);
    html! {
        h2 { a id={ "workload-" (id) } href={ "#/workloads/" (id) } { bdi { (id) } } }
        p { (state(reader, workload.state)) }
        (running(reader, id, restores))
        p {
            (say.text("last-snapshot")) ": "
            @if workload.last_snapshot.is_none() { (say.text("never")) }
            @else { (reader.when(workload.last_snapshot_created)) }
        }
        @if let Some(error) = &workload.error { (failure(reader, error)) }
    }
}

/// What a workload does.
pub(crate) fn state(reader: &Reader, state: WorkloadState) -> Markup {
    html! { span .state data-state=(state.as_str()) { (reader.translated("state", state.as_str())) } }
}

/// A way to the restore that runs for a workload.
pub(crate) fn running(reader: &Reader, workload: &str, restores: &[Restore]) -> Markup {
    let of_it = |restore: &&Restore| restore.workload.as_deref() == Some(workload) && restore.is_running();
    html! {
        @for restore in restores.iter().filter(of_it) {
            p .running {
                a id={ "running-" (restore.id) } href={ "#/restores/" (restore.id) } { (kind_runs(reader, restore)) }
            }
        }
    }
}

/// What this start of the host settled, and what it could not.
fn recovered(reader: &Reader, recovered: &[RecoveredRestore]) -> Markup {
    let (settled, unsettled): (Vec<_>, Vec<_>) = recovered.iter().partition(|one| one.error.is_none());
    html! {
        @for (name, recovered) in [("recovered", settled), ("unsettled", unsettled)] {
            @if !recovered.is_empty() {
                section .notice aria-labelledby=(name) {
                    h2 id=(name) { (reader.say.text(name)) }
                    ul .plain { @for one in recovered { li { (one_recovered(reader, one)) } } }
                }
            }
        }
    }
}

/// What did not reach whom.
fn given_up(reader: &Reader, notifications: &Notifications) -> Markup {
    let say = reader.say;
    html! {
        @if notifications.given_up > 0 {
            section .notice aria-labelledby="notifications" {
                h2 id="notifications" { (say.with("notifications-failed", [("n", notifications.given_up.into())])) }
                ul .plain {
                    @for channel in notifications.channels.iter().filter(|channel| channel.given_up > 0) {
                        li {
                            bdi { (channel.name) }
                            @if let Some(error) = &channel.last_error { ": " (reader.say.told(&error.message)) }
                        }
                    }
                }
            }
        }
    }
}

fn one_recovered(reader: &Reader, one: &RecoveredRestore) -> Markup {
    let id = &one.id;
    html! {
        a id={ "recovered-" (id) } href={ "#/restores/" (id) } { bdi { (one.workload.as_ref().unwrap_or(id)) } }
        ": "
        @if let Some(error) = &one.error { (failure(reader, error)) }
        @else if let Some(receipt) = &one.receipt { (reader.translated("is", receipt.outcome.as_str())) }
    }
}
