//! A disk that is full, fails to sync, or turns read-only at any moment of a restore: all volumes old or all new, the
//! truth is told, and once there is room again a start ends it.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::support::bench::{fill, signatures};
use crate::support::disks::{Disk, fill_up};
use crate::support::explorer::{Explorer, points, scene};
use crate::support::process::{Output, run};
use crate::support::signature::Signature;
use crate::support::{Volume, Workload, World};

/// Two volumes: one in the world, one on a disk.
struct Deployed {
    world: World,
    lives: [PathBuf; 2],
    old: Vec<Signature>,
    new: Vec<Signature>,
    snapshot: String,
}

impl Deployed {
    /// State and snapshots in these directories.
    fn new(disk: &Path, state: Option<&Path>, snapshots: Option<&Path>) -> Deployed {
        let mut world = World::new([]);
        let root = world.path("");
        world.keep_state_in(state.unwrap_or(&root), snapshots.unwrap_or(&root));
        let lives = [world.volume("app", "data"), disk.join("more")];
        world.workloads = vec![Workload::idle("app", [Volume::project("data"), Volume::absolute("more", &lives[1])])];
        world.allowed_roots.push(disk.to_owned());
        world.write_config();
        world.ok(&["deploy", "app"]);
        lives.iter().for_each(|live| fill(live, "old"));
        std::fs::write(lives[1].join("large"), vec![7; 12 << 20]).unwrap();
        let snapshot = world.snapshot("app");
        let old = signatures(&lives);
        lives.iter().for_each(|live| fill(live, "new"));
        std::fs::write(lives[1].join("large"), vec![8; 12 << 20]).unwrap();
        let new = signatures(&lives);
        Deployed { world, lives, old, new, snapshot }
    }

    fn restore(&self) -> [&str; 5] {
        ["restore", "run", "app", &self.snapshot, "--yes"]
    }

    /// Something happens to a disk right before an effect.
    fn meanwhile(&self, faults: &str, happens: impl FnOnce()) -> Output {
        let mut restore = self.world.start_with(faults, &self.restore());
        if !restore.reaches_its_pause() {
            panic!("it ended before: {:?}", restore.wait());
        }
        happens();
        restore.go_on();
        restore.wait()
    }

    #[track_caller]
    fn unchanged(&self) {
        assert!(signatures(&self.lives) == self.new, "something changed");
        self.lives.iter().for_each(|live| assert_eq!(self.world.siblings(live), Vec::<PathBuf>::new()));
        assert!(self.world.is_running("app"), "the app ran and does not");
    }

    fn effects(&self) -> Vec<String> {
        let effects = points::addressed(&self.world.effects_of(&self.restore()));
        self.world.undo(&self.world.transactions().pop().unwrap()).expect(0);
        self.world.ok(&["restore", "finish", &self.world.transactions().pop().unwrap(), "--yes"]);
        effects
    }
}

#[test]
fn a_disk_that_fills_up_while_it_is_staged_on_leaves_everything_as_it_was() {
    let disk = Disk::ext4(200);
    let it = Deployed::new(disk.path(), None, None);
    let filler = disk.path().join("filler");
    for moment in ["stage-large-file", "stage-write#3", "stage-attributes"] {
        let output = it.meanwhile(&format!("{moment}:pause"), || fill_up(&filler));
        // What was written already may still fit.
        if output.code != Some(0) {
            output.expect(3).expect_said("nothing was changed");
            std::fs::remove_file(&filler).unwrap();
            it.unchanged();
            continue;
        }
        assert!(moment == "stage-attributes", "{moment}: {output:?}");
        std::fs::remove_file(&filler).unwrap();
        it.world.undo(&it.world.transactions().pop().unwrap()).expect(0);
        it.world.ok(&["restore", "finish", &it.world.transactions().pop().unwrap(), "--yes"]);
    }
    it.world.ok(&it.restore());
    assert!(signatures(&it.lives) == it.old);
}

#[test]
fn a_disk_that_fills_up_under_the_safety_snapshot_leaves_everything_as_it_was() {
    let (disk, snapshots) = (Disk::ext4(200), Disk::ext4(120));
    let it = Deployed::new(disk.path(), None, Some(snapshots.path()));
    let filler = snapshots.path().join("filler");
    let created = it.effects().iter().filter(|effect| effect.starts_with("create-file#")).count();
    for moment in (1..=created).map(|turn| format!("create-file#{turn}")) {
        let output = it.meanwhile(&format!("{moment}:pause"), || fill_up(&filler));
        output.expect(3).expect_said("nothing was changed").expect_said("hint");
        std::fs::remove_file(&filler).unwrap();
        it.unchanged();
        let names = crate::support::world::names(&it.world.snapshot_dir.join("app"));
        assert!(names.iter().all(|name| !name.file_name().unwrap().to_str().unwrap().starts_with('.')), "{names:?}");
    }
    it.world.ok(&it.restore());
}

#[test]
fn a_full_disk_below_the_journal_stops_neither_a_revert_nor_a_start() {
    let (disk, state) = (Disk::ext4(200), Disk::ext4(120));
    let it = Deployed::new(disk.path(), Some(state.path()), None);
    let filler = state.path().join("filler");
    let effects = it.effects();
    let at = |record: &str| effects.iter().position(|effect| *effect == format!("record-{record}#1")).unwrap();
    let exchanges: Vec<&String> =
        effects[at("swapping")..].iter().filter(|effect| effect.starts_with("exchange#")).collect();
    // Full when the second exchange fails: the first is exchanged back and that is recorded.
    let faults = format!("record-swapping:pause,{}:EIO", exchanges[1]);
    let output = it.meanwhile(&faults, || fill_up(&filler));
    assert!(matches!(output.code, Some(4 | 5)), "{output:?}");
    assert!(signatures(&it.lives) == it.new, "a mixture: {output:?}");
    std::fs::remove_file(&filler).unwrap();
    it.world.ok(&["recover"]);
    it.world.ok(&["deploy", "app"]);
    it.unchanged();
    // Full from the commit on: it stands, and what could not be written is done by the next start.
    let output = it.meanwhile("record-commit:pause", || fill_up(&filler));
    assert!(matches!(output.code, Some(0 | 5 | 7)), "{output:?}");
    assert!(signatures(&it.lives) == it.old, "the commit stands: {output:?}");
    std::fs::remove_file(&filler).unwrap();
    it.world.ok(&["recover"]);
    assert!(signatures(&it.lives) == it.old);
    assert!(it.world.is_running("app"));
    assert!(["done", "unconfirmed"].contains(&it.world.receipt()["outcome"].as_str().unwrap()));
}

/// A direction whose sync fails, alone and with the abort that should decide it.
fn in_doubt(arrange: fn(&Explorer) -> scene::Scene, direction: &str) {
    let explorer = Explorer::new();
    let scene = arrange(&explorer);
    let arguments: Vec<&str> = scene.arguments.iter().map(String::as_str).collect();
    let (effects, _) = explorer.world.effects_and_output(&arguments, "");
    let effects = points::addressed(&effects);
    let at = effects.iter().position(|effect| *effect == format!("sync-{direction}#1")).unwrap();
    let abort = 1 + effects[..at].iter().filter(|effect| effect.starts_with("write-file#")).count();
    for more in [String::new(), format!(",write-file#{abort}:EIO"), format!(",record-{direction}#2:EIO")] {
        for lost in [false, true] {
            // The record reaches the disk or not; nobody can know.
            let write = if lost { format!("record-{direction}:skip,") } else { String::new() };
            let faults = format!("{write}sync-{direction}:EIO{more}");
            let scene = arrange(&explorer);
            let known = explorer.world.transactions();
            let output = explorer.run(&scene.arguments, &faults);
            explorer.told_the_truth(&scene, &output).unwrap_or_else(|said| panic!("{faults}: {said}"));
            // An aborted commit is a revert; an aborted revert goes forward, with the next start.
            match more.is_empty() && direction == "commit" {
                true => assert_eq!(output.code, Some(4), "{faults}: the abort decides: {output:?}"),
                false => assert_eq!(output.code, Some(5), "{faults}: only the next start can decide: {output:?}"),
            }
            if output.code == Some(5) {
                assert!(!explorer.world.is_running("app"), "{faults}: in doubt, and the app runs");
            }
            explorer.settled(&scene, &known).unwrap_or_else(|said| panic!("{faults}: {said}"));
        }
    }
}

#[test]
fn a_commit_whose_sync_fails_is_decided_on_disk_or_by_the_next_start() {
    in_doubt(scene::restore, "commit");
}

#[test]
fn a_revert_whose_sync_fails_is_decided_on_disk_or_by_the_next_start() {
    in_doubt(scene::restore_of_bad_data, "reverting");
}

#[test]
fn a_btrfs_without_room_for_metadata_never_leaves_a_mixture_running() {
    let disk = Disk::btrfs_of(240);
    let it = Deployed::new(disk.path(), None, None);
    let crowd = disk.path().join("crowd");
    let effects = it.effects();
    let at = effects.iter().position(|effect| *effect == "record-swapping#1").unwrap();
    let exchanges: Vec<&String> = effects[at..].iter().filter(|effect| effect.starts_with("exchange#")).collect();
    let faults = format!("{}:pause", exchanges[1]);
    let output = it.meanwhile(&faults, || crowded(disk.path(), &crowd));
    let now = signatures(&it.lives);
    match output.code {
        Some(0 | 7) => assert!(now == it.old, "{output:?}"),
        Some(3 | 4) => assert!(now == it.new, "{output:?}"),
        Some(5) => assert!(!it.world.is_running("app"), "a mixture runs: {output:?}"),
        code => panic!("{code:?}: {output:?}"),
    }
    run("rm", &["-rf", crowd.to_str().unwrap(), disk.path().join("filler").to_str().unwrap()]);
    it.world.ok(&["recover"]);
    let settled = signatures(&it.lives);
    assert!(settled == it.old || settled == it.new, "a mixture after {output:?}");
    assert!(it.world.is_running("app"));
}

/// No room for data, then none for metadata: not even for a name, also when all that was reserved for what is written
/// has been given back by a sync.
fn crowded(disk: &Path, crowd: &Path) {
    fill_up(&disk.join("filler"));
    std::fs::create_dir(crowd).unwrap();
    let mut number = 0;
    for content in [&[1; 2000][..], &[]] {
        loop {
            let before = number;
            while std::fs::write(crowd.join(format!("{number:0200}")), content).is_ok() {
                number += 1;
            }
            std::process::Command::new("sync").args(["-f", disk.to_str().unwrap()]).status().unwrap();
            if number == before {
                break;
            }
        }
    }
}

/// What uses up a disk.
#[derive(Clone, Copy, Debug)]
enum Uses {
    Bytes,
    Inodes,
}

fn use_up(disk: &Path, what: Uses) {
    let filler = disk.join("filler");
    match what {
        Uses::Bytes => fill_up(&filler),
        Uses::Inodes => {
            std::fs::create_dir(&filler).unwrap();
            for number in 0.. {
                if std::fs::File::create(filler.join(number.to_string())).is_err() {
                    return;
                }
            }
        }
    }
}

fn make_room(disk: &Path) {
    let filler = disk.join("filler");
    let _ = std::fs::remove_dir_all(&filler);
    let _ = std::fs::remove_file(&filler);
}

#[test]
fn an_app_that_is_alive_is_shown_as_running_and_never_runs_twice_whatever_could_not_be_written() {
    let disk = Disk::ext4_with_inodes(24, 600);
    let volumes = Disk::ext4(300);
    let it = Deployed::new(volumes.path(), Some(disk.path()), None);
    let state = || it.world.reforge(&["workload", "show", "app", "--json"]).json()["state"].as_str().map(str::to_owned);
    for what in [Uses::Inodes, Uses::Bytes] {
        for moment in ["hold", "stop", "create-app", "start-supervisor", "await-app", "release", "record-completed"] {
            it.meanwhile(&format!("{moment}:pause"), || use_up(disk.path(), what));
            let alive = it.world.processes("app");
            assert!(alive.len() <= 1, "{what:?} at {moment}: {alive:?}");
            make_room(disk.path());
            if !alive.is_empty() {
                assert_eq!(state().as_deref(), Some("running"), "{what:?} at {moment}");
            }
            it.world.ok(&["recover"]);
            assert_eq!(
                (it.world.processes("app").len(), state().as_deref()),
                (1, Some("running")),
                "{what:?} at {moment}"
            );
            let now = signatures(&it.lives);
            assert!(now == it.old || now == it.new, "{what:?} at {moment}: mixed");
            if let Some(id) = it.world.transactions().last() {
                it.world.reforge(&["restore", "finish", id, "--yes"]);
            }
        }
    }
}

#[test]
fn an_app_that_never_stops_talking_stops_nothing() {
    let disk = Disk::ext4(100);
    let mut world = World::new([]);
    let root = world.path("");
    world.keep_state_in(disk.path(), &root);
    let app = Workload::idle("app", [Volume::project("data")])
        .command(&["/usr/bin/yes", "a line of a trace that has no end"]);
    world.workloads = vec![app];
    world.write_config();
    world.ok(&["deploy", "app"]);
    fill(&world.volume("app", "data"), "old");
    let snapshot = world.snapshot("app");
    for _ in 0..2 {
        world.restore("app", &snapshot, &[]).expect(0);
        world.ok(&["snapshot", "create", "app"]);
        world.ok(&["deploy", "app"]);
        world.ok(&["recover"]);
    }
    let place = world.state_dir().join("process/app");
    let logged: u64 =
        ["log", "log.1"].iter().map(|name| std::fs::metadata(place.join(name)).unwrap().blocks() * 512).sum();
    assert!(logged <= 34 << 20, "{logged}");
    world.ok(&["stop", "app"]);
}
