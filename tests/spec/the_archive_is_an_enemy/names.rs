//! Names that lead elsewhere, cannot be, or say that they belong to nobody.

use crate::support::hostile::{Attacked, Row, file_by_record, row};
use crate::support::tarball::{Head, Tarball};

const REFUSED: &str = "archive-refused";

fn long_name(tarball: Tarball, name: &[u8]) -> Tarball {
    tarball.raw(&Head::new("././@LongLink", b'L', name.len()).bytes()).padded(name).file("volumes/0/x", b"evil")
}

fn with_prefix(tarball: Tarball, prefix: &[u8], name: &str) -> Tarball {
    tarball.entry(&Head { prefix: prefix.to_vec(), ..Head::new(name, b'0', 4) }, b"evil")
}

#[test]
fn a_name_that_leaves_its_volume_is_refused() {
    Attacked::new(true).refuses(&[
        row(
            "absolute (GNU tar CVE-2001-1267, node-tar CVE-2021-32804)",
            |t| t.file("/volumes/0/evil", b""),
            REFUSED,
            "`/volumes/0/evil` is absolute",
        ),
        row("two slashes first (node-tar CVE-2021-32804)", |t| t.file("//volumes/0/evil", b""), REFUSED, "is absolute"),
        row("absolute elsewhere", |t| t.file("/etc/cron.d/evil", b""), REFUSED, "`/etc/cron.d/evil` is absolute"),
        row("absolute directory", |t| t.directory("/tmp/"), REFUSED, "`/tmp/` is absolute"),
        row("up first (Python CVE-2007-4559)", |t| t.file("../outside/evil", b""), REFUSED, "`../outside/evil` leaves"),
        row(
            "up from inside (kubectl cp CVE-2018-1002100)",
            |t| t.file("volumes/0/../../outside/evil", b""),
            REFUSED,
            "`volumes/0/../../outside/evil` leaves",
        ),
        row("up and back", |t| t.file("volumes/0/below/../evil", b""), REFUSED, "leaves"),
        row("up into the neighbour", |t| t.file("volumes/0/../1/evil", b""), REFUSED, "leaves"),
        row("up at the end (libarchive CVE-2016-5418)", |t| t.directory("volumes/0/below/.."), REFUSED, "leaves"),
        row("up with a slash behind", |t| t.directory("volumes/0/../"), REFUSED, "leaves"),
        row("nothing but up", |t| t.directory(".."), REFUSED, "`..` leaves"),
        row(
            "up by the prefix field",
            |t| with_prefix(t, b"../outside", "volumes/0/evil"),
            REFUSED,
            "`../outside/volumes/0/evil` leaves",
        ),
        row("absolute by the prefix field", |t| with_prefix(t, b"/outside", "evil"), REFUSED, "is absolute"),
        row("up by a record", |t| file_by_record(t, b"../outside/evil"), REFUSED, "`../outside/evil` leaves"),
        row("up by a long name", |t| long_name(t, b"../outside/evil\0"), REFUSED, "`../outside/evil` leaves"),
        row(
            "up by the name of a sparse file",
            |t| {
                let pairs: &[(&str, &[u8])] = &[
                    ("GNU.sparse.major", b"1"),
                    ("GNU.sparse.minor", b"0"),
                    ("GNU.sparse.realsize", b"0"),
                    ("GNU.sparse.name", b"volumes/0/../../outside/evil"),
                ];
                t.pax(pairs).file("volumes/0/x", &[b"0\n".as_slice(), &[0; 510]].concat())
            },
            REFUSED,
            "`volumes/0/../../outside/evil` leaves",
        ),
        row(
            "up by a hard link's name",
            |t| t.file("volumes/0/a", b"").link("volumes/0/h", b'1', "volumes/0/../../outside/precious"),
            REFUSED,
            "`volumes/0/h` is a hard link to `volumes/0/../../outside/precious`",
        ),
    ]);
}

#[test]
fn a_name_that_cannot_be_one_is_refused() {
    Attacked::new(false).refuses(&[
        row("empty", |t| t.file("", b""), REFUSED, "entry `` has no name"),
        row("empty by a record", |t| file_by_record(t, b""), REFUSED, "has no name"),
        row("a dot", |t| t.directory("."), REFUSED, "`.` has an empty or `.` component"),
        row("a dot and a slash", |t| t.directory("./"), REFUSED, "`./` has an empty or `.` component"),
        row("two dots and slashes", |t| t.file("././volumes/0/a", b""), REFUSED, "`.` component"),
        row("a dot inside", |t| t.file("volumes/0/./a", b""), REFUSED, "`volumes/0/./a` has"),
        row("a dot at the end", |t| t.directory("volumes/0/."), REFUSED, "`volumes/0/.` has"),
        row("an empty component", |t| t.file("volumes/0//a", b""), REFUSED, "`volumes/0//a` has"),
        row("an empty volume", |t| t.file("volumes//a", b""), REFUSED, "`volumes//a` has"),
        row("two slashes at the end", |t| t.directory("volumes/0/a//"), REFUSED, "`volumes/0/a//` has"),
        row(
            "a zero byte in a record (Go CVE-2022-2879's neighbour)",
            |t| file_by_record(t, b"volumes/0/a\0/../../evil"),
            REFUSED,
            "`volumes/0/a\\u{0}/../../evil` has a NUL",
        ),
        row("a zero byte in a long name", |t| long_name(t, b"volumes/0/a\0b\0"), REFUSED, "has a NUL"),
        row(
            "a name of 256 bytes",
            |t| file_by_record(t, &[b"volumes/0/", &[b'n'; 256][..]].concat()),
            REFUSED,
            "longer than 255",
        ),
        row(
            "a path of more than 4096 bytes",
            |t| {
                file_by_record(
                    t,
                    &[b"volumes/0/".to_vec(), [vec![b'p'; 240], vec![b'/']].concat().repeat(17), vec![b'f']].concat(),
                )
            },
            REFUSED,
            "longer than 4096",
        ),
        row(
            "129 levels",
            |t| file_by_record(t, format!("volumes/0/{}f", "d/".repeat(128)).as_bytes()),
            REFUSED,
            "deeper than 128",
        ),
        row(
            "a million levels (libarchive's recursion)",
            |t| file_by_record(t, format!("volumes/0/{}f", "d/".repeat(500_000)).as_bytes()),
            REFUSED,
            "longer than 4096",
        ),
        row("a slash behind a file", |t| t.file("volumes/0/a/", b""), REFUSED, "`volumes/0/a/` ends with a slash"),
        row(
            "a slash behind a file of the oldest kind, which some take for a directory (node-tar CVE-2021-37701)",
            |t| t.entry(&Head::new("volumes/0/a/", 0, 0), b""),
            REFUSED,
            "`volumes/0/a/` ends with a slash",
        ),
        row("a slash behind a link", |t| t.link("volumes/0/a/", b'2', "x"), REFUSED, "ends with a slash"),
    ]);
}

#[test]
fn a_name_that_belongs_to_no_volume_is_refused_and_cannot_steer_a_terminal() {
    let elsewhere = |name: &'static str, make, says| -> Row { row(name, make, REFUSED, says) };
    Attacked::new(false).refuses(&[
        elsewhere("beside the volumes", |t| t.file("evil", b""), "`evil` is neither"),
        elsewhere("the directory of volumes as a file", |t| t.file("volumes", b""), "`volumes` is neither"),
        elsewhere("nearly a volume", |t| t.file("volumesx/0/evil", b""), "`volumesx/0/evil` is neither"),
        elsewhere("in other letters", |t| t.file("Volumes/0/evil", b""), "`Volumes/0/evil` is neither"),
        elsewhere("below the manifest", |t| t.file("manifest.json/evil", b""), "`manifest.json/evil` is neither"),
        elsewhere("backslashes (node-tar CVE-2021-37713)", |t| t.file("volumes\\0\\..\\evil", b""), "is neither"),
        elsewhere("a drive", |t| t.file("C:volumes/0/evil", b""), "`C:volumes/0/evil` is neither"),
        elsewhere(
            "a volume that no manifest has",
            |t| t.file("volumes/2/evil", b""),
            "`volumes/2/evil` belongs to a volume",
        ),
        elsewhere("volume 01", |t| t.file("volumes/01/evil", b""), "no plain number"),
        elsewhere("volume +1", |t| t.file("volumes/+1/evil", b""), "no plain number"),
        elsewhere("volume -1", |t| t.file("volumes/-1/evil", b""), "no plain number"),
        elsewhere("volume 2^32", |t| t.file("volumes/4294967296/evil", b""), "no plain number"),
        elsewhere("volume 0x0", |t| t.file("volumes/0x0/evil", b""), "no plain number"),
        elsewhere("a digit of another script", |t| t.file("volumes/\u{660}/evil", b""), "no plain number"),
        elsewhere("a volume by name", |t| t.file("volumes/data/evil", b""), "no plain number"),
        elsewhere("a volume's root as a file", |t| t.file("volumes/0", b""), "`volumes/0` is the root"),
        elsewhere("a volume's root as a link", |t| t.link("volumes/0", b'2', "/etc"), "`volumes/0` is the root"),
        elsewhere("a control sequence", |t| t.file("\u{1b}[2J\u{1b}[1;1H", b""), "`\\u{1b}[2J\\u{1b}[1;1H` is neither"),
        elsewhere(
            "a new line",
            |t| t.file("evil\nerror: all is well", b""),
            "`evil\\u{a}error: all is well` is neither",
        ),
        elsewhere("right to left", |t| t.file("evil\u{202e}txt.exe", b""), "`evil\\u{202e}txt.exe` is neither"),
        elsewhere("no width", |t| t.file("ev\u{200b}il", b""), "`ev\\u{200b}il` is neither"),
        elsewhere("no text", |t| t.file(b"\xff\xfeevil", b""), "`\\xff\\xfeevil` is neither"),
    ]);
}
