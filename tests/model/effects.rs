//! What each step of a program does to the machine.

use reforge_transaction::event::Event;
use reforge_transaction::open_volumes::Live;
use reforge_transaction::state::{self, Milestone};
use reforge_transaction::table;

use super::explore::Protocol;
use super::machine::{App, Machine, Wrong};
use super::program::{self, Order, Step};
use super::volume::{Change, Content, Open, Tree};

impl Protocol {
    /// One effect on the machine. False if it failed.
    pub(super) fn run(&self, machine: &mut Machine, step: &Step) -> bool {
        let setting = &self.setting;
        match step {
            Step::MakeSibling(index) => machine.volumes[*index].change(Change::MakeSibling),
            Step::Fill(index) => machine.volumes[*index].new = Content::Written,
            Step::SyncTrees => machine.volumes.iter_mut().for_each(|volume| volume.new = Content::Whole),
            Step::MakeLive(index) => machine.volumes[*index].change(Change::MakeLive),
            Step::OpenUp(index) => machine.volumes[*index].open = Open::Unsynced,
            Step::SyncRoot(index) => machine.volumes[*index].open = Open::Durable,
            Step::Exchange(index, to) => {
                let live = machine.classify(setting, &machine.journal.says(), *index);
                if live == Live::Neither {
                    return false;
                }
                if live != *to {
                    // One that something else has just started cannot be seen before it is there.
                    if machine.app == App::Ours {
                        machine.is_wrong(Wrong::ExchangedWhileUp);
                    }
                    machine.volumes[*index].change(Change::Exchange);
                }
            }
            Step::SyncParent(index) => machine.volumes[*index].sync(),
            Step::GiveAway(index) => {
                if machine.volumes[*index].now.live == Some(Tree::Made) {
                    machine.volumes[*index].change(Change::RemoveLive);
                }
            }
            Step::Empty(index) => self.empty(machine, *index),
            Step::Remove(index) => return remove(machine, *index),
            Step::Write(event) => return self.write(machine, event),
            Step::Sync => machine.journal.sync(),
            Step::SyncRead => {
                machine.journal.sync();
                machine.journal.sync_abort();
            }
            Step::OpenParents => return !machine.disk_is_missing,
            Step::NoticeOthers => {
                let says = machine.journal.says();
                let others = table::had_to_be_down(&says, &machine.lives(setting)) && machine.app != App::Down;
                machine.noticed |= others && self.order != Order::ForeignStartIsNotKept;
            }
            Step::Stop => machine.stop_app(),
            Step::CheckDown => {
                let landed = !machine.in_flight || self.order == Order::DownDoesNotWaitForWrites;
                return machine.app == App::Down && landed;
            }
            Step::CheckUnused => {
                return machine.app == App::Down || !machine.lives(setting).contains(&Live::New);
            }
            Step::KeepLaterWrites => {
                let event = Event::LaterWrites { at: program::moment() };
                return !self.has_later_writes(machine) || self.write(machine, &event);
            }
            Step::BeginDropping => {
                let says = machine.journal.says();
                let is_due = says.has_swapped && !says.in_window() && !setting.undo;
                return !is_due || self.write(machine, &Event::Dropping);
            }
            Step::StartApp | Step::BringBack => {
                if setting.app_runs && !machine.noticed {
                    machine.start_app();
                }
            }
            Step::AwaitHealth | Step::Release | Step::Decide | Step::Advance => {}
            Step::WriteAbort(direction) => machine.journal.write_abort(direction),
            Step::SyncAbort => machine.journal.sync_abort(),
            Step::WriteAgain(direction) => machine.journal.write_again(direction),
            Step::MoveLender(event) => return move_lender(machine, event),
        }
        true
    }

    fn write(&self, machine: &mut Machine, event: &Event) -> bool {
        let says = machine.journal.says();
        let left_out = match event {
            Event::StartingApp => machine.noticed || says.milestone == Milestone::Starting,
            Event::Healthy => machine.noticed,
            Event::LiveMade { volume, .. } => says.made[*volume].is_some(),
            // After a commit what clients wrote stays for a window.
            Event::Closed => says.milestone == Milestone::Reverted && says.in_window() && !self.setting.undo,
            _ => false,
        };
        if !left_out && !machine.journal.write(event) {
            machine.is_wrong(Wrong::IllegalMove);
            return false;
        }
        true
    }

    /// Whether a tree that is about to go was written to since, and that is not recorded yet.
    fn has_later_writes(&self, machine: &Machine) -> bool {
        let says = machine.journal.says();
        let written = machine.noticed || machine.later_writes.contains(&true);
        let may_go = says.has_swapped && !says.in_window() && !self.setting.undo;
        may_go && written && self.order != Order::LaterWritesAreNotKept
    }

    /// Removes what is in a sibling, by the rules of `drop_trees`.
    fn empty(&self, machine: &mut Machine, index: usize) {
        let says = machine.journal.says();
        let lender_drops = machine.lender.as_ref().is_some_and(|lender| lender.milestone == Milestone::Dropping);
        let Some(found) = machine.volumes[index].now.sibling else { return };
        let previous = says.milestone == Milestone::Dropping || lender_drops;
        let may = if previous {
            // Any tree of the transaction that is not live.
            machine.volumes[index].now.live != Some(found)
        } else {
            let recorded = says.siblings[index].as_ref() == Some(found.identity(index));
            let kept_for_the_window = says.in_window();
            let live_is_old = machine.classify(&self.setting, &says, index) == Live::Old;
            !self.setting.undo && !kept_for_the_window && recorded && live_is_old
        };
        let says_nothing_of_it = !says.committed && !says.later_writes && !self.setting.undo;
        if may && found == Tree::New && machine.later_writes[index] && says_nothing_of_it {
            machine.is_wrong(Wrong::LaterWritesLost);
        }
        if may && let Some(content) = machine.volumes[index].content(found) {
            *content = Content::None;
        }
    }
}

/// An empty sibling goes; one with something in it that may not be touched stays.
fn remove(machine: &mut Machine, index: usize) -> bool {
    let Some(found) = machine.volumes[index].now.sibling else { return true };
    let is_empty = machine.volumes[index].content(found).is_none_or(|content| *content == Content::None);
    if is_empty {
        machine.volumes[index].change(Change::RemoveSibling);
    }
    true
}

fn move_lender(machine: &mut Machine, event: &Event) -> bool {
    let Some(lender) = &machine.lender else { return true };
    if *event == Event::Undone && lender.milestone == Milestone::Undone
        || *event == Event::Dropping && lender.milestone == Milestone::Dropping
    {
        return true;
    }
    match state::next(lender, event) {
        Ok(moved) => machine.lender = Some(moved),
        Err(_) => machine.is_wrong(Wrong::IllegalMove),
    }
    machine.wrong.is_none()
}
