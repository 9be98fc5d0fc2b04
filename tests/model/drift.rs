//! The model does what the product does: its order of effects against the effects of real runs.
//!
//! A real run has more of them (staging, a snapshot, an app that starts); from the first exchange to the record that follows the
//! last one it may have no other.

use reforge_transaction::table::Row;

use super::machine::Setting;
use super::program::{self, Order, Program, Step};
use crate::support::bench::{Bench, fill};

const SETTING: Setting = Setting { undo: false, second_is_absent: false, app_runs: true };
/// How the newest record is called that a start writes once more.
const AGAIN: &str = "again";

/// How the effects of a step are called in the product; none for what is only looked at or decided. How an
/// app is started is its runtime's. A sync is one of the record before it.
fn names(step: &Step, record: &mut &'static str) -> Vec<String> {
    if let Step::Write(event) = step {
        *record = event.name();
    }
    let names: &[&str] = match step {
        Step::Write(_) => return vec![format!("record-{record}")],
        Step::BeginDropping => {
            *record = "dropping";
            return vec!["record-dropping".to_owned()];
        }
        // Nothing was written since.
        Step::KeepLaterWrites => {
            *record = "";
            return Vec::new();
        }
        Step::Sync if record.is_empty() => return Vec::new(),
        Step::Advance => {
            &["write-file", "sync-file", "rename-file", "sync-directory", "set-attribute", "set-attribute"]
        }
        Step::Sync => return vec![format!("sync-{record}")],
        Step::SyncRead => return vec![format!("record-{AGAIN}"), format!("sync-{AGAIN}"), "sync-directory".to_owned()],
        Step::MakeSibling(_) | Step::MakeLive(_) => &["make-directory"],
        Step::OpenUp(_) => &["open-root"],
        Step::Exchange(..) => &["exchange"],
        Step::SyncRoot(_) | Step::SyncParent(_) => &["sync-directory"],
        Step::SyncTrees => &["sync-file-system"],
        Step::Stop => &["stop"],
        Step::CheckDown | Step::CheckUnused => &["is-down", "await-writes"],
        _ => &[],
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn effects(programs: &[Program]) -> Vec<String> {
    let steps = programs.iter().flat_map(|program| program::steps(*program, &SETTING, Order::Right));
    let mut record = "";
    steps.flat_map(|step| names(&step, &mut record)).collect()
}

/// From the first `first` to the first `last` behind it.
fn part<'a>(effects: &'a [String], first: &str, last: &str) -> &'a [String] {
    let from = effects.iter().position(|name| name == first).unwrap_or_else(|| panic!("no `{first}` in {effects:?}"));
    let length = effects[from..].iter().position(|name| name == last).unwrap_or_else(|| panic!("no `{last}`"));
    &effects[from..=from + length]
}

/// Whether everything in `model` happens in `real`, in that order.
#[track_caller]
fn assert_in_order(model: &[String], real: &[String]) {
    let mut rest = real.iter();
    for (number, wanted) in model.iter().enumerate() {
        assert!(
            rest.any(|name| name == wanted),
            "the model's effect {number}, `{wanted}`, is missing\n{model:?}\n{real:?}"
        );
    }
}

/// A restore that was killed right before a record, and the effects of the start that follows.
fn recovery_after_a_kill_before(record: &str) -> Vec<String> {
    let bench = Bench::new();
    let refill = || bench.lives.iter().for_each(|live| fill(live, "new"));
    refill();
    let real = bench.world.effects_of(&bench.restore());
    bench.tidy();
    refill();
    let at = real.iter().position(|name| name == record).unwrap() + 1;
    let killed = bench.world.faulty(&format!("{at}:before"), &bench.restore());
    assert_eq!(killed.code, None, "it was to be killed: {killed:?}");
    bench.world.effects_of(&["recover"])
}

#[test]
fn a_real_restore_has_the_effects_of_the_model_in_their_order() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let (model, real) = (effects(&[Program::Forward]), bench.world.effects_of(&bench.restore()));
    assert_in_order(&model, &real);
    assert_eq!(part(&model, "record-swapping", "record-commit"), part(&real, "record-swapping", "record-commit"));
    assert_eq!(
        part(&model, "record-commit", "record-starting-app"),
        part(&real, "record-commit", "record-starting-app")
    );
}

#[test]
fn a_real_way_back_has_the_effects_of_the_model_in_their_order() {
    let real = recovery_after_a_kill_before("record-swapped");
    let model = effects(&[Program::Start, Program::Carry(Row::GoBack)]);
    assert_in_order(&model, &real);
    assert_eq!(part(&model, "exchange", "record-reverted"), part(&real, "exchange", "record-reverted"));
}

#[test]
fn a_real_way_forward_stops_the_app_before_anything_else_as_the_model_does() {
    let real = recovery_after_a_kill_before("record-healthy");
    // Every volume is new already, and `starting-app` is recorded.
    let model = [
        "record-again",
        "sync-again",
        "sync-directory",
        "stop",
        "sync-directory",
        "sync-directory",
        "record-healthy",
        "sync-healthy",
    ];
    let steps = effects(&[Program::Start, Program::Carry(Row::GoForward)]);
    let mut without: Vec<String> = steps.into_iter().filter(|name| name != "exchange").collect();
    without.drain(6..8);
    assert_eq!(without[..model.len()], model);
    assert_in_order(&without, &real);
}
