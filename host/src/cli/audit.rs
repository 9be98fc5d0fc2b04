//! `audit`: the newest lines of the audit log, oldest first.

use reforge_host::{Result, escape};
use serde_json::{Value, json};

use super::answer::Answer;
use super::session::Session;

pub fn audit(session: &Session, lines: usize) -> Result<Answer> {
    let host = session.looking()?;
    let newest = host.audit().newest(lines)?;
    let text = match newest.is_empty() {
        true => "nothing happened yet".to_owned(),
        false => newest.iter().map(line).collect::<Vec<_>>().join("\n"),
    };
    Ok(Answer::done(text, json!({ "lines": newest })))
}

fn line(event: &Value) -> String {
    let field = |name: &str| event[name].as_str().map(escape::text).unwrap_or_default();
    let details = &event["details"];
    let detail = |name: &str| details[name].as_str().map(escape::text);
    if !event.is_object() {
        return escape::text(&event.to_string());
    }
    let mut words = vec![field("at").split('.').next().unwrap_or_default().to_owned(), field("who"), field("what")];
    words.extend(["workload", "snapshot", "restore", "id", "outcome"].iter().filter_map(|name| detail(name)));
    words.retain(|word| !word.is_empty());
    if let Some(message) = details["failure"]["message"].as_str() {
        words.push(format!("({})", escape::prose(message)));
    }
    words.join("  ")
}
