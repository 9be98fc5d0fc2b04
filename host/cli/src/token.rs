//! `token …`: who may use the API.

use reforge_base::Result;
use reforge_host::host::Host;
use reforge_server::tokens::{Role, Tokens};
use serde_json::{Value, json};

use super::answer::Answer;
use super::session::Session;
use super::style;
use super::words::say;

pub(crate) fn create(session: &Session, name: &str, role: Role) -> Result<Answer> {
    let host = session.changing()?;
    let made = Tokens::of(&host.state).create(name, role);
    let details = json!({ "token": name, "role": role, "failure": made.as_ref().err() });
    host.audit_event("token-create", &session.who(), details)?;
    let made = made?;
    let text = format!("{made}\n{}", say!("token-is-shown-once"));
    let (host, who, name) = (host.clone(), session.who(), name.to_owned());
    let document = json!({ "name": name, "role": role, "token": made });
    // Nobody has it then, and it would admit whoever finds it.
    let take_back = Box::new(move || end(&host, &name, &who));
    Ok(Answer { take_back: Some(take_back), ..Answer::done(text, document) })
}

pub(crate) fn list(session: &Session) -> Result<Answer> {
    let tokens = Tokens::of(&session.looking()?.state).list()?;
    let rows: Vec<Vec<String>> = tokens
        .iter()
        .map(|token| vec![token.name.clone(), token.role.as_str().to_owned(), style::age(token.created)])
        .collect();
    let text = match rows.is_empty() {
        true => say!("no-tokens-yet", command = session.command("token create NAME --role admin")),
        false => {
            style::table(session.terminal.style, &[say!("head-token"), say!("head-role"), say!("head-made")], &rows)
        }
    };
    let documents: Vec<Value> = tokens
        .iter()
        .map(|token| json!({ "name": token.name, "role": token.role, "created": token.created }))
        .collect();
    Ok(Answer::done(text, json!({ "tokens": documents })))
}

pub(crate) fn revoke(session: &Session, name: &str) -> Result<Answer> {
    end(session.changing()?, name, &session.who())?;
    Ok(Answer::done(say!("token-revoked", name), json!({ "name": name, "revoked": true })))
}

fn end(host: &Host, name: &str, who: &str) -> Result<()> {
    let revoked = Tokens::of(&host.state).revoke(name);
    let details = json!({ "token": name, "failure": revoked.as_ref().err() });
    host.audit_event("token-revoke", who, details)?;
    revoked
}
