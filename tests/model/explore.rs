//! Who may do what next: the process that holds the lock, a second one that wants it, a kill, a power cut, a disk that
//! comes late, an engine that starts the app when it likes.

use std::collections::HashMap;

use reforge_transaction::event::Event;
use reforge_transaction::state::Milestone;
use reforge_transaction::table::{self, Row};
use stateright::{Model, Property};

use super::journal::File;
use super::machine::{App, Cut, Machine, Setting, VOLUMES, Wrong};
use super::program::{self, Order, Program, Step};

/// The process that holds the workload's lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Holder {
    program: Program,
    at: usize,
    /// It began the transaction, as opposed to a start.
    began_it: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub machine: Machine,
    pub holder: Option<Holder>,
    foreign_starts_left: u8,
    failures_left: u8,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// The next effect of the process that holds the lock.
    Go,
    /// It fails, and may have been half done if it is a sync.
    Fail,
    /// The app is seen to be bad for certain, or nobody knows.
    AppIsBad,
    AppIsUnknown,
    Kill,
    PowerCut(Cut),
    DiskComes,
    ForeignStart,
    /// What was in flight when the app was killed.
    Land,
    /// Commands in another process. Each needs the lock; who does not get it is busy and changes nothing.
    Recover,
    Deploy,
    Sweep,
    SweepLender,
}

pub(super) struct Protocol {
    pub(super) setting: Setting,
    pub(super) order: Order,
    programs: HashMap<Program, Vec<Step>>,
}

impl Protocol {
    pub(super) fn new(setting: Setting, order: Order) -> Protocol {
        let rows = [
            Row::Forget,
            Row::GoBack,
            Row::FinishGoingBack,
            Row::GoForward,
            Row::Window,
            Row::GoOnDropping,
            Row::Over,
            Row::NeedsOperator,
        ];
        let others = [
            Program::Forward,
            Program::Abort(Milestone::Committed),
            Program::Abort(Milestone::Reverting),
            Program::BackOverCommit,
            Program::Start,
            Program::Sweep,
            Program::SweepLender,
        ];
        let programs = rows.into_iter().map(Program::Carry).chain(others);
        let programs = programs.map(|program| (program, program::steps(program, &setting, order))).collect();
        Protocol { setting, order, programs }
    }

    fn step(&self, holder: &Holder) -> Option<&Step> {
        self.programs[&holder.program].get(holder.at)
    }

    fn start(&self, world: &mut World, program: Program, began_it: bool) {
        world.holder = Some(Holder { program, at: 0, began_it });
    }

    /// The next effect of the process that holds the lock.
    fn go(&self, world: &mut World) {
        let Some(holder) = world.holder else { return };
        let Some(step) = self.step(&holder).cloned() else {
            return end(world);
        };
        if step == Step::Decide {
            return self.decide(world, holder);
        }
        if self.run(&mut world.machine, &step) {
            self.told(&mut world.machine, &holder, &step);
            world.holder = Some(Holder { at: holder.at + 1, ..holder });
            if self.programs[&holder.program].len() == holder.at + 1 {
                end(world);
            }
        } else {
            self.failed(world, holder, &step);
        }
    }

    /// The product's table.
    fn decide(&self, world: &mut World, holder: Holder) {
        let row = self.row(&world.machine);
        // A revert by the process itself only goes back; all else is for a start.
        let goes_back = matches!(row, Row::Forget | Row::GoBack | Row::FinishGoingBack);
        if holder.began_it && !goes_back || world.machine.journal.damaged {
            return end(world);
        }
        self.start(world, Program::Carry(row), holder.began_it);
        if self.programs[&Program::Carry(row)].is_empty() {
            end(world);
        }
    }

    pub(super) fn row(&self, machine: &Machine) -> Row {
        table::row(&machine.journal.says(), &machine.lives(&self.setting))
    }

    /// What the process that runs the transaction knows now.
    fn told(&self, machine: &mut Machine, holder: &Holder, step: &Step) {
        let milestone = machine.journal.surely_says().milestone;
        match (holder.program, step) {
            (Program::Forward, Step::Stop) => machine.in_flight = self.setting.app_runs,
            (Program::Forward, Step::Sync) if milestone == Milestone::Committed => machine.commit_is_told = true,
            (Program::BackOverCommit, Step::Write(_)) => machine.commit_is_told = false,
            (Program::Abort(Milestone::Committed), Step::SyncAbort) => machine.commit_is_denied = true,
            _ => {}
        }
    }

    /// What a process does about an effect that failed.
    fn failed(&self, world: &mut World, holder: Holder, step: &Step) {
        let says = world.machine.journal.says();
        let committed = says.committed && !says.aborted;
        match (holder.program, step) {
            (Program::Forward, Step::Sync | Step::Write(Event::Commit)) if says.milestone == Milestone::Swapped => {
                self.start(world, Program::Abort(Milestone::Committed), true);
            }
            (Program::BackOverCommit, Step::Sync | Step::Write(_)) => {
                self.start(world, Program::Abort(Milestone::Reverting), true);
            }
            (Program::Forward, _) if !committed => self.decide(world, holder),
            // The rest is for the next start.
            _ => end(world),
        }
    }

    /// A start that nothing disturbs, to its end.
    pub(super) fn settled(&self, world: &World) -> World {
        let mut world = world.clone();
        self.start(&mut world, Program::Start, false);
        while world.holder.is_some() {
            self.go(&mut world);
            world.machine.look(&self.setting);
        }
        world
    }

    /// Whether a start comes to an end that may be: all old or all new, as was told, and the app as it was.
    fn ends_well(&self, world: &World) -> bool {
        if world.holder.is_some() || world.machine.disk_is_missing {
            return true;
        }
        let settled = self.settled(world);
        let machine = &settled.machine;
        let says = machine.journal.says();
        let is_over = says.is_over() || says.in_window();
        let (old, new) = (machine.all_old(&self.setting), machine.all_new());
        let as_told = (new || !machine.commit_is_told) && (old || !machine.commit_is_denied);
        let as_recorded = match says.milestone {
            Milestone::Completed => new,
            Milestone::Reverted => old,
            _ => old || new,
        };
        // Before the stop, and once it is over, the app is not the transaction's.
        let was_held = world.machine.journal.says().holds_app();
        let app = !was_held || !self.setting.app_runs || machine.noticed || machine.app != App::Down;
        let again = self.settled(&settled).machine;
        is_over && as_told && as_recorded && app && again == settled.machine
    }
}

/// A process is gone; the machine is not, nor what is in its page cache.
fn end(world: &mut World) {
    world.machine.journal.left();
    world.holder = None;
}

impl Model for Protocol {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let holder = Some(Holder { program: Program::Forward, at: 0, began_it: true });
        vec![World { machine: Machine::new(&self.setting), holder, foreign_starts_left: 1, failures_left: 1 }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        let machine = &world.machine;
        actions.extend(machine.cuts().into_iter().map(Action::PowerCut));
        // An app that comes up between the look and the stop is stopped unseen: a limit, and no state that could be told.
        let unseen = world.holder.is_some_and(|holder| {
            matches!(holder.program, Program::Carry(_)) && self.step(&holder) == Some(&Step::Stop)
        });
        if machine.app == App::Down && world.foreign_starts_left > 0 && !unseen {
            actions.push(Action::ForeignStart);
        }
        if machine.in_flight {
            actions.push(Action::Land);
        }
        if machine.disk_is_missing {
            actions.push(Action::DiskComes);
        }
        match &world.holder {
            Some(holder) => {
                actions.extend([Action::Go, Action::Kill]);
                if world.failures_left > 0 {
                    actions.push(Action::Fail);
                }
                let started = machine.journal.says().milestone == Milestone::Starting;
                if started && self.step(holder) == Some(&Step::AwaitHealth) {
                    actions.extend((holder.began_it).then_some(Action::AppIsBad));
                    actions.push(Action::AppIsUnknown);
                }
            }
            None => {
                let says = machine.journal.says();
                actions.push(Action::Recover);
                if !machine.disk_is_missing && !says.blocks() {
                    actions.push(Action::Deploy);
                }
                if !machine.disk_is_missing && says.in_window() {
                    actions.push(Action::Sweep);
                }
                let lent = says.blocks() && self.order != Order::SweepTakesWhatIsLent;
                let window = |milestone| matches!(milestone, Milestone::Completed | Milestone::Dropping);
                if !machine.disk_is_missing && !lent && machine.lender.as_ref().is_some_and(|of| window(of.milestone)) {
                    actions.push(Action::SweepLender);
                }
            }
        }
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut world = last.clone();
        match action {
            Action::Go => self.go(&mut world),
            Action::Fail => {
                world.failures_left -= 1;
                let holder = world.holder?;
                let step = self.step(&holder)?.clone();
                if step == Step::Sync {
                    world.machine.journal.sync_failed();
                }
                self.failed(&mut world, holder, &step);
            }
            Action::AppIsBad => self.start(&mut world, Program::BackOverCommit, true),
            Action::AppIsUnknown => {
                if !world.machine.journal.write(&Event::Unconfirmed) {
                    world.machine.is_wrong(Wrong::IllegalMove);
                }
                // The record of health is this one.
                world.holder = world.holder.map(|holder| Holder { at: holder.at + 2, ..holder });
            }
            Action::Kill => end(&mut world),
            Action::PowerCut(cut) => {
                world.machine.power_cut(&cut);
                world.holder = None;
            }
            Action::DiskComes => world.machine.disk_is_missing = false,
            Action::ForeignStart => {
                world.foreign_starts_left -= 1;
                world.machine.app = App::Foreign { saw_mixture: false };
            }
            Action::Land => world.machine.land(),
            Action::Recover => self.start(&mut world, Program::Start, false),
            Action::Deploy => world.machine.app = App::Ours,
            Action::Sweep => self.start(&mut world, Program::Sweep, false),
            Action::SweepLender => self.start(&mut world, Program::SweepLender, false),
        }
        world.machine.look(&self.setting);
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("our app never runs on a mixture", |_, world: &World| {
                world.machine.wrong != Some(Wrong::MixedAndRunning)
            }),
            Property::always("nothing is exchanged below an app that we left running", |_, world: &World| {
                world.machine.wrong != Some(Wrong::ExchangedWhileUp)
            }),
            Property::always("nothing before `reverted` or `starting-app` starts the app", |_, world: &World| {
                world.machine.wrong != Some(Wrong::StartedEarly)
            }),
            Property::always("what an app wrote on a mixture is noticed", |_, world: &World| {
                world.machine.wrong != Some(Wrong::ForeignStartForgotten)
            }),
            Property::always("nothing lands once the safety snapshot is taken", |_, world: &World| {
                world.machine.wrong != Some(Wrong::LandedLate)
            }),
            Property::always("a drop never takes the last copy", |_, world: &World| {
                world.machine.wrong != Some(Wrong::Lost)
            }),
            Property::always("what was written since is kept", |_, world: &World| {
                world.machine.wrong != Some(Wrong::LaterWritesLost)
            }),
            Property::always("no illegal record is written", |_, world: &World| {
                world.machine.wrong != Some(Wrong::IllegalMove)
            }),
            Property::always("no journal is damaged by a power cut", |_, world: &World| !world.machine.journal.damaged),
            Property::always("no state is without a row", |protocol: &Protocol, world: &World| {
                world.holder.is_some() || protocol.row(&world.machine) != Row::NeedsOperator
            }),
            Property::always("every start ends in all old or all new, as was told", |protocol: &Protocol, world| {
                protocol.ends_well(world)
            }),
            Property::sometimes("some end in all new", |_, world: &World| {
                world.holder.is_none()
                    && world.machine.journal.says().milestone == Milestone::Completed
                    && world.machine.all_new()
            }),
            Property::sometimes("some end in all old", |protocol: &Protocol, world: &World| {
                world.holder.is_none()
                    && world.machine.journal.says().milestone == Milestone::Closed
                    && world.machine.all_old(&protocol.setting)
            }),
            Property::sometimes("an aborted commit is met", |_, world: &World| {
                world.machine.commit_is_denied && world.machine.journal.abort == File::Durable
            }),
            // An undo removes nothing.
            Property::sometimes("later writes are kept", |protocol: &Protocol, world: &World| {
                protocol.setting.undo || world.machine.journal.says().later_writes
            }),
            Property::sometimes("a foreign start is noticed", |_, world: &World| world.machine.noticed),
        ]
    }
}

const _: () = assert!(VOLUMES == 2, "a cut names two volumes");
