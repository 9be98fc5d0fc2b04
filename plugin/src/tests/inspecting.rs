//! Foreign archives, read whole.

use super::fake_host::FakeHost;
use super::tarball::{Archive, Head, Tarball};
use crate::host::Job;
use crate::inspect::{InspectedVolume, Inspection, inspect};
use crate::{Failure, Result};

fn inspected(archive: &Archive) -> Result<Inspection> {
    let mut archive = archive.clone();
    archive.descriptor = serde_json::Value::Null;
    inspect(&FakeHost::default(), &archive, &Job::default())
}

fn refusal(tarball: Tarball) -> Failure {
    inspected(&tarball.end().imported()).map(|_| ()).unwrap_err()
}

fn volume() -> Tarball {
    Tarball::new(1).directory("volumes/0/")
}

#[test]
fn a_file_that_is_no_archive_is_told_what_it_is() {
    let tar = Head::new("volumes/0/", b'5', 0).bytes();
    for (bytes, message) in [
        (&b"PK\x03\x04zip"[..], "this is no gzip archive, but a zip archive"),
        (&tar[..], "this is no gzip archive, but a tar that is not compressed"),
        (&[7; 600], "this is no gzip archive"),
        (b"", "this is no gzip archive, but an empty file"),
    ] {
        let archive = Archive { bytes: bytes.to_vec(), ..Tarball::new(1).end().imported() };
        let failure = inspected(&archive).unwrap_err();
        assert_eq!((&*failure.code, &*failure.message), ("snapshot-damaged", message));
        assert!(!failure.hint.contains("snapshot"), "{}", failure.hint);
    }
    let mut dump = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut dump, b"CREATE TABLE x();\n").unwrap();
    let archive = Archive { bytes: dump.finish().unwrap(), ..Tarball::new(1).end().imported() };
    assert_eq!(
        inspected(&archive).unwrap_err().message,
        "what gzip compressed is no tar, but a dump of a database (SQL)"
    );
}

#[test]
fn a_foreign_archive_is_counted_per_volume() {
    let pairs: &[(&str, &[u8])] =
        &[("GNU.sparse.size", b"1000000"), ("GNU.sparse.map", b"0,4"), ("GNU.sparse.name", b"volumes/1/s")];
    let archive = Tarball::new(2)
        .directory("volumes/")
        .file("volumes/0/d/a", &[1; 5000])
        .directory("volumes/0/d")
        .directory("volumes/0/")
        .link("volumes/0/h", b'1', "volumes/0/d/a")
        .link("volumes/0/s", b'2', "/anywhere")
        .directory("volumes/1/")
        .pax(pairs)
        .file("x", b"data")
        .end()
        .imported();
    let inspection = inspected(&archive).unwrap();
    let volume = |index: u32| InspectedVolume {
        index,
        name: format!("v{index}"),
        scope: "project".into(),
        ..InspectedVolume::default()
    };
    let expected = vec![
        InspectedVolume {
            entries: 5,
            bytes: 5000,
            disk_bytes: 8192 + 3 * 4096,
            symlinks: 1,
            hard_links: 1,
            ..volume(0)
        },
        InspectedVolume { entries: 2, bytes: 1_000_000, disk_bytes: 2 * 4096, ..volume(1) },
    ];
    assert_eq!(inspection.volumes, expected);
    assert_eq!(inspection.manifest, super::tarball::manifest(2).to_string());
}

#[test]
fn what_staging_would_refuse_is_found_before_it() {
    for (tarball, words) in [
        (volume().file("volumes/0/a", b"").file("volumes/0/a", b""), "entry `volumes/0/a` comes twice"),
        (volume().directory("volumes/0/a").directory("volumes/0/a/"), "comes twice"),
        (volume().directory("volumes/0"), "comes twice"),
        (volume().file("volumes/0/a", b"").directory("volumes/0/a"), "comes twice"),
        (volume().file("volumes/0/a", b"").file("volumes/0/a/b", b""), "below something that is no directory"),
        (volume().link("volumes/0/a", b'2', "/").file("volumes/0/a/b/c", b""), "below something that is no directory"),
        (volume().file("volumes/0/a/b", b"").file("volumes/0/a", b""), "other entries lie below it"),
        (volume().file("volumes/0/a/b/c", b""), "2 directories have entries below them and none of their own"),
        (volume().link("volumes/0/h", b'1', "volumes/0/none"), "no file before it"),
        (volume().directory("volumes/0/d").link("volumes/0/h", b'1', "volumes/0/d"), "no file before it"),
        (Tarball::new(1), "volume `v0` has no root"),
        (Tarball::new(1).file("volumes/0/a", b""), "volume `v0` has no root"),
        (volume().entry(&Head { mode: b"0004755\0".into(), ..Head::new("volumes/0/a", b'0', 0) }, b""), "set-id"),
        (volume().entry(&Head::new("volumes/0/a", b'6', 0), b""), "a fifo"),
    ] {
        let failure = refusal(tarball);
        assert!(failure.message.contains(words), "{}", failure.message);
        assert!(!failure.message.contains(';'), "one reason only: {}", failure.message);
    }
}

#[test]
fn every_refused_entry_is_told_at_once() {
    let tarball = volume()
        .file("/etc/passwd", b"content is passed over")
        .entry(&Head::new("volumes/0/f", b'6', 0), b"")
        .entry(&Head::new("volumes/0/unknown", b'V', 600), &[1; 600])
        .file("volumes/0/fine", b"");
    let failure = refusal(tarball);
    assert_eq!(failure.code, "archive-refused");
    assert_eq!(failure.message.matches("entry `").count(), 3, "{}", failure.message);
}

#[test]
fn sizes_that_nothing_can_hold_are_refused_before_they_are_read() {
    let size: &[u8] = b"10000000000000";
    let pairs: &[(&str, &[u8])] = &[("GNU.sparse.size", size), ("GNU.sparse.map", b"0,0")];
    let file = |tarball: Tarball, name: &str| tarball.pax(pairs).file(name, b"");
    let tarball = file(file(volume(), "volumes/0/a"), "volumes/0/b");
    assert_eq!(refusal(tarball).code, "too-large");
}

#[test]
fn an_archive_that_is_cut_off_or_followed_by_something_is_refused() {
    assert!(inspected(&volume().imported()).is_err());
    let mut archive = volume().end().imported();
    archive.bytes.push(b'x');
    assert_eq!(inspected(&archive).map(|_| ()).unwrap_err().code, "snapshot-damaged");
}
