//! Promise 1: after a success, a failure or a kill at any instant, all volumes hold the snapshot or all hold what they
//! held before. Never a mixture, never a merge.

use std::path::{Path, PathBuf};

use crate::support::disks::Disk;
use crate::support::signature::{self, Signature, assert_same};
use crate::support::{Volume, Workload, World};

/// Writes a small tree that says which one it is.
fn fill(live: &Path, say: &str) {
    for name in crate::support::world::names(live) {
        if name.is_dir() { std::fs::remove_dir_all(name).unwrap() } else { std::fs::remove_file(name).unwrap() }
    }
    std::fs::create_dir(live.join("below")).unwrap();
    std::fs::write(live.join("below/file"), say).unwrap();
    std::fs::write(live.join(format!("only-in-{say}")), say).unwrap();
}

fn signatures(lives: &[PathBuf]) -> Vec<Signature> {
    lives.iter().map(|live| signature::of(live)).collect()
}

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

/// One deployment whose two volumes say `new` and whose snapshot says `old`.
struct Bench {
    world: World,
    lives: [PathBuf; 2],
    snapshot: String,
    old: Vec<Signature>,
}

impl Bench {
    fn new() -> Bench {
        let mut world = World::new([]);
        let other = world.path("other-parent");
        std::fs::create_dir(&other).unwrap();
        let volumes = [Volume::project("data"), Volume::absolute("more", &other.join("more"))];
        world.workloads = vec![Workload::idle("app", volumes)];
        world.write_config();
        world.ok(&["deploy", "app"]);
        let lives = [world.volume("app", "data"), other.join("more")];
        lives.iter().for_each(|live| fill(live, "old"));
        let snapshot = world.snapshot("app");
        Bench { world, old: signatures(&lives), lives, snapshot }
    }

    fn restore(&self) -> Vec<&str> {
        vec!["restore", "run", "app", &self.snapshot, "--yes"]
    }

    /// Ends every undo window, so that the next run begins with nothing beside the volumes.
    fn tidy(&self) {
        if let Some(id) = self.world.transactions().last() {
            self.world.reforge(&["restore", "finish", id, "--yes"]);
        }
        for live in &self.lives {
            let left = self.world.siblings(live);
            assert!(left.is_empty(), "finished, and still there: {left:?}");
        }
    }

    /// Kills a restore at one effect and looks at what a start makes of it.
    fn kill_at(&self, number: usize, when: &str, name: &str) -> &'static str {
        let at = format!("killed {when} effect {number} ({name})");
        self.lives.iter().for_each(|live| fill(live, "new"));
        let new = signatures(&self.lives);
        let known = self.world.transactions();
        let killed = self.world.faulty(&format!("{number}:{when}"), &self.restore());
        assert_eq!(killed.code, None, "{at}: it was to be killed: {killed:?}");
        let recovered = self.world.reforge(&["recover"]);
        assert_eq!(recovered.code, Some(0), "{at}: {recovered:?}");
        let now = signatures(&self.lives);
        let went = if now == self.old { "old" } else { "new" };
        if went == "new" {
            for ((live, now), wanted) in self.lives.iter().zip(&now).zip(&new) {
                assert_same(now, wanted, &format!("{at}: {} is neither the snapshot nor what it was", live.display()));
            }
        }
        assert!(self.world.is_running("app"), "{at}: the app ran and does not");
        self.look_at_receipt(&at, went, &known);
        // A second start finds nothing to do.
        let again = self.world.reforge(&["recover"]);
        assert_eq!(again.code, Some(0), "{at}, again: {again:?}");
        assert_eq!(signatures(&self.lives), now, "{at}: the second start changed something");
        self.tidy();
        went
    }

    /// The receipt says what the volumes say, and nothing is left but what the undo window keeps.
    fn look_at_receipt(&self, at: &str, went: &str, known: &[String]) {
        let begun: Vec<String> = self.world.transactions().into_iter().filter(|id| !known.contains(id)).collect();
        let receipts = self.world.receipts();
        let receipt = receipts.iter().find(|receipt| begun.iter().any(|id| receipt["id"] == id.as_str()));
        let siblings: usize = self.lives.iter().map(|live| self.world.siblings(live).len()).sum();
        match (went, receipt) {
            ("old", Some(receipt)) => {
                assert_eq!(receipt["outcome"], "done", "{at}");
                assert_eq!(siblings, 2, "{at}: the previous trees are kept for the undo window, and nothing else");
            }
            (_, Some(receipt)) => {
                let outcome = receipt["outcome"].as_str().unwrap();
                assert!(["failed", "reverted"].contains(&outcome), "{at}: the receipt says {outcome}");
                assert_eq!(siblings, 0, "{at}: something was left beside the volumes");
            }
            (_, None) => {
                assert_eq!(went, "new", "{at}: the data was replaced without a receipt");
                assert_eq!(siblings, 0, "{at}: something was left beside the volumes");
            }
        }
    }
}

/// How many of the effects a normal run kills at; all of them with `REFORGE_TEST_EVERY_EFFECT`.
const SHARE: usize = 3;

pub fn every_effect() -> bool {
    std::env::var_os("REFORGE_TEST_EVERY_EFFECT").is_some()
}

/// The runs of one of two halves, so that two processors have something to do.
fn kill_matrix(half: usize) {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let effects = bench.world.effects_of(&bench.restore());
    bench.tidy();
    let runs = effects.iter().enumerate().flat_map(|(index, name)| [(index + 1, "before", name), (index + 1, "after", name)]);
    let share = if every_effect() { 1 } else { SHARE };
    let mut went = std::collections::BTreeMap::<&str, usize>::new();
    for (number, when, name) in runs.skip(half).step_by(2 * share) {
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
    let last_write = effects.iter().rposition(|name| name == "journal write").unwrap() + 1;
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
