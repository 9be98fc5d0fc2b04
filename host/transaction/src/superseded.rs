//! Previous trees that no undo can use any more: those of a restore after which another one was completed. And those that take
//! more room than they may.
//!
//! Only the newest restore of a workload can be undone, so what an earlier one keeps goes as soon as a later one is completed,
//! with whatever its runtime kept for going back. Trees stay that a person has to end (`keep_previous`), that a revert left,
//! that hold later writes, or that somebody holds; what the runtime kept for them goes all the same, since it stands in the way
//! of deploys. Each is dropped as at the end of its window: after `dropping`, by identity, and never what was written since.

use super::app::App;
use super::journal::{Found, Journal};
use super::recover::Recovery;
use super::registry::{self, KnownTransaction};
use super::{Transaction, kept, receipt};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

impl Recovery<'_> {
    /// Ends what the newest restore of a workload has superseded. Whoever holds the workload's lease does it another time.
    pub fn end_superseded(&self, workload: &str) -> Result<()> {
        let entries = registry::read_open(self.transactions)?;
        for entry in &entries {
            let KnownTransaction::Open(journal, begin) = entry else { continue };
            let is_one =
                begin.workload == workload && journal.state().in_window() && registry::is_superseded(&entries, begin);
            if is_one && receipt::is_told(self.receipts, &begin.id) {
                match self.end_one(&begin.id, workload) {
                    Err(failure) if failure.code == Code::Busy => return Ok(()),
                    ended => ended?,
                }
            }
        }
        Ok(())
    }

    /// Ends the oldest windows, of whatever workload, while previous data takes more than that on its disks. What the restore
    /// `but` keeps stays, and whatever a person has to end or wrote to since.
    pub fn hold_previous_below(&self, bytes_max: u64, but: &str) -> Result<()> {
        let entries = registry::read_open(self.transactions)?;
        let in_window = entries.iter().filter_map(|entry| match entry {
            KnownTransaction::Open(journal, begin) if journal.state().in_window() => Some((journal, begin)),
            _ => None,
        });
        // A disk that is not there has no room to give.
        let kept: Vec<_> =
            in_window.map(|(journal, begin)| (journal, begin, kept::bytes(begin).unwrap_or(0))).collect();
        let mut sum: u64 = kept.iter().map(|(_, _, bytes)| bytes).sum();
        for (journal, begin, bytes) in kept {
            let may_go = registry::goes_when_superseded(journal.state(), begin) && begin.id != but;
            if sum > bytes_max && may_go && receipt::is_told(self.receipts, &begin.id) {
                match self.end_one(&begin.id, &begin.workload) {
                    Err(failure) if failure.code == Code::Busy => continue,
                    ended => ended?,
                }
                sum -= bytes;
            }
        }
        Ok(())
    }

    fn end_one(&self, id: &str, workload: &str) -> Result<()> {
        let lease = self.apps.locks().try_lease(workload, message!("the-end-of-what-came-before"))?;
        let Found::Journal(journal, begin) = Journal::read(&self.transactions.join(id), true)? else { return Ok(()) };
        let entries = registry::read_open(self.transactions)?;
        let is_lent = registry::is_of_decided_undo(&entries, id);
        if !journal.state().in_window() || registry::blocking(&entries, workload).is_some() || is_lent {
            return Ok(());
        }
        let goes = registry::goes_when_superseded(journal.state(), &begin);
        let app = App::new(self.apps, lease, &begin.runtime)?;
        let mut transaction = Transaction::reopen(*journal, *begin, app)?;
        transaction.refuse_older_state()?;
        let dropped = if goes { transaction.drop_previous(self.receipts).map(drop) } else { Err(stays()) };
        match dropped {
            Err(failure) if matches!(failure.code, Code::PolicyRefused | Code::NotDown | Code::NeedsOperator) => {
                // What could not go is in the way of the next deploy, which says so.
                transaction.discard_kept();
                Ok(())
            }
            dropped => dropped,
        }
    }
}

/// It is not asked for its trees.
fn stays() -> Failure {
    Failure::new(Code::PolicyRefused, message!("it-stays-until-a-person-ends-it"))
}
