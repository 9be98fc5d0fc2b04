//! Trees that change under the walk give a correct entry or a failure that names it, and never block.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::thread::ThreadId;

use super::super::*;
use super::fixture::World;
use super::signature::{self, With};

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

#[test]
fn a_file_that_is_replaced_is_never_followed_and_never_blocks() {
    for (script, named) in [
        ("mkfifo p; mv p f", "`f` in volume `v0` was replaced"),
        ("ln -s /etc/passwd p; mv -T p f", "`f` in volume `v0` was replaced"),
        ("rm f; mkdir f", "`f` in volume `v0` was replaced"),
    ] {
        for (storage, code) in [(Storage::Compressed, Code::Io), (Storage::Stored, Code::NotDown)] {
            let world = World::made_by(ONE_FILE);
            let failure = world.capture_watched(storage, &AtEntry::new(&world, 2, script)).unwrap_err();
            assert!(failure.message.contains(named), "{failure}");
            assert_eq!(failure.code, code);
            assert_eq!(world.stored(), Vec::<String>::new());
        }
    }
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
const LARGE: &str = "fallocate -l 64M f";

#[test]
fn a_large_file_that_shrinks_while_it_is_read_is_named() {
    for storage in [Storage::Compressed, Storage::Stored] {
        let world = World::made_by(LARGE);
        let watch = AtFirstMember { world: &world, script: "truncate -s 60M f", seen: AtomicUsize::new(0) };
        let failure = world.capture_watched(storage, &watch).unwrap_err();
        assert!(failure.message.contains("`f` in volume `v0` became shorter"), "{failure}");
        assert_eq!(world.stored(), Vec::<String>::new());
    }
}

#[test]
fn a_large_file_that_grows_while_it_is_read_fails_only_a_safety_snapshot() {
    for storage in [Storage::Compressed, Storage::Stored] {
        let world = World::made_by(LARGE);
        let watch = AtFirstMember { world: &world, script: "printf more >> f", seen: AtomicUsize::new(0) };
        match (storage, world.capture_watched(storage, &watch)) {
            (Storage::Compressed, Ok(descriptor)) => assert_eq!(descriptor.volumes[0].bytes, 64 << 20),
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
