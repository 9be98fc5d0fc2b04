//! Exit codes: the one place that maps codes and outcomes to them. Scripts rely on the numbers; they never change.

use std::process::ExitCode;

use reforge_base::Code;
use reforge_base::Failure;
use reforge_transaction::receipt::Outcome;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    /// Something went wrong; nothing changed.
    Failed = 1,
    /// The command, its configuration or what it names makes no sense.
    Usage = 2,
    /// Turned down; nothing changed.
    Refused = 3,
    /// Exchanged, and exchanged back.
    Reverted = 4,
    NeedsOperator = 5,
    Busy = 6,
    /// Done, but nobody knows how the app does.
    Unconfirmed = 7,
    /// Done, but the answer could not be written.
    Untold = 8,
    Cancelled = 130,
}

impl Exit {
    /// Of a failure that changed nothing.
    pub fn of_failure(failure: &Failure) -> Exit {
        match failure.code {
            Code::Usage | Code::NotFound | Code::StateRefused => Exit::Usage,
            Code::Busy => Exit::Busy,
            Code::Cancelled => Exit::Cancelled,
            Code::NeedsOperator | Code::Unfinished => Exit::NeedsOperator,
            _ if failure.code.is_refusal() => Exit::Refused,
            _ => Exit::Failed,
        }
    }

    /// Of a restore or undo. The failure tells a refusal of the command from one of what it asks for.
    pub fn of_outcome(outcome: Outcome, failure: Option<&Failure>) -> Exit {
        match outcome {
            Outcome::Done => Exit::Done,
            Outcome::Unconfirmed => Exit::Unconfirmed,
            Outcome::Failed => Exit::Failed,
            Outcome::Refused => failure.map_or(Exit::Refused, Exit::of_failure),
            Outcome::Cancelled => Exit::Cancelled,
            Outcome::Reverted => Exit::Reverted,
            Outcome::NeedsOperator => Exit::NeedsOperator,
            Outcome::Busy => Exit::Busy,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_the_exit_that_the_readme_says() {
        for (code, exit) in [
            ("usage", 2),
            ("not-found", 2),
            ("state-refused", 2),
            ("busy", 6),
            ("cancelled", 130),
            ("needs-operator", 5),
            ("unfinished", 5),
            ("drift", 3),
            ("volume-refused", 3),
            ("archive-refused", 3),
            ("policy-refused", 3),
            ("snapshot-damaged", 3),
            ("no-space", 3),
            ("not-down", 3),
            ("out-of-order", 3),
            ("too-large", 3),
            ("plugin-refused", 3),
            ("io", 1),
            ("sync-failed", 1),
            ("runtime", 1),
            ("app-bad", 1),
            ("hook-failed", 1),
            ("plugin", 1),
            ("a-plugins-own", 1),
        ] {
            assert_eq!(Exit::of_failure(&Failure::new(Code::parse(code), "x")) as u8, exit, "{code}");
        }
    }

    #[test]
    fn what_was_exchanged_back_never_looks_like_nothing_happened() {
        let failure = Failure::new(Code::VolumeRefused, "x");
        assert_eq!(Exit::of_outcome(Outcome::Reverted, Some(&failure)), Exit::Reverted);
        assert_eq!(Exit::of_outcome(Outcome::NeedsOperator, Some(&failure)), Exit::NeedsOperator);
        assert_eq!(Exit::of_outcome(Outcome::Refused, Some(&failure)), Exit::Refused);
    }
}
