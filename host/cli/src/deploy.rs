//! `deploy`, `rollback`, `stop`, `start`, `promote`, `preview`: each is one request to the deployer.

use reforge_base::Result;
use reforge_base::escape;
use reforge_base::spec::Health;
use reforge_deployer::dispatch::DeployRequest;
use reforge_documents::workload as documents;
use reforge_runtime::Replaced;

use super::answer::Answer;
use super::consent;
use super::exit::Exit;
use super::session::Session;
use super::words::{self, say};

/// A deploy. What somebody else made is replaced only if a person says so, who was shown what would be otherwise.
pub(crate) fn deploy(
    session: &Session,
    workload: String,
    make_empty: Vec<String>,
    yes: bool,
    wait: bool,
) -> Result<Answer> {
    let mut replace = yes;
    // What stands in the way is said by the deploy itself.
    if !yes && let Ok(Some(Replaced { what, changes })) = session.changing()?.deployer.would_replace(&workload) {
        session.terminal.say(&say!("deploy-replaces", what = words::read(&what)));
        for change in &changes {
            session.terminal.say(&say!("deploy-changes", change = words::read(change)));
        }
        // Where nobody can be asked it is refused, and says all of this.
        if session.terminal.is_interactive() {
            consent::must_say_yes(session, &say!("deploy-it"))?;
            replace = true;
        }
    }
    dispatch(session, &DeployRequest::Deploy { workload, make_empty, replace }, wait)
}

pub(crate) fn dispatch(session: &Session, request: &DeployRequest, wait: bool) -> Result<Answer> {
    let host = session.changing()?;
    let done = host.dispatch(request, wait, &session.who(), &|| session.is_cancelled())?;
    let name = escape::text(&done.name);
    let document = documents::deployed(&done);
    let (Some(spec), Some(report)) = (&done.spec, &done.health) else {
        return Ok(Answer::done(say!("stopped-workload", name), document));
    };
    let exit = match report.health {
        Health::Unknown => Exit::Unconfirmed,
        _ => Exit::Done,
    };
    let health = words::word("health", documents::health(report.health));
    let reason = escape::prose(&words::read(&report.reason));
    let deployed = match request {
        DeployRequest::Start { .. } => say!("started-workload", name, health, reason),
        _ => say!("deployed-workload", name, health, reason),
    };
    let mut text = format!("{deployed}\n{}", say!("deployed-image", image = escape::text(&spec.image)));
    for made in &done.made {
        let (path, volume) = (escape::path(&made.path), escape::text(&made.volume));
        text.push_str(&format!("\n{}", say!("deployed-made", path, volume)));
    }
    Ok(Answer { exit, ..Answer::done(text, document) })
}
