//! One deployment of two volumes that is restored again and again, while something goes wrong each time.

use std::path::{Path, PathBuf};

use super::signature::{self, Signature, assert_same};
use super::{Volume, Workload, World};

/// Writes a small tree that says which one it is.
pub fn fill(live: &Path, say: &str) {
    for name in super::world::names(live) {
        if name.is_dir() { std::fs::remove_dir_all(name).unwrap() } else { std::fs::remove_file(name).unwrap() }
    }
    std::fs::create_dir(live.join("below")).unwrap();
    std::fs::write(live.join("below/file"), say).unwrap();
    std::fs::write(live.join(format!("only-in-{say}")), say).unwrap();
}

pub fn signatures(lives: &[PathBuf]) -> Vec<Signature> {
    lives.iter().map(|live| signature::of(live)).collect()
}

/// One deployment whose two volumes say `new` and whose snapshot says `old`.
pub struct Bench {
    pub world: World,
    pub lives: [PathBuf; 2],
    pub snapshot: String,
    pub old: Vec<Signature>,
}

impl Bench {
    pub fn new() -> Bench {
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

    pub fn restore(&self) -> Vec<&str> {
        vec!["restore", "run", "app", &self.snapshot, "--yes"]
    }

    /// Ends every undo window, so that the next run begins with nothing beside the volumes.
    pub fn tidy(&self) {
        if let Some(id) = self.world.transactions().last() {
            self.world.reforge(&["restore", "finish", id, "--yes"]);
        }
        for live in &self.lives {
            let left = self.world.siblings(live);
            assert!(left.is_empty(), "finished, and still there: {left:?}");
        }
    }

    /// Kills a restore at one effect and looks at what a start makes of it.
    pub fn kill_at(&self, number: usize, when: &str, name: &str) -> &'static str {
        let at = format!("killed {when} effect {number} ({name})");
        self.lives.iter().for_each(|live| fill(live, "new"));
        let new = signatures(&self.lives);
        let known = self.world.transactions();
        let killed = self.world.faulty(&format!("{number}:{when}"), &self.restore());
        assert_eq!(killed.code, None, "{at}: it was to be killed: {killed:?}");
        let recovered = self.world.reforge(&["recover"]);
        assert_eq!(recovered.code, Some(0), "{at}: {recovered:?}");
        let now = signatures(&self.lives);
        let went = if now == self.old { "old" } else { "new" };
        if went == "new" {
            for ((live, now), wanted) in self.lives.iter().zip(&now).zip(&new) {
                assert_same(now, wanted, &format!("{at}: {} is neither the snapshot nor what it was", live.display()));
            }
        }
        assert!(self.world.is_running("app"), "{at}: the app ran and does not");
        self.look_at_receipt(&at, went, &known);
        // A second start finds nothing to do.
        let again = self.world.reforge(&["recover"]);
        assert_eq!(again.code, Some(0), "{at}, again: {again:?}");
        assert_eq!(signatures(&self.lives), now, "{at}: the second start changed something");
        self.tidy();
        went
    }

    /// The receipt says what the volumes say, and nothing is left but what the undo window keeps.
    fn look_at_receipt(&self, at: &str, went: &str, known: &[String]) {
        let begun: Vec<String> = self.world.transactions().into_iter().filter(|id| !known.contains(id)).collect();
        let receipts = self.world.receipts();
        let receipt = receipts.iter().find(|receipt| begun.iter().any(|id| receipt["id"] == id.as_str()));
        let siblings: usize = self.lives.iter().map(|live| self.world.siblings(live).len()).sum();
        match (went, receipt) {
            ("old", Some(receipt)) => {
                assert_eq!(receipt["outcome"], "done", "{at}");
                assert_eq!(siblings, 2, "{at}: the previous trees are kept for the undo window, and nothing else");
            }
            (_, Some(receipt)) => {
                let outcome = receipt["outcome"].as_str().unwrap();
                assert!(["failed", "reverted"].contains(&outcome), "{at}: the receipt says {outcome}");
                assert_eq!(siblings, 0, "{at}: something was left beside the volumes");
            }
            (_, None) => {
                assert_eq!(went, "new", "{at}: the data was replaced without a receipt");
                assert_eq!(siblings, 0, "{at}: something was left beside the volumes");
            }
        }
    }
}
