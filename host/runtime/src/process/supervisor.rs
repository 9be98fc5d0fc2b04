//! The supervisor of one workload: starts the app, starts it again when it ends, and ends it when told.
//!
//! One thread, one loop: reap, do what is due, converse, wait. Never starts the app while a process of its former run
//! is alive, and never starts it again while restarts are held. A hold is written before it is answered.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{WaitOptions, WaitStatus};

use super::identity::ProcessId;
use super::launch::Program;
use super::log::{self, AppOutput, say};
use super::probe::Probe;
use super::process_tree;
use super::state::{Phase, State, Status};
use super::stop::{self, Progress, StopSequence};
use super::workload_dir::WorkloadDir;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{DeploySpec, Mount};
use reforge_volumes::identity::Identity;

/// A run at least this long was a start that worked.
pub(super) const SETTLE: Duration = Duration::from_secs(1);
/// Pause before the first start after an end; doubles with each one.
const BACK_OFF_MIN: Duration = Duration::from_millis(100);
const BACK_OFF_MAX: Duration = Duration::from_secs(10);
/// A run at least this long starts the pauses anew.
const BACK_OFF_RESET: Duration = Duration::from_secs(10);
/// How often a stop looks again for processes that were started since. The end of the last one wakes at once: it is a child here,
/// since whoever had started it has ended.
const STOP_POLL: Duration = Duration::from_millis(20);
/// How long nothing may happen at all before everything is looked at again.
const IDLE_POLL: Duration = Duration::from_secs(1);

/// What goes on, with the times that are not written down.
enum Now {
    Running { since: Instant },
    Clearing(StopSequence),
    Waiting { until: Instant },
    Ended,
    Stopping(StopSequence),
    Stopped,
}

pub(super) struct Supervisor {
    pub(super) workload_dir: WorkloadDir,
    pub(super) spec: DeploySpec,
    pub(super) probe: Option<Probe>,
    pub(super) output: AppOutput,
    state: State,
    now: Now,
    back_off: Duration,
    /// No child is left, and therefore no descendant: orphans become children of the subreaper.
    childless: bool,
}

impl Supervisor {
    /// Reads what is to be supervised. The lock is held. A hold of before stays.
    pub(super) fn new(workload_dir: WorkloadDir, output: AppOutput) -> Result<Supervisor> {
        let spec = workload_dir.spec()?.ok_or_else(|| {
            let at = reforge_base::escape::path(&workload_dir.directory);
            Failure::new(Code::Runtime, message!("there-is-no-spec-json-in", at))
        })?;
        stop::signal(&spec.stop_signal)?;
        let supervisor = ProcessId::current(std::process::id() as i32)?;
        let state = State { hold: workload_dir.state()?.hold, supervisor, ..State::default() };
        let now = Now::Ended;
        Ok(Supervisor { workload_dir, spec, probe: None, output, state, now, back_off: BACK_OFF_MIN, childless: true })
    }

    /// Starts the app for the first time: a failure is final, and nothing runs then.
    pub(super) fn start(&mut self) -> Result<()> {
        if let Err(failure) = self.launch() {
            self.state.last_end = Some(failure.message.clone());
            self.now = Now::Stopped;
            self.write()?;
            return Err(failure);
        }
        // It runs, and whoever asks is told so: a disk that is full changes nothing about that.
        self.write_or_say();
        Ok(())
    }

    /// Whether the app was stopped, and nothing is left to supervise.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.now, Now::Stopped)
    }

    fn launch(&mut self) -> Result<()> {
        let program = Program::prepare(&self.spec, &self.spec.command)?;
        let output = self.output.end_for(program.account.as_ref());
        let output = output.map_err(|error| Failure::io("use", &self.workload_dir.file("log"), &error))?;
        self.tend_log();
        self.state.log_start_bytes = log::size(&self.workload_dir);
        self.state.given = given(&self.spec);
        // Nobody's clock: no two runs have the same.
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let start = now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64;
        let pid = program.start(&self.workload_dir, start, Some(output))?;
        self.state.start = start;
        self.childless = false;
        self.state.starts += 1;
        self.now = Now::Running { since: Instant::now() };
        // It is our child and not reaped yet: it has an entry in /proc even if it has ended already.
        self.state.main = ProcessId::current(pid)?;
        Ok(())
    }

    /// Takes the ends of all children.
    pub(super) fn reap(&mut self) -> Result<()> {
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
                Err(errno) => return Err(Failure::new(Code::Runtime, message!("cannot-wait-for-children", errno))),
            }
        }
    }

    fn main_ended(&mut self, status: WaitStatus) {
        self.state.main = None;
        let words = end_in_words(status).unwrap_or_else(|| message!("ended-with-status-0"));
        if let Now::Running { since } = self.now {
            let ran = since.elapsed();
            self.note_end(words, ran);
            self.now =
                Now::Clearing(StopSequence::new(rustix::process::Signal::TERM, self.spec.stop_timeout, Instant::now()));
            self.write_or_say();
        } else {
            // What is told when it is down.
            self.state.last_end = Some(words);
        }
    }

    fn note_end(&mut self, words: Message, ran: Duration) {
        self.state.last_end = Some(words);
        self.state.ends += 1;
        self.state.short_ends = if ran < SETTLE { self.state.short_ends + 1 } else { 0 };
        if ran >= BACK_OFF_RESET {
            self.back_off = BACK_OFF_MIN;
        }
    }

    /// Does what is due now. Answers what became of a stop, if that is known now.
    pub(super) fn advance(&mut self) -> Option<Result<()>> {
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
                    // Nothing is left that could say more.
                    while !self.output.take() {}
                    return Some(Ok(()));
                }
                Progress::Waiting => {}
                Progress::NotDown(failure) => return Some(Err(failure)),
            },
            _ => {}
        }
        None
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
    }

    /// Which run of the app this is.
    pub(super) fn run_number(&self) -> u64 {
        self.state.start
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

    pub(super) fn status(&mut self) -> Result<Status> {
        // Whoever asks why it ended looks into the log next.
        self.tend_log();
        let up = match self.now {
            Now::Running { since } => Some(since.elapsed()),
            _ => None,
        };
        let state = State { phase: self.phase(), ..self.state.clone() };
        let alive = match state.phase {
            _ if self.childless => 0,
            // The main process is, at least: all others are asked only when that has ended.
            Phase::Running => 1,
            _ => process_tree::descendants(std::process::id() as i32)?.len(),
        };
        Ok(Status { state, up_ms: up.map(|up| u64::try_from(up.as_millis()).unwrap_or(u64::MAX)), alive })
    }

    /// How long nothing is due, if no child ends and nobody asks.
    pub(super) fn pause(&self) -> Duration {
        let pause = match &self.now {
            Now::Stopping(sequence) if sequence.is_new() => Duration::ZERO,
            Now::Clearing(_) | Now::Stopping(_) => STOP_POLL,
            Now::Waiting { until } => until.saturating_duration_since(Instant::now()),
            Now::Running { .. } | Now::Ended | Now::Stopped => IDLE_POLL,
        };
        let probe =
            self.probe.as_ref().map_or(IDLE_POLL, |probe| probe.deadline.saturating_duration_since(Instant::now()));
        pause.min(probe).min(IDLE_POLL)
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
        self.workload_dir.write_state(&self.state)
    }

    /// A full disk must not end the supervision: while it lasts, the supervisor itself is what knows.
    fn write_or_say(&mut self) {
        if let Err(failure) = self.write() {
            say(&failure);
        }
    }

    /// Takes what the app has said into the log.
    pub(super) fn tend_log(&mut self) {
        self.output.take();
    }
}

/// Which directories the volumes are right now. One that cannot be told from another has none, and is compared by its path.
fn given(spec: &DeploySpec) -> BTreeMap<String, Identity> {
    let identity = |mount: &Mount| Some((mount.volume.clone(), Identity::at(&mount.live).ok().flatten()?));
    spec.mounts.iter().filter_map(identity).collect()
}

fn step(sequence: &mut StopSequence, now: Instant, main: Option<&ProcessId>, childless: bool) -> Progress {
    if childless {
        return Progress::Down;
    }
    if main.is_some() {
        return sequence.step(now, main, &[]);
    }
    match process_tree::descendants(std::process::id() as i32) {
        // Ended, but not reaped yet.
        Ok(rest) if rest.is_empty() => Progress::Waiting,
        Ok(rest) => sequence.step(now, main, &rest),
        Err(failure) => Progress::NotDown(failure),
    }
}

/// None if it ended well.
fn end_in_words(status: WaitStatus) -> Option<Message> {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(message!("ended-with-status", code)),
        (None, Some(signal)) => Some(message!("was-killed-by", signal_name = stop::signal_name(signal))),
        (None, None) => Some(message!("ended")),
    }
}
