//! The supervisor of one workload: starts the app, starts it again when it ends, and ends it when told.
//!
//! One thread, one loop: reap, do what is due, converse, wait. Never starts the app while a process of its former run
//! is alive, and never starts it again while restarts are held. A hold is written before it is answered.

use std::io::Write as _;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{WaitOptions, WaitStatus};

use super::conversation::Conversation;
use super::family;
use super::identity::ProcessId;
use super::launch::Program;
use super::log;
use super::place::Place;
use super::probe::Probe;
use super::state::{Phase, State, Status};
use super::stop::{self, Progress, StopSequence};
use crate::failure::{Code, Failure, Result};
use crate::runtime::DeploySpec;

/// A run at least this long was a start that worked.
pub const SETTLE: Duration = Duration::from_secs(1);
/// Pause before the first start after an end; doubles with each one.
const BACK_OFF_MIN: Duration = Duration::from_millis(100);
const BACK_OFF_MAX: Duration = Duration::from_secs(10);
/// A run at least this long starts the pauses anew.
const BACK_OFF_RESET: Duration = Duration::from_secs(10);
/// How often a stop looks again: the end of a process that is nobody's child here wakes nobody.
const STOP_POLL: Duration = Duration::from_millis(20);
/// How often the log's size is looked at.
const LOG_POLL: Duration = Duration::from_secs(1);

/// What goes on, with the times that are not written down.
enum Now {
    Running { since: Instant },
    Clearing(StopSequence),
    Waiting { until: Instant },
    Ended,
    Stopping(StopSequence),
    Stopped,
}

pub struct Supervisor {
    pub(super) place: Place,
    pub(super) spec: DeploySpec,
    pub(super) probe: Option<Probe>,
    state: State,
    now: Now,
    back_off: Duration,
    /// No child is left, and therefore no descendant: orphans become children of the subreaper.
    childless: bool,
}

impl Supervisor {
    /// Reads what is to be supervised. The lock is held. A hold of before stays.
    pub fn new(place: Place) -> Result<Supervisor> {
        let spec = place.spec()?.ok_or_else(|| {
            let at = crate::escape::path(&place.directory);
            Failure::new(Code::Runtime, format!("there is no spec.json in `{at}`"))
        })?;
        stop::signal(&spec.stop_signal)?;
        let supervisor = ProcessId::current(std::process::id() as i32)?;
        let state = State { hold: place.state()?.hold, supervisor, ..State::default() };
        let now = Now::Ended;
        Ok(Supervisor { place, spec, probe: None, state, now, back_off: BACK_OFF_MIN, childless: true })
    }

    /// Starts the app for the first time: a failure is final, and nothing runs then.
    pub fn start(&mut self) -> Result<()> {
        if let Err(failure) = self.launch() {
            self.state.last_end = Some(failure.message.clone());
            self.now = Now::Stopped;
            self.write()?;
            return Err(failure);
        }
        // Found by its mark if this fails: the app is ended again by the stop that every create begins with.
        self.write()
    }

    /// Supervises until the app was stopped.
    pub fn run(&mut self, conversation: &mut Conversation) -> Result<()> {
        while !matches!(self.now, Now::Stopped) {
            self.reap()?;
            self.advance(conversation);
            conversation.hold(self);
            if !matches!(self.now, Now::Stopped) {
                conversation.wait(self.pause())?;
            }
        }
        Ok(())
    }

    fn launch(&mut self) -> Result<()> {
        let program = Program::resolve(&self.spec, &self.spec.command)?;
        let output = log::open(&self.place, program.account.as_ref())?;
        self.state.log_start_bytes = log::size(&self.place);
        let pid = program.start(&self.place, Some(output))?;
        self.childless = false;
        self.state.starts += 1;
        self.now = Now::Running { since: Instant::now() };
        // It is our child and not reaped yet: it has an entry in /proc even if it has ended already.
        self.state.main = ProcessId::current(pid)?;
        Ok(())
    }

    /// Takes the ends of all children.
    fn reap(&mut self) -> Result<()> {
        loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) => {
                    let pid = pid.as_raw_pid();
                    if self.state.main.as_ref().is_some_and(|main| main.pid == pid) {
                        self.main_ended(status);
                    } else if let Some(probe) = self.probe.as_mut().filter(|probe| probe.pid == pid) {
                        probe.ended = Some(end_in_words(status));
                    }
                }
                Ok(None) => {
                    self.childless = false;
                    return Ok(());
                }
                Err(Errno::CHILD) => {
                    self.childless = true;
                    return Ok(());
                }
                Err(Errno::INTR) => {}
                Err(errno) => return Err(Failure::new(Code::Runtime, format!("cannot wait for children: {errno}"))),
            }
        }
    }

    fn main_ended(&mut self, status: WaitStatus) {
        self.state.main = None;
        let words = end_in_words(status).unwrap_or_else(|| "ended with status 0".to_owned());
        if let Now::Running { since } = self.now {
            let ran = since.elapsed();
            self.note_end(words, ran);
            self.now =
                Now::Clearing(StopSequence::new(rustix::process::Signal::TERM, self.spec.stop_timeout, Instant::now()));
        } else {
            self.state.last_end = Some(words);
        }
        self.write_or_say();
    }

    fn note_end(&mut self, words: String, ran: Duration) {
        self.state.last_end = Some(words);
        self.state.ends += 1;
        self.state.short_ends = if ran < SETTLE { self.state.short_ends + 1 } else { 0 };
        if ran >= BACK_OFF_RESET {
            self.back_off = BACK_OFF_MIN;
        }
    }

    /// Does what is due now.
    fn advance(&mut self, conversation: &mut Conversation) {
        let now = Instant::now();
        match &mut self.now {
            Now::Running { since } if self.state.short_ends > 0 && now - *since >= SETTLE => {
                self.state.short_ends = 0;
                self.write_or_say();
            }
            Now::Clearing(sequence) => match step(sequence, now, None, self.childless) {
                Progress::Down => self.after_end(),
                Progress::Waiting => {}
                // Tried for ever: another instance beside this one would damage what both write.
                Progress::NotDown(failure) => self.state.last_end = Some(failure.message),
            },
            Now::Waiting { until } if now >= *until => self.restart(),
            Now::Stopping(sequence) => match step(sequence, now, self.state.main.as_ref(), self.childless) {
                Progress::Down => {
                    self.now = Now::Stopped;
                    self.state.main = None;
                    self.write_or_say();
                    conversation.stopped(Ok(()));
                }
                Progress::Waiting => {}
                Progress::NotDown(failure) => conversation.stopped(Err(failure)),
            },
            _ => {}
        }
    }

    /// The app has ended by itself and nothing of it is left.
    fn after_end(&mut self) {
        self.now = match self.state.hold {
            true => Now::Ended,
            false => Now::Waiting { until: Instant::now() + self.back_off },
        };
        self.write_or_say();
    }

    fn restart(&mut self) {
        self.back_off = (self.back_off * 2).min(BACK_OFF_MAX);
        if let Err(failure) = self.launch() {
            self.note_end(failure.message, Duration::ZERO);
            self.after_end();
        } else {
            self.write_or_say();
        }
    }

    /// Ends the app, and then the supervisor. Asked again, it goes on.
    pub(super) fn stop(&mut self) {
        if matches!(self.now, Now::Stopping(_) | Now::Stopped) {
            return;
        }
        let signal = stop::signal(&self.spec.stop_signal).unwrap_or(rustix::process::Signal::TERM);
        self.now = Now::Stopping(StopSequence::new(signal, self.spec.stop_timeout, Instant::now()));
        self.write_or_say();
    }

    /// Switches restarts off, durably.
    pub(super) fn hold(&mut self) -> Result<()> {
        self.state.hold = true;
        if matches!(self.now, Now::Waiting { .. }) {
            self.now = Now::Ended;
        }
        self.write()
    }

    /// Switches restarts on again. An app that has ended meanwhile is started.
    pub(super) fn release(&mut self) -> Result<()> {
        self.state.hold = false;
        if matches!(self.now, Now::Ended) {
            self.back_off = BACK_OFF_MIN;
            self.now = Now::Waiting { until: Instant::now() };
        }
        self.write()
    }

    pub(super) fn status(&self) -> Result<Status> {
        let up = match self.now {
            Now::Running { since } => Some(since.elapsed()),
            _ => None,
        };
        let alive = if self.childless { 0 } else { family::descendants(std::process::id() as i32)?.len() };
        let state = State { phase: self.phase(), ..self.state.clone() };
        Ok(Status { state, up_ms: up.map(|up| u64::try_from(up.as_millis()).unwrap_or(u64::MAX)), alive })
    }

    /// How long nothing is due, if no child ends and nobody asks.
    fn pause(&self) -> Duration {
        let pause = match &self.now {
            Now::Clearing(_) | Now::Stopping(_) => STOP_POLL,
            Now::Waiting { until } => until.saturating_duration_since(Instant::now()),
            Now::Running { .. } | Now::Ended | Now::Stopped => LOG_POLL,
        };
        let probe =
            self.probe.as_ref().map_or(LOG_POLL, |probe| probe.deadline.saturating_duration_since(Instant::now()));
        pause.min(probe).min(LOG_POLL)
    }

    fn phase(&self) -> Phase {
        match self.now {
            Now::Running { .. } => Phase::Running,
            Now::Clearing(_) => Phase::Clearing,
            Now::Waiting { .. } => Phase::Waiting,
            Now::Ended => Phase::Ended,
            Now::Stopping(_) => Phase::Stopping,
            Now::Stopped => Phase::Stopped,
        }
    }

    fn write(&mut self) -> Result<()> {
        self.state.phase = self.phase();
        self.place.write_state(&self.state)
    }

    /// A full disk must not end the supervision: while it lasts, the supervisor itself is what knows.
    fn write_or_say(&mut self) {
        if let Err(failure) = self.write() {
            say(&failure);
        }
    }

    /// Keeps the log within its bound.
    pub(super) fn tend_log(&self) {
        if let Err(failure) = log::rotate(&self.place, log::LOG_BYTES_MAX) {
            say(&failure);
        }
    }
}

fn step(sequence: &mut StopSequence, now: Instant, main: Option<&ProcessId>, childless: bool) -> Progress {
    if childless {
        return Progress::Down;
    }
    match family::descendants(std::process::id() as i32) {
        // Ended, but not reaped yet.
        Ok(rest) if rest.is_empty() => Progress::Waiting,
        Ok(rest) => sequence.step(now, main, &rest),
        Err(failure) => Progress::NotDown(failure),
    }
}

/// None if it ended well.
fn end_in_words(status: WaitStatus) -> Option<String> {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("ended with status {code}")),
        (None, Some(signal)) => Some(format!("was killed by {}", stop::signal_name(signal))),
        (None, None) => Some("ended".to_owned()),
    }
}

/// Into the log: the supervisor's standard error.
pub(super) fn say(failure: &Failure) {
    // There is nowhere left to say that this could not be said.
    let _ = writeln!(std::io::stderr(), "reforge: {failure}");
}
