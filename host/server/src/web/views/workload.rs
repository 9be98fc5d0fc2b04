//! One workload: how it does, its snapshots, what was restored.

use std::time::Duration;

use maud::{Markup, html};
use reforge_base::Failure;
use reforge_host::host::outlook_of;

use super::problem::{failure, failures};
use super::workloads::{running, state};
use super::{Reader, field, history, snapshots};
use reforge_documents::restore::Restore;
use reforge_documents::snapshot::ListedSnapshot;
use reforge_documents::workload::{WholeWorkload, WorkloadState};

/// `workload` is why it is not known, if it is not.
pub(crate) fn workload(
    reader: &Reader,
    id: &str,
    workload: Result<&WholeWorkload, &Failure>,
    snapshots: &[ListedSnapshot],
    restores: &[Restore],
) -> Markup {
    let content = html! {
        p { (state(reader, workload.map_or(WorkloadState::Unknown, |workload| workload.state))) }
        (running(reader, id, restores))
        @match workload {
            Ok(workload) => { (known(reader, workload)) }
            Err(unknown) => { (failure(reader, unknown)) }
        }
        (snapshots::section(reader, id, snapshots))
        (history::section(reader, restores))
    };
    reader.screen(id, true, &content)
}

fn known(reader: &Reader, workload: &WholeWorkload) -> Markup {
    let say = reader.say;
    let last = workload.expected_interruption_ms.map(Duration::from_millis);
    let limit = Duration::from_millis(workload.pause_limit_ms);
    let outlook = outlook_of(workload.consistency, last, limit);
    html! {
        @if let Some(due) = workload.schedule.as_ref().and_then(|schedule| schedule.overdue_since) {
            p #overdue .notice { (say.text("overdue")) " " (reader.when(Some(due))) }
        }
        (failures(reader, &workload.blocked))
        (failures(reader, &workload.refusals))
        dl {
            @if let Some(image) = &workload.image {
                (field(&say.text("image"), html! { bdi { (image.reference) } }))
            }
            (field(&say.text("volumes"), html! {
                @for (index, volume) in workload.volumes.iter().enumerate() {
                    @if index > 0 { ", " }
                    bdi { (volume.name) }
                }
            }))
            @if let Some(schedule) = &workload.schedule {
                (field(&say.text("next-snapshot"), html! {
                    @match schedule.next { Some(next) => { (say.instant(next)) } None => { (say.text("never")) } }
                }))
                @if let Some(last) = &schedule.last {
                    (field(&say.text("last-due"), html! {
                        (reader.translated("due-outcome", last.outcome.as_str())) ", " (reader.when(Some(last.at)))
                        @if let Some(why) = &last.failure { (failure(reader, why)) }
                    }))
                }
            }
            @if let Some(outlook) = outlook {
                (field(&say.text("capture"), html! { span #outlook { (say.told(&outlook)) } }))
            }
        }
    }
}
