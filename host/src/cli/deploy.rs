//! `init`, `deploy`, `rollback`, `stop`, `promote`, `preview`: each is one request to the deployer.

use reforge_host::deployer::dispatch::{DeployRequest, Deployed};
use reforge_host::runtime::Health;
use reforge_host::state_dir::StateDir;
use reforge_host::{Result, escape};
use serde_json::json;

use super::answer::Answer;
use super::exit::Exit;
use super::session::Session;

pub fn init(session: &Session) -> Result<Answer> {
    let config = session.config()?;
    let state = StateDir::init(&config)?;
    let (root, snapshots) = (escape::path(state.root()), escape::path(&config.host.snapshot_dir));
    let text = format!("host {}\nstate      {root}\nsnapshots  {snapshots}", state.host_id());
    Ok(Answer::done(
        text,
        json!({
            "host_id": state.host_id(),
            "state_dir": state.root(),
            "snapshot_dir": config.host.snapshot_dir,
        }),
    ))
}

pub fn dispatch(session: &Session, request: &DeployRequest, wait: bool) -> Result<Answer> {
    let host = session.changing()?;
    let cancelled = || session.is_cancelled();
    let done = host.deployer.dispatch(request, wait, &cancelled);
    audit(session, request, &done)?;
    let done = done?;
    let name = escape::text(&done.name);
    let (Some(spec), Some(report)) = (&done.spec, &done.health) else {
        return Ok(Answer::done(format!("stopped `{name}`"), json!({ "workload": done.name, "state": "stopped" })));
    };
    let (word, exit) = match report.health {
        Health::Unknown => ("unconfirmed", Exit::Unconfirmed),
        _ => ("healthy", Exit::Done),
    };
    let text =
        format!("deployed `{name}`: {word} ({})\nimage  {}", escape::prose(&report.reason), escape::text(&spec.image));
    let json = json!({
        "workload": done.name,
        "state": "running",
        "image": { "reference": spec.image, "digest": spec.image_digest },
        "health": word,
        "reason": report.reason,
    });
    Ok(Answer { exit, ..Answer::done(text, json) })
}

fn audit(session: &Session, request: &DeployRequest, done: &Result<Deployed>) -> Result<()> {
    let what = match request {
        DeployRequest::Deploy { .. } => "deploy",
        DeployRequest::Rollback { .. } => "rollback",
        DeployRequest::Promote { .. } => "promote",
        DeployRequest::Preview { .. } => "preview",
        DeployRequest::Stop { .. } => "stop",
    };
    let image = done.as_ref().ok().and_then(|done| done.spec.as_ref()).map(|spec| &spec.image);
    let details = json!({ "workload": request.workload(), "image": image, "failure": done.as_ref().err() });
    session.open()?.audit_event(what, &session.who(), details)
}
