//! What stands around the entries: gzip members, checksums, the end and what comes behind it.

use std::io::Write as _;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::support::hostile::Attacked;
use crate::support::tarball::{Head, Tarball};

const DAMAGED: &str = "snapshot-damaged";
const REFUSED: &str = "archive-refused";

/// The whole archive as it should be, and where it is changed.
fn good(attacked: &Attacked) -> Vec<u8> {
    attacked.tarball().file("volumes/0/file", &[7; 5000]).end().finish().0
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(content).unwrap();
    gzip.finish().unwrap()
}

/// The same archive, but its content can be seen in it.
fn stored(archive: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::none());
    std::io::copy(&mut MultiGzDecoder::new(archive), &mut gzip).unwrap();
    gzip.finish().unwrap()
}

type Spoil = (&'static str, fn(&mut Vec<u8>), &'static str, &'static str);

#[test]
fn damage_to_the_compressed_bytes_is_damage() {
    let attacked = Attacked::new(false);
    let rows: &[Spoil] = &[
        ("a wrong checksum", |bytes| flip(bytes, 8), DAMAGED, "gzip stream is damaged"),
        ("a wrong length", |bytes| flip(bytes, 4), DAMAGED, "gzip stream is damaged"),
        (
            "a wrong byte of content",
            |bytes| {
                *bytes = stored(bytes);
                let content = bytes.windows(100).position(|bytes| bytes == [7; 100]).unwrap();
                bytes[content] ^= 0xff;
            },
            DAMAGED,
            "gzip stream is damaged",
        ),
        (
            "cut in the trailer",
            |bytes| bytes.truncate(bytes.len() - 3),
            DAMAGED,
            "ends in the middle of its gzip stream",
        ),
        ("cut in half", |bytes| bytes.truncate(bytes.len() / 2), DAMAGED, "ends in the middle of its gzip stream"),
        ("cut in the header", |bytes| bytes.truncate(7), DAMAGED, "ends in the middle of its gzip stream"),
        (
            "garbage behind (gzip warns and goes on)",
            |bytes| bytes.extend(b"garbage behind it"),
            DAMAGED,
            "gzip stream is damaged",
        ),
        ("zeros behind, as tapes have them", |bytes| bytes.extend([0; 512]), DAMAGED, "gzip stream is damaged"),
        (
            "half a member behind",
            |bytes| {
                let half = bytes[..9].to_vec();
                bytes.extend(half)
            },
            DAMAGED,
            "in the middle of its gzip stream",
        ),
        ("another method", |bytes| bytes[2] = 9, DAMAGED, "gzip stream is damaged"),
        (
            "a name in the header without end",
            |bytes| {
                bytes[3] |= 8;
                bytes.splice(10..10, vec![b'n'; 1 << 20]);
            },
            DAMAGED,
            "gzip stream is damaged",
        ),
        ("a deflate block of no type", |bytes| bytes[10] = 0x07, DAMAGED, "gzip stream is damaged"),
        (
            "a wrong checksum of zeros behind the end, which tools that stop at the end never see",
            |bytes| {
                let mut zeros = gzip(&[0; 10240]);
                flip(&mut zeros, 8);
                bytes.extend(zeros);
            },
            DAMAGED,
            "gzip stream is damaged",
        ),
        (
            "a member behind the end with an archive in it",
            |bytes| bytes.extend(gzip(&Head::new("volumes/0/evil", b'0', 0).bytes())),
            REFUSED,
            "behind the end of the archive",
        ),
        (
            "a member behind the end with text in it",
            |bytes| bytes.extend(gzip(b"text")),
            REFUSED,
            "behind the end of the archive",
        ),
        ("twice the same archive", |bytes| bytes.extend_from_within(..), REFUSED, "behind the end of the archive"),
        ("a member of nothing", |bytes| *bytes = gzip(b""), DAMAGED, "the archive has no end"),
    ];
    for (name, spoil, code, says) in rows {
        let mut bytes = good(&attacked);
        spoil(&mut bytes);
        attacked.refuses_import(name, &bytes, code, says);
        // A restore compares what it extracts with the descriptor and asks no checksum of the stream.
        let says = if CHECKSUMS.contains(name) { "came out of the archive" } else { says };
        attacked.refuses_restore(name, &bytes, vec![serde_json::json!({"offset": 0, "first_entry": 0})], code, says);
    }
    attacked.can_still_be_restored();
}

/// Damage that nothing but the checksum of a member shows.
const CHECKSUMS: &[&str] = &[
    "a wrong checksum",
    "a wrong byte of content",
    "a wrong checksum of zeros behind the end, which tools that stop at the end never see",
];

/// How it is made of a good archive, and what an import says that it is.
type Stranger = (&'static str, fn(&mut Vec<u8>), &'static str);

#[test]
fn what_is_no_archive_is_said_to_be_what_it_is() {
    let attacked = Attacked::new(false);
    let rows: &[Stranger] = &[
        ("another magic", |bytes| bytes[0] ^= 1, "this is no gzip archive"),
        ("no byte at all", |bytes| bytes.clear(), "this is no gzip archive, but an empty file"),
        ("xz", |bytes| *bytes = b"\xfd7zXZ\0\0\x04".repeat(64), "this is no gzip archive, but an xz stream"),
        ("zip", |bytes| *bytes = b"PK\x03\x04".repeat(64), "this is no gzip archive, but a zip archive"),
        (
            "a tar that is not compressed",
            |bytes| *bytes = Head::new("manifest.json", b'0', 0).bytes(),
            "this is no gzip archive, but a tar that is not compressed",
        ),
        ("a page", |bytes| *bytes = b"<!DOCTYPE html><title>403".to_vec(), "this is no gzip archive, but a web page"),
        (
            "an archive in an archive (a quine at its second turn)",
            |bytes| *bytes = gzip(bytes),
            "what gzip compressed is no tar, but a gzip stream",
        ),
    ];
    for (name, spoil, says) in rows {
        let mut bytes = good(&attacked);
        spoil(&mut bytes);
        let code = if says.starts_with("this is") { DAMAGED } else { REFUSED };
        attacked.refuses_import(name, &bytes, code, says);
    }
    attacked.can_still_be_restored();
}

fn flip(bytes: &mut [u8], from_end: usize) {
    let at = bytes.len() - from_end;
    bytes[at] ^= 1;
}

type End = (&'static str, fn(Tarball) -> Tarball, &'static str, &'static str);

#[test]
fn an_archive_has_one_end_and_nothing_behind_it() {
    let attacked = Attacked::new(false);
    let rows: &[End] = &[
        ("no end", |t| t, DAMAGED, "the archive has no end"),
        ("half an end", |t| t.raw(&[0; 512]), DAMAGED, "the archive has no end"),
        ("half a block of an end", |t| t.raw(&[0; 700]), DAMAGED, "the archive has no end"),
        (
            "one block of zeros between entries",
            |t| t.raw(&[0; 512]).file("volumes/0/evil", b"").end(),
            REFUSED,
            "behind the end",
        ),
        ("an entry behind the end", |t| t.end().file("volumes/0/evil", b"").end(), REFUSED, "behind the end"),
        (
            "an archive behind the end",
            |t| {
                let again = t.clone();
                let (bytes, _) = again.finish();
                t.end().raw(&bytes)
            },
            REFUSED,
            "behind the end",
        ),
        ("a byte behind the end", |t| t.end().raw(b"x"), REFUSED, "behind the end"),
        ("a byte far behind the end", |t| t.end().raw(&[0; 9000]).raw(b"x"), REFUSED, "behind the end"),
        (
            "a header that is cut",
            |t| t.raw(&Head::new("volumes/0/evil", b'0', 0).bytes()[..300]),
            DAMAGED,
            "in the middle of a tar header",
        ),
        (
            "content that is cut",
            |t| t.raw(&Head::new("volumes/0/evil", b'0', 600).bytes()).raw(&[1; 550]),
            DAMAGED,
            "in the middle of an entry",
        ),
        (
            "padding that is cut",
            |t| t.raw(&Head::new("volumes/0/evil", b'0', 600).bytes()).raw(&[1; 650]),
            DAMAGED,
            "in the middle of an entry",
        ),
        (
            "a member that ends inside an entry, and no other",
            |t| t.raw(&Head::new("volumes/0/evil", b'0', 600).bytes()).raw(&[1; 512]).member(),
            DAMAGED,
            "in the middle of an entry",
        ),
        (
            "an extended header that is cut",
            |t| t.raw(&Head::new("x", b'x', 600).bytes()).raw(&[b'1'; 100]),
            DAMAGED,
            "in the middle of an entry",
        ),
        (
            "a wrong checksum of a header",
            |t| {
                t.entry(&Head { checksum: Some(b"000000\0 ".into()), ..Head::new("volumes/0/evil", b'0', 0) }, b"")
                    .end()
            },
            REFUSED,
            "a tar header has a wrong checksum",
        ),
        (
            "no checksum of a header",
            |t| t.entry(&Head { checksum: Some(vec![0; 8]), ..Head::new("volumes/0/evil", b'0', 0) }, b"").end(),
            REFUSED,
            "a tar header has a wrong checksum",
        ),
        (
            "a header of a format of its own",
            |t| t.entry(&Head { magic: b"ustar\x0099".into(), ..Head::new("volumes/0/evil", b'0', 0) }, b"").end(),
            REFUSED,
            "a tar header is of no known format",
        ),
        (
            "text",
            |t| t.raw(&b"no tar at all, and for longer than a block. ".repeat(20)),
            REFUSED,
            "a tar header is of no known format",
        ),
    ];
    for (name, make, code, says) in rows {
        let (bytes, parts) = make(attacked.tarball()).finish();
        attacked.refuses_import(name, &bytes, code, says);
        attacked.refuses_restore(name, &bytes, parts, code, says);
    }
    attacked.can_still_be_restored();
}
