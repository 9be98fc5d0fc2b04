//! The fuzz targets without a guide: their seeds, what once made one of them fail, and mutants by the same dice in every
//! run. The guided runs are in `tests/fuzz`.

// Every line here is a test's, but only functions marked as tests are known to the linter.
#![allow(clippy::unwrap_used, clippy::print_stderr)]
// What is fuzzed is a library of its own, too, whose targets are outside of it.
#![allow(unreachable_pub)]

#[path = "fuzz/src/archive.rs"]
mod archive;
#[path = "fuzz/src/config.rs"]
mod config;
#[path = "fuzz/src/descriptor.rs"]
mod descriptor;
#[path = "fuzz/src/journal.rs"]
mod journal;
#[path = "fuzz/src/manifest.rs"]
mod manifest;
#[path = "fuzz/src/reader.rs"]
mod reader;
#[path = "fuzz/src/staging.rs"]
mod staging;

use std::path::{Path, PathBuf};
use std::process::Command;

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fuzz");
/// Changes to one mutant.
const CHANGES_MAX: u64 = 4;

/// Dice that fall the same way every time (SplitMix64).
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.throw() % end.max(1) as u64) as usize
    }

    /// A range of up to so many bytes.
    fn range(&mut self, bytes: &[u8], length_max: usize) -> std::ops::Range<usize> {
        let start = self.below(bytes.len());
        start..bytes.len().min(start + 1 + self.below(length_max))
    }
}

fn mutant(dice: &mut Dice, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[dice.below(seeds.len())].clone();
    for _ in 0..1 + dice.throw() % CHANGES_MAX {
        let at = dice.below(bytes.len());
        match dice.below(7) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << dice.below(8),
            1 if !bytes.is_empty() => bytes[at] = dice.throw() as u8,
            2 => drop(bytes.drain(dice.range(&bytes, 600))),
            3 => bytes.truncate(at),
            4 => {
                // What stands elsewhere in it, over what stands here.
                let copied = bytes[dice.range(&bytes, 600)].to_vec();
                let end = bytes.len().min(at + copied.len());
                bytes[at..end].copy_from_slice(&copied[..end - at]);
            }
            5 => {
                let other = &seeds[dice.below(seeds.len())];
                bytes.splice(at..at, other[dice.range(other, 1024)].iter().copied());
            }
            _ => {
                let digits: &[u8] =
                    [&b"0"[..], b"-1", b"9223372036854775807", b"\xff\xff", b"/", b"../"][dice.below(6)];
                let end = bytes.len().min(at + digits.len());
                bytes.splice(at..end, digits.iter().copied());
            }
        }
    }
    bytes
}

/// Keeps the input of a target that fails.
struct Kept<'a> {
    target: &'a str,
    input: &'a [u8],
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-failed", self.target));
            let _ = std::fs::write(&path, self.input);
            eprintln!("the input is kept in {}", path.display());
        }
    }
}

fn files(directory: PathBuf) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn fuzz(target: &str, turns: usize, run: fn(&[u8])) {
    let corpus = tempfile::tempdir().unwrap();
    let made = Command::new(format!("{HERE}/seeds")).arg(corpus.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut seeds = files(corpus.path().join(target));
    assert!(!seeds.is_empty());
    seeds.extend(files(Path::new(HERE).join("regressions").join(target)));
    let check = |input: &[u8]| {
        let _kept = Kept { target, input };
        run(input);
    };
    seeds.iter().for_each(|seed| check(seed));
    let mut dice = Dice(1);
    (0..turns).for_each(|_| check(&mutant(&mut dice, &seeds)));
}

#[test]
fn the_reader_extracts_what_it_inspected_or_refuses() {
    fuzz("reader", 6000, reader::run);
}

#[test]
fn host_and_plugin_take_a_manifest_for_the_same_or_refuse_it() {
    fuzz("manifest", 50_000, manifest::run);
}

#[test]
fn the_parts_of_a_descriptor_are_the_archive_or_it_is_refused() {
    fuzz("descriptor", 50_000, descriptor::run);
}

#[test]
fn a_journal_is_what_was_written_or_damage() {
    fuzz("journal", 30_000, journal::run);
}

#[test]
fn a_configuration_says_one_thing_or_is_refused() {
    fuzz("config", 20_000, config::run);
}
