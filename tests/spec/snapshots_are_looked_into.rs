//! What a snapshot holds is seen without restoring it: names, contents, copies elsewhere, differences, versions.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::api::Server;
use crate::support::disks::Disk;
use crate::support::process::run;
use crate::support::{Volume, Workload, World, signature};

/// Larger than one part of an archive.
const LARGE_BYTES: usize = 40 << 20;
/// With a hole around its data.
const SPARSE_BYTES: u64 = 3 << 20;

/// An app of one volume with text, a binary and a sparse file, names that are no text, and links.
fn filled() -> World {
    let mut app = Workload::idle("app", [Volume::project("data")]);
    app.links = true;
    let world = World::deployed([app]);
    let live = world.volume("app", "data");
    std::fs::create_dir_all(live.join("dir/below")).unwrap();
    std::fs::write(live.join("dir/text"), "first\n").unwrap();
    std::fs::set_permissions(live.join("dir/text"), std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::chown(live.join("dir/text"), Some(33), Some(44)).unwrap();
    std::fs::write(live.join("dir/below/binary"), large(5000)).unwrap();
    std::fs::write(live.join(OsStr::from_bytes(b"no\xfftext")), "odd").unwrap();
    let sparse = std::fs::File::create(live.join("sparse")).unwrap();
    sparse.set_len(SPARSE_BYTES).unwrap();
    sparse.write_all_at(b"middle", 1 << 20).unwrap();
    std::fs::hard_link(live.join("dir/text"), live.join("other-name")).unwrap();
    symlink("dir/text", live.join("link")).unwrap();
    world
}

fn large(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at * 31 + at / 251) as u8).collect()
}

/// Whatever a command writes to standard output, which may be no text.
#[track_caller]
fn bytes(world: &World, arguments: &[&str]) -> Vec<u8> {
    let output = world.command(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn list(world: &World, id: &str) -> PathBuf {
    world.snapshot_files("app", id).0.with_file_name(format!("{id}.entries"))
}

fn paths(document: &Value) -> Vec<&str> {
    document["entries"].as_array().unwrap().iter().map(|entry| entry["path"].as_str().unwrap()).collect()
}

/// Everything that can be asked of a snapshot of [`filled`].
#[track_caller]
fn answers(world: &World, id: &str, more: &[&str]) {
    let ok = |arguments: &[&str]| world.ok(&[arguments, more].concat());
    let root = ok(&["snapshot", "browse", "app", id, "--json"]).json();
    assert_eq!(paths(&root), ["dir", "link", "no\\xfftext", "other-name", "sparse"]);
    assert_eq!(root["entries"][2]["encoded"], "no%FFtext");
    assert_eq!((&root["total"], &root["under"]["kind"]), (&5.into(), &"directory".into()));
    let dir = ok(&["snapshot", "browse", "app", id, "data/dir", "--json"]).json();
    assert_eq!(paths(&dir), ["dir/below", "dir/text"]);
    let text = &dir["entries"][1];
    let facts = ["mode", "uid", "gid", "bytes", "kind"].map(|field| text[field].to_string());
    assert_eq!(facts, ["\"0640\"", "33", "44", "6", "\"file\""]);
    ok(&["snapshot", "browse", "app", id]).expect_said("link -> dir/text").expect_said("other-name = dir/text");
    assert_eq!(paths(&ok(&["snapshot", "browse", "app", id, "--from", "4", "--json"]).json()), ["sparse"]);

    let live = world.volume("app", "data");
    let cat = |path: &str| bytes(world, &[&["snapshot", "cat", "app", id, path], more].concat());
    assert_eq!(cat("dir/text"), b"first\n");
    assert_eq!(cat(live.join("other-name").to_str().unwrap()), b"first\n", "as live has it, by another name");
    assert_eq!(cat("dir/below/binary"), large(5000));
    assert!(cat("sparse") == std::fs::read(live.join("sparse")).unwrap());
    let refused = |path: &str| world.reforge(&[&["snapshot", "cat", "app", id, path], more].concat());
    refused("link").expect(2).expect_said("is a symbolic link to `dir/text`");
    refused("dir").expect(2).expect_said("is a directory");
    refused("dir/nothing").expect(2).expect_said("holds nothing called `dir/nothing`");
    let document = ok(&["snapshot", "cat", "app", id, "dir/text", "--json"]).json();
    assert_eq!((&document["text"], &document["hex"]), (&"first\n".into(), &"66697273740a".into()));
}

#[test]
fn a_snapshot_is_browsed_and_its_files_are_read() {
    let world = filled();
    let id = world.snapshot("app");
    assert!(list(&world, &id).exists(), "the capture wrote its list");
    answers(&world, &id, &[]);
    assert_eq!(std::fs::metadata(list(&world, &id)).unwrap().mode() & 0o777, 0o600);
    let audit = world.ok(&["audit", "--lines", "100", "--json"]).stdout;
    assert!(audit.contains("dir/below/binary"), "who has read what: {audit}");
}

#[test]
fn a_snapshot_without_a_list_gets_one_from_the_plugin_and_it_is_the_captures_own() {
    let world = filled();
    let id = world.snapshot("app");
    let file = list(&world, &id);
    let captured = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    answers(&world, &id, &[]);
    assert!(std::fs::read(&file).unwrap() == captured, "what is made later is what the capture makes");
    for damaged in [&captured[..captured.len() / 2], b"", &[&captured[..20], &[0; 8], &captured[28..]].concat()] {
        std::fs::write(&file, damaged).unwrap();
        world.ok(&["snapshot", "verify", "app", &id]);
        world.ok(&["snapshot", "browse", "app", &id]);
        assert!(std::fs::read(&file).unwrap() == captured, "a damaged one is made again");
    }
    let other = world.snapshot("app");
    std::fs::copy(list(&world, &other), &file).unwrap();
    world.ok(&["snapshot", "browse", "app", &id]);
    assert!(std::fs::read(&file).unwrap() == captured, "another archive's is none");
    world.ok(&["snapshot", "delete", "app", &id, "--yes"]);
    assert!(!file.exists(), "it goes with its snapshot");
}

#[test]
fn a_file_of_many_parts_is_read_from_the_parts_that_hold_it() {
    let world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    let live = world.volume("app", "data");
    let content = large(LARGE_BYTES);
    std::fs::write(live.join("large"), &content).unwrap();
    std::fs::write(live.join("z"), "after it").unwrap();
    let id = world.snapshot("app");
    let captured = std::fs::read(list(&world, &id)).unwrap();
    assert!(bytes(&world, &["snapshot", "cat", "app", &id, "large"]) == content);
    assert_eq!(bytes(&world, &["snapshot", "cat", "app", &id, "z"]), b"after it");
    std::fs::remove_file(list(&world, &id)).unwrap();
    let to = world.path("copy");
    world.ok(&["snapshot", "extract", "app", &id, "large", "--to", to.to_str().unwrap()]);
    assert!(std::fs::read(to.join("large")).unwrap() == content && !to.join("z").exists());
    assert!(std::fs::read(list(&world, &id)).unwrap() == captured);
    let (archive, _) = world.snapshot_files("app", &id);
    let file = std::fs::OpenOptions::new().write(true).open(&archive).unwrap();
    file.write_all_at(&[0; 64], file.metadata().unwrap().len() / 2).unwrap();
    world.reforge(&["snapshot", "cat", "app", &id, "large"]).expect(3);
}

#[test]
fn a_copy_is_made_elsewhere_as_it_was_and_never_in_live() {
    let world = filled();
    let id = world.snapshot("app");
    let live = world.volume("app", "data");
    let extract = |to: &Path, paths: &[&str]| {
        world
            .reforge(&[&["snapshot", "extract", "app", &id], paths, &["--to", to.to_str().unwrap(), "--json"]].concat())
    };
    let whole = world.path("whole");
    assert_eq!(extract(&whole, &["."]).expect(0).json()["left_out"], 0);
    signature::assert_same(&signature::of(&whole), &signature::of(&live), "all of it");
    let some = world.path("some");
    std::fs::create_dir(&some).unwrap();
    let told = extract(&some, &["dir/below", "other-name"]).expect(0).json();
    assert_eq!(told["entries"], 5, "the root, two directories, two files");
    assert_eq!(
        std::fs::read(some.join("other-name")).unwrap(),
        b"first\n",
        "a link whose file is not copied is the file"
    );
    assert_eq!(std::fs::metadata(some.join("other-name")).unwrap().uid(), 33);
    assert!(!some.join("dir/text").exists());
    extract(&some, &["dir"]).expect(2).expect_said("holds something already");
    for (what, to) in [
        ("live", live.clone()),
        ("in live", live.join("copy")),
        ("in a directory of live", live.join("dir/below/copy")),
        ("beside live", live.with_file_name("copy")),
        ("around live", live.parent().unwrap().to_owned()),
        ("state", world.state_dir().join("copy")),
        ("snapshots", world.snapshot_dir.join("copy")),
    ] {
        let before = signature::of(&world.path("volumes"));
        let refused = extract(&to, &["dir"]);
        assert!(matches!(refused.code, Some(2 | 3)), "{what}: {refused:?}");
        signature::assert_same(&signature::of(&world.path("volumes")), &before, what);
    }
    let linked = world.path("linked");
    symlink(&live, &linked).unwrap();
    extract(&linked.join("copy"), &["dir"]).expect(3);
}

#[test]
fn what_the_policy_does_not_allow_is_left_out_and_named() {
    let mut world = filled();
    let id = world.snapshot("app");
    world.workload("app").links = false;
    world.write_config();
    let to = world.path("copy");
    let told = world.ok(&["snapshot", "extract", "app", &id, ".", "--to", to.to_str().unwrap(), "--json"]).json();
    assert_eq!(told["left_out_names"], serde_json::json!(["data/link", "data/other-name"]));
    assert!(to.join("dir/text").exists() && !to.join("link").is_symlink() && !to.join("other-name").exists());
}

#[test]
fn several_volumes_are_named_by_their_names_and_are_directories_of_a_copy() {
    let world = World::deployed([Workload::idle("app", [Volume::project("one"), Volume::project("two")])]);
    for name in ["one", "two"] {
        std::fs::write(world.volume("app", name).join("file"), name).unwrap();
    }
    let id = world.snapshot("app");
    let volumes = world.ok(&["snapshot", "browse", "app", &id, "--json"]).json();
    let names: Vec<&Value> = volumes["entries"].as_array().unwrap().iter().map(|entry| &entry["volume"]).collect();
    assert_eq!(names, ["one", "two"]);
    assert_eq!(bytes(&world, &["snapshot", "cat", "app", &id, "two/file"]), b"two");
    world.reforge(&["snapshot", "cat", "app", &id, "file"]).expect(2).expect_said("one, two");
    let to = world.path("copy");
    world.ok(&["snapshot", "extract", "app", &id, "one", "two/file", "--to", to.to_str().unwrap()]);
    assert_eq!(run("sh", &["-c", &format!("cd {} && cat one/file two/file", to.display())]).trim(), "onetwo");
}

#[test]
fn a_volume_that_is_named_beside_a_path_leaves_nothing_open() {
    let world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    let live = world.volume("app", "data");
    std::fs::create_dir(live.join("data")).unwrap();
    std::fs::write(live.join("file"), "outer").unwrap();
    std::fs::write(live.join("data/file"), "inner").unwrap();
    let id = world.snapshot("app");
    let cat = |more: &[&str]| bytes(&world, &[&["snapshot", "cat", "app", &id], more].concat());
    assert_eq!((cat(&["data/file"]), cat(&["file"])), (b"inner".to_vec(), b"outer".to_vec()));
    std::fs::remove_dir_all(live.join("data")).unwrap();
    let later = world.snapshot("app");
    // Without the volume's name it is the volume's own file, as nothing else is left that it could mean.
    assert_eq!(bytes(&world, &["snapshot", "cat", "app", &later, "data/file"]), b"outer");
    world.reforge(&["snapshot", "cat", "app", &later, "--volume", "data", "data/file"]).expect(2);
    assert_eq!(cat(&["--volume", "data", "data/file"]), b"inner");
    world.ok(&["snapshot", "browse", "app", &later, "--volume", "data"]).expect_said("file");
    world.reforge(&["snapshot", "browse", "app", &later, "--volume", "none"]).expect(2);
    let server = Server::start(&world);
    let versions =
        |query: &str| server.as_viewer("GET", &format!("/api/v1/workloads/app/versions?{query}")).send().expect(200);
    let held = |query: &str| versions(query).json()["versions"][0]["entry"]["path"].clone();
    assert_eq!((held("path=data/file"), held("volume=data&path=data/file")), ("file".into(), Value::Null));
    assert_eq!(held("volume=data&path=file"), "file");
}

#[test]
fn a_file_that_is_too_large_for_a_document_is_read_in_stretches() {
    let world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    let content = large((1 << 20) + 5000);
    std::fs::write(world.volume("app", "data").join("file"), &content).unwrap();
    let id = world.snapshot("app");
    let refused = world.reforge(&["snapshot", "cat", "app", &id, "file", "--json"]).expect(3).json();
    let hint = refused["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("--offset 0 --count 1048576") && hint.contains("--offset 1048576"), "{hint}");
    let stretch = |offset: usize| -> Vec<u8> {
        let offset = offset.to_string();
        let asked = ["snapshot", "cat", "app", &id, "file", "--json", "--offset", &offset, "--count", "1048576"];
        hex::decode(world.ok(&asked).json()["hex"].as_str().unwrap()).unwrap()
    };
    assert!([stretch(0), stretch(1 << 20), stretch(2 << 20)].concat() == content);
    let end = bytes(&world, &["snapshot", "cat", "app", &id, "file", "--offset", "1048570", "--count", "10"]);
    assert_eq!(end, content[1_048_570..1_048_580]);
}

#[test]
fn inode_flags_are_not_set_on_a_copy_and_what_goes_without_is_named() {
    let (disk, copies) = (Disk::btrfs(), Disk::btrfs());
    let live = disk.path().join("data");
    let mut world = World::new([Workload::idle("app", [Volume::absolute("data", &live)])]);
    world.allowed_roots = vec![disk.path().into()];
    world.write_config();
    world.ok(&["deploy", "app"]);
    let shown = live.display();
    run("sh", &["-ec", &format!("mkdir {shown}/db {shown}/plain; chattr +C {shown}/db; echo x > {shown}/db/file")]);
    let id = world.snapshot("app");
    let copy = |path: &str| {
        let to = copies.path().join(path);
        world.ok(&["snapshot", "extract", "app", &id, path, "--to", to.to_str().unwrap(), "--json"]).json()
    };
    let told = copy("db");
    assert_eq!((&told["without_flags"], &told["without_flags_names"][0]), (&1.into(), &"data/db (C)".into()), "{told}");
    // Its path stands behind the flags, and may hold any letter.
    let listed = run("lsattr", &["-d", copies.path().join("db/db").to_str().unwrap()]);
    assert!(!listed.split_whitespace().next().unwrap().contains('C'), "{listed}");
    assert_eq!(copy("plain")["without_flags"], 0);
}

#[test]
fn differences_and_versions_are_told() {
    let world = filled();
    let live = world.volume("app", "data");
    let first = world.snapshot("app");
    std::fs::write(live.join("dir/text"), "other\n").unwrap();
    std::fs::remove_file(live.join("sparse")).unwrap();
    std::fs::write(live.join("new"), "new").unwrap();
    std::fs::set_permissions(live.join("dir/below"), std::fs::Permissions::from_mode(0o700)).unwrap();
    let second = world.snapshot("app");
    let third = world.snapshot("app");
    let told = |arguments: &[&str]| world.ok(&[&["snapshot", "diff", "app"], arguments, &["--json"]].concat()).json();
    let found = told(&[&first, &second]);
    let names: Vec<String> = found["names"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| format!("{} {} {}", name["change"], name["path"], name["differs"]).replace('"', ""))
        .collect();
    assert_eq!(
        names,
        [
            "changed  [time]",
            "changed dir/below [mode]",
            "changed dir/text [content,time]",
            "added new []",
            "changed other-name [time]",
            "removed sparse []"
        ]
    );
    assert_eq!(found["by_size_and_time"], 0);
    assert_eq!(told(&[&second, &third])["names"], serde_json::json!([]));
    assert_eq!(told(&[&first, &second, "--from", "5"])["names"][0]["path"], "sparse");
    let now = told(&[&second]);
    assert_eq!((&now["names"], &now["after"]), (&serde_json::json!([]), &"live".into()), "{now}");
    world.ok(&["snapshot", "diff", "app", &first, &second]).expect_said("~ data/dir/text  (content, time)");

    let versions = world.ok(&["snapshot", "versions", "app", "dir/text", "--json"]).json();
    let versions: Vec<_> = versions["versions"].as_array().unwrap().iter().map(|one| &one["same_as_before"]).collect();
    assert_eq!(versions, [&Value::from(true), &Value::from(false), &Value::Null], "newest first");
    world.ok(&["snapshot", "versions", "app", "new"]).expect_said("not there");
    world.reforge(&["snapshot", "versions", "app", "never"]).expect(2).expect_said("no snapshot holds");

    let plan = world.ok(&["restore", "plan", "app", &first, "--names", "--json"]).json();
    let counts = ["added", "removed", "changed"].map(|field| plan["names"][field].as_u64().unwrap());
    assert_eq!(counts, [1, 1, 4]);
    world.ok(&["restore", "plan", "app", &first, "--names"]).expect_said("+ data/sparse").expect_said("- data/new");
}

#[test]
fn an_archive_from_elsewhere_is_looked_into_too() {
    let world = filled();
    let packed = world.path("run/packed");
    std::fs::create_dir_all(packed.join("dir")).unwrap();
    std::fs::write(packed.join("dir/file"), "content\n").unwrap();
    let archive = world.path("run/packed.tar.gz");
    run("tar", &["-C", packed.to_str().unwrap(), "-czf", archive.to_str().unwrap(), "."]);
    let id = world.ok(&["import", archive.to_str().unwrap(), "--workload", "app", "--json"]).json();
    let id = id["id"].as_str().unwrap();
    assert_eq!(bytes(&world, &["snapshot", "cat", "app", id, "dir/file"]), b"content\n");
    assert!(list(&world, id).exists());
}

#[test]
fn a_host_that_ends_while_it_makes_a_list_leaves_nothing_wrong() {
    let world = filled();
    let id = world.snapshot("app");
    let stored = world.stored("app");
    std::fs::remove_file(list(&world, &id)).unwrap();
    let effects = world.effects_of(&["snapshot", "browse", "app", &id]);
    assert!(effects.iter().any(|effect| effect.starts_with("rename-file")), "{effects:?}");
    for (number, effect) in (1..).zip(&effects) {
        std::fs::remove_file(list(&world, &id)).unwrap();
        let ended = world.faulty(&format!("{number}:before"), &["snapshot", "browse", "app", &id]);
        assert_eq!(ended.code, None, "{effect}: {ended:?}");
        world.ok(&["snapshot", "browse", "app", &id]);
        world.ok(&["recover"]);
        assert_eq!(world.stored("app"), stored, "{effect}");
    }
}

#[test]
fn the_same_is_asked_over_http_and_contents_by_admins_alone() {
    let world = filled();
    let id = world.snapshot("app");
    std::fs::write(world.volume("app", "data").join("dir/text"), "other\n").unwrap();
    let other = world.snapshot("app");
    let server = Server::start(&world);
    let at = format!("/api/v1/workloads/app/snapshots/{id}");
    let viewer = |path: &str| server.as_viewer("GET", path).send().expect(200).json();
    let volumes = viewer(&format!("{at}/entries"));
    assert_eq!((&volumes["entries"][0]["volume"], &volumes["entries"][0]["number"]), (&"data".into(), &0.into()));
    let root = viewer(&format!("{at}/entries?under=0&from=1&max=2"));
    assert_eq!((paths(&root), &root["total"]), (vec!["link", "no\\xfftext"], &5.into()));
    let dir = viewer(&format!("{at}/entries?under=1"));
    let text = dir["entries"][1]["number"].as_u64().unwrap();
    let content = format!("{at}/entries/{text}/content");
    server.as_viewer("GET", &content).send().expect_problem(403, "forbidden");
    let answer = server.as_admin("GET", &content).send().expect(200);
    assert_eq!((answer.bytes.as_slice(), answer.header("content-length")), (&b"first\n"[..], "6"));
    server.as_admin("GET", &format!("{at}/entries/1/content")).send().expect_problem(400, "usage");
    server.as_admin("GET", &format!("{at}/entries/99/content")).send().expect_problem(404, "not-found");
    server.as_viewer("GET", &format!("{at}/entries?under=99")).send().expect_problem(404, "not-found");
    assert_eq!(viewer(&format!("{at}/diff?other={other}"))["changed"], 2);
    assert_eq!(viewer(&format!("{at}/diff"))["after"], "live");
    let versions = viewer("/api/v1/workloads/app/versions?path=dir/text");
    assert_eq!(versions["versions"][0]["same_as_before"], false);
    let odd = viewer("/api/v1/workloads/app/versions?encoded=no%25FFtext");
    assert_eq!(odd["versions"][0]["entry"]["path"], "no\\xfftext");
    let plan = server.as_viewer("POST", "/api/v1/workloads/app/plan");
    let plan = plan.json(&serde_json::json!({ "snapshot": id, "names_from": 0 })).send().expect(200).json();
    assert_eq!(plan["names"]["changed"], 2);
    assert!(world.ok(&["audit", "--lines", "100", "--json"]).stdout.contains("\"read\""));
}
