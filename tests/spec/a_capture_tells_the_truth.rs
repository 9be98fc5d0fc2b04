//! What a restore would refuse, lose or leave elsewhere is said when the snapshot is taken, wherever it is chosen, and in the
//! receipt. A capture has room, or takes none.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use crate::support::disks::Disk;
use crate::support::process::run;
use crate::support::signature;
use crate::support::{Volume, Workload, World};

/// A deployed app whose volume lies at the top of a disk.
fn on(disk: &Disk, directory: &Path) -> (World, PathBuf) {
    let live = directory.join("data");
    let mut world = World::new([Workload::idle("app", [Volume::absolute("data", &live)])]);
    world.allowed_roots = vec![disk.path().into()];
    world.write_config();
    world.ok(&["deploy", "app"]);
    (world, live)
}

#[test]
fn links_that_lead_out_of_the_volume_are_said_at_the_capture_in_the_plan_and_in_the_receipt() {
    let mut app = Workload::idle("app", [Volume::project("data")]);
    app.links = true;
    let world = World::deployed([app]);
    let (live, big) = (world.volume("app", "data"), world.path("big"));
    std::fs::create_dir(&big).unwrap();
    std::fs::write(big.join("photo"), "1").unwrap();
    symlink(&big, live.join("uploads")).unwrap();
    symlink("uploads", live.join("inside")).unwrap();
    let said = "what 1 link leads to is not in the snapshot";
    let created = world.reforge(&["snapshot", "create", "app"]);
    created.expect(0).expect_said(said).expect_said("`uploads -> ").expect_unsaid("inside");
    let snapshot = world.snapshot("app");
    world.reforge(&["snapshot", "show", "app", &snapshot]).expect(0).expect_said(said);
    world.reforge(&["restore", "plan", "app", &snapshot]).expect(0).expect_said(said);
    world.restore("app", &snapshot, &[]).expect(0).expect_said(said).expect_said("uploads");
    let remarks = &world.receipt()["remarks"];
    assert_eq!((&remarks[0]["what"], &remarks[0]["count"]), (&"leads-out".into(), &1.into()), "{remarks}");
    let listed = world.ok(&["snapshot", "list", "app", "--json"]).json();
    assert_eq!(listed["snapshots"][0]["remarks"][0]["what"], "leads-out");
}

#[test]
fn links_that_a_restore_would_refuse_and_what_is_left_out_are_named_when_the_snapshot_is_taken() {
    let world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    let live = world.volume("app", "data");
    world.reforge(&["snapshot", "create", "app"]).expect(0).expect_unsaid("to know");
    symlink("releases/1", live.join("current")).unwrap();
    std::fs::write(live.join("mail"), "x").unwrap();
    std::fs::hard_link(live.join("mail"), live.join("sent")).unwrap();
    std::fs::hard_link(live.join("mail"), world.path("outside")).unwrap();
    let _listener = UnixListener::bind(live.join("app.sock")).unwrap();
    run("mkfifo", &[live.join("control").to_str().unwrap()]);
    let created = world.reforge(&["snapshot", "create", "app"]);
    created.expect(0).expect_said("2 links, which a restore refuses unless the workload says `links = \"contained\"`");
    created.expect_said("`current -> releases/1`, `sent`");
    created.expect_said("1 file has further names outside of it").expect_said("`mail`");
    created.expect_said("2 sockets or fifos are left out: `app.sock`, `control`");
}

#[test]
fn inode_flags_come_back_and_those_that_cannot_are_named_wherever_the_snapshot_is() {
    let world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    let live = world.volume("app", "data");
    std::fs::create_dir(live.join("quiet")).unwrap();
    for name in ["plain", "hidden", "audit", "quiet/inside"] {
        std::fs::write(live.join(name), "x").unwrap();
    }
    let chattr = |flag: &str, name: &str| run("chattr", &[flag, live.join(name).to_str().unwrap()]).clear();
    chattr("+d", "hidden");
    chattr("+A", "quiet");
    chattr("+a", "audit");
    let created = world.reforge(&["snapshot", "create", "app"]);
    created.expect(0).expect_said("1 entry has inode flags").expect_said("`audit (a)`").expect_unsaid("hidden");
    let snapshot = world.snapshot("app");
    let plan = world.reforge(&["restore", "plan", "app", &snapshot]);
    plan.expect(0)
        .expect_said("`audit (a)`")
        .expect_said("cannot be removed as previous data")
        .expect_said("chattr -ia");
    world.restore("app", &snapshot, &[]).expect(0).expect_said("`audit (a)`");
    let flags = |name: &str| {
        let said = run("lsattr", &["-d", live.join(name).to_str().unwrap()]);
        said.split_whitespace().next().unwrap().replace(['-', 'e'], "")
    };
    // What was made before its directory had a flag does not have it now.
    assert_eq!(["plain", "hidden", "audit", "quiet", "quiet/inside"].map(flags), ["", "d", "", "A", ""]);
    let siblings = world.siblings(&live);
    run("chattr", &["-a", siblings[0].join("audit").to_str().unwrap()]);
    // A snapshot of before has no flags in it, and that is said of what live has.
    let (_, descriptor) = world.snapshot_files("app", &snapshot);
    crate::support::archives::edit_descriptor(&descriptor, |of| {
        of.as_object_mut().unwrap().retain(|key, _| key != "flags" && key != "remarks");
    });
    let plan = world.reforge(&["restore", "plan", "app", &snapshot]);
    plan.expect(0).expect_said("2 entries have inode flags or a project id, which no restore brings back");
}

#[test]
fn a_database_directory_without_copy_on_write_comes_back_without_it_on_btrfs() {
    let disk = Disk::btrfs();
    let (world, live) = on(&disk, disk.path());
    std::fs::create_dir_all(live.join("db")).unwrap();
    run("chattr", &["+C", live.join("db").to_str().unwrap()]);
    std::fs::create_dir(live.join("db/base")).unwrap();
    for name in ["db/base/1", "db/log", "plain"] {
        std::fs::write(live.join(name), vec![7; 300_000]).unwrap();
    }
    let snapshot = world.snapshot("app");
    let before = signature::of(&live);
    std::fs::remove_dir_all(live.join("db")).unwrap();
    world.restore("app", &snapshot, &[]).expect(0).expect_unsaid("flags");
    signature::assert_same(&signature::of(&live), &before, "restored");
    let is_nocow = |name: &str| {
        let said = run("lsattr", &["-d", live.join(name).to_str().unwrap()]);
        said.split_whitespace().next().unwrap().contains('C')
    };
    assert_eq!(["db", "db/base", "db/base/1", "db/log", "plain"].map(is_nocow), [true, true, true, true, false]);
}

#[test]
fn a_quota_group_that_leaves_too_little_refuses_the_plan_before_anything_is_begun() {
    let disk = Disk::btrfs_of(900);
    let volumes = disk.path().join("volumes");
    run("btrfs", &["subvolume", "create", volumes.to_str().unwrap()]);
    run("btrfs", &["quota", "enable", disk.path().to_str().unwrap()]);
    let (world, live) = on(&disk, &volumes);
    let noise = std::fs::File::open("/dev/urandom").unwrap();
    let mut blob = std::fs::File::create(live.join("blob")).unwrap();
    std::io::copy(&mut std::io::Read::take(noise, 60 << 20), &mut blob).unwrap();
    drop(blob);
    let snapshot = world.snapshot("app");
    world.ok(&["restore", "plan", "app", &snapshot]);
    run("sync", &["-f", disk.path().to_str().unwrap()]);
    run("btrfs", &["qgroup", "limit", "100M", volumes.to_str().unwrap()]);
    let before = signature::of(&live);
    let plan = world.reforge(&["restore", "plan", "app", &snapshot, "--json"]).expect(3).json();
    assert_eq!(plan["refusals"][0]["code"], "no-space", "{plan}");
    world.restore("app", &snapshot, &[]).expect(3).expect_said("needs");
    assert!(world.siblings(&live).is_empty() && world.transactions().is_empty());
    assert_eq!(signature::of(&live), before);
}

#[test]
fn what_a_file_system_cannot_hold_refuses_the_plan_before_anything_is_extracted_and_there_is_a_way_in() {
    let (memory, disk) = (Disk::tmpfs(256), Disk::ext4(300));
    let mut here = World::below(memory.path());
    here.workloads = vec![Workload::idle("app", [Volume::project("data")])];
    here.write_config();
    here.ok(&["deploy", "app"]);
    let live = here.volume("app", "data");
    for (name, made) in
        [("late", "touch -d @16725225600"), ("large", "setfattr -n user.large -v \"$(printf %9000d 1)\"")]
    {
        std::fs::write(live.join(name), name).unwrap();
        run("sh", &["-ec", &format!("{made} {}", live.join(name).display())]);
    }
    let snapshot = here.snapshot("app");
    here.restore("app", &snapshot, &[]).expect(0);
    let (bundle, archive) = (disk.path().join("bundle"), disk.path().join("archive"));
    here.ok(&["snapshot", "export", "app", &snapshot, bundle.to_str().unwrap(), "--bundle"]);
    here.ok(&["snapshot", "export", "app", &snapshot, archive.to_str().unwrap()]);

    let mut there = World::below(disk.path());
    there.workloads = vec![Workload::idle("app", [Volume::project("data")])];
    there.write_config();
    there.ok(&["deploy", "app"]);
    let import = |file: &Path| -> String {
        let taken = there.ok(&["import", file.to_str().unwrap(), "--workload", "app", "--json"]).json();
        taken["id"].as_str().unwrap().to_owned()
    };
    let id = import(&bundle);
    let plan = there.reforge(&["restore", "plan", "app", &id, "--json"]).expect(3).json();
    let refused: Vec<_> =
        plan["refusals"].as_array().unwrap().iter().map(|one| one["message"].as_str().unwrap()).collect();
    assert!(refused.len() == 2 && refused[0].contains("`late`") && refused[1].contains("`large`"), "{plan}");
    there.restore("app", &id, &[]).expect(3).expect_said("2500-01-01").expect_said("import");
    assert!(there.siblings(&there.volume("app", "data")).is_empty() && there.transactions().is_empty());
    // As the hint says: what it cannot hold is moved or left out, and listed.
    let id = import(&archive);
    there.ok(&["restore", "plan", "app", &id]).expect_said("the times of 1 entry").expect_said("attributes of 1 entry");
    there.restore("app", &id, &[]).expect(0);
    assert_eq!(std::fs::read(there.volume("app", "data").join("late")).unwrap(), b"late");
}

#[test]
fn a_capture_that_lacks_room_is_refused_before_anything_is_written() {
    let disk = Disk::ext4(200);
    let mut world = World::new([Workload::idle("app", [Volume::project("data")])]);
    world.keep_state_in(&world.path("elsewhere"), disk.path());
    world.ok(&["deploy", "app"]);
    let live = world.volume("app", "data");
    std::fs::write(live.join("file"), vec![7; 60 << 20]).unwrap();
    world.snapshot("app");
    let stored = world.stored("app");
    run("fallocate", &["-l", "90M", disk.path().join("filler").to_str().unwrap()]);
    let refused = world.reforge(&["snapshot", "create", "app", "--json"]).expect(3).json();
    assert_eq!(refused["error"]["code"], "no-space", "{refused}");
    assert_eq!(world.stored("app"), stored);
}

#[test]
fn a_volume_that_vanished_refuses_and_one_that_is_empty_or_not_configured_any_more_is_named() {
    let mut world = World::deployed([Workload::idle("app", [Volume::project("data"), Volume::project("more")])]);
    let (data, more) = (world.volume("app", "data"), world.volume("app", "more"));
    std::fs::write(data.join("file"), "x").unwrap();
    std::fs::write(more.join("file"), "x").unwrap();
    world.snapshot("app");
    let stored = world.stored("app");
    world.ok(&["stop", "app"]);
    std::fs::remove_file(data.join("file")).unwrap();
    let aside = world.path("aside");
    std::fs::rename(&more, &aside).unwrap();
    let refused = world.reforge(&["snapshot", "create", "app"]);
    refused.expect(3).expect_said("`more`").expect_said("no directory");
    assert_eq!(world.stored("app"), stored);
    std::fs::rename(&aside, &more).unwrap();
    let named = world.reforge(&["snapshot", "create", "app"]);
    named
        .expect(0)
        .expect_said("volume `data` is empty, and held 1 entry in the snapshot before: is its disk mounted?");
    named.expect_unsaid("volume `more`");
    world.workload("app").volumes.pop();
    world.write_config();
    let named = world.reforge(&["snapshot", "create", "app"]);
    named.expect(0).expect_said("volume `more` of the snapshot before is not in this one");
    world.workload("app").volumes.clear();
    world.write_config();
    world.reforge(&["snapshot", "create", "app"]).expect(3).expect_said("no volume");
}
