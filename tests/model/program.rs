//! The order of effects, written down once: of a restore, of an undo, of each row of the table.
//!
//! This is the one part of the model that could drift from the product; [`super::drift`] compares it with what a real
//! restore and a real recovery do.

use reforge_transaction::event::{Event, Moment};
use reforge_transaction::open_volumes::Live;
use reforge_transaction::state::Milestone;
use reforge_transaction::table::Row;

use super::machine::{Setting, VOLUMES};
use super::volume::Tree;

/// What a process is about to do, effect by effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Program {
    /// A restore or an undo, from its `begin` to `completed`.
    Forward,
    /// `commit` or `reverting` could not be synced.
    Abort(Milestone),
    /// A committed transaction whose app is bad.
    BackOverCommit,
    /// What a start does: reads the journal, opens the parents, decides by the table.
    Start,
    Carry(Row),
    /// The window ended.
    Sweep,
    /// The window of the restore that an undo undoes ended.
    SweepLender,
}

/// One effect, or one decision.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    MakeSibling(usize),
    Fill(usize),
    SyncTrees,
    MakeLive(usize),
    /// A sealed root gets its owner and mode, and both are made durable.
    OpenUp(usize),
    SyncRoot(usize),
    Exchange(usize, Live),
    SyncParent(usize),
    /// Goes away if nobody has filled it.
    GiveAway(usize),
    /// Everything in the sibling, and then the sibling.
    Empty(usize),
    Remove(usize),
    Write(Event),
    Sync,
    SyncRead,
    OpenParents,
    Decide,
    NoticeOthers,
    Stop,
    CheckDown,
    /// The same where anything has moved: before it moves back.
    CheckUnused,
    /// The state directory's generation, and then the parents'.
    Advance,
    /// `later-writes`, if there are any.
    KeepLaterWrites,
    /// `dropping`, unless nothing staged was ever live or what was is kept.
    BeginDropping,
    StartApp,
    BringBack,
    AwaitHealth,
    Release,
    WriteAbort(Event),
    SyncAbort,
    WriteAgain(Event),
    MoveLender(Event),
}

/// An order that must not be, for the proof that the model can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Order {
    Right,
    CommitBeforeTheLastParentIsSynced,
    CommitBeforeTheRootIsSynced,
    DropBeforeReverted,
    RenameBeforeTheJournal,
    RecoveryExchangesBeforeItStops,
    RecoveryActsOnWhatIsNotSynced,
    SealedBeforeItIsSynced,
    AppStartsBeforeReverted,
    AppStartsBeforeStartingApp,
    SweepTakesWhatIsLent,
    ForeignStartIsNotKept,
    DownDoesNotWaitForWrites,
    LaterWritesAreNotKept,
}

/// A moment that is the same in every run.
pub(super) fn moment() -> Moment {
    Moment { wall: jiff::Timestamp::UNIX_EPOCH, uptime_ms: 0, boot: String::new() }
}

fn record(event: Event) -> [Step; 2] {
    [Step::Write(event), Step::Sync]
}

fn exchange(volume: usize, to: Live) -> [Step; 2] {
    [Step::Exchange(volume, to), Step::SyncParent(volume)]
}

/// The steps of a program.
pub(super) fn steps(program: Program, setting: &Setting, order: Order) -> Vec<Step> {
    let mut steps = match program {
        Program::Forward => forward(setting),
        Program::Abort(over) => {
            let direction = if over == Milestone::Committed { Event::Commit } else { Event::Reverting };
            let mut steps = vec![Step::WriteAbort(direction.clone()), Step::SyncAbort, Step::WriteAgain(direction)];
            steps.push(Step::Sync);
            // Over a revert the way is forward, and only a start goes it.
            steps.extend((over == Milestone::Committed).then_some(Step::Decide));
            steps
        }
        Program::BackOverCommit => [&record(Event::Reverting)[..], &[Step::Decide]].concat(),
        Program::Start => vec![Step::SyncRead, Step::OpenParents, Step::Decide],
        Program::Carry(row) => carry(row, setting),
        Program::Sweep => {
            [&[Step::SyncRead][..], &record(Event::Dropping), &drop_trees(), &record(Event::Closed)].concat()
        }
        Program::SweepLender => {
            let mut steps = vec![Step::MoveLender(Event::Dropping)];
            steps.extend(drop_trees());
            steps.push(Step::MoveLender(Event::Closed));
            steps
        }
    };
    disturb(&mut steps, program, order);
    steps
}

fn forward(setting: &Setting) -> Vec<Step> {
    let mut steps = Vec::new();
    for volume in 0..VOLUMES {
        if !setting.undo {
            steps.extend([Step::MakeSibling(volume), Step::SyncParent(volume)]);
        }
        let identity = Tree::New.identity(volume).clone();
        steps.extend(record(Event::Sibling { volume, identity }));
    }
    if !setting.undo {
        steps.extend((0..VOLUMES).map(Step::Fill));
        steps.push(Step::SyncTrees);
    }
    steps.extend(record(Event::Sealed));
    steps.extend(record(Event::Stopping { attachment: String::new() }));
    steps.extend([Step::Stop, Step::CheckDown]);
    steps.extend(record(Event::Stopped));
    steps.extend(record(Event::Safety { snapshot: None }));
    steps.push(Step::CheckDown);
    steps.extend(record(Event::Swapping));
    for volume in 0..VOLUMES {
        if !setting.undo {
            steps.extend([Step::OpenUp(volume), Step::SyncRoot(volume)]);
        }
        if setting.is_absent(volume) {
            let identity = Tree::Made.identity(volume).clone();
            steps.extend([Step::MakeLive(volume), Step::SyncParent(volume)]);
            steps.extend(record(Event::LiveMade { volume, identity }));
        }
        steps.extend(exchange(volume, Live::New));
    }
    steps.extend(record(Event::Swapped));
    steps.push(Step::CheckDown);
    steps.extend(record(Event::Commit));
    steps.push(Step::Advance);
    steps.extend(bring_up(setting));
    steps
}

/// From the commit to `completed`.
fn bring_up(setting: &Setting) -> Vec<Step> {
    let mut steps = Vec::new();
    if setting.app_runs {
        steps.extend(record(Event::StartingApp));
        steps.extend([Step::StartApp, Step::AwaitHealth]);
        steps.extend(record(Event::Healthy));
    }
    steps.extend(setting.undo.then_some(Step::MoveLender(Event::Undone)));
    steps.push(Step::Release);
    steps.extend(record(Event::Completed { at: moment() }));
    steps
}

fn carry(row: Row, setting: &Setting) -> Vec<Step> {
    let mut steps = Vec::new();
    match row {
        Row::Forget => {
            steps.extend(drop_trees());
            steps.extend(record(Event::Closed));
        }
        Row::GoBack => {
            steps.extend([Step::NoticeOthers, Step::Stop, Step::CheckUnused]);
            steps.extend((0..VOLUMES).flat_map(|volume| exchange(volume, Live::Old)));
            steps.extend(record(Event::Reverted { at: moment() }));
            steps.extend(carry(Row::FinishGoingBack, setting));
        }
        Row::FinishGoingBack => {
            let absent = (0..VOLUMES).filter(|volume| setting.is_absent(*volume));
            steps.extend(absent.flat_map(|volume| [Step::GiveAway(volume), Step::SyncParent(volume)]));
            steps.extend([Step::BringBack, Step::Release]);
            steps.extend([Step::KeepLaterWrites, Step::Sync, Step::BeginDropping, Step::Sync]);
            steps.extend(drop_trees());
            steps.extend(record(Event::Closed));
        }
        Row::GoForward => {
            steps.extend([Step::NoticeOthers, Step::Stop]);
            steps.extend((0..VOLUMES).flat_map(|volume| exchange(volume, Live::New)));
            steps.extend(bring_up(setting));
        }
        Row::GoOnDropping => {
            steps.extend(drop_trees());
            steps.extend(record(Event::Closed));
        }
        Row::Window => steps.push(Step::Release),
        Row::Over | Row::NeedsOperator => {}
    }
    steps
}

fn drop_trees() -> Vec<Step> {
    (0..VOLUMES).flat_map(|volume| [Step::Empty(volume), Step::Remove(volume), Step::SyncParent(volume)]).collect()
}

/// Puts the steps in an order that must not be.
fn disturb(steps: &mut Vec<Step>, program: Program, order: Order) {
    let at = |steps: &[Step], wanted: &dyn Fn(&Step) -> bool| steps.iter().position(wanted);
    let is = |name: &'static str| move |step: &Step| matches!(step, Step::Write(event) if event.name() == name);
    match (order, program) {
        (Order::CommitBeforeTheLastParentIsSynced, Program::Forward) => {
            let last = steps.iter().rposition(|step| matches!(step, Step::SyncParent(_))).unwrap();
            let sync = steps.remove(last);
            let commit = at(steps, &is("commit")).unwrap();
            steps.insert(commit + 2, sync);
        }
        (Order::CommitBeforeTheRootIsSynced, Program::Forward) => {
            let sync = at(steps, &|step| matches!(step, Step::SyncRoot(_))).unwrap();
            let sync = steps.remove(sync);
            let commit = at(steps, &is("commit")).unwrap();
            steps.insert(commit + 2, sync);
        }
        (Order::DropBeforeReverted, Program::Carry(Row::GoBack)) => {
            let reverted = at(steps, &is("reverted")).unwrap();
            // The syncs of the parents go with it: the trees are dropped while the exchanges may still be lost.
            steps.retain(|step| !matches!(step, Step::SyncParent(_)));
            let reverted = reverted - VOLUMES;
            drop_trees().into_iter().rev().for_each(|step| steps.insert(reverted, step));
        }
        (Order::RenameBeforeTheJournal, Program::Forward) => {
            let first = at(steps, &|step| matches!(step, Step::Exchange(..))).unwrap();
            let exchange = steps.remove(first);
            let swapping = at(steps, &is("swapping")).unwrap();
            steps.insert(swapping, exchange);
        }
        (Order::RecoveryExchangesBeforeItStops, Program::Carry(Row::GoBack | Row::GoForward)) => {
            steps.retain(|step| !matches!(step, Step::Stop | Step::CheckUnused));
            let last = steps.iter().rposition(|step| matches!(step, Step::Exchange(..))).unwrap();
            steps.insert(last + 2, Step::Stop);
        }
        (Order::RecoveryActsOnWhatIsNotSynced, _) => steps.retain(|step| *step != Step::SyncRead),
        (Order::SealedBeforeItIsSynced, Program::Forward) => steps.retain(|step| *step != Step::SyncTrees),
        (Order::AppStartsBeforeReverted, Program::Carry(Row::GoBack)) => {
            let reverted = at(steps, &is("reverted")).unwrap();
            steps.insert(reverted, Step::BringBack);
        }
        (Order::AppStartsBeforeStartingApp, Program::Forward | Program::Carry(Row::GoForward)) => {
            if let Some(starting) = at(steps, &is("starting-app")) {
                steps.insert(starting, Step::StartApp);
            }
        }
        _ => {}
    }
}
