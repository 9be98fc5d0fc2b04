//! `drill` and `drills`: whether a snapshot starts and answers, and what earlier drills said.

use std::collections::BTreeMap;
use std::time::Duration;

use reforge_base::Result;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure};
use reforge_base::message;
use reforge_base::message::Bytes;
use reforge_drills::drill::Drilling;
use reforge_drills::receipt::{DrillOutcome, DrillReceipt, ProbeAnswer, Receipts};
use reforge_plugins::Plugin;
use serde_json::json;

use super::answer::Answer;
use super::args;
use super::progress::Display;
use super::session::Session;
use super::style;
use super::words::{self, say};

pub(crate) fn drill(session: &Session, asked: &args::Drill) -> Result<Answer> {
    let host = session.changing()?;
    let makers = session.makers(host);
    let plugin = || -> Result<Plugin> { session.plugin() };
    let display = Display::new(session);
    let who = session.who();
    let drilling = Drilling { host, plugin: &plugin, makers: &makers, progress: &display.progress, who: &who };
    let receipt = match (&asked.workload, asked.empty, asked.due) {
        (None, false, true) => {
            let drilled = drilling.take_due()?;
            let next = drilling.next_due()?;
            drop(display);
            return Ok(due(drilled, &next));
        }
        (Some(workload), true, false) => drilling.drill_on_empty(workload),
        (Some(workload), false, false) => drilling.drill(workload, asked.snapshot.as_deref()),
        _ => {
            let failure = Failure::new(Code::Usage, message!("drill-needs-a-workload"));
            Err(failure.hint(message!("name-a-workload-to-drill")))
        }
    };
    drop(display);
    Ok(told(session, receipt?))
}

fn told(session: &Session, receipt: DrillReceipt) -> Answer {
    let failure = failure_of(&receipt);
    let text = in_words(session, &receipt).join("\n");
    let answer = Answer::done(text, receipt);
    match failure {
        Some(failure) => answer.failed(failure),
        None => answer,
    }
}

/// What went wrong; none where it went well.
fn failure_of(receipt: &DrillReceipt) -> Option<Failure> {
    receipt.failure.clone().filter(|_| !receipt.outcome.is_good())
}

fn due(drilled: Vec<DrillReceipt>, next: &[(String, Option<jiff::Timestamp>)]) -> Answer {
    let mut lines: Vec<String> = drilled.iter().map(line).collect();
    if lines.is_empty() {
        lines.push(say!("no-drill-is-due"));
    }
    for (workload, at) in next {
        let at = at.map_or_else(|| say!("never-again"), style::instant);
        lines.push(say!("next-drill-of", workload = escape::text(workload), at));
    }
    let failure = drilled.iter().find_map(failure_of);
    let next: BTreeMap<&String, _> = next.iter().map(|(workload, at)| (workload, at)).collect();
    let answer = Answer::done(lines.join("\n"), json!({ "drills": drilled, "next": next }));
    match failure {
        Some(failure) => answer.failed(failure),
        None => answer,
    }
}

/// One line of a drill.
fn line(receipt: &DrillReceipt) -> String {
    let (workload, outcome) = (escape::text(&receipt.workload), outcome(receipt.outcome));
    let snapshot = receipt.snapshot.clone().unwrap_or_else(|| say!("empty-volumes"));
    say!("drill-line", workload, snapshot, outcome)
}

fn outcome(outcome: DrillOutcome) -> String {
    words::word("drill-outcome", outcome.as_str())
}

/// The receipt for a person.
fn in_words(session: &Session, receipt: &DrillReceipt) -> Vec<String> {
    let style = session.terminal.style;
    let bold = style.bold(&outcome(receipt.outcome));
    let snapshot = receipt.snapshot.clone().unwrap_or_else(|| say!("empty-volumes"));
    let mut lines = vec![say!("drill-of", workload = escape::text(&receipt.workload), snapshot, outcome = bold)];
    for volume in &receipt.volumes {
        let name = escape::text(&volume.name);
        lines.push(match (volume.empty, &volume.tree_digest) {
            (true, _) => say!("drill-volume-empty", name),
            (false, Some(_)) => say!("drill-volume-equal", name, n = volume.entries, bytes = Bytes(volume.bytes)),
            (false, None) => say!("drill-volume", name, n = volume.entries, bytes = Bytes(volume.bytes)),
        });
    }
    let time = |ms: u64| Duration::from_millis(ms);
    lines.extend(receipt.extract_ms.map(|ms| say!("drill-extracted-in", time = time(ms))));
    lines.extend(receipt.healthy_ms.map(|ms| say!("drill-healthy-after", time = time(ms))));
    match receipt.sqlite_files {
        Some(n @ 1..) => lines.push(say!("drill-checked-sqlite", n)),
        None if receipt.snapshot.is_some() && receipt.extract_ms.is_some() => lines.push(say!("drill-has-no-sqlite")),
        _ => {}
    }
    lines.extend(receipt.probes.iter().map(|answer| probe(answer, &receipt.worthless)));
    if receipt.snapshot.is_none() {
        lines.extend(receipt.worthless.iter().map(|name| say!("drill-worthless", name = escape::text(name))));
        lines.extend((receipt.worthless.is_empty() && !receipt.probes.is_empty()).then(|| say!("drill-all-worth")));
    }
    lines.extend(receipt.attempts.map(|n| match n {
        0 => say!("drill-no-attempts"),
        n => say!("drill-attempts", n),
    }));
    lines.extend(receipt.withheld.iter().map(|what| say!("drill-withheld", what = words::read(&what.message))));
    for said in &receipt.last_lines {
        let member = escape::text(&said.member);
        lines.extend(said.lines.iter().map(|line| match member.is_empty() {
            true => say!("drill-said", line),
            false => say!("drill-member-said", member, line),
        }));
    }
    lines
}

fn probe(answer: &ProbeAnswer, worthless: &[String]) -> String {
    let name = escape::text(&answer.name);
    let time = Duration::from_millis(answer.took_ms);
    match &answer.failure {
        Some(failure) => say!("drill-probe-failed", name, why = words::read(&failure.message)),
        None if worthless.contains(&answer.name) => say!("drill-probe-proves-nothing", name, answer = answer.answer),
        None => say!("drill-probe-passed", name, answer = answer.answer, time),
    }
}

/// What earlier drills said, newest first.
pub(crate) fn list(session: &Session, workload: Option<&str>) -> Result<Answer> {
    let host = session.looking()?;
    let receipts = Receipts::new(host.state.drills());
    let all = match workload {
        Some(workload) => receipts.of(&host.config.workload(workload)?.id)?,
        None => receipts.list()?,
    };
    let dash = || "-".to_owned();
    let row = |receipt: &DrillReceipt| {
        vec![
            escape::text(&receipt.workload),
            receipt.snapshot.clone().unwrap_or_else(|| say!("empty-volumes")),
            style::instant(receipt.began),
            outcome(receipt.outcome),
            receipt.healthy_ms.map_or_else(dash, |ms| style::duration(Duration::from_millis(ms))),
            receipt.failure.as_ref().map_or_else(dash, |failure| words::read(&failure.message)),
        ]
    };
    let heads = [
        say!("head-workload"),
        say!("head-snapshot"),
        say!("head-began"),
        say!("head-outcome"),
        say!("head-healthy-after"),
        say!("head-why"),
    ];
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    let text = match rows.is_empty() {
        true => say!("no-drills-yet"),
        false => style::table(session.terminal.style, &heads, &rows),
    };
    Ok(Answer::done(text, json!({ "drills": all })))
}
