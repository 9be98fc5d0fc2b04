//! A link in every position: first, in the middle, last, and as the volume itself; to the outside, absolute and relative,
//! to nowhere, to itself, and through `/proc`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::Duration;

use super::{SECRET, SIBLING, WAYS, World, facts};
use crate::beneath::{self, Name};
use crate::live_tree::{LiveKind, LiveTree};
use crate::parent::Parent;
use crate::remove::remove_tree;
use crate::staging::Quota;
use reforge_base::failure::Code;
use rustix::io::Errno;

fn targets(world: &World) -> Vec<PathBuf> {
    let outside = &world.outside;
    let through_proc = PathBuf::from("/proc/self/root").join(outside.strip_prefix("/").unwrap());
    let relative = ["../outside", "../../outside", "../../../outside", "..", ".", "/", "nowhere", "link", "a"];
    let mut targets: Vec<PathBuf> = relative.iter().map(PathBuf::from).collect();
    targets.extend([outside.clone(), outside.join("secret"), outside.join("below"), through_proc]);
    targets
}

#[test]
fn below_a_directory_a_link_is_opened_only_as_a_link() {
    let world = World::new();
    let live = world.parent.open_live("live").unwrap().unwrap();
    let name = Name::new("link".as_ref()).unwrap();
    for target in targets(&world) {
        let tried = target.display().to_string();
        symlink(&target, world.path("live/link")).unwrap();
        let refused = |answer: rustix::io::Result<()>| {
            assert!(matches!(answer, Err(Errno::LOOP | Errno::NOTDIR | Errno::EXIST)), "{tried}: {answer:?}");
            world.check(&tried);
        };
        refused(beneath::directory(&live, name).map(drop));
        refused(beneath::directory_unmoved(&live, name).map(drop));
        refused(beneath::directory_handle(&live, name).map(drop));
        refused(beneath::file_unmoved(&live, name).map(drop));
        refused(beneath::made_file(&live, name).map(drop));
        refused(beneath::new_file(&live, name, 0o600).map(drop));
        refused(beneath::make_directory(&live, name));
        refused(beneath::make_symlink(&live, name, b"another"));
        refused(beneath::remove_directory(&live, name));
        let handle = beneath::symlink_handle(&live, name).unwrap();
        assert_eq!(crate::syscalls::target(&handle).unwrap(), target.as_os_str().as_encoded_bytes());
        // A further name of the link, and not of what it leads to.
        let further = Name::new("further".as_ref()).unwrap();
        beneath::make_hard_link((&live, name), &live, further).unwrap();
        for name in [name, further] {
            assert_eq!(crate::syscalls::facts_of(&live, name).unwrap().stx_nlink, 2, "{tried}");
        }
        beneath::remove_file(&live, further).unwrap();
        beneath::remove_file(&live, name).unwrap();
        world.check(&tried);
    }
}

#[test]
fn a_parent_takes_no_link_for_a_volume_and_none_on_the_way_to_itself() {
    let world = World::new();
    let parent = &world.parent;
    for target in targets(&world) {
        symlink(&target, world.path("link")).unwrap();
        let tried = target.display().to_string();
        assert_eq!(parent.identity("link").unwrap_err().code, Code::VolumeRefused, "{tried}");
        assert_eq!(parent.open_live("link").unwrap_err().code, Code::VolumeRefused, "{tried}");
        assert_eq!(parent.is_empty_directory("link").unwrap_err().code, Code::VolumeRefused, "{tried}");
        assert_eq!(remove_tree(parent, "link").unwrap_err().code, Code::VolumeRefused, "{tried}");
        parent.remove_empty("link").unwrap_err();
        parent.make_directory("link").unwrap_err();
        parent.put_back("live", "link").unwrap_err();
        let staging = crate::staging::Staging::create(parent, "link", None::<&cap_std::fs::Dir>, Quota::default());
        assert_eq!(staging.unwrap_err().code, Code::VolumeRefused, "{tried}");
        let through = Parent::open(&world.path("link/below"));
        assert!(matches!(through.unwrap_err().code, Code::VolumeRefused | Code::NotFound), "{tried}");
        assert!(Parent::open(&world.path("link")).is_err(), "{tried}");
        world.check(&tried);
        fs::remove_file(world.path("link")).unwrap();
    }
    assert!(world.path("live/a").exists());
}

#[test]
fn nothing_is_staged_over_or_through_a_link_that_somebody_put_there() {
    let world = World::new();
    for target in targets(&world) {
        for (location, path) in [("link", "link"), ("link", "link/x"), ("d/link", "d/link/x/y"), ("d/link", "d/link")] {
            for (what, stage) in WAYS {
                let tried = format!("{what} `{path}`, `{location}` leading to `{}`", target.display());
                let staging = world.staging();
                staging.directory(b"d", &super::metadata()).unwrap();
                staging.file(b"file", &super::metadata(), b"content").unwrap();
                symlink(&target, world.path(SIBLING).join(location)).unwrap();
                // Links are made at the seal, and everything must be claimed by then.
                let sealed = stage(&staging, path.as_bytes()).and_then(|()| staging.directory(b"", &super::metadata()));
                assert!(sealed.and_then(|()| staging.seal()).is_err(), "{tried}");
                world.check(&tried);
            }
        }
    }
}

#[test]
fn what_is_put_in_the_place_of_a_large_file_is_not_opened_for_it_and_holds_nothing_up() {
    let world = World::new();
    type Plant = fn(&World, &PathBuf);
    let plant: [(&str, Plant); 3] = [
        ("a link", |world, location| symlink(world.outside.join("secret"), location).unwrap()),
        ("a directory", |_, location| fs::create_dir(location).unwrap()),
        ("a fifo", |_, location| {
            rustix::fs::mknodat(rustix::fs::CWD, location, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        }),
    ];
    for (what, plant) in plant {
        let staging = world.staging();
        staging.directory(b"", &super::metadata()).unwrap();
        super::written(staging.large_file(b"large", &super::metadata(), 7).unwrap()).unwrap();
        let location = world.path(SIBLING).join("large");
        fs::remove_file(&location).unwrap();
        plant(&world, &location);
        let (done, wait) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| done.send(staging.seal().is_err()));
            assert_eq!(wait.recv_timeout(Duration::from_secs(20)), Ok(true), "{what}");
        });
        world.check(what);
    }
}

#[test]
fn a_look_and_a_removal_end_at_links() {
    let world = World::new();
    let inside = world.path("live/a");
    for (number, target) in targets(&world).iter().enumerate() {
        symlink(target, inside.join(format!("link-{number}"))).unwrap();
    }
    let live = world.parent.open_live("live").unwrap().unwrap();
    let entries: Vec<_> = LiveTree::open(&live).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(entries.len(), 2 + targets(&world).len());
    assert!(entries[2..].iter().all(|entry| entry.kind == LiveKind::Symlink));
    assert!(entries.iter().all(|entry| entry.size != SECRET.len() as u64 || entry.kind == LiveKind::Symlink));
    world.check("a look");
    let inside_before = facts(&inside);
    crate::live_tree::totals(&live).unwrap();
    assert_eq!(facts(&inside), inside_before);
    assert_eq!(remove_tree(&world.parent, "live").unwrap().removed, entries.len() as u64);
    world.check("a removal");
}
