//! A store with good, damaged, dying and dead snapshots.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::names::entries_name;
use super::*;
use crate::Unwatched;
use crate::bundle::Form;
use crate::capture::{CaptureRequest, CaptureVolume, SAFETY, Storage, Terms, capture};
use crate::format::Image;
use reforge_base::consistency::{Consistency, Taken};

struct World {
    dir: tempfile::TempDir,
    store: Store,
}

impl World {
    fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("live")).unwrap();
        std::fs::write(dir.path().join("live/f"), "some content").unwrap();
        let store = Store::new(dir.path().join("snapshots"));
        World { dir, store }
    }

    fn take(&self, reason: &str) -> String {
        let root = ambient::follow(&self.dir.path().join("live")).unwrap();
        take_in(&self.store, &root, reason).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("snapshots/notes").join(name)
    }

    fn files(&self) -> BTreeSet<String> {
        let entries = std::fs::read_dir(self.path("")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn ids(&self) -> Vec<String> {
        self.store.list("notes").unwrap().into_iter().map(|snapshot| snapshot.id).collect()
    }
}

fn take_in(store: &Store, live: &cap_std::fs::Dir, reason: &str) -> Result<String> {
    let request = CaptureRequest {
        workload: "notes".into(),
        reason: reason.into(),
        image: Image { reference: String::new(), digest: String::new() },
        skipped: Vec::new(),
        not_captured: Vec::new(),
        taken_in: None,
        environment: BTreeMap::new(),
        project: None,
        volumes: vec![CaptureVolume {
            name: "data".into(),
            scope: "project".into(),
            source: String::new(),
            target: String::new(),
            seen_at: Vec::new(),
            live,
        }],
        storage: Storage::Compressed,
        app_is_down: true,
        terms: Terms::default(),
        conclude: &|| Ok(Taken::new(Consistency::Stop, false)),
    };
    Ok(capture(store, &request, &Unwatched)?.id)
}

fn none() -> BTreeSet<String> {
    BTreeSet::new()
}

#[test]
fn a_workload_without_snapshots_has_an_empty_list() {
    let world = World::new();
    assert!(world.store.list("notes").unwrap().is_empty());
    let failure = world.store.get("notes", "x").unwrap_err();
    assert_eq!(
        (failure.code, &*failure.hint),
        (Code::NotFound, "there are none yet; take one with `reforge snapshot create`")
    );
}

#[test]
fn the_newest_is_listed_first() {
    let world = World::new();
    let mut taken: Vec<String> = (0..3).map(|_| world.take("manual")).collect();
    taken.reverse();
    assert_eq!(world.ids(), taken);
}

#[test]
fn only_the_user_of_the_host_can_read_snapshots() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let id = world.take("manual");
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(world.path("")), 0o700);
    assert_eq!(mode(world.path(&archive_name(&id))), 0o600);
    assert_eq!(mode(world.path(&descriptor_name(&id))), 0o600);
}

#[test]
fn a_unique_beginning_names_a_snapshot() {
    let world = World::new();
    let (first, second) = (world.take("manual"), world.take("manual"));
    assert_eq!(world.store.get("notes", &first[..22]).unwrap().id, first);
    let failure = world.store.get("notes", &second[..9]).unwrap_err();
    assert_eq!(failure.code, Code::NotFound);
    assert!(failure.message.contains("more than one snapshot"), "{failure}");
    let failure = world.store.get("notes", "20991231T000000Z-aaaaaa").unwrap_err();
    assert!(failure.message.contains("there is no snapshot `20991231T000000Z-aaaaaa`"), "{failure}");
    assert!(failure.hint.contains(&first) && failure.hint.contains(&second), "{}", failure.hint);
    assert_eq!(world.store.get("notes", "").unwrap_err().code, Code::NotFound);
}

#[test]
fn a_damaged_snapshot_is_said_in_one_sentence_and_hides_no_other() {
    type Damage = fn(&World, &str);
    let rows: &[(&str, Damage)] = &[
        ("its descriptor is missing", |world, id| std::fs::remove_file(world.path(&descriptor_name(id))).unwrap()),
        ("its archive is missing", |world, id| std::fs::remove_file(world.path(&archive_name(id))).unwrap()),
        ("its archive has 0 bytes instead of", |world, id| std::fs::write(world.path(&archive_name(id)), "").unwrap()),
        ("its descriptor cannot be read", |world, id| std::fs::write(world.path(&descriptor_name(id)), "").unwrap()),
        ("its descriptor cannot be read", |world, id| {
            let text = std::fs::read(world.path(&descriptor_name(id))).unwrap();
            std::fs::write(world.path(&descriptor_name(id)), &text[..text.len() / 2]).unwrap();
        }),
        ("its descriptor cannot be read", |world, id| {
            std::fs::write(world.path(&descriptor_name(id)), [0xff; 99]).unwrap()
        }),
        ("its descriptor is of another workload", |world, id| {
            edit(world, id, "\"workload\": \"notes\"", "\"workload\": \"other\"")
        }),
        ("its descriptor is of another snapshot", |world, id| {
            edit(world, id, &format!("\"id\": \"{id}\""), "\"id\": \"x\"")
        }),
        ("its format is not one that this version reads", |world, id| {
            edit(world, id, "\"format\": 1", "\"format\": 2")
        }),
        ("its descriptor's parts do not fit", |world, id| edit(world, id, "\"offset\": 0", "\"offset\": 1")),
        ("its descriptor does not say the same volumes twice", |world, id| {
            edit(world, id, "\"index\": 0,\n      \"entries\"", "\"index\": 1,\n      \"entries\"")
        }),
    ];
    let world = World::new();
    let good = world.take("manual");
    for (sentence, damage) in rows {
        let id = world.take("manual");
        damage(&world, &id);
        let failure = world.store.open("notes", &id).unwrap_err();
        assert_eq!(failure.code, Code::SnapshotDamaged, "{failure}");
        assert!(failure.message.contains(sentence), "{failure}");
        let listed = world.store.list("notes").unwrap();
        assert_eq!(listed.len(), 2, "{sentence}");
        assert!(listed.iter().any(|snapshot| snapshot.id == id && snapshot.descriptor.is_err()));
        assert!(listed.iter().any(|snapshot| snapshot.id == good && snapshot.descriptor.is_ok()));
        world.store.delete("notes", &id, &none()).unwrap();
        assert_eq!(world.ids(), std::slice::from_ref(&good));
    }
}

fn edit(world: &World, id: &str, from: &str, to: &str) {
    let path = world.path(&descriptor_name(id));
    let text = std::fs::read_to_string(&path).unwrap();
    let edited = text.replacen(from, to, 1);
    assert_ne!(text, edited);
    std::fs::write(path, edited).unwrap();
}

#[test]
fn verify_and_export_find_a_changed_byte() {
    let world = World::new();
    let id = world.take("manual");
    let mut out = Vec::new();
    world.store.verify("notes", &id, &Unwatched).unwrap();
    let export = |out: &mut Vec<u8>| {
        world.store.open("notes", &id).unwrap().export(Form::Archive, out, &"file".into(), &Unwatched)
    };
    export(&mut out).unwrap();
    let path = world.path(&archive_name(&id));
    let mut bytes = std::fs::read(&path).unwrap();
    assert_eq!(bytes, out);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    for failure in [world.store.verify("notes", &id, &Unwatched).unwrap_err(), export(&mut Vec::new()).unwrap_err()] {
        assert_eq!(failure.code, Code::SnapshotDamaged);
        assert!(failure.message.contains("does not match its digest"), "{failure}");
    }
}

#[test]
fn an_open_snapshot_stays_the_same_file() {
    let world = World::new();
    let id = world.take("manual");
    let snapshot = world.store.open("notes", &id).unwrap();
    world.store.delete("notes", &id, &none()).unwrap();
    assert_eq!(snapshot.file.metadata().unwrap().len(), snapshot.descriptor.archive.bytes);
    assert_eq!(snapshot.descriptor_sha256, hex::encode(Sha256::digest(&snapshot.descriptor_text)));
}

#[test]
fn plugins_are_not_told_what_those_of_versions_before_do_not_know() {
    let world = World::new();
    let id = world.take("manual");
    let path = world.path(&format!("{id}.json"));
    let mut descriptor: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    for told_now in ["flags", "demands", "consistency"] {
        descriptor.as_object_mut().unwrap().remove(told_now).unwrap();
    }
    std::fs::write(&path, descriptor.to_string()).unwrap();
    let plain = world.store.open("notes", &id).unwrap();
    assert_eq!(plain.plugins_text(), plain.descriptor_text);
    assert!(!plain.descriptor_text.contains("not_captured"), "{}", plain.descriptor_text);
    descriptor["not_captured"] = serde_json::json!([{ "target": "/x", "what": "/y", "why": "single-file" }]);
    descriptor["remarks"] = serde_json::json!([{ "volume": "data", "what": "changed", "count": 1, "names": ["f"] }]);
    descriptor["flags"] = serde_json::json!([{ "volume": 0, "path": "a%20b", "set": "C" }]);
    descriptor["demands"] = serde_json::json!([]);
    std::fs::write(&path, descriptor.to_string()).unwrap();
    let told = world.store.open("notes", &id).unwrap();
    assert_eq!((told.descriptor.not_captured.len(), told.descriptor.remarks.len()), (1, 1));
    assert_eq!(told.descriptor.flags.as_ref().unwrap()[0].decoded_path(), b"a b");
    let plugins_text = told.plugins_text();
    assert!(
        ["not_captured", "remarks", "flags", "demands"].iter().all(|new| !plugins_text.contains(new)),
        "{plugins_text}"
    );
    let read: Descriptor = serde_json::from_str(told.plugins_text()).unwrap();
    assert_eq!(read, plain.descriptor);
}

#[test]
fn what_a_journal_names_is_not_deleted() {
    let world = World::new();
    let id = world.take("manual");
    let failure = world.store.delete("notes", &id, &BTreeSet::from([id.clone()])).unwrap_err();
    assert_eq!(failure.code, Code::Busy);
    assert_eq!(world.ids(), std::slice::from_ref(&id));
    world.store.delete("notes", &id, &none()).unwrap();
    assert!(world.files().is_empty());
    assert_eq!(world.store.delete("notes", &id, &none()).unwrap_err().code, Code::NotFound);
}

#[test]
fn retention_keeps_the_newest_safety_snapshots_and_all_that_are_named() {
    let world = World::new();
    let manual = world.take("manual");
    let safety: Vec<String> = (0..5).map(|_| world.take(SAFETY)).collect();
    let deleted = world.store.prune_safety("notes", 3, &BTreeSet::from([safety[0].clone()])).unwrap();
    assert_eq!(deleted, [safety[1].clone()]);
    let left: BTreeSet<String> = world.ids().into_iter().collect();
    let expected = [&manual, &safety[0], &safety[2], &safety[3], &safety[4]];
    assert_eq!(left, expected.into_iter().cloned().collect());
    assert!(world.store.prune_safety("notes", 3, &BTreeSet::from([safety[0].clone()])).unwrap().is_empty());
}

#[test]
fn retention_never_takes_what_was_imported_whatever_reason_it_has() {
    let world = World::new();
    let imported: Vec<String> = (0..3).map(|_| world.take(SAFETY)).collect();
    imported.iter().for_each(|id| edit(&world, id, "\"imported\": false", "\"imported\": true"));
    let safety: Vec<String> = (0..2).map(|_| world.take(SAFETY)).collect();
    assert_eq!(world.store.prune_safety("notes", 1, &none()).unwrap(), [safety[0].clone()]);
    assert!(imported.iter().all(|id| world.ids().contains(id)));
}

#[test]
fn the_next_capture_sweeps_what_a_dead_one_or_a_dead_removal_left() {
    let world = World::new();
    let good = world.take("manual");
    let touch = |name: &str| std::fs::write(world.path(name), "x").unwrap();
    touch(".new-20260101T000000Z-000001.tar.gz");
    // Died between the renames.
    touch(".new-20260101T000000Z-000002.json");
    touch("20260101T000000Z-000002.tar.gz");
    touch("20260101T000000Z-000002.entries");
    touch(".new-20260101T000000Z-000001.entries");
    // Died while it was removed.
    touch(".gone-20260101T000000Z-000003.json");
    touch("20260101T000000Z-000003.tar.gz");
    touch("20260101T000000Z-000003.entries");
    // A host of a version before has removed its snapshot.
    touch("20260101T000000Z-000005.entries");
    // Nobody knows: an archive whose descriptor is lost, and somebody's notes.
    touch("20260101T000000Z-000004.tar.gz");
    touch("README");
    let new = world.take("manual");
    let expected = [
        archive_name(&good),
        descriptor_name(&good),
        entries_name(&good),
        archive_name(&new),
        entries_name(&new),
        descriptor_name(&new),
        "20260101T000000Z-000004.tar.gz".to_owned(),
        "README".to_owned(),
    ];
    assert_eq!(world.files(), BTreeSet::from(expected));
}

#[test]
fn names_cannot_lead_out_of_the_store() {
    let world = World::new();
    let id = world.take("manual");
    for name in ["", ".", "..", "../notes", "a/b", ".hidden", "a..b", "a\0b", "a\nb"] {
        assert_eq!(world.store.list(name).unwrap_err().code, Code::Usage, "{name:?}");
        assert_eq!(world.store.delete("notes", name, &none()).unwrap_err().code, Code::Usage, "{name:?}");
        let created = jiff::Timestamp::now();
        assert_eq!(world.store.begin(name, created).err().unwrap().code, Code::Usage, "{name:?}");
        assert_eq!(world.store.open("notes", name).unwrap_err().code, Code::NotFound, "{name:?}");
    }
    assert_eq!(world.ids(), [id]);
}

#[test]
fn an_archive_that_is_a_link_is_not_opened() {
    let world = World::new();
    let id = world.take("manual");
    let path = world.path(&archive_name(&id));
    std::fs::rename(&path, world.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere", &path).unwrap();
    assert_eq!(world.store.open("notes", &id).unwrap_err().code, Code::Io);
}

#[test]
fn a_snapshot_that_is_not_published_leaves_nothing() {
    let world = World::new();
    let pending = world.store.begin("notes", jiff::Timestamp::now()).unwrap();
    assert_eq!(world.files().len(), 1);
    assert!(world.ids().is_empty());
    drop(pending);
    assert!(world.files().is_empty());
}

/// The directory of the world in which a child process takes a snapshot.
const CHILD_WORLD: &str = "REFORGE_TEST_SNAPSHOT_WORLD";

/// Not a test of its own: what the next one runs, with a fault, in a process that may be killed.
#[test]
fn child_takes_one_snapshot() {
    let Some(dir) = std::env::var_os(CHILD_WORLD).map(PathBuf::from) else { return };
    let root = ambient::follow(&dir.join("live")).unwrap();
    take_in(&Store::new(dir.join("snapshots")), &root, "manual").unwrap();
}

#[test]
fn a_capture_that_fails_or_is_killed_at_any_effect_leaves_a_whole_snapshot_or_none() {
    for fault in ["before", "after", "ENOSPC", "EIO"] {
        for number in 1.. {
            let world = World::new();
            let child = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "store::tests::child_takes_one_snapshot"])
                .env(CHILD_WORLD, world.dir.path())
                .env("REFORGE_FAULT", format!("{number}:{fault}"))
                .output()
                .unwrap();
            let files = if world.path("").exists() { world.files() } else { BTreeSet::new() };
            let listed = world.store.list("notes").unwrap();
            let whole = listed.iter().filter(|snapshot| snapshot.descriptor.is_ok()).count();
            let at = format!("{number}:{fault}: {files:?}");
            if fault.starts_with('E') && !child.status.success() {
                assert!(files.is_empty(), "{at}");
            }
            for snapshot in listed.iter().filter(|snapshot| snapshot.descriptor.is_ok()) {
                world.store.verify("notes", &snapshot.id, &Unwatched).unwrap();
            }
            let new = world.take("manual");
            assert_eq!(world.files().len(), 3 * (whole + 1), "{at}");
            assert!(world.store.get("notes", &new).is_ok(), "{at}");
            if child.status.success() {
                assert!(number > 10, "only {number} effects");
                assert_eq!(whole, 1, "{at}");
                break;
            }
        }
    }
}
