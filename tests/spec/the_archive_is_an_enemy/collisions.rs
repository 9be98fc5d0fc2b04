//! One path for two things: whoever comes second, and in whatever form, refuses the archive.

use crate::support::hostile::{Attacked, Row, file_by_record, row};
use crate::support::tarball::{Head, Tarball};

const REFUSED: &str = "archive-refused";

fn collision(name: &'static str, make: fn(Tarball) -> Tarball, says: &'static str) -> Row {
    row(name, make, REFUSED, says)
}

#[test]
fn two_entries_of_one_path_are_refused() {
    Attacked::new(true).refuses(&[
        collision("a file twice", |t| t.file("volumes/0/a", b"1").file("volumes/0/a", b"2"), "a`"),
        collision(
            "a file twice, far apart",
            |t| t.file("volumes/0/a", b"1").directory("volumes/0/d").file("volumes/1/x", b"").file("volumes/0/a", b"2"),
            "a`",
        ),
        collision(
            "a file twice, by another form of its name",
            |t| t.file("volumes/0/a", b"1").file("./volumes/0/a", b"2"),
            "a`",
        ),
        collision("a file twice, by a record", |t| file_by_record(t.file("volumes/0/a", b"1"), b"volumes/0/a"), "a`"),
        collision(
            "a large file twice",
            |t| t.file("volumes/0/a", &vec![1; (1 << 20) + 1]).file("volumes/0/a", &vec![2; (1 << 20) + 1]),
            "a`",
        )
        .restored("too-large"),
        collision("a directory twice", |t| t.directory("volumes/0/d").directory("volumes/0/d/"), "d"),
        collision("a root twice", |t| t.directory("volumes/0"), ""),
        collision("a file, then a directory", |t| t.file("volumes/0/a", b"").directory("volumes/0/a"), "a`"),
        collision("a directory, then a file", |t| t.directory("volumes/0/a").file("volumes/0/a", b""), "a`"),
        collision("a symbolic link, then a file", |t| t.link("volumes/0/a", b'2', "/x").file("volumes/0/a", b""), "a`"),
        collision("a file, then a symbolic link", |t| t.file("volumes/0/a", b"").link("volumes/0/a", b'2', "/x"), "a`"),
        collision("two symbolic links", |t| t.link("volumes/0/a", b'2', "x").link("volumes/0/a", b'2', "/y"), "a`"),
        collision(
            "a hard link in the place of a file (tar-rs CVE-2018-20990)",
            |t| t.file("volumes/0/a", b"").file("volumes/0/b", b"").link("volumes/0/a", b'1', "volumes/0/b"),
            "a`",
        ),
        collision(
            "a second manifest",
            |t| t.file("manifest.json", b"{}"),
            "`manifest.json` stands in the archive a second time",
        ),
        collision(
            "a second manifest that is a directory",
            |t| t.directory("manifest.json"),
            "`manifest.json` stands in the archive a second time",
        ),
    ]);
}

#[test]
fn what_stands_below_something_that_is_no_directory_is_refused() {
    Attacked::new(true).refuses(&[
        collision("a file below a file", |t| t.file("volumes/0/a", b"").file("volumes/0/a/b", b""), "a"),
        collision("a directory far below a file", |t| t.file("volumes/0/a", b"").directory("volumes/0/a/b/c/"), "a"),
        collision("a file below a link", |t| t.link("volumes/0/a", b'2', "/tmp").file("volumes/0/a/b", b""), "a"),
        collision("a link below a link", |t| t.link("volumes/0/a", b'2', "/tmp").link("volumes/0/a/b", b'2', "x"), "a"),
        collision(
            "a file where others already stand below",
            |t| t.file("volumes/0/a/b", b"").file("volumes/0/a", b""),
            "a` ",
        ),
        collision(
            "a link where others already stand below",
            |t| t.file("volumes/0/a/b", b"").link("volumes/0/a", b'2', "/tmp"),
            "a",
        ),
    ]);
}

#[test]
fn a_directory_that_nobody_describes_is_refused() {
    let attacked = Attacked::new(false);
    attacked.refuses(&[
        collision("a file in one", |t| t.file("volumes/0/d/a", b""), "d"),
        collision("a directory in one", |t| t.directory("volumes/0/d/e"), "d"),
        collision("one above one", |t| t.directory("volumes/0/d/e").file("volumes/0/d/e/a", b""), "d`"),
    ]);
    let manifest = serde_json::to_vec(&attacked.manifest()).unwrap();
    let begun = || Tarball::beginning_with(&manifest, 2);
    // A volume that is there, and lacks entries, is found out before the one that is not.
    for (name, tarball, code, says) in [
        ("no root at all", begun(), REFUSED, "has no root"),
        ("one root of two", begun().directory("volumes/0/"), "snapshot-damaged", "volume `more` has no root"),
        (
            "a file and no root",
            begun().directory("volumes/1/").file("volumes/0/a", b""),
            REFUSED,
            "volume `data` has no root",
        ),
    ] {
        let (bytes, parts) = tarball.end().finish();
        attacked.refuses_import(name, &bytes, REFUSED, says);
        attacked.refuses_restore(name, &bytes, parts, code, "");
    }
    attacked.can_still_be_restored();
}

#[test]
fn a_root_is_a_directory_and_has_the_modes_of_one() {
    Attacked::new(false).refuses(&[
        collision(
            "a root of a type with content",
            |t| t.entry(&Head::new("volumes/0/d", b'5', 4), b"evil"),
            "`volumes/0/d` is refused: it has content",
        ),
        collision("a root that is a fifo", |t| t.entry(&Head::new("volumes/0", b'6', 0), b""), "`volumes/0` is a fifo"),
    ]);
}
