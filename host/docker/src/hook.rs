//! A command that is run in a container, around a snapshot or in a drill: what it says is kept, and it is ended at its limit.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bollard::container::LogOutput;
use bollard::exec::StartExecResults;
use bollard::models::ExecConfig;
use futures_util::StreamExt as _;

use super::client::{CHANGE_LIMIT, Client};
use super::container::Found;
use super::health;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_runtime::{HOOK_OUTPUT_BYTES_MAX, HookEnd};

/// How long an engine may take to say how a command ended whose output is over.
const ENDED_LIMIT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

/// What is kept of what a command says.
pub(crate) trait Kept: Default + Send + 'static {
    fn keep(&mut self, said: LogOutput);
}

/// The end of it.
#[derive(Default)]
struct Tail(VecDeque<u8>);

impl Kept for Tail {
    fn keep(&mut self, said: LogOutput) {
        self.0.extend(said.into_bytes());
        let over = self.0.len().saturating_sub(HOOK_OUTPUT_BYTES_MAX);
        self.0.drain(..over);
    }
}

/// Runs it to its end. One that cannot be run has failed.
pub(crate) fn run(client: &Client, found: &Found, words: Vec<String>, limit: Duration) -> Result<HookEnd> {
    if !found.is_running() {
        let why = could_not(message!("its-container-does-not-run"));
        return Ok(HookEnd { failure: Some(why), output: Vec::new() });
    }
    let doing = || message!("run-a-hook-in-the-container", shown = found.shown());
    let (failure, tail) = exec(client, &found.id, &doing, words, limit, Tail::default())?;
    Ok(HookEnd { failure, output: tail.0.into() })
}

/// Runs a command in a container to its end: what was wrong with it, and what was kept of what it said.
pub(crate) fn exec<K: Kept>(
    client: &Client,
    container: &str,
    doing: &dyn Fn() -> Message,
    words: Vec<String>,
    limit: Duration,
    mut kept: K,
) -> Result<(Option<Message>, K)> {
    let config =
        ExecConfig { cmd: Some(words), attach_stdout: Some(true), attach_stderr: Some(true), ..Default::default() };
    let made = client.change("docker-exec", CHANGE_LIMIT, |docker| docker.create_exec(container, config));
    let id = match made {
        Ok(made) => made.id,
        Err(error) if error.is_passing() || error.message().is_empty() => return Err(client.failed(doing())(error)),
        Err(error) => return Ok((Some(could_not(escape::text(error.message()))), kept)),
    };
    let started = client.change("docker-exec-start", limit + CHANGE_LIMIT, |docker| async {
        let StartExecResults::Attached { mut output, .. } = docker.start_exec(&id, None).await? else {
            return Ok((kept, true));
        };
        let deadline = tokio::time::Instant::now() + limit;
        loop {
            match tokio::time::timeout_at(deadline, output.next()).await {
                Err(_) => return Ok((kept, false)),
                Ok(None) => return Ok((kept, true)),
                Ok(Some(said)) => kept.keep(said?),
            }
        }
    });
    let (kept, is_over) = match started {
        Ok(started) => started,
        Err(error) if error.message().is_empty() => return Err(client.failed(doing())(error)),
        Err(error) => return Ok((Some(could_not(escape::text(error.message()))), K::default())),
    };
    let deadline = Instant::now() + if is_over { ENDED_LIMIT } else { Duration::ZERO };
    loop {
        let state = match client.ask(|docker| docker.inspect_exec(&id)) {
            Ok(state) => state,
            Err(error) if error.is_gone() => return Ok((Some(message!("its-container-ended")), kept)),
            Err(error) => return Err(client.failed(doing())(error)),
        };
        match (state.running, state.exit_code) {
            (Some(false), Some(0)) => return Ok((None, kept)),
            (Some(false), code) => {
                let code = code.map_or("?".to_owned(), |code| code.to_string());
                return Ok((Some(message!("ended-with-status", code)), kept));
            }
            _ if Instant::now() >= deadline => {
                health::end(state.pid)?;
                return Ok((Some(message!("took-longer-than", limit)), kept));
            }
            _ => std::thread::sleep(POLL),
        }
    }
}

/// A member that is not there.
pub(crate) fn no_member(member: &str, known: &[&str]) -> Failure {
    let message = message!("hook-names-no-member", member = escape::text(member));
    let known: Vec<String> = known.iter().map(|name| escape::text(name)).collect();
    Failure::new(Code::Usage, message).hint(message!("there-are-these", known = known.join(", ")))
}

fn could_not(why: impl Into<Message>) -> Message {
    message!("could-not-be-run", failure = why.into())
}
