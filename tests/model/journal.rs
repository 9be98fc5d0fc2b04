//! The journal in the page cache and on the disk. Its states and moves are the product's.

use reforge_transaction::event::Event;
use reforge_transaction::state::{self, Milestone, State};

/// Whether a small file is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum File {
    Absent,
    Unsynced,
    Durable,
}

/// The journal: what is durable, and each record behind that is only in the page cache.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Journal {
    durable: State,
    unsynced: Vec<State>,
    /// The newest record failed to sync: its writer does not count on it and writes its next one over it.
    in_doubt: bool,
    pub abort: File,
    /// What the abort is over.
    over: Option<Milestone>,
    /// A record that only makes sense with the abort stands behind it.
    relies_on_abort: bool,
    pub damaged: bool,
}

impl Journal {
    pub(super) fn new(state: State) -> Journal {
        Journal {
            durable: state,
            unsynced: Vec::new(),
            in_doubt: false,
            abort: File::Absent,
            over: None,
            relies_on_abort: false,
            damaged: false,
        }
    }

    /// What its writer knows, or what a reader finds.
    pub(super) fn says(&self) -> State {
        let counted = self.unsynced.len() - usize::from(self.in_doubt);
        let newest = self.unsynced[..counted].last().unwrap_or(&self.durable);
        self.with_abort(newest)
    }

    /// What a power cut leaves of it at least.
    pub(super) fn surely_says(&self) -> State {
        self.with_abort(&self.durable)
    }

    fn with_abort(&self, state: &State) -> State {
        match self.over {
            Some(over) if self.abort != File::Absent && state.milestone == over => state.clone().abort(),
            _ => state.clone(),
        }
    }

    /// Writes one record behind those that count. False if it is an illegal move.
    pub(super) fn write(&mut self, event: &Event) -> bool {
        let says = self.says();
        let Ok(next) = state::next(&says, event) else { return false };
        if self.in_doubt {
            self.unsynced.pop();
            self.in_doubt = false;
        }
        self.relies_on_abort |= says.aborted;
        self.unsynced.push(next);
        true
    }

    pub(super) fn sync(&mut self) {
        self.durable = self.unsynced.pop().unwrap_or_else(|| self.durable.clone());
        self.unsynced.clear();
        self.in_doubt = false;
    }

    pub(super) fn sync_failed(&mut self) {
        self.in_doubt = !self.unsynced.is_empty();
    }

    /// An abort over the record that is in doubt, in a file that is not synced yet.
    pub(super) fn write_abort(&mut self, direction: &Event) {
        let over = state::next(&self.says(), direction).unwrap().milestone;
        (self.abort, self.over) = (File::Unsynced, Some(over));
    }

    /// The direction once more, so that what follows does not stand behind a gap.
    pub(super) fn write_again(&mut self, direction: &Event) {
        if self.in_doubt {
            self.in_doubt = false;
        } else {
            assert!(self.write(direction));
        }
    }

    pub(super) fn sync_abort(&mut self) {
        if self.abort == File::Unsynced {
            self.abort = File::Durable;
        }
    }

    /// Every number of newest records that can be lost, and one more if one can be lost before another.
    pub(super) fn cuts(&self) -> u8 {
        let unsynced = self.unsynced.len() as u8;
        unsynced + 1 + u8::from(unsynced > 1)
    }

    pub(super) fn cut(&mut self, kept: u8, keep_abort: bool) {
        let kept = usize::from(kept);
        if kept > self.unsynced.len() {
            self.damaged = true;
        } else if kept > 0 {
            self.durable = self.unsynced.swap_remove(kept - 1);
        }
        self.unsynced.clear();
        self.in_doubt = false;
        if self.abort == File::Unsynced {
            self.abort = if keep_abort { File::Durable } else { File::Absent };
            self.damaged |= !keep_abort && self.relies_on_abort && Some(self.durable.milestone) != self.over;
        }
    }

    /// Its writer is gone: a reader counts whatever the page cache holds.
    pub(super) fn left(&mut self) {
        self.in_doubt = false;
    }
}
