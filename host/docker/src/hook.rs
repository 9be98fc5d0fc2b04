//! A command that is run in a container around a snapshot: its output is kept, and it is ended at its limit.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

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

/// Runs it to its end. One that cannot be run has failed.
pub(crate) fn run(client: &Client, found: &Found, words: Vec<String>, limit: Duration) -> Result<HookEnd> {
    let doing = || message!("run-a-hook-in-the-container", shown = found.shown());
    if !found.is_running() {
        return Ok(could_not(message!("its-container-does-not-run")));
    }
    let config =
        ExecConfig { cmd: Some(words), attach_stdout: Some(true), attach_stderr: Some(true), ..Default::default() };
    let made = client.change("docker-exec", CHANGE_LIMIT, |docker| docker.create_exec(&found.id, config));
    let id = match made {
        Ok(made) => made.id,
        Err(error) if error.is_passing() || error.message().is_empty() => return Err(client.failed(doing())(error)),
        Err(error) => return Ok(could_not(escape::text(error.message()))),
    };
    let started = client.change("docker-exec-start", limit + CHANGE_LIMIT, |docker| async {
        let mut tail = VecDeque::new();
        let StartExecResults::Attached { mut output, .. } = docker.start_exec(&id, None).await? else {
            return Ok((tail, true));
        };
        let deadline = tokio::time::Instant::now() + limit;
        loop {
            match tokio::time::timeout_at(deadline, output.next()).await {
                Err(_) => return Ok((tail, false)),
                Ok(None) => return Ok((tail, true)),
                Ok(Some(said)) => {
                    tail.extend(said?.into_bytes());
                    let over = tail.len().saturating_sub(HOOK_OUTPUT_BYTES_MAX);
                    tail.drain(..over);
                }
            }
        }
    });
    let (tail, is_over) = match started {
        Ok(started) => started,
        Err(error) if error.message().is_empty() => return Err(client.failed(doing())(error)),
        Err(error) => return Ok(could_not(escape::text(error.message()))),
    };
    let output = Vec::from(tail);
    let deadline = Instant::now() + if is_over { ENDED_LIMIT } else { Duration::ZERO };
    loop {
        let state = match client.ask(|docker| docker.inspect_exec(&id)) {
            Ok(state) => state,
            Err(error) if error.is_gone() => {
                return Ok(HookEnd { failure: Some(message!("its-container-ended")), output });
            }
            Err(error) => return Err(client.failed(doing())(error)),
        };
        match (state.running, state.exit_code) {
            (Some(false), Some(0)) => return Ok(HookEnd { failure: None, output }),
            (Some(false), code) => {
                let code = code.map_or("?".to_owned(), |code| code.to_string());
                return Ok(HookEnd { failure: Some(message!("ended-with-status", code)), output });
            }
            _ if Instant::now() >= deadline => {
                health::end(state.pid)?;
                return Ok(HookEnd { failure: Some(message!("took-longer-than", limit)), output });
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

fn could_not(why: impl Into<Message>) -> HookEnd {
    HookEnd { failure: Some(message!("could-not-be-run", failure = why.into())), output: Vec::new() }
}
