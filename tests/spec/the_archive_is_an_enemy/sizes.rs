//! Sizes that are not what follows, that nothing can hold, and that two places say differently.

use crate::support::hostile::{Attacked, Row, row};
use crate::support::tarball::{Head, Tarball, records};

fn refused(name: &'static str, make: fn(Tarball) -> Tarball, says: &'static str) -> Row {
    row(name, make, "archive-refused", says)
}

fn sized(size: &[u8]) -> Head {
    Head { size: size.to_vec(), ..Head::new("volumes/0/evil", b'0', 0) }
}

/// A header that lies inside of what a file of `hidden` bytes would be its content.
fn smuggled() -> Vec<u8> {
    Head::new("volumes/0/smuggled", b'0', 0).bytes()
}

#[test]
fn a_size_that_is_no_size_is_refused() {
    Attacked::new(false).refuses(&[
        refused(
            "negative (Python CVE-2025-8194)",
            |t| t.entry(&sized(&[0xff; 12]), b""),
            "`volumes/0/evil` is refused: its size is negative",
        ),
        refused(
            "the most negative",
            |t| t.entry(&sized(&[&[0xff, 0xff, 0xff, 0xff, 0x80][..], &[0; 7]].concat()), b""),
            "its size is negative",
        ),
        refused(
            "beyond 64 bits",
            |t| t.entry(&sized(&[&[0x80, 0, 0, 1][..], &[0; 8]].concat()), b""),
            "its size is beyond 64 bits",
        ),
        refused(
            "all of 63 bits (libarchive's overflows)",
            |t| t.entry(&sized(&[&[0x80, 0, 0, 0, 0x7f][..], &[0xff; 7]].concat()), b""),
            "is larger than 17592186044416 bytes",
        ),
        refused("letters", |t| t.entry(&sized(b"0000000004x\0"), b"evil"), "its size is no octal number"),
        refused("a sign", |t| t.entry(&sized(b"-0000000001\0"), b""), "its size is no octal number"),
        refused("two numbers", |t| t.entry(&sized(b"00004 00004\0"), b"evil"), "its size is no octal number"),
        refused("decimal digits", |t| t.entry(&sized(b"00000000009\0"), b"evil"), "its size is no octal number"),
        refused(
            "17 TiB",
            |t| t.pax(&[("size", b"18691697672192")]).file("volumes/0/evil", b""),
            "is larger than 17592186044416 bytes",
        ),
        refused(
            "negative in a record",
            |t| t.pax(&[("size", b"-1")]).file("volumes/0/evil", b""),
            "record `size`: `-1` is no number",
        ),
        refused(
            "too long in a record",
            |t| t.pax(&[("size", b"9223372036854775808")]).file("volumes/0/evil", b""),
            "beyond 63 bits",
        ),
        refused("with a fraction", |t| t.pax(&[("size", b"4.0")]).file("volumes/0/evil", b"evil"), "is no number"),
        refused("nothing", |t| t.pax(&[("size", b"")]).file("volumes/0/evil", b"evil"), "is no number"),
        refused("hexadecimal", |t| t.pax(&[("size", b"0x4")]).file("volumes/0/evil", b"evil"), "is no number"),
    ]);
}

#[test]
fn two_sizes_of_one_entry_are_refused() {
    Attacked::new(false).refuses(&[
        refused(
            "a record against the header, hiding an archive (TARmageddon, CVE-2025-62518)",
            |t| t.pax(&[("size", b"512")]).raw(&sized(b"00000000000\0").bytes()).raw(&smuggled()),
            "its size is 512 in one place and 0 in another",
        ),
        refused(
            "the same the other way round",
            |t| t.pax(&[("size", b"0")]).raw(&Head::new("volumes/0/evil", b'0', 512).bytes()).raw(&smuggled()),
            "its size is 0 in one place and 512 in another",
        ),
        refused(
            "a large record against the header",
            |t| t.pax(&[("size", b"8589934592")]).raw(&Head::new("volumes/0/evil", b'0', 512).bytes()).raw(&smuggled()),
            "its size is 8589934592 in one place and 512 in another",
        ),
        refused(
            "a record twice",
            |t| t.pax(&[("size", b"4"), ("size", b"0")]).file("volumes/0/evil", b"evil"),
            "record `size` stands twice",
        ),
        refused(
            "a record before a long name, to which some apply it (tar-rs)",
            |t| {
                let name = b"volumes/0/evil\0";
                t.pax(&[("size", b"512")])
                    .raw(&Head::new("x", b'L', name.len()).bytes())
                    .padded(name)
                    .file("x", &smuggled())
            },
            "another header stands between",
        ),
        refused(
            "a record before a global header",
            |t| t.pax(&[("size", b"512")]).raw(&Head::new("g", b'g', 0).bytes()).file("volumes/0/evil", &smuggled()),
            "another header stands between",
        ),
        refused(
            "a size for every entry",
            |t| {
                let all = records(&[("size", b"512")]);
                t.raw(&Head::new("g", b'g', all.len()).bytes()).padded(&all).file("volumes/0/evil", b"")
            },
            "a global header changes `size` of every entry",
        ),
        refused(
            "content of a directory",
            |t| t.entry(&Head::new("volumes/0/evil", b'5', 512), &smuggled()),
            "it has content",
        ),
        refused(
            "content of a link",
            |t| t.entry(&Head { link: b"x".into(), ..Head::new("volumes/0/evil", b'2', 512) }, &smuggled()),
            "it has content",
        ),
    ]);
}

#[test]
fn a_size_that_is_not_what_follows_is_refused() {
    let attacked = Attacked::new(false);
    attacked.refuses(&[
        refused(
            "more than follows, up to the next header",
            |t| t.raw(&Head::new("volumes/0/evil", b'0', 100).bytes()).file("volumes/0/b", b"evil"),
            "a tar header has a wrong checksum",
        ),
        refused(
            "less than follows",
            |t| t.entry(&Head::new("volumes/0/evil", b'0', 1), &[b'e'; 1000]),
            "a tar header is of no known format",
        ),
    ]);
    let tarball = attacked.tarball().raw(&Head::new("volumes/0/evil", b'0', 1 << 19).bytes());
    let (bytes, parts) = tarball.end().finish();
    let says = "the archive ends in the middle of an entry";
    attacked.refuses_import("more than the whole archive", &bytes, "snapshot-damaged", says);
    attacked.refuses_restore("more than the whole archive", &bytes, parts, "snapshot-damaged", says);
    attacked.can_still_be_restored();
}

#[test]
fn more_than_the_descriptor_says_is_cut_off_before_it_is_written() {
    let attacked = Attacked::new(false);
    type Lie = (&'static str, fn(Tarball) -> Tarball, &'static str);
    let rows: &[Lie] = &[
        ("a byte too many", |t| t.file("volumes/0/file", b"old!!").directory("volumes/0/below"), "`volumes/0/file`"),
        (
            "an entry too many",
            |t| t.file("volumes/0/file", b"old").directory("volumes/0/below").file("volumes/0/evil", b""),
            "`volumes/0/evil`",
        ),
        (
            "a terabyte that is a hole",
            |t| {
                let pairs: &[(&str, &[u8])] =
                    &[("GNU.sparse.size", b"1099511627776"), ("GNU.sparse.map", b"1099511627776,0")];
                t.pax(pairs).file("volumes/0/file", b"")
            },
            "`volumes/0/file`",
        ),
        (
            "a terabyte that is announced and does not follow",
            |t| t.pax(&[("size", b"1099511627776")]).raw(&Head::new("volumes/0/file", b'0', 0).bytes()),
            "`volumes/0/file`",
        ),
        ("the bytes of the other volume", |t| t.file("volumes/0/file", b"oldold"), "`volumes/0/file`"),
    ];
    for (name, make, says) in rows {
        let (bytes, parts) = make(attacked.tarball()).end().finish();
        attacked.rewrite(&bytes, |descriptor| descriptor["parts"] = parts.into());
        attacked.refuses_snapshot(name, "too-large", says);
    }
    attacked.can_still_be_restored();
}
