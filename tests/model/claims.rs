//! What holds in every state, and which wrong orders break which claim.

use std::time::Instant;

use stateright::{Checker, HasDiscoveries, Model};

use super::explore::Protocol;
use super::machine::Setting;
use super::program::Order;

const RESTORE: Setting = Setting { undo: false, second_is_absent: false, app_runs: true };

/// Explores everything.
fn explore(setting: Setting) {
    let began = Instant::now();
    let checker = Protocol::new(setting, Order::Right).checker().threads(2).spawn_bfs().join();
    let (states, moves) = (checker.unique_state_count(), checker.state_count());
    eprintln!("{setting:?}: {states} states, {moves} moves, {:.1?}", began.elapsed());
    checker.assert_properties();
    assert!(checker.is_done());
}

#[test]
fn no_state_of_a_restore_is_mixed_and_running_lost_or_without_a_row() {
    explore(RESTORE);
}

#[test]
fn no_state_of_a_restore_of_an_absent_volume_is_mixed_and_running_lost_or_without_a_row() {
    explore(Setting { second_is_absent: true, ..RESTORE });
}

#[test]
fn no_state_of_a_restore_of_a_stopped_app_is_mixed_lost_or_without_a_row() {
    explore(Setting { second_is_absent: true, app_runs: false, ..RESTORE });
}

#[test]
fn no_state_of_an_undo_is_mixed_and_running_lost_or_without_a_row() {
    explore(Setting { undo: true, ..RESTORE });
}

/// A wrong order must break a claim, or the model could not fail.
fn breaks(order: Order, setting: Setting, claim: &'static str) {
    let protocol = Protocol::new(setting, order).checker().finish_when(HasDiscoveries::AllOf([claim].into()));
    let checker = protocol.spawn_bfs().join();
    let found: Vec<&str> = checker.discoveries().into_keys().collect();
    assert!(found.contains(&claim), "{order:?} does not break: {claim}; found {found:?}");
}

const LOST: &str = "a drop never takes the last copy";
const WELL: &str = "every start ends in all old or all new, as was told";
const ROW: &str = "no state is without a row";

#[test]
fn a_commit_before_the_last_parent_is_synced_is_caught() {
    breaks(Order::CommitBeforeTheLastParentIsSynced, RESTORE, ROW);
}

#[test]
fn a_commit_before_a_root_is_durably_open_is_caught() {
    breaks(Order::CommitBeforeTheRootIsSynced, RESTORE, WELL);
}

#[test]
fn a_drop_before_reverted_is_caught() {
    breaks(Order::DropBeforeReverted, RESTORE, LOST);
}

#[test]
fn a_rename_before_the_journal_is_caught() {
    breaks(Order::RenameBeforeTheJournal, RESTORE, ROW);
}

#[test]
fn a_recovery_that_exchanges_before_it_stops_is_caught() {
    breaks(Order::RecoveryExchangesBeforeItStops, RESTORE, "nothing is exchanged below an app that we left running");
}

#[test]
fn a_recovery_that_acts_on_what_is_not_synced_is_caught() {
    breaks(Order::RecoveryActsOnWhatIsNotSynced, RESTORE, "no journal is damaged by a power cut");
}

#[test]
fn trees_that_are_sealed_before_they_are_synced_are_caught() {
    breaks(Order::SealedBeforeItIsSynced, RESTORE, WELL);
}

#[test]
fn an_app_that_starts_before_its_record_is_caught() {
    let early = "nothing before `reverted` or `starting-app` starts the app";
    breaks(Order::AppStartsBeforeReverted, RESTORE, early);
    breaks(Order::AppStartsBeforeStartingApp, RESTORE, early);
}

#[test]
fn a_window_that_ends_while_its_trees_are_lent_is_caught() {
    breaks(Order::SweepTakesWhatIsLent, Setting { undo: true, ..RESTORE }, LOST);
}

#[test]
fn a_foreign_start_that_is_forgotten_is_caught() {
    breaks(Order::ForeignStartIsNotKept, RESTORE, "what an app wrote on a mixture is noticed");
}

#[test]
fn a_look_that_does_not_wait_for_what_was_submitted_is_caught() {
    breaks(Order::DownDoesNotWaitForWrites, RESTORE, "nothing lands once the safety snapshot is taken");
}

#[test]
fn later_writes_that_are_not_kept_are_caught() {
    breaks(Order::LaterWritesAreNotKept, RESTORE, "what was written since is kept");
}
