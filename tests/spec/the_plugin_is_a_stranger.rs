//! Promise 7: what is staged is compared with what was captured, whoever staged it. An archive with other bytes and a
//! digest that fits it leads a plugin to stage other bytes, as a lying plugin would.

use crate::support::archives;
use crate::support::signature;
use crate::support::{Volume, Workload, World};

fn deployed() -> (World, String) {
    let world = World::deployed([Workload::idle("app", [Volume::project("data"), Volume::project("more")])]);
    for name in ["data", "more"] {
        std::fs::write(world.volume("app", name).join("file"), "what was captured").unwrap();
    }
    let snapshot = world.snapshot("app");
    std::fs::write(world.volume("app", "data").join("file"), "new").unwrap();
    (world, snapshot)
}

/// What is staged, how that comes to be, and what it is caught as.
type Lie = (&'static str, fn(&mut Vec<archives::Member>), &'static str);

fn first_file(members: &mut [archives::Member]) -> &mut archives::Member {
    members.iter_mut().find(|member| member.name == b"volumes/1/file").expect("the file of the second volume")
}

const LIES: &[Lie] = &[
    ("other bytes", |members| first_file(members).content = b"what was CAPTURED".to_vec(), "snapshot-damaged"),
    ("more bytes", |members| first_file(members).content.push(b'!'), "too-large"),
    ("another mode", |members| first_file(members).header.set_mode(0o777), "snapshot-damaged"),
    ("another owner", |members| first_file(members).header.set_uid(4711), "snapshot-damaged"),
    ("another name", |members| first_file(members).name = b"volumes/1/File".to_vec(), "snapshot-damaged"),
];

#[test]
fn bytes_and_facts_that_were_not_captured_are_caught_before_the_app_is_stopped() {
    for (what, lie, code) in LIES {
        let (world, snapshot) = deployed();
        let (archive, descriptor) = world.snapshot_files("app", &snapshot);
        archives::rewrite(&archive, lie);
        archives::fix_descriptor(&archive, &descriptor);
        let before = (signature::of_volumes(&world.path("volumes")), world.processes("app"));
        let output = world.restore("app", &snapshot, &["--json"]);
        assert_eq!(output.code, Some(3), "{what}: {output:?}");
        assert_eq!(output.json()["error"]["code"], *code, "{what}: {output:?}");
        assert_eq!((signature::of_volumes(&world.path("volumes")), world.processes("app")), before, "{what}");
    }
}

#[test]
fn a_file_that_is_no_plugin_is_refused_with_what_it_should_be() {
    let (world, snapshot) = deployed();
    let file = world.path("not-a-plugin.wasm");
    let cut = [&b"\0asm\x0d\0\x01\0"[..], &[7; 64]].concat();
    for (bytes, why) in [
        (&b"\0asm\x01\0\0\0"[..], "it is a WebAssembly module, and a plugin is a component"),
        (b"\0asm\x0d\0\x01\0", "not a plugin for this host"),
        (b"\x7fELF and so on", "it is no WebAssembly component"),
        (b"", "it is empty"),
        (&cut, "not a plugin"),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let file = file.to_str().unwrap();
        for command in [&["restore", "run", "app", &snapshot, "--yes"][..], &["plugin", "show"], &["plugin", "check"]] {
            let name: &[&str] = if command[1] == "check" { &[file] } else { &["--plugin", file] };
            let output = world.reforge(&[command, name].concat());
            assert_eq!(output.code, Some(3), "{bytes:?}: {output:?}");
            output.expect_said(why).expect_clear();
            let dump = output.said().lines().any(|line| line.contains("0x") && line.contains(','));
            assert!(!dump, "{output:?}");
        }
    }
    assert!(world.is_running("app"));
}

#[test]
fn undo_and_recovery_need_no_plugin() {
    let (mut world, snapshot) = deployed();
    world.restore("app", &snapshot, &[]).expect(0);
    world.host_lines = "plugin = \"/nowhere/plugin.wasm\"\n".into();
    world.write_config();
    world.restore("app", &snapshot, &[]).expect(2);
    world.undo(world.receipt()["id"].as_str().unwrap()).expect(0);
    world.ok(&["recover"]);
    assert_eq!(std::fs::read_to_string(world.volume("app", "data").join("file")).unwrap(), "new");
}
