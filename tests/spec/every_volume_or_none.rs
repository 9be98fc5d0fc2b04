//! Promise 1: all volumes hold the snapshot or all hold what they held before. Never a mixture, never a merge. What
//! failures and kills make of it is explored in `at_every_instant`.

use std::path::PathBuf;

use crate::support::bench::{fill, signatures};
use crate::support::disks::Disk;
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
