//! The end of every restore and undo: whatever was left undone is done or taken back, and told.
//!
//! Outcome and receipt come from the journal and from what the host saw itself, never from what a plugin says.

use super::monitor::{Monitor, Subject};
use super::report::Report;
use crate::failure::{Code, Failure, Result};
use crate::host::Host;
use crate::runtime::{Health, HealthReport};
use crate::transaction::Transaction;
use crate::transaction::receipt::{Ending, Outcome};
use crate::transaction::revert::Reverted;
use crate::transaction::state::Phase;

impl Monitor {
    /// Ends the transaction of a plugin that has returned, failed or trapped. The lease is given back with the monitor.
    pub fn settle(&self, answer: Result<String>) -> Report {
        let subject = match self.subject() {
            Ok(subject) => subject,
            Err(failure) => return Report::unchanged(failure),
        };
        let answer = answer.map_err(|failure| self.believe(failure));
        let mut steps = self.steps();
        let (redeploy, health, reverted) = (steps.redeploy.take(), steps.health.take(), steps.reverted.take());
        let Some((_, transaction)) = &mut steps.transaction else {
            let nothing = || Failure::new(Code::Plugin, "the plugin ended without restoring anything");
            return Report::unchanged(answer.err().unwrap_or_else(nothing));
        };
        let (summary, failure) = match answer {
            Ok(summary) => (summary, None),
            Err(failure) => (String::new(), Some(failure)),
        };
        let ending = match reverted {
            Some(reverted) => went_back(reverted, bad(&redeploy, &health).or(failure)),
            None if is_committed(transaction) => {
                self.progress.begin("finishing", 0, 0);
                conclude(transaction, redeploy, health)
            }
            None => {
                self.progress.begin("reverting", 0, 0);
                let nothing = || Failure::new(Code::Plugin, "the plugin ended before it swapped anything");
                go_back(transaction, failure.unwrap_or_else(nothing))
            }
        };
        tell(&subject.host, transaction, ending, summary, warnings(subject))
    }
}

fn warnings(subject: &Subject) -> Vec<Failure> {
    subject.plan.warnings.clone()
}

/// Whether the way is forward.
pub fn is_committed(transaction: &Transaction) -> bool {
    !transaction.is_aborted()
        && matches!(
            transaction.phase(),
            Phase::Committed | Phase::Starting | Phase::Healthy | Phase::Unconfirmed | Phase::Completed
        )
}

/// After the commit: brings the app up as far as that was not done, goes back if it is bad for certain, completes.
pub fn conclude(transaction: &mut Transaction, redeploy: Option<Result<()>>, health: Option<HealthReport>) -> Ending {
    let started = redeploy.unwrap_or_else(|| transaction.redeploy());
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
            Ending { outcome, failure: None, app: report.reason, left_behind: Vec::new() }
        }
        Err(failure) => Ending {
            outcome: Outcome::NeedsOperator,
            failure: Some(failure.hint("the new data is live and committed; the next start completes the restore")),
            app: report.reason,
            left_behind: Vec::new(),
        },
    }
}

/// Not because of the app, so this says nothing about the new data: it stays, and the transaction stays unfinished, so
/// that the next start brings the app up. Complete would mean that nobody ever does.
fn not_started(failure: Failure) -> Ending {
    let message = format!("the new data is live, but the app was not started: {}", failure.message);
    Ending {
        outcome: Outcome::NeedsOperator,
        app: "down".into(),
        failure: Some(Failure { message, ..failure }.hint("`reforge recover` starts it and completes the restore")),
        left_behind: Vec::new(),
    }
}

/// Goes back because of a failure.
pub fn go_back(transaction: &mut Transaction, why: Failure) -> Ending {
    went_back(transaction.revert(), Some(why))
}

fn went_back(reverted: Result<Reverted>, why: Option<Failure>) -> Ending {
    let why = why.unwrap_or_else(|| Failure::new(Code::Plugin, "the plugin asked to go back"));
    match reverted {
        Err(failure) => Ending {
            outcome: Outcome::NeedsOperator,
            failure: Some(failure.context(&why.message)),
            app: "down".into(),
            left_behind: Vec::new(),
        },
        Ok(reverted) => {
            let outcome = match reverted.exchanged && why.code != Code::Cancelled {
                true => Outcome::Reverted,
                false => Outcome::of_unchanged(&why),
            };
            let state = match reverted.exchanged {
                true => "every volume holds what it held before again",
                false => "nothing was changed",
            };
            let message = format!("{}; {state}", why.message);
            let hint = reverted.foreign_start.clone().unwrap_or(why.hint);
            let failure = Failure { message, hint, ..why };
            Ending { outcome, failure: Some(failure), app: reverted.app(), left_behind: reverted.left_behind }
        }
    }
}

/// Draws up the receipt, writes it and the audit line, and keeps the safety snapshots in number.
pub fn tell(
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
    warnings.extend(host.prune_safety(&receipt.workload).err());
    Report { outcome: receipt.outcome, failure: receipt.failure.clone(), summary, receipt: Some(receipt), warnings }
}

fn bad(redeploy: &Option<Result<()>>, health: &Option<HealthReport>) -> Option<Failure> {
    match (redeploy, health) {
        (Some(Err(failure)), _) => Some(failure.clone()),
        (_, Some(report)) if report.health == Health::ConfirmedBad => Some(app_bad(report)),
        _ => None,
    }
}

fn app_bad(report: &HealthReport) -> Failure {
    Failure::new(Code::AppBad, format!("the app is bad on the restored data: {}", report.reason))
        .hint("its log says more; the previous data is live again")
}

/// The runtime did not say: the app may well run, so the new data stays.
fn unknown(failure: Failure) -> HealthReport {
    HealthReport { health: Health::Unknown, reason: failure.message }
}
