//! What one of everything cannot show: every mode, every byte of a name, times at the edges, groups of links, holes in
//! terabytes, and very many entries.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, SeekFrom, Timespec, Timestamps};

use crate::support::process::run;
use crate::support::signature::{self, assert_same};
use crate::support::{Volume, Workload, World};

fn filled(fill: impl FnOnce(&Path)) -> (World, PathBuf) {
    let mut app = Workload::idle("app", [Volume::project("data")]);
    app.links = true;
    let world = World::deployed([app]);
    let live = world.volume("app", "data");
    fill(&live);
    (world, live)
}

/// Captures, empties live, restores and compares.
#[track_caller]
fn comes_back(fill: impl FnOnce(&Path)) {
    let (world, live) = filled(fill);
    let before = signature::of(&live);
    let snapshot = world.snapshot("app");
    empty(&live);
    world.restore("app", &snapshot, &[]).expect(0);
    assert_same(&signature::of(&live), &before, "restored");
}

fn empty(live: &Path) {
    run("find", &[live.to_str().unwrap(), "-mindepth", "1", "-delete"]);
}

fn set_time(path: &Path, seconds: i64, nanoseconds: i64) {
    let time = Timespec { tv_sec: seconds, tv_nsec: nanoseconds };
    let times = Timestamps { last_access: time, last_modification: time };
    rustix::fs::utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn every_mode_of_a_file_and_of_a_directory_comes_back() {
    comes_back(|live| {
        for mode in 0..=0o7777 {
            let (file, directory) = (live.join(format!("f{mode:o}")), live.join(format!("d{mode:o}")));
            std::fs::write(&file, "").unwrap();
            set_mode(&file, mode);
            std::fs::create_dir(&directory).unwrap();
            if mode % 64 == 0 {
                std::fs::write(directory.join("inside"), "").unwrap();
            }
            set_mode(&directory, mode);
        }
    });
}

#[test]
fn names_are_bytes_and_none_of_them_means_anything() {
    comes_back(|live| {
        let single = (1..=255u8).filter(|byte| !matches!(byte, b'/' | b'.')).map(|byte| vec![byte]);
        let odd: [&[u8]; 20] = [
            b"--",
            b"-rf",
            b"--help",
            b"-C",
            b"@list",
            b"~root",
            b"...",
            b". ",
            b"a ",
            b"a.",
            b"$(true)",
            b"a\nb",
            b"a\n",
            b"\x1b[2J",
            b"\xc0\xaf",
            b"\xed\xa0\x80",
            b"\xff\xfe",
            b"name=value",
            b"100 path=x\n",
            b".reforge-x-0",
        ];
        // Twins: in case, and in two normal forms of one letter.
        let twins =
            ["twin", "Twin", "TWIN", "\u{e9}", "e\u{301}", "\u{fb01}", "fi", "\u{202e}x", "x\u{200b}", "\u{feff}x"];
        let long = [vec![b'n'; 255], vec![b'\xff'; 255], vec![b'%'; 255], vec![b'\\'; 255]];
        let names = single
            .chain(odd.iter().map(|name| name.to_vec()))
            .chain(twins.iter().map(|name| name.as_bytes().to_vec()))
            .chain(long);
        for directory in ["files", "directories", "links"] {
            std::fs::create_dir(live.join(directory)).unwrap();
        }
        for name in names {
            let name = OsStr::from_bytes(&name);
            std::fs::write(live.join("files").join(name), name.as_bytes()).unwrap();
            std::fs::create_dir(live.join("directories").join(name)).unwrap();
            std::fs::write(live.join("directories").join(name).join("inside"), "").unwrap();
            symlink(name, live.join("links").join(name)).unwrap();
        }
    });
}

#[test]
fn times_of_every_age_come_back_to_the_nanosecond() {
    comes_back(|live| {
        // From 1901 to 2446: what ext4 keeps. The edges of other file systems are tested on them, beside `extremes`.
        let seconds = [
            i32::MIN.into(),
            -86_401,
            -1,
            0,
            1,
            i32::MAX.into(),
            1 << 31,
            1 << 32,
            8_589_934_591,
            1 << 33,
            15_032_385_535,
        ];
        for seconds in seconds {
            for nanoseconds in [0, 1, 500_000_000, 999_999_999] {
                let name = |kind: &str| live.join(format!("{kind} {seconds} {nanoseconds}"));
                std::fs::write(name("file"), "").unwrap();
                std::fs::create_dir(name("directory")).unwrap();
                symlink("nowhere", name("link")).unwrap();
                ["file", "directory", "link"].iter().for_each(|kind| set_time(&name(kind), seconds, nanoseconds));
            }
        }
        set_time(live, -1, 999_999_999);
    });
}

#[test]
fn attributes_of_every_space_come_back() {
    comes_back(|live| {
        let path = |name: &str| live.join(name).to_str().unwrap().to_owned();
        let set = |name: &str, attribute: &str, value: &str| {
            run("setfattr", &["-h", "-n", attribute, "-v", value, &path(name)]);
        };
        for name in ["file", "capable", "listed", "large"] {
            std::fs::write(live.join(name), "x").unwrap();
        }
        std::fs::create_dir(live.join("directory")).unwrap();
        std::fs::write(live.join("directory/inside"), "x").unwrap();
        symlink("file", live.join("link")).unwrap();
        for name in ["file", "directory", "large"] {
            set(name, "user.binary", "0x00ff0a3d2500");
            set(name, "user.empty", "");
            set(name, "user.a=b%3Dc%25d", "0x0a");
            set(name, "user.\u{e9}\n", "1");
            set(name, "trusted.of-the-host", "1");
        }
        set("link", "trusted.of-the-link", "1");
        std::fs::File::options().write(true).open(live.join("large")).unwrap().set_len(3 << 20).unwrap();
        // Bind low ports, in effect; owned by somebody, since a change of owner takes it away.
        chown(live.join("capable"), Some(33), Some(33)).unwrap();
        set("capable", "security.capability", "0x0100000200040000000000000000000000000000");
        let many: Vec<String> = (0..40).map(|user| format!("u:{}:rw", 10_000 + user)).collect();
        run("setfacl", &["-m", &many.join(","), &path("listed")]);
        run("setfacl", &["-m", "g:77:---,m::r-x", &path("directory")]);
        run("setfacl", &["-d", "-m", "u:4711:rwx,g:4712:r-x,m::rwx", &path("directory")]);
        run("setfacl", &["-d", "-m", "u:4711:rwx", live.to_str().unwrap()]);
    });
}

#[test]
fn groups_of_hard_links_stay_groups() {
    comes_back(|live| {
        for (directory, mode) in [("a", 0o755), ("b", 0o555), ("b/c", 0o700)] {
            std::fs::create_dir(live.join(directory)).unwrap();
            set_mode(&live.join(directory), mode);
        }
        for (group, size) in [("empty", 0), ("small", 100), ("large", 3 << 20)] {
            let leader = live.join(format!("b/{group}"));
            std::fs::write(&leader, vec![b'x'; size]).unwrap();
            chown(&leader, Some(4711), Some(4712)).unwrap();
            run("setfattr", &["-n", "user.group", "-v", group, leader.to_str().unwrap()]);
            set_mode(&leader, 0o4751);
            for number in 0..100 {
                let at = ["a", "b", "b/c"][number % 3];
                std::fs::hard_link(&leader, live.join(at).join(format!("{group} {number}"))).unwrap();
            }
        }
        // Two names of one symbolic link are two links.
        symlink("a", live.join("soft")).unwrap();
        rustix::fs::linkat(CWD, live.join("soft"), CWD, live.join("a/soft too"), AtFlags::empty()).unwrap();
    });
}

/// Where a file has data, as `[from, to)`.
fn data_of(path: &Path) -> Vec<(u64, u64)> {
    let file = std::fs::File::open(path).unwrap();
    let size = file.metadata().unwrap().len();
    let (mut runs, mut at) = (Vec::new(), 0);
    while at < size {
        let Ok(from) = rustix::fs::seek(&file, SeekFrom::Data(at)) else { break };
        at = rustix::fs::seek(&file, SeekFrom::Hole(from)).unwrap();
        runs.push((from, at));
    }
    runs
}

#[test]
fn holes_stay_holes_also_in_a_file_of_terabytes() {
    const TERABYTE: u64 = 1 << 40;
    let write = |live: &Path, name: &str, size: u64, at: &[u64]| {
        let file = std::fs::File::create(live.join(name)).unwrap();
        file.set_len(size).unwrap();
        for offset in at {
            std::os::unix::fs::FileExt::write_all_at(&file, &offset.to_le_bytes(), *offset).unwrap();
        }
    };
    let (world, live) = filled(|live| {
        let mib = 1 << 20;
        write(live, "terabytes", 3 * TERABYTE + 17, &[0, mib - 4, TERABYTE, 2 * TERABYTE - 3, 3 * TERABYTE + 9]);
        write(live, "only a hole", TERABYTE, &[]);
        write(live, "hole first", 8 * mib, &[8 * mib - 8]);
        write(live, "hole last", 8 * mib, &[0]);
        write(live, "small", 20_000, &[9000]);
        write(live, "comb", 512 * 8192, &(0..512).map(|tooth| tooth * 8192).collect::<Vec<_>>());
    });
    let look = || {
        crate::support::world::names(&live).into_iter().map(|path| {
            let facts = std::fs::metadata(&path).unwrap();
            let data = data_of(&path);
            let file = std::fs::File::open(&path).unwrap();
            let read = |(from, to): &(u64, u64)| {
                let mut bytes = vec![0; (to - from) as usize];
                std::os::unix::fs::FileExt::read_exact_at(&file, &mut bytes, *from).unwrap();
                bytes
            };
            let bytes: Vec<Vec<u8>> = data.iter().map(read).collect();
            assert!(facts.blocks() * 512 < 8 << 20, "{} is not sparse", path.display());
            (path, facts.len(), data, bytes)
        })
    };
    let before: Vec<_> = look().collect();
    let snapshot = world.snapshot("app");
    empty(&live);
    world.restore("app", &snapshot, &[]).expect(0);
    for (found, wanted) in look().zip(&before) {
        assert!(found == *wanted, "{}: {:?} instead of {:?}", found.0.display(), found.2, wanted.2);
    }
    // A person with tar gets the same.
    let (archive, into) = (world.snapshot_files("app", &snapshot).0, world.path("by-tar"));
    std::fs::create_dir(&into).unwrap();
    run("tar", &["-xzpf", archive.to_str().unwrap(), "-C", into.to_str().unwrap()]);
    for (path, size, data, _) in &before {
        let path = into.join("volumes/0").join(path.file_name().unwrap());
        assert_eq!((std::fs::metadata(&path).unwrap().len(), &data_of(&path)), (*size, data), "{}", path.display());
    }
}

#[test]
fn very_many_entries_come_back() {
    comes_back(|live| {
        for directory in 0..100 {
            let directory = live.join(format!("directory {directory}"));
            std::fs::create_dir(&directory).unwrap();
            for file in 0..200 {
                std::fs::write(directory.join(format!("file {file}")), format!("{file}")).unwrap();
            }
        }
        std::fs::create_dir(live.join("one")).unwrap();
        (0..10_000).for_each(|file| drop(std::fs::File::create(live.join(format!("one/{file}"))).unwrap()));
    });
}
