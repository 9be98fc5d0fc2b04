//! Promise 3: the safety snapshot is durable before the first rename, the ordinary restore can restore it, and an undo
//! loses nothing, wherever it is killed.

use crate::support::bench::{Bench, fill, signatures};
use crate::support::signature::{self, assert_same};
use crate::support::{Volume, Workload, World};

#[test]
fn the_safety_snapshot_of_a_restore_is_restored_by_the_ordinary_restore() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let new = signatures(&bench.lives);
    bench.world.ok(&bench.restore());
    let safety = bench.world.receipt()["safety"].as_str().expect("there is a safety snapshot").to_owned();
    bench.world.ok(&["snapshot", "verify", "app", &safety]);
    bench.world.restore("app", &safety, &[]).expect(0);
    for ((live, now), wanted) in bench.lives.iter().zip(signatures(&bench.lives)).zip(&new) {
        assert_same(&now, wanted, &live.display().to_string());
    }
}

#[test]
fn the_safety_snapshot_is_whole_on_disk_before_the_first_exchange() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let effects = bench.world.effects_of(&bench.restore());
    bench.tidy();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    // The two exchanges of the probe come before the safety snapshot, those of the swap after it.
    let written = effects.iter().position(|name| name == "record-safety").unwrap();
    let exchanges: Vec<usize> =
        effects.iter().enumerate().filter(|(_, name)| *name == "exchange").map(|(index, _)| index).collect();
    let first = *exchanges.iter().find(|index| **index > written).expect("exchanges after the safety snapshot");
    assert_eq!(exchanges.iter().filter(|index| **index > written).count(), 2, "one for each volume: {effects:?}");
    let before: Vec<_> = crate::support::world::names(&bench.world.snapshot_dir.join("app"));
    bench.world.faulty(&format!("{}:before", first + 1), &bench.restore());
    let made: Vec<_> = crate::support::world::names(&bench.world.snapshot_dir.join("app"))
        .into_iter()
        .filter(|path| !before.contains(path) && path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    assert_eq!(made.len(), 1, "killed right before the first exchange: {made:?}");
    let id = made[0].file_stem().unwrap().to_str().unwrap().to_owned();
    bench.world.ok(&["snapshot", "verify", "app", &id]);
    bench.world.ok(&["recover"]);
}

#[test]
fn live_data_that_the_policy_could_not_restore_refuses_the_plan_and_names_the_line_to_add() {
    let mut world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    let live = world.volume("app", "data");
    std::fs::write(live.join("file"), "old").unwrap();
    let snapshot = world.snapshot("app");
    std::os::unix::fs::symlink("file", live.join("link")).unwrap();
    let before = signature::of(&live);
    let running = world.processes("app");
    let output = world.restore("app", &snapshot, &[]);
    output.expect(3).expect_said("links = \"contained\"");
    assert_same(&signature::of(&live), &before, "nothing changed");
    assert_eq!(world.processes("app"), running, "the app was not stopped");
    world.workload("app").links = true;
    world.write_config();
    world.restore("app", &snapshot, &[]).expect(0);
    let safety = world.receipt()["safety"].as_str().unwrap().to_owned();
    world.restore("app", &safety, &[]).expect(0);
    assert_same(&signature::of(&live), &before, "the link is back");
}

#[test]
fn a_restore_does_not_happen_when_its_safety_snapshot_cannot_be_written() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let effects = bench.world.effects_of(&bench.restore());
    bench.tidy();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let new = signatures(&bench.lives);
    // The first sync of the archive, when the app is down.
    let create = effects.iter().rposition(|name| name == "record-stopped").unwrap();
    let create = create + effects[create..].iter().position(|name| name == "create-file").unwrap();
    let number = create + effects[create..].iter().position(|name| name == "sync-file").unwrap() + 1;
    bench.world.faulty(&format!("{number}:EIO"), &bench.restore()).expect(1).expect_said("nothing was changed");
    assert_eq!(signatures(&bench.lives), new);
    assert!(bench.world.is_running("app"));
}

#[test]
fn only_the_newest_restore_is_undone_and_none_whose_window_was_ended() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    bench.world.ok(&bench.restore());
    let first = bench.world.transactions().pop().unwrap();
    bench.world.ok(&bench.restore());
    let second = bench.world.transactions().pop().unwrap();
    let before = signatures(&bench.lives);
    bench.world.undo(&first).expect(3).expect_said("its window has ended").expect_said("its safety snapshot");
    bench.world.ok(&["restore", "finish", &second, "--yes"]);
    bench.world.undo(&second).expect(3).expect_said("gone");
    assert_eq!(signatures(&bench.lives), before);
    assert!(bench.world.is_running("app"));
}
