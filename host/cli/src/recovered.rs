//! How every changing command tells what it did about a crash.

use std::fmt::Write as _;

use reforge_base::escape;
use reforge_transaction::receipt::Outcome;
use reforge_transaction::recover::Recovered;

/// One line per transaction, and the hint where a person is needed.
pub(crate) fn line(one: &Recovered) -> String {
    let id = escape::text(&one.id);
    let of = one.workload.as_deref().map(|workload| format!(" of `{}`", escape::text(workload))).unwrap_or_default();
    let mut line = format!("recovered `{id}`{of}: ");
    match &one.result {
        Ok(receipt) => {
            let state = match receipt.outcome {
                Outcome::Done | Outcome::Unconfirmed => "it is complete, the restored data is live",
                _ => "every volume holds what it held before",
            };
            let _ = write!(line, "{}; {state}; app: {}", receipt.outcome.as_str(), escape::prose(&receipt.app));
        }
        Err(failure) => {
            line = format!("not recovered: `{id}`{of}: {}", failure.message);
            if !failure.hint.is_empty() {
                let _ = write!(line, "\nhint: {}", failure.hint);
            }
        }
    }
    line
}
