//! Plans: everything that stands in the way at once, and what would change.

use super::fake_host::FakeHost;
use super::tarball::{Head, Tarball};
use crate::diff::Changes;
use crate::host::{Job, LiveEntry, LiveKind, Timestamp};
use crate::plan::{Plan, plan};

const TIME: i64 = 0o14_000_000_000;

fn job(thorough: bool) -> Job {
    Job { workload: "notes".into(), thorough, ..Job::default() }
}

fn live(entries: &[(&str, LiveKind, u64, i64)]) -> Vec<LiveEntry> {
    let entry = |(path, kind, size, seconds): &(&str, LiveKind, u64, i64)| LiveEntry {
        path: path.as_bytes().to_vec(),
        kind: *kind,
        size: *size,
        mtime: Timestamp { seconds: *seconds, nanoseconds: 0 },
    };
    entries.iter().map(entry).collect()
}

fn codes(failures: &[crate::Failure]) -> Vec<&str> {
    failures.iter().map(|failure| &*failure.code).collect()
}

#[test]
fn everything_that_stands_in_the_way_is_named_at_once() {
    let mut archive = Tarball::new(3).end().own();
    archive.descriptor["volumes"][0]["symlinks"] = 2.into();
    archive.descriptor["volumes"][2]["hard_links"] = 1.into();
    let host = FakeHost { fail: Some("resolve v1"), ..FakeHost::default() };
    let Plan { volumes, refusals, .. } = plan(&host, &archive, &job(false)).unwrap();
    assert_eq!(codes(&refusals), ["policy-refused", "io"]);
    assert!(refusals[0].message.contains("`v0` holds 2 links") && refusals[0].message.contains("`v2` holds 1 link"));
    assert!(refusals[0].hint.contains("links = \"contained\""));
    assert_eq!(volumes.iter().map(|volume| &*volume.name).collect::<Vec<_>>(), ["v0", "v2"]);
    let allowed = Job { policy: vec!["links".into()], ..job(false) };
    assert_eq!(codes(&plan(&host, &archive, &allowed).unwrap().refusals), ["io"]);
    let left = Job { leave: vec!["v0".into(), "v1".into(), "v2".into()], ..job(false) };
    assert_eq!(codes(&plan(&host, &archive, &left).unwrap().refusals), ["usage"]);
}

#[test]
fn a_plan_warns_in_plain_words() {
    let mut archive = Tarball::new(2).end().imported();
    archive.descriptor["manifest"]["skipped"] = serde_json::json!([{"name": "tmp", "scope": "ephemeral"}]);
    archive.descriptor["manifest"]["workload"] = "other".into();
    archive.descriptor["volumes"][1]["special"] = 3.into();
    let host = FakeHost::default();
    let job = Job { leave: vec!["v0".into()], ..job(false) };
    let plan = plan(&host, &archive, &job).unwrap();
    let expected = ["imported", "other-workload", "left", "not-captured", "special", "new-volume"];
    assert_eq!(codes(&plan.warnings), expected);
    assert!(plan.refusals.is_empty());
    assert!(plan.volumes[0].diff.changes.is_none());
}

#[test]
fn a_thorough_plan_counts_what_would_change() {
    use LiveKind::{Directory, File, Other, Symlink};
    let size = 3u64 << 20;
    let big = vec![1; size as usize];
    let archive = Tarball::new(1)
        .directory("volumes/0/")
        .directory("volumes/0/d")
        .file("volumes/0/d/changed-size", b"12")
        .file("volumes/0/d/same", b"1")
        .file("volumes/0/d-added", b"")
        .raw(&Head::new("volumes/0/e-big", b'0', big.len()).bytes())
        .raw(&big[..1 << 20])
        .part(Some(("e-big", size, 1 << 20)))
        .raw(&big[..1 << 20])
        .part(Some(("e-big", size, 2 << 20)))
        .padded(&big[..1 << 20])
        .link("volumes/0/f-link", b'2', "target")
        .file("volumes/0/g-kind", b"")
        .file("volumes/0/h-time", b"")
        .end()
        .own();
    let entries = live(&[
        ("", Directory, 0, TIME),
        ("a-removed", File, 1, TIME + 9),
        ("d", Directory, 0, TIME),
        ("d/changed-size", File, 3, TIME),
        ("d/same", File, 1, TIME),
        ("e-big", File, size, TIME),
        ("f-link", Symlink, 6, TIME),
        ("g-kind", Directory, 0, TIME),
        ("h-time", File, 0, TIME + 1),
        ("z-removed", Other, 0, TIME),
    ]);
    let host = FakeHost { live: [("v0".to_owned(), entries)].into(), ..FakeHost::default() };
    let job = Job { policy: vec!["links".into()], ..job(true) };
    let plan = plan(&host, &archive, &job).unwrap();
    assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    let diff = plan.volumes[0].diff;
    assert_eq!(diff.changes, Some(Changes { added: 1, removed: 2, changed: 3, same: 5 }));
    assert_eq!(diff.newest_live, Some(Timestamp { seconds: TIME + 9, nanoseconds: 0 }));
}

#[test]
fn an_archive_in_another_order_gets_no_counts() {
    let archive =
        Tarball::new(1).directory("volumes/0/").file("volumes/0/b", b"").file("volumes/0/a", b"").end().imported();
    let host =
        FakeHost { live: [("v0".to_owned(), live(&[("", LiveKind::Directory, 0, 7)]))].into(), ..FakeHost::default() };
    let diff = plan(&host, &archive, &job(true)).unwrap().volumes[0].diff;
    assert_eq!(diff.changes, None);
    assert_eq!(diff.newest_live.map(|time| time.seconds), Some(7));
}

#[test]
fn a_volume_that_does_not_exist_yet_gets_everything_added() {
    let archive = Tarball::new(1).directory("volumes/0/").file("volumes/0/a", b"").end().own();
    let diff = plan(&FakeHost::default(), &archive, &job(true)).unwrap().volumes[0].diff;
    assert_eq!(diff.changes, Some(Changes { added: 2, ..Changes::default() }));
    assert_eq!(diff.newest_live, None);
}

#[test]
fn a_thorough_plan_names_every_refused_entry() {
    let mut tarball = Tarball::new(2).directory("volumes/0/").directory("volumes/1/").link("volumes/1/left", b'2', "x");
    for number in 0..30 {
        tarball = tarball.link(&format!("volumes/0/link{number}"), b'2', "x");
    }
    let job = Job { leave: vec!["v1".into()], ..job(true) };
    let plan = plan(&FakeHost::default(), &tarball.end().own(), &job).unwrap();
    assert_eq!(codes(&plan.refusals), ["policy-refused"]);
    let message = &plan.refusals[0].message;
    assert!(message.contains("link0") && message.contains("link19") && message.ends_with("and 10 more"), "{message}");
}

#[test]
fn links_are_refused_once_and_those_that_are_equal_on_both_sides_are_no_change() {
    use LiveKind::{Directory, File, Symlink};
    let mut archive = Tarball::new(1)
        .directory("volumes/0/")
        .file("volumes/0/a", b"1")
        .link("volumes/0/hard", b'1', "volumes/0/a")
        .link("volumes/0/soft", b'2', "a")
        .link("volumes/0/turned", b'2', "other")
        .end()
        .own();
    archive.descriptor["volumes"][0]["symlinks"] = 2.into();
    archive.descriptor["volumes"][0]["hard_links"] = 1.into();
    // What an older host says of a link's length, and what is true.
    for length in [0, 1] {
        let entries = live(&[
            ("", Directory, 0, TIME),
            ("a", File, 1, TIME),
            ("hard", File, 1, TIME),
            ("soft", Symlink, length, TIME),
            ("turned", Symlink, 9, TIME),
        ]);
        let host = FakeHost { live: [("v0".to_owned(), entries)].into(), ..FakeHost::default() };
        let Plan { volumes, refusals, .. } = plan(&host, &archive, &job(true)).unwrap();
        assert_eq!(codes(&refusals), ["policy-refused"], "{refusals:?}");
        assert_eq!(volumes[0].diff.changes, Some(Changes { same: 4, changed: 1, ..Changes::default() }));
    }
}

#[test]
fn a_cancelled_plan_ends() {
    let archive = Tarball::new(1).directory("volumes/0/").end().own();
    let host = FakeHost { cancelled: true, ..FakeHost::default() };
    assert_eq!(plan(&host, &archive, &job(true)).unwrap_err().code, "cancelled");
}

#[test]
fn a_descriptor_that_does_not_add_up_is_refused() {
    let archive = Tarball::new(2).directory("volumes/0/").part(None).directory("volumes/1/").end().own();
    let rows: &[(&str, serde_json::Value, &str)] = &[
        ("/manifest/format", 2.into(), "format 2"),
        ("/manifest/volumes/1/index", 0.into(), "index 0 at 1"),
        ("/manifest/volumes/1/name", "v0".into(), "twice"),
        ("/manifest/volumes/1/name", "".into(), "no name"),
        ("/manifest/volumes", serde_json::json!([]), "other volumes"),
        ("/volumes/1/index", 0.into(), "make no sense"),
        ("/volumes/1/entries", 0.into(), "make no sense"),
        ("/volumes/1/entries", (-1).into(), "malformed"),
        ("/volumes/1/tree_digest", serde_json::Value::Null, "no tree digest"),
        ("/archive/bytes", 7.into(), "7 were written"),
        ("/parts/0/offset", 1.into(), "part 0"),
        ("/parts/1/offset", 0.into(), "part 1"),
        ("/parts/1/offset", (1u64 << 40).into(), "part 1"),
        ("/parts", serde_json::json!([]), "no parts"),
        ("/imported", true.into(), "no parts"),
        ("/id", 1.into(), "malformed"),
        ("/parts/1/inside", serde_json::json!({"volume": 0, "path": "a", "size": 9, "at": 1}), "part 1"),
        ("/parts/1/inside", serde_json::json!({"volume": 0, "path": "a", "size": 1 << 20, "at": 1 << 20}), "part 1"),
        ("/parts/1/inside", serde_json::json!({"volume": 2, "path": "a", "size": 9, "at": 0}), "part 1"),
        ("/parts/1/inside", serde_json::json!({"volume": 0, "path": "", "size": 9, "at": 0}), "part 1"),
    ];
    plan(&FakeHost::default(), &archive, &job(false)).unwrap();
    for (pointer, value, words) in rows {
        let mut archive = archive.clone();
        match archive.descriptor.pointer_mut(pointer) {
            Some(locate) => *locate = value.clone(),
            None => archive.descriptor["parts"][1]["inside"] = value.clone(),
        }
        let failure = plan(&FakeHost::default(), &archive, &job(false)).expect_err(pointer);
        assert!(failure.message.contains(words), "{pointer}: {}", failure.message);
    }
    let mut archive = archive;
    archive.descriptor["manifest"]["root"] = "/".into();
    assert_eq!(plan(&FakeHost::default(), &archive, &job(false)).unwrap_err().code, "snapshot-damaged");
}
