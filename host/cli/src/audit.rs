//! `audit`: the newest lines of the audit log, oldest first.

use reforge_base::Result;
use reforge_base::escape;
use reforge_host::audit::Line;

use super::answer::Answer;
use super::session::Session;
use super::words::say;

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
    let mut words = vec![at, escape::text(&event.who), escape::text(&event.what)];
    words.extend(["workload", "snapshot", "restore", "id", "outcome"].iter().filter_map(|name| detail(name)));
    words.retain(|word| !word.is_empty());
    if let Some(message) = details["failure"]["message"].as_str() {
        words.push(format!("({})", escape::prose(message)));
    }
    words.join("  ")
}
