//! Promise 1: after a success, a failure or a kill at any instant, all volumes hold the snapshot or all hold what they
//! held before. Never a mixture, never a merge.

use std::path::PathBuf;

use crate::support::bench::{Bench, fill, signatures};
use crate::support::disks::Disk;
use crate::support::instants;
use crate::support::signature::{self, assert_same};
use crate::support::{Volume, Workload, World};

#[test]
fn a_file_that_was_made_after_the_snapshot_is_gone_and_nothing_is_merged() {
    let world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    let live = world.volume("app", "data");
    fill(&live, "old");
    let before = signature::of(&live);
    let snapshot = world.snapshot("app");
    std::fs::write(live.join("new-file"), "new").unwrap();
    std::fs::create_dir_all(live.join("new-directory/deep")).unwrap();
    std::fs::write(live.join("below/new-file"), "new").unwrap();
    std::fs::remove_file(live.join("only-in-old")).unwrap();
    std::fs::write(live.join("below/file"), "changed").unwrap();
    world.restore("app", &snapshot, &[]).expect(0);
    assert_same(&signature::of(&live), &before, "the volume is the snapshot, no more and no less");
}

#[test]
fn volumes_on_three_file_systems_come_back_together() {
    let (ext4, xfs, btrfs) = (Disk::ext4(160), Disk::xfs(), Disk::btrfs());
    let disks = [("a", ext4.path()), ("b", xfs.path()), ("c", btrfs.path())];
    let lives: Vec<PathBuf> = disks.iter().map(|(name, disk)| disk.join(name)).collect();
    let volumes = disks.iter().zip(&lives).map(|((name, _), live)| Volume::absolute(name, live));
    let mut world = World::new([Workload::idle("app", volumes)]);
    world.allowed_roots = disks.iter().map(|(_, disk)| disk.to_path_buf()).collect();
    world.write_config();
    world.ok(&["deploy", "app"]);
    lives.iter().for_each(|live| fill(live, "old"));
    let before = signatures(&lives);
    let snapshot = world.snapshot("app");
    lives.iter().for_each(|live| fill(live, "new"));
    let later = signatures(&lives);
    world.restore("app", &snapshot, &[]).expect(0);
    for ((live, wanted), (name, _)) in lives.iter().zip(&before).zip(disks) {
        assert_same(&signature::of(live), wanted, name);
    }
    world.undo(world.receipt()["id"].as_str().unwrap()).expect(0);
    for ((live, wanted), (name, _)) in lives.iter().zip(&later).zip(disks) {
        assert_same(&signature::of(live), wanted, &format!("{name} after the undo"));
    }
}

#[test]
fn a_volume_that_was_absent_is_made_and_is_absent_again_after_an_undo() {
    let world = World::deployed([Workload::idle("app", [Volume::project("data"), Volume::project("more")])]);
    let lives = [world.volume("app", "data"), world.volume("app", "more")];
    lives.iter().for_each(|live| fill(live, "old"));
    let before = signatures(&lives);
    let snapshot = world.snapshot("app");
    world.ok(&["stop", "app"]);
    std::fs::remove_dir_all(&lives[1]).unwrap();
    world.restore("app", &snapshot, &[]).expect(0);
    assert_eq!(signatures(&lives), before);
}

/// The runs of one of two halves, so that two processors have something to do.
fn kill_matrix(half: usize) {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let effects = bench.world.effects_of(&bench.restore());
    bench.tidy();
    let mut went = std::collections::BTreeMap::<&str, usize>::new();
    for (number, when, name) in instants::of(&effects).into_iter().skip(half).step_by(2) {
        *went.entry(bench.kill_at(number, when, name)).or_default() += 1;
    }
    // Otherwise nothing was killed on one side of the commit.
    assert!(went["old"] > 0 && went["new"] > 0, "of {} effects: {went:?}", effects.len());
}

#[test]
fn a_restore_that_is_killed_anywhere_leaves_all_volumes_old_or_all_new() {
    kill_matrix(0);
}

#[test]
fn a_restore_that_is_killed_anywhere_else_leaves_all_volumes_old_or_all_new() {
    kill_matrix(1);
}

#[test]
fn a_recovery_that_is_killed_anywhere_can_be_repeated() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let effects = bench.world.effects_of(&bench.restore());
    bench.tidy();
    let second_exchange = effects.iter().rposition(|name| name == "exchange").unwrap() + 1;
    let last_write = effects.iter().position(|name| name == "completed").unwrap() + 1;
    // Killed between the two exchanges, and right before `completed`.
    for number in [second_exchange, last_write] {
        bench.lives.iter().for_each(|live| fill(live, "new"));
        let new = signatures(&bench.lives);
        let mut effect = 1;
        loop {
            if effect == 1 {
                bench.world.faulty(&format!("{number}:before"), &bench.restore());
            }
            let killed = bench.world.faulty(&format!("{effect}:after"), &["recover"]);
            if killed.code.is_some() {
                break;
            }
            effect += 1;
        }
        assert!(effect > 3, "the recovery had {effect} effects");
        bench.world.ok(&["recover"]);
        let now = signatures(&bench.lives);
        assert!(now == new || now == bench.old, "killed at {number} and while it recovered: a mixture");
        assert!(bench.world.is_running("app"));
        bench.tidy();
    }
}

/// Runs in which every effect fails once with an error of the operating system.
fn failure_matrix(half: usize) {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let effects = bench.world.effects_of(&bench.restore());
    bench.tidy();
    let mut codes = std::collections::BTreeMap::<i32, usize>::new();
    for (number, name) in effects.iter().enumerate().map(|(index, name)| (index + 1, name)).skip(half).step_by(2) {
        let errno = if number % 4 < 2 { "EIO" } else { "ENOSPC" };
        let at = format!("effect {number} ({name}) failed with {errno}");
        bench.lives.iter().for_each(|live| fill(live, "new"));
        let new = signatures(&bench.lives);
        let failed = bench.world.faulty(&format!("{number}:{errno}"), &bench.restore());
        let code = failed.code.unwrap_or_else(|| panic!("{at}: it was killed: {failed:?}"));
        let now = signatures(&bench.lives);
        match code {
            0 | 7 => assert!(now == bench.old, "{at}: it said done, and it is not: {failed:?}"),
            1..=4 => assert!(now == new, "{at}: it said unchanged, and something changed: {failed:?}"),
            5 => {
                let recovered = bench.world.reforge(&["recover"]);
                assert_eq!(recovered.code, Some(0), "{at}: {failed:?}; {recovered:?}");
                let settled = signatures(&bench.lives);
                assert!(settled == new || settled == bench.old, "{at}: a mixture after {failed:?}, {recovered:?}");
            }
            _ => panic!("{at}: {failed:?}"),
        }
        assert!(bench.world.is_running("app"), "{at}: the app ran and does not: {failed:?}");
        assert!(!failed.said().contains("panicked"), "{at}: {failed:?}");
        *codes.entry(code).or_default() += 1;
        bench.world.ok(&["recover"]);
        bench.tidy();
    }
    assert!(codes[&1] + codes.get(&3).unwrap_or(&0) > 0 && codes.contains_key(&4), "{codes:?}");
}

#[test]
fn a_restore_that_fails_anywhere_leaves_all_volumes_old_or_all_new() {
    failure_matrix(0);
}

#[test]
fn a_restore_that_fails_anywhere_else_leaves_all_volumes_old_or_all_new() {
    failure_matrix(1);
}
