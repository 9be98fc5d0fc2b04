//! What may be removed, and when: protocol rule 1.
//!
//! Nothing is ever dropped by its name or because of a phase. A new sibling goes only while live IS the recorded old
//! tree and the sibling IS the recorded new one; previous trees go only after `dropping`, and only if they ARE the
//! recorded ones. What was made but not recorded is empty: `rmdir` alone may take it. Where a person has decided, what they
//! did not choose goes when they ask for it, and only if it IS a recorded tree and is not live.

use super::event::{Event, Kind};
use super::places::{Live, Place};
use super::state::Phase;
use super::{Transaction, probe_names, registry};
use crate::failure::Result;
use crate::volumes::identity::Identity;
use crate::volumes::remove::{self, Removal};

impl Transaction {
    /// Drops what a transaction that did not happen had staged. An undo stages nothing: what it borrowed stays.
    pub(super) fn drop_new_siblings(&mut self) -> Result<Vec<String>> {
        let mut left = Vec::new();
        for (index, place) in self.places.iter().enumerate() {
            let (one, other) = probe_names(&place.volume.sibling);
            for name in [&one, &other] {
                if place.parent.identity(name)?.is_some() {
                    place.parent.remove_empty(name)?;
                }
            }
            if matches!(self.begin.kind, Kind::Undo { .. }) {
                continue;
            }
            let recorded = self.journal.state().siblings[index].as_ref();
            match (place.look()?.sibling, recorded) {
                (None, _) => {}
                (Some(_), None) => place.parent.remove_empty(&place.volume.sibling)?,
                (Some(found), Some(recorded)) if found == *recorded => {
                    if place.judge(self.journal.state(), index)? == Live::Old {
                        left.extend(kept(remove::remove_tree(&place.parent, &place.volume.sibling)?));
                    } else {
                        left.push(format!("{} (its live is not the recorded one)", place.volume.sibling));
                    }
                }
                (Some(_), Some(_)) => left.push(format!("{} (not the recorded one)", place.volume.sibling)),
            }
            place.parent.sync()?;
        }
        Ok(left)
    }

    /// Ends the window: from `dropping` on there is no way back. Answers what could not be removed and was left.
    pub fn drop_previous(&mut self) -> Result<Vec<String>> {
        let after_revert = self.phase() == Phase::Reverted;
        if self.phase() != Phase::Dropping {
            // An undo in the middle may have borrowed these very trees: dropped, it could go neither back nor forward.
            let entries = registry::read_all(self.transactions())?;
            registry::blocking(&entries, &self.begin.workload).map_or(Ok(()), Err)?;
            self.journal.append(Event::Dropping)?;
        }
        let mut left = Vec::new();
        for (index, place) in self.places.iter().enumerate() {
            let recorded = match after_revert {
                true => self.journal.state().siblings[index].iter().collect(),
                false => self.recorded(index),
            };
            left.extend(drop_recorded(place, &recorded)?);
        }
        if let Some(observation) = &self.observation {
            // Trees that are gone matter more than what the runtime kept: it stays, and is named.
            left.extend(self.app.forget(observation).err().map(|failure| format!("what the runtime kept: {failure}")));
        }
        self.journal.append(Event::Closed)?;
        Ok(left)
    }

    /// Removes what a person who decided did not choose. A crash in between leaves some of it, and this may be repeated.
    pub fn drop_unchosen(&self) -> Result<Vec<String>> {
        let mut left = Vec::new();
        for (index, place) in self.places.iter().enumerate() {
            left.extend(drop_recorded(place, &self.recorded(index))?);
        }
        Ok(left)
    }

    /// Every tree of one volume that is this transaction's, old and new: a crash may have forgotten which of the two
    /// stands beside live.
    fn recorded(&self, index: usize) -> Vec<&Identity> {
        let state = self.journal.state();
        let old = &self.places[index].volume.live_identity;
        [old, &state.made[index], &state.siblings[index]].into_iter().flatten().collect()
    }
}

/// Removes the tree under a sibling's name if it IS one of these and is not live. Answers what was left.
fn drop_recorded(place: &Place, recorded: &[&Identity]) -> Result<Vec<String>> {
    let sight = place.look()?;
    let left = match sight.sibling {
        Some(found) if recorded.contains(&&found) && sight.live.as_ref() != Some(&found) => {
            kept(remove::remove_tree(&place.parent, &place.volume.sibling)?)
        }
        Some(_) => vec![format!("{} (not the recorded one)", place.volume.sibling)],
        None => Vec::new(),
    };
    place.parent.sync()?;
    Ok(left)
}

/// What could not be removed, in words.
fn kept(removal: Removal) -> Vec<String> {
    let mut left: Vec<String> = removal
        .kept_names
        .iter()
        .map(|kept| format!("{} ({})", crate::escape::path(&kept.path), kept.reason))
        .collect();
    let named = left.len() as u64;
    if removal.kept > named {
        left.push(format!("and {} more", removal.kept - named));
    }
    left
}
