//! What a capture says of a volume beside its counts.

use super::super::*;
use super::fixture::*;
use crate::Unwatched;
use reforge_base::demands::{Demands, Size};
use reforge_base::remark::About;
use reforge_testing::Disk;
use reforge_volumes::space::Space;

/// What is said, by kind.
fn said(descriptor: &Descriptor) -> Vec<(About, Vec<&str>)> {
    descriptor.remarks.iter().map(|one| (one.what, one.names.iter().map(String::as_str).collect())).collect()
}

const WITH_LINKS: &str = "printf x > f; ln f g; printf y > h; ln h ../outside; mkdir d; ln -s ../f d/in; ln -s /mnt/big d/out; \
    ln -s /data/f own; ln -s /dev/stdout log; ln -s ../../x away";

#[test]
fn links_that_lead_out_and_files_with_names_outside_are_named() {
    for storage in [Storage::Compressed, Storage::Stored] {
        let world = World::made_by(WITH_LINKS);
        let descriptor = world.capture(storage).unwrap();
        let expected =
            [(About::LeadsOut, vec!["away -> ../../x", "d/out -> /mnt/big"]), (About::NamesOutside, vec!["h"])];
        assert_eq!(said(&descriptor), expected);
    }
}

#[test]
fn links_are_named_where_a_restore_would_refuse_them_and_what_the_caller_knows_comes_first() {
    let world = World::made_by("printf x > f; ln f g; ln -s f l");
    let known = Remark { volume: "v9".into(), what: About::Gone, count: 1, names: Vec::new() };
    let terms = Terms { links_refused: true, remarks: vec![known.clone()], ..Terms::default() };
    let descriptor = capture_on(&world.store, &[&world.live()], terms, Storage::Compressed, &Unwatched).unwrap();
    assert_eq!(descriptor.remarks[0], known);
    assert_eq!(said(&descriptor)[1], (About::LinksRefused, vec!["g", "l -> f"]));
}

#[test]
fn what_a_volume_asks_of_a_file_system_is_in_the_descriptor_and_without_it_the_entry_list_knows_the_times() {
    let world = World::made_by(
        "printf x > old; setfattr -n user.a -v 12345 old; touch -d @-5 old; printf x > new; touch -d @4000000000 new; touch -d @1.5 .",
    );
    let descriptor = world.capture(Storage::Compressed).unwrap();
    let asked = &descriptor.demands.as_ref().unwrap()[0];
    let times = |asked: &Demands| {
        let seconds = [&asked.earliest, &asked.latest].map(|time| time.clone().map(|time| (time.value, time.path)));
        (seconds, asked.unit.clone().map(|unit| (unit.value, unit.path)))
    };
    let expected =
        ([Some((-5, "old".to_owned())), Some((4_000_000_000, "new".to_owned()))], Some((1_000_000, ".".to_owned())));
    assert_eq!(times(asked), expected);
    assert_eq!(asked.kinds.iter().map(|kind| (&*kind.value, &*kind.path)).collect::<Vec<_>>(), [("user", "old")]);
    assert_eq!(asked.longest.as_ref().unwrap().value, [Size { name: 6, value: 5 }]);
    assert_eq!(&world.store.demands("notes", &descriptor).unwrap(), descriptor.demands.as_ref().unwrap());
    let before = Descriptor { demands: None, ..descriptor };
    let known = world.store.demands("notes", &before).unwrap();
    assert_eq!((known.len(), times(&known[0]), known[0].kinds.len()), (1, expected, 0));
    let none = Descriptor { id: "20200101T000000Z-000000".to_owned(), ..before };
    assert_eq!(world.store.demands("notes", &none).unwrap(), []);
}

#[test]
fn flags_that_a_restore_sets_are_written_down_and_the_others_are_named() {
    let disk = Disk::btrfs();
    let world = World::on(disk.path());
    world.shell(
        "mkdir 'd b' plain; chattr +C 'd b'; printf x > 'd b/file'; mkdir 'd b/sub'; \
         printf x > quiet; chattr +A +d quiet; printf x > log; chattr +a log; printf x > plain/file",
    );
    let descriptor = world.capture(Storage::Compressed);
    world.shell("chattr -a log");
    let descriptor = descriptor.unwrap();
    let flags = descriptor.flags.as_ref().unwrap().iter().map(|one| (one.volume, &*one.path, &*one.set));
    assert_eq!(flags.collect::<Vec<_>>(), [(0, "d%20b", "C"), (0, "quiet", "dA")]);
    assert_eq!(said(&descriptor), [(About::Flags, vec!["log (a)"])]);
}

#[test]
fn attributes_that_only_one_kind_of_file_system_takes_are_named() {
    let disk = Disk::btrfs();
    let world = World::on(disk.path());
    world.shell("printf x > f; btrfs property set f compression zlib; printf x > g; setfattr -n user.own -v 1 g");
    let descriptor = world.capture(Storage::Compressed).unwrap();
    assert_eq!(said(&descriptor), [(About::Attributes, vec!["f (btrfs.compression)"])]);
}

#[test]
fn a_capture_that_would_leave_less_than_the_reserve_ends_and_leaves_nothing() {
    let disk = Disk::ext4(96);
    let world = World::made_by("head -c 40000000 /dev/urandom > f");
    let store = Store::new(disk.path().join("snapshots"));
    let opened = std::fs::File::open(disk.path()).unwrap();
    let free = || Space::of(std::os::fd::AsFd::as_fd(&opened)).unwrap().free_bytes;
    let before = free();
    for storage in [Storage::Compressed, Storage::Stored] {
        let budget = Budget { reserve_bytes: before - (20 << 20), reserve_inodes: 0 };
        let terms = Terms { budget, ..Terms::default() };
        let failure = capture_on(&store, &[&world.live()], terms, storage, &Unwatched).unwrap_err();
        assert_eq!(failure.code, Code::NoSpace);
        assert!(failure.message.contains("what was written of it is removed"), "{failure}");
        assert_eq!(std::fs::read_dir(disk.path().join("snapshots/notes")).unwrap().count(), 0);
    }
    let budget = Budget { reserve_bytes: 1 << 20, reserve_inodes: 1 << 40 };
    let terms = Terms { budget, ..Terms::default() };
    let failure = capture_on(&store, &[&world.live()], terms, Storage::Compressed, &Unwatched).unwrap_err();
    assert!(failure.code == Code::NoSpace && failure.message.contains("inodes"), "{failure}");
    let terms = Terms { budget: Budget { reserve_bytes: 1 << 20, reserve_inodes: 1 }, ..Terms::default() };
    capture_on(&store, &[&world.live()], terms, Storage::Compressed, &Unwatched).unwrap();
}
