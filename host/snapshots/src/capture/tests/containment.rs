//! A capture reads nothing outside of the volume: links in every position, and somebody who exchanges a directory with a
//! link to the outside while it is read.

use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, RenameFlags};

use super::fixture::*;
use crate::Unwatched;
use crate::members::Storage;

const SECRET: &str = "what no snapshot may hold";

/// How long the race goes on: at least so long, and until both names were seen as a directory.
const RACE: Duration = Duration::from_millis(500);
const RACE_MAX: Duration = Duration::from_secs(30);

/// A world with something outside of its live tree.
fn world() -> World {
    let world = World::new();
    std::fs::create_dir_all(world.dir.path().join("outside/below")).unwrap();
    for name in ["secret", "below/secret"] {
        std::fs::write(world.dir.path().join("outside").join(name), SECRET).unwrap();
    }
    world
}

/// Everything that came out of an archive holds none of it. Answers the names.
fn names_without_secret(world: &World, descriptor: &crate::format::Descriptor) -> Vec<String> {
    let archive = world.archive(descriptor);
    let tar = |options: &str| run(std::process::Command::new("tar").arg(options).arg(&archive));
    let content = tar("-xzOf");
    assert!(!content.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()), "it read outside");
    String::from_utf8(tar("-tzf")).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn links_are_captured_as_links_wherever_they_lead() {
    let world = world();
    let outside = world.dir.path().join("outside");
    std::fs::create_dir(world.live().join("d")).unwrap();
    let targets = [outside.to_str().unwrap(), "../outside", "../../outside/secret", "/", "..", ".", "nowhere"];
    for (number, target) in targets.iter().enumerate() {
        symlink(target, world.live().join(format!("link-{number}"))).unwrap();
        symlink(target, world.live().join(format!("d/link-{number}"))).unwrap();
    }
    for storage in [Storage::Stored, Storage::Compressed] {
        let descriptor = capture_roots(&world.store, &[&world.live()], storage, &Unwatched).unwrap();
        let names = names_without_secret(&world, &descriptor);
        // The manifest, the root, one directory and the links.
        assert_eq!(names.len(), 3 + 2 * targets.len(), "{names:?}");
        assert_eq!(descriptor.volumes[0].symlinks, 2 * targets.len() as u64);
    }
}

#[test]
fn what_is_captured_while_somebody_exchanges_a_directory_with_a_link_was_in_the_volume() {
    let world = world();
    let (directory, link) = (world.live().join("d"), world.live().join("link"));
    std::fs::create_dir_all(directory.join("below")).unwrap();
    std::fs::write(directory.join("below/own"), "its own").unwrap();
    symlink(world.dir.path().join("outside"), &link).unwrap();
    let (over, exchanged) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut seen = [0; 2];
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let done = rustix::fs::renameat_with(CWD, &directory, CWD, &link, RenameFlags::EXCHANGE);
                exchanged.fetch_add(u64::from(done.is_ok()), Ordering::Relaxed);
            }
        });
        let start = Instant::now();
        while start.elapsed() < RACE || (seen.contains(&0) && start.elapsed() < RACE_MAX) {
            for storage in [Storage::Stored, Storage::Compressed] {
                // It may well refuse: what counts is what is in those that it makes.
                let Ok(descriptor) = capture_roots(&world.store, &[&world.live()], storage, &Unwatched) else {
                    continue;
                };
                let names = names_without_secret(&world, &descriptor);
                seen[0] += usize::from(names.iter().any(|name| name == "volumes/0/d/below/own"));
                seen[1] += usize::from(names.iter().any(|name| name == "volumes/0/link/below/own"));
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(exchanged.into_inner() > 100 && !seen.contains(&0), "nobody was racing: {seen:?}");
}
