//! Standard output, standard error and the person behind them. Nothing else writes to either.
//!
//! Nobody waits for a reader who does not read: but for the answer, and for that only when nothing is held any more.

use std::io::IsTerminal as _;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reforge_base::Code;
use reforge_base::Failure;
use reforge_base::Result;
use reforge_base::message;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::output::Output;
use super::style::Style;
use super::words::{self, say};

/// How soon a question that waits for an answer sees that the person gave up.
const QUESTION_POLL: Duration = Duration::from_millis(100);
/// Nobody types a longer answer.
const ANSWER_BYTES_MAX: usize = 4096;

#[derive(Clone)]
pub(crate) struct Terminal {
    /// One document on standard output and nothing beside it.
    pub json: bool,
    /// Of text on standard output.
    pub style: Style,
    /// Of text on standard error.
    pub error_style: Style,
    /// Somebody asked to stop: Ctrl-C, or a signal that means the same.
    pub cancelled: Arc<AtomicBool>,
    /// What runs cannot be stopped any more, and finishes.
    pub committed: Arc<AtomicBool>,
    answers: Output,
    errors: Output,
}

impl Terminal {
    pub(crate) fn new(json: bool) -> Terminal {
        let style = |is_terminal: bool| Style::new(is_terminal && !json);
        Terminal {
            json,
            style: style(std::io::stdout().is_terminal()),
            error_style: style(std::io::stderr().is_terminal()),
            cancelled: Arc::default(),
            committed: Arc::default(),
            answers: Output::standard_output(),
            errors: Output::standard_error(),
        }
    }

    /// Whether somebody can be asked.
    pub(crate) fn is_interactive(&self) -> bool {
        !self.json && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// The answer, on standard output. Fails if it could not be written, or was given up.
    pub(crate) fn answer(&self, text: &str) -> std::io::Result<()> {
        // Where both are one terminal, what was said before stands before.
        self.errors.drain();
        self.answers.deliver(format!("{text}\n"), &self.cancelled)
    }

    /// A piece of an answer that is no text, as [`Terminal::answer`].
    pub(crate) fn answer_bytes(&self, bytes: &[u8]) -> std::io::Result<()> {
        self.errors.drain();
        self.answers.deliver(bytes, &self.cancelled)
    }

    /// A part of the answer, as soon as it is known.
    pub(crate) fn print(&self, text: &str) {
        self.answers.show(format!("{text}\n"));
    }

    /// Something beside the answer, for a person.
    pub(crate) fn say(&self, text: &str) {
        if !self.json {
            self.errors.show(format!("{text}\n"));
        }
    }

    /// Where bars are drawn.
    pub(crate) fn errors(&self) -> &Output {
        &self.errors
    }

    /// The end of the program: what was said is given a moment to be written.
    pub(crate) fn drain(&self) {
        self.errors.drain();
    }

    pub(crate) fn complain(&self, failure: &Failure) {
        let error = self.error_style.red(&say!("label-error"));
        self.say(&format!("{error} {}", words::read(&failure.message)));

        if !failure.hint.is_empty() {
            self.say(&format!("{} {}", self.error_style.bold(&say!("label-hint")), words::read(&failure.hint)));
        }
    }

    /// A warning with its hint.
    pub(crate) fn warn(&self, failure: &Failure) {
        let label = say!("label-warning");
        self.say(&format!("{} {}", self.error_style.yellow(&label), words::read(&failure.message)));

        if !failure.hint.is_empty() {
            self.say(&format!("{:width$} {}", "", words::read(&failure.hint), width = label.chars().count()));
        }
    }

    /// Asks for a line. `cancelled` when the person gave up, also by ending the input.
    pub(crate) fn ask(&self, question: &str) -> Result<String> {
        self.errors.show(format!("{question} "));
        let mut line = Vec::new();
        while !line.ends_with(b"\n") && line.len() < ANSWER_BYTES_MAX {
            wait_for_input(&self.cancelled)?;
            let mut bytes = [0; 256];
            match rustix::io::read(std::io::stdin(), &mut bytes) {
                // The terminal is gone, too.
                Ok(0) | Err(Errno::IO) => return Err(gave_up()),
                Ok(read) => line.extend_from_slice(&bytes[..read]),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(errno) => return Err(Failure::new(Code::Io, message!("cannot-read-the-answer", errno))),
            }
        }
        Ok(String::from_utf8_lossy(&line).trim().to_owned())
    }
}

/// Waits in pieces, since a signal does not end a read that is started again.
fn wait_for_input(cancelled: &AtomicBool) -> Result<()> {
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
    Failure::new(Code::Cancelled, message!("cancelled-nothing-was-changed"))
}
