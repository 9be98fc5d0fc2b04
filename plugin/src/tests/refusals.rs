//! Archives that are an enemy, as rows: each is refused with its code and words that say why, and names the entry.

use super::extracting::extracted;
use super::tarball::{Head, Tarball};

fn volume() -> Tarball {
    Tarball::new(1).directory("volumes/0/")
}

fn check(name: &str, tarball: Tarball, code: &str, words: &str) {
    let failure = extracted(&tarball.end().imported(), &["links"]).map(|_| ()).expect_err(name);
    assert_eq!(failure.code, code, "{name}: {}", failure.message);
    assert!(failure.message.contains(words), "{name}: {}", failure.message);
}

fn head(name: &str) -> Head {
    Head::new(name, b'0', 0)
}

#[test]
fn hostile_entries_are_refused() {
    for (flag, words) in [
        (b'3', "a character device"),
        (b'4', "a block device"),
        (b'6', "a fifo"),
        (b'7', "a contiguous file"),
        (b'M', "of unknown type `M`"),
        (b's', "of unknown type `s`"),
        (b'\x1b', "of unknown type `\\u{1b}`"),
    ] {
        check("type", volume().entry(&Head::new("volumes/0/a", flag, 0), b""), "archive-refused", words);
    }
    for (name, tarball, words) in [
        ("traversal", volume().file("volumes/0/../../a", b""), "entry `volumes/0/../../a` leaves its volume"),
        ("absolute", volume().file("/a", b""), "entry `/a` is absolute"),
        ("escaped", volume().file("\x1b[2J", b""), "entry `\\u{1b}[2J` is neither"),
        ("by record", volume().pax(&[("path", b"../a")]).file("volumes/0/a", b""), "entry `../a` leaves"),
        ("NUL", volume().pax(&[("path", b"volumes/0/a\0b")]).file("volumes/0/a", b""), "NUL"),
        ("no volume", volume().file("volumes/1/a", b""), "does not list"),
        ("second manifest", volume().file("manifest.json", b"{}"), "a second time"),
        ("size of a link", volume().entry(&Head::new("volumes/0/a", b'2', 5), b"12345"), "has content"),
        ("size of a directory", volume().entry(&Head::new("volumes/0/a", b'5', 5), b"12345"), "has content"),
        ("link to nothing", volume().link("volumes/0/a", b'2', ""), "cannot be one"),
        ("hard link out", volume().link("volumes/0/a", b'1', "/etc/passwd"), "not in its volume"),
        ("hard link to root", volume().link("volumes/0/a", b'1', "volumes/0"), "not in its volume"),
        ("hard link to manifest", volume().link("volumes/0/a", b'1', "manifest.json"), "not in its volume"),
    ] {
        check(name, tarball, "archive-refused", words);
    }
}

#[test]
fn a_hard_link_into_another_volume_is_refused() {
    let tarball = Tarball::new(2).directory("volumes/0/").file("volumes/0/a", b"").directory("volumes/1/");
    check("neighbour", tarball.link("volumes/1/h", b'1', "volumes/0/a"), "archive-refused", "not in its volume");
}

#[test]
fn hostile_headers_are_refused() {
    let long = |name: &[u8]| volume().raw(&Head::new("x", b'L', name.len()).bytes()).padded(name);
    let beyond = [&[0x80, 0, 0, 1][..], &[0; 8]].concat();
    for (name, tarball, words) in [
        (
            "checksum",
            volume().entry(&Head { checksum: Some(b"000000\0 ".into()), ..head("volumes/0/a") }, b""),
            "wrong checksum",
        ),
        (
            "negative size",
            volume().entry(&Head { size: vec![0xff; 12], ..head("volumes/0/a") }, b""),
            "size is negative",
        ),
        ("huge size", volume().entry(&Head { size: beyond, ..head("volumes/0/a") }, b""), "beyond 64 bits"),
        ("size of letters", volume().entry(&Head { size: b"12x".into(), ..head("volumes/0/a") }, b""), "no octal"),
        ("no owner", volume().pax(&[("uid", b"4294967295")]).file("volumes/0/a", b""), "is no id"),
        ("two sizes", volume().pax(&[("size", b"3")]).file("volumes/0/a", b"12"), "3 in one place and 2"),
        ("sign", volume().pax(&[("size", b"-3")]).file("volumes/0/a", b""), "no number"),
        ("63 bits", volume().pax(&[("size", b"9223372036854775808")]).file("volumes/0/a", b""), "63 bits"),
        ("path twice", volume().pax(&[("path", b"volumes/0/a"), ("path", b"b")]).file("x", b""), "stands twice"),
        ("other twice", volume().pax(&[("comment", b""), ("comment", b"b")]).file("x", b""), "stands twice"),
        (
            "attribute twice",
            volume()
                .pax(&[("SCHILY.xattr.user.a=", b""), ("SCHILY.xattr.user.a%25", b""), ("SCHILY.xattr.user.a%", b"")])
                .file("volumes/0/a", b""),
            "stands twice",
        ),
        ("no attribute", volume().pax(&[("SCHILY.xattr.", b"x")]).file("volumes/0/a", b""), "no name of an attribute"),
        ("text list", volume().pax(&[("SCHILY.acl.access", b"user::rw-")]).file("volumes/0/a", b""), "access control"),
        (
            "text list of another kind",
            volume()
                .pax(&[("SCHILY.acl.default", b"user::rw-"), ("SCHILY.xattr.system.posix_acl_access", b"x")])
                .file("volumes/0/a", b""),
            "access control",
        ),
        (
            "other encoding",
            volume().pax(&[("LIBARCHIVE.xattr.user.a", b"eA==")]).file("volumes/0/a", b""),
            "libarchive",
        ),
        ("two headers", volume().pax(&[("mtime", b"1")]).pax(&[("mtime", b"2")]).file("x", b""), "two extended"),
        ("names disagree", long(b"volumes/0/b\0").pax(&[("path", b"volumes/0/a")]).file("x", b""), "disagree"),
        ("two long names", long(b"a").raw(&Head::new("x", b'L', 0).bytes()).file("x", b""), "two long names"),
        ("dangling", volume().pax(&[("mtime", b"1")]), "without its entry"),
        ("long dangling", long(b"volumes/0/b"), "without its entry"),
        (
            "large header",
            volume().raw(&Head::new("x", b'x', (1 << 20) + 1).bytes()).padded(&vec![b'0'; (1 << 20) + 1]),
            "larger than 1048576",
        ),
        (
            "record length",
            volume().raw(&Head::new("x", b'x', 9).bytes()).padded(b"99 path=a").file("x", b""),
            "malformed",
        ),
        ("record end", volume().raw(&Head::new("x", b'x', 9).bytes()).padded(b"9 path=ab").file("x", b""), "malformed"),
        ("record key", volume().raw(&Head::new("x", b'x', 5).bytes()).padded(b"5 =a\n").file("x", b""), "malformed"),
        ("record zero", volume().raw(&Head::new("x", b'x', 7).bytes()).padded(b"0 ab=c\n").file("x", b""), "malformed"),
        (
            "no format",
            volume().entry(&Head { magic: b"ustar\x0001".into(), ..head("volumes/0/a") }, b""),
            "known format",
        ),
        (
            "mode of a link",
            volume().entry(&Head { mode: b"0120777\0".into(), ..head("volumes/0/a") }, b""),
            "something else",
        ),
        (
            "huge mode",
            volume().entry(&Head { mode: b"1000644\0".into(), ..head("volumes/0/a") }, b""),
            "something else",
        ),
        (
            "size in the record only",
            volume().pax(&[("size", b"3")]).raw(&head("volumes/0/a").bytes()),
            "3 in one place and 0",
        ),
        (
            "large size in the record only",
            volume().pax(&[("size", b"10000000000")]).entry(&Head::new("volumes/0/a", b'0', 7), b"content"),
            "10000000000 in one place and 7",
        ),
        ("two owners", volume().pax(&[("uid", b"0")]).file("volumes/0/a", b""), "0 in one place and 1000"),
        ("two groups", volume().pax(&[("gid", b"7")]).file("volumes/0/a", b""), "7 in one place and 1000"),
        ("two times", volume().pax(&[("mtime", b"7.5")]).file("volumes/0/a", b""), "7 in one place and 1610612736"),
        (
            "two modes",
            volume().pax(&[("SCHILY.acl.access", b"user::rwx,group::r--,other::r--")]).file("volumes/0/a", b""),
            "its mode is 744 in one place and 644 in another",
        ),
        (
            "global header between",
            volume().pax(&[("mtime", b"1")]).raw(&Head::new("g", b'g', 0).bytes()).file("volumes/0/a", b""),
            "another header stands between",
        ),
        (
            "long name between",
            volume()
                .pax(&[("size", b"0")])
                .raw(&Head::new("x", b'L', 2).bytes())
                .padded(b"a\0")
                .file("volumes/0/a", b""),
            "another header stands between",
        ),
        ("half a file", volume().pax(&[("GNU.volume.size", b"1")]).file("volumes/0/a", b""), "cut in pieces"),
        ("sparse by star", volume().pax(&[("SCHILY.realsize", b"1")]).file("volumes/0/a", b""), "cut in pieces"),
        ("label", volume().pax(&[("RHT.security.selinux", b"x")]).file("volumes/0/a", b""), "security labels"),
        ("trailing", volume().end().raw(b"x").raw(&[0; 511]), "behind the end"),
        ("second archive", volume().end().file("volumes/0/a", b""), "behind the end"),
        ("single zero block", volume().raw(&[0; 512]).file("volumes/0/a", b""), "behind the end"),
        ("large file", volume().pax(&[("size", b"99999999999999")]).file("volumes/0/a", b""), "larger than"),
    ] {
        check(name, tarball, "archive-refused", words);
    }
    for key in ["path", "linkpath", "size", "mtime", "uid", "GNU.sparse.name", "SCHILY.xattr.user.a"] {
        let records = super::tarball::records(&[(key, b"1")]);
        let tarball = volume().raw(&Head::new("g", b'g', records.len()).bytes()).padded(&records);
        check(key, tarball.file("volumes/0/a", b""), "archive-refused", "of every entry");
    }
}

#[test]
fn hostile_sparse_maps_are_refused() {
    let form = |map: &str, size: &str, content: &[u8]| {
        let pairs: &[(&str, &[u8])] = &[("GNU.sparse.size", size.as_bytes()), ("GNU.sparse.map", map.as_bytes())];
        volume().pax(pairs).file("volumes/0/s", content)
    };
    let new_form = |map: &[u8]| {
        let pairs: &[(&str, &[u8])] =
            &[("GNU.sparse.major", b"1"), ("GNU.sparse.minor", b"0"), ("GNU.sparse.realsize", b"10")];
        volume().pax(pairs).file("volumes/0/s", map)
    };
    let block = |text: &[u8]| [text, &vec![0; 512 - text.len()]].concat();
    let announced: &[(&str, &[u8])] =
        &[("GNU.sparse.size", b"10"), ("GNU.sparse.numblocks", b"2"), ("GNU.sparse.map", b"0,4")];
    let both: &[(&str, &[u8])] = &[
        ("GNU.sparse.size", b"10"),
        ("GNU.sparse.map", b"0,1"),
        ("GNU.sparse.offset", b"2"),
        ("GNU.sparse.numbytes", b"1"),
    ];
    let new = [("GNU.sparse.major", &b"1"[..]), ("GNU.sparse.minor", b"0"), ("GNU.sparse.realsize", b"10")];
    let two_ways = &[&new[..], &[("GNU.sparse.numblocks", b"0")]].concat()[..];
    let names = &[&new[..], &[("GNU.sparse.name", b"volumes/0/s"), ("path", b"volumes/0/t")]].concat()[..];
    // The four slots of an old GNU header; a run of nothing at 0 is a slot that is not used.
    let old = |runs: &[(u64, u64)]| {
        let slot = |run: &(u64, u64)| match run {
            (0, 0) => vec![0; 24],
            (offset, length) => format!("{offset:011o}\0{length:011o}\0").into_bytes(),
        };
        let mut gnu = runs.iter().flat_map(slot).collect::<Vec<u8>>();
        gnu.resize(97, 0);
        gnu.extend(b"00000000012\0");
        let stored = runs.iter().map(|run| run.1 as usize).sum();
        Head { magic: b"ustar  \0".into(), gnu, ..Head::new("volumes/0/s", b'S', stored) }
    };
    let chained = |head: &Head| {
        let mut head = head.clone();
        head.gnu[96] = 1;
        head
    };
    for (name, tarball, words) in [
        ("overlap", form("0,4,2,2", "10", b"123456"), "out of order"),
        ("backwards", form("4,2,0,2", "10", b"1234"), "out of order"),
        ("beyond", form("8,4", "10", b"1234"), "leaves the file"),
        ("sum", form("0,4", "10", b"123"), "4 bytes and 3"),
        ("odd", form("0,4,1", "10", b"1234"), "without a length"),
        ("no number", form("0,-4", "10", b""), "no number"),
        ("no size", volume().pax(&[("GNU.sparse.map", b"0,1")]).file("volumes/0/s", b"1"), "no real size"),
        ("unknown", volume().pax(&[("GNU.sparse.major", b"2")]).file("volumes/0/s", b""), "not known"),
        ("unknown key", volume().pax(&[("GNU.sparse.volume", b"2")]).file("volumes/0/s", b""), "no known format"),
        ("length first", volume().pax(&[("GNU.sparse.numbytes", b"2")]).file("volumes/0/s", b""), "without an offset"),
        ("open offset", volume().pax(&[("GNU.sparse.offset", b"2")]).file("volumes/0/s", b""), "without a length"),
        ("many", new_form(&block(b"99999999\n")), "more than 524288"),
        ("short map", new_form(&block(b"2\n0\n4\n")), "malformed"),
        ("no map", new_form(b""), "malformed"),
        ("letters", new_form(&block(b"1\nx\n")), "malformed"),
        ("overflow", new_form(&block(b"99999999999999999999\n")), "malformed"),
        ("runs", volume().pax(announced).file("volumes/0/s", b"1234"), "1 runs in one place and 2 in another"),
        ("two forms", volume().pax(both).file("volumes/0/s", b"12"), "two forms"),
        ("two ways", volume().pax(two_ways).file("volumes/0/s", &block(b"0\n")), "sparse in two ways"),
        (
            "no file",
            volume().pax(&[("GNU.sparse.name", b"volumes/0/s")]).directory("volumes/0/d"),
            "sparse and no file",
        ),
        ("names", volume().pax(names).file("x", &block(b"0\n")), "disagree"),
        ("old and new", volume().pax(&[("GNU.sparse.realsize", b"1")]).entry(&old(&[]), b""), "in two ways"),
        ("old, gap", volume().entry(&old(&[(0, 1), (0, 0), (2, 1)]), b"12"), "malformed"),
        ("old, chain of nothing", volume().raw(&chained(&old(&[(0, 1)])).bytes()).raw(&[0; 1024]), "malformed"),
        ("not GNU", volume().entry(&Head::new("volumes/0/s", b'S', 0), b""), "no GNU entry"),
    ] {
        check(name, tarball, "archive-refused", words);
    }
}

#[test]
fn what_only_a_policy_allows_names_the_line_to_add() {
    let with_id = |mode: &str| Head { mode: mode.into(), ..head("volumes/0/a") };
    for (tarball, allowed_by, hint) in [
        (volume().link("volumes/0/a", b'2', "x"), "links", "links = \"contained\""),
        (volume().file("volumes/0/b", b"").link("volumes/0/a", b'1', "volumes/0/b"), "links", "links = \"contained\""),
        (volume().entry(&with_id("0004755\0"), b""), "privileged", "--allow set-id"),
        (volume().entry(&with_id("0002755\0"), b""), "privileged", "--allow set-id"),
        (
            volume().pax(&[("SCHILY.xattr.security.capability", b"x")]).file("volumes/0/a", b""),
            "privileged",
            "--allow set-id",
        ),
        (volume().pax(&[("SCHILY.xattr.trusted.a", b"x")]).file("volumes/0/a", b""), "privileged", "--allow set-id"),
    ] {
        let archive = tarball.clone().end().imported();
        let failure = extracted(&archive, &[]).map(|_| ()).unwrap_err();
        assert_eq!(failure.code, "policy-refused");
        assert!(failure.message.starts_with("entry `volumes/0/a`"), "{}", failure.message);
        assert!(failure.hint.contains(hint), "{}", failure.hint);
        extracted(&archive, &[allowed_by]).unwrap();
        // Our own archives keep what was captured, but for links.
        assert_eq!(extracted(&tarball.end().own(), &[]).is_ok(), allowed_by == "privileged");
    }
}

#[test]
fn an_archive_must_begin_with_its_manifest() {
    for (tarball, words) in [
        (Tarball::empty().directory("volumes/0/"), "begins with `volumes/0/`"),
        (Tarball::empty(), "begins with ``"),
        (Tarball::empty().entry(&Head::new("manifest.json", b'2', 0), b""), "begins with"),
        (Tarball::empty().file("manifest.json", b"{}"), "malformed"),
        (Tarball::empty().file("manifest.json", &vec![b' '; (1 << 20) + 1]), "larger than"),
    ] {
        check("manifest", tarball, "archive-refused", words);
    }
}

#[test]
fn damage_to_the_stream_is_damage() {
    let whole = volume().file("volumes/0/a", &[7; 5000]).end().imported();
    let damaged = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut archive = whole.clone();
        change(&mut archive.bytes);
        archive.descriptor["archive"]["bytes"] = archive.bytes.len().into();
        extracted(&archive, &[]).map(|_| ())
    };
    let length = whole.bytes.len();
    assert!(damaged(&|_| {}).is_ok());
    for (name, change) in [
        ("checksum", &(|bytes: &mut Vec<u8>| bytes[length - 6] ^= 1) as &dyn Fn(&mut Vec<u8>)),
        ("length", &|bytes| bytes[length - 2] ^= 1),
        ("cut off", &|bytes| bytes.truncate(length - 3)),
        ("cut in half", &|bytes| bytes.truncate(length / 2)),
        ("garbage behind", &|bytes| bytes.extend_from_slice(b"garbage behind it")),
        ("zeros behind", &|bytes| bytes.extend_from_slice(&[0; 64])),
        ("no gzip", &|bytes| bytes[0] = b'x'),
        ("nothing", &|bytes| bytes.clear()),
    ] {
        assert_eq!(damaged(change).expect_err(name).code, "snapshot-damaged", "{name}");
    }
}

#[test]
fn every_cut_of_an_archive_is_refused() {
    let tar = |tarball: Tarball| tarball;
    let content = [3; 700];
    let blocks = [
        Head::new("volumes/0/", b'5', 0).bytes(),
        Head::new("volumes/0/a", b'0', 700).bytes(),
        content.to_vec(),
        vec![0; 1024 - 700],
        vec![0; 1024],
    ]
    .concat();
    for length in (0..blocks.len()).step_by(128) {
        let archive = tar(Tarball::new(1)).raw(&blocks[..length]).imported();
        assert!(extracted(&archive, &[]).is_err(), "cut at {length}");
    }
    extracted(&Tarball::new(1).raw(&blocks).imported(), &[]).unwrap();
}
