//! Descriptors that lie about an archive that is as it was captured: where its parts begin, what it holds, whose it is.

use serde_json::{Value, json};

use crate::support::hostile::Attacked;
use crate::support::world::read_json;

const DAMAGED: &str = "snapshot-damaged";
const REFUSED: &str = "archive-refused";

type Lie = (&'static str, fn(&mut Value));

/// A snapshot with a file that lies in several parts.
fn in_parts() -> Attacked {
    let large: Vec<u8> =
        (0..(40 << 20) / 8).flat_map(|n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes()).collect();
    Attacked::with(false, |world| std::fs::write(world.volume("app", "data").join("large"), large).unwrap())
}

#[test]
fn parts_that_begin_elsewhere_are_damage() {
    let attacked = in_parts();
    let descriptor = read_json(&attacked.world.snapshot_files("app", &attacked.snapshot).1);
    let inside = descriptor["parts"].as_array().unwrap().iter().position(|part| !part["inside"].is_null());
    assert!(inside.is_some_and(|inside| inside > 0), "the large file lies in several parts: {}", descriptor["parts"]);
    let archive = attacked.captured_archive().to_vec();
    let rows: &[Lie] = &[
        ("a byte later", |d| shift(d, 1)),
        ("a byte earlier", |d| shift(d, -1)),
        ("a megabyte later", |d| shift(d, 1 << 20)),
        ("beyond the archive", |d| shift(d, 1 << 40)),
        ("below zero", |d| last(d)["offset"] = (-1).into()),
        ("the first not at the beginning", |d| d["parts"][0]["offset"] = 1.into()),
        ("the first inside of a file", |d| d["parts"][0]["inside"] = inside_of(d)["inside"].clone()),
        ("in another order", |d| d["parts"].as_array_mut().unwrap().reverse()),
        ("one twice", |d| {
            let again = last(d).clone();
            d["parts"].as_array_mut().unwrap().push(again);
        }),
        ("none", |d| d["parts"] = json!([])),
        ("one left out", |d| {
            let parts = d["parts"].as_array_mut().unwrap();
            let inside = parts.iter().position(|part| !part["inside"].is_null()).unwrap();
            parts[inside]["inside"]["at"] = (parts[inside]["inside"]["at"].as_u64().unwrap() + (1 << 20)).into();
        }),
        ("a block earlier in its file", |d| at(d, -(1 << 20))),
        ("a byte later in its file", |d| at(d, 1)),
        ("at the beginning of its file", |d| inside_of(d)["inside"]["at"] = 0.into()),
        ("at the end of its file", |d| inside_of(d)["inside"]["at"] = inside_of(d)["inside"]["size"].clone()),
        ("far behind its file", |d| inside_of(d)["inside"]["at"] = (1u64 << 50).into()),
        ("in a file of another size", |d| inside_of(d)["inside"]["size"] = (41 << 20).into()),
        ("in a file larger than the volume", |d| inside_of(d)["inside"]["size"] = (1u64 << 50).into()),
        ("in a file of another name", |d| inside_of(d)["inside"]["path"] = "file".into()),
        ("in a file of the other volume", |d| inside_of(d)["inside"]["volume"] = 1.into()),
        ("in a file without a name", |d| inside_of(d)["inside"]["path"] = "".into()),
        ("in a file of no volume", |d| inside_of(d)["inside"]["volume"] = 7.into()),
        ("with a key that nobody knows", |d| last(d)["evil"] = 1.into()),
        ("counted backwards", |d| last(d)["first_entry"] = 0.into()),
    ];
    for (name, lie) in rows {
        attacked.rewrite(&archive, lie);
        attacked.refuses_snapshot(name, DAMAGED, "");
    }
    let to_elsewhere: &[Lie] = &[
        ("in a file outside", |d| inside_of(d)["inside"]["path"] = "../../outside/precious".into()),
        ("in a file outside, encoded", |d| inside_of(d)["inside"]["path"] = "%2e%2e/outside/precious".into()),
        ("in an absolute file", |d| inside_of(d)["inside"]["path"] = "/etc/passwd".into()),
    ];
    for (name, lie) in to_elsewhere {
        attacked.rewrite(&archive, lie);
        attacked.refuses_snapshot(name, REFUSED, "a part begins inside of");
    }
    attacked.can_still_be_restored();
}

fn last(descriptor: &mut Value) -> &mut Value {
    descriptor["parts"].as_array_mut().unwrap().last_mut().unwrap()
}

fn inside_of(descriptor: &mut Value) -> &mut Value {
    descriptor["parts"].as_array_mut().unwrap().iter_mut().find(|part| !part["inside"].is_null()).unwrap()
}

fn shift(descriptor: &mut Value, by: i64) {
    let part = inside_of(descriptor);
    part["offset"] = (part["offset"].as_i64().unwrap() + by).into();
}

fn at(descriptor: &mut Value, by: i64) {
    let part = inside_of(descriptor);
    part["inside"]["at"] = (part["inside"]["at"].as_i64().unwrap() + by).into();
}

/// Two parts are wrong then, the one before it and the one that begins with a header that is none, and are read side by
/// side.
#[test]
fn a_part_that_begins_in_no_file_is_refused_by_whichever_part_is_read_first() {
    let attacked = in_parts();
    let archive = attacked.captured_archive().to_vec();
    attacked.rewrite(&archive, |d| drop(inside_of(d).as_object_mut().unwrap().remove("inside")));
    attacked.refuses_snapshot_as("in no file", &[DAMAGED, REFUSED], "");
    attacked.can_still_be_restored();
}

#[test]
fn a_descriptor_that_is_not_this_archives_is_damage() {
    let attacked =
        Attacked::with(false, |world| std::fs::write(world.volume("app", "more").join("of its own"), "").unwrap());
    let archive = attacked.captured_archive().to_vec();
    type Mismatch = (&'static str, fn(&mut Value), &'static str);
    let rows: &[Mismatch] = &[
        ("another size", |d| d["archive"]["bytes"] = 7.into(), "bytes instead of 7"),
        ("another digest of the archive", |d| d["archive"]["sha256"] = "0".repeat(64).into(), "digest"),
        ("no digest of the archive", |d| d["archive"]["sha256"] = "".into(), "no digest of the archive"),
        ("another tree digest", |d| d["volumes"][0]["tree_digest"] = "0".repeat(64).into(), "tree digests differ"),
        ("no tree digest", |d| d["volumes"][0]["tree_digest"] = Value::Null, "no digest of a volume"),
        (
            "another's tree digest",
            |d| d["volumes"][0]["tree_digest"] = d["volumes"][1]["tree_digest"].clone(),
            "tree digests differ",
        ),
        (
            "an entry more",
            |d| d["volumes"][0]["entries"] = 4.into(),
            "3 entries came out of the archive, 4 were captured",
        ),
        ("a byte more", |d| d["volumes"][0]["bytes"] = 4.into(), "3 bytes came out of the archive, 4 were captured"),
        ("a volume less", |d| drop(d["volumes"].as_array_mut().unwrap().pop()), "volumes"),
        ("totals of another volume", |d| d["volumes"][0]["index"] = 1.into(), "volumes"),
        ("another snapshot's id", |d| d["id"] = "20260101T000000Z-abcdef".into(), "of another snapshot"),
        ("another workload", |d| d["manifest"]["workload"] = "other".into(), "of another workload"),
        ("another format", |d| d["manifest"]["format"] = 2.into(), "its format is not one"),
        ("a key that nobody knows", |d| d["evil"] = 1.into(), "unknown field `evil`"),
        (
            "a tree digest in capitals",
            |d| d["volumes"][0]["tree_digest"] = "A".repeat(64).into(),
            "no digest of a volume",
        ),
        ("a count below zero", |d| d["volumes"][0]["entries"] = (-1).into(), "cannot be read"),
        ("a count that is none", |d| d["volumes"][0]["entries"] = 1e300.into(), "cannot be read"),
    ];
    for (name, lie, says) in rows {
        attacked.rewrite(&archive, lie);
        attacked.refuses_snapshot(name, DAMAGED, says);
    }
    for (name, key) in [("an entry less", "entries"), ("a byte less", "bytes")] {
        attacked.rewrite(&archive, |descriptor| descriptor["volumes"][0][key] = 2.into());
        attacked.refuses_snapshot(name, "too-large", "");
    }
    attacked.can_still_be_restored();
}

#[test]
fn an_imported_snapshot_cannot_be_passed_off_as_our_own() {
    let attacked = Attacked::new(false);
    let archive = attacked.captured_archive().to_vec();
    attacked.rewrite(&archive, |descriptor| descriptor["imported"] = true.into());
    attacked.refuses_snapshot("our own as imported, with parts", DAMAGED, "only imported archives have no parts");
    attacked.rewrite(&archive, |descriptor| descriptor["parts"] = json!([]));
    attacked.refuses_snapshot("imported as our own", DAMAGED, "parts do not fit");
    attacked.can_still_be_restored();
}
