//! What a person says before anything is changed, or else it is not.

use reforge_base::Code;
use reforge_base::Failure;
use reforge_base::Result;
use reforge_base::escape;
use reforge_base::message;

use super::session::Session;
use super::words::say;

/// Nobody can be asked: then only `--yes` will do.
pub(crate) fn must_be_interactive(session: &Session) -> Result<()> {
    if session.terminal.is_interactive() {
        return Ok(());
    }
    Err(Failure::new(Code::Usage, message!("no-terminal-to-ask-on")).hint(message!("say-yes")))
}

pub(crate) fn must_type_name(session: &Session, workload: &str) -> Result<()> {
    let question = format!("\n{}", say!("type-the-workloads-name", workload = escape::text(workload)));

    match session.terminal.ask(&question)? {
        typed if typed == workload => Ok(()),
        _ => Err(Failure::new(Code::Cancelled, message!("that-is-not-its-name"))),
    }
}

pub(crate) fn must_say_yes(session: &Session, question: &str) -> Result<()> {
    match session.terminal.ask(question)?.to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::new(Code::Cancelled, message!("cancelled-nothing-was-changed"))),
    }
}
