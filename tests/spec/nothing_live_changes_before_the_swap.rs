//! Promise 2: everything that can be refused is refused before the app is stopped, naming all that is wrong at once.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use crate::support::apps::Stranger;
use crate::support::disks::Disk;
use crate::support::process::run;
use crate::support::signature::{self, Signature};
use crate::support::{Volume, Workload, World, eventually};

/// `app` with the volumes `data` and `more`, and `other` with `its`; a snapshot of `app`, and later data.
fn two_workloads() -> (World, String) {
    let world = World::deployed([
        Workload::idle("app", [Volume::project("data"), Volume::project("more")]),
        Workload::idle("other", [Volume::project("its")]),
    ]);
    for name in ["data", "more"] {
        std::fs::create_dir(world.volume("app", name).join("inside")).unwrap();
        std::fs::write(world.volume("app", name).join("file"), "old").unwrap();
    }
    let snapshot = world.snapshot("app");
    for name in ["data", "more"] {
        std::fs::write(world.volume("app", name).join("file"), "new").unwrap();
    }
    (world, snapshot)
}

/// Everything that a refused restore must not have changed.
#[derive(PartialEq, Debug)]
struct Untouched {
    volumes: Signature,
    processes: Vec<i32>,
    transactions: Vec<String>,
}

fn look(world: &World) -> Untouched {
    Untouched {
        volumes: signature::of_volumes(&world.path("volumes")),
        processes: world.processes("app"),
        transactions: world.transactions(),
    }
}

fn set_source(world: &mut World, workload: &str, volume: &str, scope: &str, source: &str) {
    let volume = world.workload(workload).volumes.iter_mut().find(|one| one.name == volume).unwrap();
    (volume.scope, volume.source) = (scope.into(), source.into());
    world.write_config();
}

/// What is wrong, how it comes to be, and what must be said of it.
type Row = (&'static str, fn(&mut World), &'static [&'static str]);

const REFUSALS: &[Row] = &[
    (
        "no longer resolves",
        |world| set_source(world, "app", "more", "project", "nowhere/below"),
        &["`more`", "no parent directory"],
    ),
    (
        "has another scope",
        |world| set_source(world, "app", "more", "stage", "more"),
        &["`more`", "`stage`", "`project`"],
    ),
    (
        "is a symbolic link",
        |world| {
            let live = world.volume("app", "more");
            std::fs::rename(&live, world.path("moved")).unwrap();
            symlink(world.path("moved"), &live).unwrap();
        },
        &["`more`", "is a symbolic link"],
    ),
    (
        "is a file",
        |world| {
            let live = world.volume("app", "more");
            std::fs::remove_dir_all(&live).unwrap();
            std::fs::write(live, "").unwrap();
        },
        &["`more`", "is not a directory"],
    ),
    (
        "is a mount point",
        |world| {
            let live = world.volume("app", "more");
            world.mount(&["-t", "tmpfs", "none"], &live);
        },
        &["`more`", "is a mount point"],
    ),
    (
        "is a bind mount of itself",
        |world| {
            let live = world.volume("app", "more");
            world.mount(&["--bind", live.to_str().unwrap()], &live);
        },
        &["`more`", "is a mount point"],
    ),
    (
        "contains a mount",
        |world| {
            let inside = world.volume("app", "more").join("inside");
            world.mount(&["-t", "tmpfs", "none"], &inside);
        },
        &["`more`", "has something mounted in it"],
    ),
    (
        "is another workload's volume",
        |world| {
            let live = world.volume("app", "more");
            set_source(world, "other", "its", "absolute", live.to_str().unwrap());
        },
        &["`more`", "`its` of `other`"],
    ),
    (
        "holds another workload's volume",
        |world| {
            let inside = world.volume("app", "more").join("inside");
            set_source(world, "other", "its", "absolute", inside.to_str().unwrap());
        },
        &["`more`", "`its` of `other`"],
    ),
    (
        "lies in another workload's volume",
        |world| {
            let parent = world.volume("app", "more").parent().unwrap().to_owned();
            set_source(world, "other", "its", "absolute", parent.to_str().unwrap());
        },
        &["`more`", "`data`", "`its` of `other`"],
    ),
    (
        "is another volume of the same workload",
        |world| set_source(world, "app", "more", "project", "data"),
        &["`more`", "`data`"],
    ),
    (
        "lies in another volume of the same workload",
        |world| {
            set_source(world, "app", "more", "project", "data/inside");
        },
        &["`more`", "`data`"],
    ),
    (
        "is another volume by a bind mount",
        |world| {
            let (data, more) = (world.volume("app", "data"), world.path("elsewhere/more"));
            std::fs::create_dir_all(&more).unwrap();
            world.mount(&["--bind", data.parent().unwrap().to_str().unwrap()], more.parent().unwrap());
            let same = world.path("elsewhere/data");
            set_source(world, "other", "its", "absolute", same.to_str().unwrap());
        },
        &["`data`", "`its` of `other`"],
    ),
    (
        "leaves its root through a link",
        |world| {
            let outside = world.path("outside");
            std::fs::create_dir_all(outside.join("more")).unwrap();
            symlink(&outside, world.path("volumes/app/link")).unwrap();
            set_source(world, "app", "more", "project", "link/more");
        },
        &["`more`", "leads outside"],
    ),
    (
        "has a parent that others can write",
        |world| {
            let parent = world.volume("app", "more").parent().unwrap().to_owned();
            std::fs::set_permissions(parent, std::fs::Permissions::from_mode(0o777)).unwrap();
        },
        &["`more`", "others can write"],
    ),
    (
        "is not declared any more",
        |world| {
            world.workload("app").volumes.pop();
            world.write_config();
        },
        &["`more`", "not declared", "--leave more"],
    ),
    (
        "has joined since",
        |world| {
            world.workload("app").volumes.push(Volume::project("third"));
            world.write_config();
            std::fs::create_dir(world.volume("app", "third")).unwrap();
        },
        &["`third`", "not in the snapshot", "--leave third"],
    ),
];

#[test]
fn what_stands_in_the_way_of_a_volume_refuses_plan_and_restore_before_the_app_is_stopped() {
    for (what, prepare, wanted) in REFUSALS {
        let (mut world, snapshot) = two_workloads();
        prepare(&mut world);
        let before = look(&world);
        for verb in ["plan", "run"] {
            let arguments: &[&str] = if verb == "run" { &["--yes"] } else { &[] };
            let output = world.reforge(&[&["restore", verb, "app", &snapshot], arguments].concat());
            assert_eq!(output.code, Some(3), "a volume that {what}, {verb}: {output:?}");
            for text in *wanted {
                assert!(output.said().contains(text), "a volume that {what}, {verb}: no {text} in {output:?}");
            }
            assert_eq!(look(&world), before, "a volume that {what}: something changed");
        }
    }
}

#[test]
fn everything_that_is_wrong_is_named_at_once() {
    let (mut world, snapshot) = two_workloads();
    let data = world.volume("app", "data");
    std::fs::rename(&data, world.path("moved")).unwrap();
    symlink(world.path("moved"), &data).unwrap();
    let inside = world.volume("app", "more").join("inside");
    world.mount(&["-t", "tmpfs", "none"], &inside);
    world.workload("app").volumes.push(Volume::project("third"));
    world.write_config();
    let before = look(&world);
    let output = world.restore("app", &snapshot, &[]);
    output
        .expect(3)
        .expect_said("symbolic link")
        .expect_said("mounted in it")
        .expect_said("`third` is not in the snapshot");
    assert_eq!(look(&world), before);
}

#[test]
fn a_volume_that_is_left_stays_as_it_is() {
    let (mut world, snapshot) = two_workloads();
    world.workload("app").volumes.pop();
    world.write_config();
    world.restore("app", &snapshot, &["--leave", "more"]).expect(0);
    let read = |name: &str| std::fs::read_to_string(world.volume("app", name).join("file")).unwrap();
    assert_eq!((read("data").as_str(), read("more").as_str()), ("old", "new"));
    assert_eq!(world.receipt()["left"], serde_json::json!(["more"]));
}

/// Two volumes on file systems of their own, one of which is short of something after the snapshot.
fn short_of(disk: &Disk, fill: impl FnOnce(&Path), starve: impl FnOnce(&Path), wanted: &str) {
    let roomy = Disk::ext4(300);
    let (data, more) = (roomy.path().join("data"), disk.path().join("more"));
    let volumes = [Volume::absolute("data", &data), Volume::absolute("more", &more)];
    let mut world = World::new([Workload::idle("app", volumes)]);
    world.allowed_roots = vec![roomy.path().into(), disk.path().into()];
    world.write_config();
    world.ok(&["deploy", "app"]);
    fill(&more);
    let snapshot = world.snapshot("app");
    world.ok(&["restore", "plan", "app", &snapshot]);
    starve(disk.path());
    let before = (signature::of(&data), signature::of(&more), world.processes("app"));
    let planned = world.reforge(&["restore", "plan", "app", &snapshot, "--json"]).expect(3).json();
    let refusals = planned["refusals"].as_array().unwrap();
    assert_eq!(refusals.len(), 1, "one of two is short: {refusals:?}");
    assert_eq!(refusals[0]["code"], "no-space");
    let run = world.restore("app", &snapshot, &[]);
    for said in [refusals[0]["message"].as_str().unwrap(), &run.expect(3).expect_clear().said()] {
        for text in [wanted, "needs", "has", disk.path().to_str().unwrap()] {
            assert!(said.contains(text), "no {text} in {said}");
        }
        assert!(!said.contains(roomy.path().to_str().unwrap()), "the other has room: {said}");
    }
    assert_eq!((signature::of(&data), signature::of(&more), world.processes("app")), before);
    assert!(world.transactions().is_empty(), "a restore was begun");
}

#[test]
fn too_little_space_on_one_of_two_file_systems_refuses_the_plan_with_the_figures() {
    let disk = Disk::ext4(256);
    short_of(
        &disk,
        |live| run("fallocate", &["-l", "40M", live.join("large").to_str().unwrap()]).clear(),
        |root| run("fallocate", &["-l", "110M", root.join("filler").to_str().unwrap()]).clear(),
        "MiB",
    );
}

#[test]
fn too_few_inodes_on_one_of_two_file_systems_refuse_the_plan_with_the_figures() {
    let disk = Disk::ext4_with_inodes(300, 4000);
    let files = |directory: &Path, count: usize| {
        std::fs::create_dir_all(directory).unwrap();
        (0..count).for_each(|n| std::fs::write(directory.join(n.to_string()), "").unwrap());
    };
    short_of(&disk, |live| files(live, 1000), |root| files(&root.join("filler"), 1500), "inodes");
}

#[test]
fn a_stranger_with_a_file_of_the_volume_open_refuses_before_the_stop_and_is_named() {
    let (world, snapshot) = two_workloads();
    let live = world.volume("app", "data");
    let stranger = Stranger::shell(&format!("exec 9>>{}/file; exec sleep 1000", live.display()));
    let link = format!("/proc/{}/fd/9", stranger.pid());
    eventually("the stranger has it open", || Path::new(&link).exists());
    eventually("it sleeps", || std::fs::read(format!("/proc/{}/comm", stranger.pid())).unwrap() == b"sleep\n");
    let before = look(&world);
    let output = world.restore("app", &snapshot, &[]);
    output.expect(3).expect_said(&stranger.pid().to_string()).expect_said("has open").expect_said("`data`");
    assert_eq!(look(&world), before);
    drop(stranger);
    world.restore("app", &snapshot, &[]).expect(0);
}

#[test]
fn a_stranger_that_comes_after_the_stop_keeps_everything_from_being_swapped() {
    let (world, snapshot) = two_workloads();
    let effects = world.effects_of(&["restore", "run", "app", &snapshot, "--yes"]);
    world.undo(world.receipt()["id"].as_str().unwrap()).expect(0);
    let before = signature::of(&world.volume("app", "data"));
    let at = effects.iter().position(|name| name == "record-safety").unwrap() + 1;
    let mut restore = world.start_pausing(at, &["restore", "run", "app", &snapshot, "--yes"]);
    assert!(restore.reaches_its_pause());
    let live = world.volume("app", "data");
    let stranger = Stranger::shell(&format!("cd {} && exec sleep 1000", live.display()));
    let cwd = format!("/proc/{}/cwd", stranger.pid());
    eventually("the stranger stands in it", || std::fs::read_link(&cwd).is_ok_and(|at| at == live));
    restore.go_on();
    let output = restore.wait();
    output.expect(3).expect_said("stands in").expect_said("nothing was changed");
    assert_eq!(signature::of(&live), before);
    assert!(world.is_running("app"), "the app is back");
}

#[test]
fn a_child_that_left_its_session_and_ignores_signals_is_down_before_anything_is_swapped() {
    let mut world = World::new([]);
    let child = world.script("child", "trap '' TERM HUP INT\nwhile :; do echo x >> \"$1/child\"; sleep 0.01; done\n");
    let app = world.script("app", &format!("setsid {child} \"$1\" &\nexec sleep 1000000\n"));
    let mut workload = Workload::idle("app", [Volume::project("data")]).command(&[&app, "{volume:data}"]);
    workload.stop_timeout = "1s".into();
    world.workloads = vec![workload];
    world.write_config();
    std::fs::create_dir_all(world.volume("app", "data")).unwrap();
    let snapshot = world.snapshot("app");
    world.ok(&["deploy", "app"]);
    let live = world.volume("app", "data");
    eventually("the child writes", || live.join("child").exists());
    let old = world.processes("app");
    world.restore("app", &snapshot, &[]).expect(0);
    assert!(world.processes("app").iter().all(|pid| !old.contains(pid)), "a process of before lives on");
    let previous = world.siblings(&live).remove(0);
    let last = signature::of(&previous);
    // The new child has written, so time has passed; the old one would have, too.
    let size = || std::fs::metadata(live.join("child")).map_or(0, |file| file.len());
    eventually("the new child writes", || size() > 20);
    assert_eq!(signature::of(&previous), last, "somebody writes into the previous tree");
}

#[test]
fn what_was_restored_is_closed_until_the_swap_and_looked_at_again_right_before_it() {
    for deed in ["find ROOT -name file -delete", "chown -R 1234 ROOT ", "truncate -s 0 ROOT/.reforge-*-0/file", "true"]
    {
        let (world, snapshot) = two_workloads();
        let before = signature::of_volumes(&world.path("volumes"));
        let mut restore = world.start_pausing("hold", &["restore", "run", "app", &snapshot, "--yes"]);
        assert!(restore.reaches_its_pause());
        let root = world.volume("app", "data").parent().unwrap().to_owned();
        let siblings = world.siblings(&world.volume("app", "data"));
        assert_eq!(siblings.len(), 2);
        for sibling in siblings {
            assert_eq!(std::fs::metadata(sibling).unwrap().permissions().mode() & 0o7777, 0o700, "closed to others");
        }
        // Only what is staged: what is done to live is the app's to suffer.
        let deed = deed.replace("ROOT ", &format!("{}/.reforge-* ", root.display()));
        let deed = deed.replace("ROOT", root.to_str().unwrap());
        run("sh", &["-c", &deed]);
        restore.go_on();
        let done = restore.wait();
        if deed == "true" {
            done.expect(0);
            continue;
        }
        done.expect(3).expect_said("something changed the restored data");
        assert_eq!(signature::of_volumes(&world.path("volumes")), before, "{deed}");
        assert!(world.is_running("app"));
    }
}
