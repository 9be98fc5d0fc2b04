//! Extended headers: records that repeat or contradict, global ones that change everything, maps of holes that lie.

use crate::support::hostile::{Attacked, Row, row};
use crate::support::tarball::{Head, Tarball, records};

fn refused(name: &'static str, make: fn(Tarball) -> Tarball, says: &'static str) -> Row {
    row(name, make, "archive-refused", says)
}

fn long(tarball: Tarball, flag: u8, name: &[u8]) -> Tarball {
    tarball.raw(&Head::new("././@LongLink", flag, name.len()).bytes()).padded(name)
}

/// An extended header of these bytes.
fn raw_records(tarball: Tarball, bytes: &[u8]) -> Tarball {
    tarball.raw(&Head::new("x", b'x', bytes.len()).bytes()).padded(bytes)
}

fn global(tarball: Tarball, key: &str, value: &[u8]) -> Tarball {
    let all = records(&[(key, value)]);
    tarball.raw(&Head::new("g", b'g', all.len()).bytes()).padded(&all).file("volumes/0/evil", b"")
}

#[test]
fn two_names_owners_or_times_of_one_entry_are_refused() {
    Attacked::new(true).refuses(&[
        refused(
            "a long name against a record",
            |t| long(t, b'L', b"volumes/0/a\0").pax(&[("path", b"volumes/0/b")]).file("x", b""),
            "`volumes/0/b` has two long names that disagree",
        ),
        refused(
            "a long link against a record",
            |t| long(t, b'K', b"a\0").pax(&[("linkpath", b"b")]).link("volumes/0/l", b'2', "x"),
            "`volumes/0/l` has two long names that disagree",
        ),
        refused(
            "the name of a sparse file against a record",
            |t| {
                let pairs: &[(&str, &[u8])] = &[
                    ("GNU.sparse.size", b"4"),
                    ("GNU.sparse.map", b"0,4"),
                    ("GNU.sparse.name", b"volumes/0/a"),
                    ("path", b"volumes/0/b"),
                ];
                t.pax(pairs).file("x", b"evil")
            },
            "`volumes/0/a` has two long names that disagree",
        ),
        refused(
            "two long names",
            |t| long(long(t, b'L', b"volumes/0/a\0"), b'L', b"volumes/0/b\0").file("x", b""),
            "two long names",
        ),
        refused(
            "two long links",
            |t| long(long(t, b'K', b"a\0"), b'K', b"b\0").link("volumes/0/l", b'2', "x"),
            "two long names",
        ),
        refused(
            "two extended headers",
            |t| t.pax(&[("path", b"volumes/0/a")]).pax(&[("path", b"volumes/0/b")]).file("x", b""),
            "an entry has two extended headers",
        ),
        refused(
            "a path twice",
            |t| t.pax(&[("path", b"volumes/0/a"), ("path", b"volumes/0/b")]).file("x", b""),
            "record `path` stands twice",
        ),
        refused(
            "a link's path twice",
            |t| t.pax(&[("linkpath", b"a"), ("linkpath", b"b")]).link("volumes/0/l", b'2', "x"),
            "stands twice",
        ),
        refused(
            "a comment twice",
            |t| t.pax(&[("comment", b"a"), ("comment", b"a")]).file("volumes/0/a", b""),
            "stands twice",
        ),
        refused(
            "an attribute twice, in two spellings",
            |t| t.pax(&[("SCHILY.xattr.user.a%", b"1"), ("SCHILY.xattr.user.a%25", b"2")]).file("volumes/0/a", b""),
            "attribute `user.a%` stands twice",
        ),
        refused(
            "two owners",
            |t| t.pax(&[("uid", b"0")]).file("volumes/0/a", b""),
            "`volumes/0/a` is refused: its owner is 0 in one place and 1000 in another",
        ),
        refused(
            "two groups",
            |t| t.pax(&[("gid", b"0")]).file("volumes/0/a", b""),
            "its group is 0 in one place and 1000 in another",
        ),
        refused("two times", |t| t.pax(&[("mtime", b"1.5")]).file("volumes/0/a", b""), "its time is 1 in one place"),
        refused(
            "two modes",
            |t| t.pax(&[("SCHILY.acl.access", b"user::rwx,group::rwx,other::rwx")]).file("volumes/0/a", b""),
            "its mode is 777 in one place and 644 in another",
        ),
        refused(
            "nobody's owner",
            |t| t.pax(&[("uid", b"4294967295")]).file("volumes/0/a", b""),
            "its owner 4294967295 is no id",
        ),
        refused("an owner below zero", |t| t.pax(&[("gid", b"-1")]).file("volumes/0/a", b""), "`-1` is no number"),
        refused("an owner of 33 bits", |t| t.pax(&[("uid", b"4294967296")]).file("volumes/0/a", b""), "is no id"),
        refused("a time that is none", |t| t.pax(&[("mtime", b"NaN")]).file("volumes/0/a", b""), "record `mtime`"),
        refused(
            "a time beyond all",
            |t| t.pax(&[("mtime", b"99999999999999999999")]).file("volumes/0/a", b""),
            "record `mtime`",
        ),
        refused(
            "a mode of letters",
            |t| t.entry(&Head { mode: b"rwxr-xr-".into(), ..Head::new("volumes/0/a", b'0', 0) }, b""),
            "`volumes/0/a` is refused: its mode is no octal number",
        ),
    ]);
}

#[test]
fn a_global_header_that_changes_entries_is_refused() {
    Attacked::new(true).refuses(&[
        refused(
            "a path (Go CVE-2020's global headers)",
            |t| global(t, "path", b"volumes/0/b"),
            "a global header changes `path` of every entry",
        ),
        refused("a link's path", |t| global(t, "linkpath", b"/etc/passwd"), "changes `linkpath`"),
        refused("a size", |t| global(t, "size", b"512"), "changes `size`"),
        refused("an owner", |t| global(t, "uid", b"0"), "changes `uid`"),
        refused("a group", |t| global(t, "gid", b"0"), "changes `gid`"),
        refused("a time", |t| global(t, "mtime", b"0"), "changes `mtime`"),
        refused("a map of holes", |t| global(t, "GNU.sparse.map", b"0,1"), "changes `GNU.sparse.map`"),
        refused("the name of a sparse file", |t| global(t, "GNU.sparse.name", b"../a"), "changes `GNU.sparse.name`"),
        refused("an attribute", |t| global(t, "SCHILY.xattr.user.a", b"1"), "changes `SCHILY.xattr.user.a`"),
        refused("an access list", |t| global(t, "SCHILY.acl.access", b"user::rwx"), "changes `SCHILY.acl.access`"),
        refused("a piece of a file", |t| global(t, "GNU.volume.offset", b"1"), "changes `GNU.volume.offset`"),
        refused("one that is malformed", |t| t.raw(&Head::new("g", b'g', 5).bytes()).padded(b"99 a="), "malformed"),
    ]);
}

#[test]
fn an_extended_header_that_is_malformed_or_dangling_is_refused() {
    Attacked::new(true).refuses(&[
        refused("a length beyond the header", |t| raw_records(t, b"99 path=a\n").file("x", b""), "malformed"),
        refused("a length of zero", |t| raw_records(t, b"0 path=a\n").file("x", b""), "malformed"),
        refused("a length shorter than itself", |t| raw_records(t, b"2 path=a\n").file("x", b""), "malformed"),
        refused("a length below zero", |t| raw_records(t, b"-9 path=a\n").file("x", b""), "malformed"),
        refused(
            "a length of 20 digits",
            |t| raw_records(t, b"10000000000000000009 path=a\n").file("x", b""),
            "malformed",
        ),
        refused("no new line (busybox)", |t| raw_records(t, b"9 path=ab").file("x", b""), "malformed"),
        refused("no key", |t| raw_records(t, b"5 =a\n").file("x", b""), "malformed"),
        refused("no sign", |t| raw_records(t, b"8 patha\n").file("x", b""), "malformed"),
        refused("no length", |t| raw_records(t, b" path=a\n").file("x", b""), "malformed"),
        refused("nothing but digits (Go CVE-2022-2879)", |t| raw_records(t, &[b'1'; 4096]).file("x", b""), "malformed"),
        refused(
            "more than a megabyte",
            |t| raw_records(t, &vec![b'0'; (1 << 20) + 1]).file("x", b""),
            "larger than 1048576 bytes",
        ),
        refused(
            "more records than anything has (Go CVE-2022-2879)",
            |t| {
                let keys: Vec<String> = (0..5000).map(|n| format!("k{n}")).collect();
                t.pax(&keys.iter().map(|key| (key.as_str(), &b""[..])).collect::<Vec<_>>()).file("volumes/0/a", b"")
            },
            "more than 4096 extended records",
        ),
        refused("no entry behind it", |t| t.pax(&[("path", b"volumes/0/a")]), "without its entry"),
        refused("no entry behind a long name", |t| long(t, b'L', b"volumes/0/a\0"), "without its entry"),
        refused(
            "an attribute without a name",
            |t| t.pax(&[("SCHILY.xattr.", b"1")]).file("volumes/0/a", b""),
            "no name of an attribute",
        ),
        refused(
            "an attribute that is too large",
            |t| t.pax(&[("SCHILY.xattr.user.a", &vec![1; (64 << 10) + 1])]).file("volumes/0/a", b""),
            "an attribute is larger than",
        ),
        refused(
            "attributes that only libarchive reads",
            |t| t.pax(&[("LIBARCHIVE.xattr.user.a", b"eA==")]).file("volumes/0/a", b""),
            "libarchive's own encoding",
        ),
        refused(
            "an access list in words only",
            |t| t.pax(&[("SCHILY.acl.access", b"user::rw-,user:0:rw-,group::r--,other::r--")]).file("volumes/0/a", b""),
            "text form alone",
        ),
        refused(
            "an access list of NFS",
            |t| t.pax(&[("SCHILY.acl.ace", b"owner@")]).file("volumes/0/a", b""),
            "text form alone",
        ),
        refused(
            "a label of its own form",
            |t| t.pax(&[("RHT.security.selinux", b"x")]).file("volumes/0/a", b""),
            "security labels",
        ),
        refused("half a file (GNU)", |t| t.pax(&[("GNU.volume.size", b"9")]).file("volumes/0/a", b""), "cut in pieces"),
        refused(
            "a sparse file of star",
            |t| t.pax(&[("SCHILY.realsize", b"9")]).file("volumes/0/a", b""),
            "cut in pieces",
        ),
    ]);
}

const NEW: [(&str, &[u8]); 2] = [("GNU.sparse.major", b"1"), ("GNU.sparse.minor", b"0")];

/// A sparse file of format 1.0 with this map before its data.
fn sparse_1_0(tarball: Tarball, size: &str, map: &str, data: &[u8]) -> Tarball {
    let mut content = map.as_bytes().to_vec();
    content.resize(content.len().next_multiple_of(512), 0);
    content.extend_from_slice(data);
    let pairs = [&NEW[..], &[("GNU.sparse.realsize", size.as_bytes())]].concat();
    tarball.pax(&pairs).file("volumes/0/s", &content)
}

/// One of format 0.1.
fn sparse_0_1(tarball: Tarball, size: &str, map: &str, data: &[u8]) -> Tarball {
    tarball.pax(&[("GNU.sparse.size", size.as_bytes()), ("GNU.sparse.map", map.as_bytes())]).file("volumes/0/s", data)
}

/// One of format 0.0.
fn sparse_0_0(tarball: Tarball, pairs: &[(&str, &[u8])], data: &[u8]) -> Tarball {
    let all = [&[("GNU.sparse.size", &b"10"[..])], pairs].concat();
    tarball.pax(&all).file("volumes/0/s", data)
}

/// One of old GNU, whose four slots hold these runs.
fn old_sparse(tarball: Tarball, runs: &[(u64, u64)], size: u64, is_extended: bool, data: &[u8]) -> Tarball {
    let slot = |run: &(u64, u64)| format!("{:011o}\0{:011o}\0", run.0, run.1);
    let mut gnu = runs.iter().map(slot).collect::<String>().into_bytes();
    gnu.resize(96, 0);
    gnu.push(u8::from(is_extended));
    gnu.extend(format!("{size:011o}\0").bytes());
    let head = Head { magic: b"ustar  \0".into(), gnu, ..Head::new("volumes/0/s", b'S', data.len()) };
    tarball.entry(&head, data)
}

#[test]
fn a_map_of_holes_that_lies_is_refused() {
    Attacked::new(true).refuses(&[
        refused("runs that overlap", |t| sparse_0_1(t, "10", "0,4,2,2", b"123456"), "out of order"),
        refused("runs in another order", |t| sparse_0_1(t, "10", "4,2,0,2", b"1234"), "out of order"),
        refused("a run beyond the file", |t| sparse_0_1(t, "10", "8,4", b"1234"), "leaves the file"),
        refused(
            "a run whose end overflows",
            |t| sparse_0_1(t, "10", "9223372036854775807,9223372036854775807", b""),
            "leaves the file",
        ),
        refused("fewer bytes than its runs", |t| sparse_0_1(t, "10", "0,4", b"123"), "holds 4 bytes and 3 are stored"),
        refused("more bytes than its runs", |t| sparse_0_1(t, "10", "0,4", b"12345"), "holds 4 bytes and 5 are stored"),
        refused("an odd list", |t| sparse_0_1(t, "10", "0,4,1", b"1234"), "without a length"),
        refused("a run below zero", |t| sparse_0_1(t, "10", "0,-4", b""), "no number"),
        refused("no size", |t| t.pax(&[("GNU.sparse.map", b"0,1")]).file("volumes/0/s", b"1"), "no real size"),
        refused("a size beyond all", |t| sparse_0_1(t, "17592186044417", "0,0", b""), "larger than"),
        refused(
            "an offset without a length",
            |t| sparse_0_0(t, &[("GNU.sparse.offset", b"1")], b""),
            "without a length",
        ),
        refused(
            "a length without an offset",
            |t| sparse_0_0(t, &[("GNU.sparse.numbytes", b"1")], b"1"),
            "without an offset",
        ),
        refused(
            "two offsets in a row",
            |t| sparse_0_0(t, &[("GNU.sparse.offset", b"1"), ("GNU.sparse.offset", b"1")], b""),
            "an offset follows an offset",
        ),
        refused(
            "another number of runs than it says",
            |t| {
                sparse_0_0(
                    t,
                    &[("GNU.sparse.numblocks", b"2"), ("GNU.sparse.offset", b"0"), ("GNU.sparse.numbytes", b"1")],
                    b"1",
                )
            },
            "1 runs in one place and 2 in another",
        ),
        refused(
            "a list and pairs",
            |t| {
                let pairs: &[(&str, &[u8])] =
                    &[("GNU.sparse.map", b"0,1"), ("GNU.sparse.offset", b"2"), ("GNU.sparse.numbytes", b"1")];
                sparse_0_0(t, pairs, b"12")
            },
            "stands in two forms",
        ),
        refused(
            "a map in records and one before the data",
            |t| {
                let pairs = [&NEW[..], &[("GNU.sparse.realsize", &b"10"[..]), ("GNU.sparse.map", b"0,4")]].concat();
                t.pax(&pairs).file("volumes/0/s", &[b"0\n".as_slice(), &[0; 510]].concat())
            },
            "sparse in two ways",
        ),
        refused(
            "two real sizes",
            |t| {
                t.pax(&[("GNU.sparse.size", b"1"), ("GNU.sparse.realsize", b"2"), ("GNU.sparse.map", b"0,1")])
                    .file("volumes/0/s", b"1")
            },
            "its real size stands twice",
        ),
        refused(
            "a form that nobody knows",
            |t| t.pax(&[("GNU.sparse.major", b"2"), ("GNU.sparse.minor", b"0")]).file("volumes/0/s", b""),
            "not known",
        ),
        refused(
            "a directory with holes",
            |t| t.pax(&[("GNU.sparse.name", b"volumes/0/s")]).directory("volumes/0/d"),
            "it is sparse and no file",
        ),
        refused("more runs than follow", |t| sparse_1_0(t, "10", "2\n0\n4\n", b"1234"), "malformed"),
        refused("more runs than can be held", |t| sparse_1_0(t, "10", "99999999\n", b""), "more than 524288 runs"),
        refused("a number of runs that overflows", |t| sparse_1_0(t, "10", "99999999999999999999\n", b""), "malformed"),
        refused("letters", |t| sparse_1_0(t, "10", "1\nx\n", b""), "malformed"),
        refused("runs below zero", |t| sparse_1_0(t, "10", "1\n-1\n1\n", b"1"), "malformed"),
        refused(
            "no map at all",
            |t| t.pax(&[NEW[0], NEW[1], ("GNU.sparse.realsize", b"10")]).file("volumes/0/s", b""),
            "malformed",
        ),
        refused("data beyond the file", |t| sparse_1_0(t, "10", "1\n8\n4\n", b"1234"), "leaves the file"),
        refused("old GNU, overlap", |t| old_sparse(t, &[(0, 2), (1, 2)], 10, false, b"1234"), "out of order"),
        refused("old GNU, beyond the file", |t| old_sparse(t, &[(9, 2)], 10, false, b"12"), "leaves the file"),
        refused(
            "old GNU, a gap in the slots",
            |t| {
                let mut head = Head { magic: b"ustar  \0".into(), ..Head::new("volumes/0/s", b'S', 2) };
                head.gnu = [
                    &b"00000000000\x0000000000001\0"[..],
                    &[0; 24],
                    b"00000000002\x0000000000001\0",
                    &[0; 25],
                    b"00000000012\0",
                ]
                .concat();
                t.entry(&head, b"12")
            },
            "malformed",
        ),
        refused(
            "old GNU, blocks of nothing without end",
            |t| old_sparse(t, &[(0, 1)], 10, true, b"1").raw(&[0; 4096]),
            "malformed",
        ),
        refused(
            "old GNU and new",
            |t| old_sparse(t.pax(&[("GNU.sparse.realsize", b"1")]), &[(0, 1)], 1, false, b"1"),
            "sparse in two ways",
        ),
    ]);
}
