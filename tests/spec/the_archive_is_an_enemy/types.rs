//! What is never restored, what only a policy allows, and links that would lead somewhere.

use crate::support::hostile::{Attacked, row};
use crate::support::tarball::{Head, Tarball};

const REFUSED: &str = "archive-refused";
const POLICY: &str = "policy-refused";
/// To bind low ports, as the kernel stores it.
const CAPABILITY: &[u8] = b"\x01\0\0\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

fn of_type(tarball: Tarball, flag: u8) -> Tarball {
    tarball.entry(&Head::new("volumes/0/evil", flag, 0), b"")
}

#[test]
fn what_is_no_file_directory_or_link_is_never_restored() {
    Attacked::new(true).refuses(&[
        row("a character device", |t| of_type(t, b'3'), REFUSED, "`volumes/0/evil` is a character device"),
        row(
            "a block device (Python CVE-2007-4559's neighbour)",
            |t| of_type(t, b'4'),
            REFUSED,
            "`volumes/0/evil` is a block device",
        ),
        row("a fifo", |t| of_type(t, b'6'), REFUSED, "`volumes/0/evil` is a fifo"),
        row("a contiguous file", |t| of_type(t, b'7'), REFUSED, "`volumes/0/evil` is a contiguous file"),
        row("a socket, as some write it", |t| of_type(t, b's'), REFUSED, "of unknown type `s`"),
        row("a list of names (GNU)", |t| of_type(t, b'D'), REFUSED, "of unknown type `D`"),
        row("a continuation (GNU)", |t| of_type(t, b'M'), REFUSED, "of unknown type `M`"),
        row("old long names (GNU)", |t| of_type(t, b'N'), REFUSED, "of unknown type `N`"),
        row("the name of a volume (GNU)", |t| of_type(t, b'V'), REFUSED, "of unknown type `V`"),
        row("an access list (Solaris)", |t| of_type(t, b'A'), REFUSED, "of unknown type `A`"),
        row("an extended header (Solaris)", |t| of_type(t, b'X'), REFUSED, "of unknown type `X`"),
        row("an inode only (star)", |t| of_type(t, b'I'), REFUSED, "of unknown type `I`"),
        row("a type that steers a terminal", |t| of_type(t, 0x1b), REFUSED, "of unknown type `\\u{1b}`"),
        row("a type of the high half", |t| of_type(t, 0xff), REFUSED, "of unknown type `\\xff`"),
        row(
            "a sparse file without a map",
            |t| of_type(t, b'S'),
            REFUSED,
            "`volumes/0/evil` is refused: it is sparse and no GNU entry",
        ),
        row(
            "a device with content",
            |t| t.entry(&Head::new("volumes/0/evil", b'3', 4), b"evil"),
            REFUSED,
            "a character device",
        ),
        row(
            "a file whose mode is a device's",
            |t| t.entry(&Head { mode: b"0020666\0".into(), ..Head::new("volumes/0/evil", b'0', 0) }, b""),
            REFUSED,
            "its mode 20666 is that of something else",
        ),
    ]);
}

#[test]
fn links_need_the_workloads_permission() {
    let attacked = Attacked::new(false);
    for (name, flag, target, says) in [
        ("a symbolic link", b'2', "/etc/passwd", "`volumes/0/evil` is a symbolic link"),
        ("a hard link", b'1', "volumes/0/file", "`volumes/0/evil` is a hard link"),
    ] {
        let tarball = attacked.tarball().file("volumes/0/file", b"").link("volumes/0/evil", flag, target);
        let (bytes, parts) = tarball.end().finish();
        // An import takes it in: the workload may allow links by the time it is restored.
        attacked.refuses_restore(name, &bytes, parts, POLICY, says);
    }
    attacked.can_still_be_restored();
}

#[test]
fn privileges_do_not_come_out_of_foreign_archives() {
    // A rewritten archive of our own may hold them, but then it is not what was captured.
    let damaged = "snapshot-damaged";
    let attacked = Attacked::new(false);
    for (name, make, says) in [
        (
            "set-user-id",
            (|t| t.entry(&Head { mode: b"0004755\0".into(), ..Head::new("volumes/0/evil", b'0', 0) }, b""))
                as fn(Tarball) -> Tarball,
            "has a set-id bit",
        ),
        (
            "set-user-id on a directory",
            |t| t.entry(&Head { mode: b"0004755\0".into(), ..Head::new("volumes/0/evil", b'5', 0) }, b""),
            "has a set-id bit",
        ),
        (
            "set-group-id on a file",
            |t| t.entry(&Head { mode: b"0002755\0".into(), ..Head::new("volumes/0/evil", b'0', 0) }, b""),
            "has a set-id bit",
        ),
        (
            "a capability",
            |t| t.pax(&[("SCHILY.xattr.security.capability", CAPABILITY)]).file("volumes/0/evil", b""),
            "has the attribute `security.capability`",
        ),
        (
            "an attribute of the trusted",
            |t| t.pax(&[("SCHILY.xattr.trusted.overlay.opaque", b"y")]).file("volumes/0/evil", b""),
            "has the attribute `trusted.overlay.opaque`",
        ),
        (
            "a label of SELinux",
            |t| t.pax(&[("SCHILY.xattr.security.selinux", b"x")]).file("volumes/0/evil", b""),
            "has the attribute `security.selinux`",
        ),
    ] {
        let (bytes, parts) = make(attacked.tarball()).end().finish();
        attacked.refuses_import(name, &bytes, POLICY, "entry `volumes/0/evil`");
        attacked.refuses_import(name, &bytes, POLICY, says);
        attacked.refuses_restore(name, &bytes, parts, damaged, "");
    }
    attacked.can_still_be_restored();
}

#[test]
fn a_link_leads_nowhere_even_where_links_are_allowed() {
    Attacked::new(true).refuses(&[
        row(
            "a hard link out",
            |t| t.link("volumes/0/h", b'1', "/etc/passwd"),
            REFUSED,
            "`volumes/0/h` is a hard link to `/etc/passwd`",
        ),
        row(
            "a hard link out, relative (tar-rs CVE-2018-20990)",
            |t| t.link("volumes/0/h", b'1', "../../../../etc/passwd"),
            REFUSED,
            "`volumes/0/h` is a hard link to `../../../../etc/passwd`",
        ),
        row(
            "a hard link into the neighbour",
            |t| t.file("volumes/0/a", b"").link("volumes/1/h", b'1', "volumes/0/a"),
            REFUSED,
            "which is not in its volume",
        ),
        row("a hard link to a root", |t| t.link("volumes/0/h", b'1', "volumes/0"), REFUSED, "not in its volume"),
        row(
            "a hard link to the manifest",
            |t| t.link("volumes/0/h", b'1', "manifest.json"),
            REFUSED,
            "not in its volume",
        ),
        row("a hard link to nothing", |t| t.link("volumes/0/h", b'1', "volumes/0/none"), REFUSED, "h` is a hard link"),
        row("a hard link to itself", |t| t.link("volumes/0/h", b'1', "volumes/0/h"), REFUSED, "h` is a hard link"),
        row(
            "a hard link to a directory",
            |t| t.directory("volumes/0/d").link("volumes/0/h", b'1', "volumes/0/d"),
            REFUSED,
            "h` is a hard link",
        ),
        row(
            "a hard link to a symbolic one (Python CVE-2025-4138)",
            |t| t.link("volumes/0/s", b'2', "/etc/passwd").link("volumes/0/h", b'1', "volumes/0/s"),
            REFUSED,
            "h` is a hard link",
        ),
        row(
            "a hard link through a symbolic one (Python CVE-2025-4330)",
            |t| t.link("volumes/0/s", b'2', "/etc").link("volumes/0/h", b'1', "volumes/0/s/passwd"),
            REFUSED,
            "h` is a hard link",
        ),
        row(
            "a hard link with content",
            |t| {
                t.file("volumes/0/a", b"")
                    .entry(&Head { link: b"volumes/0/a".into(), ..Head::new("volumes/0/h", b'1', 4) }, b"evil")
            },
            REFUSED,
            "`volumes/0/h` is refused: it has content",
        ),
        row("a symbolic link to nothing", |t| t.link("volumes/0/s", b'2', ""), REFUSED, "whose target cannot be one"),
        row(
            "a symbolic link of 4096 bytes",
            |t| t.pax(&[("linkpath", &[b't'; 4096])]).link("volumes/0/s", b'2', "x"),
            REFUSED,
            "whose target cannot be one",
        ),
        row(
            "a zero byte in a target",
            |t| t.pax(&[("linkpath", b"a\0b")]).link("volumes/0/s", b'2', "x"),
            REFUSED,
            "cannot be one",
        ),
        row(
            "a file through a link (node-tar CVE-2021-32803, kubectl cp CVE-2019-11246, -11249, -1002101)",
            |t| t.link("volumes/0/way", b'2', "../../../outside").file("volumes/0/way/evil", b"evil"),
            REFUSED,
            "way",
        ),
    ]);
}

#[test]
fn what_writes_through_links_elsewhere_finds_no_link_here() {
    // A restore names the path below its volume, an import the whole name; so the last component is what both say.
    Attacked::new(true).refuses(&[
        row(
            "a directory through a link (docker cp CVE-2018-15664)",
            |t| t.link("volumes/0/way", b'2', "/").directory("volumes/0/way/outside"),
            REFUSED,
            "way",
        ),
        row(
            "a link that becomes a directory (node-tar CVE-2021-37712)",
            |t| {
                t.link("volumes/0/way", b'2', "../../../outside")
                    .directory("volumes/0/way")
                    .file("volumes/0/way/evil", b"")
            },
            REFUSED,
            "way",
        ),
        row(
            "a directory that becomes a link (node-tar CVE-2021-37701, tar-rs CVE-2021-38511)",
            |t| {
                t.directory("volumes/0/way")
                    .link("volumes/0/way", b'2', "../../../outside")
                    .file("volumes/0/way/evil", b"")
            },
            REFUSED,
            "way",
        ),
        row(
            "a chain of links whose path is too long to resolve (Python CVE-2025-4517)",
            |t| {
                let t = t.directory("volumes/0/d").link("volumes/0/a", b'2', "d");
                let target = format!("{}/../../../outside", "d/../a/..".repeat(500));
                t.pax(&[("linkpath", target.as_bytes())])
                    .link("volumes/0/escape", b'2', "x")
                    .file("volumes/0/escape/evil", b"")
            },
            REFUSED,
            "escape",
        ),
        row(
            "modes of what a link names (Python CVE-2024-12718)",
            |t| {
                let head = Head { mode: b"0000777\0".into(), ..Head::new("volumes/0/way", b'5', 0) };
                t.link("volumes/0/way", b'2', "../../../outside").entry(&head, b"")
            },
            REFUSED,
            "way",
        ),
        row(
            "one refused entry among good ones, which some went on without (Python CVE-2025-4435)",
            |t| t.file("volumes/0/good", b"").file("volumes/0/../evil", b"").file("volumes/0/better", b""),
            REFUSED,
            "`volumes/0/../evil` leaves",
        ),
    ]);
}
