//! Standard output, standard error and the person behind them. Nothing else writes to either.
//!
//! A reader that went away (`reforge … | head`) is no failure: what was done is done.

use std::io::{IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reforge_host::{Code, Failure, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::style::Style;

/// How soon a question that waits for an answer sees that the person gave up.
const QUESTION_POLL: Duration = Duration::from_millis(100);
/// Nobody types a longer answer.
const ANSWER_BYTES_MAX: usize = 4096;

#[derive(Clone)]
pub struct Terminal {
    /// One document on standard output and nothing beside it.
    pub json: bool,
    /// Of text on standard output.
    pub style: Style,
    /// Of text on standard error.
    pub error_style: Style,
}

impl Terminal {
    pub fn new(json: bool) -> Terminal {
        let style = |is_terminal: bool| Style::new(is_terminal && !json);
        Terminal {
            json,
            style: style(std::io::stdout().is_terminal()),
            error_style: style(std::io::stderr().is_terminal()),
        }
    }

    /// Whether somebody can be asked.
    pub fn is_interactive(&self) -> bool {
        !self.json && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// The answer, on standard output.
    pub fn print(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{text}").and_then(|()| out.flush());
    }

    /// Something beside the answer, for a person.
    pub fn say(&self, text: &str) {
        if !self.json {
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        }
    }

    pub fn complain(&self, failure: &Failure) {
        let error = self.error_style.red("error:");
        self.say(&format!("{error} {}", failure.message));
        if !failure.hint.is_empty() {
            self.say(&format!("{} {}", self.error_style.bold("hint:"), failure.hint));
        }
    }

    /// A warning with its hint.
    pub fn warn(&self, failure: &Failure) {
        self.say(&format!("{} {}", self.error_style.yellow("warning:"), failure.message));
        if !failure.hint.is_empty() {
            self.say(&format!("         {}", failure.hint));
        }
    }

    /// Asks for a line. `cancelled` when the person gave up, also by ending the input.
    pub fn ask(&self, question: &str, cancelled: &Arc<AtomicBool>) -> Result<String> {
        let mut error = std::io::stderr().lock();
        let _ = write!(error, "{question} ").and_then(|()| error.flush());
        drop(error);
        let mut line = Vec::new();
        while !line.ends_with(b"\n") && line.len() < ANSWER_BYTES_MAX {
            wait_for_input(cancelled)?;
            let mut bytes = [0; 256];
            let read = rustix::io::read(std::io::stdin(), &mut bytes)
                .map_err(|errno| Failure::new(Code::Io, format!("cannot read the answer: {errno}")))?;
            if read == 0 {
                return Err(gave_up());
            }
            line.extend_from_slice(&bytes[..read]);
        }
        Ok(String::from_utf8_lossy(&line).trim().to_owned())
    }
}

/// Waits in pieces, since a signal does not end a read that is started again.
fn wait_for_input(cancelled: &Arc<AtomicBool>) -> Result<()> {
    let stdin = std::io::stdin();
    let timeout = Timespec { tv_sec: 0, tv_nsec: QUESTION_POLL.as_nanos() as i64 };
    loop {
        if cancelled.load(Ordering::Relaxed) {
            return Err(gave_up());
        }
        let mut sources = [PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::IN)];
        if poll(&mut sources, Some(&timeout)).is_ok_and(|ready| ready > 0) {
            return Ok(());
        }
    }
}

fn gave_up() -> Failure {
    Failure::new(Code::Cancelled, "cancelled; nothing was changed")
}
