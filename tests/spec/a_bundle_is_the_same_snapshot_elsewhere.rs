//! `snapshot export --bundle`: one file that carries what is known of a snapshot to another machine, and no more trust than
//! any other file.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::process::run;
use crate::support::{Volume, Workload, World, signature};

/// A workload on a machine of its own, with some data.
fn machine(id: &str) -> World {
    let world = World::deployed([Workload::idle(id, [Volume::project("data")])]);
    let live = world.volume(id, "data");
    std::fs::create_dir(live.join("dir")).unwrap();
    std::fs::write(live.join("dir/file"), id).unwrap();
    world
}

fn bundle(world: &World, id: &str) -> (String, PathBuf) {
    let snapshot = world.snapshot(id);
    let file = world.path("bundle.tar");
    world.ok(&["snapshot", "export", id, &snapshot, file.to_str().unwrap(), "--bundle"]);
    (snapshot, file)
}

fn shown(world: &World, id: &str, snapshot: &str) -> Value {
    world.ok(&["snapshot", "show", id, snapshot, "--json"]).json()
}

#[test]
fn it_is_the_same_snapshot_under_another_workload() {
    let (here, there) = (machine("shop"), machine("store"));
    let before = signature::of(&here.volume("shop", "data"));
    let (snapshot, file) = bundle(&here, "shop");
    let imported = there.ok(&["import", file.to_str().unwrap(), "--workload", "store", "--json"]).json();
    let id = imported["id"].as_str().unwrap();
    let (was, is) = (shown(&here, "shop", &snapshot), shown(&there, "store", id));
    for key in ["archive", "volumes", "consistency", "created", "reason"] {
        assert_eq!(was[key], is[key], "{key}");
    }
    there.ok(&["snapshot", "show", "store", id]).expect_said(&format!("bundle of `{snapshot}` of `shop`"));
    there.restore("store", id, &[]).expect(0);
    assert_eq!(signature::of(&there.volume("store", "data")), before);
}

#[test]
fn tar_unpacks_it_and_it_comes_through_a_pipe() {
    let world = machine("app");
    let (snapshot, file) = bundle(&world, "app");
    let (archive, descriptor) = world.snapshot_files("app", &snapshot);
    let to = world.path("unpacked");
    std::fs::create_dir(&to).unwrap();
    run("tar", &["-xf", file.to_str().unwrap(), "-C", to.to_str().unwrap()]);
    assert_eq!(std::fs::read(to.join("snapshot.tar.gz")).unwrap(), std::fs::read(archive).unwrap());
    assert_eq!(std::fs::read(to.join("snapshot.json")).unwrap(), std::fs::read(descriptor).unwrap());
    let mut command = world.command(&["import", "-", "--workload", "app"]);
    let piped = command.stdin(std::fs::File::open(&file).unwrap()).output().unwrap();
    assert!(piped.status.success(), "{}", String::from_utf8_lossy(&piped.stderr));
}

#[test]
fn what_it_claims_and_does_not_hold_is_damage_and_leaves_nothing() {
    let world = machine("app");
    let (_, file) = bundle(&world, "app");
    let whole = std::fs::read(&file).unwrap();
    let snapshots = || world.ok(&["snapshot", "list", "app", "--json"]).json()["snapshots"].as_array().unwrap().len();
    let before = snapshots();
    let at = |what: &[u8]| whole.windows(what.len()).position(|window| window == what).unwrap();
    let changed = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
        bytes
    };
    let claims = [
        ("cut off", whole[..whole.len() - 2048].to_vec()),
        ("only a descriptor", whole[..1024].to_vec()),
        ("another archive", changed(whole.len() - 1500)),
        ("another digest", changed(at(b"\"sha256\": \"") + 12)),
        ("more entries", changed(at(b"\"entries\": ") + 11)),
    ];
    for (what, bytes) in claims {
        std::fs::write(&file, bytes).unwrap();
        let refused = world.reforge(&["import", file.to_str().unwrap(), "--workload", "app"]);
        assert_eq!(refused.code, Some(3), "{what}: {refused:?}");
        assert!(refused.stderr.contains("bundle is damaged"), "{what}: {refused:?}");
    }
    assert_eq!(snapshots(), before);
}

#[test]
fn set_id_bits_in_it_need_to_be_allowed() {
    let world = machine("app");
    let program = world.volume("app", "data").join("program");
    std::fs::write(&program, "").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o4755)).unwrap();
    let (_, file) = bundle(&world, "app");
    let import = ["import", file.to_str().unwrap(), "--workload", "app", "--json"];
    world.reforge(&import).expect(3);
    let imported = world.ok(&[&import[..], &["--allow", "set-id"]].concat()).json();
    std::fs::remove_file(&program).unwrap();
    world.restore("app", imported["id"].as_str().unwrap(), &[]).expect(0);
    assert_eq!(program.metadata().unwrap().permissions().mode() & 0o7777, 0o4755);
}
