//! `restore plan`: what a restore would do, for a person and for a program. Changes nothing.

use reforge_base::consistency;
use reforge_base::escape;
use reforge_base::message::Bytes;
use reforge_base::{Failure, Result};
use reforge_documents::plan::{change_of, document, downtime, loses};
use reforge_documents::workload::WorkloadState;
use reforge_host::restore::preflight::{Choice, RESERVE_BYTES};
use reforge_host::restore::run::{self, Planned, Request};

use super::answer::Answer;
use super::args::What;
use super::exit::Exit;
use super::looking;
use super::progress::Display;
use super::session::Session;
use super::snapshot;
use super::style::{self, entries_in_words};
use super::words::{self, say};

/// With the names that would change from this one on, if they were asked for.
pub(crate) fn plan(session: &Session, what: &What, names_from: Option<u64>) -> Result<Answer> {
    session.looking()?;
    let planned = make(session, what)?;
    let refused = !planned.preflight.refusals.is_empty();
    let mut text = text(session, what, &planned);
    let mut document = document(&what.named.workload, what.keep_previous, &planned);
    if let Some(from) = names_from {
        let names = looking::of_plan(session, &planned, &what.named.workload, from)?;
        text = format!("{}\n\n{text}", looking::changed(&names));
        document.names = Some(names);
    }
    let mut answer = Answer::done(text, document);
    if refused {
        answer.exit = Exit::Refused;
    }
    Ok(answer)
}

/// The plan itself, watched.
pub(crate) fn make(session: &Session, what: &What) -> Result<Planned> {
    let host = session.open()?;
    host.config.workload(&what.named.workload)?;
    let plugin = session.plugin()?;
    let display = Display::new(session);
    run::plan(host, &plugin, &request(session, what), &display.progress)
}

/// What the library is asked for.
pub(crate) fn request(session: &Session, what: &What) -> Request {
    Request {
        workload: what.named.workload.clone(),
        snapshot: what.named.snapshot.clone(),
        choice: Choice {
            leave: what.leave.clone(),
            map: what.map.iter().cloned().collect(),
            keep_previous: what.keep_previous,
        },
        plan: None,
        wait: false,
        who: session.who(),
    }
}

/// For a person.
pub(crate) fn text(session: &Session, what: &What, planned: &Planned) -> String {
    let style = session.terminal.style;
    let plan = &planned.preflight;
    let descriptor = &planned.snapshot.descriptor;
    let manifest = &descriptor.manifest;
    let (instant, age) = (style::instant(manifest.created), style::age(manifest.created));
    let reason = words::named_or("reason-name", &manifest.reason);
    let mut lines = vec![
        say!(
            "plan-restore-to-snapshot",
            workload = escape::text(&what.named.workload),
            id = style.bold(&escape::text(&descriptor.id))
        ),
        match descriptor.imported {
            true => say!("plan-taken-imported", instant, age, reason),
            false => say!("plan-taken", instant, age, reason),
        },
        say!("plan-image", image = escape::text(&manifest.image.reference)),
        say!("plan-consistency", how = words::read(&consistency::sentence(descriptor.consistency.as_ref()))),
        say!("plan-app", app = app(planned)),
        String::new(),
        volumes(session, planned),
    ];
    lines.extend(loses(planned).map(|lost| say!("plan-newest-change", lost = style.yellow(&style::duration(lost)))));
    for name in &plan.left {
        lines.push(say!("plan-volume-stays", name = escape::text(name)));
    }
    lines.extend(snapshot::not_captured(&plan.not_captured));
    lines.extend(snapshot::remarks(&plan.remarks));
    lines.push(String::new());
    for demand in &plan.space {
        lines.push(say!(
            "plan-space",
            path = escape::path(&demand.directory),
            needs = Bytes(demand.bytes),
            reserve = Bytes(RESERVE_BYTES),
            has = Bytes(demand.space.free_bytes)
        ));
    }
    lines.extend(snapshot::live_warning(session, descriptor).map(|warning| format!("  {warning}")));
    for warning in &plan.warnings {
        lines.extend(told(&style.yellow(&say!("label-warning")), warning));
    }
    for refusal in &plan.refusals {
        lines.extend(told(&style.red(&say!("label-refused")), refusal));
    }
    lines.push(String::new());
    lines.push(match plan.refusals.is_empty() {
        true => format!("{}\n  {}", say!("plan-to-do-exactly-this"), run_command(session, what, planned)),
        false => say!("plan-refused", refused = style.red(&say!("refused-word")), n = plan.refusals.len()),
    });
    lines.join("\n")
}

/// A warning or a refusal, and what to do about it.
fn told(label: &str, failure: &Failure) -> Vec<String> {
    let mut lines = vec![format!("  {label} {}", words::read(&failure.message))];
    lines.extend((!failure.hint.is_empty()).then(|| format!("           {}", words::read(&failure.hint))));
    lines
}

fn volumes(session: &Session, planned: &Planned) -> String {
    let style = session.terminal.style;
    let holds = |entries: u64, bytes: u64| format!("{}, {}", entries_in_words(entries), style::bytes(bytes));
    let rows: Vec<Vec<String>> = planned
        .preflight
        .targets
        .iter()
        .map(|target| {
            let name = target.resolved.name.clone();
            let changes = change_of(planned, &name).and_then(|volume| volume.changes.as_ref());
            let live = match &target.identity {
                None => say!("absent"),
                Some(_) => holds(target.live.entries, target.live.bytes),
            };
            let from = match target.called.name == name {
                true => name,
                false => say!("volume-from-the-snapshots", name, from = escape::text(&target.called.name)),
            };
            vec![
                format!("  {from}"),
                live,
                holds(target.totals.entries, target.totals.bytes),
                changes.map_or_else(
                    || "?".to_owned(),
                    |found| {
                        let (added, removed, changed) = (found.added, found.removed, found.changed);
                        say!("plan-changes", added, removed, changed, same = found.same)
                    },
                ),
            ]
        })
        .collect();
    let heads =
        [format!("  {}", say!("head-volume")), say!("head-live-now"), say!("head-snapshot"), say!("head-changes")];
    let table = style::table(style, &heads, &rows);
    format!("{table}\n{}", style.dim(&say!("plan-changes-mean")))
}

fn app(planned: &Planned) -> String {
    let state = words::word("state", WorkloadState::from(planned.preflight.observation.state).as_str());
    match downtime(planned) {
        Some(downtime) => say!("app-comes-back-after", state, downtime),
        None => say!("app-stays-down", state),
    }
}

fn run_command(session: &Session, what: &What, planned: &Planned) -> String {
    let mut words = format!(
        "restore run {} {} --plan {}",
        what.named.workload, planned.snapshot.descriptor.id, planned.preflight.digest
    );
    for name in &what.leave {
        words.push_str(&format!(" --leave {}", escape::text(name)));
    }
    for (from, to) in &what.map {
        words.push_str(&format!(" --map {}={}", escape::text(from), escape::text(to)));
    }
    if what.keep_previous {
        words.push_str(" --keep-previous");
    }
    session.command(&words)
}
