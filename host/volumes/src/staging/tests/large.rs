use std::fs;
use std::os::unix::fs::MetadataExt as _;

use super::fixture::{Fixture, HandMade, exactly, generous, metadata};
use crate::staging::{Expected, Quota, Staging};
use reforge_base::failure::Code;
use reforge_testing::Disk;

const MIB: usize = 1 << 20;

/// Bytes that differ from block to block.
fn pattern(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at / 251 + at / MIB) as u8).collect()
}

fn one_file(content: &[u8]) -> (Fixture, Staging) {
    let mut tree = HandMade::with_root(&metadata(0o700));
    tree.add_file("large", &metadata(0o4711), content);
    let fixture = Fixture::new();
    let staging = fixture.stage(exactly(&tree));
    staging.directory(b"", &metadata(0o700)).unwrap();
    (fixture, staging)
}

#[test]
fn content_in_pieces_of_any_size_has_one_digest() {
    let content = pattern(3 * MIB + 12_345);
    for piece in [1000, 65_536, MIB - 1, MIB] {
        let (fixture, staging) = one_file(&content);
        let mut file = staging.large_file(b"large", &metadata(0o4711), content.len() as u64).unwrap();
        for (number, bytes) in content.chunks(piece).enumerate() {
            file.write((number * piece) as u64, bytes).unwrap();
        }
        file.finish().unwrap();
        staging.seal().unwrap();
        assert_eq!(fs::read(fixture.root().join("large")).unwrap(), content);
        assert_eq!(fs::metadata(fixture.root().join("large")).unwrap().mode() & 0o7777, 0o4711);
        assert_eq!(fs::metadata(fixture.root().join("large")).unwrap().mtime(), metadata(0).mtime.seconds);
    }
}

#[test]
fn holes_stay_holes_and_count_as_zeros() {
    let mut content = vec![0; 40 * MIB + 77];
    content[10 * MIB + 5000..10 * MIB + 6000].fill(7);
    content[40 * MIB + 70..].fill(9);
    let (fixture, staging) = one_file(&content);
    let mut file = staging.large_file(b"large", &metadata(0o4711), content.len() as u64).unwrap();
    file.write(10 * MIB as u64 + 5000, &[7; 1000]).unwrap();
    file.write(40 * MIB as u64 + 70, &[9; 7]).unwrap();
    file.finish().unwrap();
    staging.seal().unwrap();
    assert_eq!(fs::read(fixture.root().join("large")).unwrap(), content);
    assert!(fs::metadata(fixture.root().join("large")).unwrap().blocks() * 512 <= 64 << 10);
}

#[test]
fn a_file_that_is_one_hole_with_a_short_tail_has_the_digest_of_zeros() {
    for size in [0, 1, MIB - 1, MIB, 2 * MIB + 3] {
        let (fixture, staging) = one_file(&vec![0; size]);
        staging.large_file(b"large", &metadata(0o4711), size as u64).unwrap().finish().unwrap();
        staging.seal().unwrap();
        assert_eq!(fs::metadata(fixture.root().join("large")).unwrap().len(), size as u64);
    }
}

#[test]
fn two_threads_write_the_two_parts_of_one_file_whichever_comes_first() {
    let content = pattern(8 * MIB + 5);
    for part_first in [false, true] {
        let (fixture, staging) = one_file(&content);
        let (head, tail) = content.split_at(4 * MIB);
        let gate = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                if part_first {
                    gate.wait();
                }
                let mut file = staging.large_file(b"large", &metadata(0o4711), content.len() as u64).unwrap();
                if !part_first {
                    gate.wait();
                }
                head.chunks(MIB).enumerate().for_each(|(n, bytes)| file.write((n * MIB) as u64, bytes).unwrap());
                file.finish().unwrap();
            });
            scope.spawn(|| {
                if !part_first {
                    gate.wait();
                }
                let mut file = staging.large_file_part(b"large", content.len() as u64).unwrap();
                if part_first {
                    gate.wait();
                }
                tail.chunks(MIB).enumerate().for_each(|(n, bytes)| file.write(((n + 4) * MIB) as u64, bytes).unwrap());
                file.finish().unwrap();
            });
        });
        staging.seal().unwrap();
        assert_eq!(fs::read(fixture.root().join("large")).unwrap(), content);
    }
}

#[test]
fn any_number_of_large_files_needs_few_descriptors() {
    let disk = Disk::tmpfs();
    let fixture = Fixture::on(disk.path());
    let expected = Expected { tree_digest: None, entries: 3001, bytes: 3000 };
    let staging = fixture.stage(Quota { expected, ..generous() });
    staging.directory(b"", &metadata(0o700)).unwrap();
    for number in 0..3000 {
        let mut file = staging.large_file(format!("f{number}").as_bytes(), &metadata(0o600), 1).unwrap();
        file.write(0, b"x").unwrap();
        file.finish().unwrap();
    }
    staging.seal().unwrap();
}

/// What is done wrong with a large file, and how the seal must answer.
#[test]
fn a_large_file_that_is_written_wrongly_refuses_the_volume() {
    type Wrong = fn(&Staging) -> Result<(), reforge_base::Failure>;
    let rows: &[(&str, Code, Wrong)] = &[
        ("backwards", Code::ArchiveRefused, |staging| {
            let mut file = staging.large_file(b"large", &metadata(0), 3 << 20)?;
            file.write(100, b"x")?;
            file.write(99, b"x")
        }),
        ("beyond its end", Code::ArchiveRefused, |staging| {
            staging.large_file(b"large", &metadata(0), 100)?.write(99, b"xy")
        }),
        ("far beyond its end", Code::ArchiveRefused, |staging| {
            staging.large_file(b"large", &metadata(0), 100)?.write(u64::MAX, b"xy")
        }),
        ("too much at once", Code::TooLarge, |staging| {
            staging.large_file(b"large", &metadata(0), 3 << 20)?.write(0, &vec![0; MIB + 1])
        }),
        ("one block twice", Code::ArchiveRefused, |staging| {
            staging.large_file(b"large", &metadata(0), 3 << 20)?.write(0, b"x")?;
            staging.large_file_part(b"large", 3 << 20)?.write(100, b"x")
        }),
        ("one block twice, finished between", Code::ArchiveRefused, |staging| {
            let mut file = staging.large_file(b"large", &metadata(0), 3 << 20)?;
            file.write(0, b"x")?;
            file.finish()?;
            staging.large_file_part(b"large", 3 << 20)?.write(100, b"x")
        }),
        ("two sizes", Code::ArchiveRefused, |staging| {
            staging.large_file(b"large", &metadata(0), 3 << 20)?.finish()?;
            staging.large_file_part(b"large", 2 << 20).map(drop)
        }),
        ("two headers", Code::ArchiveRefused, |staging| {
            staging.large_file(b"large", &metadata(0), 100)?.finish()?;
            staging.large_file(b"large", &metadata(0), 100).map(drop)
        }),
        ("no header", Code::ArchiveRefused, |staging| staging.large_file_part(b"large", 100)?.finish()),
        ("not finished", Code::ArchiveRefused, |staging| {
            staging.large_file(b"large", &metadata(0), 100)?.write(0, b"x")
        }),
        ("finished twice", Code::OutOfOrder, |staging| {
            let mut file = staging.large_file(b"large", &metadata(0), 100)?;
            file.finish()?;
            file.finish()
        }),
        ("written after its end", Code::OutOfOrder, |staging| {
            let mut file = staging.large_file(b"large", &metadata(0), 100)?;
            file.finish()?;
            file.write(0, b"x")
        }),
        ("over another file", Code::ArchiveRefused, |staging| {
            staging.file(b"large", &metadata(0), b"x")?;
            staging.large_file(b"large", &metadata(0), 100).map(drop)
        }),
        ("over a directory", Code::ArchiveRefused, |staging| {
            staging.directory(b"large", &metadata(0))?;
            staging.large_file_part(b"large", 100).map(drop)
        }),
        ("larger than any file", Code::ArchiveRefused, |staging| {
            staging.large_file(b"large", &metadata(0), 17 << 40).map(drop)
        }),
        ("a part larger than the volume", Code::ArchiveRefused, |staging| {
            staging.large_file_part(b"large", 1 << 60).map(drop)
        }),
    ];
    for (name, code, wrong) in rows {
        let fixture = Fixture::new();
        let expected = Expected { tree_digest: None, entries: 100, bytes: 32 << 40 };
        let staging = fixture.stage(Quota { expected, ..generous() });
        staging.directory(b"", &metadata(0o700)).unwrap();
        let outcome = wrong(&staging);
        let failure = staging.seal().unwrap_err();
        assert_eq!(failure.code, *code, "{name}: {failure}");
        assert!(outcome.is_ok() || outcome.unwrap_err() == failure, "{name}: the seal reports the first failure");
    }
}

#[test]
fn a_handle_that_outlives_the_seal_writes_nothing() {
    let (fixture, staging) = one_file(b"");
    let mut file = staging.large_file(b"large", &metadata(0o4711), 0).unwrap();
    file.finish().unwrap();
    staging.seal().unwrap();
    assert_eq!(file.write(0, b"").unwrap_err().code, Code::OutOfOrder);
    assert_eq!(fs::metadata(fixture.root().join("large")).unwrap().len(), 0);
}
