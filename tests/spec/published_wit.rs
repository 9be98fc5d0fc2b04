//! What is published stays: a plugin that was compiled against a published version of the WIT goes on working.
//!
//! `tests/fixtures/wit-VERSION` is the WIT as it was published, `tests/fixtures/plugin-VERSION.wasm` a plugin that was
//! compiled against it then (`tests/guests/zstd`). Neither is ever changed. A new version gets two files of its own.

use std::path::{Path, PathBuf};

use reforge_plugins::WIT_VERSIONS;
use wit_parser::{PackageId, Resolve, SourceMap};

use super::another_format::{filled, pack};
use crate::support::World;
use crate::support::bench::fill;
use crate::support::signature;
use crate::support::world::names;

const WORLD: &str = "restore-plugin";

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn fixture(name: &str) -> PathBuf {
    workspace().join("tests/fixtures").join(name)
}

/// Reads a package, with its version put aside: one set of packages holds no two of one name and version.
fn push(resolve: &mut Resolve, directory: &Path, version: &str, change: impl Fn(String) -> String) -> PackageId {
    let mut sources = SourceMap::default();
    for file in names(directory) {
        let text = std::fs::read_to_string(&file).unwrap();
        let first = text.find(';').unwrap();
        let (package, _) = text[..first].split_once('@').unwrap();
        sources.push(&file, change(format!("{package}@{version}{}", &text[first..])));
    }
    resolve.push_group(sources.parse().unwrap_or_else(|(_, error)| panic!("{error:?}"))).unwrap()
}

/// Whether components of the published world work with the present one, after a change to it.
fn check(version: &str, change: impl Fn(String) -> String) -> Result<(), String> {
    let mut resolve = Resolve::default();
    let published = push(&mut resolve, &fixture(&format!("wit-{version}")), "0.0.1", |text| text);
    let present = push(&mut resolve, &workspace().join("wit"), "0.0.2", change);
    let world = |package| resolve.select_world(&[package], Some(WORLD)).unwrap();
    let (published, present) = (world(published), world(present));
    wit_component::semver_check(resolve, published, present).map_err(|error| format!("{error:#}"))
}

#[test]
fn a_published_wit_is_not_changed_incompatibly() {
    for version in WIT_VERSIONS {
        check(version, |text| text).unwrap_or_else(|error| panic!("the WIT no longer fits {version}: {error}"));
    }
}

#[test]
fn what_would_break_compiled_plugins_is_found() {
    for (what, from, to) in [
        ("a field more", "workload: string,", "workload: string, more: u32,"),
        ("a case more", "confirmed-bad,", "confirmed-bad, gone,"),
        ("a parameter more", "lock: func()", "lock: func(wait: bool)"),
        ("a function less", "cancelled: func() -> bool;", ""),
        ("another name", "read-at: func", "read-from: func"),
        ("an export more", "export extractor;", "export extractor; export more: func();"),
    ] {
        assert!(check("0.1.0", |text| text.replace(from, to)).is_err(), "{what} was not found");
    }
    let more = |text: String| text.replace("cancelled: func() -> bool;", "cancelled: func() -> bool; more: func();");
    check("0.1.0", more).expect("a function more breaks nothing");
}

#[test]
fn a_plugin_compiled_against_each_version_that_the_host_states_goes_on_working() {
    for version in WIT_VERSIONS {
        let bench = filled();
        let plugin = fixture(&format!("plugin-{version}.wasm"));
        let plugin = ["--plugin", plugin.to_str().unwrap()];
        let archive = pack(&bench);
        let import = ["snapshot", "import", &archive, "--workload", "app", "--json"];
        let imported = bench.world.ok(&[&import[..], &plugin].concat()).json();
        // Whatever its layout is, it shows what the archive holds.
        let looked = ["snapshot", "browse", "app", imported["id"].as_str().unwrap(), "data", "--json"];
        let names = bench.world.ok(&[&looked[..], &plugin].concat()).json();
        assert_eq!(names["total"], std::fs::read_dir(&bench.lives[0]).unwrap().count(), "{version}");
        bench.lives.iter().for_each(|live| fill(live, "new"));
        bench.world.restore("app", imported["id"].as_str().unwrap(), &plugin).expect(0);
        for (live, wanted) in bench.lives.iter().zip(&bench.old) {
            signature::assert_same(&signature::of(live), wanted, version);
        }
    }
}

#[test]
fn another_version_is_refused_in_one_sentence_with_both() {
    let world = World::new([]);
    assert_eq!(world.ok(&["plugin", "list", "--json"]).json()["wit_versions"], serde_json::json!(WIT_VERSIONS));
    let plugin = world.path("later.wasm");
    let mut bytes = std::fs::read(fixture("plugin-0.1.0.wasm")).unwrap();
    let prefix = b"reforge:restore/";
    for at in 0..bytes.len() - 40 {
        if bytes[at..].starts_with(prefix)
            && let Some(version) = bytes[at..at + 40].windows(6).position(|window| window == b"@0.1.0")
        {
            bytes[at + version..at + version + 6].copy_from_slice(b"@0.2.0");
        }
    }
    std::fs::write(&plugin, bytes).unwrap();
    let output = world.reforge(&["plugin", "show", "--plugin", plugin.to_str().unwrap()]);
    output.expect(3).expect_said("was built against version 0.2.0 of `reforge:restore`, and this host loads 0.1.0");
}
