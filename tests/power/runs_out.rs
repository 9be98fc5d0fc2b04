//! A direction that cannot be recorded, since the file system that holds the journal runs out below (protocol, rule 6).

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use super::deployment::{Count, Deployment};
use super::file_system::{BTRFS, EXT4, FileSystem};
use crate::support::process::{Output, eventually, run};

/// Where the file below the disk lies: in memory, and not much of it.
const ROOM: &str = "size=192m";

/// A file system on a disk that promises more than it has.
struct ThinDisk {
    file_system: &'static FileSystem,
    room: tempfile::TempDir,
    mount_point: tempfile::TempDir,
}

impl ThinDisk {
    fn new(file_system: &'static FileSystem) -> ThinDisk {
        let (room, mount_point) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        run("mount", &["-t", "tmpfs", "-o", ROOM, "tmpfs", room.path().to_str().unwrap()]);
        let disk = ThinDisk { file_system, room, mount_point };
        let made = file_system.make();
        super::replay::copy_sparse(made.as_file(), &std::fs::File::create(disk.image()).unwrap());
        // What is written for the first time needs room.
        run("fallocate", &["--dig-holes", disk.image().to_str().unwrap()]);
        file_system.mount_image(&disk.image(), &disk.path()).unwrap();
        disk
    }

    fn image(&self) -> PathBuf {
        self.room.path().join("disk")
    }

    fn path(&self) -> PathBuf {
        self.mount_point.path().canonicalize().unwrap()
    }

    fn filler(&self) -> PathBuf {
        self.room.path().join("filler")
    }

    /// Once this is there, the app runs on whatever it finds.
    fn sound(&self) -> PathBuf {
        self.room.path().join("sound")
    }

    fn runs_out(&self) {
        let mut filler = std::fs::File::create(self.filler()).unwrap();
        let piece = vec![1; 4096];
        while filler.write_all(&piece).is_ok() {}
    }

    fn has_room_again(&self) {
        std::fs::remove_file(self.filler()).unwrap();
        std::fs::write(self.sound(), "").unwrap();
    }
}

impl Drop for ThinDisk {
    fn drop(&mut self) {
        for at in [self.mount_point.path(), self.room.path()] {
            let _ = Command::new("umount").arg("--lazy").arg(at).output();
        }
    }
}

/// The disk runs out right before a record is written. Answers how the restore ended.
fn runs_out_before(record: &str, disk: &ThinDisk, deployment: &Deployment) -> Output {
    let mut restore = deployment.world.start_pausing(format!("record-{record}"), &deployment.restore());
    assert!(restore.reaches_its_pause(), "it ended before: {:?}", restore.wait());
    disk.runs_out();
    restore.go_on();
    restore.wait()
}

/// Nothing was decided in memory: the app is down unless a way back was recorded, and a start on a disk with room ends it.
fn a_start_ends_it(output: &Output, disk: &ThinDisk, deployment: &Deployment) {
    assert_ne!(output.code, Some(0), "the disk did not run out: {output:?}");
    let runs = deployment.world.is_running("app");
    assert!(!runs || output.code == Some(4), "nobody knows the direction, and the app runs: {output:?}");
    disk.has_room_again();
    deployment.world.kill_processes();
    eventually("the disk is unmounted", || disk.file_system.unmount(&disk.path()));
    let mut count = Count::default();
    deployment.judge_cut(&[&disk.image()], disk.file_system.name, &[], &mut count);
    assert!(count.wrong.is_empty(), "{output:?}: {}", count.wrong.join("\n"));
    assert_eq!(count.settled, 1, "{output:?}");
}

fn no_room_for_the_commit(file_system: &'static FileSystem) {
    let disk = ThinDisk::new(file_system);
    let deployment = Deployment::new(vec![(file_system, disk.path())]);
    let output = runs_out_before("commit", &disk, &deployment);
    a_start_ends_it(&output, &disk, &deployment);
}

fn no_room_for_the_revert(file_system: &'static FileSystem) {
    let disk = ThinDisk::new(file_system);
    let mut deployment = Deployment::new(vec![(file_system, disk.path())]);
    let sound = disk.sound();
    let script =
        format!("test -e {{volume:data}}/only-in-new || test -e {} || exit 1; exec sleep 1000000", sound.display());
    deployment.app_runs(&["/bin/sh", "-c", &script]);
    let output = runs_out_before("reverting", &disk, &deployment);
    assert!(output.said().contains("reverting"), "it was not about to revert: {output:?}");
    a_start_ends_it(&output, &disk, &deployment);
}

#[test]
fn a_commit_that_ext4_has_no_room_for_is_never_decided_from_memory() {
    no_room_for_the_commit(&EXT4);
}

#[test]
fn a_commit_that_btrfs_has_no_room_for_is_never_decided_from_memory() {
    no_room_for_the_commit(&BTRFS);
}

#[test]
fn a_revert_that_ext4_has_no_room_for_is_never_decided_from_memory() {
    no_room_for_the_revert(&EXT4);
}

#[test]
fn a_revert_that_btrfs_has_no_room_for_is_never_decided_from_memory() {
    no_room_for_the_revert(&BTRFS);
}
