//! One deployment of two volumes that is restored again and again, while something goes wrong each time.

use std::path::{Path, PathBuf};

use super::signature::{self, Signature};
use super::{Volume, Workload, World};

/// Writes a small tree that says which one it is.
pub(crate) fn fill(live: &Path, say: &str) {
    for name in super::world::names(live) {
        if name.is_dir() { std::fs::remove_dir_all(name).unwrap() } else { std::fs::remove_file(name).unwrap() }
    }
    std::fs::create_dir(live.join("below")).unwrap();
    std::fs::write(live.join("below/file"), say).unwrap();
    std::fs::write(live.join(format!("only-in-{say}")), say).unwrap();
}

pub(crate) fn signatures(lives: &[PathBuf]) -> Vec<Signature> {
    lives.iter().map(|live| signature::of(live)).collect()
}

/// One deployment whose two volumes say `new` and whose snapshot says `old`.
pub(crate) struct Bench {
    pub world: World,
    pub lives: [PathBuf; 2],
    pub snapshot: String,
    pub old: Vec<Signature>,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let mut world = World::new([]);
        let other = world.path("other-parent");
        std::fs::create_dir(&other).unwrap();
        let volumes = [Volume::project("data"), Volume::absolute("more", &other.join("more"))];
        world.workloads = vec![Workload::idle("app", volumes)];
        world.write_config();
        world.ok(&["deploy", "app"]);
        let lives = [world.volume("app", "data"), other.join("more")];
        lives.iter().for_each(|live| fill(live, "old"));
        let snapshot = world.snapshot("app");
        Bench { world, old: signatures(&lives), lives, snapshot }
    }

    pub(crate) fn restore(&self) -> Vec<&str> {
        vec!["restore", "run", "app", &self.snapshot, "--yes"]
    }

    /// Ends every undo window, so that the next run begins with nothing beside the volumes.
    pub(crate) fn tidy(&self) {
        if let Some(id) = self.world.transactions().last() {
            self.world.reforge(&["restore", "finish", id, "--yes"]);
        }
        for live in &self.lives {
            let left = self.world.siblings(live);
            assert!(left.is_empty(), "finished, and still there: {left:?}");
        }
    }
}
