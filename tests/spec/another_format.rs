//! Another format: a plugin that reads a layout of which the host and the default plugin know nothing takes an archive in
//! and restores it, with the host as it is. So it is the plugin that knows formats, and it alone.

use crate::support::bench::{Bench, fill, signatures};
use crate::support::process::run;
use crate::support::world::names;
use crate::support::{World, guests, signature};

/// Both volumes as `tar` and `zstd` pack them: `<scope>/<volume>.tar.zst`, together in a tar.
pub(crate) fn pack(bench: &Bench) -> String {
    let root = bench.world.path("run");
    for (scope, name, live) in [("project", "data", &bench.lives[0]), ("absolute", "more", &bench.lives[1])] {
        std::fs::create_dir(root.join(scope)).unwrap();
        let packed = root.join(scope).join(format!("{name}.tar.zst"));
        let live = live.to_str().unwrap();
        run("tar", &["--zstd", "--format=posix", "-C", live, "-cf", packed.to_str().unwrap(), "."]);
    }
    let archive = root.join("packed.tar").to_str().unwrap().to_owned();
    run("tar", &["-C", root.to_str().unwrap(), "-cf", &archive, "project", "absolute"]);
    archive
}

pub(crate) fn filled() -> Bench {
    let mut bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "packed"));
    std::fs::write(bench.lives[0].join("large"), "0123456789abcdef".repeat(200_000)).unwrap();
    bench.old = signatures(&bench.lives);
    bench
}

#[test]
fn an_archive_of_another_layout_is_taken_in_and_restored() {
    let bench = filled();
    let (archive, plugin) = (pack(&bench), guests::zstd().to_str().unwrap());
    let import = ["snapshot", "import", &archive, "--workload", "app", "--json"];
    assert_eq!(bench.world.reforge(&import).code, Some(2), "the default plugin sees no volumes in it");
    let imported = bench.world.ok(&[&import[..], &["--plugin", plugin]].concat()).json();
    let id = imported["id"].as_str().unwrap();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let plan = bench.world.ok(&["restore", "plan", "app", id, "--plugin", plugin, "--json"]).json();
    assert_eq!(plan["volumes"].as_array().map(Vec::len), Some(2), "{plan}");
    bench.world.restore("app", id, &["--plugin", plugin]).expect(0);
    for (live, wanted) in bench.lives.iter().zip(&bench.old) {
        signature::assert_same(&signature::of(live), wanted, "restored");
    }
}

#[test]
fn a_damaged_or_hostile_one_is_refused_and_nothing_is_kept() {
    let bench = filled();
    let plugin = guests::zstd().to_str().unwrap();
    let bytes = std::fs::read(pack(&bench)).unwrap();
    let frame = bytes.windows(4).position(|four| four == [0x28, 0xb5, 0x2f, 0xfd]).expect("a zstd frame");
    let mut flipped = bytes.clone();
    flipped[frame + 40] ^= 0x10;
    let outside = bench.world.path("run/outside.tar");
    std::fs::write(bench.world.path("run/evil"), "evil").unwrap();
    run("tar", &["-C", bench.world.path("run").to_str().unwrap(), "-cf", outside.to_str().unwrap(), "evil"]);
    let kept = || names(&bench.world.snapshot_dir.join("app"));
    let before = kept();
    for (what, bytes) in [
        ("a flipped bit", flipped),
        ("cut off", bytes[..frame + 60].to_vec()),
        ("no volumes", std::fs::read(outside).unwrap()),
        ("no tar", b"text".repeat(1000)),
    ] {
        let file = bench.world.path("run/hostile.tar");
        std::fs::write(&file, bytes).unwrap();
        let import = ["snapshot", "import", file.to_str().unwrap(), "--workload", "app", "--plugin", plugin, "--json"];
        let output = bench.world.reforge(&import);
        assert_eq!(output.code, Some(3), "{what}: {output:?}");
        let code = output.json()["error"]["code"].clone();
        assert!(["archive-refused", "snapshot-damaged"].contains(&code.as_str().unwrap()), "{what}: {output:?}");
    }
    assert_eq!(kept(), before);
}

#[test]
fn it_keeps_the_promises_that_can_be_asked_of_it() {
    let checked = World::new([]).ok(&["plugin", "check", guests::zstd().to_str().unwrap(), "--json"]).json();
    assert_eq!(checked["broken"], 0, "{checked:#}");
    assert!(checked["kept"].as_u64() > Some(0), "{checked:#}");
}
