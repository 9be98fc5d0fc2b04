//! What stands in host and plugin on purpose, since neither relies on the other's check: limits, and what a path may be.
//! Both must agree, or what the host captures could not be restored.

use reforge_base::limits as host;
use reforge_plugin::archive::entry_path::{Location, locate};
use reforge_plugin::archive::headers::Kind;
use reforge_plugin::archive::limits as plugin;
use reforge_volumes::staging::entry_path::check;
use reforge_volumes::tree_digest::BLOCK_BYTES;

#[test]
fn whatever_the_host_captures_fits_the_plugin_and_whatever_that_stages_fits_the_host() {
    for (what, of_host, of_plugin) in [
        ("a name", host::NAME_BYTES_MAX, plugin::COMPONENT_BYTES_MAX),
        ("a path", host::PATH_BYTES_MAX, plugin::PATH_BYTES_MAX),
        ("a depth", host::DEPTH_MAX, plugin::DEPTH_MAX),
        ("a target", host::TARGET_BYTES_MAX, plugin::TARGET_BYTES_MAX),
        ("an attribute's name", host::XATTR_NAME_BYTES_MAX, plugin::XATTR_NAME_BYTES_MAX),
        ("an attribute's value", host::XATTR_VALUE_BYTES_MAX, plugin::XATTR_VALUE_BYTES_MAX),
        ("a piece", host::PIECE_BYTES_MAX, plugin::PIECE_BYTES_MAX),
        ("a block", BLOCK_BYTES as usize, plugin::BLOCK_BYTES as usize),
    ] {
        assert_eq!(of_host, of_plugin, "{what}");
    }
    const { assert!(host::XATTRS_MAX <= plugin::EXTENDED_RECORDS_MAX) };
    const { assert!(host::FILE_BYTES_MAX <= plugin::FOREIGN_BYTES_MAX) };
    // Attributes are encoded in their header, four bytes for three at most.
    assert!((host::XATTRS_BYTES_MAX as u64) * 4 / 3 < plugin::EXTENDED_BYTES_MAX);
}

#[test]
fn a_path_that_one_refuses_the_other_refuses_too() {
    let deep = |depth: usize| vec!["d"; depth].join("/").into_bytes();
    let long = |bytes: usize| [vec![b'a'; 200], vec![b'/'; 1]].concat().repeat(21)[..bytes].to_vec();
    for (path, passes) in [
        (b"a".to_vec(), true),
        (b"a/b/...".to_vec(), true),
        (b"..a/a..".to_vec(), true),
        (b"\xff\xfe\n ".to_vec(), true),
        (vec![b'n'; host::NAME_BYTES_MAX], true),
        (vec![b'n'; host::NAME_BYTES_MAX + 1], false),
        (deep(host::DEPTH_MAX), true),
        (deep(host::DEPTH_MAX + 1), false),
        (long(host::PATH_BYTES_MAX), true),
        (long(host::PATH_BYTES_MAX + 1), false),
        (b"/etc/passwd".to_vec(), false),
        (b"a//b".to_vec(), false),
        (b"a/".to_vec(), false),
        (b".".to_vec(), false),
        (b"..".to_vec(), false),
        (b"a/../b".to_vec(), false),
        (b"a/./b".to_vec(), false),
        (b"a/..".to_vec(), false),
        (b"a\0b".to_vec(), false),
    ] {
        let shown = path.escape_ascii().to_string();
        assert_eq!(check(&path).is_ok(), passes, "the host on `{shown}`");
        let name = [b"volumes/0/", &path[..]].concat();
        let placed = locate(&name, Kind::File, 1);
        assert_eq!(
            matches!(placed, Ok(Location::Below { volume: 0, path: below }) if below == path),
            passes,
            "{shown}"
        );
    }
}
