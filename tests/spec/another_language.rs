//! Another language: a second, independent restore plugin, in Python, behind the same WIT and in the same sandbox. What
//! one plugin can do, any can, and none of the promises rests on whose code it is.

use tar::EntryType;

use super::what_comes_back_is_what_was_there::deployed as one_of_everything;
use crate::support::bench::{Bench, fill, signatures};
use crate::support::hostile::{Attacked, row};
use crate::support::process::run;
use crate::support::signature::{self, assert_same};
use crate::support::{World, python};

/// Makes the plugin in Python the one that is configured.
fn configure(world: &mut World) {
    world.host_lines = format!("plugin = {:?}\n", python::plugin());
    world.write_config();
}

#[test]
fn one_of_everything_comes_back_by_a_plugin_in_python() {
    let (world, live, snapshot) = one_of_everything();
    let before = signature::of(&live);
    run("find", &[live.to_str().unwrap(), "-mindepth", "1", "-delete"]);
    std::fs::write(live.join("other"), "other").unwrap();
    run("chmod", &["0777", live.to_str().unwrap()]);
    let plugin = python::plugin().to_str().unwrap();
    world.restore("app", &snapshot, &["--plugin", plugin]).expect(0);
    assert_same(&signature::of(&live), &before, "restored");
    let shown = world.ok(&["plugin", "show", "--plugin", plugin, "--json"]).json();
    assert_eq!(shown["name"], "restore-in-python");
    assert_eq!(world.receipt()["plugin_digest"], shown["digest"]);
}

#[test]
fn its_plan_is_the_default_plugins() {
    let (world, live, snapshot) = one_of_everything();
    std::fs::remove_dir_all(live.join("empty-directory")).unwrap();
    std::fs::write(live.join("empty"), "no more").unwrap();
    std::fs::write(live.join("added"), "added").unwrap();
    let plan = ["restore", "plan", "app", &snapshot, "--json"];
    let expected = world.ok(&plan).json();
    let plugin = python::plugin().to_str().unwrap();
    let found = world.ok(&[&plan[..], &["--plugin", plugin]].concat()).json();
    assert!(expected["volumes"].is_array(), "{expected}");
    assert_eq!(found["volumes"], expected["volumes"]);
    assert_ne!(found["digest"], expected["digest"], "a plan stands on its plugin, too");
}

#[test]
fn it_refuses_hostile_archives_with_the_same_codes() {
    let mut attacked = Attacked::new(false);
    attacked.world.sandbox_mib = None;
    configure(&mut attacked.world);
    const REFUSED: &str = "archive-refused";
    attacked.refuses(&[
        row("up from inside", |t| t.file("volumes/0/../../outside/evil", b""), REFUSED, "leaves"),
        row("absolute", |t| t.file("/volumes/0/evil", b""), REFUSED, "leaves"),
        row("beside the volumes", |t| t.file("evil", b""), REFUSED, "`evil`"),
        row("a volume that no manifest has", |t| t.file("volumes/7/evil", b""), REFUSED, "does not list"),
        row("an empty part in a name", |t| t.file("volumes/0//evil", b""), REFUSED, "empty"),
        row("twice", |t| t.file("volumes/0/a", b"").file("volumes/0/a", b""), REFUSED, ""),
        row("below a file", |t| t.file("volumes/0/a", b"").file("volumes/0/a/b", b""), REFUSED, ""),
        row("without its directory", |t| t.file("volumes/0/no/b", b""), REFUSED, ""),
        row("a device", |t| t.link("volumes/0/evil", EntryType::Char.as_byte(), ""), REFUSED, "never restored"),
        row("of an unknown type", |t| t.link("volumes/0/evil", b'Z', ""), REFUSED, "never restored"),
        row(
            "two records of one key",
            |t| t.pax(&[("mtime", b"1"), ("mtime", b"2")]).file("volumes/0/a", b""),
            REFUSED,
            "twice",
        ),
        row("a header with a wrong checksum", |t| t.raw(&[b'x'; 512]), REFUSED, ""),
        row("up by a hard link", |t| t.link("volumes/0/h", b'1', "volumes/1/file"), REFUSED, "volumes/0/h"),
    ]);
    let (mut cut, parts) = attacked.tarball().file("volumes/0/a", b"a").end().finish();
    cut.truncate(cut.len() - 4);
    attacked.refuses_import("cut off", &cut, "snapshot-damaged", "");
    attacked.refuses_restore("cut off", &cut, parts, "snapshot-damaged", "");
    let (links, parts) = attacked.tarball().link("volumes/0/l", b'2', "/etc/passwd").end().finish();
    attacked.refuses_restore("a symbolic link", &links, parts, "policy-refused", "is a symlink");
    attacked.can_still_be_restored();
}

#[test]
fn it_can_be_stopped_before_the_swap() {
    let mut bench = Bench::new();
    configure(&mut bench.world);
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let effects = bench.world.effects_of(&bench.restore());
    bench.tidy();
    let sealed = effects.iter().position(|name| name == "record-sealed").expect("the record of the seals") + 1;
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let new = signatures(&bench.lives);
    let mut restore = bench.world.start_pausing(sealed, &bench.restore());
    assert!(restore.reaches_its_pause());
    restore.interrupt();
    restore.go_on();
    restore.wait().expect(130);
    assert_eq!(signatures(&bench.lives), new);
    assert!(bench.world.is_running("app"));
}

#[test]
fn it_takes_in_a_foreign_archive_and_restores_it() {
    let mut bench = Bench::new();
    configure(&mut bench.world);
    let file = bench.world.path("run/exported.tar.gz");
    let file = file.to_str().unwrap();
    bench.world.ok(&["snapshot", "export", "app", &bench.snapshot, file]);
    let imported = bench.world.ok(&["snapshot", "import", file, "--workload", "app", "--json"]).json();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    bench.world.restore("app", imported["id"].as_str().unwrap(), &[]).expect(0);
    assert_eq!(signatures(&bench.lives), bench.old);
}

#[test]
fn it_keeps_every_promise_that_a_plugin_gives() {
    let world = World::new([]);
    let checked = world.ok(&["plugin", "check", python::plugin().to_str().unwrap(), "--json"]).json();
    assert_eq!((checked["broken"].as_u64(), checked["kept"].as_u64()), (Some(0), Some(18)), "{checked:#}");
}
