//! Whatever backup a user has comes in by one command, and what cannot says what it is and how it could.

use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::support::disks::Disk;
use crate::support::hostile::Attacked;
use crate::support::process::{Output, run};
use crate::support::tarball::{Head, Tarball};
use crate::support::{Volume, Workload, World, signature};

/// An app of one volume, whose live data is not what any archive holds.
fn deployed() -> World {
    let mut app = Workload::idle("app", [Volume::project("data")]);
    app.links = true;
    let world = World::deployed([app]);
    std::fs::write(world.volume("app", "data").join("live"), "live").unwrap();
    world
}

/// What a user has backed up: a directory, a file in it and beside it.
fn filled(directory: &Path) -> PathBuf {
    std::fs::create_dir_all(directory.join("dir")).unwrap();
    std::fs::write(directory.join("dir/file"), "content\n").unwrap();
    std::fs::write(directory.join("top"), "x".repeat(3_000_000)).unwrap();
    directory.to_owned()
}

fn import(world: &World, file: &Path, more: &[&str]) -> Output {
    world.reforge(&[&["import", file.to_str().unwrap(), "--workload", "app", "--json"], more].concat())
}

/// Takes a file in, restores it, and compares live with what was packed.
#[track_caller]
fn comes_in(world: &World, file: &Path, more: &[&str], packed: &Path, what: &str) -> Value {
    let imported = import(world, file, more);
    assert_eq!(imported.code, Some(0), "{what}: {imported:?}");
    let imported = imported.json();
    restores(world, imported["id"].as_str().unwrap(), packed, what);
    imported
}

#[track_caller]
fn restores(world: &World, id: &str, packed: &Path, what: &str) {
    let restored = world.restore("app", id, &[]);
    assert_eq!(restored.code, Some(0), "{what}: {restored:?}");
    let live = world.volume("app", "data");
    let diff = run("diff", &["-r", live.to_str().unwrap(), packed.to_str().unwrap()]);
    assert_eq!(diff, "", "{what}");
    let restore = world.restores()[0]["id"].as_str().unwrap().to_owned();
    world.ok(&["restore", "finish", &restore, "--yes"]);
}

fn shell(command: &str) {
    run("sh", &["-ec", command]);
}

#[test]
fn a_plain_tar_comes_in_however_it_is_packed() {
    let world = deployed();
    let packed = filled(&world.path("run/data"));
    let (at, above) = (packed.display(), world.path("run"));
    for (what, command) in [
        ("docker's manual: `tar -C data .`", format!("tar -C {at} -czf FILE .")),
        ("Dokploy's, not compressed", format!("cd {at} && tar -cf FILE .")),
        ("the directory itself", format!("tar -C {} -czf FILE data", above.display())),
        ("all names of it", format!("cd {at} && tar -czf FILE *")),
        ("absolute names", format!("tar -P -czf FILE {at}")),
        ("files only", format!("cd {at} && find . -type f | tar -czf FILE -T -")),
        ("zstd", format!("tar -C {at} --zstd -cf FILE .")),
        ("xz", format!("tar -C {at} -cJf FILE .")),
        ("bzip2", format!("tar -C {at} -cjf FILE .")),
        ("lz4", format!("tar -C {at} -cf - . | lz4 -q -c > FILE")),
        ("members of gzip", format!("tar -C {at} -cf - . | pigz -i -c > FILE")),
        (
            "frames of zstd",
            format!(
                "tar -C {at} -cf FILE.tar . && split -b 100K FILE.tar FILE.p && zstd -q FILE.p* && cat FILE.p*.zst > FILE"
            ),
        ),
        (
            "Python's make_archive",
            format!(
                "python3 -c \"import shutil,sys; shutil.make_archive('FILE','gztar','{at}')\" && mv FILE.tar.gz FILE"
            ),
        ),
        ("bsdtar's", format!("bsdtar -C {at} -czf FILE .")),
        ("zeros behind it, as tapes have them", format!("tar -C {at} -czf FILE . && head -c 4321 /dev/zero >> FILE")),
    ] {
        let file = world.path("run/backup");
        shell(&command.replace("FILE", file.to_str().unwrap()));
        comes_in(&world, &file, &[], &packed, what);
        shell(&format!("rm -f {}*", file.display()));
    }
}

#[test]
fn what_is_piped_in_comes_in() {
    let world = deployed();
    let packed = filled(&world.path("run/data"));
    let file = world.path("run/backup.tar");
    shell(&format!("tar -C {} -cf {} .", packed.display(), file.display()));
    let mut command = world.command(&["import", "-", "--workload", "app", "--json"]);
    let mut running = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    running.stdin.take().unwrap().write_all(&std::fs::read(&file).unwrap()).unwrap();
    let output = running.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let imported: Value = serde_json::from_slice(&output.stdout).unwrap();
    restores(&world, imported["id"].as_str().unwrap(), &packed, "piped");
}

#[test]
fn a_directory_comes_in_as_it_is() {
    let world = deployed();
    let packed = filled(&world.path("run/data"));
    run("setfattr", &["-n", "user.note", "-v", "kept", packed.join("top").to_str().unwrap()]);
    std::os::unix::fs::symlink("top", packed.join("link")).unwrap();
    let before = signature::of(&packed);
    let imported = import(&world, &packed, &[]).json();
    world.restore("app", imported["id"].as_str().unwrap(), &[]).expect(0);
    signature::assert_same(&signature::of(&world.volume("app", "data")), &before, "a directory");
}

#[test]
fn a_directory_brings_no_rights_unless_they_are_allowed_for_it() {
    let world = deployed();
    let packed = filled(&world.path("run/data"));
    shell(&format!("chmod 4755 {}", packed.join("top").display()));
    let refused = import(&world, &packed, &[]);
    assert_eq!(
        (refused.code, refused.json()["error"]["code"].as_str()),
        (Some(3), Some("policy-refused")),
        "{refused:?}"
    );
    assert!(world.ok(&["snapshot", "list", "app", "--json"]).json()["snapshots"].as_array().unwrap().is_empty());
    comes_in(&world, &packed, &["--allow", "set-id"], &packed, "allowed");
    let mode = world.volume("app", "data").join("top").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o4755);
}

fn two_volumes() -> World {
    World::deployed([Workload::idle("app", [Volume::project("data"), Volume::project("media")])])
}

#[test]
fn what_nothing_is_certain_of_is_shown_with_the_command_and_nothing_is_taken_in() {
    let world = two_volumes();
    let above = world.path("run/backup");
    filled(&above.join("shop_data"));
    filled(&above.join("shop_media"));
    filled(&above.join("other"));
    let file = world.path("run/backup.tgz");
    shell(&format!("tar -C {} -czf {} .", above.display(), file.display()));
    let shown = world.reforge(&["import", file.to_str().unwrap(), "--workload", "app"]);
    shown.expect(2).expect_said("DIRECTORY").expect_said("shop_media");
    shown.expect_said("--volume data=shop_data --volume media=shop_media");
    let document = import(&world, &file, &[]);
    assert_eq!(document.code, Some(2));
    let document = document.json();
    let prefixes: Vec<_> = document["contents"]["places"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| place["prefix"].as_str().unwrap())
        .collect();
    assert_eq!(prefixes, ["", "other", "shop_data", "shop_media"], "{document:#}");
    assert!(world.ok(&["snapshot", "list", "app", "--json"]).json()["snapshots"].as_array().unwrap().is_empty());
    let mapped = import(&world, &file, &["--volume", "data=./shop_data/", "--volume", "media=shop_media"]);
    assert_eq!(mapped.code, Some(0), "{mapped:?}");
    world.restore("app", mapped.json()["id"].as_str().unwrap(), &[]).expect(0);
    for (volume, directory) in [("data", "shop_data"), ("media", "shop_media")] {
        let live = world.volume("app", volume);
        assert_eq!(run("diff", &["-r", live.to_str().unwrap(), above.join(directory).to_str().unwrap()]), "");
    }
    // What no volume takes is said by the plan as well.
    let id = mapped.json()["id"].as_str().unwrap().to_owned();
    world.reforge(&["restore", "plan", "app", &id]).expect_said("no volume takes them");
}

#[test]
fn a_backup_of_offens_with_the_volumes_names_needs_no_mapping() {
    let world = two_volumes();
    let file = |name, bytes| (Head { uid: b"0001747\0".to_vec(), ..Head::new(name, b'0', 3) }, bytes);
    let mut tarball = Tarball::empty();
    for (head, bytes) in [
        file("/backup/data/base/1/112", b"one"),
        file("/backup/data/PG_VERSION", b"15\n"),
        file("/backup/media/song", b"la\n"),
    ] {
        tarball = tarball.entry(&head, bytes);
    }
    let archive = world.path("run/backup.tar.gz");
    std::fs::write(&archive, tarball.end().finish().0).unwrap();
    let imported = import(&world, &archive, &[]);
    assert_eq!(imported.code, Some(0), "{imported:?}");
    let id = imported.json()["id"].as_str().unwrap().to_owned();
    world.reforge(&["restore", "plan", "app", &id]).expect_said("directories have no entries and get");
    world.restore("app", &id, &[]).expect(0);
    let live = world.volume("app", "data");
    assert_eq!(std::fs::read(live.join("base/1/112")).unwrap(), b"one");
    assert_eq!(live.join("PG_VERSION").metadata().unwrap().uid(), 999);
}

/// Archives that hold a good file beside something that harms nothing.
#[test]
fn one_harmless_thing_is_left_out_and_listed_and_refuses_only_where_that_is_asked_for() {
    type Make = fn(Tarball) -> Tarball;
    let rows: [(&str, &str, Make); 9] = [
        ("a companion of macOS", "companions", |t| t.file("volumes/0/._good", b"\0\x05\x16\x07\0\x02\0\0")),
        ("an attribute of macOS", "attributes", |t| {
            t.pax(&[("SCHILY.xattr.com.apple.provenance", b"\x01\x02")]).file("volumes/0/apple", b"")
        }),
        ("an attribute in libarchive's encoding", "attributes", |t| {
            t.pax(&[("LIBARCHIVE.xattr.user.note", b"aGk=")]).file("volumes/0/encoded", b"")
        }),
        ("an access list of macOS", "attributes", |t| {
            t.pax(&[("SCHILY.acl.ace", b"group:everyone:------------:-------:deny")]).file("volumes/0/ace", b"")
        }),
        ("a label of SELinux", "labels", |t| {
            t.pax(&[("SCHILY.xattr.security.selinux", b"x")]).file("volumes/0/label", b"")
        }),
        ("a label in a form of its own", "labels", |t| {
            t.pax(&[("RHT.security.selinux", b"x")]).file("volumes/0/rht", b"")
        }),
        ("a fifo", "special", |t| t.entry(&Head::new("volumes/0/fifo", b'6', 0), b"")),
        ("a label of the archive", "volume-labels", |t| t.entry(&Head::new("nightly", b'V', 0), b"")),
        ("a hard link to a symbolic one", "linked-links", |t| {
            t.link("volumes/0/s", b'2', "good").link("volumes/0/h", b'1', "volumes/0/s")
        }),
    ];
    let attacked = Attacked::new(true);
    let world = &attacked.world;
    for (what, class, make) in rows {
        let (bytes, _) = make(attacked.tarball().file("volumes/0/good", b"good")).end().finish();
        let file = world.path("run/harmless.tar.gz");
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(import(world, &file, &["--strict"]).code, Some(3), "{what}");
        let imported = import(world, &file, &[]);
        assert_eq!(imported.code, Some(0), "{what}: {imported:?}");
        let id = imported.json()["id"].as_str().unwrap().to_owned();
        let shown = world.ok(&["snapshot", "show", "app", &id, "--json"]).json();
        let classes: Vec<_> = shown["descriptor"]["taken_in"]["remarks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|remark| remark["class"].as_str().unwrap())
            .collect();
        assert_eq!(classes, [class], "{what}: {shown:#}");
        world.restore("app", &id, &[]).expect(0);
        assert_eq!(std::fs::read(world.volume("app", "data").join("good")).unwrap(), b"good", "{what}");
    }
}

#[test]
fn a_set_group_id_directory_is_no_privilege() {
    let world = deployed();
    let packed = filled(&world.path("run/data"));
    shell(&format!("chmod 2775 {}", packed.join("dir").display()));
    let file = world.path("run/backup.tgz");
    shell(&format!("tar -C {} -czf {} .", packed.display(), file.display()));
    comes_in(&world, &file, &[], &packed, "a set-gid directory");
    let mode = world.volume("app", "data").join("dir").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o2775);
}

#[test]
fn a_time_that_the_file_system_cannot_hold_is_moved_and_listed() {
    // An inode of 256 bytes holds the years 1901 to 2446.
    let disk = Disk::ext4(300);
    let mut world = World::below(disk.path());
    world.workloads = vec![Workload::idle("app", [Volume::project("data")])];
    world.write_config();
    world.ok(&["deploy", "app"]);
    let mut tarball = Tarball::empty().directory("./");
    for (name, seconds) in [("./1601", "-11644473600"), ("./2500", "16725225600"), ("./4428626", "139753316752752")] {
        tarball = tarball.pax(&[("mtime", seconds.as_bytes())]).file(name, b"x");
    }
    let file = world.path("run/times.tar.gz");
    std::fs::write(&file, tarball.end().finish().0).unwrap();
    let imported = import(&world, &file, &[]);
    assert_eq!(imported.code, Some(0), "{imported:?}");
    let id = imported.json()["id"].as_str().unwrap().to_owned();
    world
        .reforge(&["restore", "plan", "app", &id])
        .expect(0)
        .expect_said("the times of 3 entries (`./1601`, `./2500`, `./4428626`)");
    world.restore("app", &id, &[]).expect(0);
    let time = |name: &str| world.volume("app", "data").join(name).metadata().unwrap().mtime();
    assert_eq!((time("1601"), time("2500"), time("4428626")), (-0x8000_0000, 0x3_7fff_ffff, 0x3_7fff_ffff));
}

#[test]
fn a_directory_and_an_archive_come_in_as_the_file_system_of_the_volume_can_hold_them() {
    // An ext4 holds the years 1901 to 2446, and attributes of a block in all.
    let (memory, disk) = (Disk::tmpfs(64), Disk::ext4(300));
    let mut world = World::below(disk.path());
    world.workloads = vec![Workload::idle("app", [Volume::project("data")])];
    world.write_config();
    world.ok(&["deploy", "app"]);
    let packed = filled(&memory.path().join("data"));
    let large = "x".repeat(10_000);
    run("setfattr", &["-n", "user.large", "-v", &large, packed.join("top").to_str().unwrap()]);
    run("setfattr", &["-n", "user.small", "-v", "kept", packed.join("top").to_str().unwrap()]);
    shell(&format!("touch -d @16725225600.5 {}", packed.join("top").display()));
    let file = world.path("run/backup.tgz");
    shell(&format!("tar -C {} --xattrs --format=pax -czf {} .", packed.display(), file.display()));
    for (what, source) in [("a directory", &packed), ("an archive", &file)] {
        let strictly = import(&world, source, &["--strict"]);
        assert_eq!(strictly.code, Some(3), "{what}: {strictly:?}");
        let imported = comes_in(&world, source, &[], &packed, what);
        let id = imported["id"].as_str().unwrap();
        let shown = world.ok(&["snapshot", "show", "app", id]);
        shown.expect_said("the times of ").expect_said("attributes of 1 entry (");
        let top = world.volume("app", "data").join("top");
        assert_eq!(top.metadata().unwrap().mtime(), 0x3_7fff_ffff, "{what}");
        let attributes = run("getfattr", &["--absolute-names", "-d", top.to_str().unwrap()]);
        assert!(
            attributes.contains("user.small=\"kept\"") && !attributes.contains("user.large"),
            "{what}: {attributes}"
        );
        let listed = world.ok(&["snapshot", "list", "app", "--json"]).json();
        let imported = listed["snapshots"].as_array().unwrap().iter().filter(|one| one["imported"] == true).count();
        assert_eq!(imported, 1, "{what}: nothing else is left of it");
        world.ok(&["snapshot", "delete", "app", id, "--yes"]);
    }
}

#[test]
fn owners_are_the_numbers_of_an_archive_and_those_of_its_names_where_it_is_asked_for() {
    let world = deployed();
    let packed = filled(&world.path("run/data"));
    let file = world.path("run/backup.tgz");
    let owned = "--owner=daemon:4242 --group=nobody-here:4343";
    shell(&format!("tar -C {} {owned} -czf {} .", packed.display(), file.display()));
    let daemon: u32 = run("id", &["-u", "daemon"]).trim().parse().unwrap();
    let owner =
        || std::fs::metadata(world.volume("app", "data").join("top")).map(|top| (top.uid(), top.gid())).unwrap();
    comes_in(&world, &file, &[], &packed, "numbers");
    assert_eq!(owner(), (4242, 4343));
    let imported = comes_in(&world, &file, &["--owners-by-name"], &packed, "names");
    assert_eq!(owner(), (daemon, 4343));
    let said = "owned by names that this machine does not have: 4 entries";
    world.ok(&["snapshot", "show", "app", imported["id"].as_str().unwrap()]).expect_said(said);
    let directory = import(&world, &packed, &["--owners-by-name"]);
    assert_eq!((directory.code, directory.json()["error"]["code"].as_str()), (Some(2), Some("usage")), "{directory:?}");
}

#[test]
fn real_dangers_are_refused_however_leniently_an_archive_is_read() {
    type Make = fn(Tarball) -> Tarball;
    let rows: [(&str, &str, Make); 9] = [
        ("a name that leads out", "leads out of the archive", |t| t.file("volumes/0/../../evil", b"evil")),
        ("a device", "is a character device", |t| t.entry(&Head::new("volumes/0/evil", b'3', 0), b"")),
        ("a set-id bit", "has a set-id bit", |t| {
            t.entry(&Head { mode: b"0004755\0".into(), ..Head::new("volumes/0/evil", b'0', 0) }, b"")
        }),
        ("a name that comes twice", "comes twice", |t| t.file("volumes/0/a", b"").file("volumes/0/a", b"")),
        ("a hard link out", "is a hard link to `/etc/passwd`", |t| t.link("volumes/0/h", b'1', "/etc/passwd")),
        ("a hard link into the neighbour", "which its volume does not take", |t| {
            t.file("volumes/0/a", b"").link("volumes/1/h", b'1', "volumes/0/a")
        }),
        ("a file below a link", "lies below something", |t| {
            t.link("volumes/0/way", b'2', "../../../outside").file("volumes/0/way/evil", b"evil")
        }),
        ("a piece of a file of several volumes", "one of several volumes", |t| {
            t.entry(&Head::new("volumes/0/rest", b'M', 0), b"")
        }),
        ("holes of Solaris", "what is stored is not the file", |t| {
            t.pax(&[("SUN.holesdata", b" 0 512")]).file("volumes/0/holes", b"")
        }),
    ];
    let attacked = Attacked::new(true);
    for (what, says, make) in rows {
        // What harms nothing beside it changes nothing about it.
        let fifo = Head::new("volumes/0/fifo", b'6', 0);
        let (bytes, _) = make(attacked.tarball().entry(&fifo, b"")).end().finish();
        let file = attacked.world.path("run/foreign.tar.gz");
        std::fs::write(&file, bytes).unwrap();
        attacked.bounces(&format!("leniently: {what}"), &["archive-refused", "policy-refused"], says, || {
            import(&attacked.world, &file, &[])
        });
    }
    attacked.can_still_be_restored();
}

#[test]
fn one_step_of_an_incremental_backup_is_refused_and_a_full_one_is_not() {
    for format in ["posix", "gnu"] {
        let world = deployed();
        let packed = filled(&world.path("run/data"));
        let (at, above) = (packed.display(), world.path("run"));
        let above = above.display();
        let full = world.path("run/full.tgz");
        shell(&format!("tar -C {at} -g {above}/snar --format={format} -czf {} .", full.display()));
        // A time that the first step does not have.
        shell(&format!(
            "touch -d '+10 seconds' {at}/dir/file && tar -C {at} -g {above}/snar --format={format} -czf {above}/step.tgz ."
        ));
        comes_in(&world, &full, &[], &packed, format);
        let refused = import(&world, &world.path("run/step.tgz"), &[]);
        assert_eq!(refused.code, Some(3), "{format}: {refused:?}");
        refused.expect_said("this is one step of an incremental backup: its directory lists `top`");
    }
}

#[test]
fn what_is_no_tar_says_what_it_is_and_how_it_would_come_in() {
    let world = deployed();
    let packed = filled(&world.path("run/data"));
    let at = packed.display();
    let made = world.path("run/made");
    let place = made.display();
    for (what, command, says, hint) in [
        (
            "a zip",
            format!("cd {at} && python3 -m zipfile -c {place} top"),
            "this is a zip archive",
            "unzip -d DIRECTORY FILE",
        ),
        (
            "a dump of SQLite",
            format!("sqlite3 {place} 'create table t(x)'"),
            "this is a database of SQLite",
            "under the name that the app looks for",
        ),
        (
            "a file of openssl",
            format!("openssl enc -aes-256-cbc -pbkdf2 -pass pass:x -in {at}/top -out {place}"),
            "encrypted by openssl",
            "openssl enc -d",
        ),
        (
            "gzip in gzip",
            format!("tar -C {at} -czf - . | gzip > {place}"),
            "what gzip compressed is no tar, but a gzip stream",
            "takes one wrapping off",
        ),
        (
            "SQL in gzip",
            format!("echo 'CREATE TABLE x();' | gzip > {place}"),
            "a dump of a database (SQL)",
            "loaded into a running server",
        ),
        (
            "an answer of a server",
            format!("echo '<html>403 Forbidden' > {place}"),
            "this is a web page (HTML)",
            "a server may have answered",
        ),
        ("nothing", format!(": > {place}"), "this is an empty file", "nothing was written"),
        ("zeros", format!("head -c 4096 /dev/zero > {place}"), "begins with zeros", "never written"),
        (
            "a word of a person",
            format!("printf PGDMP > {place}"),
            "a dump of PostgreSQL",
            "loaded into a running server",
        ),
        (
            "something behind gzip",
            format!("tar -C {at} -czf {place} . && echo end >> {place}"),
            "behind the gzip stream stand bytes that are no gzip",
            "something was appended",
        ),
        (
            "Home Assistant's",
            format!(
                "cd {at} && echo {{}} > backup.json && tar -czf core_x.tar.gz top && tar -cf {place} ./backup.json ./core_x.tar.gz && rm backup.json core_x.tar.gz"
            ),
            "backup of Home Assistant",
            "tar -xOf FILE",
        ),
        (
            "Portainer's",
            format!("cd {at} && echo x > portainer.db && tar -czf {place} portainer.db dir && rm portainer.db"),
            "Portainer's own settings",
            "what was saved of the app's volumes",
        ),
    ] {
        shell(&format!("rm -rf {place}; {command}"));
        let refused = import(&world, &made, &[]);
        assert_eq!(refused.code, Some(3), "{what}: {refused:?}");
        let error = refused.json()["error"].clone();
        let (message, told) = (error["message"].as_str().unwrap(), error["hint"].as_str().unwrap());
        assert!(message.contains(says) && told.contains(hint), "{what}: {error:#}");
        assert!(!told.contains("restore another snapshot"), "{what}: {error:#}");
    }
}

#[test]
fn a_repository_of_another_program_is_known_by_name() {
    let world = deployed();
    for (names, program) in [
        (&["config", "data", "index", "keys", "snapshots"][..], "restic"),
        (&["config", "data", "README"], "borg"),
        (&["kopia.repository.f"], "kopia"),
        (&["duplicati-20260101.dblock.zip"], "Duplicati"),
    ] {
        let directory = world.path(&format!("run/{program}"));
        std::fs::create_dir(&directory).unwrap();
        names.iter().for_each(|name| std::fs::write(directory.join(name), "").unwrap());
        let refused = import(&world, &directory, &[]);
        refused.expect(3).expect_said(&format!("this is a repository of {program}"));
    }
}

#[test]
fn a_place_in_a_repository_is_read_by_its_own_program() {
    let world = deployed();
    let packed = filled(&world.path("run/data"));
    let (at, above) = (packed.display(), world.path("run"));
    let above = above.display();
    shell(&format!(
        "export RESTIC_PASSWORD=x RESTIC_CACHE_DIR={above}/cache; restic -q -r {above}/restic init && restic -q -r {above}/restic backup {at}"
    ));
    shell(&format!(
        "export BORG_BASE_DIR={above}; borg init -e none {above}/borg && cd {at} && borg create {above}/borg::nightly ."
    ));
    let environment = [
        ("RESTIC_PASSWORD", "x".to_owned()),
        ("RESTIC_CACHE_DIR", format!("{above}/cache")),
        ("BORG_BASE_DIR", above.to_string()),
    ];
    for from in [format!("restic:{above}/restic#latest:{at}"), format!("borg:{above}/borg::nightly")] {
        let mut command = world.command(&["import", "--from", &from, "--workload", "app", "--json"]);
        let output = command.envs(environment.clone()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{from}: {said}");
        let imported: Value = serde_json::from_slice(&output.stdout).unwrap();
        restores(&world, imported["id"].as_str().unwrap(), &packed, &from);
    }
    // What the program says is told, and nothing is kept of what it wrote before it failed.
    let mut command = world.command(&["import", "--from", &format!("borg:{above}/borg::none"), "--workload", "app"]);
    let output = command.envs(environment).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Archive none does not exist"), "{output:?}");
}

/// A tar of so many empty files, compressed.
fn many(files: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let mut header = tar::Header::new_ustar();
    header.set_mode(0o644);
    header.set_size(0);
    header.set_mtime(1_700_000_000);
    header.set_uid(0);
    header.set_gid(0);
    for number in 0..files {
        header.set_path(format!("f{number}")).unwrap();
        header.set_cksum();
        encoder.write_all(header.as_bytes()).unwrap();
    }
    encoder.write_all(&[0; 1024]).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_bound_of_an_import_is_a_key_that_its_refusal_names() {
    let mut world = deployed();
    let file = world.path("run/many.tgz");
    std::fs::write(&file, many(50)).unwrap();
    world.host_lines = "import_entries_max = 49\n".to_owned();
    world.write_config();
    let refused = import(&world, &file, &[]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    refused.expect_said("more than 49 entries").expect_said("raise `import_entries_max` of `[host]`");
    world.host_lines = "import_entries_max = 60\n".to_owned();
    world.write_config();
    assert_eq!(import(&world, &file, &[]).code, Some(0));
}
