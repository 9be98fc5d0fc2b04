//! No cut leaves a mixture, and the harness would see one.

use std::time::Instant;

use super::copies::Machine;
use super::file_system::{BTRFS, EXT4, FileSystem, XFS};
use super::trial::Trial;
use crate::support::environment;

/// In each form, unless the campaign says otherwise.
const CUTS: usize = 12;

fn cut_everywhere(file_system: &'static FileSystem) {
    let cuts = environment::number("REFORGE_POWER_CUTS").map_or(CUTS, |cuts| cuts as usize / 2);
    let seed = environment::seed("REFORGE_SEED");
    for disks in [1, 2] {
        let began = Instant::now();
        let count = Trial::new(file_system, disks, "").cut(cuts, seed + disks as u64);
        eprintln!(
            "{} on {disks} disks, seed {seed}: {} cuts, {} ended restored, {} as before, {} had something to settle, {} wrong, {:.0?}",
            file_system.name,
            count.cuts,
            count.restored,
            count.before,
            count.settled,
            count.wrong.len(),
            began.elapsed()
        );
        assert!(count.wrong.is_empty(), "REFORGE_SEED={seed}:\n{}", count.wrong.join("\n\n"));
    }
}

#[test]
fn ext4_without_power_holds_all_old_or_all_new() {
    cut_everywhere(&EXT4);
}

#[test]
fn xfs_without_power_holds_all_old_or_all_new() {
    cut_everywhere(&XFS);
}

#[test]
fn btrfs_without_power_holds_all_old_or_all_new() {
    cut_everywhere(&BTRFS);
}

fn copy_everywhere(file_system: &'static FileSystem) {
    let began = Instant::now();
    let count = Machine::new(file_system).cut_after_each_effect();
    eprintln!("{}: {} copies, {count:?}, {:.0?}", file_system.name, count.cuts, began.elapsed());
    assert!(count.wrong.is_empty(), "{}", count.wrong.join("\n\n"));
    assert!(count.restored > 0 && count.before > 0 && count.settled > 0, "{count:?}");
}

#[test]
fn a_copy_of_an_ext4_at_any_effect_holds_all_old_or_all_new() {
    copy_everywhere(&EXT4);
}

#[test]
fn a_copy_of_an_xfs_at_any_effect_holds_all_old_or_all_new() {
    copy_everywhere(&XFS);
}

#[test]
fn a_copy_of_a_btrfs_at_any_effect_holds_all_old_or_all_new() {
    copy_everywhere(&BTRFS);
}
