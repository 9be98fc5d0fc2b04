//! How often what happens. A round is a few edits and one command.

use super::edit::{Data, Edit, Fault, Order};
use super::player::Kind;
use crate::support::chance::Chance;
use crate::support::explorer::points::ERRNOS;

/// Later effects than this hardly ever come.
const EFFECTS: u64 = 130;
/// Where a crash matters most: `NAME#K`, `K` up to the number.
const EFFECTS_OF_A_SWAP: [(u64, (&str, u64)); 11] = [
    (6, ("exchange", 6)),
    (1, ("record-sealed", 1)),
    (1, ("record-stopping", 1)),
    (1, ("record-safety", 1)),
    (1, ("record-swapping", 1)),
    (3, ("record-swapped", 1)),
    (5, ("record-commit", 1)),
    (2, ("record-starting-app", 1)),
    (1, ("record-healthy", 1)),
    (1, ("record-completed", 1)),
    (1, ("record-reverted", 1)),
];

type Row<T> = (u64, fn(&mut Chance) -> T);

/// Between two commands of a history in which nothing is unfinished.
const EDITS: &[Row<Edit>] = &[
    (3, |_| Edit::CopyState),
    (6, |_| Edit::PutStateBack),
    (8, |chance| Edit::RenameVolume { workload: workload(chance), volume: volume(chance) }),
    (14, |chance| Edit::MoveSource { workload: workload(chance), volume: volume(chance), data: data(chance) }),
    (4, |chance| Edit::SwapSources { workload: workload(chance) }),
    (4, |chance| Edit::DropVolume { workload: workload(chance), volume: volume(chance) }),
    (4, |chance| Edit::AddVolume { workload: workload(chance) }),
    (5, |chance| Edit::ChangeScope { workload: workload(chance), volume: volume(chance), data: Some(data(chance)) }),
    (2, |chance| Edit::ChangeScope { workload: workload(chance), volume: volume(chance), data: None }),
    (3, |chance| Edit::ChangeProject { workload: workload(chance), data: data(chance) }),
    (3, |chance| Edit::ChangeStage { workload: workload(chance), data: data(chance) }),
    (4, |chance| Edit::ChangeCommand { workload: workload(chance) }),
    (4, |chance| Edit::RenameWorkload { workload: workload(chance) }),
    (3, |chance| Edit::Sicken { workload: workload(chance) }),
    (5, |chance| Edit::PutCopyInPlace { workload: workload(chance), volume: volume(chance) }),
    (3, |chance| Edit::MoveAway { workload: workload(chance), volume: volume(chance) }),
    (3, |_| Edit::MoveBack),
    (3, |chance| Edit::MountOver { workload: workload(chance), volume: volume(chance) }),
    (3, |chance| Edit::MountBelow { workload: workload(chance), volume: volume(chance) }),
    (4, |chance| Edit::BindOut { workload: workload(chance), volume: volume(chance) }),
    (4, |_| Edit::WriteThroughBind),
    (10, |_| Edit::Unmount),
    (4, |_| Edit::Crash),
    (4, |chance| Edit::StartByHand { workload: workload(chance) }),
    (4, |chance| Edit::StopByHand { workload: workload(chance) }),
    (6, |chance| Edit::Write { workload: workload(chance) }),
];

/// After a command that was ended in the middle.
const EDITS_AFTER_A_CRASH: &[Row<Edit>] = &[
    (16, |chance| Edit::StartByHand { workload: workload(chance) }),
    (20, |chance| Edit::Write { workload: workload(chance) }),
    (6, |chance| Edit::StopByHand { workload: workload(chance) }),
    (12, |chance| Edit::PutCopyInPlace { workload: workload(chance), volume: volume(chance) }),
    (3, |chance| Edit::MoveAway { workload: workload(chance), volume: volume(chance) }),
    (3, |_| Edit::MoveBack),
    (10, |chance| Edit::RenameWorkload { workload: workload(chance) }),
    (3, |chance| Edit::RenameVolume { workload: workload(chance), volume: volume(chance) }),
    (5, |chance| Edit::MoveSource { workload: workload(chance), volume: volume(chance), data: data(chance) }),
    (2, |chance| Edit::DropVolume { workload: workload(chance), volume: volume(chance) }),
    (4, |_| Edit::CopyState),
    (3, |_| Edit::PutStateBack),
    (3, |chance| Edit::BindOut { workload: workload(chance), volume: volume(chance) }),
    (2, |chance| Edit::MountOver { workload: workload(chance), volume: volume(chance) }),
    (2, |_| Edit::Unmount),
    (6, |_| Edit::Crash),
];

const ORDERS: &[Row<Order>] = &[
    (14, |chance| Order::Deploy { make_empty: chance.once_in(3) }),
    (3, |_| Order::Stop),
    (3, |_| Order::Rollback),
    (9, |_| Order::Capture),
    (20, |chance| Order::Restore { newer: newer(chance), leave: chance.once_in(2) }),
    (16, |chance| Order::Undo { newer: newer(chance) }),
    (6, |chance| Order::Finish { newer: newer(chance) }),
    (4, |_| Order::Recover),
    (1, |chance| Order::Resolve { newer: 0, keep: keep(chance) }),
    (1, |_| Order::Accept),
];

const ORDERS_AFTER_A_CRASH: &[Row<Order>] = &[
    (20, |_| Order::Recover),
    (6, |_| Order::Deploy { make_empty: false }),
    (4, |_| Order::Accept),
    (2, |_| Order::Stop),
    (2, |_| Order::Capture),
    (2, |chance| Order::Restore { newer: newer(chance), leave: false }),
    (2, |chance| Order::Undo { newer: newer(chance) }),
    (2, |chance| Order::Finish { newer: newer(chance) }),
    (4, |chance| Order::Resolve { newer: 0, keep: keep(chance) }),
];

/// The edits of one round, of which the last is a command. `unfinished` says that an earlier one did not end.
pub(crate) fn round(chance: &mut Chance, unfinished: bool) -> Vec<Edit> {
    let (edits, orders) = if unfinished { (EDITS_AFTER_A_CRASH, ORDERS_AFTER_A_CRASH) } else { (EDITS, ORDERS) };
    let workload = workload(chance);
    let mut round = Vec::new();
    if unfinished && chance.once_in(2) {
        // Whoever finds the app down after a crash starts it, whatever else there would be to do.
        round.push(Edit::StartByHand { workload });
    }
    if !chance.once_in(3) {
        round.push(Edit::Write { workload });
    }
    for _ in 0..*chance.row(&[(6, 0), (6, 1), (2, 2), (1, 3)]) {
        round.push(chance.row(edits)(chance));
    }
    let order = chance.row(orders)(chance);
    let swaps = matches!(order, Order::Restore { .. } | Order::Undo { .. });
    let fault = chance.once_in(if swaps { 2 } else { 8 }).then(|| fault(chance));
    round.push(Edit::Command { workload, order, fault });
    round
}

/// What world this is.
pub(crate) fn kind(chance: &mut Chance) -> Kind {
    Kind { windows_end_at_once: chance.once_in(5), holds: chance.once_in(2) }
}

fn fault(chance: &mut Chance) -> Fault {
    let effect = if chance.once_in(4) {
        (1 + chance.below(EFFECTS)).to_string()
    } else {
        let (name, turns) = *chance.row(&EFFECTS_OF_A_SWAP);
        format!("{name}#{}", 1 + chance.below(turns))
    };
    match chance.below(8) {
        0 | 7 => Fault::StateCopiedAt(effect),
        1 => Fault::At(format!("{effect}:{}", chance.of(&ERRNOS))),
        2..5 => Fault::At(format!("{effect}:after")),
        _ => Fault::At(format!("{effect}:before")),
    }
}

/// Mostly the first: what happens to one workload is more than what happens to either.
fn workload(chance: &mut Chance) -> usize {
    usize::from(chance.once_in(4))
}

fn volume(chance: &mut Chance) -> usize {
    chance.below(2) as usize
}

/// Mostly the newest.
fn newer(chance: &mut Chance) -> usize {
    *chance.row(&[(7, 0), (2, 1), (1, 2), (1, 3)])
}

fn data(chance: &mut Chance) -> Data {
    *chance.row(&[(4, Data::Copied), (2, Data::Moved), (2, Data::Forgotten)])
}

fn keep(chance: &mut Chance) -> &'static str {
    ["old", "new", "live"][chance.below(3) as usize]
}
