//! What must hold before trees move, and after: protocol rules 8, 9 and 16 to 18. Changes nothing.

use super::Transaction;
use super::app::Used;
use super::event::Event;
use super::open_volumes::{Live, OpenVolume};
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::mounts;
use reforge_holders::{self as holders, LiveDirectory};
use reforge_volumes::live_tree;
use reforge_volumes::sealed::SealedTree;

impl Transaction {
    /// Rule 16: what runs has exactly the directories that are about to be exchanged. Whoever deploys past the lock may have
    /// changed that since the plan.
    pub(super) fn refuse_deployed_elsewhere(&self) -> Result<()> {
        let used = |place: &OpenVolume| Used::at(&place.volume.name, place.volume.parent.join(&place.volume.live));
        let used = self.open_volumes.iter().map(used).collect::<Result<Vec<_>>>()?;
        self.app.refuse_elsewhere(&used, &self.begin.left)
    }

    /// Rule 17: fails if the state directory was put back from a copy.
    pub fn refuse_older_state(&self) -> Result<()> {
        let parents = self.open_volumes.iter().map(|place| &place.parent);
        self.app.generations().refuse_older(&self.begin.workload, parents)
    }

    /// Rule 8: the runtime says so, nothing uses any live, and nothing that was submitted can land in one any more.
    pub fn check_down(&mut self) -> Result<()> {
        if let Some(why) = self.app.not_down()? {
            return Err(self.not_down(why));
        }
        let place = |place: &OpenVolume| (place.volume.name.clone(), place.volume.parent.join(&place.volume.live));
        let ran = self.app.ran_meanwhile(&self.open_volumes.iter().map(place).collect::<Vec<_>>())?;
        if !ran.is_empty() {
            return Err(self.not_down(Message::all(ran)).hint(message!("keep-it-off-the-volumes")));
        }
        let (lives, siblings) = (self.open_lives()?, self.open_siblings()?);
        let refusals = holders::refusals_again(&lives, &siblings, &mut self.idle)?;
        refusals.into_iter().next().map_or(Ok(()), Err)?;
        self.app.await_writes(&self.in_flight)
    }

    fn not_down(&self, why: Message) -> Failure {
        Failure::new(Code::NotDown, message!("is-not-down-because", workload = self.begin.workload, why))
    }

    /// Everybody who has something open or mapped in any live.
    pub(super) fn users(&self) -> Result<Vec<Failure>> {
        holders::users(&self.open_lives()?)
    }

    /// The lives that are there, by their volumes' names.
    pub(super) fn open_lives(&self) -> Result<Vec<(String, LiveDirectory)>> {
        let mut lives = Vec::new();
        for place in &self.open_volumes {
            if let Some(live) = place.parent.open_live(&place.volume.live)? {
                let path = place.volume.parent.join(&place.volume.live);
                lives.push((place.volume.name.clone(), LiveDirectory::of(&live, &path)?));
            }
        }
        Ok(lives)
    }

    /// What is beside them.
    pub(super) fn open_siblings(&self) -> Result<Vec<LiveDirectory>> {
        let mut siblings = Vec::new();
        for place in &self.open_volumes {
            if let Some(sibling) = place.parent.open_live(&place.volume.sibling)? {
                siblings.push(LiveDirectory::of(&sibling, &place.volume.parent.join(&place.volume.sibling))?);
            }
        }
        Ok(siblings)
    }

    /// Nothing below a new live changed since the exchanges began: whoever was started in between and is gone again leaves
    /// nothing else behind. Times of change cannot be set back.
    pub(super) fn check_untouched(&self) -> Result<()> {
        let swapping = self.journal.records().iter().rev().find(|record| record.event == Event::Swapping);
        let Some(since) = swapping.map(|record| record.wall_ms).filter(|_| self.app.starts_by_others()) else {
            return Ok(());
        };
        for place in &self.open_volumes {
            let Some(live) = place.parent.open_live(&place.volume.live)? else { continue };
            if let Some(path) = live_tree::changed_after_ms(live, since)? {
                let path = reforge_base::escape::bytes(&path);
                let written = message!("volume-was-written-to-meanwhile", name = place.volume.name, path);
                let message = Message::all(std::iter::once(written).chain(self.app.suspects()?));
                return Err(Failure::new(Code::NotDown, message).hint(message!("find-out-what-wrote-to-it")));
            }
        }
        Ok(())
    }

    /// Rule 18: every sealed tree is what was sealed.
    pub(super) fn check_sealed(&self) -> Result<()> {
        for (place, sealed) in self.open_volumes.iter().zip(&self.sealed) {
            let check = |tree: &SealedTree| tree.check(&place.parent, &place.volume.sibling, &place.volume.name);
            sealed.as_ref().map_or(Ok(()), check)?;
        }
        Ok(())
    }

    /// Rule 18: every live IS the new tree, at its path, with nothing mounted over it or in it.
    pub(super) fn check_new_lives(&self) -> Result<()> {
        self.check_mounts()?;
        for (place, live) in self.open_volumes.iter().zip(self.lives()?) {
            let path = place.volume.parent.join(&place.volume.live);
            if live != Live::New || !place.parent.still_reached_by_path()? {
                let message = message!(
                    "what-is-live-as-volume",
                    name = place.volume.name,
                    path = reforge_base::escape::path(&path)
                );
                return Err(
                    Failure::new(Code::VolumeRefused, message).hint(message!("something-else-moves-these-directories"))
                );
            }
        }
        Ok(())
    }

    /// Rule 9: nothing is mounted on or below a tree that is about to move.
    pub(super) fn check_mounts(&self) -> Result<()> {
        for place in &self.open_volumes {
            for name in [&place.volume.live, &place.volume.sibling] {
                let path = place.volume.parent.join(name);
                if let Some(mount) = mounts::mounts_inside(&path)?.first() {
                    let message = message!(
                        "volume-has-something-mounted-at",
                        name = place.volume.name,
                        mount_point = reforge_base::escape::path(&mount.mount_point)
                    );
                    return Err(Failure::new(Code::VolumeRefused, message).hint(message!("unmount-it-and-try-again")));
                }
            }
        }
        Ok(())
    }
}
