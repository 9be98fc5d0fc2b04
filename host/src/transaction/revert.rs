//! Going back: R1 before the commit, R2 after it.
//!
//! The order is the same both ways and is what makes it safe: the app is down, every volume is exchanged back and its
//! parent synced, `reverted` is durable, the app is started on the old data, and only then is anything removed.

use super::Transaction;
use super::event::{Event, Kind, Moment};
use super::places::Live;
use super::state::Phase;
use crate::failure::{Code, Failure, Result};

/// How a revert ended.
#[derive(Debug, Default)]
pub struct Reverted {
    /// Whether any volume had been exchanged.
    pub exchanged: bool,
    /// The app could not be brought back on its old data.
    pub app_failure: Option<Failure>,
    /// What could not be removed and was left.
    pub left_behind: Vec<String>,
}

impl Transaction {
    /// Goes back from wherever the transaction stands. A failure means that the set may be mixed: the app is down and
    /// stays down, every tree is kept, and the next start tries again.
    pub fn revert(&mut self) -> Result<Reverted> {
        if self.stuck {
            return Err(needs_operator(Failure::new(Code::NeedsOperator, "the direction is in doubt"), self.id()));
        }
        match self.phase() {
            Phase::Begun | Phase::Sealed => self.forget(),
            Phase::Stopping | Phase::Stopped | Phase::Safe | Phase::Swapping | Phase::Swapped => self.go_back(),
            Phase::Committed if self.journal.state().aborted => self.go_back(),
            Phase::Committed | Phase::Starting | Phase::Unconfirmed => {
                self.record_direction(Event::Reverting)?;
                self.go_back()
            }
            Phase::Reverting if !self.journal.state().aborted => self.go_back(),
            Phase::Reverted => self.after_reverted(Reverted::default()),
            phase => {
                let message = format!("`{}` cannot be reverted: it is {phase:?}", self.id());
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

    fn go_back(&mut self) -> Result<Reverted> {
        let id = self.id().to_owned();
        self.all_old_again().map_err(|failure| needs_operator(failure, &id)).and_then(|exchanged| {
            self.journal
                .append(Event::Reverted { at: Moment::now() })
                .map_err(|failure| needs_operator(failure, &id))?;
            self.after_reverted(Reverted { exchanged, ..Reverted::default() })
        })
    }

    /// Exchanges back whatever is new and syncs every parent, also those found done already. Where one volume fits no row,
    /// none moves: what was found is what a person decides about.
    fn all_old_again(&mut self) -> Result<bool> {
        let lives = (0..self.places.len())
            .map(|index| self.places[index].judge(self.journal.state(), index))
            .collect::<Result<Vec<Live>>>()?;
        let exchanged = lives.iter().any(|live| *live != Live::Old);
        match self.app.stop() {
            // Nothing moved, so whoever is still alive sits on the right data.
            Err(failure) if failure.code == Code::NotDown && !exchanged => {}
            stopped => stopped?,
        }
        if let Some(index) = lives.iter().position(|live| *live == Live::Neither) {
            return Err(self.unknown(index));
        }
        for index in 0..self.places.len() {
            self.exchange_back(index)?;
        }
        Ok(exchanged)
    }

    /// `reverted` is durable: the app comes back first, then trees are dropped, unless clients may have written into
    /// them after a commit, or they are an undo's loan.
    fn after_reverted(&mut self, mut reverted: Reverted) -> Result<Reverted> {
        self.give_absent_lives_back()?;
        if !self.foreign_start {
            reverted.app_failure = self.bring_app_back().err();
        }
        if self.journal.state().committed && matches!(self.begin.kind, Kind::Restore { .. }) {
            return Ok(reverted);
        }
        reverted.left_behind = self.drop_new_siblings()?;
        self.journal.append(Event::Closed)?;
        Ok(reverted)
    }

    fn bring_app_back(&self) -> Result<()> {
        let Some(observation) = &self.observation else { return Ok(()) };
        let brought = self.app.bring_back(observation);
        let released = self.app.release();
        brought.and(released)
    }
}

fn needs_operator(failure: Failure, id: &str) -> Failure {
    let message = format!("could not go back: {}; the app is down and every tree is kept", failure.message);
    Failure::new(Code::NeedsOperator, message)
        .hint(format!("every start tries again; `reforge restore resolve {id}` shows each tree and asks which to keep"))
}
