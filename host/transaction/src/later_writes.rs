//! What was written to a tree after the journal's newest word about it is never removed unseen (protocol, rule 17).
//!
//! Something else may start the app after a crash, or go on writing to the previous data: what it wrote is in a tree that
//! is about to be removed, and nowhere else. Such a tree is kept for a window, and the receipt says where it is. Nothing
//! here removes, exchanges or starts anything.

use std::path::Path;

use cap_std::fs::Dir;

use super::event::{Event, Moment, Record, TransactionKind};
use super::journal::Journal;
use super::open_volumes::OpenVolume;
use super::{Transaction, receipt, window};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_holders::{self as holders, LiveDirectory};
use reforge_volumes::live_tree;

impl Transaction {
    /// After going back: keeps the trees that had been live if anything was written to them meanwhile, or may have been.
    /// Answers where they are; none if they may go.
    pub(super) fn keep_what_was_written_since(&mut self) -> Result<Vec<String>> {
        // Nothing could write before the first exchange: the sealed trees were nobody's.
        if !self.journal.state().has_swapped {
            return Ok(Vec::new());
        }
        let kept = match self.journal.state().later_writes || self.foreign_start {
            true => self.siblings()?,
            false => self.written_since(Event::Sealed.name())?,
        };
        // What an undo borrowed stays in any case.
        let is_recorded = self.journal.state().later_writes || matches!(self.begin.kind, TransactionKind::Undo { .. });
        if !kept.is_empty() && !is_recorded {
            self.record_later_writes()?;
        }
        Ok(kept)
    }

    /// Before the previous trees go: refuses if somebody holds one, or wrote to one after the commit. Then they are kept
    /// for another window.
    pub(super) fn refuse_what_was_written_since(&mut self, receipts: &Path) -> Result<()> {
        let mut held = Vec::new();
        for (index, place) in self.open_volumes.iter().enumerate() {
            if let Some(sibling) = self.own_sibling(index)? {
                let path = place.volume.parent.join(&place.volume.sibling);
                held.push((place.volume.name.clone(), LiveDirectory::of(&sibling, &path)?));
            }
        }
        holders::refusals(&held)?.into_iter().next().map_or(Ok(()), Err)?;
        let base = if self.journal.state().committed { Event::Commit } else { Event::Sealed };
        let since = if self.was_reverted() { "reverted" } else { base.name() };
        let written = self.written_since(since)?;
        if written.is_empty() {
            return Ok(());
        }
        // From the record on the trees may go: whoever reads the receipt knows of them by then.
        receipt::add_later_writes(receipts, &self.begin.id, &written)?;
        self.record_later_writes()?;
        Err(kept(&written))
    }

    fn was_reverted(&self) -> bool {
        self.journal.records().iter().any(|record| matches!(record.event, Event::Reverted { .. }))
    }

    /// Where trees are in the siblings' places of which anything changed after the newest record of this name.
    fn written_since(&self, record: &str) -> Result<Vec<String>> {
        let mut written = Vec::new();
        for (index, place) in self.open_volumes.iter().enumerate() {
            if self.own_sibling(index)?.is_some_and(|sibling| self.was_changed_since(record, sibling)) {
                written.push(shown(place));
            }
        }
        Ok(written)
    }

    /// Whether anything in a tree changed after the newest record of this name, or after trees were kept for that last.
    /// One that cannot be looked at may hold anything.
    pub(super) fn was_changed_since(&self, record: &str, tree: Dir) -> bool {
        let is_it = |known: &&Record| known.event.name() == record || matches!(known.event, Event::LaterWrites { .. });
        let Some(newest) = self.journal.records().iter().rev().find(is_it) else { return true };
        !live_tree::newest_change_ms(tree).is_ok_and(|changed| changed.is_none_or(|at| at <= newest.wall_ms))
    }

    fn siblings(&self) -> Result<Vec<String>> {
        let mut siblings = Vec::new();
        for (index, place) in self.open_volumes.iter().enumerate() {
            siblings.extend(self.own_sibling(index)?.map(|_| shown(place)));
        }
        Ok(siblings)
    }

    /// The tree in a sibling's place, if it is one of this transaction's: no other would be removed.
    fn own_sibling(&self, index: usize) -> Result<Option<Dir>> {
        let place = &self.open_volumes[index];
        match place.look()?.sibling {
            Some(found) if self.recorded(index).contains(&&found) => place.parent.open_live(&place.volume.sibling),
            _ => Ok(None),
        }
    }

    fn record_later_writes(&mut self) -> Result<()> {
        let at = Moment::now();
        self.journal.append(Event::LaterWrites { at: at.clone() })?;
        window::restart(self.journal.directory(), &at)
    }
}

/// When the window of a journal began; none if it has none.
pub fn window_began(journal: &Journal) -> Option<&Moment> {
    journal.records().iter().rev().find_map(|record| match &record.event {
        Event::Completed { at } | Event::Reverted { at } | Event::LaterWrites { at } => Some(at),
        _ => None,
    })
}

/// How often trees were kept for that.
pub fn times(journal: &Journal) -> usize {
    journal.records().iter().filter(|record| matches!(record.event, Event::LaterWrites { .. })).count()
}

/// What refuses to remove trees that hold later writes, until a person was told of them.
pub fn kept(trees: &[String]) -> Failure {
    Failure::new(Code::PolicyRefused, message!("written-to-since-and-kept", trees = trees.join(", ")))
        .hint(message!("look-at-it-and-take"))
}

fn shown(place: &OpenVolume) -> String {
    reforge_base::escape::path(&place.volume.parent.join(&place.volume.sibling))
}
