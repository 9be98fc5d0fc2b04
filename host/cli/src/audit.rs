//! `audit`: the newest lines of the audit log, oldest first.

use reforge_base::Failure;
use reforge_base::Result;
use reforge_base::escape;
use reforge_host::audit::Line;
use serde::Deserialize as _;

use super::answer::Answer;
use super::session::Session;
use super::words::{self, say};

pub(crate) fn audit(session: &Session, lines: usize) -> Result<Answer> {
    let host = session.looking()?;
    let newest = host.audit().newest(lines)?;
    let text = match newest.lines.is_empty() {
        true => say!("nothing-happened-yet"),
        false => newest.lines.iter().map(line).collect::<Vec<_>>().join("\n"),
    };
    Ok(Answer::done(text, newest))
}

fn line(line: &Line) -> String {
    let event = match line {
        Line::Event(event) => event,
        Line::Text(text) => return escape::text(text),
    };
    let details = &event.details;
    let detail = |name: &str| details[name].as_str().map(escape::text);
    let at = event.at.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let mut told = vec![at, escape::text(&event.who), escape::text(&event.what)];
    told.extend(["workload", "snapshot", "restore", "id", "outcome"].iter().filter_map(|name| detail(name)));
    told.retain(|word| !word.is_empty());
    // Of an earlier version there may be the text alone.
    let failure = Failure::deserialize(&details["failure"]).ok().map(|failure| words::read(&failure.message));
    if let Some(message) = failure.or_else(|| details["failure"]["message"].as_str().map(str::to_owned)) {
        told.push(format!("({})", escape::prose(&message)));
    }
    told.join("  ")
}
