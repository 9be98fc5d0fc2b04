//! How every changing command tells what it did about a crash.

use super::words::{self, say};
use reforge_base::escape;
use reforge_transaction::receipt::Outcome;
use reforge_transaction::recover::Recovered;

/// One line per transaction, and the hint where a person is needed.
pub(crate) fn line(one: &Recovered) -> String {
    let id = escape::text(&one.id);
    let workload = one.workload.as_deref().map(escape::text);
    match &one.result {
        Ok(receipt) => {
            let outcome = words::word("outcome-name", receipt.outcome.as_str());
            let state = match receipt.outcome {
                Outcome::Done | Outcome::Unconfirmed => say!("recovered-complete"),
                _ => say!("recovered-back"),
            };
            let app = escape::prose(&words::read(&receipt.app()));
            match workload {
                Some(workload) => say!("recovered-of", id, workload, outcome, state, app),
                None => say!("recovered-one", id, outcome, state, app),
            }
        }
        Err(failure) => {
            let line = match workload {
                Some(workload) => say!("not-recovered-of", id, workload, failure),
                None => say!("not-recovered", id, failure),
            };
            match failure.hint.is_empty() {
                true => line,
                false => format!("{line}\n{} {}", say!("label-hint"), words::read(&failure.hint)),
            }
        }
    }
}
