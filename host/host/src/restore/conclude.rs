//! The end of every restore and undo: whatever was left undone is done or taken back, and told.
//!
//! Outcome and receipt come from the journal and from what the host saw itself, never from what a plugin says.

use super::monitor::Monitor;
use super::monitor::step::{AppStep, At, Underway, WentBack, app_bad};
use super::monitor::steps::Steps;
use super::report::Report;
use crate::host::Host;
use reforge_base::Message;
use reforge_base::Phase;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{Health, HealthReport};
use reforge_transaction::Transaction;
use reforge_transaction::event::TransactionKind;
use reforge_transaction::receipt::{Ending, Outcome};
use reforge_transaction::state::Milestone;

impl Monitor {
    /// Ends the transaction of a plugin that has returned, failed or trapped. The lease is given back with the monitor.
    pub fn conclude(&self, answer: Result<String>) -> Report {
        let answer = answer.map_err(|failure| self.believe(failure));
        match self.steps("settle") {
            Ok(steps) => steps.conclude(answer),
            Err(failure) => Report::unchanged(answer.err().unwrap_or(failure)),
        }
    }
}

impl Steps {
    /// Whatever was left undone is done or taken back, and told.
    fn conclude(&self, answer: Result<String>) -> Report {
        let mut step = self.step();
        let Some(Underway { transaction, at, .. }) = step.underway_mut() else {
            let nothing = || Failure::new(Code::Plugin, message!("the-plugin-ended-without-restoring-anything"));
            return Report::unchanged(answer.err().unwrap_or_else(nothing));
        };
        let (summary, failure) = match answer {
            Ok(summary) => (summary, None),
            Err(failure) => (String::new(), Some(failure)),
        };
        let (app, back) = match std::mem::replace(at, At::Ended) {
            At::Swapped(swapped) => (swapped.app, swapped.back),
            _ => (AppStep::Down, None),
        };
        let ending = match back {
            Some(back) => went_back(*back),
            None if is_committed(transaction) => {
                self.progress.begin(Phase::Finishing, 0, 0);
                conclude(transaction, app)
            }
            None => {
                self.progress.begin(Phase::Reverting, 0, 0);
                let nothing = || Failure::new(Code::Plugin, message!("the-plugin-ended-before-it-swapped"));
                go_back(transaction, failure.unwrap_or_else(nothing))
            }
        };
        tell(&self.subject.given.host, transaction, ending, summary, self.subject.plan.warnings.clone())
    }
}

/// Whether the way is forward.
pub(super) fn is_committed(transaction: &Transaction) -> bool {
    !transaction.is_aborted()
        && matches!(
            transaction.milestone(),
            Milestone::Committed
                | Milestone::Starting
                | Milestone::Healthy
                | Milestone::Unconfirmed
                | Milestone::Completed
        )
}

/// After the commit: brings the app up as far as that was not done, goes back if it is bad for certain, completes.
pub(super) fn conclude(transaction: &mut Transaction, app: AppStep) -> Ending {
    let (started, health) = match app {
        AppStep::Down => (transaction.redeploy(), None),
        AppStep::NotStarted(failure) => (Err(failure), None),
        AppStep::Started => (Ok(()), None),
        AppStep::Awaited(health) => (Ok(()), health),
    };
    let report = match (started, health) {
        (Err(failure), _) if failure.code == Code::AppBad => return go_back(transaction, failure),
        (Err(failure), _) if !transaction.app_is_up() => return not_started(failure),
        (Err(failure), _) => unknown(failure),
        (Ok(()), Some(report)) => report,
        (Ok(()), None) => transaction.await_healthy(&|| false).unwrap_or_else(unknown),
    };
    if report.health == Health::ConfirmedBad {
        return go_back(transaction, app_bad(&report));
    }
    match transaction.complete_as(report.health) {
        Ok(()) => {
            let outcome = if report.health == Health::Healthy { Outcome::Done } else { Outcome::Unconfirmed };
            Ending { outcome, failure: None, app: report.reason, left_behind: Vec::new(), later_writes: Vec::new() }
        }
        Err(failure) => Ending {
            outcome: Outcome::NeedsOperator,
            failure: Some(failure.hint(message!("the-new-data-is-live"))),
            app: report.reason,
            left_behind: Vec::new(),
            later_writes: Vec::new(),
        },
    }
}

/// Not because of the app, so this says nothing about the new data: it stays, and the transaction stays unfinished, so
/// that the next start brings the app up. Complete would mean that nobody ever does.
fn not_started(failure: Failure) -> Ending {
    let message = message!("the-new-data-is-live-but", message = failure.message);
    Ending {
        outcome: Outcome::NeedsOperator,
        app: message!("app-down"),
        failure: Some(failure.with_message(message).hint(message!("reforge-recover-starts-it-and-completes"))),
        left_behind: Vec::new(),
        later_writes: Vec::new(),
    }
}

/// Goes back because of a failure.
pub(super) fn go_back(transaction: &mut Transaction, why: Failure) -> Ending {
    went_back(WentBack { how: transaction.revert(), why })
}

fn went_back(WentBack { why, how }: WentBack) -> Ending {
    match how {
        Err(failure) => Ending {
            outcome: Outcome::NeedsOperator,
            failure: Some(failure.context(why.message)),
            app: message!("app-down"),
            left_behind: Vec::new(),
            later_writes: Vec::new(),
        },
        Ok(reverted) => {
            let outcome = match reverted.exchanged && why.code != Code::Cancelled {
                true => Outcome::Reverted,
                false => Outcome::of_unchanged(&why),
            };
            let state = match reverted.exchanged {
                true => message!("every-volume-holds-what-it-held"),
                false => message!("nothing-was-changed"),
            };
            let message = Message::all([why.message.clone(), state]);
            let hint = reverted.foreign_start.clone().unwrap_or_else(|| why.hint.clone());
            let failure = why.with_message(message).hint(hint);
            Ending {
                outcome,
                failure: Some(failure),
                app: reverted.app(),
                left_behind: reverted.left_behind,
                later_writes: reverted.later_writes,
            }
        }
    }
}

/// Draws up the receipt, writes it and the audit line, has people told, and keeps the safety snapshots in number.
pub(super) fn tell(
    host: &Host,
    transaction: &Transaction,
    ending: Ending,
    summary: String,
    mut warnings: Vec<Failure>,
) -> Report {
    let receipt = transaction.receipt(ending);
    // An unfinished transaction has no receipt: that it exists says that all else was done.
    if receipt.outcome != Outcome::NeedsOperator {
        warnings.extend(host.keep_receipt(&receipt).err());
    }
    warnings.extend(host.audit_receipt(&receipt).err());
    host.notify_of_receipt(&receipt);
    warnings.extend(host.prune_safety(&receipt.workload).err());
    warnings.extend(host.summarise(&receipt.id).err());
    if let TransactionKind::Undo { of } = &receipt.kind {
        warnings.extend(host.summarise(of).err());
    }
    Report { outcome: receipt.outcome, failure: receipt.failure.clone(), summary, receipt: Some(receipt), warnings }
}

/// The runtime did not say: the app may well run, so the new data stays.
fn unknown(failure: Failure) -> HealthReport {
    HealthReport::new(Health::Unknown, failure.message)
}
