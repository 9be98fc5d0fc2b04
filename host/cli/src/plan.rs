//! `restore plan`: what a restore would do, for a person and for a program. Changes nothing.

use reforge_base::Result;
use reforge_base::escape;
use reforge_host::restore::preflight::{Choice, RESERVE_BYTES};
use reforge_host::restore::run::{self, Planned, Request};
use reforge_server::documents::plan::{change_of, document, downtime, loses};
use reforge_server::documents::workload::word;

use super::answer::Answer;
use super::args::What;
use super::exit::Exit;
use super::progress::Display;
use super::session::Session;
use super::style;

pub(crate) fn plan(session: &Session, what: &What) -> Result<Answer> {
    session.looking()?;
    let planned = make(session, what)?;
    let refused = !planned.preflight.refusals.is_empty();
    let mut answer =
        Answer::done(text(session, what, &planned), document(&what.named.workload, what.keep_previous, &planned));
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
        choice: Choice { leave: what.leave.clone(), keep_previous: what.keep_previous },
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
    let imported = if descriptor.imported { ", imported" } else { "" };
    let mut lines = vec![
        format!(
            "restore `{}` to snapshot {}",
            escape::text(&what.named.workload),
            style.bold(&escape::text(&descriptor.id))
        ),
        format!(
            "  taken      {} ({}), reason: {}{imported}",
            style::instant(manifest.created),
            style::age(manifest.created),
            escape::text(&manifest.reason)
        ),
        format!("  image      {}", escape::text(&manifest.image.reference)),
        format!("  app        {}", app(planned)),
        String::new(),
        volumes(session, planned),
    ];
    lines.extend(loses(planned).map(|lost| {
        let lost = style.yellow(&style::duration(lost));
        format!("  the newest change on disk is {lost} after the snapshot")
    }));
    for name in &plan.left {
        lines.push(format!("  volume `{}` stays as it is", escape::text(name)));
    }
    lines.push(String::new());
    for demand in &plan.space {
        lines.push(format!(
            "  space      {}: needs {} ({} of it a reserve), has {}",
            escape::path(&demand.directory),
            style::bytes(demand.bytes),
            style::bytes(RESERVE_BYTES),
            style::bytes(demand.space.free_bytes)
        ));
    }
    for warning in &plan.warnings {
        lines.push(format!("  {} {}", style.yellow("warning:"), warning.message));
        lines.extend((!warning.hint.is_empty()).then(|| format!("           {}", warning.hint)));
    }
    for refusal in &plan.refusals {
        lines.push(format!("  {} {}", style.red("refused:"), refusal.message));
        lines.extend((!refusal.hint.is_empty()).then(|| format!("           {}", refusal.hint)));
    }
    lines.push(String::new());
    lines.push(match plan.refusals.is_empty() {
        true => format!("to do exactly this:\n  {}", run_command(session, what, planned)),
        false => format!(
            "{}: {}; nothing was changed",
            style.red("refused"),
            style::count(plan.refusals.len() as u64, "reason", "reasons")
        ),
    });
    lines.join("\n")
}

fn volumes(session: &Session, planned: &Planned) -> String {
    let style = session.terminal.style;
    let rows: Vec<Vec<String>> = planned
        .preflight
        .targets
        .iter()
        .map(|target| {
            let name = target.resolved.name.clone();
            let changes = change_of(planned, &name).and_then(|volume| volume.changes.as_ref());
            let live = match &target.identity {
                None => "absent".to_owned(),
                Some(_) => format!("{}, {}", entries(target.live.entries), style::bytes(target.live.bytes)),
            };
            vec![
                format!("  {name}"),
                live,
                format!("{}, {}", entries(target.totals.entries), style::bytes(target.totals.bytes)),
                changes.map_or_else(
                    || "?".to_owned(),
                    |found| format!("+{} -{} ~{}  ({} equal)", found.added, found.removed, found.changed, found.same),
                ),
            ]
        })
        .collect();
    let table = style::table(style, &["  VOLUME", "LIVE NOW", "SNAPSHOT", "CHANGES"], &rows);
    format!("{table}\n{}", style.dim("  + comes back   - goes away   ~ is replaced, as the plugin counts"))
}

fn entries(number: u64) -> String {
    style::count(number, "entry", "entries")
}

fn app(planned: &Planned) -> String {
    let word = word(planned.preflight.observation.state);
    match downtime(planned) {
        Some(downtime) => format!("{word}; comes back after about {} of downtime", style::duration(downtime)),
        None => format!("{word}; stays down"),
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
    if what.keep_previous {
        words.push_str(" --keep-previous");
    }
    session.command(&words)
}
