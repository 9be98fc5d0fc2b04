//! The order in which a workload is ended: asked, killed, then the same for what the main process left behind.
//!
//! Used by the supervisor and, when that is gone, by the host itself. Never says that something is down while any of
//! it is alive, and says so when something cannot be killed.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::identity::ProcessId;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// How long after SIGKILL a process may still be there (in a write to a slow disk) before the stop is given up.
pub(super) const KILL_LIMIT: Duration = Duration::from_secs(5);
/// What the remaining processes get between SIGTERM and SIGKILL at least, if the main process used up the stop timeout.
const REST_GRACE: Duration = Duration::from_secs(1);

/// One stop under way.
#[derive(Debug)]
pub(super) struct StopSequence {
    signal: Signal,
    /// When the stop timeout is over.
    limit: Instant,
    stage: Stage,
    /// Processes that were asked already.
    asked: HashSet<ProcessId>,
    /// Why a signal could not be sent.
    refused: Option<Failure>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    New,
    MainAsked,
    MainKilled { give_up: Instant },
    RestAsked { kill: Instant },
    RestKilled { give_up: Instant },
}

/// How far a stop is.
#[derive(Debug)]
pub(super) enum Progress {
    Waiting,
    Down,
    /// Everything was tried and something is still alive.
    NotDown(Failure),
}

impl StopSequence {
    /// `signal` is the one that asks the main process to end.
    pub(super) fn new(signal: Signal, timeout: Duration, now: Instant) -> StopSequence {
        let limit = now + timeout;
        StopSequence { signal, limit, stage: Stage::New, asked: HashSet::new(), refused: None }
    }

    /// Whether nothing was asked to end yet.
    pub(super) fn is_new(&self) -> bool {
        self.stage == Stage::New
    }

    /// Does what is due. `main` is the main process while it is alive, `rest` is everything else that is alive, and
    /// looked at only without it.
    pub(super) fn step(&mut self, now: Instant, main: Option<&ProcessId>, rest: &[ProcessId]) -> Progress {
        match main {
            Some(main) => self.end_main(now, main),
            None if rest.is_empty() => Progress::Down,
            None => self.end_rest(now, rest),
        }
    }

    fn end_main(&mut self, now: Instant, main: &ProcessId) -> Progress {
        match self.stage {
            Stage::MainKilled { give_up } if now >= give_up => return self.not_down(std::slice::from_ref(main)),
            Stage::MainKilled { .. } => {}
            Stage::MainAsked if now < self.limit => {}
            Stage::MainAsked => {
                self.send(main, Signal::KILL);
                self.stage = Stage::MainKilled { give_up: now + KILL_LIMIT };
            }
            _ => {
                self.send(main, self.signal);
                // One that is stopped would not see the signal before the limit.
                self.send(main, Signal::CONT);
                self.stage = Stage::MainAsked;
            }
        }
        Progress::Waiting
    }

    fn end_rest(&mut self, now: Instant, rest: &[ProcessId]) -> Progress {
        match self.stage {
            Stage::RestKilled { give_up } => {
                // Again at each step: a process may have been started since.
                rest.iter().for_each(|process| self.send(process, Signal::KILL));
                if now >= give_up {
                    return self.not_down(rest);
                }
            }
            Stage::RestAsked { kill } if now >= kill => {
                rest.iter().for_each(|process| self.send(process, Signal::KILL));
                self.stage = Stage::RestKilled { give_up: now + KILL_LIMIT };
            }
            Stage::RestAsked { .. } => self.ask(rest),
            _ => {
                self.ask(rest);
                self.stage = Stage::RestAsked { kill: self.limit.max(now + REST_GRACE) };
            }
        }
        Progress::Waiting
    }

    /// Each process once: a second SIGTERM makes some of them give up what they are saving.
    fn ask(&mut self, rest: &[ProcessId]) {
        for process in rest {
            if self.asked.insert(process.clone()) {
                self.send(process, Signal::TERM);
                self.send(process, Signal::CONT);
            }
        }
    }

    fn send(&mut self, process: &ProcessId, signal: Signal) {
        // The process is still there then, and the failure is part of what is said at the limit.
        if let Err(failure) = process.signal(signal) {
            self.refused = Some(failure);
        }
    }

    fn not_down(&self, alive: &[ProcessId]) -> Progress {
        let pids: Vec<String> = alive.iter().map(|process| process.pid.to_string()).collect();
        let pids = pids.join(", ");
        let message = match &self.refused {
            None => message!("still-alive-after-sigkill-process", pids),
            Some(refused) => message!("still-alive-after-sigkill-and-why", pids, refused),
        };
        let failure = Failure::new(Code::NotDown, message);
        Progress::NotDown(failure.hint(message!("it-may-hang-in-its-file")))
    }
}

/// A signal by its name, with or without `SIG`.
pub(super) fn signal(name: &str) -> Result<Signal> {
    let short = name.strip_prefix("SIG").unwrap_or(name);
    let known = SIGNALS.iter().find(|(known, _)| *known == short);
    known.map(|(_, signal)| *signal).ok_or_else(|| {
        let names: Vec<&str> = SIGNALS.iter().map(|(name, _)| *name).collect();
        Failure::new(Code::Usage, message!("is-not-a-signal-to-stop", name = reforge_base::escape::text(name)))
            .hint(message!("one-of", names = names.join(", ")))
    })
}

/// The name of a signal that ended a process.
pub(super) fn signal_name(number: i32) -> Message {
    let named = SIGNALS.iter().find(|(_, signal)| signal.as_raw() == number);
    named.map_or_else(|| message!("signal-number", number), |(name, _)| Message::from(format!("SIG{name}")))
}

const SIGNALS: &[(&str, Signal)] = &[
    ("TERM", Signal::TERM),
    ("INT", Signal::INT),
    ("QUIT", Signal::QUIT),
    ("HUP", Signal::HUP),
    ("KILL", Signal::KILL),
    ("USR1", Signal::USR1),
    ("USR2", Signal::USR2),
    ("WINCH", Signal::WINCH),
    ("ABRT", Signal::ABORT),
    ("SEGV", Signal::SEGV),
    ("BUS", Signal::BUS),
    ("FPE", Signal::FPE),
    ("ILL", Signal::ILL),
    ("PIPE", Signal::PIPE),
    ("ALRM", Signal::ALARM),
    ("SYS", Signal::SYS),
    ("XCPU", Signal::XCPU),
    ("XFSZ", Signal::XFSZ),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A process that cannot be reached by any signal: it is not there.
    fn immortal(pid: i32) -> ProcessId {
        ProcessId { pid, start_ticks: 0, boot: "none".to_owned() }
    }

    fn is_waiting(progress: &Progress) -> bool {
        matches!(progress, Progress::Waiting)
    }

    #[test]
    fn what_does_not_end_after_being_killed_is_not_down_and_named() {
        let now = Instant::now();
        let timeout = Duration::from_secs(3);
        let main = immortal(i32::MAX);
        let mut sequence = StopSequence::new(Signal::TERM, timeout, now);
        assert!(is_waiting(&sequence.step(now, Some(&main), &[])));
        assert!(is_waiting(&sequence.step(now + timeout, Some(&main), &[])));
        assert!(is_waiting(&sequence.step(now + timeout + KILL_LIMIT / 2, Some(&main), &[])));
        let Progress::NotDown(failure) = sequence.step(now + timeout + KILL_LIMIT, Some(&main), &[]) else {
            panic!("given up at the limit");
        };
        assert_eq!(failure.code, Code::NotDown);
        assert!(failure.message.contains(&i32::MAX.to_string()), "{}", failure.message);
    }

    #[test]
    fn the_rest_is_asked_then_killed_then_given_up_and_down_only_when_it_is_gone() {
        let now = Instant::now();
        let rest = [immortal(i32::MAX)];
        let mut sequence = StopSequence::new(Signal::INT, Duration::ZERO, now);
        assert!(is_waiting(&sequence.step(now, None, &rest)));
        assert_eq!(sequence.stage, Stage::RestAsked { kill: now + REST_GRACE });
        assert!(is_waiting(&sequence.step(now + REST_GRACE, None, &rest)));
        let given_up = sequence.step(now + REST_GRACE + KILL_LIMIT, None, &rest);
        assert!(matches!(given_up, Progress::NotDown(_)));
        assert!(matches!(sequence.step(now + REST_GRACE + KILL_LIMIT, None, &[]), Progress::Down));
    }

    #[test]
    fn signals_have_one_name_with_or_without_the_prefix() {
        assert_eq!(signal("SIGINT").expect("known"), signal("INT").expect("known"));
        assert_eq!(signal_name(9), "SIGKILL");
        assert_eq!(signal_name(64), "signal 64");
        for name in ["", "SIGSTOP", "9", "sigterm"] {
            assert_eq!(signal(name).expect_err("refused").code, Code::Usage, "{name}");
        }
    }
}
