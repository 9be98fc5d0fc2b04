//! What a machine holds while a transaction runs, and what each single effect and each power cut does to it.
//!
//! Everything that the product decides by is the product's: the journal's states and moves, the judgement of live, the
//! table. What is here is what it decides about: names that are durable only once their parent was synced, a journal in
//! the page cache, and an app that anybody may start.

use reforge_transaction::open_volumes::{self, Live, Sight};
use reforge_transaction::state::{Milestone, State};
use reforge_volumes::identity::Identity;

use super::journal::{File, Journal};
use super::volume::{Content, Names, Open, Tree, Volume};

pub(super) const VOLUMES: usize = 2;

/// What a transaction is run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Setting {
    /// An undo borrows the siblings of an earlier restore.
    pub undo: bool,
    /// The second volume does not exist yet.
    pub second_is_absent: bool,
    /// Whether the app runs before.
    pub app_runs: bool,
}

impl Setting {
    pub(super) fn is_absent(&self, volume: usize) -> bool {
        volume == 1 && self.second_is_absent
    }

    /// The identity that `begin` has recorded for live.
    pub(super) fn old(&self, volume: usize) -> Option<&'static Identity> {
        (!self.is_absent(volume)).then(|| Tree::Old.identity(volume))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum App {
    Down,
    /// Started by us, or by a deploy.
    Ours,
    /// Started by something else. `saw_mixture`: it ran while one volume was old and one was new.
    Foreign {
        saw_mixture: bool,
    },
}

/// What must never be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Wrong {
    /// Our app runs on one old and one new volume.
    MixedAndRunning,
    /// A tree was exchanged below an app that we had not stopped.
    ExchangedWhileUp,
    /// The app was started before a durable `starting-app` or `reverted`.
    StartedEarly,
    /// What an app wrote on a mixture was not noticed before it was started again.
    ForeignStartForgotten,
    /// Neither every old tree is there nor every new one.
    Lost,
    /// A write of the app that was killed landed after the safety snapshot was taken.
    LandedLate,
    /// A tree was emptied that something had written to since it was staged.
    LaterWritesLost,
    /// A record that the journal's own rules forbid.
    IllegalMove,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Machine {
    pub volumes: [Volume; VOLUMES],
    pub journal: Journal,
    /// The journal of the restore that an undo undoes.
    pub lender: Option<State>,
    pub app: App,
    /// What the app that we stopped had submitted has not landed yet.
    pub in_flight: bool,
    /// The mark that something else had started the app.
    pub noticed: bool,
    /// Something else ran while the volume's new tree was live.
    pub later_writes: [bool; VOLUMES],
    /// We have stopped an app that had written on a mixture.
    stopped_on_mixture: bool,
    /// The second volume's disk is not mounted.
    pub disk_is_missing: bool,
    /// A process has been told that the commit is durable, and has not gone back from it.
    pub commit_is_told: bool,
    /// It was decided durably that the commit did not happen.
    pub commit_is_denied: bool,
    pub wrong: Option<Wrong>,
}

impl Machine {
    /// Right after `begin`.
    pub(super) fn new(setting: &Setting) -> Machine {
        Machine {
            volumes: [0, 1].map(|index| Volume::new(setting, index)),
            journal: Journal::new(State::begun(VOLUMES)),
            lender: setting.undo.then(|| State {
                milestone: Milestone::Completed,
                committed: true,
                ..State::begun(VOLUMES)
            }),
            app: if setting.app_runs { App::Ours } else { App::Down },
            in_flight: false,
            noticed: false,
            later_writes: [false; VOLUMES],
            stopped_on_mixture: false,
            disk_is_missing: false,
            commit_is_told: false,
            commit_is_denied: false,
            wrong: None,
        }
    }

    /// What is live, judged by the product.
    pub(super) fn lives(&self, setting: &Setting) -> Vec<Live> {
        let says = self.journal.says();
        (0..VOLUMES).map(|index| self.classify(setting, &says, index)).collect()
    }

    pub(super) fn classify(&self, setting: &Setting, says: &State, index: usize) -> Live {
        let Names { live, sibling } = self.volumes[index].now;
        let identity = |tree: Option<Tree>| tree.map(|tree| tree.identity(index).clone());
        let sight = Sight { live: identity(live), sibling: identity(sibling) };
        open_volumes::classify(says, index, setting.old(index), &sight, || live == Some(Tree::Made))
    }

    /// Whether every live is the new tree, or none is.
    pub(super) fn all_new(&self) -> bool {
        let is_new = |volume: &Volume| {
            volume.now.live == Some(Tree::New) && volume.new == Content::Whole && volume.open != Open::No
        };
        self.volumes.iter().all(is_new)
    }

    pub(super) fn all_old(&self, setting: &Setting) -> bool {
        self.volumes.iter().enumerate().all(|(index, volume)| match setting.is_absent(index) {
            true => volume.now.live.is_none_or(|tree| tree == Tree::Made),
            false => volume.now.live == Some(Tree::Old) && volume.old == Content::Whole,
        })
    }

    fn is_mixed(&self) -> bool {
        let new = self.volumes.iter().filter(|volume| volume.now.live == Some(Tree::New)).count();
        new != 0 && new != VOLUMES
    }

    fn is_lost(&self, setting: &Setting) -> bool {
        let has_old = |(index, volume): (usize, &Volume)| {
            setting.is_absent(index) || (volume.holds(Tree::Old) && volume.old == Content::Whole)
        };
        let has_new = |volume: &Volume| volume.holds(Tree::New) && volume.new == Content::Whole;
        !self.volumes.iter().enumerate().all(has_old) && !self.volumes.iter().all(has_new)
    }

    /// We start the app, because of the transaction.
    pub(super) fn start_app(&mut self) {
        let surely = self.journal.surely_says().milestone;
        let may = [Milestone::Starting, Milestone::Reverted, Milestone::Healthy, Milestone::Unconfirmed];
        if !may.contains(&surely) {
            self.is_wrong(Wrong::StartedEarly);
        }
        if self.stopped_on_mixture {
            self.is_wrong(Wrong::ForeignStartForgotten);
        }
        if self.app == App::Down {
            self.app = App::Ours;
        }
    }

    pub(super) fn stop_app(&mut self) {
        self.stopped_on_mixture |= self.app == App::Foreign { saw_mixture: true };
        self.app = App::Down;
    }

    /// What was in flight is in the tree now.
    pub(super) fn land(&mut self) {
        self.in_flight = false;
        let before = [
            Milestone::Begun,
            Milestone::Sealed,
            Milestone::Stopping,
            Milestone::Stopped,
            Milestone::Reverted,
            Milestone::Closed,
        ];
        if !before.contains(&self.journal.surely_says().milestone) {
            self.is_wrong(Wrong::LandedLate);
        }
    }

    pub(super) fn is_wrong(&mut self, wrong: Wrong) {
        self.wrong.get_or_insert(wrong);
    }

    /// Looks at what the last effect has led to.
    pub(super) fn look(&mut self, setting: &Setting) {
        if self.is_mixed() {
            match &mut self.app {
                App::Down => {}
                App::Ours => self.is_wrong(Wrong::MixedAndRunning),
                App::Foreign { saw_mixture } => *saw_mixture = true,
            }
        }
        if matches!(self.app, App::Foreign { .. }) {
            for (later, volume) in self.later_writes.iter_mut().zip(&self.volumes) {
                *later |= volume.now.live == Some(Tree::New);
            }
        }
        if self.is_lost(setting) {
            self.is_wrong(Wrong::Lost);
        }
    }

    pub(super) fn power_cut(&mut self, cut: &Cut) {
        for (volume, kept) in self.volumes.iter_mut().zip(cut.names) {
            volume.cut(kept);
        }
        self.journal.cut(cut.records, cut.abort);
        self.app = App::Down;
        self.in_flight = false;
        self.disk_is_missing = cut.disk_is_missing;
    }

    /// Everything that a power cut could leave now.
    pub(super) fn cuts(&self) -> Vec<Cut> {
        let mut cuts = Vec::new();
        let aborts: &[bool] = if self.journal.abort == File::Unsynced { &[false, true] } else { &[true] };
        for first in 0..self.volumes[0].cuts() {
            for second in 0..self.volumes[1].cuts() {
                for records in 0..self.journal.cuts() {
                    for &abort in aborts {
                        for disk_is_missing in [false, true] {
                            cuts.push(Cut { names: [first, second], records, abort, disk_is_missing });
                        }
                    }
                }
            }
        }
        cuts
    }
}

/// One power cut: what was not synced, and is there all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Cut {
    /// Per volume a bit for each change of names.
    names: [u8; VOLUMES],
    records: u8,
    abort: bool,
    disk_is_missing: bool,
}
