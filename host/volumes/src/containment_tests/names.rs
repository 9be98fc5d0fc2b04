//! Dots, absolute names, names of several components, names that no name can be.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use super::{WAYS, World};
use crate::beneath::Name;
use crate::remove::remove_tree;
use crate::staging::{Quota, Staging};
use reforge_base::failure::{Code, Result};

fn names(world: &World) -> Vec<Vec<u8>> {
    let outside = world.outside.as_os_str().as_bytes();
    let mut names: Vec<Vec<u8>> = [
        "/",
        "/etc",
        "//etc",
        ".",
        "..",
        "./live",
        "../outside",
        "../outside/secret",
        "../../..",
        "live/..",
        "live/../../outside",
        "live/a",
        "live/",
        "live/.",
        "live//a",
        "a\0b",
        "\0",
    ]
    .map(|name| name.as_bytes().to_vec())
    .into();
    names.push(outside.to_vec());
    names.push([outside, b"/secret"].concat());
    names.push([b"/proc/self/root", outside].concat());
    names.push(["live/.."; 300].join("/").into_bytes());
    names
}

#[test]
fn a_name_is_one_component_or_no_name() {
    let world = World::new();
    for name in names(&world).iter().chain([&Vec::new()]) {
        assert!(Name::new(OsStr::from_bytes(name)).is_none(), "{}", name.escape_ascii());
    }
    for name in [&b"a"[..], b"...", b"..a", b"\xff\xfe", b"a b\n", &[b'n'; 255]] {
        assert!(Name::new(OsStr::from_bytes(name)).is_some(), "{}", name.escape_ascii());
    }
}

#[test]
fn a_parent_does_nothing_under_a_name_that_is_more_than_one() {
    let world = World::new();
    let parent = &world.parent;
    for bytes in names(&world).iter().chain([&Vec::new()]) {
        let name = OsStr::from_bytes(bytes);
        let shown = bytes.escape_ascii().to_string();
        let tried: Vec<(&str, Result<()>)> = vec![
            ("identity", parent.identity(name).map(drop)),
            ("is_empty_directory", parent.is_empty_directory(name).map(drop)),
            ("make_directory", parent.make_directory(name)),
            ("exchange, left", parent.exchange(name, "live")),
            ("exchange, right", parent.exchange("live", name)),
            ("put_back, from", parent.put_back(name, "free")),
            ("put_back, to", parent.put_back("live", name)),
            ("remove_empty", parent.remove_empty(name)),
            ("open_live", parent.open_live(name).map(drop)),
            ("probe, left", parent.probe(name, "free")),
            ("probe, right", parent.probe("free", name)),
            ("remove_tree", remove_tree(parent, name).map(drop)),
            ("Staging::create", Staging::create(parent, name, None::<&cap_std::fs::Dir>, Quota::default()).map(drop)),
        ];
        for (what, answer) in tried {
            assert_eq!(answer.unwrap_err().code, Code::Usage, "{what} of `{shown}`");
        }
        world.check(&shown);
        assert!(world.path("live/a").exists(), "{shown}");
    }
}

#[test]
fn nothing_is_staged_under_a_path_that_leads_out() {
    let world = World::new();
    // This one leads down.
    for path in names(&world).iter().filter(|path| path[..] != *b"live/a") {
        for (what, stage) in WAYS {
            let tried = format!("{what} `{}`", path.escape_ascii());
            assert_eq!(stage(&world.staging(), path).unwrap_err().code, Code::ArchiveRefused, "{tried}");
            world.check(&tried);
        }
    }
}
