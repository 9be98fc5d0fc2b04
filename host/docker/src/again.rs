//! A container that somebody else made is never made anew by a restore, an undo or a revert: it is stopped and started
//! again, by its id. Only who made it knows all that is in it.
//!
//! Another container in its place is followed only if it was created with the same, and what it sees after a start must be
//! what is live.

use super::View;
use super::container::{self, Found};
use super::defined::define;
use super::record::Adopted;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::DeploySpec;
use reforge_base::spec::definition::Definition;
use reforge_volumes::identity::Identity;

/// What a container is to the one that was adopted.
enum Likeness {
    /// It is that one.
    Same,
    /// Another with the same definition.
    Alike(Definition),
    /// Nothing was written down to compare it with.
    Unknown(Definition),
    Other(Vec<Message>),
}

impl View<'_> {
    /// What stands for the workload, if somebody else made it.
    pub(crate) fn adopted(&self) -> Option<&Found> {
        self.current().filter(|found| !found.is_ours())
    }

    fn likeness(&self, found: &Found) -> Result<Likeness> {
        let known = self.record.adopted.as_ref();
        match known.and_then(|adopted| adopted.definition.as_ref()) {
            Some(_) if known.is_some_and(|adopted| adopted.id == found.id) => Ok(Likeness::Same),
            None => Ok(Likeness::Unknown(define(&self.client, found)?)),
            Some(before) => {
                let now = define(&self.client, found)?;
                let differences = before.differences(&now);
                Ok(if differences.is_empty() { Likeness::Alike(now) } else { Likeness::Other(differences) })
            }
        }
    }

    /// Why what stands for the workload is not what was adopted, if it is not.
    pub(crate) fn another(&self) -> Result<Option<Failure>> {
        let Some(found) = self.adopted() else { return Ok(None) };
        match self.likeness(found)? {
            Likeness::Other(differences) => Ok(Some(self.took_its_place(found, &differences))),
            Likeness::Same | Likeness::Alike(_) | Likeness::Unknown(_) => Ok(None),
        }
    }

    fn took_its_place(&self, found: &Found, differences: &[Message]) -> Failure {
        let (shown, differences) = (found.shown(), Message::all(differences.iter().cloned()));
        let (name, workload) = (escape::text(&found.name), escape::text(self.workload));
        Failure::new(Code::Drift, message!("took-the-place-of-what-was-adopted", shown, differences)).hint(message!(
            "workload-adopt-takes-it-as-it-is",
            name,
            workload
        ))
    }

    /// Says so if what stands for the workload is another container, created with the same.
    pub(crate) fn followed(&self) -> Result<Option<Failure>> {
        let Some(found) = self.adopted() else { return Ok(None) };
        Ok(match self.likeness(found)? {
            Likeness::Alike(_) => {
                let shown = found.shown();
                let warning = Failure::warning("followed", message!("took-the-place-and-is-followed", shown));
                Some(warning.hint(message!("created-with-the-same")))
            }
            Likeness::Same | Likeness::Unknown(_) | Likeness::Other(_) => None,
        })
    }

    /// Writes down that the container that stands for the workload is the one that was adopted, if it may be that.
    pub(crate) fn follow(&mut self) -> Result<()> {
        let Some(found) = self.adopted().cloned() else { return Ok(()) };
        let definition = match self.likeness(&found)? {
            Likeness::Alike(definition) | Likeness::Unknown(definition) => definition,
            Likeness::Same | Likeness::Other(_) => return Ok(()),
        };
        let Some(adopted) = &mut self.record.adopted else { return Ok(()) };
        if let Some(hold) = &mut self.record.hold
            && hold.observed.as_ref() == Some(&adopted.id)
        {
            hold.observed = Some(found.id.clone());
        }
        (adopted.id, adopted.name) = (found.id.clone(), found.own_name.clone());
        adopted.definition = Some(definition);
        Ok(())
    }

    /// What is to be started again under a hold: the container that stood for the workload, or one that was created with the
    /// same. None if that was one of ours, which is created anew.
    pub(crate) fn to_start_again(&self) -> Result<Option<Found>> {
        let Some(hold) = &self.record.hold else { return Ok(None) };
        // A version before this one has created one of ours in its place already.
        let is_replaced = |found: &Found| found.is_ours() && hold.is_newer(&found.id);
        if self.found.iter().any(is_replaced) {
            return Ok(None);
        }
        let Some(observed) = &hold.observed else { return Ok(None) };
        if let Some(found) = self.found.iter().find(|found| found.id == *observed) {
            return Ok((!found.is_ours()).then(|| found.clone()));
        }
        match &self.record.adopted {
            Some(adopted) if adopted.id == *observed => self.successor(adopted).map(Some),
            _ => Ok(None),
        }
    }

    /// What has come in the place of an adopted container that is gone.
    pub(crate) fn successor(&self, adopted: &Adopted) -> Result<Found> {
        let there = self.found.iter().rev().find(|found| !found.is_ours());
        let Some(found) = there else {
            let name = escape::text(&adopted.name);
            let gone = Failure::new(Code::Runtime, message!("the-adopted-container-is-gone", name));
            return Err(gone.hint(message!("make-it-again-with-what-made-it", name)));
        };
        match self.likeness(found)? {
            Likeness::Other(differences) => Err(self.took_its_place(found, &differences).with_code(Code::Runtime)),
            Likeness::Same | Likeness::Alike(_) | Likeness::Unknown(_) => Ok(found.clone()),
        }
    }

    /// Starts it, its policy first: many an app ends until its database answers, and lives by its policy.
    pub(crate) fn start_as_it_was(&mut self, found: &Found) -> Result<()> {
        let spec = self.spec_of(found)?;
        let is_up = found.is_up();
        if self.found.iter().any(|other| other.id != found.id && other.is_up()) {
            self.stop_all()?;
        }
        let policy = self.policy_before(found);
        if let Some(hold) = &mut self.record.hold {
            hold.policies.entry(found.id.clone()).or_insert_with(|| policy.clone());
            hold.shall_run = Some(found.id.clone());
            hold.started = None;
            self.write()?;
        }
        self.set_policy(found, &policy)?;
        match is_up {
            true => self.check_seen(&found.id, &spec),
            false => self.start_seen(&found.id, &spec),
        }
    }

    /// Starts a container. It may stay up only if it sees what is live.
    pub(crate) fn start_seen(&self, id: &str, spec: &DeploySpec) -> Result<()> {
        self.start(id, spec)?;
        self.check_seen(id, spec)
    }

    fn check_seen(&self, id: &str, spec: &DeploySpec) -> Result<()> {
        let Some(found) = container::inspect(&self.client, id)? else { return Ok(()) };
        let Some(failure) = self.sees_another(&found, spec)? else { return Ok(()) };
        // Nothing more is written there. Its policy would bring it back.
        self.set_policy(&found, &reforge_base::spec::Restart::No)?;
        self.stop(&found)?;
        Err(failure)
    }

    /// Why what a container that runs sees is not what is live, if it is not. One that has just ended sees nothing.
    pub(crate) fn sees_another(&self, found: &Found, spec: &DeploySpec) -> Result<Option<Failure>> {
        for mount in self.deployed_mounts(found)? {
            let Some(given) = mount.given else { continue };
            let live = Identity::at(&mount.live)?;
            if live.as_ref() == Some(&given) {
                continue;
            }
            let known = spec.mounts.iter().find(|known| known.volume == mount.volume);
            let target = known.map(|known| escape::path(&known.target)).unwrap_or_default();
            let (shown, path) = (found.shown(), escape::path(&mount.live));
            let live = live.map_or_else(|| "-".to_owned(), |live| live.to_string());
            let given = given.to_string();
            let failure =
                Failure::new(Code::AppBad, message!("sees-another-directory", shown, target, given, path, live));
            return Ok(Some(failure.hint(message!("an-engine-kept-an-old-mount"))));
        }
        Ok(None)
    }

    /// Whether something started a container since all were down, also one that has ended again.
    pub(crate) fn was_started_meanwhile(&self) -> bool {
        let Some(known) = self.record.hold.as_ref().and_then(|hold| hold.started.as_ref()) else { return false };
        let never = |found: &Found| found.started().is_none();
        self.found.iter().any(|found| match known.get(&found.id) {
            Some(started) => found.started_at() != started,
            None => !never(found),
        })
    }

    /// Writes down when each was started last, now that all are down.
    pub(crate) fn note_starts(&mut self) -> Result<()> {
        let started = self.found.iter().map(|found| (found.id.clone(), found.started_at().to_owned())).collect();
        let Some(hold) = &mut self.record.hold else { return Ok(()) };
        hold.started = Some(started);
        self.write()
    }
}
