//! The transaction: all exchanges of one restore or undo commit together or are reverted together.
//!
//! In reading order: [`event`] what a journal says, [`state`] in which order, [`journal`] how it is kept (a record is a
//! [`sector`]; `names` says which directories are transactions, `beginning` who begins one), [`summary`] what stays of
//! it at last; [`app`] whose app it is; then the steps as they happen: this file (begin, siblings, stop, redeploy,
//! complete), [`checks`] (what must hold before trees move), [`exchange`] (swap and commit), [`revert`] (R1 and R2),
//! [`drop_trees`] (what may be removed, and when); then what a start does ([`table`] decides, [`recover`] carries out),
//! what a person asks for ([`undo`], [`resolve`]) and what is told afterwards ([`receipt`]). [`registry`] has all of
//! them, `superseded` ends what a later one made useless, [`prune`] ends them all. [`deployments`] is what deploys write down, under the same leases.
//!
//! A transaction is driven by the caller that holds the workload's lease. It never reads an archive and never asks the
//! configuration: from `begin` on only the journal counts.
//!
//! Internal: `reforge-host` is what others depend on, and this changes from one version to the next.

#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests make and look at trees by their paths"))]

use std::path::Path;

pub mod aborted;
pub mod app;
mod beginning;
mod checks;
pub mod deployments;
pub mod drop_trees;
pub mod event;
pub mod exchange;
#[cfg(test)]
mod fixture;
mod foreign_start;
pub mod generation;
pub mod id;
pub mod journal;
pub mod kept;
mod keyed_mutex;
pub mod later_writes;
pub mod lease;
mod listing;
mod names;
pub mod open_volumes;
pub mod outlook;
pub mod prune;
pub mod receipt;
pub mod recover;
pub mod registry;
pub mod resolve;
mod resolved;
pub mod revert;
pub mod sector;
pub mod state;
mod state_files;
mod summarise;
mod summary;
mod superseded;
pub mod table;
pub mod undo;
pub mod window;

use app::App;
use event::{Begin, Event, Moment, TransactionKind};
use journal::Journal;
use names::probe_names;
use open_volumes::{Live, OpenVolume, is_removed};
use receipt::{MemberDowntime, Outcome};
use state::Milestone;

use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{Health, HealthReport, Observation};
use reforge_holders::{Idle, in_flight::InFlight};
use reforge_volumes::claim::{self, Claim};
use reforge_volumes::identity::Identity;
use reforge_volumes::sealed::SealedTree;

/// One open transaction.
pub struct Transaction {
    begin: Begin,
    journal: Journal,
    open_volumes: Vec<OpenVolume>,
    /// No other host works where these are.
    _claims: Vec<Claim>,
    /// Per volume what was sealed, in the process that sealed it: an undo seals nothing.
    sealed: Vec<Option<SealedTree>>,
    app: App,
    /// What ran before the stop.
    observation: Option<Observation>,
    /// What the app, or anybody, had open for writing when the stop began.
    in_flight: InFlight,
    /// Who held nothing when it was asked last.
    idle: Idle,
    /// A direction is in doubt: nothing moves any more.
    stuck: bool,
    /// Something other than us started the app while trees were moving: it is not started again.
    foreign_start: bool,
    /// The process that began it is gone: others may have come since.
    is_reopened: bool,
}

impl Transaction {
    /// Step 3: writes the journal, then proves in every parent that directories can be exchanged there.
    pub fn begin(transactions: &Path, app: App, begin: Begin) -> Result<Transaction> {
        let (claims, open_volumes) = claimed(&begin, &app)?;
        refuse_moved(&open_volumes)?;
        app.generations().advance(&begin.workload, open_volumes.iter().map(|place| &place.parent))?;
        let journal = Journal::create(transactions, &begin)?;
        let mut transaction = Transaction::of(begin, journal, (claims, open_volumes), app, None, false);
        match transaction.probe() {
            Ok(()) => Ok(transaction),
            Err(failure) => {
                transaction.revert()?;
                Err(failure)
            }
        }
    }

    /// A transaction as its journal left it.
    pub fn reopen(journal: Journal, begin: Begin, app: App) -> Result<Transaction> {
        let (claims, open_volumes) = claimed(&begin, &app)?;
        let observation = match &journal.state().observation {
            Some(digest) => Some(journal.attachment(digest)?),
            None => None,
        };
        let foreign_start = foreign_start::was_noticed(journal.directory());
        let transaction = Transaction::of(begin, journal, (claims, open_volumes), app, observation, foreign_start);
        Ok(Transaction { is_reopened: true, ..transaction })
    }

    /// The same for one whose previous trees are to go: what an engine has removed with a volume of its own is gone already. Also
    /// answers the names of those volumes.
    pub fn reopen_what_is_left(mut journal: Journal, mut begin: Begin, app: App) -> Result<(Transaction, Vec<String>)> {
        let mut removed = Vec::new();
        let may_drop = journal.state().may_drop();
        for index in (0..begin.volumes.len()).rev().filter(|_| may_drop) {
            if is_removed(&begin.volumes[index]) {
                removed.push(begin.volumes.remove(index).name);
                journal.leave_out(index);
            }
        }
        Ok((Transaction::reopen(journal, begin, app)?, removed))
    }

    fn of(
        begin: Begin,
        journal: Journal,
        (claims, open_volumes): (Vec<Claim>, Vec<OpenVolume>),
        app: App,
        observation: Option<Observation>,
        foreign_start: bool,
    ) -> Transaction {
        Transaction {
            sealed: open_volumes.iter().map(|_| None).collect(),
            begin,
            journal,
            open_volumes,
            _claims: claims,
            app,
            observation,
            in_flight: InFlight::default(),
            idle: Idle::default(),
            stuck: false,
            foreign_start,
            is_reopened: false,
        }
    }

    fn probe(&self) -> Result<()> {
        for place in &self.open_volumes {
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
        let is_up = matches!(ending.outcome, Outcome::Done | Outcome::Unconfirmed | Outcome::Reverted);
        let mut receipt = receipt::draw_up(&self.journal, &self.begin, ending);
        if is_up && self.app_should_run() {
            let members = self.app.member_downtimes().into_iter();
            receipt.members = members.map(|(name, downtime)| MemberDowntime::new(name, downtime)).collect();
        }
        receipt
    }

    pub fn milestone(&self) -> Milestone {
        self.journal.state().milestone
    }

    /// The volumes in the order of [`Begin::volumes`].
    pub fn open_volumes(&self) -> &[OpenVolume] {
        &self.open_volumes
    }

    /// Which tree is live, per volume.
    fn lives(&self) -> Result<Vec<Live>> {
        self.open_volumes.iter().enumerate().map(|(index, place)| place.classify(self.journal.state(), index)).collect()
    }

    /// What stands in no row of the table: the app is down if it was ours to stop, everything else is as it was found.
    fn leave_to_a_person(&self, lives: &[Live]) -> Failure {
        let stopped = if self.journal.state().holds_app() { self.app.stop() } else { Ok(()) };
        let unknown = self.open_volumes.iter().zip(lives).find(|(_, live)| **live == Live::Neither);
        let message = match unknown {
            Some((place, _)) => message!("volume-holds-a-tree-that-fits", name = place.volume.name),
            None => message!("some-volumes-hold-the-new-tree"),
        };
        let message = match stopped {
            Ok(()) => message,
            Err(failure) => message!("and-the-app", message, message_2 = failure.message),
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
        let place = &self.open_volumes[index];
        let identity = place.parent.make_own(&place.volume.sibling)?;
        place.parent.sync()?;
        self.journal.append(Event::Sibling { volume: index, identity })
    }

    /// The sibling of one volume as it was made and recorded.
    pub fn made_sibling(&self, index: usize) -> Option<&Identity> {
        self.journal.state().siblings[index].as_ref()
    }

    /// Records what stands under a sibling's name and is lent to an undo.
    fn adopt_sibling(&mut self, index: usize) -> Result<()> {
        let OpenVolume { volume, parent } = &self.open_volumes[index];
        let identity = parent
            .identity(&volume.sibling)?
            .ok_or_else(|| Failure::new(Code::Io, message!("the-sibling-of-volume", name = volume.name)))?;
        self.journal.append(Event::Sibling { volume: index, identity })
    }

    /// Step 4: one sibling is complete and durable, and closed until its exchange.
    pub fn keep_sealed(&mut self, index: usize, tree: SealedTree) {
        self.sealed[index] = Some(tree);
    }

    /// Step 4, second half: every sibling is complete and durable.
    pub fn record_sealed(&mut self) -> Result<()> {
        self.journal.append(Event::Sealed)
    }

    /// Step 5: what runs is recorded, and what it may be writing to is noted; policies go off, the app is stopped and seen
    /// down.
    pub fn stop(&mut self) -> Result<()> {
        let observation = self.app.observe()?;
        self.refuse_deployed_elsewhere()?;
        let attachment = self.journal.attach(&observation)?;
        self.observation = Some(observation);
        let lives = self.open_lives()?.into_iter().map(|(_, live)| live);
        (self.in_flight, self.idle) = self.app.note_writers(&lives.chain(self.open_siblings()?).collect::<Vec<_>>())?;
        self.journal.append(Event::Stopping { attachment })?;
        self.app.stop()?;
        self.check_down()?;
        self.journal.append(Event::Stopped)
    }

    /// Step 6: there is a durable way back, or the previous trees are it.
    pub fn record_safety(&mut self, snapshot: Option<String>) -> Result<()> {
        self.journal.append(Event::Safety { snapshot })
    }

    /// Step 9, first half: the app is created again from what ran, or stays stopped if it was.
    pub fn redeploy(&mut self) -> Result<()> {
        if !self.app_should_run() {
            return Ok(());
        }
        self.check_new_lives().map_err(|failure| failure.with_code(Code::NeedsOperator).hint(mixed(self.id())))?;
        let Some(spec) = self.observation.as_ref().and_then(|observation| observation.spec.clone()) else {
            return Err(Failure::new(Code::Runtime, message!("the-runtime-did-not-say-how")));
        };
        // A start that fails again and again must not fill the journal.
        if self.milestone() != Milestone::Starting {
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
            return Ok(HealthReport::new(Health::Healthy, message!("it-was-stopped-and-stays-stopped")));
        }
        let report = self.app.await_healthy(cancelled)?;
        if let Some(event) = Event::of_health(report.health) {
            self.journal.append(event)?;
        }
        Ok(report)
    }

    /// Step 10 with what is known of the app, as far as it was not recorded yet.
    pub fn complete_as(&mut self, health: Health) -> Result<()> {
        if let (Milestone::Starting, Some(event)) = (self.milestone(), Event::of_health(health)) {
            self.journal.append(event)?;
        }
        self.complete()
    }

    /// Step 10: policies as before, then the record. The undo window runs from here.
    pub fn complete(&mut self) -> Result<()> {
        self.close_undone_by_this()?;
        self.app.release()?;
        self.journal.append(Event::Completed { at: Moment::now() })
    }

    /// An undo that committed owns the trees it borrowed: the transaction that it undid is over.
    fn close_undone_by_this(&self) -> Result<()> {
        let TransactionKind::Undo { of } = &self.begin.kind else { return Ok(()) };
        registry::close_undone(self.transactions(), of)
    }

    /// The directory of all transactions.
    fn transactions(&self) -> &Path {
        self.journal.directory().parent().unwrap_or_else(|| Path::new("/"))
    }
}

/// The places of a transaction, from here on for no other host.
fn claimed(begin: &Begin, app: &App) -> Result<(Vec<Claim>, Vec<OpenVolume>)> {
    let open_volumes = begin.volumes.iter().map(OpenVolume::open).collect::<Result<Vec<_>>>()?;
    let claims = claim::all(open_volumes.iter().map(|place| place.parent.path()), app.host_id())?;
    Ok((claims, open_volumes))
}

/// Another host may have exchanged a volume after it was looked at and before its parent was held.
fn refuse_moved(open_volumes: &[OpenVolume]) -> Result<()> {
    for place in open_volumes {
        if place.look()?.live != place.volume.live_identity {
            let message = message!("volume-is-another-directory-than-when", name = place.volume.name);
            return Err(Failure::new(Code::Drift, message).hint(message!("make-a-new-plan-and-look")));
        }
    }
    Ok(())
}

/// What to do about trees that fit no row.
pub fn mixed(id: &str) -> Message {
    message!("everything-was-kept-and-the-app", id)
}
