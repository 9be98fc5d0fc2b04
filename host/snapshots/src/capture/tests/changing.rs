//! Trees that change under the walk give a correct entry or a failure that names it, and never block.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::thread::ThreadId;

use super::super::*;
use super::fixture::World;
use super::signature::{self, With};
use reforge_base::remark::About;

/// Runs a script in the live tree when the walk has found its n-th entry (the root is the first) and before it opens
/// it.
struct AtEntry<'w> {
    world: &'w World,
    entry: u32,
    script: &'w str,
    seen: AtomicU32,
    /// The thread that writes asks too, and is not the walk.
    writer: ThreadId,
}

impl<'w> AtEntry<'w> {
    fn new(world: &'w World, entry: u32, script: &'w str) -> Self {
        AtEntry { world, entry, script, seen: AtomicU32::new(0), writer: std::thread::current().id() }
    }
}

impl Progress for AtEntry<'_> {
    fn advanced(&self, _bytes: u64, _entries: u64) {}

    fn cancelled(&self) -> bool {
        let walking = std::thread::current().id() != self.writer;
        if walking && self.seen.fetch_add(1, Ordering::SeqCst) + 1 == self.entry {
            self.world.shell(self.script);
        }
        false
    }
}

const ONE_FILE: &str = "printf first > f; printf other > z";

/// What the descriptor names as changed.
fn changed(descriptor: &Descriptor) -> Vec<String> {
    let remarks = descriptor.remarks.iter().filter(|remark| remark.what == About::Changed);
    remarks.flat_map(|remark| remark.names.clone()).collect()
}

const REPLACED: [&str; 4] = [
    "mkfifo p; mv p f",
    "ln -s /etc/passwd p; mv -T p f",
    "rm f; mkdir f",
    "rm f; perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => \"f\", Listen => 1)'",
];

#[test]
fn a_file_that_is_replaced_by_something_else_is_never_followed_and_never_blocks() {
    for script in REPLACED {
        let world = World::made_by(ONE_FILE);
        let failure = world.capture_watched(Storage::Stored, &AtEntry::new(&world, 2, script)).unwrap_err();
        assert!(failure.message.contains("`f` in volume `v0` was replaced"), "{failure}");
        assert_eq!(failure.code, Code::NotDown);
        assert_eq!(world.stored(), Vec::<String>::new());
    }
}

#[test]
fn a_file_that_becomes_something_else_while_the_app_runs_is_listed_and_fails_nothing() {
    for (script, (entries, symlinks)) in REPLACED.into_iter().zip([(2, 0), (3, 1), (2, 0), (2, 0)]) {
        let world = World::made_by(ONE_FILE);
        let descriptor = world.capture_watched(Storage::Compressed, &AtEntry::new(&world, 2, script)).unwrap();
        assert_eq!((descriptor.volumes[0].entries, descriptor.volumes[0].symlinks), (entries, symlinks), "{script}");
        assert_eq!(changed(&descriptor), [".", "f"], "{script}");
        assert!(world.extracted(&descriptor, &[]).join("volumes/0/z").exists());
    }
}

#[test]
fn a_link_and_a_directory_that_become_files_are_captured_as_files() {
    for (made, script) in [("ln -s z f", "rm f; printf new > f"), ("mkdir f", "rmdir f; printf new > f")] {
        let world = World::made_by(&format!("{made}; printf other > z"));
        // At the first entry the names of the root are read and nothing below it was looked at.
        let descriptor = world.capture_watched(Storage::Compressed, &AtEntry::new(&world, 1, script)).unwrap();
        assert_eq!((descriptor.volumes[0].entries, descriptor.volumes[0].symlinks), (3, 0), "{script}");
        assert_eq!(std::fs::read(world.extracted(&descriptor, &[]).join("volumes/0/f")).unwrap(), b"new");
    }
}

#[test]
fn a_directory_that_vanishes_while_the_app_runs_is_left_out_and_listed() {
    let world = World::made_by("mkdir d; printf x > d/f; printf other > z");
    let descriptor = world.capture_watched(Storage::Compressed, &AtEntry::new(&world, 1, "rm -r d")).unwrap();
    assert_eq!((descriptor.volumes[0].entries, changed(&descriptor)), (2, vec![".".to_owned(), "d".to_owned()]));
}

#[test]
fn a_directory_that_is_replaced_by_a_link_is_not_followed() {
    // At the first entry the names of the root are read and nothing below it was looked at.
    let world = World::made_by("mkdir d; printf x > d/f");
    let script = "mv d e; ln -s / d";
    let descriptor = world.capture_watched(Storage::Compressed, &AtEntry::new(&world, 1, script)).unwrap();
    assert_eq!((descriptor.volumes[0].entries, descriptor.volumes[0].symlinks), (2, 1));
}

#[test]
fn while_the_app_runs_a_file_is_captured_as_it_was_when_it_was_opened() {
    for script in ["printf changed-and-longer > f", "printf new > p; mv p f", "truncate -s 1 f"] {
        let world = World::made_by(ONE_FILE);
        let descriptor = world.capture_watched(Storage::Compressed, &AtEntry::new(&world, 2, script)).unwrap();
        let out = world.extracted(&descriptor, &[]).join("volumes/0");
        let files = |root| {
            let mut lines = signature::of(root, With::Everything);
            lines.remove("");
            lines
        };
        assert_eq!(files(&world.live()), files(&out), "{script}");
    }
}

#[test]
fn a_file_that_vanishes_before_it_is_opened_is_left_out_while_the_app_runs() {
    let world = World::made_by(ONE_FILE);
    let descriptor = world.capture_watched(Storage::Compressed, &AtEntry::new(&world, 2, "rm f")).unwrap();
    assert_eq!(descriptor.volumes[0].entries, 2);
    assert_eq!(changed(&descriptor), [".", "f"]);
}

#[test]
fn a_tree_that_nobody_touches_has_nothing_changed() {
    let world = World::made_by("mkdir d; printf x > d/f; ln -s d l; head -c 300000 /dev/urandom > large");
    let descriptor = world.capture(Storage::Compressed).unwrap();
    assert_eq!(descriptor.remarks, []);
    assert_eq!(descriptor.flags, Some(Vec::new()));
}

#[test]
fn a_safety_snapshot_fails_on_any_change() {
    for (script, named) in [
        ("rm f", "`f` in volume `v0` vanished"),
        ("printf new > p; mv p f", "`f` in volume `v0` was replaced"),
        ("printf new > late", "the root of volume `v0` changed"),
        ("rm z", "`z` in volume `v0` vanished"),
    ] {
        let world = World::made_by(ONE_FILE);
        let failure = world.capture_watched(Storage::Stored, &AtEntry::new(&world, 2, script)).unwrap_err();
        assert!(failure.message.contains(named), "{script}: {failure}");
        assert_eq!(failure.code, Code::NotDown);
        assert_eq!(world.stored(), Vec::<String>::new());
    }
}

/// Runs a script when the first member has been written.
struct AtFirstMember<'w> {
    world: &'w World,
    script: &'w str,
    seen: AtomicUsize,
}

impl Progress for AtFirstMember<'_> {
    fn advanced(&self, _bytes: u64, _entries: u64) {
        if self.seen.fetch_add(1, Ordering::SeqCst) == 0 {
            self.world.shell(self.script);
        }
    }

    fn cancelled(&self) -> bool {
        false
    }
}

/// More than all members in flight hold, so that some of it is unread when the first is written.
const LARGE: &str = "yes x | head -c 64M > f || true";

#[test]
fn a_large_file_that_shrinks_fails_a_safety_snapshot_by_name() {
    let world = World::made_by(LARGE);
    let watch = AtFirstMember { world: &world, script: "truncate -s 60M f", seen: AtomicUsize::new(0) };
    let failure = world.capture_watched(Storage::Stored, &watch).unwrap_err();
    assert!(failure.message.contains("`f` in volume `v0` became shorter"), "{failure}");
    assert_eq!(world.stored(), Vec::<String>::new());
}

#[test]
fn a_large_file_that_shrinks_while_the_app_runs_is_filled_up_with_zeros_and_listed() {
    let world = World::made_by(&format!("{LARGE}; printf other > z"));
    let watch = AtFirstMember { world: &world, script: "truncate -s 60M f", seen: AtomicUsize::new(0) };
    let descriptor = world.capture_watched(Storage::Compressed, &watch).unwrap();
    assert_eq!((descriptor.volumes[0].bytes, changed(&descriptor)), ((64 << 20) + 5, vec!["f".to_owned()]));
    let out = world.extracted(&descriptor, &[]).join("volumes/0");
    let content = std::fs::read(out.join("f")).unwrap();
    assert_eq!(content.len(), 64 << 20);
    let data = content.iter().position(|byte| *byte == 0).unwrap();
    // Read before it was cut, or not there any more, and nothing else.
    assert!(data >= 60 << 20 && content[data..].iter().all(|byte| *byte == 0), "{data}");
    assert!(content[..data].iter().enumerate().all(|(at, byte)| *byte == b"x\n"[at % 2]));
    assert_eq!(std::fs::read(out.join("z")).unwrap(), b"other");
}

#[test]
fn a_large_file_that_grows_while_it_is_read_fails_only_a_safety_snapshot() {
    for storage in [Storage::Compressed, Storage::Stored] {
        let world = World::made_by(LARGE);
        let watch = AtFirstMember { world: &world, script: "printf more >> f", seen: AtomicUsize::new(0) };
        match (storage, world.capture_watched(storage, &watch)) {
            (Storage::Compressed, Ok(descriptor)) => {
                assert_eq!((descriptor.volumes[0].bytes, changed(&descriptor)), (64 << 20, vec!["f".to_owned()]));
            }
            (Storage::Stored, Err(failure)) => {
                assert!(failure.message.contains("`f` in volume `v0` changed"), "{failure}");
                assert_eq!(failure.code, Code::NotDown);
                assert_eq!(world.stored(), Vec::<String>::new());
            }
            (_, outcome) => panic!("{storage:?}: {outcome:?}"),
        }
    }
}

/// Says that the operator asked to stop from the n-th question on.
struct CancelAt(AtomicUsize, usize);

impl Progress for CancelAt {
    fn advanced(&self, _bytes: u64, _entries: u64) {}

    fn cancelled(&self) -> bool {
        self.0.fetch_add(1, Ordering::SeqCst) >= self.1
    }
}

#[test]
fn a_capture_that_is_cancelled_anywhere_leaves_nothing() {
    let world = World::made_by("head -c 9000000 /dev/urandom > f; mkdir d; printf x > d/g");
    let mut cancelled = 0;
    for at in 0.. {
        let watch = CancelAt(AtomicUsize::new(0), at);
        match world.capture_watched(Storage::Stored, &watch) {
            Err(failure) => {
                assert_eq!(failure.code, Code::Cancelled);
                assert_eq!(world.stored(), Vec::<String>::new());
                cancelled += 1;
            }
            Ok(_) => break,
        }
    }
    assert!(cancelled > 8, "only {cancelled} places ask");
}
