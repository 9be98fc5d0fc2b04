//! By a program that gets the message as JSON on its standard input. What it prints is shown to nobody: it may hold a secret.
//! One that runs on after its limit is ended, with all that it began.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{escape, message, threads};
use rustix::process::{Pid, Signal, kill_process_group};

use super::{Answer, too_slow};
use crate::table::Content;

pub(super) fn run(words: &[String], content: &Content, limit: Duration) -> Result<Answer> {
    let (program, arguments) = words.split_first().map_or(("", words), |(program, rest)| (program.as_str(), rest));
    let shown = escape::text(program);
    let failed = |error: std::io::Error| Failure::new(Code::Io, message!("cannot-run", shown, why = error));
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // In a group of its own, so that nothing of it outlives the limit.
    let mut child = command.process_group(0).spawn().map_err(failed)?;
    let group = Pid::from_child(&child);
    let input = child.stdin.take();
    let document = format!("{}\n", content.document);
    threads::spawn("notify-input", move || {
        // One that does not read it knows why.
        let _ = input.map(|mut input| input.write_all(document.as_bytes()));
    })?;
    let (told, ended) = mpsc::sync_channel(1);
    threads::spawn("notify-command", move || {
        let _ = told.send(child.wait());
    })?;
    match ended.recv_timeout(limit) {
        Ok(Ok(status)) if status.success() => Ok("0".to_owned()),
        Ok(Ok(status)) => {
            Err(Failure::new(Code::Io, message!("program-ended-with", shown, status = status.to_string())))
        }
        Ok(Err(error)) => Err(failed(error)),
        Err(_) => {
            // It may have ended in this moment.
            let _ = kill_process_group(group, Signal::KILL);
            Err(too_slow(limit))
        }
    }
}
