//! `snapshot …`: take, look at, check, move and delete snapshots.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use reforge_base::Failure;
use reforge_base::Message;
use reforge_base::Phase;
use reforge_base::Result;
use reforge_base::clock;
use reforge_base::consistency;
use reforge_base::durable;
use reforge_base::escape;
use reforge_base::message;
use reforge_base::message::Bytes;
use reforge_base::not_captured::NotCaptured;
use reforge_base::remark::Remark;
use reforge_documents::snapshot as documents;
use reforge_host::host::{Host, SnapshotRequest};
use reforge_host::restore::taken_in;
use reforge_snapshots::bundle::Form;
use reforge_snapshots::format::Descriptor;
use reforge_snapshots::proofs::{Known, Proofs};
use serde_json::json;

use super::answer::Answer;
use super::args::Named;
use super::consent::{must_be_interactive, must_say_yes};
use super::progress::Display;
use super::project;
use super::session::Session;
use super::style;
use super::words::{self, say};

pub(crate) fn create(session: &Session, workload: &str, asked: &SnapshotRequest) -> Result<Answer> {
    let host = session.changing()?;
    let workload = host.config.workload(workload)?;
    let display = Display::new(session);
    let descriptor = host.take_snapshot(workload, asked, &session.who(), &display.progress);
    drop(display);
    let descriptor = descriptor?;
    let mut lines = vec![say!("snapshot-id", id = session.terminal.style.bold(&descriptor.id))];
    lines.extend(taken(session, &descriptor));
    lines.push(contents(session, &descriptor));
    lines.extend(not_captured(&descriptor.not_captured));
    lines.extend(remarks(&descriptor.all_remarks()));
    lines.extend(descriptor.project.iter().flat_map(project::not_kept));
    lines.extend(descriptor.project.as_ref().and_then(project::hint));
    Ok(Answer::done(lines.join("\n"), documents::summary(&descriptor)))
}

pub(crate) fn list(session: &Session, workload: &str, all: bool) -> Result<Answer> {
    let host = session.looking()?;
    let workload = host.config.workload(workload)?;
    let (listed, older) = host.store.newest(&workload.id, documents::most(all))?;
    let known = proofs(host).read(&workload.id)?;
    let rows: Vec<Vec<String>> = listed
        .iter()
        .map(|listed| match &listed.descriptor {
            Ok(descriptor) => {
                let entries: u64 = descriptor.volumes.iter().map(|volume| volume.entries).sum();
                let bytes: u64 = descriptor.volumes.iter().map(|volume| volume.bytes).sum();
                vec![
                    listed.id.clone(),
                    style::age(descriptor.manifest.created),
                    if listed.pinned {
                        say!("reason-and-pinned", reason = reason(descriptor))
                    } else {
                        reason(descriptor)
                    },
                    words::read(&consistency::word(descriptor.consistency.as_ref())),
                    words::word("proof", known.proof(descriptor).as_str()),
                    entries.to_string(),
                    style::bytes(bytes),
                    style::bytes(descriptor.archive.bytes),
                ]
            }
            Err(failure) => {
                let none = || "-".to_owned();
                vec![
                    escape::text(&listed.id),
                    none(),
                    words::read(&failure.message),
                    none(),
                    none(),
                    none(),
                    none(),
                    none(),
                ]
            }
        })
        .collect();
    let mut text = match rows.is_empty() {
        true => {
            let command = session.command(&format!("snapshot create {}", workload.id));
            say!("no-snapshots-yet", command)
        }
        false => {
            let heads = [
                say!("head-snapshot"),
                say!("head-taken"),
                say!("head-reason"),
                say!("head-app"),
                say!("head-proof"),
                say!("head-entries"),
                say!("head-data"),
                say!("head-archive"),
            ];
            style::table(session.terminal.style, &heads, &rows)
        }
    };
    if older > 0 {
        text.push_str(&format!("\n{}", say!("so-many-older-ones-are-left-out", n = older)));
    }
    Ok(Answer::done(text, documents::list(&workload.id, listed, older, &known)))
}

pub(crate) fn show(session: &Session, named: &Named) -> Result<Answer> {
    let host = session.looking()?;
    let workload = host.config.workload(&named.workload)?;
    let descriptor = host.store.get(&workload.id, &named.snapshot)?;
    let pinned = host.store.pinned(&workload.id)?.contains(&descriptor.id);
    let known = proofs(host).read(&workload.id)?;
    let manifest = &descriptor.manifest;
    let mut lines = vec![
        say!("snapshot-id", id = session.terminal.style.bold(&descriptor.id)),
        say!("snapshot-taken", instant = style::instant(manifest.created), age = style::age(manifest.created)),
        say!("snapshot-reason", reason = reason(&descriptor)),
        say!("snapshot-workload", workload = escape::text(&manifest.workload)),
        say!("snapshot-image", image = escape::text(&manifest.image.reference)),
        say!("snapshot-archive", size = Bytes(descriptor.archive.bytes), sha256 = descriptor.archive.sha256),
    ];
    if pinned {
        lines.push(say!("snapshot-stays-pinned"));
    }
    lines.extend(proof(&known, &descriptor));
    lines.extend(taken(session, &descriptor));
    if descriptor.imported {
        lines.push(say!("snapshot-imported-unvouched"));
    }
    lines.extend(taken_in(&descriptor));
    lines.push(String::new());
    lines.push(contents(session, &descriptor));
    for skipped in &manifest.skipped {
        lines.push(say!(
            "snapshot-not-in-it",
            name = escape::text(&skipped.name),
            scope = escape::text(&skipped.scope)
        ));
    }
    lines.extend(not_captured(&descriptor.not_captured));
    lines.extend(remarks(&descriptor.all_remarks()));
    lines.extend(project::lines(session, &descriptor));
    let text = lines.join("\n");
    Ok(Answer::done(text, documents::whole(descriptor, pinned, &known)))
}

pub(crate) fn verify(session: &Session, named: &Named) -> Result<Answer> {
    let host = session.looking()?;
    let workload = host.config.workload(&named.workload)?;
    let size = host.store.get(&workload.id, &named.snapshot)?.archive.bytes;
    let display = Display::new(session);
    display.progress.begin(Phase::Verifying, size, 0);
    let descriptor = host.store.verify(&workload.id, &named.snapshot, &*display.progress)?;
    drop(display);
    proofs(host).note_read_back(&workload.id, &descriptor.id, clock::now())?;
    let (id, sha256) = (&descriptor.id, &descriptor.archive.sha256);
    let text = say!("snapshot-is-whole", id, size = Bytes(descriptor.archive.bytes), sha256);
    Ok(Answer::done(text, documents::verified(descriptor)))
}

/// Copies a snapshot to a file that did not exist; one that fails is removed again.
pub(crate) fn export(session: &Session, named: &Named, file: &Path, form: Form) -> Result<Answer> {
    let host = session.looking()?;
    let workload = host.config.workload(&named.workload)?;
    let stored = host.store.open(&workload.id, &named.snapshot)?;
    let failed = |error: std::io::Error| Failure::io("write", file, &error);
    // The archive may hold secrets, whatever the umask is.
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(|error| {
        let failure = failed(error);
        failure.with_code(reforge_base::Code::Usage).hint(message!("name-a-file-that-does-not-exist"))
    })?;
    let display = Display::new(session);
    display.progress.begin(Phase::Exporting, stored.bytes(), 0);
    let called = Message::from(escape::path(file));
    let copied = stored.export(form, &mut out, &called, &*display.progress).and_then(|()| durable::sync_file(&out));
    drop(display);
    match copied {
        Ok(()) => {
            let descriptor = &stored.descriptor;
            let text = say!("snapshot-exported", id = descriptor.id, file = escape::path(file));
            Ok(Answer::done(text, json!({ "id": descriptor.id, "file": file, "archive": descriptor.archive })))
        }
        Err(failure) => {
            // Half an archive is none; the failure that led here is the one to tell.
            let _ = std::fs::remove_file(file);
            Err(failure)
        }
    }
}

pub(crate) fn delete(session: &Session, named: &Named, yes: bool, wait: bool) -> Result<Answer> {
    let host = session.changing()?;
    if !yes {
        must_be_interactive(session)?;
        let workload = &host.config.workload(&named.workload)?.id;
        host.store.is_whole_id(workload, &named.snapshot)?;
        let (id, workload) = (escape::text(&named.snapshot), escape::text(workload));
        must_say_yes(session, &say!("delete-snapshot-for-good", id, workload))?;
    }
    host.delete_snapshot(&named.workload, &named.snapshot, wait, &session.who(), &session.cancelled)?;
    let text = say!("snapshot-deleted", id = escape::text(&named.snapshot));
    Ok(Answer::done(text, documents::deleted(&named.snapshot)))
}

/// What a snapshot holds, a line a volume.
pub(crate) fn contents(session: &Session, descriptor: &Descriptor) -> String {
    let rows: Vec<Vec<String>> = descriptor
        .manifest
        .volumes
        .iter()
        .zip(&descriptor.volumes)
        .map(|(volume, totals)| {
            let mut remarks = Vec::new();
            if totals.symlinks + totals.hard_links > 0 {
                remarks.push(say!("links-count", n = totals.symlinks + totals.hard_links));
            }
            if totals.special > 0 {
                remarks.push(say!("special-left-out", n = totals.special));
            }
            let digest = totals.tree_digest.as_deref().map(|digest| digest[..16].to_owned());
            vec![
                escape::text(&volume.name),
                escape::text(&volume.scope),
                totals.entries.to_string(),
                style::bytes(totals.bytes),
                digest.unwrap_or_else(|| say!("no-digest")),
                remarks.join(", "),
            ]
        })
        .collect();
    let heads = [
        say!("head-volume"),
        say!("head-scope"),
        say!("head-entries"),
        say!("head-data"),
        say!("head-tree-digest"),
        String::new(),
    ];
    style::table(session.terminal.style, &heads, &rows)
}

/// What was done to the app, which hooks ran, and what to know before it is restored.
fn taken(session: &Session, descriptor: &Descriptor) -> Vec<String> {
    let taken = descriptor.consistency.as_ref();
    let mut lines = vec![say!("snapshot-consistency", how = words::read(&consistency::sentence(taken)))];
    let Some(taken) = taken else { return lines };
    for member in &taken.members {
        let time = Duration::from_millis(member.ms);
        lines.push(say!("snapshot-member-time", name = escape::text(&member.name), time));
    }
    for hook in &taken.hooks {
        lines.push(say!("snapshot-hook", what = words::read(&hook.message())));
        lines.extend((!hook.output.is_empty()).then(|| say!("snapshot-hook-said", said = hook.output)));
    }
    lines.extend(live_warning(session, descriptor));
    lines
}

/// One sentence about a snapshot whose files are of different instants.
pub(crate) fn live_warning(session: &Session, descriptor: &Descriptor) -> Option<String> {
    let warning = descriptor.consistency.as_ref()?.warning()?;
    let label = session.terminal.style.yellow(&say!("label-warning"));
    Some(format!("{label} {}", words::read(&warning)))
}

/// What the app has and a snapshot does not hold, each on a line of its own.
pub(crate) fn not_captured(not_captured: &[NotCaptured]) -> impl Iterator<Item = String> {
    not_captured.iter().map(|one| say!("not-captured-line", what = words::read(&one.message())))
}

/// What is to be known of a snapshot's volumes, each on a line of its own.
pub(crate) fn remarks(remarks: &[Remark]) -> impl Iterator<Item = String> {
    remarks.iter().map(|one| say!("remark-line", what = words::read(&one.message())))
}

fn proofs(host: &Host) -> Proofs {
    Proofs::new(host.state.proofs())
}

/// What proves it, and when that was.
fn proof(known: &Known, descriptor: &Descriptor) -> Vec<String> {
    let proof = words::word("proof", known.proof(descriptor).as_str());
    let tried = known.snapshots.get(&descriptor.id);
    let drilled = tried.and_then(|tried| tried.drilled.as_ref()).map(|drilled| drilled.at);
    let at = drilled.or_else(|| tried.and_then(|tried| tried.read_back));
    vec![match at {
        Some(at) => say!("snapshot-proof-at", proof, instant = style::instant(at), age = style::age(at)),
        None => say!("snapshot-proof", proof),
    }]
}

fn reason(descriptor: &Descriptor) -> String {
    let reason = words::named_or("reason-name", &descriptor.manifest.reason);
    if descriptor.imported { say!("reason-imported", reason) } else { reason }
}

/// Where each volume was, what was left out and what was given, on a line each.
pub(crate) fn taken_in(descriptor: &Descriptor) -> Vec<String> {
    let Some(taken) = &descriptor.taken_in else { return Vec::new() };
    let mut lines: Vec<String> = Vec::new();
    if taken.places.is_empty() && !taken.format.is_empty() {
        lines.push(say!("taken-in-as", format = taken.format));
    }
    for place in &taken.places {
        let prefix = if place.prefix.is_empty() { "." } else { &place.prefix };
        lines.push(say!("taken-from", volume = escape::text(&place.volume), prefix, format = taken.format));
    }
    let remarks = taken.remarks.iter().map(|remark| words::read(&taken_in::sentence(remark)));
    lines.extend(remarks.map(|remark| say!("taken-without", remark)));
    lines
}
