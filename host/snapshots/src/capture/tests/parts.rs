//! Parts can be read by themselves and begin where the descriptor says.

use std::io::Read as _;
use std::process::Command;

use super::super::*;
use super::fixture::{World, run};
use crate::capture::splitter::PART_BYTES;

fn inflate(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::bufread::MultiGzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

#[test]
fn each_part_decompresses_alone_and_together_they_are_the_tar() {
    let world = World::made_by(
        "head -c 40000000 /dev/urandom > 'large ü'; for i in $(seq 1 400); do head -c 100000 /dev/urandom > s$i; done",
    );
    for storage in [Storage::Compressed, Storage::Stored] {
        let descriptor = world.capture(storage).unwrap();
        let archive = std::fs::read(world.archive(&descriptor)).unwrap();
        let parts = &descriptor.parts;
        let ends = parts[1..].iter().map(|part| part.offset).chain([descriptor.archive.bytes]);
        let pieces: Vec<Vec<u8>> =
            parts.iter().zip(ends).map(|(part, end)| inflate(&archive[part.offset as usize..end as usize])).collect();
        let tar = run(Command::new("gzip").arg("-dc").arg(world.archive(&descriptor)));
        assert!(pieces.concat() == tar);
        assert_eq!(tar.len() % 512, 0);

        let large = std::fs::read(world.live().join("large ü")).unwrap();
        let inside: Vec<_> =
            parts.iter().zip(&pieces).filter_map(|(part, piece)| Some((part.inside.as_ref()?, piece))).collect();
        assert_eq!(inside.iter().map(|(inside, _)| inside.at).collect::<Vec<_>>(), [PART_BYTES, 2 * PART_BYTES]);
        for (inside, piece) in inside {
            assert_eq!((inside.volume, &*inside.path, inside.size), (0, "large%20%C3%BC", 40_000_000));
            let rest = &large[inside.at as usize..];
            let len = rest.len().min(PART_BYTES as usize);
            assert!(piece[..len] == rest[..len]);
        }
        assert_first_entries(&descriptor, &pieces);
    }
}

/// Counts headers, records not counted, and compares with what each part says of itself.
fn assert_first_entries(descriptor: &Descriptor, pieces: &[Vec<u8>]) {
    let mut starts = Vec::new();
    let mut at = 0;
    for piece in pieces {
        starts.push(at);
        at += piece.len() as u64;
    }
    let tar = pieces.concat();
    let mut archive = tar::Archive::new(&tar[..]);
    let headers: Vec<u64> = archive.entries().unwrap().map(|entry| entry.unwrap().raw_header_position()).collect();
    assert_eq!(headers.len() as u64, descriptor.volumes[0].entries + 1);
    for (part, start) in descriptor.parts.iter().zip(starts) {
        let expected = headers.iter().filter(|header| **header < start).count() as u64;
        assert_eq!(part.first_entry, expected);
        if part.inside.is_none() && part.first_entry > 0 {
            assert_eq!(headers[part.first_entry as usize] - start, 1024, "a part begins at the records of its entry");
        }
    }
    assert!(descriptor.parts.iter().filter(|part| part.inside.is_none()).count() >= 3);
}

#[test]
fn a_file_of_exactly_one_part_is_not_cut_at_its_end() {
    let world = World::made_by("head -c 16777216 /dev/zero > f; head -c 1 /dev/zero > g");
    let descriptor = world.capture(Storage::Stored).unwrap();
    let parts: Vec<_> = descriptor.parts.iter().map(|part| (part.first_entry, part.inside.is_some())).collect();
    assert_eq!(parts, [(0, false), (3, false)]);
}

#[test]
fn the_descriptor_repeats_the_manifest_and_the_archive_matches_it() {
    let world = World::made_by("printf x > f");
    let descriptor = world.capture(Storage::Compressed).unwrap();
    let out = world.extracted(&descriptor, &[]);
    let manifest: Manifest = serde_json::from_slice(&std::fs::read(out.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest, descriptor.manifest);
    let sum = run(Command::new("sha256sum").arg(world.archive(&descriptor)));
    assert!(sum.starts_with(descriptor.archive.sha256.as_bytes()));
    assert_eq!(world.store.get("notes", &descriptor.id).unwrap(), descriptor);
}
