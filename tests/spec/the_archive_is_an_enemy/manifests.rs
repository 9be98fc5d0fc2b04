//! The manifest: first, once, small enough, and what its schema says.

use serde_json::{Value, json};

use crate::support::hostile::Attacked;
use crate::support::tarball::{Head, Tarball};

const REFUSED: &str = "archive-refused";

/// An archive with these bytes for its manifest and all else as it should be.
fn beginning_with(manifest: &[u8]) -> Tarball {
    Tarball::beginning_with(manifest, 2).directory("volumes/0/").directory("volumes/1/")
}

type Forgery = (&'static str, fn(&mut Value), &'static str);

#[test]
fn a_manifest_that_is_not_what_its_schema_says_is_refused() {
    let attacked = Attacked::new(false);
    let rows: &[Forgery] = &[
        ("a key that nobody knows", |m| m["evil"] = 1.into(), "unknown field `evil`"),
        ("a key that nobody knows in a volume", |m| m["volumes"][0]["path"] = "/etc".into(), "unknown field `path`"),
        ("a key that steers a terminal", |m| m["\u{1b}[2J"] = 1.into(), "unknown field `\\u{1b}[2J`"),
        ("no format", |m| drop(m.as_object_mut().unwrap().remove("format")), "missing field `format`"),
        ("no volumes", |m| drop(m.as_object_mut().unwrap().remove("volumes")), "missing field `volumes`"),
        ("format 2", |m| m["format"] = 2.into(), "has format 2"),
        ("format -1", |m| m["format"] = (-1).into(), "malformed"),
        ("format 2^32+1", |m| m["format"] = 4_294_967_297u64.into(), "malformed"),
        ("a format that is text", |m| m["format"] = "1".into(), "malformed"),
        ("volumes that are no list", |m| m["volumes"] = json!({}), "malformed"),
        ("a volume that is none", |m| m["volumes"][0] = Value::Null, "malformed"),
        ("an index that is another's", |m| m["volumes"][0]["index"] = 1.into(), "has index 1 at 0"),
        ("an index beyond all", |m| m["volumes"][1]["index"] = 99.into(), "has index 99 at 1"),
        ("an index below zero", |m| m["volumes"][1]["index"] = (-1).into(), "malformed"),
        ("a name twice", |m| m["volumes"][1]["name"] = m["volumes"][0]["name"].clone(), "twice"),
        ("an empty name", |m| m["volumes"][1]["name"] = "".into(), "has no name"),
        ("a name that is a number", |m| m["volumes"][1]["name"] = 7.into(), "malformed"),
    ];
    for (name, forge, says) in rows {
        let mut manifest = attacked.manifest();
        forge(&mut manifest);
        let (bytes, parts) = beginning_with(&serde_json::to_vec(&manifest).unwrap()).end().finish();
        attacked.refuses_import(name, &bytes, REFUSED, says);
        attacked.refuses_restore(name, &bytes, parts, REFUSED, says);
    }
    attacked.can_still_be_restored();
}

#[test]
fn what_stands_in_the_manifests_place_is_refused() {
    let attacked = Attacked::new(true);
    let manifest = serde_json::to_vec(&attacked.manifest()).unwrap();
    let twice = String::from_utf8(manifest.clone()).unwrap().replacen('{', "{\"format\":1,", 1);
    let deep = [&b"{\"format\":"[..], &[b'['; 100_000]].concat();
    let roots = |t: Tarball| t.directory("volumes/0/").directory("volumes/1/");
    let as_type = |flag, link: &str| {
        roots(Tarball::empty().entry(&Head { link: link.into(), ..Head::new("manifest.json", flag, 0) }, b""))
    };
    let sparse: &[(&str, &[u8])] =
        &[("GNU.sparse.size", b"4096"), ("GNU.sparse.map", b"4096,0"), ("GNU.sparse.name", b"manifest.json")];
    for (name, tarball, says) in [
        ("no entry at all", Tarball::empty(), "begins with `` and not with its manifest"),
        ("no manifest", roots(Tarball::empty()), "begins with `volumes/0/` and not with its manifest"),
        ("the manifest second", roots(Tarball::empty()).file("manifest.json", &manifest), "begins with `volumes/0/`"),
        ("another name", roots(Tarball::empty().file("Manifest.json", &manifest)), "begins with `Manifest.json`"),
        ("a directory", as_type(b'5', ""), "begins with `manifest.json` and not"),
        ("a symbolic link", as_type(b'2', "/etc/passwd"), "begins with"),
        ("a hard link", as_type(b'1', "/etc/passwd"), "begins with"),
        ("a fifo", as_type(b'6', ""), "begins with"),
        ("a sparse file", roots(Tarball::empty().pax(sparse).file("x", b"")), "begins with"),
        ("nothing in it", beginning_with(b""), "the manifest is malformed"),
        ("no JSON", beginning_with(b"format = 1"), "the manifest is malformed"),
        ("half of it", beginning_with(&manifest[..manifest.len() / 2]), "the manifest is malformed"),
        ("something behind it", beginning_with(&[&manifest[..], b"{}"].concat()), "the manifest is malformed"),
        ("no UTF-8", beginning_with(b"{\"format\":1,\"workload\":\"\xff\"}"), "the manifest is malformed"),
        ("a key twice", beginning_with(twice.as_bytes()), "duplicate field `format`"),
        ("brackets without end", beginning_with(&deep), "the manifest is malformed"),
        (
            "more than a megabyte",
            beginning_with(&[&manifest[..], &vec![b' '; 1 << 20]].concat()),
            "the manifest is larger than 1048576 bytes",
        ),
    ] {
        let (bytes, parts) = tarball.end().finish();
        attacked.refuses_import(name, &bytes, REFUSED, says);
        attacked.refuses_restore(name, &bytes, parts, REFUSED, says);
    }
    attacked.can_still_be_restored();
}

#[test]
fn an_import_takes_no_time_and_no_scope_that_the_host_does_not_know() {
    let attacked = Attacked::new(false);
    let rows: &[Forgery] = &[
        ("a time that is none", |m| m["created"] = "yesterday".into(), "cannot be understood"),
        ("a time of no year", |m| m["created"] = "99999-01-01T00:00:00Z".into(), "cannot be understood"),
    ];
    for (name, forge, says) in rows {
        let mut manifest = attacked.manifest();
        forge(&mut manifest);
        let (bytes, _) = beginning_with(&serde_json::to_vec(&manifest).unwrap()).end().finish();
        attacked.refuses_import(name, &bytes, REFUSED, says);
    }
    attacked.can_still_be_restored();
}

#[test]
fn another_manifest_than_the_descriptors_is_damage() {
    let attacked = Attacked::new(false);
    let rows: &[Forgery] = &[
        ("another workload", |m| m["workload"] = "other".into(), ""),
        ("another reason", |m| m["reason"] = "safety".into(), ""),
        ("another scope", |m| m["volumes"][0]["scope"] = "absolute".into(), ""),
        (
            "volumes in another order",
            |m| {
                let (first, second) = (m["volumes"][0]["name"].clone(), m["volumes"][1]["name"].clone());
                (m["volumes"][0]["name"], m["volumes"][1]["name"]) = (second, first);
            },
            "",
        ),
    ];
    for (name, forge, _) in rows {
        let mut manifest = attacked.manifest();
        forge(&mut manifest);
        let (bytes, parts) = beginning_with(&serde_json::to_vec(&manifest).unwrap()).end().finish();
        let says = "the archive's manifest is not the one in its descriptor";
        attacked.refuses_restore(name, &bytes, parts, "snapshot-damaged", says);
    }
    attacked.can_still_be_restored();
}
