//! What comes out of archives that are as they should be.

use super::fake_host::{FakeStaging, Node};
use super::tarball::{Archive, Head, Tarball};
use crate::extract::extract;
use crate::host::{Metadata, Timestamp, Xattr};
use crate::manifest::Descriptor;
use crate::{Failure, Result};

const MIB: usize = 1 << 20;

/// Extracts every part, last first, into one staging of volume 0.
pub(super) fn extracted(archive: &Archive, policy: &[&str]) -> Result<FakeStaging> {
    let staging = FakeStaging::default();
    let policy = policy.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    for part in Descriptor::open(archive)?.parts_to_extract()?.iter().rev() {
        extract(archive, part, &policy, &[0], &[&staging])?;
    }
    match staging.0.borrow().get(&b"unfinished"[..]) {
        Some(node) => Err(Failure::usage(format!("left unfinished: {node:?}"))),
        None => Ok(staging.clone()),
    }
}

fn content(staging: &FakeStaging, path: &[u8]) -> Vec<u8> {
    match &staging.0.borrow()[path] {
        Node::File { content, metadata } => {
            assert!(metadata.is_some(), "no header was seen");
            content.clone()
        }
        other => panic!("{other:?}"),
    }
}

fn metadata(staging: &FakeStaging, path: &[u8]) -> Metadata {
    match &staging.0.borrow()[path] {
        Node::File { metadata: Some(metadata), .. } | Node::Directory(metadata) => metadata.clone(),
        other => panic!("{other:?}"),
    }
}

/// Bytes that differ from block to block.
fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at / 7 + at / MIB) as u8).collect()
}

fn volume() -> Tarball {
    Tarball::new(1).directory("volumes/0/")
}

#[test]
fn files_of_every_size_come_back() {
    for size in [0, 1, 511, 512, 513, MIB - 1, MIB, MIB + 1, 3 * MIB, 5 * MIB + 7] {
        let bytes = pattern(size);
        let archive = volume().file("volumes/0/a", &bytes).file("volumes/0/b", b"behind").end().own();
        let staging = extracted(&archive, &[]).unwrap();
        assert!(content(&staging, b"a") == bytes, "{size}");
        assert_eq!(content(&staging, b"b"), b"behind");
    }
}

#[test]
fn a_file_that_lies_in_many_parts_comes_back_whole() {
    let bytes = pattern(5 * MIB + 100);
    let size = bytes.len() as u64;
    let at = |mib: usize| (mib * MIB) as u64;
    let inside = |mib| Some(("d/big%20one", size, at(mib)));
    let head = Head::new("volumes/0/d/big one", b'0', bytes.len());
    let mut tarball = volume().directory("volumes/0/d").part(None).raw(&head.bytes());
    tarball.entries += 1;
    let archive = tarball
        .raw(&bytes[..MIB])
        .part(inside(1))
        .raw(&bytes[MIB..3 * MIB])
        .part(inside(3))
        .raw(&bytes[3 * MIB..4 * MIB])
        .member()
        .raw(&bytes[4 * MIB..5 * MIB])
        .part(inside(5))
        .padded(&bytes[5 * MIB..])
        .file("volumes/0/e", b"after")
        .part(None)
        .file("volumes/0/f", b"last")
        .end()
        .own();
    let staging = extracted(&archive, &[]).unwrap();
    assert!(content(&staging, b"d/big one") == bytes);
    assert_eq!(content(&staging, b"e"), b"after");
    assert_eq!(content(&staging, b"f"), b"last");
    // A volume that stays as it is passes through the same parts.
    for part in Descriptor::open(&archive).unwrap().parts_to_extract().unwrap() {
        extract::<_, FakeStaging>(&archive, &part, &[], &[], &[]).unwrap();
    }
}

#[test]
fn a_part_may_begin_with_the_first_byte_of_a_file() {
    let bytes = pattern(2 * MIB);
    let archive = volume()
        .raw(&Head::new("volumes/0/a", b'0', bytes.len()).bytes())
        .part(Some(("a", bytes.len() as u64, 0)))
        .padded(&bytes)
        .end()
        .own();
    assert!(content(&extracted(&archive, &[]).unwrap(), b"a") == bytes);
}

#[test]
fn parts_that_do_not_fit_their_descriptor_are_damage() {
    let bytes = pattern(2 * MIB);
    let head = Head::new("volumes/0/a", b'0', bytes.len());
    let size = bytes.len() as u64;
    let begin = || volume().raw(&head.bytes());
    for (archive, why) in [
        // The header's part holds more than the descriptor says.
        (begin().raw(&bytes).part(Some(("a", size, 1 << 20))).raw(&bytes[MIB..]).end(), "goes on after"),
        // Or less.
        (
            begin().raw(&bytes[..MIB / 2]).part(Some(("a", size, 1 << 20))).raw(&bytes[MIB..]).end(),
            "middle of an entry",
        ),
        (begin().raw(&bytes[..MIB]).part(Some(("b", size, 1 << 20))).raw(&bytes[MIB..]).end(), "middle of an entry"),
        (
            begin().raw(&bytes[..MIB]).part(Some(("a", size + 1, 1 << 20))).raw(&bytes[MIB..]).raw(&[0; 1536]),
            "another size",
        ),
        (begin().raw(&bytes).part(Some(("c", size, 1 << 20))).raw(&bytes[MIB..]).end(), "ends before `c`"),
        (begin().raw(&bytes).part(None).file("volumes/0/b", b"").raw(&[0; 100]), "has no end"),
        (begin().raw(&bytes).end().part(None).file("volumes/0/b", b"").end(), "before its last part"),
    ] {
        let failure = extracted(&archive.own(), &[]).map(|_| ()).expect_err(why);
        assert_eq!(failure.code, "snapshot-damaged", "{}", failure.message);
        assert!(failure.message.contains(why), "{}", failure.message);
    }
}

#[test]
fn everything_about_an_entry_comes_back() {
    let name = "volumes/0/".to_owned() + &"long/".repeat(60) + "name";
    let archive = volume()
        .pax(&[
            ("path", name.as_bytes()),
            ("mtime", b"-12.25"),
            ("uid", b"4000000000"),
            ("atime", b"1.5"),
            ("SCHILY.xattr.user.note", b"a\nb=\0"),
            ("SCHILY.xattr.user.a%3Db", b""),
            ("LIBARCHIVE.xattr.user.note", b"YQ=="),
            ("SCHILY.xattr.system.posix_acl_access", b"raw"),
            ("SCHILY.acl.access", b"user::rw-"),
        ])
        .entry(&Head { mode: b"0104755\0".into(), ..Head::new("short", b'0', 3) }, b"abc")
        .entry(&Head { mtime: [&[0xff; 11][..], &[0xfe]].concat(), ..Head::new("volumes/0/old", b'0', 0) }, b"")
        .pax(&[("size", b"2")])
        .file("volumes/0/sized", b"ok")
        .raw(&Head::new("././@LongLink", b'L', 18).bytes())
        .padded(b"volumes/0/by-long\0")
        .file("volumes/0/by-", b"")
        .file(b"volumes/0/\xff\xfe", b"bytes")
        .end()
        .own();
    let staging = extracted(&archive, &[]).unwrap();
    let expected = Metadata {
        mode: 0o4755,
        uid: 4_000_000_000,
        gid: 1000,
        mtime: Timestamp { seconds: -13, nanoseconds: 750_000_000 },
        xattrs: vec![
            Xattr { name: b"user.note".into(), value: b"a\nb=\0".into() },
            Xattr { name: b"user.a=b".into(), value: b"".into() },
            Xattr { name: b"system.posix_acl_access".into(), value: b"raw".into() },
        ],
    };
    assert_eq!(metadata(&staging, name.strip_prefix("volumes/0/").unwrap().as_bytes()), expected);
    assert_eq!(metadata(&staging, b"old").mtime, Timestamp { seconds: -2, nanoseconds: 0 });
    assert!(metadata(&staging, b"old").xattrs.is_empty(), "nothing is left of the entry before");
    assert_eq!(content(&staging, b"sized"), b"ok");
    assert_eq!(content(&staging, b"by-long"), b"");
    assert_eq!(content(&staging, b"\xff\xfe"), b"bytes");
}

#[test]
fn every_form_of_a_sparse_file_comes_back_with_its_holes() {
    let mut expected = vec![0; 3 * MIB];
    expected[10..14].copy_from_slice(b"head");
    expected[2 * MIB - 2..2 * MIB + 2].copy_from_slice(b"tail");
    let (tail, size) = (2 * MIB - 2, 3 * MIB);
    let name = ("GNU.sparse.name", &b"volumes/0/s"[..]);
    let number = |value: usize| value.to_string().into_bytes();
    let map_1_0 = format!("3\n10\n4\n{tail}\n4\n{size}\n0\n");
    let stored = [map_1_0.as_bytes(), &vec![0; 512 - map_1_0.len()], b"headtail"].concat();
    let map_0_1 = format!("10,4,{tail},4,{size},0");
    let octal = |value: usize| format!("{value:011o}\0").into_bytes();
    let mut gnu = [octal(10), octal(1), octal(11), octal(2), octal(13), octal(1), octal(tail), octal(2)].concat();
    gnu.resize(96, 0);
    gnu.push(1);
    gnu.extend(octal(size));
    let mut extension = [octal(2 * MIB), octal(2), octal(size), octal(0)].concat();
    extension.resize(512, 0);
    let old = Head { magic: b"ustar  \0".into(), gnu, ..Head::new("volumes/0/s", b'S', 8) };
    let forms = [
        volume()
            .pax(&[
                ("GNU.sparse.major", b"1"),
                ("GNU.sparse.minor", b"0"),
                name,
                ("GNU.sparse.realsize", &number(size)),
            ])
            .file("GNUSparseFile.0/s", &stored),
        volume()
            .pax(&[
                ("GNU.sparse.size", &number(size)),
                ("GNU.sparse.numblocks", b"3"),
                name,
                ("GNU.sparse.map", map_0_1.as_bytes()),
            ])
            .file("GNUSparseFile.0/s", b"headtail"),
        volume()
            .pax(&[
                ("GNU.sparse.size", &number(size)),
                ("GNU.sparse.numblocks", b"2"),
                ("GNU.sparse.offset", b"10"),
                ("GNU.sparse.numbytes", b"4"),
                ("GNU.sparse.offset", &number(tail)),
                ("GNU.sparse.numbytes", b"4"),
            ])
            .file("volumes/0/s", b"headtail"),
        volume().raw(&old.bytes()).raw(&extension).padded(b"headtail"),
    ];
    for (form, tarball) in forms.into_iter().enumerate() {
        let archive = tarball.file("volumes/0/t", b"behind").end().own();
        let staging = extracted(&archive, &[]).unwrap();
        assert!(content(&staging, b"s") == expected, "form {form}");
        assert_eq!(content(&staging, b"t"), b"behind", "form {form}");
    }
}

#[test]
fn a_sparse_file_may_be_one_hole() {
    let pairs: &[(&str, &[u8])] = &[
        ("GNU.sparse.major", b"1"),
        ("GNU.sparse.minor", b"0"),
        ("GNU.sparse.name", b"volumes/0/s"),
        ("GNU.sparse.realsize", b"5000"),
    ];
    let map = [&b"0\n"[..], &[0; 510]].concat();
    let archive = volume().pax(pairs).file("x", &map).end().own();
    assert_eq!(content(&extracted(&archive, &[]).unwrap(), b"s"), vec![0; 5000]);
}

#[test]
fn links_come_back_where_the_workload_allows_them() {
    let archive = volume()
        .file("volumes/0/a", b"x")
        .link("volumes/0/s", b'2', "/etc/passwd")
        .link("volumes/0/h", b'1', "./volumes/0/a")
        .end()
        .own();
    let staging = extracted(&archive, &["links"]).unwrap();
    assert_eq!(staging.0.borrow()[&b"s"[..]], Node::Symlink(b"/etc/passwd".into()));
    assert_eq!(staging.0.borrow()[&b"h"[..]], Node::HardLink(b"a".into()));
    assert_eq!(extracted(&archive, &[]).map(|_| ()).unwrap_err().code, "policy-refused");
    // Left out, the volume needs no permission.
    let part = &Descriptor::open(&archive).unwrap().parts_to_extract().unwrap()[0];
    extract::<_, FakeStaging>(&archive, part, &[], &[], &[]).unwrap();
}

#[test]
fn an_imported_archive_is_one_part_and_may_come_from_tar_itself() {
    let archive = Tarball::new(1)
        .raw(&Head::new("pax_global_header", b'g', 14).bytes())
        .padded(b"14 comment=hi\n")
        .directory("./volumes/")
        .directory("./volumes/0/")
        .file("./volumes/0/a", b"x")
        .end()
        .raw(&[0; 8192])
        .imported();
    assert_eq!(content(&extracted(&archive, &[]).unwrap(), b"a"), b"x");
}

#[test]
fn nothing_beyond_the_totals_of_the_descriptor_is_staged() {
    for (key, value) in [("entries", 1), ("bytes", 2)] {
        let mut archive = volume().file("volumes/0/a", b"abc").end().own();
        archive.descriptor["volumes"][0][key] = value.into();
        assert_eq!(extracted(&archive, &[]).map(|_| ()).unwrap_err().code, "too-large", "{key}");
    }
}

#[test]
fn another_manifest_than_the_descriptors_is_damage() {
    let mut archive = volume().end().own();
    archive.descriptor["manifest"]["reason"] = "safety".into();
    assert_eq!(extracted(&archive, &[]).map(|_| ()).unwrap_err().code, "snapshot-damaged");
}
