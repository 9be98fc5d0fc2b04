//! The exchanges of a transaction, forward and back: protocol rules 3, 4, 6 and 8.
//!
//! This is the only caller of [`reforge_volumes::parent::Parent::exchange`] but for the probe. Nothing here starts the
//! app, removes a tree or decides a direction.

use super::event::Event;
use super::open_volumes::{Live, OpenVolume};
use super::{Transaction, mixed};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_holders::in_flight::InFlight;

impl Transaction {
    /// Exchanges every volume and commits: from `swapping` to `commit`. Numbered as it happens:
    ///
    /// 1. the app is down, no mount hides in or on a live or a sibling, every sealed tree is what was sealed;
    /// 2. `swapping` is durable;
    /// 3. per volume: nobody but live's owner can rename in the parent; the sealed root gets its owner and mode, durably; an absent live is made (and recorded), live and
    ///    sibling are exchanged, both identities and the way to the parent are verified, the parent is synced;
    /// 4. `swapped` is durable; the app is still down, all that it comes back from is there, every live is judged once
    ///    more, and nobody has written to one;
    /// 5. `commit` is durable: the one instant. If its sync fails, `abort` decides, never memory.
    ///
    /// `go_on` is asked before each step and fails if it was cancelled. After a failure before 5 the caller reverts; a
    /// later start does the same. After 5 nothing is taken back.
    pub fn swap(&mut self, go_on: &dyn Fn() -> Result<()>) -> Result<()> {
        self.check_down()?;
        self.app.refuse_missing()?;
        self.check_mounts()?;
        self.check_sealed()?;
        go_on()?;
        self.journal.append(Event::Swapping)?;
        for index in 0..self.open_volumes.len() {
            go_on()?;
            let OpenVolume { volume, parent } = &self.open_volumes[index];
            parent.refuse_untrusted(&volume.live)?;
            self.open_up(index)?;
            self.exchange_forward(index)?;
        }
        self.journal.append(Event::Swapped)?;
        self.check_down()?;
        self.app.refuse_missing()?;
        self.check_new_lives()?;
        self.check_untouched()?;
        go_on()?;
        self.record_direction(Event::Commit)?;
        // The files that they stand for are of the trees that were swapped out, which may be removed.
        self.in_flight = InFlight::default();
        // From here on a copy of the state directory that knows of no commit is an old one.
        self.app.generations().advance(&self.begin.workload, self.open_volumes.iter().map(|place| &place.parent))
    }

    /// Ends the closure of one sealed root. Durable before the commit, since nobody could do it after a crash.
    fn open_up(&self, index: usize) -> Result<()> {
        let OpenVolume { volume, parent } = &self.open_volumes[index];
        self.sealed[index].as_ref().map_or(Ok(()), |tree| tree.open_up(parent, &volume.sibling))
    }

    /// Brings one volume to its new tree; does nothing but sync if it is there already.
    pub(super) fn exchange_forward(&mut self, index: usize) -> Result<()> {
        match self.open_volumes[index].classify(self.journal.state(), index)? {
            Live::New => {}
            Live::Old => {
                self.make_absent_live(index)?;
                let place = &self.open_volumes[index];
                place.parent.exchange(&place.volume.live, &place.volume.sibling)?;
            }
            Live::Gone | Live::Neither => return Err(self.unknown(index)),
        }
        self.verify(index, Live::New)
    }

    /// Brings one volume back to its old tree; does nothing but sync if it is there already.
    pub(super) fn exchange_back(&mut self, index: usize) -> Result<()> {
        let place = &self.open_volumes[index];
        match place.classify(self.journal.state(), index)? {
            Live::Old => {}
            Live::New => place.parent.exchange(&place.volume.live, &place.volume.sibling)?,
            Live::Gone => place.parent.put_back(&place.volume.sibling, &place.volume.live)?,
            Live::Neither => return Err(self.unknown(index)),
        }
        self.verify(index, Live::Old)
    }

    /// Takes away the empty directories that were made where live was absent. Only after `reverted`: until then they
    /// are how the trees are told apart. One that is another's, or that somebody has filled, is theirs.
    pub(super) fn give_absent_lives_back(&self) -> Result<()> {
        let absent = |(_, place): &(usize, &OpenVolume)| place.volume.live_identity.is_none();
        for (index, place) in self.open_volumes.iter().enumerate().filter(absent) {
            let (live, made) = (place.look()?.live, &self.journal.state().made[index]);
            let ours = live.is_some() && (made.is_none() || live == *made);
            if ours && place.parent.is_empty_directory(&place.volume.live)? {
                place.parent.remove_empty(&place.volume.live)?;
            }
            place.parent.sync()?;
        }
        Ok(())
    }

    /// Checks that live is what it should be and still reached by its path, and syncs its parent.
    fn verify(&self, index: usize, wanted: Live) -> Result<()> {
        let place = &self.open_volumes[index];
        if place.classify(self.journal.state(), index)? != wanted {
            return Err(self.unknown(index));
        }
        if !place.parent.still_reached_by_path()? {
            let message = message!(
                "the-parent-of-volume-was-moved",
                name = place.volume.name,
                parent = reforge_base::escape::path(&place.volume.parent)
            );
            return Err(Failure::new(Code::VolumeRefused, message));
        }
        place.parent.sync()
    }

    /// Gives an absent live an empty directory, so that there is something to exchange.
    fn make_absent_live(&mut self, index: usize) -> Result<()> {
        let OpenVolume { volume, parent } = &self.open_volumes[index];
        if volume.live_identity.is_some() {
            return Ok(());
        }
        if parent.identity(&volume.live)?.is_none() {
            parent.make_directory(&volume.live)?;
        }
        parent.sync()?;
        let identity = parent.identity(&volume.live)?.ok_or_else(|| self.unknown(index))?;
        if self.journal.state().made[index].is_none() {
            self.journal.append(Event::LiveMade { volume: index, identity })?;
        }
        Ok(())
    }

    /// Records `commit` or `reverting`. A failed sync is decided by an `abort` on disk; if that fails, too, nothing
    /// may move any more and a person has to look.
    pub(super) fn record_direction(&mut self, direction: Event) -> Result<()> {
        let Err(failure) = self.journal.append(direction.clone()) else { return Ok(()) };
        match self.journal.abort(&direction) {
            Ok(()) => Err(failure.context(message!("could-not-be-recorded", direction = direction.name()))),
            Err(second) => {
                self.stuck = true;
                let message = message!("may-or-may", direction = direction.name(), failure, second);
                Err(Failure::new(Code::NeedsOperator, message).hint(message!("the-app-stays-down-the-next")))
            }
        }
    }

    fn unknown(&self, index: usize) -> Failure {
        let volume = &self.open_volumes[index].volume;
        let message = message!("volume-holds-a-tree", name = volume.name);

        Failure::new(Code::NeedsOperator, message).hint(mixed(&self.begin.id))
    }
}
