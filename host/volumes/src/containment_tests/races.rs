//! Somebody exchanges a directory with a link to the outside, again and again, while the host works below it.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, RenameFlags};

use super::{SIBLING, World};
use crate::live_tree::LiveTree;
use crate::parent::Parent;
use crate::remove::{remove_known, remove_tree};
use crate::staging::{Expected, Policy, Quota, Staging};

/// How long each race goes on: at least so long, and until the host found its way and lost it, both.
const RACE: Duration = Duration::from_millis(500);
const RACE_MAX: Duration = Duration::from_secs(30);

/// Runs `host` again and again while the two names are exchanged all the time. It says whether it found its way.
fn race(left: PathBuf, right: PathBuf, mut host: impl FnMut() -> bool) {
    let (over, exchanged) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut answers = [0; 2];
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                // Between two rounds there is nothing to exchange.
                let done = rustix::fs::renameat_with(CWD, &left, CWD, &right, RenameFlags::EXCHANGE);
                exchanged.fetch_add(u64::from(done.is_ok()), Ordering::Relaxed);
            }
        });
        let start = Instant::now();
        while start.elapsed() < RACE || (answers.contains(&0) && start.elapsed() < RACE_MAX) {
            answers[usize::from(host())] += 1;
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(exchanged.into_inner() > 100 && !answers.contains(&0), "nobody was racing: {answers:?}");
}

#[test]
fn what_is_staged_lands_in_the_staging_or_nowhere() {
    let world = World::new();
    let sibling = world.path(SIBLING);
    race(sibling.join("d"), sibling.join("link"), || {
        let staging = world.staging();
        let metadata = super::metadata();
        staging.directory(b"d", &metadata).unwrap();
        symlink(&world.outside, sibling.join("link")).unwrap();
        staging.file(b"d/below/secret", &metadata, b"staged").is_ok()
    });
    world.check("staging");
}

#[test]
fn what_is_removed_was_in_the_tree() {
    let world = World::new();
    let tree = world.path("tree");
    race(tree.join("d"), tree.join("link"), || {
        std::fs::create_dir_all(tree.join("d/below")).unwrap();
        symlink(&world.outside, tree.join("link")).unwrap();
        for number in 0..20 {
            std::fs::write(tree.join(format!("e{number}")), b"x").unwrap();
        }
        let is_whole = remove_tree(&world.parent, "tree").unwrap().is_complete();
        world.remove_whole("tree");
        is_whole
    });
    world.check("removing");
}

/// In a parent of live's own owner he may exchange a sibling with whatever lies beside it, also with what he cannot enter.
#[test]
fn a_sibling_that_is_exchanged_for_anothers_directory_is_neither_filled_nor_opened_up_nor_removed() {
    let world = World::new();
    let (sibling, victim) = (world.path(SIBLING), world.path("victim"));
    std::fs::create_dir(&victim).unwrap();
    std::fs::write(victim.join("secret"), "another's").unwrap();
    std::fs::set_permissions(&victim, std::fs::Permissions::from_mode(0o700)).unwrap();
    let metadata = super::metadata();
    race(sibling.clone(), victim.clone(), || {
        let Ok(made) = world.parent.make_own(SIBLING) else {
            // What was made stands under the other name.
            let _ = std::fs::remove_dir(&victim);
            let _ = std::fs::rename(&sibling, &victim);
            return false;
        };
        let expected = Expected { tree_digest: None, entries: 2, bytes: 6 };
        let quota = Quota { policy: Policy::default(), expected, ..Quota::default() };
        let none = None::<&cap_std::fs::Dir>;
        let staged = Staging::create_known(&world.parent, SIBLING, &made, none, quota).and_then(|staging| {
            staging.directory(b"", &metadata)?;
            staging.file(b"file", &metadata, b"staged")?;
            staging.seal()
        });
        // Without the look before, which would find most of it.
        let opened = staged.and_then(|sealed| sealed.tree.open_up(&world.parent, SIBLING));
        let mut is_there = true;
        while is_there {
            for name in [SIBLING, "victim"] {
                remove_known(&world.parent, name, &[&made]).unwrap();
            }
            let is_made = |name| world.parent.identity(name).unwrap().as_ref() == Some(&made);
            is_there = is_made(SIBLING) || is_made("victim");
        }
        let _ = std::fs::rename(&sibling, &victim);
        opened.is_ok()
    });
    let names = [sibling, victim];
    let left: Vec<_> = names.iter().filter(|path| path.join("secret").exists()).collect();
    assert_eq!(left.len(), 1, "it was removed");
    assert_eq!(std::fs::metadata(left[0]).unwrap().permissions().mode() & 0o7777, 0o700, "it was opened up");
    assert_eq!(std::fs::read_to_string(left[0].join("secret")).unwrap(), "another's");
    assert_eq!(std::fs::read_dir(left[0]).unwrap().count(), 1, "it was filled");
    world.check("exchanging a sibling");
}

#[test]
fn what_is_looked_at_is_in_the_tree() {
    let world = World::new();
    let live = world.path("live");
    std::fs::create_dir_all(live.join("d/below")).unwrap();
    symlink(&world.outside, live.join("link")).unwrap();
    let opened = world.parent.open_live("live").unwrap().unwrap();
    race(live.join("d"), live.join("link"), || {
        let entries = LiveTree::open(&opened).unwrap().map(|entry| entry.unwrap().path);
        let paths: Vec<Vec<u8>> = entries.collect();
        assert!(paths.iter().all(|path| !path.ends_with(b"secret")), "it looked outside");
        paths.iter().any(|path| path == b"d/below")
    });
    world.check("looking");
}

#[test]
fn a_parent_is_the_one_that_its_path_names_or_is_refused() {
    let world = World::new();
    let root: &Path = world.parent.path().parent().unwrap();
    std::fs::create_dir_all(root.join("way/parent")).unwrap();
    // Outside there is something of the same name.
    std::fs::create_dir_all(root.join("elsewhere/parent")).unwrap();
    symlink(root.join("elsewhere"), root.join("link")).unwrap();
    let right = Parent::open(&root.join("way/parent")).unwrap().own_identity().unwrap();
    race(root.join("way"), root.join("link"), || match Parent::open(&root.join("way/parent")) {
        Ok(parent) => {
            assert_eq!(parent.own_identity().unwrap(), right);
            true
        }
        Err(_) => false,
    });
}
