//! Whatever is changed about a good archive: it is refused, or what it says is restored within its own staging.

use std::cell::Cell;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use crate::support::hostile::Attacked;
use crate::support::process::Output;
use crate::support::signature::{self, Signature};
use crate::support::tarball::{Head, Tarball};

/// Each is an import or a restore by the real program.
const MUTANTS: u32 = 64;
const BLOCK_BYTES: usize = 512;
/// Offset and length of every field of a header.
const FIELDS: [(usize, usize); 14] = [
    (0, 100),
    (100, 8),
    (108, 8),
    (116, 8),
    (124, 12),
    (136, 12),
    (148, 8),
    (156, 1),
    (157, 100),
    (257, 8),
    (345, 155),
    (386, 24),
    (482, 1),
    (483, 12),
];

/// Values that mean something to somebody.
const VALUES: [&[u8]; 20] = [
    b"../../outside/evil\0",
    b"/outside/evil\0",
    b"volumes/0/../../outside/evil\0",
    b"volumes/1/evil\0",
    b"volumes/0\0",
    b"manifest.json\0",
    b"00000000000\0",
    b"77777777777\0",
    b"00000001000\0",
    b"0006755\0",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x80\0\0\0\0\0\0\0\0\0\x02\0",
    b"0",
    b"1",
    b"2",
    b"5",
    b"S",
    b"x",
    b"g",
    b"L",
];

#[derive(Clone, Debug)]
enum Mutation {
    Flip(Index, u8),
    Field(Index, Index, Vec<u8>),
    Remove(Index),
    Repeat(Index),
    Swap(Index, Index),
    Zero(Index),
    Cut(Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = || any::<Index>();
    let value = prop_oneof![
        2 => prop::sample::select(VALUES.to_vec()).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 1..20),
    ];
    prop_oneof![
        3 => (at(), any::<u8>()).prop_map(|(at, bits)| Mutation::Flip(at, bits)),
        6 => (at(), at(), value).prop_map(|(at, field, value)| Mutation::Field(at, field, value)),
        1 => at().prop_map(Mutation::Remove),
        1 => at().prop_map(Mutation::Repeat),
        1 => (at(), at()).prop_map(|(one, other)| Mutation::Swap(one, other)),
        1 => at().prop_map(Mutation::Zero),
        1 => at().prop_map(Mutation::Cut),
    ]
}

/// Applies them to the tar, mends the checksums of all headers if asked to, and compresses it again.
fn mutate(tar: &[u8], mutations: &[Mutation], mend: bool) -> Vec<u8> {
    let mut blocks: Vec<Vec<u8>> = tar.chunks(BLOCK_BYTES).map(<[u8]>::to_vec).collect();
    for mutation in mutations {
        let count = blocks.len();
        if count == 0 {
            break;
        }
        match mutation {
            Mutation::Flip(at, bits) => {
                let block = at.index(count);
                let byte = at.index(blocks[block].len());
                blocks[block][byte] ^= bits;
            }
            Mutation::Field(at, field, value) => {
                let headers: Vec<usize> = (0..count).filter(|block| is_header(&blocks[*block])).collect();
                if !headers.is_empty() {
                    let (offset, length) = FIELDS[field.index(FIELDS.len())];
                    let used = value.len().min(length);
                    blocks[*at.get(&headers)][offset..offset + used].copy_from_slice(&value[..used]);
                }
            }
            Mutation::Remove(at) => drop(blocks.remove(at.index(count))),
            Mutation::Repeat(at) => blocks.insert(at.index(count), blocks[at.index(count)].clone()),
            Mutation::Swap(one, other) => blocks.swap(one.index(count), other.index(count)),
            Mutation::Zero(at) => blocks[at.index(count)].fill(0),
            Mutation::Cut(at) => blocks.truncate(at.index(count)),
        }
    }
    if mend {
        blocks.iter_mut().filter(|block| is_header(block)).for_each(|block| mend_checksum(block));
    }
    compress(&blocks.concat())
}

fn is_header(block: &[u8]) -> bool {
    block.len() == BLOCK_BYTES && block[257..].starts_with(b"ustar")
}

fn mend_checksum(block: &mut [u8]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

fn compress(tar: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(tar).unwrap();
    gzip.finish().unwrap()
}

fn inflate(bytes: &[u8]) -> Vec<u8> {
    let mut tar = Vec::new();
    MultiGzDecoder::new(bytes).read_to_end(&mut tar).unwrap();
    tar
}

/// One of everything that an archive of somebody else can hold.
fn rich(tarball: Tarball) -> Tarball {
    let sparse: &[(&str, &[u8])] = &[("GNU.sparse.size", b"9000"), ("GNU.sparse.map", b"0,4,8000,4")];
    let old = Head {
        magic: b"ustar  \0".into(),
        gnu: [&b"00000000000\x0000000000004\0"[..], &[0; 73], b"00000020000\0"].concat(),
        ..Head::new("volumes/1/old-sparse", b'S', 4)
    };
    let long = [b"volumes/1/", &[b'l'; 200][..], b"\0"].concat();
    tarball
        .file("volumes/0/file", b"content")
        .directory("volumes/0/below/")
        .pax(&[("mtime", b"1610612736.25"), ("SCHILY.xattr.user.a", b"b"), ("uid", b"1000")])
        .file("volumes/0/below/noted", b"noted")
        .pax(sparse)
        .file("volumes/0/sparse", b"datadata")
        .entry(&old, b"data")
        .raw(&Head::new("././@LongLink", b'L', long.len()).bytes())
        .padded(&long)
        .file("volumes/1/l", b"by a long name")
        .link("volumes/0/soft", b'2', "../../../outside/precious")
        .link("volumes/0/zz-hard", b'1', "volumes/0/file")
}

/// The real program said no, in words, and changed nothing; or did it, and changed nothing else.
fn judge(output: &Output, before: &(Signature, Signature), attacked: &Attacked) -> Result<bool, TestCaseError> {
    prop_assert!(!output.said().contains("panicked"), "{:?}", output);
    if output.code == Some(0) {
        return Ok(true);
    }
    // 2: no manifest of ours is left in it, so that a person would have to say which directory is which volume.
    let asks = output.code == Some(2) && output.json()["contents"].is_object();
    if asks {
        prop_assert!(attacked.volumes() == *before, "something changed: {:?}", output);
        return Ok(false);
    }
    // 1: the file system cannot hold what the archive asks for, as an attribute that is none.
    prop_assert!(matches!(output.code, Some(1 | 3)), "{:?}", output);
    prop_assert!(!output.json()["error"]["message"].as_str().unwrap_or_default().is_empty(), "{:?}", output);
    prop_assert!(attacked.volumes() == *before, "something changed: {:?}", output);
    Ok(false)
}

#[test]
fn a_mutant_of_a_foreign_archive_is_refused_or_restored_within_its_staging() {
    let attacked = Attacked::new(true);
    let tar = inflate(&rich(attacked.tarball()).end().finish().0);
    let outside = attacked.outside();
    let file = attacked.world.path("run/mutant.tar.gz");
    let config = Config { cases: MUTANTS, max_shrink_iters: 64, failure_persistence: None, ..Config::default() };
    let input = (prop::collection::vec(mutation(), 1..4), prop::bool::weighted(0.9));
    let restored_mutants = Cell::new(0);
    let outcome = TestRunner::new(config).run(&input, |(mutations, mend)| {
        std::fs::write(&file, mutate(&tar, &mutations, mend)).unwrap();
        let before = attacked.volumes();
        let words = ["snapshot", "import", file.to_str().unwrap(), "--workload", "app", "--json"];
        let imported = attacked.world.reforge(&words);
        if judge(&imported, &before, &attacked)? {
            let id = imported.json()["id"].as_str().unwrap().to_owned();
            let restored = attacked.world.restore("app", &id, &["--json"]);
            if judge(&restored, &before, &attacked)? {
                let (data, more) = attacked.volumes();
                let harmless = |entry: &signature::Entry| {
                    // Of a directory it says whose group new files get, which is no right.
                    let rights = if entry.kind == "directory" { 0o4000 } else { 0o6000 };
                    matches!(entry.kind, "directory" | "file" | "link") && entry.mode & rights == 0
                };
                restored_mutants.set(restored_mutants.get() + 1);
                prop_assert!(data.values().chain(more.values()).all(harmless), "{:?}", (data, more));
            }
        }
        prop_assert!(attacked.outside() == outside, "something changed outside of the app's volumes");
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(restored_mutants.get() > 0, "all of {MUTANTS} mutants were refused: they are too wild to say anything");
    attacked.can_still_be_restored();
}

#[test]
fn a_mutant_of_our_own_archive_is_refused_or_is_what_was_captured() {
    let attacked = Attacked::new(true);
    let tar = inflate(attacked.captured_archive());
    attacked.world.restore("app", &attacked.snapshot, &[]).expect(0);
    let (captured, outside) = (attacked.volumes(), attacked.outside());
    let config = Config { cases: MUTANTS / 2, max_shrink_iters: 64, failure_persistence: None, ..Config::default() };
    let input = (prop::collection::vec(mutation(), 1..3), any::<bool>());
    let outcome = TestRunner::new(config).run(&input, |(mutations, mend)| {
        attacked.rewrite(&mutate(&tar, &mutations, mend), |_| ());
        let output = attacked.world.restore("app", &attacked.snapshot, &["--json"]);
        judge(&output, &captured, &attacked)?;
        prop_assert!(attacked.volumes() == captured, "a mutant was restored: {:?}", output);
        prop_assert!(attacked.outside() == outside, "something changed outside of the app's volumes");
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    attacked.can_still_be_restored();
}

#[test]
fn a_mutant_of_the_compressed_bytes_is_refused_or_is_what_was_captured() {
    let attacked = Attacked::new(true);
    attacked.world.restore("app", &attacked.snapshot, &[]).expect(0);
    let (captured, outside) = (attacked.volumes(), attacked.outside());
    let archive = attacked.captured_archive().to_vec();
    let config = Config { cases: MUTANTS / 4, max_shrink_iters: 64, failure_persistence: None, ..Config::default() };
    let input = prop::collection::vec((any::<Index>(), any::<u8>()), 1..4);
    let outcome = TestRunner::new(config).run(&input, |flips| {
        let mut bytes = archive.clone();
        for (at, bits) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= bits;
        }
        attacked.rewrite(&bytes, |_| ());
        let output = attacked.world.restore("app", &attacked.snapshot, &["--json"]);
        judge(&output, &captured, &attacked)?;
        prop_assert!(attacked.volumes() == captured, "a mutant was restored: {:?}", output);
        prop_assert!(attacked.outside() == outside, "something changed outside of the app's volumes");
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    attacked.can_still_be_restored();
}
