//! An undo and a finish as a person asks for them. No plugin is needed: nothing is read, nothing extracted.

use std::sync::Arc;

use super::monitor;
use super::preflight;
use super::progress::Progress;
use super::report::Report;
use super::settle;
use crate::failure::{Code, Failure, Result};
use crate::host::Host;
use crate::transaction::app::App;
use crate::transaction::event::Begin;
use crate::transaction::registry::{self, Entry};
use crate::transaction::{Transaction, undo};

/// What to undo, and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// Id of the restore, or a prefix.
    pub id: String,
    pub wait: bool,
    pub who: String,
}

/// Swaps the previous trees back in. What they replace is kept for a new window.
pub fn run(host: &Arc<Host>, request: &Request, progress: &Arc<Progress>) -> Report {
    match swap_back(host, request, progress) {
        Ok(report) => report,
        Err(failure) => {
            let mut report = Report::unchanged(failure);
            host.audit_refusal("undo", "", &request.id, &request.who, &mut report);
            report
        }
    }
}

fn swap_back(host: &Arc<Host>, request: &Request, progress: &Arc<Progress>) -> Result<Report> {
    let begin = plan(host, request)?;
    let workload = host.config.workload(&begin.workload)?;
    let what = format!("undo of {}", request.id);
    let locks = host.deployer.locks();
    let lease = match request.wait {
        true => locks.wait_lease(&workload.id, &what, &|| progress.is_cancelled())?,
        false => locks.try_lease(&workload.id, &what)?,
    };
    let begin = Begin { id: begin.id, ..plan(host, request)? };
    if let Some(refusal) = preflight::undo_refusal(host, workload, &begin)? {
        return Err(refusal);
    }
    let app = App::new(&host.deployer, lease, &begin.runtime)?;
    let mut transaction = Transaction::begin_undo(&host.state.transactions(), app, begin)?;
    let ending = match to_commit(host, &mut transaction, progress) {
        Ok(()) => {
            progress.begin("starting", 0, 0);
            settle::conclude(&mut transaction, None, None)
        }
        Err(failure) => {
            progress.begin("reverting", 0, 0);
            settle::go_back(&mut transaction, failure)
        }
    };
    Ok(settle::tell(host, &transaction, ending, String::new(), Vec::new()))
}

/// What an undo would begin with.
pub fn plan(host: &Host, request: &Request) -> Result<Begin> {
    undo::plan(
        &host.state.transactions(),
        &undo::Request {
            id: crate::transaction::new_id()?,
            of: request.id.clone(),
            who: request.who.clone(),
            undo_window_ms: host.config.host.undo_window.as_millis() as u64,
        },
    )
}

/// Stop, safety snapshot, swap and commit.
fn to_commit(host: &Host, transaction: &mut Transaction, progress: &Arc<Progress>) -> Result<()> {
    let workload = host.config.workload(&transaction.spec().workload)?;
    let go_on = || if progress.is_cancelled() { Err(monitor::cancelled()) } else { Ok(()) };
    go_on()?;
    progress.begin("stopping", 0, 0);
    transaction.stop()?;
    go_on()?;
    host.capture_safety(workload, transaction, false, progress)?;
    go_on()?;
    progress.begin("swapping", 0, 0);
    transaction.swap()
}

/// Ends the undo window of a restore now. Answers what could not be removed and was left.
pub fn finish(host: &Host, request: &Request) -> Result<Vec<String>> {
    let transactions = host.state.transactions();
    let id = match registry::find(&transactions, &request.id)? {
        Entry::Open(_, begin) => begin.id,
        Entry::Damaged { failure, .. } => return Err(failure),
    };
    let find = || match registry::find(&transactions, &id)? {
        Entry::Open(journal, begin) => Ok((*journal, *begin)),
        Entry::Damaged { failure, .. } => Err(failure),
    };
    let (_, begin) = find()?;
    let lease = host.deployer.locks().try_lease(&begin.workload, &format!("finish of {id}"))?;
    let (journal, begin) = find()?;
    if !journal.state().in_window() {
        return Err(Failure::new(Code::Usage, format!("restore `{id}` keeps no previous data")));
    }
    let app = App::new(&host.deployer, lease, &begin.runtime)?;
    let left = Transaction::reopen(journal, begin, app)?.drop_previous()?;
    host.audit_event("finish", &request.who, serde_json::json!({ "restore": id, "left_behind": left }))?;
    Ok(left)
}
