//! Going back: R1 before the commit, R2 after it.
//!
//! The order is the same both ways and is what makes it safe: the app is down, every volume is exchanged back and its
//! parent synced, `reverted` is durable, the app is started on the old data, and only then is anything removed.

use super::Transaction;
use super::event::{Event, Moment, TransactionKind};
use super::open_volumes::Live;
use super::state::Milestone;
use super::table::{self, Row};
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// How a revert ended.
#[derive(Debug, Default)]
pub struct Reverted {
    /// Whether any volume had been exchanged.
    pub exchanged: bool,
    /// The app could not be brought back on its old data.
    pub app_failure: Option<Failure>,
    /// It was not started again, since something else had started it meanwhile: what to do about that.
    pub foreign_start: Option<Message>,
    /// What could not be removed and was left.
    pub left_behind: Vec<Message>,
    /// Where trees are that something wrote to meanwhile: they are kept.
    pub later_writes: Vec<String>,
}

impl Reverted {
    /// How the app is now, in words.
    pub fn app(&self) -> Message {
        match (&self.foreign_start, &self.app_failure) {
            (Some(_), _) => message!("stopped-something-else-had-started-it"),
            (None, Some(failure)) => message!("could-not-be-started-again", failure),
            (None, None) => message!("as-it-was-before"),
        }
    }

    /// What to do about the app, if anything.
    pub fn hint(&self) -> Option<Message> {
        let kept = || message!("what-was-written-meanwhile-is-kept", later_writes = self.later_writes.join(", "));
        let kept = (!self.later_writes.is_empty()).then(kept);
        let app = self.foreign_start.clone().or_else(|| self.app_failure.as_ref().map(|failure| failure.hint.clone()));
        match (app, kept) {
            (Some(app), Some(kept)) => Some(Message::all([app, kept])),
            (app, kept) => app.or(kept),
        }
    }
}

impl Transaction {
    /// Goes back from wherever the transaction stands, if need be over a commit. A failure means that the set may be
    /// mixed: the app is down and stays down, every tree is kept, and the next start tries again.
    pub fn revert(&mut self) -> Result<Reverted> {
        if self.stuck {
            return Err(needs_operator(
                Failure::new(Code::NeedsOperator, message!("the-direction-is-in-doubt")),
                self.id(),
            ));
        }
        let over_a_commit =
            matches!(self.milestone(), Milestone::Committed | Milestone::Starting | Milestone::Unconfirmed);
        if over_a_commit && !self.is_aborted() {
            self.record_direction(Event::Reverting)?;
        }
        let lives = self.lives()?;
        match table::row(self.journal.state(), &lives) {
            Row::Forget => self.forget(),
            Row::GoBack => self.go_back(&lives),
            Row::FinishGoingBack => self.after_reverted(Reverted::default()),
            Row::NeedsOperator => Err(self.leave_to_a_person(&lives)),
            Row::GoForward | Row::Window | Row::GoOnDropping | Row::Over => {
                let message =
                    message!("cannot-be-reverted-it-is", id = self.id(), phase = format!("{:?}", self.milestone()));
                Err(Failure::new(Code::OutOfOrder, message))
            }
        }
    }

    /// Steps 3 and 4: the app never noticed. The siblings go, by identity.
    fn forget(&mut self) -> Result<Reverted> {
        let left_behind = self.drop_new_siblings()?;
        self.journal.append(Event::Closed)?;
        Ok(Reverted { left_behind, ..Reverted::default() })
    }

    fn go_back(&mut self, lives: &[Live]) -> Result<Reverted> {
        let id = self.id().to_owned();
        let exchanged = have_moved(lives);
        self.all_old_again(lives)
            .and_then(|()| self.journal.append(Event::Reverted { at: Moment::now() }))
            .map_err(|failure| needs_operator(failure, &id))?;
        self.after_reverted(Reverted { exchanged, ..Reverted::default() })
    }

    /// Stops the app, exchanges back whatever is new and syncs every parent, also those found done already.
    fn all_old_again(&mut self, lives: &[Live]) -> Result<()> {
        self.notice_foreign_start(lives)?;
        match self.app.stop() {
            // Nothing moved, so whoever is still alive sits on the right data.
            Err(failure) if failure.code == Code::NotDown && !have_moved(lives) => {}
            stopped => stopped?,
        }
        // Whoever started it past the runtime writes to what is about to become the sibling.
        if have_moved(lives) {
            self.check_down()?;
        }
        (0..self.open_volumes.len()).try_for_each(|index| self.exchange_back(index))
    }

    /// `reverted` is durable: the app comes back first, then trees are dropped, unless clients may have written into
    /// them after a commit, or they are an undo's loan. An app that is not back for want of its runtime leaves the
    /// transaction unfinished: closed would mean that nobody ever starts it.
    fn after_reverted(&mut self, mut reverted: Reverted) -> Result<Reverted> {
        self.give_absent_lives_back()?;
        if self.foreign_start {
            reverted.foreign_start = Some(self.foreign_start_hint());
            self.app.release()?;
        } else {
            reverted.app_failure = self.bring_app_back()?;
        }
        if self.journal.state().committed && matches!(self.begin.kind, TransactionKind::Restore { .. }) {
            return Ok(reverted);
        }
        reverted.later_writes = self.keep_what_was_written_since()?;
        if !reverted.later_writes.is_empty() && matches!(self.begin.kind, TransactionKind::Restore { .. }) {
            return Ok(reverted);
        }
        if self.journal.state().has_swapped && matches!(self.begin.kind, TransactionKind::Restore { .. }) {
            self.journal.append(Event::Dropping)?;
        }
        reverted.left_behind = self.drop_new_siblings()?;
        self.journal.append(Event::Closed)?;
        Ok(reverted)
    }

    /// As it was observed, policies too. Answers why it cannot be started, if that is its own fault.
    fn bring_app_back(&self) -> Result<Option<Failure>> {
        let Some(observation) = &self.observation else { return Ok(None) };
        // A person may have started it by hand since: two of it would damage what both write.
        if self.is_reopened && self.app_should_run() && !self.app_is_up() {
            self.users()?.into_iter().next().map_or(Ok(()), |user| Err(not_back(user)))?;
        }
        let brought = self.app.bring_back(observation);
        let released = self.app.release();
        match (brought, released) {
            (Err(failure), _) if failure.code != Code::AppBad && !self.app_is_up() => Err(not_back(failure)),
            (_, Err(failure)) => Err(not_back(failure)),
            (brought, Ok(())) => Ok(brought.err().filter(|failure| failure.code == Code::AppBad)),
        }
    }
}

/// Whether any volume is not as it was found.
fn have_moved(lives: &[Live]) -> bool {
    lives.iter().any(|live| matches!(live, Live::New | Live::Gone))
}

/// The data is safe, and the next start does the rest.
fn not_back(failure: Failure) -> Failure {
    let message = message!("every-volume-holds-what-it-held-before", message = failure.message);
    failure.with_message(message).hint(message!("reforge-recover-brings-it-back"))
}

fn needs_operator(failure: Failure, id: &str) -> Failure {
    let message = message!("could-not-go-back-the-app", message = failure.message);
    Failure::new(Code::NeedsOperator, message).hint(message!("every-start-tries-again-reforge-restore", id))
}
