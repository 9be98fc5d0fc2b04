//! The transaction: all exchanges of one restore or undo commit together or are reverted together.
//!
//! In reading order: [`event`] what a journal says, [`state`] in which order, [`journal`] how it is kept; [`app`] whose app it is; then the
//! steps as they happen: this file (begin, siblings, stop, redeploy, complete), [`exchange`] (swap and commit),
//! [`revert`] (R1 and R2), [`drop_trees`] (what may be removed, and when); then what a start does ([`table`] decides,
//! [`recover`] carries out), what a person asks for ([`undo`], [`resolve`]) and what is told afterwards ([`receipt`]).
//!
//! A transaction is driven by the caller that holds the workload's lease. It never reads an archive and never asks the
//! configuration: from `begin` on only the journal counts.

use std::path::Path;

pub mod app;
pub mod drop_trees;
pub mod event;
pub mod exchange;
mod foreign_start;
pub mod journal;
pub mod places;
pub mod receipt;
pub mod recover;
pub mod registry;
pub mod resolve;
pub mod revert;
pub mod state;
pub mod table;
pub(crate) mod unbegun;
pub mod undo;
pub mod window;

use app::App;
use event::{Begin, Event, Kind, Moment};
use journal::Journal;
use places::{Live, Place};
use state::Phase;

use crate::failure::{Code, Failure, Result};
use crate::mounts;
use crate::runtime::{Health, HealthReport, Observation, holders};

/// One open transaction.
pub struct Transaction {
    begin: Begin,
    journal: Journal,
    places: Vec<Place>,
    app: App,
    /// What ran before the stop.
    observation: Option<Observation>,
    /// A direction is in doubt: nothing moves any more.
    stuck: bool,
    /// Something other than us started the app while trees were moving: it is not started again.
    foreign_start: bool,
}

impl Transaction {
    /// Step 3: writes the journal, then proves in every parent that directories can be exchanged there.
    pub fn begin(transactions: &Path, app: App, begin: Begin) -> Result<Transaction> {
        let places = begin.volumes.iter().map(Place::open).collect::<Result<Vec<_>>>()?;
        let journal = Journal::create(transactions, &begin)?;
        let transaction =
            Transaction { begin, journal, places, app, observation: None, stuck: false, foreign_start: false };
        match transaction.probe() {
            Ok(()) => Ok(transaction),
            Err(failure) => {
                let mut transaction = transaction;
                transaction.revert()?;
                Err(failure)
            }
        }
    }

    /// A transaction as its journal left it.
    pub(crate) fn reopen(journal: Journal, begin: Begin, app: App) -> Result<Transaction> {
        let places = begin.volumes.iter().map(Place::open).collect::<Result<Vec<_>>>()?;
        let observation = match &journal.state().observation {
            Some(digest) => Some(journal.attachment(digest)?),
            None => None,
        };
        let foreign_start = foreign_start::was_noticed(journal.directory());
        Ok(Transaction { begin, journal, places, app, observation, stuck: false, foreign_start })
    }

    fn probe(&self) -> Result<()> {
        for place in &self.places {
            let (one, other) = probe_names(&place.volume.sibling);
            place.parent.probe(&one, &other)?;
        }
        Ok(())
    }

    pub fn id(&self) -> &str {
        &self.begin.id
    }

    /// What was recorded at the start.
    pub fn spec(&self) -> &Begin {
        &self.begin
    }

    /// Whether the newest direction was decided against.
    pub fn is_aborted(&self) -> bool {
        self.journal.state().aborted
    }

    /// What happened, from the journal.
    pub fn receipt(&self, ending: receipt::Ending) -> receipt::Receipt {
        receipt::draw_up(&self.journal, &self.begin, ending)
    }

    pub fn phase(&self) -> Phase {
        self.journal.state().phase
    }

    /// The volumes in the order of [`Begin::volumes`].
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Which tree is live, per volume.
    fn lives(&self) -> Result<Vec<Live>> {
        self.places.iter().enumerate().map(|(index, place)| place.judge(self.journal.state(), index)).collect()
    }

    /// What stands in no row of the table: the app is down if it was ours to stop, everything else is as it was found.
    fn leave_to_a_person(&self, lives: &[Live]) -> Failure {
        let stopped = if self.journal.state().holds_app() { self.app.stop() } else { Ok(()) };
        let unknown = self.places.iter().zip(lives).find(|(_, live)| **live == Live::Neither);
        let message = match unknown {
            Some((place, _)) => format!("volume `{}` holds a tree that fits no row of the protocol", place.volume.name),
            None => "some volumes hold the new tree and some the old one, which fits no row of the protocol".to_owned(),
        };
        let message = match stopped {
            Ok(()) => message,
            Err(failure) => format!("{message}, and the app could not be stopped: {}", failure.message),
        };
        Failure::new(Code::NeedsOperator, message).hint(mixed(self.id()))
    }

    /// What ran before the stop; none before it.
    pub fn observation(&self) -> Option<&Observation> {
        self.observation.as_ref()
    }

    /// Whether the app ran when it was stopped.
    pub fn app_should_run(&self) -> bool {
        self.observation.as_ref().is_some_and(|observation| observation.state.should_run())
    }

    /// Step 4, first half: the empty sibling of one volume, recorded before anything is written into it.
    pub fn make_sibling(&mut self, index: usize) -> Result<()> {
        let place = &self.places[index];
        place.parent.make_directory(&place.volume.sibling)?;
        place.parent.sync()?;
        self.adopt_sibling(index)
    }

    /// Records what stands under a sibling's name: just made by us, or lent to an undo.
    fn adopt_sibling(&mut self, index: usize) -> Result<()> {
        let Place { volume, parent } = &self.places[index];
        let identity = parent
            .identity(&volume.sibling)?
            .ok_or_else(|| Failure::new(Code::Io, format!("the sibling of volume `{}` is not there", volume.name)))?;
        self.journal.append(Event::Sibling { volume: index, identity })
    }

    /// Step 4, second half: every sibling is complete and durable.
    pub fn record_sealed(&mut self) -> Result<()> {
        self.journal.append(Event::Sealed)
    }

    /// Step 5: what runs is recorded, policies go off, the app is stopped and seen down.
    pub fn stop(&mut self) -> Result<()> {
        let observation = self.app.observe()?;
        let attachment = self.journal.attach(&observation)?;
        self.observation = Some(observation);
        self.journal.append(Event::Stopping { attachment })?;
        self.app.stop()?;
        self.check_down()?;
        self.journal.append(Event::Stopped)
    }

    /// Step 6: there is a durable way back, or the previous trees are it.
    pub fn record_safety(&mut self, snapshot: Option<String>) -> Result<()> {
        self.journal.append(Event::Safety { snapshot })
    }

    /// Rule 8: the runtime says so and nothing uses any live.
    pub fn check_down(&self) -> Result<()> {
        if !self.app.is_down()? {
            let message = format!("`{}` is not down: its runtime still sees it alive", self.begin.workload);
            return Err(Failure::new(Code::NotDown, message));
        }
        let mut lives = Vec::new();
        for place in &self.places {
            if let Some(live) = place.parent.open_live(&place.volume.live)? {
                let path = place.volume.parent.join(&place.volume.live);
                lives.push((place.volume.name.clone(), holders::LiveDirectory::of(&live, &path)?));
            }
        }
        holders::refusals(&lives)?.into_iter().next().map_or(Ok(()), Err)
    }

    /// Rule 9: nothing is mounted on or below a tree that is about to move.
    fn check_mounts(&self) -> Result<()> {
        for place in &self.places {
            for name in [&place.volume.live, &place.volume.sibling] {
                let path = place.volume.parent.join(name);
                if let Some(mount) = mounts::mounts_inside(&path)?.first() {
                    let message = format!(
                        "volume `{}` has something mounted at `{}`",
                        place.volume.name,
                        crate::escape::path(&mount.mount_point)
                    );
                    return Err(Failure::new(Code::VolumeRefused, message).hint("unmount it and try again"));
                }
            }
        }
        Ok(())
    }

    /// Step 9, first half: the app is created again from what ran, or stays stopped if it was.
    pub fn redeploy(&mut self) -> Result<()> {
        if !self.app_should_run() {
            return Ok(());
        }
        let Some(spec) = self.observation.as_ref().and_then(|observation| observation.spec.clone()) else {
            return Err(Failure::new(Code::Runtime, "the runtime did not say how the app was deployed"));
        };
        // A start that fails again and again must not fill the journal.
        if self.phase() != Phase::Starting {
            self.journal.append(Event::StartingApp)?;
        }
        self.app.create(&spec)
    }

    /// Whether the app is seen alive, or nothing has to be: what a redeploy that failed half-way has led to.
    pub fn app_is_up(&self) -> bool {
        !self.app_should_run() || self.app.is_down().is_ok_and(|down| !down)
    }

    /// Step 9, second half: waits for the app and records what is known. Confirmed bad is not recorded: what follows
    /// it is `reverting`.
    pub fn await_healthy(&mut self, cancelled: &dyn Fn() -> bool) -> Result<HealthReport> {
        if !self.app_should_run() {
            return Ok(HealthReport { health: Health::Healthy, reason: "it was stopped and stays stopped".into() });
        }
        let report = self.app.await_healthy(cancelled)?;
        if let Some(event) = Event::of_health(report.health) {
            self.journal.append(event)?;
        }
        Ok(report)
    }

    /// Step 10 with what is known of the app, as far as it was not recorded yet.
    pub fn complete_as(&mut self, health: Health) -> Result<()> {
        if let (Phase::Starting, Some(event)) = (self.phase(), Event::of_health(health)) {
            self.journal.append(event)?;
        }
        self.complete()
    }

    /// Step 10: policies as before, then the record. The undo window runs from here.
    pub fn complete(&mut self) -> Result<()> {
        self.settle_undone()?;
        self.app.release()?;
        self.journal.append(Event::Completed { at: Moment::now() })
    }

    /// An undo that committed owns the trees it borrowed: the transaction that it undid is over.
    fn settle_undone(&self) -> Result<()> {
        let Kind::Undo { of } = &self.begin.kind else { return Ok(()) };
        registry::close_undone(self.transactions(), of)
    }

    /// The directory of all transactions.
    fn transactions(&self) -> &Path {
        self.journal.directory().parent().unwrap_or_else(|| Path::new("/"))
    }
}

/// The two empty directories of the probe, known from the record.
pub(crate) fn probe_names(sibling: &str) -> (String, String) {
    (format!("{sibling}-a"), format!("{sibling}-b"))
}

/// A new id: the time to the millisecond, so that ids sort as they were given, and chance.
pub fn new_id() -> Result<String> {
    let mut random = [0; 3];
    getrandom::fill(&mut random).map_err(|error| Failure::new(Code::Io, format!("no random numbers: {error}")))?;
    let now = jiff::Timestamp::now();
    let millisecond = now.as_millisecond().rem_euclid(1000);
    Ok(format!("{}.{millisecond:03}-{}", now.strftime("%Y%m%dT%H%M%S"), hex::encode(random)))
}

/// Whether a text has the form of an id.
fn is_id(text: &str) -> bool {
    const FORM: &str = "00000000T000000.000-xxxxxx";
    text.len() == FORM.len()
        && text.bytes().zip(FORM.bytes()).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            b'x' => byte.is_ascii_hexdigit(),
            separator => byte == separator,
        })
}

/// The name of one volume's sibling: short, and nothing else's.
pub fn sibling_name(transaction: &str, index: usize) -> String {
    format!("{}{index}", sibling_prefix(transaction))
}

/// How the names of all of a transaction's siblings begin.
pub fn sibling_prefix(transaction: &str) -> String {
    format!("{}{transaction}-", crate::volumes::parent::SIBLING_PREFIX)
}

/// What to do about trees that fit no row.
pub(crate) fn mixed(id: &str) -> String {
    format!("everything was kept and the app is not started; `reforge restore resolve {id}` shows each tree")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_as_an_id_has_the_form_of_one() {
        assert!(is_id(&new_id().unwrap()));
        for other in ["", "20261124T162620.944-c6de9", "20261124T162620.944-c6de911", "20261124T162620-944-c6de91"] {
            assert!(!is_id(other), "{other}");
        }
    }
}
