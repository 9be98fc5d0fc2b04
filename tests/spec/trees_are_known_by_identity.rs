//! Rule 2: a tree is known by what it is, never by its name, its inode number or where it is mounted. What is not the
//! recorded tree is never removed, exchanged or taken for one.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::support::bench::{fill, signatures};
use crate::support::disks::Disk;
use crate::support::explorer::points;
use crate::support::process::run;
use crate::support::{Volume, Workload, World};

/// A workload with two volumes at these places, whose snapshot says `old`.
fn deployed(roots: &[&Path], lives: &[PathBuf]) -> (World, String) {
    let volumes = lives.iter().enumerate().map(|(index, live)| Volume::absolute(&format!("v{index}"), live));
    let mut world = World::new([Workload::idle("app", volumes)]);
    world.allowed_roots = roots.iter().map(|root| root.to_path_buf()).collect();
    world.write_config();
    world.ok(&["deploy", "app"]);
    lives.iter().for_each(|live| fill(live, "old"));
    let snapshot = world.snapshot("app");
    lives.iter().for_each(|live| fill(live, "new"));
    (world, snapshot)
}

/// The address of an effect after a record, from a run that is undone again.
fn effect_after(world: &World, snapshot: &str, record: &str, effect: &str, turn: usize) -> String {
    let effects = points::addressed(&world.effects_of(&["restore", "run", "app", snapshot, "--yes"]));
    let id = world.transactions().pop().unwrap();
    world.undo(&id).expect(0);
    world.ok(&["restore", "finish", &world.transactions().pop().unwrap(), "--yes"]);
    let from = effects.iter().position(|name| *name == format!("record-{record}#1")).unwrap();
    effects[from..].iter().filter(|name| name.starts_with(effect)).nth(turn).unwrap().clone()
}

/// Removes a directory and makes others until one has its inode number again.
fn same_number_again(directory: &Path) {
    let number = std::fs::metadata(directory).unwrap().ino();
    std::fs::remove_dir_all(directory).unwrap();
    let mut tries = Vec::new();
    for attempt in 0..2000 {
        let made = directory.with_file_name(format!("try-{attempt}"));
        std::fs::create_dir(&made).unwrap();
        if std::fs::metadata(&made).unwrap().ino() == number {
            std::fs::rename(&made, directory).unwrap();
            tries.iter().for_each(|path: &PathBuf| std::fs::remove_dir(path).unwrap());
            std::fs::write(directory.join("somebodys"), "only copy").unwrap();
            return;
        }
        tries.push(made);
    }
    panic!("inode {number} was not given out again");
}

fn somebodys(directory: &Path) -> bool {
    std::fs::read_to_string(directory.join("somebodys")).is_ok_and(|text| text == "only copy")
}

#[test]
fn a_directory_with_the_sibling_s_name_and_inode_number_is_not_the_sibling() {
    let disk = Disk::ext4(160);
    let lives = [disk.path().join("a"), disk.path().join("b")];
    let (world, snapshot) = deployed(&[disk.path()], &lives);
    let before = signatures(&lives);
    world.faulty("record-sealed:after", &["restore", "run", "app", &snapshot, "--yes"]);
    let sibling = world.siblings(&lives[0]).remove(0);
    same_number_again(&sibling);
    world.reforge(&["recover"]).expect(5).expect_said("fits no row");
    assert!(somebodys(&sibling), "somebody's only copy was dropped by its name");
    assert_eq!(signatures(&lives), before);
    let id = world.transactions().pop().unwrap();
    world.ok(&["restore", "resolve", &id, "--keep", "live", "--yes"]);
    assert!(somebodys(&sibling), "somebody's only copy was dropped by its name");
    assert_eq!(signatures(&lives), before);
}

#[test]
fn a_directory_with_live_s_name_and_inode_number_is_not_live() {
    let disk = Disk::ext4(160);
    let lives = [disk.path().join("a"), disk.path().join("b")];
    let (world, snapshot) = deployed(&[disk.path()], &lives);
    let second = effect_after(&world, &snapshot, "swapping", "exchange", 1);
    let before = signatures(&lives);
    world.faulty(&format!("{second}:before"), &["restore", "run", "app", &snapshot, "--yes"]);
    same_number_again(&lives[0]);
    world.reforge(&["recover"]).expect(5);
    assert!(somebodys(&lives[0]), "somebody's only copy is gone");
    let kept: Vec<PathBuf> = world.siblings(&lives[0]);
    assert!(kept.iter().any(|tree| tree.join("only-in-new").exists()), "what was live before is gone: {kept:?}");
    assert!(!world.is_running("app"));
    // And nothing of the other volume was lost either.
    assert_eq!(signatures(&lives)[1], before[1]);
}

#[test]
fn trees_named_anew_by_somebody_in_the_window_are_neither_removed_nor_swapped_in() {
    let disk = Disk::ext4(160);
    let lives = [disk.path().join("a"), disk.path().join("b")];
    let (world, snapshot) = deployed(&[disk.path()], &lives);
    world.restore("app", &snapshot, &[]).expect(0);
    let id = world.transactions().pop().unwrap();
    let sibling = world.siblings(&lives[0]).remove(0);
    let aside = disk.path().join("aside");
    std::fs::rename(&sibling, &aside).unwrap();
    std::fs::create_dir(&sibling).unwrap();
    std::fs::write(sibling.join("somebodys"), "only copy").unwrap();
    let live = signatures(&lives);
    world.undo(&id).expect(3);
    assert_eq!(signatures(&lives), live);
    world.ok(&["restore", "finish", &id, "--yes"]).expect_said("not the recorded one");
    assert!(somebodys(&sibling), "somebody's only copy was dropped by its name");
    assert!(aside.join("only-in-new").exists());
    assert_eq!(signatures(&lives), live);
}

#[test]
fn a_live_that_somebody_replaced_in_the_window_is_not_swapped_out() {
    let disk = Disk::ext4(160);
    let lives = [disk.path().join("a"), disk.path().join("b")];
    let (world, snapshot) = deployed(&[disk.path()], &lives);
    world.restore("app", &snapshot, &[]).expect(0);
    let id = world.transactions().pop().unwrap();
    world.ok(&["stop", "app"]);
    std::fs::rename(&lives[1], disk.path().join("aside")).unwrap();
    std::fs::create_dir(&lives[1]).unwrap();
    std::fs::write(lives[1].join("somebodys"), "only copy").unwrap();
    let before = signatures(&lives);
    world.undo(&id).expect(3).expect_said("is not what it put there");
    assert_eq!(signatures(&lives), before);
}

/// Killed between the exchanges of two volumes, then something happens to the disk, then a start.
fn killed_in_the_middle(disk: &Disk, lives: &[PathBuf], meanwhile: impl FnOnce(&World)) {
    let (world, snapshot) = deployed(&[disk.path()], lives);
    let second = effect_after(&world, &snapshot, "swapping", "exchange", 1);
    let before = signatures(lives);
    world.faulty(&format!("{second}:before"), &["restore", "run", "app", &snapshot, "--yes"]);
    assert_ne!(signatures(lives), before, "a mixture");
    meanwhile(&world);
    world.ok(&["recover"]);
    assert_eq!(signatures(lives), before);
    assert!(world.is_running("app"));
    lives.iter().for_each(|live| assert!(world.siblings(live).is_empty()));
    // And forward, over the same.
    world.faulty("record-starting-app:before", &["restore", "run", "app", &snapshot, "--yes"]);
    world.ok(&["recover"]);
    assert!(signatures(lives).iter().all(|tree| tree.contains_key(&b"only-in-old"[..])));
    world.ok(&["stop", "app"]);
}

#[test]
fn a_disk_that_is_mounted_again_under_another_number_holds_the_same_trees() {
    let disk = Disk::ext4(160);
    let lives = [disk.path().join("a"), disk.path().join("b")];
    let mut taken = Vec::new();
    killed_in_the_middle(&disk, &lives, |_| {
        let number = std::fs::metadata(disk.path()).unwrap().dev();
        disk.unmount();
        disk.mount();
        while std::fs::metadata(disk.path()).unwrap().dev() == number {
            disk.unmount();
            // Somebody else takes the device.
            taken.push(Disk::ext4(8));
            assert!(taken.len() < 20, "always the same number");
            disk.mount();
        }
    });
}

#[test]
fn a_disk_that_is_not_mounted_yet_is_waited_for_and_blocks_its_workload() {
    let disk = Disk::ext4(160);
    let lives = [disk.path().join("a"), disk.path().join("b")];
    killed_in_the_middle(&disk, &lives, |world| {
        disk.unmount();
        for arguments in [&["recover"][..], &["deploy", "app"], &["recover"]] {
            world.reforge(arguments).expect(5).expect_said("mounted");
            assert_eq!(std::fs::read_dir(disk.path()).unwrap().count(), 0, "{arguments:?} made something there");
            assert!(!world.is_running("app"));
        }
        disk.mount();
    });
}

#[test]
fn volumes_in_subvolumes_whose_inodes_have_equal_numbers_are_told_apart() {
    let disk = Disk::btrfs();
    for name in ["one", "two"] {
        run("btrfs", &["-q", "subvolume", "create", disk.path().join(name).to_str().unwrap()]);
    }
    let lives = [disk.path().join("one/live"), disk.path().join("two/live")];
    killed_in_the_middle(&disk, &lives, |world| {
        let numbers = lives.each_ref().map(|live| std::fs::metadata(live).unwrap().ino());
        let siblings = lives.each_ref().map(|live| std::fs::metadata(&world.siblings(live)[0]).unwrap().ino());
        assert!(numbers[0] == siblings[1] || numbers[0] == numbers[1] || siblings[0] == siblings[1]);
    });
}

#[test]
fn a_subvolume_in_live_s_place_is_not_live() {
    let disk = Disk::btrfs();
    let lives = [disk.path().join("a"), disk.path().join("b")];
    let (world, snapshot) = deployed(&[disk.path()], &lives);
    world.faulty("record-safety:after", &["restore", "run", "app", &snapshot, "--yes"]);
    std::fs::rename(&lives[0], disk.path().join("aside")).unwrap();
    run("btrfs", &["-q", "subvolume", "create", lives[0].to_str().unwrap()]);
    std::fs::write(lives[0].join("somebodys"), "only copy").unwrap();
    world.reforge(&["recover"]).expect(5);
    assert!(somebodys(&lives[0]));
    assert!(!world.is_running("app"));
}

#[test]
fn a_parent_that_others_can_write_refuses_plan_and_restore() {
    let disk = Disk::ext4(160);
    let lives = [disk.path().join("below/a"), disk.path().join("b")];
    std::fs::create_dir(disk.path().join("below")).unwrap();
    let (world, snapshot) = deployed(&[disk.path()], &lives);
    run("chmod", &["1777", disk.path().join("below").to_str().unwrap()]);
    let before = (signatures(&lives), world.processes("app"));
    world
        .reforge(&["restore", "plan", "app", &snapshot])
        .expect(3)
        .expect_said("has a parent that others can write in");
    world.restore("app", &snapshot, &[]).expect(3).expect_said("chmod go-w");
    assert_eq!((signatures(&lives), world.processes("app")), before);
}
