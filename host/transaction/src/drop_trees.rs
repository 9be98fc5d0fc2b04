//! What may be removed, and when: protocol rule 1.
//!
//! Nothing is ever dropped by its name or because of a milestone. A new sibling goes only while live IS the recorded old
//! tree and the sibling IS the recorded new one; previous trees go only after `dropping`, and only if they ARE the
//! recorded ones. What was made but not recorded is empty: `rmdir` alone may take it. Where a person has decided, what they
//! did not choose goes when they ask for it, and only if it IS a recorded tree and is not live.

use std::path::Path;

use super::event::{Begin, Event, TransactionKind};
use super::names::probe_names;
use super::open_volumes::{Live, OpenVolume};
use super::registry::{self, KnownTransaction};
use super::state::Milestone;
use super::{Transaction, receipt, resolved};
use reforge_base::Message;
use reforge_base::failure::Result;
use reforge_base::message;
use reforge_base::spec::Observation;
use reforge_volumes::identity::Identity;
use reforge_volumes::remove::{self, Removal};

impl Transaction {
    /// Drops what a transaction that did not happen had staged. An undo stages nothing: what it borrowed stays.
    pub(super) fn drop_new_siblings(&mut self) -> Result<Vec<Message>> {
        let mut left = Vec::new();
        for (index, place) in self.open_volumes.iter().enumerate() {
            let (one, other) = probe_names(&place.volume.sibling);
            for name in [&one, &other] {
                if place.parent.identity(name)?.is_some() {
                    place.parent.remove_empty(name)?;
                }
            }
            if matches!(self.begin.kind, TransactionKind::Undo { .. }) {
                continue;
            }
            let recorded = self.journal.state().siblings[index].as_ref();
            match (place.look()?.sibling, recorded) {
                (None, _) => {}
                (Some(_), None) => place.parent.remove_empty(&place.volume.sibling)?,
                (Some(found), Some(recorded)) if found == *recorded => {
                    if place.classify(self.journal.state(), index)? == Live::Old {
                        let removal = remove::remove_known(&place.parent, &place.volume.sibling, &[recorded])?;
                        left.extend(unremoved(place, removal));
                    } else {
                        left.push(message!("its-live-is-not-the-recorded", sibling = place.volume.sibling));
                    }
                }
                (Some(_), Some(_)) => left.push(message!("not-the-recorded-one", sibling = place.volume.sibling)),
            }
            place.parent.sync()?;
        }
        Ok(left)
    }

    /// Ends the window: from `dropping` on there is no way back. Answers what could not be removed and was left; the
    /// receipt, if there is one, names it before it is over.
    pub fn drop_previous(&mut self, receipts: &Path) -> Result<Vec<Message>> {
        let after_revert = self.milestone() == Milestone::Reverted;
        if self.milestone() != Milestone::Dropping {
            // An undo in the middle may have borrowed these very trees: dropped, it could go neither back nor forward.
            let entries = registry::read_open(self.transactions())?;
            registry::blocking(&entries, &self.begin.workload).map_or(Ok(()), Err)?;
            self.refuse_what_was_written_since(receipts)?;
            self.journal.append(Event::Dropping)?;
        }
        let mut left = Vec::new();
        for (index, place) in self.open_volumes.iter().enumerate() {
            let recorded = match after_revert {
                true => self.journal.state().siblings[index].iter().collect(),
                false => self.recorded(index),
            };
            left.extend(drop_recorded(place, &recorded)?);
        }
        left.extend(self.discard_kept());
        receipt::add_left_behind(receipts, &self.begin.id, &left)?;
        self.journal.append(Event::Closed)?;
        Ok(left)
    }

    /// What still stands under the names of siblings when all is over: it could not be removed.
    pub(super) fn left_beside_lives(&self) -> Result<Vec<Message>> {
        let mut left = Vec::new();
        for place in &self.open_volumes {
            left.extend(place.look()?.sibling.map(|_| Message::from(place.volume.sibling.as_str())));
        }
        Ok(left)
    }

    /// Removes what a person who decided did not choose. A crash in between leaves some of it, and this may be repeated.
    pub fn drop_unchosen(&self) -> Result<Vec<Message>> {
        let mut left = Vec::new();
        for (index, place) in self.open_volumes.iter().enumerate() {
            left.extend(drop_recorded(place, &self.recorded(index))?);
        }
        left.extend(self.discard_kept());
        Ok(left)
    }

    /// What the runtime kept for going back is of no use without the trees. Trees that are gone matter more: what stays
    /// is named.
    pub(super) fn discard_kept(&self) -> Vec<Message> {
        let forgotten = self.observed_with_these_trees();
        let forgotten = forgotten.and_then(|seen| seen.iter().try_for_each(|seen| self.app.discard(seen)));
        forgotten.err().map(|failure| message!("what-the-runtime-kept", failure)).into_iter().collect()
    }

    /// What every transaction saw that had these trees before this one, since an undo borrows those of what it undoes,
    /// or that a person resolved. An undo that was reverted keeps nothing.
    fn observed_with_these_trees(&self) -> Result<Vec<Observation>> {
        let siblings =
            |begin: &Begin| -> Vec<String> { begin.volumes.iter().map(|volume| volume.sibling.clone()).collect() };
        let mut seen = Vec::new();
        for entry in registry::read_all(self.transactions())? {
            let KnownTransaction::Open(journal, begin) = entry else { continue };
            let is_over =
                || journal.state().milestone == Milestone::Undone || resolved::is_resolved(journal.directory());
            let had_them = begin.id == self.begin.id || (siblings(&begin) == siblings(&self.begin) && is_over());
            if let (true, Some(digest)) = (had_them, &journal.state().observation) {
                seen.push(journal.attachment(digest)?);
            }
        }
        Ok(seen)
    }

    /// Tries again what could not be removed when this was over. The receipt then names what is still left.
    pub fn drop_left(&self, receipts: &Path) -> Result<Vec<Message>> {
        let mut left = Vec::new();
        for (index, place) in self.open_volumes.iter().enumerate() {
            left.extend(drop_recorded(place, &self.recorded(index))?);
        }
        receipt::replace_left_behind(receipts, &self.begin.id, &left)?;
        Ok(left)
    }

    /// Whether this is over, its trees are its own, and one of them still lies beside a live.
    pub fn has_left_trees(&self) -> Result<bool> {
        let state = self.journal.state();
        // What an undo that did not happen had borrowed is the restore's.
        let are_its_own = state.committed || matches!(self.begin.kind, TransactionKind::Restore { .. });
        if state.milestone != Milestone::Closed || !are_its_own {
            return Ok(false);
        }
        for (index, place) in self.open_volumes.iter().enumerate() {
            let sight = place.look()?;
            let is_recorded = |found| self.recorded(index).contains(&found) && sight.live.as_ref() != Some(found);
            if sight.sibling.as_ref().is_some_and(is_recorded) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Every tree of one volume that is this transaction's, old and new: a crash may have forgotten which of the two
    /// stands beside live.
    pub(super) fn recorded(&self, index: usize) -> Vec<&Identity> {
        let state = self.journal.state();
        let old = &self.open_volumes[index].volume.live_identity;
        [old, &state.made[index], &state.siblings[index]].into_iter().flatten().collect()
    }
}

/// Removes the tree under a sibling's name if it IS one of these and is not live. Answers what was left.
fn drop_recorded(place: &OpenVolume, recorded: &[&Identity]) -> Result<Vec<Message>> {
    let sight = place.look()?;
    let left = match sight.sibling {
        Some(found) if recorded.contains(&&found) && sight.live.as_ref() != Some(&found) => {
            unremoved(place, remove::remove_known(&place.parent, &place.volume.sibling, &[&found])?)
        }
        Some(_) => vec![message!("not-the-recorded-one", sibling = place.volume.sibling)],
        None => Vec::new(),
    };
    place.parent.sync()?;
    Ok(left)
}

/// What could not be removed, each with why.
fn unremoved(place: &OpenVolume, removal: Removal) -> Vec<Message> {
    let mut left: Vec<Message> = removal
        .unremoved_names
        .iter()
        .map(|unremoved| {
            let path = reforge_base::escape::path(&place.volume.parent.join(&unremoved.path));
            message!("still-there-because", path, reason = unremoved.reason)
        })
        .collect();
    let named = left.len() as u64;
    if removal.unremoved > named {
        left.push(message!("and-more", n = removal.unremoved - named));
    }
    left
}
