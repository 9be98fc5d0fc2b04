//! Where a transaction's trees are right now, judged by identity and by nothing else: protocol rules 1 and 2.

use super::event::BeginVolume;
use super::state::{Milestone, State};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_volumes::identity::Identity;
use reforge_volumes::parent::Parent;

/// One volume of a transaction with its parent held open.
pub struct OpenVolume {
    pub volume: BeginVolume,
    pub parent: Parent,
}

/// Which tree is live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Live {
    /// What was there at `begin`.
    Old,
    /// What was staged, or borrowed by an undo.
    New,
    /// Nothing: what was put there was taken away. The old tree is the sibling.
    Gone,
    /// Something that this transaction knows nothing of.
    Neither,
}

/// What stands under the two names of a volume.
pub struct Sight {
    pub live: Option<Identity>,
    pub sibling: Option<Identity>,
}

impl OpenVolume {
    /// Opens the recorded parent and checks that it is the recorded one.
    pub fn open(volume: &BeginVolume) -> Result<OpenVolume> {
        let parent = Parent::open(&volume.parent).map_err(|failure| match failure.code == Code::NotFound {
            true if is_of_engine(volume) => failure.hint(message!("the-engines-volume-was-removed")),
            _ => failure,
        })?;
        if parent.own_identity()? != volume.parent_identity {
            let message = message!(
                "the-parent-of-volume-is-another",
                name = volume.name,
                parent = reforge_base::escape::path(&volume.parent)
            );
            let hint = match is_of_engine(volume) {
                true => message!("the-engines-volume-was-removed"),
                false => message!("is-its-disk-mounted"),
            };
            return Err(Failure::new(Code::NeedsOperator, message).hint(hint));
        }
        Ok(OpenVolume { volume: volume.clone(), parent })
    }

    /// What is there now.
    pub fn look(&self) -> Result<Sight> {
        Ok(Sight {
            live: self.parent.identity(&self.volume.live)?,
            sibling: self.parent.identity(&self.volume.sibling)?,
        })
    }

    /// Which tree is live now.
    pub fn classify(&self, state: &State, index: usize) -> Result<Live> {
        let is_empty = || self.parent.is_empty_directory(&self.volume.live).unwrap_or(false);
        Ok(classify(state, index, self.volume.live_identity.as_ref(), &self.look()?, is_empty))
    }
}

/// Whether the engine has removed a volume of its own, and both trees with it. Another one of that name may be there.
pub(super) fn is_removed(volume: &BeginVolume) -> bool {
    let is_gone = match Parent::open(&volume.parent).and_then(|parent| parent.own_identity()) {
        Ok(parent) => parent != volume.parent_identity,
        Err(failure) => failure.code == Code::NotFound,
    };
    is_of_engine(volume) && is_gone
}

/// Whether it is a volume of an engine's, which the engine removes with everything beside it.
fn is_of_engine(volume: &BeginVolume) -> bool {
    let above = volume.parent.parent().and_then(|above| above.file_name());
    volume.live == "_data" && above.is_some_and(|above| above == "volumes")
}

/// Judges what stands under the two names of a volume against what the journal recorded for it. `old` is what was live
/// at `begin`; `is_empty` tells whether live is an empty directory.
///
/// Handles can be given out again after a power cut, so live counts only beside the sibling: as long as siblings
/// must be there, the pair has to be {old, new} in one order or the other.
pub fn classify(
    state: &State,
    index: usize,
    old: Option<&Identity>,
    sight: &Sight,
    is_empty: impl FnOnce() -> bool,
) -> Live {
    let (new, made) = (state.siblings[index].as_ref(), state.made[index].as_ref());
    let is_old = match (&sight.live, old) {
        (Some(live), Some(old)) => live == old,
        (None, None) => true,
        // Given away after `reverted`: what came there since is none of ours.
        (Some(live), None) if state.milestone == Milestone::Reverted => Some(live) != new,
        (Some(live), None) => Some(live) == made || (is_nobodys(state, live) && is_empty()),
        (None, Some(_)) => false,
    };
    let is_new = new.is_some() && sight.live.as_ref() == new;
    let sibling_is_new = new.is_some() && sight.sibling.as_ref() == new;
    let previous = old.or(made);
    let sibling_is_old = previous.is_some() && sight.sibling.as_ref() == previous;
    match (is_old, is_new) {
        (true, _) if sibling_is_new || sight.sibling.is_none() || new.is_none() => Live::Old,
        (_, true) if sibling_is_old || sight.sibling.is_none() => Live::New,
        (false, false) if sight.live.is_none() && sibling_is_old => Live::Gone,
        _ => Live::Neither,
    }
}

/// Where live was absent, a directory may have been made and not recorded yet. It is empty and only `rmdir` may take it,
/// so that it can be counted as "absent" without looking inside.
fn is_nobodys(state: &State, live: &Identity) -> bool {
    state.milestone == Milestone::Swapping && state.siblings.iter().flatten().all(|sibling| sibling != live)
}
