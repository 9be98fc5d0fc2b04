//! `restore plan`: what a restore would do, for a person and for a program. Changes nothing.

use std::time::Duration;

use reforge_host::plugins::bindings::exports::reforge::restore::restorer::VolumePlan;
use reforge_host::restore::preflight::{Choice, RESERVE_BYTES, Target};
use reforge_host::restore::run::{self, Planned, Request};
use reforge_host::{Result, escape};
use serde_json::{Value, json};

use super::answer::Answer;
use super::args::What;
use super::exit::Exit;
use super::progress::Display;
use super::session::Session;
use super::style;
use super::workload;

/// A safety snapshot is stored, not compressed: about the speed of a plain disk.
const SAFETY_BYTES_PER_SECOND: f64 = 200e6;
/// Small files cost more than their bytes.
const SAFETY_ENTRIES_PER_SECOND: f64 = 15e3;
/// Stop, renames and start of an app that is quick at both.
const STOP_AND_START: Duration = Duration::from_secs(2);

pub fn plan(session: &Session, what: &What) -> Result<Answer> {
    session.looking()?;
    let planned = make(session, what)?;
    let refused = !planned.preflight.refusals.is_empty();
    let mut answer = Answer::done(text(session, what, &planned), json(what, &planned));
    if refused {
        answer.exit = Exit::Refused;
    }
    Ok(answer)
}

/// The plan itself, watched.
pub fn make(session: &Session, what: &What) -> Result<Planned> {
    let host = session.open()?;
    host.config.workload(&what.named.workload)?;
    let plugin = session.plugin()?;
    let display = Display::new(session);
    run::plan(host, &plugin, &request(session, what), &display.progress)
}

/// What the library is asked for.
pub fn request(session: &Session, what: &What) -> Request {
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
pub fn text(session: &Session, what: &What, planned: &Planned) -> String {
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
    lines.extend(lost(planned).map(|lost| format!("  {} {lost}", style.yellow("you lose"))));
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

/// For a program.
pub fn json(what: &What, planned: &Planned) -> Value {
    let plan = &planned.preflight;
    let descriptor = &planned.snapshot.descriptor;
    let volumes: Vec<Value> = plan.targets.iter().map(|target| volume_json(target, planned)).collect();
    let space: Vec<Value> = plan
        .space
        .iter()
        .map(|demand| {
            json!({
                "directory": demand.directory,
                "needs_bytes": demand.bytes,
                "has_bytes": demand.space.free_bytes,
                "needs_inodes": demand.inodes,
                "has_inodes": demand.space.free_inodes,
            })
        })
        .collect();
    json!({
        "workload": what.named.workload,
        "snapshot": {
            "id": descriptor.id,
            "created": descriptor.manifest.created,
            "reason": descriptor.manifest.reason,
            "image": descriptor.manifest.image,
            "imported": descriptor.imported,
        },
        "digest": plan.digest,
        "refused": !plan.refusals.is_empty(),
        "refusals": plan.refusals,
        "warnings": plan.warnings,
        "volumes": volumes,
        "left": plan.left,
        "keep_previous": what.keep_previous,
        "space": space,
        "app": {
            "state": workload::word(plan.observation.state),
            "comes_back": plan.observation.state.should_run(),
        },
        "loses_ms": loses(planned).map(|lost| lost.as_millis() as u64),
        "downtime_estimate_ms": downtime(planned).map(|downtime| downtime.as_millis() as u64),
    })
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
    format!("{table}\n{}", style.dim("  + comes back   - goes away   ~ is replaced"))
}

fn entries(number: u64) -> String {
    style::count(number, "entry", "entries")
}

fn change_of<'a>(planned: &'a Planned, name: &str) -> Option<&'a VolumePlan> {
    planned.changes.as_ref()?.volumes.iter().find(|volume| volume.name == name)
}

/// How much of what is live is younger than the snapshot.
fn loses(planned: &Planned) -> Option<Duration> {
    let created = planned.snapshot.descriptor.manifest.created;
    let newest = planned.preflight.targets.iter().filter_map(|target| {
        let newest = target.live.newest?;
        jiff::Timestamp::new(newest.seconds, newest.nanoseconds as i32).ok()
    });
    let lost = newest.max()?.duration_since(created);
    Duration::try_from(lost).ok().filter(|lost| !lost.is_zero())
}

fn lost(planned: &Planned) -> Option<String> {
    let lost = loses(planned)?;
    Some(format!("up to {} of changes made after the snapshot", style::duration(lost)))
}

/// From the stop to the healthy app; none if it does not run.
fn downtime(planned: &Planned) -> Option<Duration> {
    let plan = &planned.preflight;
    plan.observation.state.should_run().then(|| {
        let bytes: u64 = plan.targets.iter().map(|target| target.live.bytes).sum();
        let entries: u64 = plan.targets.iter().map(|target| target.live.entries).sum();
        let safety = bytes as f64 / SAFETY_BYTES_PER_SECOND + entries as f64 / SAFETY_ENTRIES_PER_SECOND;
        STOP_AND_START + Duration::from_secs_f64(safety)
    })
}

fn app(planned: &Planned) -> String {
    let word = workload::word(planned.preflight.observation.state);
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

fn volume_json(target: &Target, planned: &Planned) -> Value {
    let change = change_of(planned, &target.resolved.name);
    let changes = change.and_then(|volume| volume.changes.as_ref()).map(
        |found| json!({ "added": found.added, "removed": found.removed, "changed": found.changed, "same": found.same }),
    );
    let newest = target.live.newest.and_then(|at| jiff::Timestamp::new(at.seconds, at.nanoseconds as i32).ok());
    json!({
        "name": target.resolved.name,
        "scope": target.resolved.scope.as_str(),
        "path": target.resolved.path,
        "exists": target.identity.is_some(),
        "live_entries": target.live.entries,
        "live_bytes": target.live.bytes,
        "live_newest": newest,
        "snapshot_entries": target.totals.entries,
        "snapshot_bytes": target.totals.bytes,
        "changes": changes,
    })
}
