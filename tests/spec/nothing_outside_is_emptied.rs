//! Rule 9: whatever is mounted in or on a volume, and whenever it came there, nothing outside the volume is changed.

use std::path::{Path, PathBuf};

use crate::support::apps::Stranger;
use crate::support::bench::fill;
use crate::support::process::run;
use crate::support::signature::{self, Signature};
use crate::support::{Volume, Workload, World, eventually};

/// A workload with one volume, something precious outside, and a snapshot.
struct Deployed {
    world: World,
    live: PathBuf,
    outside: PathBuf,
    precious: Signature,
    snapshot: String,
}

impl Deployed {
    fn new() -> Deployed {
        let world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
        let live = world.volume("app", "data");
        fill(&live, "old");
        let snapshot = world.snapshot("app");
        fill(&live, "new");
        let outside = world.path("outside");
        std::fs::create_dir_all(outside.join("deep")).unwrap();
        std::fs::write(outside.join("deep/precious"), "only copy").unwrap();
        let precious = signature::of(&outside);
        Deployed { world, live, outside, precious, snapshot }
    }

    fn restore(&self) -> [&str; 5] {
        ["restore", "run", "app", &self.snapshot, "--yes"]
    }

    /// Mounts what is outside somewhere, for as long as the answer lives.
    fn mounted(&self, at: &Path) -> Mounted {
        run("mount", &["--bind", self.outside.to_str().unwrap(), at.to_str().unwrap()]);
        Mounted(at.to_owned())
    }

    #[track_caller]
    fn outside_is_whole(&self) {
        assert_eq!(signature::of(&self.outside), self.precious, "what was mounted was changed");
    }

    fn says(&self, tree: &Path) -> String {
        std::fs::read_to_string(tree.join("below/file")).unwrap_or_default()
    }
}

struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        // A tree that moved took it along.
        let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        let name = self.0.file_name().unwrap().to_str().unwrap().to_owned();
        let world = self.0.ancestors().find(|path| path.to_str().unwrap().contains("reforge-world-")).unwrap();
        let world =
            world.ancestors().take_while(|path| path.to_str().unwrap().contains("reforge-world-")).last().unwrap();
        for line in table.lines() {
            let point = line.split(' ').nth(4).unwrap();
            if point.starts_with(world.to_str().unwrap()) && (point.ends_with(&name) || Path::new(point) == self.0) {
                let _ = std::process::Command::new("umount").arg(point).status();
            }
        }
    }
}

#[test]
fn a_mount_inside_live_refuses_the_plan() {
    let it = Deployed::new();
    let _mount = it.mounted(&it.live.join("below"));
    let running = it.world.processes("app");
    it.world.reforge(&["restore", "plan", "app", &it.snapshot]).expect(3).expect_said("mounted");
    it.world.reforge(&it.restore()).expect(3).expect_said("mounted");
    assert_eq!(it.world.processes("app"), running);
    it.outside_is_whole();
}

#[test]
fn a_mount_that_appears_inside_live_after_the_stop_keeps_everything_from_being_swapped() {
    let it = Deployed::new();
    let mut restore = it.world.start_pausing("record-safety", &it.restore());
    assert!(restore.reaches_its_pause());
    let mount = it.mounted(&it.live.join("below"));
    restore.go_on();
    restore.wait().expect(3).expect_said("mounted").expect_said("nothing was changed");
    it.outside_is_whole();
    drop(mount);
    assert_eq!(it.says(&it.live), "new");
    assert!(it.world.is_running("app"));
    assert!(it.world.siblings(&it.live).is_empty());
}

#[test]
fn a_mount_that_appears_inside_what_is_staged_stops_its_removal() {
    let it = Deployed::new();
    it.world.faulty("record-sealed:after", &it.restore());
    let sibling = it.world.siblings(&it.live).remove(0);
    let mount = it.mounted(&sibling.join("below"));
    it.world.ok(&["recover"]);
    it.outside_is_whole();
    assert_eq!(it.says(&it.live), "new");
    drop(mount);
    let left = it.world.receipt()["left_behind"].to_string();
    assert!(left.contains("mount point"), "it is not said what was left: {left}");
}

#[test]
fn a_mount_that_appears_inside_the_previous_tree_stops_its_removal() {
    let it = Deployed::new();
    it.world.ok(&it.restore());
    let sibling = it.world.siblings(&it.live).remove(0);
    let mount = it.mounted(&sibling.join("below"));
    let id = it.world.transactions().pop().unwrap();
    it.world.ok(&["restore", "finish", &id, "--yes"]).expect_said("mount point");
    it.outside_is_whole();
    drop(mount);
    assert_eq!(it.says(&it.live), "old");
}

#[test]
fn a_mount_on_live_after_a_crash_is_left_alone_until_it_is_gone() {
    let it = Deployed::new();
    it.world.faulty("record-swapped:before", &it.restore());
    let mount = it.mounted(&it.live);
    it.world.reforge(&["recover"]).expect(5);
    it.outside_is_whole();
    assert!(!it.world.is_running("app"));
    drop(mount);
    it.world.ok(&["recover"]);
    assert_eq!(it.says(&it.live), "new");
    assert!(it.world.is_running("app"));
    it.outside_is_whole();
}

/// A shell in a mount namespace of its own that has something mounted on live, or live mounted somewhere.
fn in_a_namespace(mount: &str, done: &Path) -> Stranger {
    let script = format!("{mount} && touch {} && exec sleep 1000", done.display());
    let stranger = Stranger::shell(&format!("exec unshare -m --propagation private /bin/sh -c '{script}'"));
    eventually("it is mounted in the other namespace", || done.exists());
    stranger
}

#[test]
fn a_mount_on_live_in_another_namespace_refuses_before_the_stop() {
    let it = Deployed::new();
    let mount = format!("mount --bind {} {}", it.outside.display(), it.live.display());
    let stranger = in_a_namespace(&mount, &it.world.path("run/mounted"));
    let running = it.world.processes("app");
    let output = it.world.reforge(&it.restore());
    // It moves with the tree; a plan refuses it, or the removal of the previous tree has to leave it alone.
    match output.code {
        Some(3) => assert_eq!(it.world.processes("app"), running),
        _ => {
            output.expect(0);
            let id = it.world.transactions().pop().unwrap();
            it.world.ok(&["restore", "finish", &id, "--yes"]);
        }
    }
    it.outside_is_whole();
    drop(stranger);
}

#[test]
fn live_mounted_elsewhere_in_another_namespace_refuses_before_the_stop() {
    let it = Deployed::new();
    let elsewhere = it.world.path("run/elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let mount = format!("mount --bind {} {}", it.live.display(), elsewhere.display());
    let stranger = in_a_namespace(&mount, &it.world.path("run/mounted"));
    let running = it.world.processes("app");
    it.world.reforge(&it.restore()).expect(3).expect_said("mount");
    assert_eq!(it.world.processes("app"), running);
    assert_eq!(it.says(&it.live), "new");
    drop(stranger);
    it.world.ok(&it.restore());
    assert_eq!(it.says(&it.live), "old");
}

#[test]
fn a_mount_out_of_live_refuses_a_restore_and_an_undo_and_is_named() {
    let it = Deployed::new();
    it.world.ok(&it.restore());
    let undo = ["restore", "undo", &it.world.transactions().pop().unwrap(), "--yes"];
    let running = it.world.processes("app");
    std::fs::create_dir(it.world.path("run/www")).unwrap();
    run("mount", &["--bind", it.live.join("below").to_str().unwrap(), it.world.path("run/www").to_str().unwrap()]);
    let mount = Mounted(it.world.path("run/www"));
    it.world.reforge(&["restore", "plan", "app", &it.snapshot]).expect(3).expect_said("run/www");
    it.world.reforge(&it.restore()).expect(3).expect_said("run/www");
    it.world.reforge(&undo).expect(3).expect_said("run/www");
    assert_eq!(it.world.processes("app"), running);
    drop(mount);
    it.world.ok(&undo);
    assert_eq!(it.says(&it.live), "new");
}

#[test]
fn a_mount_out_of_live_that_appears_after_the_stop_keeps_everything_from_being_swapped() {
    let it = Deployed::new();
    let mut restore = it.world.start_pausing("record-safety", &it.restore());
    assert!(restore.reaches_its_pause());
    std::fs::create_dir(it.world.path("run/www")).unwrap();
    run("mount", &["--bind", it.live.join("below").to_str().unwrap(), it.world.path("run/www").to_str().unwrap()]);
    let _mount = Mounted(it.world.path("run/www"));
    restore.go_on();
    restore.wait().expect(3).expect_said("run/www").expect_said("nothing was changed");
    assert_eq!(it.says(&it.live), "new");
    assert!(it.world.is_running("app"));
}
