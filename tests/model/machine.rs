//! What a machine holds while a transaction runs, and what each single effect and each power cut does to it.
//!
//! Everything that the product decides by is the product's: the journal's states and moves, the judgement of live, the
//! table. What is here is what it decides about: names that are durable only once their parent was synced, a journal in
//! the page cache, and an app that anybody may start.

use std::sync::LazyLock;

use reforge_host::transaction::event::Event;
use reforge_host::transaction::places::{self, Live, Sight};
use reforge_host::transaction::state::{self, Phase, State};
use reforge_host::volumes::identity::Identity;

pub const VOLUMES: usize = 2;

/// What a transaction is run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Setting {
    /// An undo borrows the siblings of an earlier restore.
    pub undo: bool,
    /// The second volume does not exist yet.
    pub second_is_absent: bool,
    /// Whether the app runs before.
    pub app_runs: bool,
}

impl Setting {
    pub fn is_absent(&self, volume: usize) -> bool {
        volume == 1 && self.second_is_absent
    }

    /// The identity that `begin` has recorded for live.
    pub fn old(&self, volume: usize) -> Option<&'static Identity> {
        (!self.is_absent(volume)).then(|| Tree::Old.identity(volume))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tree {
    /// What was live at `begin`.
    Old,
    /// What was staged, or lent.
    New,
    /// The empty directory that is made where live was absent.
    Made,
}

impl Tree {
    pub fn identity(self, volume: usize) -> &'static Identity {
        static ALL: LazyLock<Vec<Identity>> = LazyLock::new(|| {
            let one = |number: usize| serde_json::from_str(&format!("\"{:040x}\"", number + 1)).unwrap();
            (0..3 * VOLUMES).map(one).collect()
        });
        &ALL[3 * volume + self as usize]
    }
}

/// What stands under the two names of a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Names {
    pub live: Option<Tree>,
    pub sibling: Option<Tree>,
}

/// A change of names. Each that was not synced is there after a power cut, or is not, whatever the others are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    MakeSibling,
    MakeLive,
    Exchange,
    RemoveLive,
    RemoveSibling,
}

impl Names {
    fn after(self, change: Change) -> Names {
        let Names { live, sibling } = self;
        match change {
            Change::MakeSibling if sibling.is_none() => Names { sibling: Some(Tree::New), ..self },
            Change::MakeLive if live.is_none() => Names { live: Some(Tree::Made), ..self },
            Change::Exchange if live.is_some() && sibling.is_some() => Names { live: sibling, sibling: live },
            Change::RemoveLive => Names { live: None, ..self },
            Change::RemoveSibling => Names { sibling: None, ..self },
            _ => self,
        }
    }
}

/// What is in a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// Not there, or not all of it.
    None,
    /// All of it, not synced.
    Written,
    Whole,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Volume {
    pub now: Names,
    durable: Names,
    unsynced: Vec<Change>,
    pub old: Content,
    pub new: Content,
}

impl Volume {
    pub fn change(&mut self, change: Change) {
        self.now = self.now.after(change);
        self.unsynced.push(change);
    }

    pub fn sync(&mut self) {
        self.durable = self.now;
        self.unsynced.clear();
    }

    pub fn content(&mut self, tree: Tree) -> Option<&mut Content> {
        match tree {
            Tree::Old => Some(&mut self.old),
            Tree::New => Some(&mut self.new),
            Tree::Made => None,
        }
    }

    fn holds(&self, tree: Tree) -> bool {
        self.now.live == Some(tree) || self.now.sibling == Some(tree)
    }

    /// How many sets of lost changes there are.
    pub fn cuts(&self) -> u8 {
        1 << self.unsynced.len()
    }

    fn cut(&mut self, kept: u8) {
        let changes = self.unsynced.iter().enumerate().filter(|(bit, _)| kept & (1 << bit) != 0);
        self.durable = changes.fold(self.durable, |names, (_, change)| names.after(*change));
        self.now = self.durable;
        self.unsynced.clear();
        for content in [&mut self.old, &mut self.new] {
            if *content == Content::Written {
                *content = Content::None;
            }
        }
    }
}

/// Whether a small file is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum File {
    Absent,
    Unsynced,
    Durable,
}

/// The journal: what is durable, and each record behind that is only in the page cache.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Journal {
    durable: State,
    unsynced: Vec<State>,
    /// The newest record failed to sync: its writer does not count on it and writes its next one over it.
    in_doubt: bool,
    pub abort: File,
    /// What the abort is over.
    over: Option<Phase>,
    /// A record that only makes sense with the abort stands behind it.
    relies_on_abort: bool,
    pub damaged: bool,
}

impl Journal {
    pub fn new(state: State) -> Journal {
        Journal {
            durable: state,
            unsynced: Vec::new(),
            in_doubt: false,
            abort: File::Absent,
            over: None,
            relies_on_abort: false,
            damaged: false,
        }
    }

    /// What its writer knows, or what a reader finds.
    pub fn says(&self) -> State {
        let counted = self.unsynced.len() - usize::from(self.in_doubt);
        let newest = self.unsynced[..counted].last().unwrap_or(&self.durable);
        self.with_abort(newest)
    }

    /// What a power cut leaves of it at least.
    pub fn surely_says(&self) -> State {
        self.with_abort(&self.durable)
    }

    fn with_abort(&self, state: &State) -> State {
        match self.over {
            Some(over) if self.abort != File::Absent && state.phase == over => state.clone().abort(),
            _ => state.clone(),
        }
    }

    /// Writes one record behind those that count. False if it is an illegal move.
    pub fn write(&mut self, event: &Event) -> bool {
        let says = self.says();
        let Ok(next) = state::next(&says, event) else { return false };
        if self.in_doubt {
            self.unsynced.pop();
            self.in_doubt = false;
        }
        self.relies_on_abort |= says.aborted;
        self.unsynced.push(next);
        true
    }

    pub fn sync(&mut self) {
        self.durable = self.unsynced.pop().unwrap_or_else(|| self.durable.clone());
        self.unsynced.clear();
        self.in_doubt = false;
    }

    pub fn sync_failed(&mut self) {
        self.in_doubt = !self.unsynced.is_empty();
    }

    /// An abort over the record that is in doubt, in a file that is not synced yet.
    pub fn write_abort(&mut self, direction: &Event) {
        let over = state::next(&self.says(), direction).unwrap().phase;
        (self.abort, self.over) = (File::Unsynced, Some(over));
    }

    /// The direction once more, so that what follows does not stand behind a gap.
    pub fn write_again(&mut self, direction: &Event) {
        if self.in_doubt {
            self.in_doubt = false;
        } else {
            assert!(self.write(direction));
        }
    }

    pub fn sync_abort(&mut self) {
        if self.abort == File::Unsynced {
            self.abort = File::Durable;
        }
    }

    /// Every number of newest records that can be lost, and one more if one can be lost before another.
    pub fn cuts(&self) -> u8 {
        let unsynced = self.unsynced.len() as u8;
        unsynced + 1 + u8::from(unsynced > 1)
    }

    fn cut(&mut self, kept: u8, keep_abort: bool) {
        let kept = usize::from(kept);
        if kept > self.unsynced.len() {
            self.damaged = true;
        } else if kept > 0 {
            self.durable = self.unsynced.swap_remove(kept - 1);
        }
        self.unsynced.clear();
        self.in_doubt = false;
        if self.abort == File::Unsynced {
            self.abort = if keep_abort { File::Durable } else { File::Absent };
            self.damaged |= !keep_abort && self.relies_on_abort && Some(self.durable.phase) != self.over;
        }
    }

    /// Its writer is gone: a reader counts whatever the page cache holds.
    pub fn left(&mut self) {
        self.in_doubt = false;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum App {
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
pub enum Wrong {
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
    /// A record that the journal's own rules forbid.
    IllegalMove,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Machine {
    pub volumes: [Volume; VOLUMES],
    pub journal: Journal,
    /// The journal of the restore that an undo undoes.
    pub lender: Option<State>,
    pub app: App,
    /// The mark that something else had started the app.
    pub noticed: bool,
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
    pub fn new(setting: &Setting) -> Machine {
        let volume = |index| {
            let live = (!setting.is_absent(index)).then_some(Tree::Old);
            let names = Names { live, sibling: setting.undo.then_some(Tree::New) };
            let new = if setting.undo { Content::Whole } else { Content::None };
            Volume { now: names, durable: names, unsynced: Vec::new(), old: Content::Whole, new }
        };
        Machine {
            volumes: [volume(0), volume(1)],
            journal: Journal::new(State::begun(VOLUMES)),
            lender: setting.undo.then(|| State { phase: Phase::Completed, committed: true, ..State::begun(VOLUMES) }),
            app: if setting.app_runs { App::Ours } else { App::Down },
            noticed: false,
            stopped_on_mixture: false,
            disk_is_missing: false,
            commit_is_told: false,
            commit_is_denied: false,
            wrong: None,
        }
    }

    /// What is live, judged by the product.
    pub fn lives(&self, setting: &Setting) -> Vec<Live> {
        let says = self.journal.says();
        (0..VOLUMES).map(|index| self.judge(setting, &says, index)).collect()
    }

    pub fn judge(&self, setting: &Setting, says: &State, index: usize) -> Live {
        let Names { live, sibling } = self.volumes[index].now;
        let identity = |tree: Option<Tree>| tree.map(|tree| tree.identity(index).clone());
        let sight = Sight { live: identity(live), sibling: identity(sibling) };
        places::judge(says, index, setting.old(index), &sight, || live == Some(Tree::Made))
    }

    /// Whether every live is the new tree, or none is.
    pub fn all_new(&self) -> bool {
        self.volumes.iter().all(|volume| volume.now.live == Some(Tree::New) && volume.new == Content::Whole)
    }

    pub fn all_old(&self, setting: &Setting) -> bool {
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
    pub fn start_app(&mut self) {
        let surely = self.journal.surely_says().phase;
        let may = [Phase::Starting, Phase::Reverted, Phase::Healthy, Phase::Unconfirmed];
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

    pub fn stop_app(&mut self) {
        self.stopped_on_mixture |= self.app == App::Foreign { saw_mixture: true };
        self.app = App::Down;
    }

    pub fn is_wrong(&mut self, wrong: Wrong) {
        self.wrong.get_or_insert(wrong);
    }

    /// Looks at what the last effect has led to.
    pub fn look(&mut self, setting: &Setting) {
        if self.is_mixed() {
            match &mut self.app {
                App::Down => {}
                App::Ours => self.is_wrong(Wrong::MixedAndRunning),
                App::Foreign { saw_mixture } => *saw_mixture = true,
            }
        }
        if self.is_lost(setting) {
            self.is_wrong(Wrong::Lost);
        }
    }

    pub fn power_cut(&mut self, cut: &Cut) {
        for (volume, kept) in self.volumes.iter_mut().zip(cut.names) {
            volume.cut(kept);
        }
        self.journal.cut(cut.records, cut.abort);
        self.app = App::Down;
        self.disk_is_missing = cut.disk_is_missing;
    }

    /// Everything that a power cut could leave now.
    pub fn cuts(&self) -> Vec<Cut> {
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
pub struct Cut {
    /// Per volume a bit for each change of names.
    names: [u8; VOLUMES],
    records: u8,
    abort: bool,
    disk_is_missing: bool,
}
