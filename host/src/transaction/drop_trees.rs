//! What may be removed, and when: protocol rule 1.
//!
//! Nothing is ever dropped by its name or because of a phase. A new sibling goes only while live IS the recorded old
//! tree and the sibling IS the recorded new one; previous trees go only after `dropping`, and only if they ARE the
//! recorded ones. What was made but not recorded is empty: `rmdir` alone may take it.

use super::event::{Event, Kind};
use super::places::Live;
use super::state::Phase;
use super::{Transaction, probe_names};
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
            self.journal.append(Event::Dropping)?;
        }
        let mut left = Vec::new();
        for (index, place) in self.places.iter().enumerate() {
            let state = self.journal.state();
            let recorded: Vec<&Identity> = match after_revert {
                true => state.siblings[index].iter().collect(),
                // A crash may have forgotten which of the two it was: both are this transaction's, and live is
                // neither of them if it is the sibling.
                false => [&place.volume.live_identity, &state.made[index], &state.siblings[index]]
                    .into_iter()
                    .flatten()
                    .collect(),
            };
            let sight = place.look()?;
            match sight.sibling {
                Some(found) if recorded.contains(&&found) && sight.live.as_ref() != Some(&found) => {
                    left.extend(kept(remove::remove_tree(&place.parent, &place.volume.sibling)?));
                }
                Some(_) => left.push(format!("{} (not the recorded one)", place.volume.sibling)),
                None => {}
            }
            place.parent.sync()?;
        }
        self.journal.append(Event::Closed)?;
        Ok(left)
    }
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
