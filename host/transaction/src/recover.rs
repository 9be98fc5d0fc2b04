//! What a start does after a crash anywhere: it carries out the protocol's table, which is [`table`].
//!
//! It uses only the journal's paths and deploy spec, never the configuration and no plugin. It can be killed and
//! repeated. It never undoes a commit, and what fits no row is left for a person, with everything kept.

use std::path::Path;

use super::app::{App, Apps};
use super::event::{Begin, Event, Moment, TransactionKind};
use super::journal::{Found, Journal};
use super::lease::Lease;
use super::open_volumes::Live;
use super::receipt::{self, Ending, Outcome, Receipt};
use super::registry::{self, KnownTransaction};
use super::state::Milestone;
use super::table::{self, Row};
use super::{Transaction, later_writes, resolved, window};
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::Health;

/// What recovery needs, and nothing else: no configuration, no plugin.
pub struct Recovery<'a> {
    pub transactions: &'a Path,
    pub receipts: &'a Path,
    pub apps: &'a dyn Apps,
}

/// What recovery did about one transaction.
#[derive(Debug)]
#[non_exhaustive]
pub struct Recovered {
    pub id: String,
    pub workload: Option<String>,
    /// The receipt it wrote, or why it could not settle the transaction.
    pub result: Result<Receipt>,
}

impl Recovery<'_> {
    /// Settles every unfinished transaction, oldest first, and then sweeps the windows that ended: one that is completed
    /// here is of those that end others. A transaction whose workload is locked is alive and left alone.
    pub fn run(&self) -> Result<Vec<Recovered>> {
        let mut done = Vec::new();
        let mut entries = registry::read_open(self.transactions)?;
        entries.sort_by_key(|entry| matches!(entry, KnownTransaction::Open(journal, _) if journal.state().in_window()));
        for entry in entries {
            match entry {
                KnownTransaction::Damaged { id, workload, failure } => {
                    done.push(Recovered { id, workload, result: Err(failure) })
                }
                KnownTransaction::Open(journal, _) if self.is_settled(&journal) => {}
                KnownTransaction::Open(_, begin) => {
                    let lease = self.apps.locks().try_lease(&begin.workload, message!("recovery-of", id = begin.id));

                    // One that cannot be had is this workload's trouble alone.
                    let result = match lease {
                        Err(failure) if failure.code == Code::Busy => None,
                        Err(failure) => Some(Err(failure)),
                        Ok(lease) => self.settle(&begin.id, lease).transpose(),
                    };
                    let (id, workload) = (begin.id, Some(begin.workload));
                    done.extend(result.map(|result| Recovered { id, workload, result }));
                }
            }
        }
        Ok(done)
    }

    /// Whether nothing is to be done now: over and told, resolved, or waiting in a window that is not over.
    fn is_settled(&self, journal: &Journal) -> bool {
        let id = journal.directory().file_name().and_then(|name| name.to_str()).unwrap_or_default();
        (receipt::is_told(self.receipts, id) && journal.state().is_over()) || resolved::is_resolved(journal.directory())
    }

    /// Settles one transaction under its workload's lease. None if there was nothing to do.
    pub fn settle(&self, id: &str, lease: Lease) -> Result<Option<Receipt>> {
        let (journal, begin) = match Journal::read(&self.transactions.join(id), true)? {
            Found::Journal(journal, begin) => (*journal, *begin),
            Found::Nothing => return Ok(None),
            Found::Damaged(failure) => return Err(failure),
        };
        let told = receipt::read_or_move_aside(self.receipts, id)?;
        if told.is_some() && (journal.state().is_over() || journal.state().in_window()) {
            return self.sweep(journal, begin, lease);
        }
        let app = App::new(self.apps, lease, &begin.runtime)?;
        let mut transaction = Transaction::reopen(journal, begin, app)?;
        transaction.refuse_older_state()?;
        let ending = transaction.settle(self.receipts)?;
        let receipt = transaction.receipt(ending);
        // A transaction that was told about already only went on dropping, which adds to its receipt by itself.
        match told {
            Some(_) => Ok(None),
            None => receipt::write(self.receipts, &receipt).map(|()| Some(receipt)),
        }
    }

    /// Ends a window that is over, or that is of no use since a later restore; otherwise notes the uptime.
    fn sweep(&self, journal: Journal, begin: Begin, lease: Lease) -> Result<Option<Receipt>> {
        let began = later_writes::window_began(&journal).cloned();
        let (Some(began), true, false) = (began, journal.state().in_window(), begin.keep_previous) else {
            return Ok(None);
        };
        let now = Moment::now();
        let entries = registry::read_open(self.transactions)?;
        let is_useless =
            registry::goes_when_superseded(journal.state(), &begin) && registry::is_superseded(&entries, &begin);
        if !is_useless && window::remaining_ms(journal.directory(), &began, begin.undo_window_ms, &now) > 0 {
            window::note(journal.directory(), &began, &now)?;
            return Ok(None);
        }
        // An unfinished undo keeps what it borrowed; a later start sweeps. One about which a person decided keeps it until
        // that person says `finish`.
        if registry::blocking(&entries, &begin.workload).is_some() || registry::is_of_decided_undo(&entries, &begin.id)
        {
            return Ok(None);
        }
        let app = App::new(self.apps, lease, &begin.runtime)?;
        let (mut transaction, _) = Transaction::reopen_what_is_left(journal, begin, app)?;
        let dropped = transaction.refuse_older_state().and_then(|()| transaction.drop_previous(self.receipts));
        match dropped {
            // Kept for another window, until whoever holds it has let go, or until a person has decided.
            Err(failure) if matches!(failure.code, Code::PolicyRefused | Code::NotDown | Code::NeedsOperator) => {
                Ok(None)
            }
            dropped => dropped.map(|_| None),
        }
    }
}

impl Transaction {
    /// Carries out the row that the transaction stands in.
    fn settle(&mut self, receipts: &Path) -> Result<Ending> {
        let lives = self.lives()?;
        match table::row(self.journal.state(), &lives) {
            Row::Forget | Row::GoBack | Row::FinishGoingBack => self.undone_by_crash(),
            Row::GoForward => self.go_forward(&lives),
            Row::Window => {
                self.app.release()?;
                Ok(self.went_forward(message!("the-host-ended-right")))
            }
            Row::GoOnDropping => {
                if !self.journal.state().committed {
                    let left_behind = self.drop_new_siblings()?;
                    self.journal.append(Event::Closed)?;
                    return Ok(Ending {
                        left_behind,
                        ..went_back(Outcome::Reverted, Message::default(), Message::default())
                    });
                }
                let left_behind = self.drop_previous(receipts)?;
                Ok(Ending { left_behind, ..self.went_forward(Message::default()) })
            }
            Row::Over => self.over(),
            Row::NeedsOperator => Err(self.leave_to_a_person(&lives)),
        }
    }

    fn undone_by_crash(&mut self) -> Result<Ending> {
        let exchanged_before = self.journal.state().has_swapped;
        let reverted = self.revert()?;
        let outcome = if exchanged_before { Outcome::Reverted } else { Outcome::Failed };
        let ending = went_back(outcome, reverted.hint().unwrap_or_default(), reverted.app());
        Ok(Ending { left_behind: reverted.left_behind, later_writes: reverted.later_writes, ..ending })
    }

    /// The commit stands: every volume is brought to its new tree, and the app up on them. Health never undoes a commit
    /// here.
    fn go_forward(&mut self, lives: &[Live]) -> Result<Ending> {
        // It was started on the new trees, and its health is recorded: what is left is step 10, for which nobody's app is
        // stopped, however often that fails.
        let is_judged = matches!(self.milestone(), Milestone::Healthy | Milestone::Unconfirmed);
        if is_judged && lives.iter().all(|live| *live == Live::New) && self.app_is_up() {
            self.complete()?;
            return Ok(self.went_forward(message!("it-went-on-running-while")));
        }
        self.notice_foreign_start(lives)?;
        self.app.stop()?;
        if lives.contains(&Live::Old) {
            self.check_down()?;
        }
        if self.app_should_run() {
            self.users()?.into_iter().next().map_or(Ok(()), Err)?;
        }
        (0..self.open_volumes.len()).try_for_each(|index| self.exchange_forward(index))?;
        if self.foreign_start {
            self.complete()?;
            let app = message!("stopped-something-else-had-started");
            return Ok(Ending { outcome: Outcome::Unconfirmed, ..self.went_forward(app) });
        }
        let started = self.redeploy().and_then(|()| match self.app_should_run() {
            true => self.app.await_healthy(&|| false).map(Some),
            false => Ok(None),
        });
        let (confirmed, app) = match started {
            Ok(None) => (true, message!("it-was-stopped-and-stays-stopped")),
            Ok(Some(report)) => (report.health == Health::Healthy, report.reason),
            // Not because of the app: the next start tries again.
            Err(failure) if failure.code != Code::AppBad && !self.app_is_up() => {
                return Err(failure.context(message!("the-new-data-is-live-but-the")));
            }
            Err(failure) => (false, failure.message),
        };
        if self.app_should_run() {
            self.journal.append(if confirmed { Event::Healthy } else { Event::Unconfirmed })?;
        }
        self.complete()?;
        Ok(self.went_forward(app))
    }

    fn went_forward(&self, app: Message) -> Ending {
        let unconfirmed = self.journal.records().iter().any(|record| record.event == Event::Unconfirmed);
        let outcome = if unconfirmed { Outcome::Unconfirmed } else { Outcome::Done };
        Ending { outcome, failure: None, app, left_behind: Vec::new(), later_writes: Vec::new() }
    }

    /// Over, but nobody told: what the journal says.
    fn over(&self) -> Result<Ending> {
        let committed = self.journal.state().committed;
        // What is undone, and what an undo did not exchange, lies beside the lives on purpose.
        let left_behind = match (self.milestone(), &self.begin.kind) {
            (Milestone::Closed, TransactionKind::Restore { .. }) => self.left_beside_lives()?,
            (Milestone::Closed, TransactionKind::Undo { .. }) if committed => self.left_beside_lives()?,
            _ => Vec::new(),
        };
        if committed || self.milestone() == Milestone::Undone {
            return Ok(Ending { left_behind, ..self.went_forward(Message::default()) });
        }
        let failure = Failure::new(Code::Io, message!("it-did-not-happen-every-volume"));
        Ok(Ending {
            outcome: Outcome::Failed,
            failure: Some(failure),
            app: Message::default(),
            left_behind,
            later_writes: Vec::new(),
        })
    }
}

fn went_back(outcome: Outcome, hint: Message, app: Message) -> Ending {
    let failure = Failure::new(Code::Io, message!("the-host-ended-in-the-middle-every"));
    Ending { outcome, failure: Some(failure.hint(hint)), app, left_behind: Vec::new(), later_writes: Vec::new() }
}
