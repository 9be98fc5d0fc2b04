//! An undo and a finish as a person asks for them. No plugin is needed: nothing is read, nothing extracted.

use std::sync::Arc;

use serde_json::{Value, json};

use super::conclude;
use super::monitor::{self, step::AppStep};
use super::preflight;
use super::progress::Progress;
use super::report::Report;
use crate::host::Host;
use reforge_base::Message;
use reforge_base::Phase;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_transaction::app::App;
use reforge_transaction::event::{Begin, TransactionKind};
use reforge_transaction::journal::Journal;
use reforge_transaction::registry::{self, KnownTransaction};
use reforge_transaction::state::Milestone;
use reforge_transaction::{Transaction, resolve, undo};

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
    match prepare(host, request, progress) {
        Ok(prepared) => prepared.run(progress),
        Err(report) => *report,
    }
}

/// An undo that nothing stands in the way of. It holds the workload's lease: nothing else can begin.
pub struct Prepared {
    host: Arc<Host>,
    begin: Begin,
    app: App,
    /// Bytes and entries that are live.
    live: (u64, u64),
}

/// Everything that can be refused before the app is stopped. A refusal is audited.
pub fn prepare(host: &Arc<Host>, request: &Request, progress: &Arc<Progress>) -> Result<Prepared, Box<Report>> {
    accept(host, request, progress).map_err(|failure| {
        let mut report = Report::unchanged(failure);
        host.audit_refusal("undo", "", &request.id, &request.who, &mut report);
        Box::new(report)
    })
}

fn accept(host: &Arc<Host>, request: &Request, progress: &Arc<Progress>) -> Result<Prepared> {
    let begin = plan(host, request)?;
    let workload = host.config.workload(&begin.workload)?;
    let lease = host.lease(&workload.id, message!("undo-of", id = request.id), request.wait, &progress.cancelled)?;
    // Again, with the id that comes next: whoever held the lease may have had one.
    let begin = plan(host, request)?;
    let live = preflight::of_undo(host, workload, &begin)?;
    host.runtime(workload)?.make_missing(&workload.id)?;
    let app = App::new(&host.deployer, lease, &begin.runtime)?;
    Ok(Prepared { host: host.clone(), begin, app, live })
}

impl Prepared {
    /// The id that journal and receipt will have.
    pub fn id(&self) -> &str {
        &self.begin.id
    }

    pub fn workload(&self) -> &str {
        &self.begin.workload
    }

    pub fn run(self, progress: &Arc<Progress>) -> Report {
        let Prepared { host, begin, app, live } = self;
        let (workload, of, who) = (begin.workload.clone(), of(&begin).to_owned(), begin.who.clone());
        let mut transaction = match Transaction::begin_undo(&host.state.transactions(), app, begin) {
            Ok(transaction) => transaction,
            Err(failure) => {
                let mut report = Report::unchanged(failure);
                host.audit_refusal("undo", &workload, &of, &who, &mut report);
                return report;
            }
        };
        let committed = to_commit(&host, &mut transaction, live, progress);
        let (ending, warnings) = match committed {
            Err(failure) if !conclude::is_committed(&transaction) => {
                progress.begin(Phase::Reverting, 0, 0);
                (conclude::go_back(&mut transaction, failure), Vec::new())
            }
            // What failed after the commit takes nothing back.
            committed => {
                progress.begin(Phase::Starting, 0, 0);
                (conclude::conclude(&mut transaction, AppStep::Down), committed.err().into_iter().collect())
            }
        };
        let report = conclude::tell(&host, &transaction, ending, String::new(), warnings);
        // Its lease goes with it.
        drop(transaction);
        host.end_superseded(&report);
        report
    }
}

/// Which restore it takes back.
fn of(begin: &Begin) -> &str {
    match &begin.kind {
        TransactionKind::Undo { of } => of,
        TransactionKind::Restore { .. } => &begin.id,
    }
}

/// What an undo would begin with.
pub fn plan(host: &Host, request: &Request) -> Result<Begin> {
    undo::plan(
        &host.state.transactions(),
        &undo::Request {
            id: reforge_transaction::id::new_id(&host.state.transactions(), &host.state.receipts())?,
            of: request.id.clone(),
            who: request.who.clone(),
            undo_window_ms: host.config.host.undo_window.as_millis() as u64,
        },
    )
    .map_err(|failure| match instead(host, &request.id) {
        Some(hint) if failure.code == Code::VolumeRefused => match failure.hint == failure.code.usual_hint() {
            true => failure.hint(hint),
            false => {
                let hint = Message::all([hint, failure.hint.clone()]);
                failure.hint(hint)
            }
        },
        _ => failure,
    })
}

/// How to come by the data that an undo would have brought back, while its safety snapshot is there.
fn instead(host: &Host, id: &str) -> Option<Message> {
    let KnownTransaction::Open(journal, begin) = registry::find(&host.state.transactions(), id).ok()? else {
        return None;
    };

    let state = journal.state();
    let safety = state.safety.as_ref().filter(|_| state.committed && state.milestone != Milestone::Undone)?;
    host.store.resolve(&begin.workload, safety).ok()?;
    let (workload, safety) = (reforge_base::escape::text(&begin.workload), reforge_base::escape::text(safety));
    Some(message!("its-safety-snapshot-holds-that-data", safety, workload))
}

/// Stop, safety snapshot, swap and commit.
fn to_commit(host: &Host, transaction: &mut Transaction, live: (u64, u64), progress: &Arc<Progress>) -> Result<()> {
    let workload = host.config.workload(&transaction.spec().workload)?;
    let go_on = || if progress.is_cancelled() { Err(monitor::cancelled()) } else { Ok(()) };
    go_on()?;
    progress.begin(Phase::Stopping, 0, 0);
    transaction.stop()?;
    go_on()?;
    host.capture_safety(workload, transaction, live, progress)?;
    go_on()?;
    progress.begin(Phase::Swapping, 0, 0);
    transaction.swap(&go_on)?;
    progress.committed();
    Ok(())
}

/// What became of the previous trees.
#[derive(Debug, Default)]
pub struct Finished {
    /// What could not be removed and was left.
    pub left: Vec<Message>,
    /// Volumes that their engine has removed with both of their trees.
    pub removed: Vec<String>,
}

/// Ends the undo window of a restore now, or removes what was not chosen when it was resolved.
pub fn finish(host: &Host, request: &Request) -> Result<Finished> {
    let mut told = json!({ "restore": reforge_base::escape::text(&request.id) });
    let finished = drop_trees(host, request, &mut told);
    told["left_behind"] = json!(finished.as_ref().ok().map(|finished| &finished.left));
    told["failure"] = json!(finished.as_ref().err());
    host.audit_event("finish", &request.who, told)?;
    finished
}

/// The ids of all restores and undos of a workload that keep previous data, oldest first, but of the newest.
pub fn all_but_newest(host: &Host, workload: &str) -> Result<Vec<String>> {
    let workload = host.config.workload(workload)?;
    let entries = registry::read_open(&host.state.transactions())?;
    let in_window = entries.iter().filter_map(|entry| match entry {
        KnownTransaction::Open(journal, begin) if begin.workload == workload.id && journal.state().in_window() => {
            Some(begin.id.clone())
        }
        _ => None,
    });
    let mut ids: Vec<String> = in_window.collect();
    ids.sort();
    ids.pop();
    Ok(ids)
}

/// `told` is what is known of it by then.
fn drop_trees(host: &Host, request: &Request, told: &mut Value) -> Result<Finished> {
    let transactions = host.state.transactions();
    let find = |id: &str| match registry::find(&transactions, id)? {
        KnownTransaction::Open(journal, begin) => Ok((*journal, *begin)),
        KnownTransaction::Damaged { failure, .. } => Err(failure),
    };
    let (_, begin) = find(&request.id)?;
    let id = begin.id;
    told["restore"] = json!(id);
    let lease = host.deployer.locks().try_lease(&begin.workload, message!("finish-of", id))?;
    let (journal, begin) = find(&id)?;
    let is_resolved = resolve::is_resolved(journal.directory());
    told["resolved"] = json!(is_resolved);
    let is_lent = match &begin.kind {
        TransactionKind::Undo { of } => match find(of) {
            Ok((restore, _)) => !restore.state().is_over(),
            Err(failure) if failure.code == Code::NotFound => false,
            Err(failure) => return Err(failure),
        },
        TransactionKind::Restore { .. } => false,
    };
    let refused = refuse_finish(&journal, &begin, is_resolved, is_lent);
    let app = App::new(&host.deployer, lease, &begin.runtime)?;
    let only = |left| Finished { left, removed: Vec::new() };
    let (mut transaction, removed) = match (refused, journal.state().milestone) {
        (Err(failure), Milestone::Closed) if !is_lent => {
            let (transaction, _) = Transaction::reopen_what_is_left(journal, begin, app)?;
            transaction.refuse_older_state()?;
            return match transaction.has_left_trees()? {
                true => transaction.drop_left(&host.state.receipts()).map(only),
                false => Err(failure),
            };
        }
        (refused, _) => {
            refused?;
            Transaction::reopen_what_is_left(journal, begin, app)?
        }
    };
    transaction.refuse_older_state()?;
    if is_resolved {
        return transaction.drop_unchosen().map(only);
    }
    let left = transaction.drop_previous(&host.state.receipts())?;
    // It is done: the next start tries again.
    host.or_tell(host.summarise(&id));
    Ok(Finished { left, removed })
}

/// Why there is nothing to finish, if there is nothing. An undo's trees are lent as long as the restore is not over.
fn refuse_finish(journal: &Journal, begin: &Begin, is_resolved: bool, is_lent: bool) -> Result<()> {
    let id = &begin.id;
    match &begin.kind {
        // What an undo swaps is what the restore keeps.
        TransactionKind::Undo { of } if is_resolved && is_lent => {
            let message = message!("the-trees-of-undo-are-those", id, of);
            Err(Failure::new(Code::Usage, message).hint(message!("reforge-restore-finish-of-the-other", of)))
        }
        _ if is_resolved || journal.state().in_window() => Ok(()),
        _ => Err(Failure::new(Code::Usage, message!("restore-keeps-no-previous-data", id))),
    }
}
