//! One counter written to eight files in order, by write, through a mapping and past the cache: no snapshot ever holds a later file
//! newer than an earlier one.

use std::path::Path;

use super::{create, rounds};
use crate::support::process::run;
use crate::support::{Volume, Workload, World, eventually};

/// How many files there are.
const FILES: usize = 8;

/// Writes the counter as a line of 20 bytes. Files 2 and 5 are mapped, 3 and 6 written directly, the others plainly.
const WRITER: &str = r#"
import mmap, os, sys
directory, size = sys.argv[1], 4096
files = []
for number in range(8):
    path = f"{directory}/{number}"
    direct = os.O_DIRECT if number in (3, 6) else 0
    plain = os.open(path, os.O_RDWR | os.O_CREAT)
    if os.fstat(plain).st_size < size:
        os.pwrite(plain, b"0" * 20 + b"\0" * (size - 20), 0)
    try:
        handle = os.open(path, os.O_RDWR | direct)
    except OSError:
        handle = plain
    files.append((number, handle, mmap.mmap(plain, size) if number in (2, 5) else None))
block = mmap.mmap(-1, size)
count = int(os.pread(files[0][1], size, 0)[:20]) if False else int(open(f"{directory}/0", "rb").read(20))
while True:
    count += 1
    line = b"%020d" % count
    for number, handle, mapped in files:
        if mapped is not None:
            mapped[0:20] = line
        elif number in (3, 6):
            block[0:20] = line
            os.pwritev(handle, [block], 0)
        else:
            os.pwrite(handle, line, 0)
"#;

fn writing() -> World {
    let mut world = World::new([]);
    let script = world.path("bin/writer.py");
    std::fs::write(&script, WRITER).unwrap();
    let command = ["/usr/bin/python3", script.to_str().unwrap(), "{volume:data}"];
    world.workloads = vec![Workload::idle("app", [Volume::project("data")]).command(&command)];
    world.write_config();
    world.ok(&["deploy", "app"]);
    let last = world.volume("app", "data").join("7");
    eventually("it writes", || number(&last).is_some_and(|number| number > 10));
    world
}

fn number(file: &Path) -> Option<u64> {
    std::str::from_utf8(std::fs::read(file).ok()?.get(..20)?).ok()?.parse().ok()
}

fn every_snapshot_is_in_order(how: &str) {
    let world = writing();
    let mut newest = 0;
    for round in 0..rounds(3) {
        let id = create(&world, how).expect(0).json()["id"].as_str().unwrap().to_owned();
        let (archive, descriptor) = world.snapshot_files("app", &id);
        let into = tempfile::tempdir().unwrap();
        run("tar", &["-xzf", archive.to_str().unwrap(), "-C", into.path().to_str().unwrap()]);
        let file = |number: usize| into.path().join("volumes/0").join(number.to_string());
        let held: Vec<u64> = (0..FILES).map(|one| number(&file(one)).unwrap()).collect();
        assert!(held.is_sorted_by(|earlier, later| earlier >= later), "{how}, snapshot {round}: {held:?}");
        assert!(held[0] - held[FILES - 1] <= 1, "{how}, snapshot {round}: {held:?}");
        assert!(held[0] > newest, "{how}, snapshot {round}: the app stands still");
        newest = held[0];
        std::fs::remove_file(archive).unwrap();
        std::fs::remove_file(descriptor).unwrap();
        let last = world.volume("app", "data").join("7");
        eventually("it writes on", || number(&last).is_some_and(|number| number > newest + 1));
    }
}

#[test]
fn no_snapshot_of_a_stopped_app_holds_a_later_file_newer_than_an_earlier_one() {
    every_snapshot_is_in_order("stop");
}

#[test]
fn no_snapshot_of_a_frozen_app_holds_a_later_file_newer_than_an_earlier_one() {
    every_snapshot_is_in_order("pause");
}
