//! The snapshots of a workload, newest first, each with what a person chooses by.

use maud::{Markup, html};
use reforge_base::consistency::{self, Taken};
use serde_json::json;

use super::problem::failure;
use super::{Reader, field};
use reforge_documents::snapshot::{ListedSnapshot, Snapshot, SnapshotVolume};

pub(super) fn section(reader: &Reader, workload: &str, snapshots: &[ListedSnapshot]) -> Markup {
    let say = reader.say;
    html! {
        section #snapshots aria-labelledby="snapshots-title" {
            h2 #snapshots-title { (say.text("snapshots")) }
            @if reader.is_admin() {
                button type="button" #capture data-act="send" data-post={ "/api/v1/workloads/" (workload) "/snapshots" }
                    data-body=(json!({}).to_string()) data-busy=(say.text("capturing")) data-done=(say.text("captured")) {
                    (say.text("capture"))
                }
            }
            @if !snapshots.is_empty() {
                " "
                button type="button" #retention data-act="dialog" data-get={ "/workloads/" (workload) "/retention" }
                    data-looking=(say.text("judging-them")) { (say.text("which-stay")) "…" }
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

fn card(reader: &Reader, workload: &str, snapshot: &ListedSnapshot) -> Markup {
    match snapshot {
        ListedSnapshot::Whole(snapshot) => whole(reader, workload, snapshot),
        ListedSnapshot::Damaged { id, error } => html! { h3 { bdi { (id) } } (failure(reader, error)) },
    }
}

fn whole(reader: &Reader, workload: &str, snapshot: &Snapshot) -> Markup {
    let (say, id) = (reader.say, &snapshot.id);
    let sum = |count: fn(&SnapshotVolume) -> u64| snapshot.volumes.iter().map(count).sum();
    let holds = reader.entries_and_bytes(sum(|volume| volume.entries), sum(|volume| volume.bytes));
    html! {
        h3 { (reader.when(Some(snapshot.created))) }
        dl {
            (field(&say.text("size"), say.bytes(snapshot.archive.bytes)))
            (field(&say.text("holds"), holds))
            (field(&say.text("reason"), html! {
                (reader.reason(&snapshot.reason))
                @if snapshot.imported { ", " (say.text("imported")) }
                @if snapshot.pinned { ", " (say.text("pinned")) }
            }))
            (field(&say.text("image"), html! { bdi { (snapshot.image.reference) } }))
            (field(&say.text("proof"), say.text(&format!("proof-{}", snapshot.proof.as_str()))))
            (field(&say.text("app-when-taken"), say.told(&consistency::sentence(snapshot.consistency.as_ref()))))
            @for hook in snapshot.consistency.iter().flat_map(|taken| &taken.hooks) {
                (field(&say.text("hook"), say.told(&hook.message())))
            }
            @for one in &snapshot.not_captured { (field(&say.text("not-captured"), say.told(&one.message()))) }
            @for one in &snapshot.remarks { (field(&say.text("to-know"), say.told(&one.message()))) }
        }
        @if let Some(warning) = snapshot.consistency.as_ref().and_then(Taken::warning) {
            p .warning { (say.told(&warning)) }
        }
        button type="button" id={ "restore-" (id) } data-act="dialog" data-post={ "/workloads/" (workload) "/plan" }
            data-body=(json!({ "snapshot": id }).to_string()) data-looking=(say.text("looking")) {
            (say.text("restore")) "…"
            span .only-read { " " (say.instant(snapshot.created)) }
        }
        @if reader.is_admin() { " " (pin(reader, workload, snapshot)) }
    }
}

/// Whatever it is, the button makes it the other.
fn pin(reader: &Reader, workload: &str, snapshot: &Snapshot) -> Markup {
    let (say, id) = (reader.say, &snapshot.id);
    let (verb, done) = if snapshot.pinned { ("unpin", "was-unpinned") } else { ("pin", "was-pinned") };
    html! {
        button type="button" id={ "pin-" (id) } data-act="send"
            data-post={ "/api/v1/workloads/" (workload) "/snapshots/" (id) "/" (verb) }
            data-busy=(say.text("asking")) data-done=(say.text(done)) {
            (say.text(verb))
            span .only-read { " " (say.instant(snapshot.created)) }
        }
    }
}
